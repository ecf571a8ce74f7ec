// SPDX-License-Identifier: MIT
/*
 * What hardware a domain may touch: ports, memory, interrupts, PCI devices.
 */
#include "private.h"

int xc_domain_ioport_permission(xc_interface *xch, uint32_t domid,
                                uint32_t first_port, uint32_t nr_ports,
                                uint32_t allow_access)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_ioport_permission, domid);
    domctl.u.ioport_permission.first_port = first_port;
    domctl.u.ioport_permission.nr_ports = nr_ports;
    domctl.u.ioport_permission.allow_access = (uint8_t)allow_access;
    return do_domctl(xch, &domctl);
}

int xc_domain_irq_permission(xc_interface *xch, uint32_t domid, uint32_t pirq,
                             bool allow_access)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_irq_permission, domid);
    domctl.u.irq_permission.pirq = pirq;
    domctl.u.irq_permission.allow_access = allow_access;
    return do_domctl(xch, &domctl);
}

int xc_domain_iomem_permission(xc_interface *xch, uint32_t domid,
                               unsigned long first_mfn, unsigned long nr_mfns,
                               uint8_t allow_access)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_iomem_permission, domid);
    domctl.u.iomem_permission.first_mfn = first_mfn;
    domctl.u.iomem_permission.nr_mfns = nr_mfns;
    domctl.u.iomem_permission.allow_access = allow_access;
    return do_domctl(xch, &domctl);
}

/* The hypervisor answers E2BIG to ranges it will not do at once: halve. */
int xc_domain_memory_mapping(xc_interface *xch, uint32_t domid,
                             unsigned long first_gfn, unsigned long first_mfn,
                             unsigned long nr_mfns, uint32_t add_mapping)
{
    unsigned long step = nr_mfns;
    unsigned long done = 0;
    struct xen_domctl domctl;

    while (done < nr_mfns) {
        if (step > nr_mfns - done) {
            step = nr_mfns - done;
        }
        domctl_init(&domctl, XEN_DOMCTL_memory_mapping, domid);
        domctl.u.memory_mapping.add_mapping = add_mapping;
        domctl.u.memory_mapping.first_gfn = first_gfn + done;
        domctl.u.memory_mapping.first_mfn = first_mfn + done;
        domctl.u.memory_mapping.nr_mfns = step;
        if (do_domctl(xch, &domctl) == 0) {
            done += step;
        } else if (errno == E2BIG && step > 1) {
            step /= 2;
        } else {
            return -1;
        }
    }
    return 0;
}

int xc_domain_ioport_mapping(xc_interface *xch, uint32_t domid,
                             uint32_t first_gport, uint32_t first_mport,
                             uint32_t nr_ports, uint32_t add_mapping)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_ioport_mapping, domid);
    domctl.u.ioport_mapping.first_gport = first_gport;
    domctl.u.ioport_mapping.first_mport = first_mport;
    domctl.u.ioport_mapping.nr_ports = nr_ports;
    domctl.u.ioport_mapping.add_mapping = add_mapping;
    return do_domctl(xch, &domctl);
}

static int assign(xc_interface *xch, uint32_t cmd, uint32_t domid,
                  uint32_t machine_sbdf, uint32_t flags)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, cmd, domid);
    domctl.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    domctl.u.assign_device.flags = flags;
    domctl.u.assign_device.u.pci.machine_sbdf = machine_sbdf;
    return do_domctl(xch, &domctl);
}

int xc_assign_device(xc_interface *xch, uint32_t domid, uint32_t machine_sbdf,
                     uint32_t flag)
{
    return assign(xch, XEN_DOMCTL_assign_device, domid, machine_sbdf, flag);
}

int xc_test_assign_device(xc_interface *xch, uint32_t domid,
                          uint32_t machine_sbdf)
{
    return assign(xch, XEN_DOMCTL_test_assign_device, domid, machine_sbdf, 0);
}

int xc_deassign_device(xc_interface *xch, uint32_t domid, uint32_t machine_sbdf)
{
    return assign(xch, XEN_DOMCTL_deassign_device, domid, machine_sbdf, 0);
}

int xc_get_device_group(xc_interface *xch, uint32_t domid,
                        uint32_t machine_sbdf, uint32_t max_sdevs,
                        uint32_t *num_sdevs, uint32_t *sdev_array)
{
    struct xen_domctl domctl;
    struct buf b = {0};
    int rc = -1;

    domctl_init(&domctl, XEN_DOMCTL_get_device_group, domid);
    if (buf_get(xch, &b, sdev_array, max_sdevs * sizeof(*sdev_array),
                BUF_OUT) == 0) {
        domctl.u.get_device_group.machine_sbdf = machine_sbdf;
        domctl.u.get_device_group.max_sdevs = max_sdevs;
        set_xen_guest_handle_raw(domctl.u.get_device_group.sdev_array, b.p);
        rc = do_domctl(xch, &domctl);
    }
    buf_put(xch, &b);
    if (rc == 0) {
        *num_sdevs = domctl.u.get_device_group.num_sdevs;
    }
    return rc;
}

static int map_pirq(xc_interface *xch, struct physdev_map_pirq *map, int *pirq)
{
    map->pirq = *pirq;
    if (do_physdev_op(xch, PHYSDEVOP_map_pirq, map, sizeof(*map)) < 0) {
        return -1;
    }
    *pirq = map->pirq;
    return 0;
}

int xc_physdev_map_pirq(xc_interface *xch, uint32_t domid, int index, int *pirq)
{
    struct physdev_map_pirq map = {
        .domid = (domid_t)domid,
        .type = MAP_PIRQ_TYPE_GSI,
        .index = index,
    };

    if (pirq == NULL) {
        errno = EINVAL;
        return -1;
    }
    return map_pirq(xch, &map, pirq);
}

int xc_physdev_map_pirq_msi(xc_interface *xch, uint32_t domid, int index,
                            int *pirq, int devfn, int bus, int entry_nr,
                            uint64_t table_base)
{
    struct physdev_map_pirq map = {
        .domid = (domid_t)domid,
        .type = MAP_PIRQ_TYPE_MSI,
        .index = index,
        .bus = bus,
        .devfn = devfn,
        .entry_nr = entry_nr,
        .table_base = table_base,
    };

    if (pirq == NULL) {
        errno = EINVAL;
        return -1;
    }
    return map_pirq(xch, &map, pirq);
}

int xc_physdev_unmap_pirq(xc_interface *xch, uint32_t domid, int pirq)
{
    struct physdev_unmap_pirq unmap = {
        .domid = (domid_t)domid,
        .pirq = pirq,
    };

    return do_physdev_op(xch, PHYSDEVOP_unmap_pirq, &unmap, sizeof(unmap));
}
