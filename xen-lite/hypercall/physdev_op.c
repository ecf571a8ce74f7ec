/* SPDX-License-Identifier: MIT */
/*
 * The physdev_op hypercall: I/O privilege, interrupt lines and MSIs, and what
 * dom0 tells of the machine's PCI devices. <xen/physdev.h>. Commands that act
 * on the machine are dom0's alone; the others act on the caller.
 */
#include "domain.h"
#include "evtchn.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "machine.h"
#include "nospec.h"
#include "pirq.h"

#include <xen/physdev.h>

#define IO_PORTS 65536U
/* A PCI function can ask for that many MSIs. */
#define MSI_GROUP_MAX 32

/* -- I/O privilege --------------------------------------------------------- */

static long op_set_iopl(struct vcpu *v, guest_va_t va)
{
    struct physdev_set_iopl set;

    if (read_guest(&set, va) != 0) {
        return -XEN_EFAULT;
    }
    if (set.iopl > 3) {
        return -XEN_EINVAL;
    }
    v->pv.iopl = set.iopl;
    return 0;
}

static long op_set_iobitmap(struct vcpu *v, guest_va_t va)
{
    struct physdev_set_iobitmap set;
    guest_va_t bitmap;

    if (read_guest(&set, va) != 0) {
        return -XEN_EFAULT;
    }
    bitmap = GUEST_HANDLE_VA(set.bitmap);
    if (set.nr_ports > IO_PORTS ||
        !guest_range_ok(bitmap, (set.nr_ports + 7) / 8)) {
        return -XEN_EINVAL;
    }
    v->pv.io_bitmap = bitmap;
    v->pv.io_bitmap_ports = set.nr_ports;
    return 0;
}

/* -- interrupt lines ------------------------------------------------------- */

static long op_eoi(struct vcpu *v, guest_va_t va)
{
    struct physdev_eoi eoi;

    if (read_guest(&eoi, va) != 0) {
        return -XEN_EFAULT;
    }
    return pirq_eoi(v->domain, eoi.irq);
}

static long op_irq_status_query(struct vcpu *v, guest_va_t va)
{
    struct physdev_irq_status_query query;
    int rc;

    if (read_guest(&query, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = pirq_status(v->domain, query.irq, &query.flags);
    return rc != 0 ? rc : write_guest(va, &query);
}

static long set_eoi_map(struct vcpu *v, guest_va_t va, bool unmasks)
{
    struct physdev_pirq_eoi_gmfn info;

    if (read_guest(&info, va) != 0) {
        return -XEN_EFAULT;
    }
    return pirq_set_eoi_map(v->domain, mfn_make(info.gmfn), unmasks);
}

static long op_pirq_eoi_gmfn_v1(struct vcpu *v, guest_va_t va)
{
    return set_eoi_map(v, va, true);
}

static long op_pirq_eoi_gmfn_v2(struct vcpu *v, guest_va_t va)
{
    return set_eoi_map(v, va, false);
}

static long op_setup_gsi(struct vcpu *v, guest_va_t va)
{
    struct physdev_setup_gsi setup;

    (void)v;
    if (read_guest(&setup, va) != 0) {
        return -XEN_EFAULT;
    }
    if (setup.gsi < 0 || (unsigned int)setup.gsi >= machine_gsi_count()) {
        return -XEN_EINVAL;
    }
    return machine_gsi_setup((unsigned int)setup.gsi, setup.triggering != 0,
                             setup.polarity != 0);
}

/* Vectors are ours: as Xen does, hand the number back as if it were one. */
static long op_alloc_irq_vector(struct vcpu *v, guest_va_t va)
{
    struct physdev_irq irq;

    (void)v;
    if (read_guest(&irq, va) != 0) {
        return -XEN_EFAULT;
    }
    if (irq.irq >= machine_gsi_count()) {
        return -XEN_EINVAL;
    }
    irq.vector = irq.irq;
    return write_guest(va, &irq);
}

static long op_apic_read(struct vcpu *v, guest_va_t va)
{
    struct physdev_apic apic;
    int rc;

    (void)v;
    if (read_guest(&apic, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = machine_ioapic_read(apic.apic_physbase, apic.reg, &apic.value);
    return rc != 0 ? rc : write_guest(va, &apic);
}

/* IO-APICs are programmed by setup_gsi and map_pirq; no kernel of this ABI
 * version writes to them itself. */
static long op_apic_write(struct vcpu *v, guest_va_t va)
{
    (void)v;
    (void)va;
    return -XEN_EPERM;
}

/* -- pirqs ----------------------------------------------------------------- */

static bool is_msi_type(int type)
{
    return type == MAP_PIRQ_TYPE_MSI || type == MAP_PIRQ_TYPE_MSI_SEG ||
           type == MAP_PIRQ_TYPE_MULTI_MSI;
}

/* What @map says of an MSI: 0, -XEN_EINVAL, -XEN_EDOM (size of a group). */
static int msi_source_of(const struct physdev_map_pirq *map,
                         struct msi_source *source)
{
    bool group = map->type == MAP_PIRQ_TYPE_MULTI_MSI;

    if (group && map->table_base != 0) {
        return -XEN_EINVAL;
    }
    if (group && (map->entry_nr <= 0 || map->entry_nr > MSI_GROUP_MAX)) {
        return -XEN_EDOM;
    }
    source->segment = map->type == MAP_PIRQ_TYPE_MSI
                          ? 0
                          : (uint16_t)((unsigned int)map->bus >> 16);
    source->bus = (uint8_t)map->bus;
    source->devfn = (uint8_t)map->devfn;
    source->table_base = map->table_base;
    source->entry = group ? 0 : (uint16_t)map->entry_nr;
    source->count = 1;
    while (group && source->count < map->entry_nr) {
        source->count = (uint16_t)(source->count * 2);
    }
    return 0;
}

static int map_pirq_of(struct domain *caller, struct domain *d,
                       struct physdev_map_pirq *map, unsigned int *pirq)
{
    struct msi_source source;
    int rc;

    if (map->type == MAP_PIRQ_TYPE_GSI) {
        if (map->index < 0) {
            return -XEN_EINVAL;
        }
        return pirq_map_gsi(caller, d, (unsigned int)map->index, pirq);
    }
    if (!is_msi_type(map->type)) {
        return -XEN_EINVAL;
    }
    rc = msi_source_of(map, &source);
    if (rc == 0) {
        rc = pirq_map_msi(d, &source, pirq);
    }
    if (rc == 0 && map->type == MAP_PIRQ_TYPE_MULTI_MSI) {
        map->entry_nr = source.count;
    }
    return rc;
}

static long op_map_pirq(struct vcpu *v, guest_va_t va)
{
    struct physdev_map_pirq map;
    unsigned int pirq;
    struct domain *d;
    int rc;

    if (read_guest(&map, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, map.domid, &d);
    if (rc != 0) {
        return rc;
    }
    pirq = map.pirq < 0 ? PIRQ_ANY : (unsigned int)map.pirq;
    rc = map_pirq_of(v->domain, d, &map, &pirq);
    domain_put(d);
    if (rc != 0) {
        return rc;
    }
    map.pirq = (int)pirq;
    return write_guest(va, &map);
}

static long op_unmap_pirq(struct vcpu *v, guest_va_t va)
{
    struct physdev_unmap_pirq unmap;
    struct domain *d;
    int rc;

    if (read_guest(&unmap, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, unmap.domid, &d);
    if (rc != 0) {
        return rc;
    }
    rc = unmap.pirq < 0 ? -XEN_EINVAL : pirq_unmap(d, (unsigned int)unmap.pirq);
    domain_put(d);
    return rc;
}

static long op_get_free_pirq(struct vcpu *v, guest_va_t va)
{
    struct physdev_get_free_pirq get;
    int rc;

    if (read_guest(&get, va) != 0) {
        return -XEN_EFAULT;
    }
    if (get.type != MAP_PIRQ_TYPE_GSI && get.type != MAP_PIRQ_TYPE_MSI) {
        return -XEN_EINVAL;
    }
    rc = pirq_reserve(v->domain, get.type == MAP_PIRQ_TYPE_MSI, &get.pirq);
    return rc != 0 ? rc : write_guest(va, &get);
}

/* -- PCI devices ----------------------------------------------------------- */

/*
 * What dom0 announces is read, so that a bad address is refused, and not kept:
 * the machine finds a device when an MSI of it is mapped.
 */
static long announced(guest_va_t va, size_t bytes)
{
    uint8_t discarded[sizeof(struct physdev_pci_mmcfg_reserved)];

    return copy_from_guest(discarded, va, bytes);
}

static long op_manage_pci(struct vcpu *v, guest_va_t va)
{
    (void)v;
    return announced(va, sizeof(struct physdev_manage_pci));
}

static long op_manage_pci_ext(struct vcpu *v, guest_va_t va)
{
    (void)v;
    return announced(va, sizeof(struct physdev_manage_pci_ext));
}

static long op_pci_device_add(struct vcpu *v, guest_va_t va)
{
    (void)v;
    return announced(va, offsetof(struct physdev_pci_device_add, optarr));
}

static long op_pci_device(struct vcpu *v, guest_va_t va)
{
    (void)v;
    return announced(va, sizeof(struct physdev_pci_device));
}

static long op_pci_mmcfg_reserved(struct vcpu *v, guest_va_t va)
{
    (void)v;
    return announced(va, sizeof(struct physdev_pci_mmcfg_reserved));
}

/* The machine does not sleep, so no device ever lost its MSI set-up; Linux
 * takes this errno without a warning. */
static long op_restore_msi(struct vcpu *v, guest_va_t va)
{
    (void)v;
    (void)va;
    return -XEN_ENODEV;
}

/* -- the call -------------------------------------------------------------- */

typedef long physdev_fn_t(struct vcpu *v, guest_va_t va);

static const struct physdev_command {
    physdev_fn_t *run;
    bool for_dom0;
} commands[] = {
    [PHYSDEVOP_irq_status_query] = {op_irq_status_query, false},
    [PHYSDEVOP_set_iopl] = {op_set_iopl, false},
    [PHYSDEVOP_set_iobitmap] = {op_set_iobitmap, false},
    [PHYSDEVOP_apic_read] = {op_apic_read, true},
    [PHYSDEVOP_apic_write] = {op_apic_write, true},
    [PHYSDEVOP_alloc_irq_vector] = {op_alloc_irq_vector, true},
    [PHYSDEVOP_eoi] = {op_eoi, false},
    [PHYSDEVOP_map_pirq] = {op_map_pirq, true},
    [PHYSDEVOP_unmap_pirq] = {op_unmap_pirq, true},
    [PHYSDEVOP_manage_pci_add] = {op_manage_pci, true},
    [PHYSDEVOP_manage_pci_remove] = {op_manage_pci, true},
    [PHYSDEVOP_pirq_eoi_gmfn_v1] = {op_pirq_eoi_gmfn_v1, false},
    [PHYSDEVOP_restore_msi] = {op_restore_msi, true},
    [PHYSDEVOP_manage_pci_add_ext] = {op_manage_pci_ext, true},
    [PHYSDEVOP_setup_gsi] = {op_setup_gsi, true},
    [PHYSDEVOP_get_free_pirq] = {op_get_free_pirq, false},
    [PHYSDEVOP_pci_mmcfg_reserved] = {op_pci_mmcfg_reserved, true},
    [PHYSDEVOP_pci_device_add] = {op_pci_device_add, true},
    [PHYSDEVOP_pci_device_remove] = {op_pci_device, true},
    [PHYSDEVOP_restore_msi_ext] = {op_restore_msi, true},
    [PHYSDEVOP_pirq_eoi_gmfn_v2] = {op_pirq_eoi_gmfn_v2, false},
    [PHYSDEVOP_prepare_msix] = {op_pci_device, true},
    [PHYSDEVOP_release_msix] = {op_pci_device, true},
};

long hc_physdev_op(struct vcpu *v, struct hypercall_args *args)
{
    const struct physdev_command *command;
    unsigned long number = (uint32_t)args->a[0];

    if (number >= ARRAY_COUNT(commands)) {
        return -XEN_ENOSYS;
    }
    command = &commands[index_nospec(number, ARRAY_COUNT(commands))];
    if (command->run == NULL) {
        return -XEN_ENOSYS;
    }
    if (command->for_dom0 && !v->domain->privileged) {
        return -XEN_EPERM;
    }
    return command->run(v, guest_va_make(args->a[1]));
}
