// SPDX-License-Identifier: MIT
/*
 * The machine as the hypervisor sees it: CPUs, nodes, memory, version, its
 * console ring and its debug keys.
 */
#include "private.h"

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_physinfo);
    sysctl.u.physinfo = *info;
    if (do_sysctl(xch, &sysctl) < 0) {
        return -1;
    }
    *info = sysctl.u.physinfo;
    return 0;
}

int xc_sched_id(xc_interface *xch, int *sched_id)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_sched_id);
    if (do_sysctl(xch, &sysctl) < 0) {
        return -1;
    }
    *sched_id = (int)sysctl.u.sched_id.sched_id;
    return 0;
}

int xc_cputopoinfo(xc_interface *xch, unsigned *max_cpus, xc_cputopo_t *cputopo)
{
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_cputopoinfo);
    if (buf_get(xch, &b, cputopo, (size_t)*max_cpus * sizeof(*cputopo),
                BUF_OUT) == 0) {
        sysctl.u.cputopoinfo.num_cpus = *max_cpus;
        set_xen_guest_handle_raw(sysctl.u.cputopoinfo.cputopo, b.p);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &b);
    if (rc == 0) {
        *max_cpus = sysctl.u.cputopoinfo.num_cpus;
    }
    return rc;
}

int xc_numainfo(xc_interface *xch, unsigned *max_nodes, xc_meminfo_t *meminfo,
                uint32_t *distance)
{
    size_t nodes = *max_nodes;
    struct xen_sysctl sysctl;
    struct buf sizes = {0};
    struct buf table = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_numainfo);
    if (buf_get(xch, &sizes, meminfo, nodes * sizeof(*meminfo), BUF_OUT) == 0 &&
        buf_get(xch, &table, distance, nodes * nodes * sizeof(*distance),
                BUF_OUT) == 0) {
        sysctl.u.numainfo.num_nodes = *max_nodes;
        set_xen_guest_handle_raw(sysctl.u.numainfo.meminfo, sizes.p);
        set_xen_guest_handle_raw(sysctl.u.numainfo.distance, table.p);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &table);
    buf_put(xch, &sizes);
    if (rc == 0) {
        *max_nodes = sysctl.u.numainfo.num_nodes;
    }
    return rc;
}

/* The hypervisor says how many devices it did; go on until all are done. */
int xc_pcitopoinfo(xc_interface *xch, unsigned num_devs,
                   physdev_pci_device_t *devs, uint32_t *nodes)
{
    struct xen_sysctl sysctl;
    struct buf in = {0};
    struct buf out = {0};
    unsigned int done = 0;
    int rc = -1;

    if (buf_get(xch, &in, devs, num_devs * sizeof(*devs), BUF_IN) == 0 &&
        buf_get(xch, &out, nodes, num_devs * sizeof(*nodes), BUF_BOTH) == 0) {
        rc = 0;
    }
    while (rc == 0 && done < num_devs) {
        sysctl_init(&sysctl, XEN_SYSCTL_pcitopoinfo);
        sysctl.u.pcitopoinfo.num_devs = num_devs - done;
        set_xen_guest_handle_raw(sysctl.u.pcitopoinfo.devs,
                                 (physdev_pci_device_t *)in.p + done);
        set_xen_guest_handle_raw(sysctl.u.pcitopoinfo.nodes,
                                 (uint32_t *)out.p + done);
        rc = do_sysctl(xch, &sysctl);
        if (sysctl.u.pcitopoinfo.num_devs == 0) {
            break;
        }
        done += sysctl.u.pcitopoinfo.num_devs;
    }
    buf_put(xch, &out);
    buf_put(xch, &in);
    return rc;
}

int xc_getcpuinfo(xc_interface *xch, int max_cpus, xc_cpuinfo_t *info,
                  int *nr_cpus)
{
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_getcpuinfo);
    if (buf_get(xch, &b, info, (size_t)max_cpus * sizeof(*info), BUF_OUT) ==
        0) {
        sysctl.u.getcpuinfo.max_cpus = (uint32_t)max_cpus;
        set_xen_guest_handle_raw(sysctl.u.getcpuinfo.info, b.p);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &b);
    if (rc == 0 && nr_cpus != NULL) {
        *nr_cpus = (int)sysctl.u.getcpuinfo.nr_cpus;
    }
    return rc;
}

int xc_availheap(xc_interface *xch, int min_width, int max_width, int node,
                 uint64_t *bytes)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_availheap);
    sysctl.u.availheap.min_bitwidth = (uint32_t)min_width;
    sysctl.u.availheap.max_bitwidth = (uint32_t)max_width;
    sysctl.u.availheap.node = node;
    if (do_sysctl(xch, &sysctl) < 0) {
        return -1;
    }
    *bytes = sysctl.u.availheap.avail_bytes;
    return 0;
}

static size_t version_bytes(int cmd, const void *arg)
{
    switch (cmd) {
    case XENVER_version:
    case XENVER_pagesize:
        return 0;
    case XENVER_extraversion:
        return sizeof(xen_extraversion_t);
    case XENVER_compile_info:
        return sizeof(xen_compile_info_t);
    case XENVER_capabilities:
        return sizeof(xen_capabilities_info_t);
    case XENVER_changeset:
        return sizeof(xen_changeset_info_t);
    case XENVER_platform_parameters:
        return sizeof(xen_platform_parameters_t);
    case XENVER_get_features:
        return sizeof(xen_feature_info_t);
    case XENVER_guest_handle:
        return sizeof(xen_domain_handle_t);
    case XENVER_commandline:
        return sizeof(xen_commandline_t);
    case XENVER_build_id:
        return arg == NULL ? 0
                           : sizeof(xen_build_id_t) +
                                 ((const struct xen_build_id *)arg)->len;
    default:
        return SIZE_MAX;
    }
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    size_t bytes = version_bytes(cmd, arg);
    struct buf b = {0};
    int rc = -1;

    if (bytes == SIZE_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (buf_get(xch, &b, arg, bytes, BUF_BOTH) == 0) {
        rc = xencall2(xch->xcall, __HYPERVISOR_xen_version, (uint64_t)cmd,
                      (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_readconsolering(xc_interface *xch, char *buffer, unsigned int *pnr_chars,
                       int clear, int incremental, uint32_t *pindex)
{
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_readconsole);
    if (buf_get(xch, &b, buffer, *pnr_chars, BUF_OUT) == 0) {
        set_xen_guest_handle_raw(sysctl.u.readconsole.buffer, b.p);
        sysctl.u.readconsole.count = *pnr_chars;
        sysctl.u.readconsole.clear = clear != 0;
        sysctl.u.readconsole.incremental = incremental != 0;
        sysctl.u.readconsole.index = pindex != NULL ? *pindex : 0;
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &b);
    if (rc == 0) {
        *pnr_chars = sysctl.u.readconsole.count;
    }
    if (rc == 0 && pindex != NULL) {
        *pindex = sysctl.u.readconsole.index;
    }
    return rc;
}

int xc_send_debug_keys(xc_interface *xch, const char *keys)
{
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_debug_keys);
    if (buf_get_const(xch, &b, keys, strlen(keys)) == 0) {
        set_xen_guest_handle_raw(sysctl.u.debug_keys.keys, b.p);
        sysctl.u.debug_keys.nr_keys = (uint32_t)strlen(keys);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_maximum_ram_page(xc_interface *xch, unsigned long *max_mfn)
{
    long rc = xc_memory_op(xch, XENMEM_maximum_ram_page, NULL, 0);

    if (rc < 0) {
        return -1;
    }
    *max_mfn = (unsigned long)rc;
    return 0;
}
