/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_platform_op: what dom0's kernel does to the machine through us.
 * <xen/platform.h>.
 */
#include "hypercall.h"

#include <xen/platform.h>

#include "core.h"
#include "domain.h"
#include "guest_copy.h"
#include "platform.h"
#include "sched.h"
#include "vcpu_time.h"

struct platform_info platform_info;

/* -- time ------------------------------------------------------------------ */

static long platform_settime32(const struct xenpf_settime32 *time)
{
    wallclock_set(time->secs, time->nsecs, time->system_time);
    return 0;
}

static long platform_settime64(const struct xenpf_settime64 *time)
{
    if (time->mbz != 0) {
        return -XEN_EINVAL;
    }
    wallclock_set(time->secs, time->nsecs, time->system_time);
    return 0;
}

/* -- firmware -------------------------------------------------------------- */

struct efi_descriptor {
    uint32_t type;
    uint32_t pad;
    uint64_t physical;
    uint64_t virtual;
    uint64_t pages;
    uint64_t attributes;
};

static long efi_vendor(struct xenpf_firmware_info *info)
{
    union xenpf_efi_info *efi = &info->u.efi_info;
    uint32_t bytes = efi->vendor.bufsz;
    uint32_t have = 0;

    efi->vendor.revision = platform_info.efi_vendor_revision;
    while (have < PLATFORM_VENDOR_CHARS - 1 &&
           platform_info.efi_vendor[have] != 0) {
        have++;
    }
    have = (have + 1) * (uint32_t)sizeof(uint16_t);
    if (bytes > have) {
        bytes = have;
    }
    if (bytes < sizeof(uint16_t)) {
        return 0;
    }
    return copy_to_guest(GUEST_HANDLE_VA(efi->vendor.name),
                         platform_info.efi_vendor, bytes);
}

/* The map entry with the address asked for; the rest of it from there on. */
static long efi_memory(struct xenpf_firmware_info *info)
{
    union xenpf_efi_info *efi = &info->u.efi_info;
    uint64_t wanted = efi->mem.addr;
    uint32_t step = platform_info.efi_descriptor_bytes;

    if (step < sizeof(struct efi_descriptor)) {
        return -XEN_ESRCH;
    }
    for (uint32_t at = 0; at + step <= platform_info.efi_map_bytes;
         at += step) {
        const struct efi_descriptor *entry =
            (const void *)(platform_info.efi_map + at);
        uint64_t bytes = entry->pages << PAGE_SHIFT;

        if (wanted < entry->physical || wanted - entry->physical >= bytes) {
            continue;
        }
        efi->mem.type = entry->type;
        efi->mem.attr = entry->attributes;
        if (efi->mem.size == 0 ||
            efi->mem.size > bytes - (wanted - entry->physical)) {
            efi->mem.size = bytes - (wanted - entry->physical);
        }
        return 0;
    }
    return -XEN_ESRCH;
}

static long firmware_efi(struct xenpf_firmware_info *info)
{
    if (!platform_info.efi) {
        return -XEN_ENOSYS;
    }
    switch (info->index) {
    case XEN_FW_EFI_VERSION:
        info->u.efi_info.version = platform_info.efi_version;
        return 0;
    case XEN_FW_EFI_CONFIG_TABLE:
        info->u.efi_info.cfg.addr = platform_info.efi_config_table;
        info->u.efi_info.cfg.nent = platform_info.efi_config_count;
        return 0;
    case XEN_FW_EFI_VENDOR:
        return efi_vendor(info);
    case XEN_FW_EFI_MEM_INFO:
        return efi_memory(info);
    default:
        return -XEN_EINVAL;
    }
}

/* BIOS data is gone once we run: there is no disk and no monitor to tell. */
static long platform_firmware_info(struct xenpf_firmware_info *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -XEN_ESRCH;
    case XEN_FW_EFI_INFO:
        return firmware_efi(info);
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (info->index != 0) {
            return -XEN_ESRCH;
        }
        info->u.kbd_shift_flags = 0;
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

/* -- processors and power -------------------------------------------------- */

static long platform_acpi_sleep(const struct xenpf_enter_acpi_sleep *sleep)
{
    /* Sleep registers of hardware-reduced machines are not used. */
    if ((sleep->flags & XENPF_ACPI_SLEEP_EXTENDED) != 0) {
        return -XEN_EPERM;
    }
    if (sleep->flags != 0) {
        return -XEN_EINVAL;
    }
    return machine_acpi_sleep(sleep->sleep_state, sleep->val_a, sleep->val_b);
}

static long platform_cpu_info(struct xenpf_pcpuinfo *info)
{
    uint32_t present = 0;

    for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (core_cpus[cpu] != NULL) {
            present = cpu;
        }
    }
    info->max_present = present;
    if (info->xen_cpuid >= MAX_CPUS || core_cpus[info->xen_cpuid] == NULL) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    info->flags =
        cpumask_test(&cpus_online, info->xen_cpuid) ? XEN_PCPU_FLAGS_ONLINE : 0;
    info->apic_id = core_cpus[info->xen_cpuid]->apic_id;
    info->acpi_id = core_cpus[info->xen_cpuid]->acpi_id;
    return 0;
}

static long platform_cpu_version(struct xenpf_pcpu_version *version)
{
    struct cpuid_result leaf;
    unsigned int family;

    machine_cpuid(0, 0, &leaf);
    for (unsigned int i = 0; i < 4; i++) {
        version->vendor_id[i] = (char)(leaf.ebx >> (8 * i));
        version->vendor_id[i + 4] = (char)(leaf.edx >> (8 * i));
        version->vendor_id[i + 8] = (char)(leaf.ecx >> (8 * i));
    }
    machine_cpuid(1, 0, &leaf);
    family = leaf.eax >> 8 & 0xfU;
    version->family =
        family == 0xf ? family + (leaf.eax >> 20 & 0xffU) : family;
    version->model = (leaf.eax >> 4 & 0xfU) | (leaf.eax >> 12 & 0xf0U);
    version->stepping = leaf.eax & 0xfU;
    version->max_present = 0;
    for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (core_cpus[cpu] != NULL) {
            version->max_present = cpu;
        }
    }
    return 0;
}

/* Idle and frequency states are left to the firmware: dom0's tables are
 * accepted so that its driver is content, and not used. */
static long platform_pminfo(const struct xenpf_set_processor_pminfo *info)
{
    bool known = info->type == XEN_PM_PDC;

    if (info->type > XEN_PM_PDC) {
        return -XEN_EINVAL;
    }
    for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        known |= core_cpus[cpu] != NULL && core_cpus[cpu]->acpi_id == info->id;
    }
    return known ? 0 : -XEN_EINVAL;
}

/* CPUs that are there are online, and stay so. */
static long platform_cpu_hotplug(const struct xen_platform_op *op)
{
    uint32_t cpu = op->u.cpu_ol.cpuid;

    if (cpu >= MAX_CPUS || !cpumask_test(&cpus_online, cpu)) {
        return -XEN_EINVAL;
    }
    return op->cmd == XENPF_cpu_online ? 0 : -XEN_EOPNOTSUPP;
}

static long platform_dispatch(struct xen_platform_op *op)
{
    switch (op->cmd) {
    case XENPF_settime32:
        return platform_settime32(&op->u.settime32);
    case XENPF_settime64:
        return platform_settime64(&op->u.settime64);
    case XENPF_firmware_info:
        return platform_firmware_info(&op->u.firmware_info);
    case XENPF_enter_acpi_sleep:
        return platform_acpi_sleep(&op->u.enter_acpi_sleep);
    case XENPF_get_cpuinfo:
        return platform_cpu_info(&op->u.pcpu_info);
    case XENPF_get_cpu_version:
        return platform_cpu_version(&op->u.pcpu_version);
    case XENPF_set_processor_pminfo:
        return platform_pminfo(&op->u.set_pminfo);
    case XENPF_cpu_online:
    case XENPF_cpu_offline:
        return platform_cpu_hotplug(op);
    case XENPF_cpu_hotadd:
        return -XEN_EINVAL; /* all that there are, are known */
    case XENPF_core_parking:
        return op->u.core_parking.type == XEN_CORE_PARKING_SET ||
                       op->u.core_parking.type == XEN_CORE_PARKING_GET
                   ? -XEN_EOPNOTSUPP
                   : -XEN_EINVAL;
    case XENPF_mem_hotadd:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}

long hc_platform_op(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t arg = guest_va_make(args->a[0]);
    struct xen_platform_op op;
    long rc;

    if (read_guest(&op, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (op.interface_version != XENPF_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    if (!v->domain->privileged) {
        return -XEN_EPERM;
    }
    rc = platform_dispatch(&op);
    if (rc == 0 && write_guest(arg, &op) != 0) {
        rc = -XEN_EFAULT;
    }
    return rc;
}
