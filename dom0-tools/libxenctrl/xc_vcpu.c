// SPDX-License-Identifier: MIT
/*
 * Virtual CPUs: contexts, state and where they may run.
 */
#include "private.h"

/* Handles of a bitmap point at bytes; its length is in bits. */
static void set_bitmap(struct xenctl_bitmap *map, struct buf *b, int bits)
{
    set_xen_guest_handle_raw(map->bitmap, b->p);
    map->nr_bits = (uint32_t)bits;
}

static int vcpu_context(xc_interface *xch, uint32_t cmd, uint32_t domid,
                        uint32_t vcpu, vcpu_guest_context_any_t *ctxt,
                        enum buf_direction direction)
{
    struct xen_domctl domctl;
    struct buf b = {0};
    int rc = -1;

    domctl_init(&domctl, cmd, domid);
    if (buf_get(xch, &b, ctxt, sizeof(*ctxt), direction) == 0) {
        domctl.u.vcpucontext.vcpu = vcpu;
        set_xen_guest_handle_raw(domctl.u.vcpucontext.ctxt, b.p);
        rc = do_domctl(xch, &domctl);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_vcpu_setcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                       vcpu_guest_context_any_t *ctxt)
{
    return vcpu_context(xch, XEN_DOMCTL_setvcpucontext, domid, vcpu, ctxt,
                        BUF_IN);
}

int xc_vcpu_getcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                       vcpu_guest_context_any_t *ctxt)
{
    return vcpu_context(xch, XEN_DOMCTL_getvcpucontext, domid, vcpu, ctxt,
                        BUF_OUT);
}

int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                    xc_vcpuinfo_t *info)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_getvcpuinfo, domid);
    domctl.u.getvcpuinfo.vcpu = vcpu;
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    *info = domctl.u.getvcpuinfo;
    return 0;
}

long long xc_domain_get_cpu_usage(xc_interface *xch, uint32_t domid, int vcpu)
{
    xc_vcpuinfo_t info;

    if (xc_vcpu_getinfo(xch, domid, (uint32_t)vcpu, &info) < 0) {
        return -1;
    }
    return (long long)info.cpu_time;
}

/* First the sizes, with no buffer; then the state itself. */
int xc_vcpu_get_extstate(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                         xc_vcpu_extstate_t *extstate)
{
    struct xen_domctl domctl;
    struct buf b = {0};
    int rc = -1;

    domctl_init(&domctl, XEN_DOMCTL_getvcpuextstate, domid);
    domctl.u.vcpuextstate.vcpu = vcpu;
    domctl.u.vcpuextstate.xfeature_mask = extstate->xfeature_mask;
    domctl.u.vcpuextstate.size = extstate->size;
    if (buf_get(xch, &b, extstate->buffer, extstate->size, BUF_OUT) == 0) {
        set_xen_guest_handle_raw(domctl.u.vcpuextstate.buffer, b.p);
        rc = do_domctl(xch, &domctl);
    }
    buf_put(xch, &b);
    if (rc == 0) {
        extstate->xfeature_mask = domctl.u.vcpuextstate.xfeature_mask;
        extstate->size = domctl.u.vcpuextstate.size;
    }
    return rc;
}

static int vcpu_affinity(xc_interface *xch, uint32_t cmd, uint32_t domid,
                         int vcpu, xc_cpumap_t hard_map, xc_cpumap_t soft_map,
                         uint32_t flags, enum buf_direction direction)
{
    struct buf hard = {0};
    struct buf soft = {0};
    struct xen_domctl domctl;
    int cpus = xc_get_max_cpus(xch);
    int rc = -1;

    if (cpus <= 0) {
        return -1;
    }
    domctl_init(&domctl, cmd, domid);
    domctl.u.vcpuaffinity.vcpu = (uint32_t)vcpu;
    domctl.u.vcpuaffinity.flags = flags;
    if (buf_get(xch, &hard, hard_map, bitmap_bytes(cpus), direction) == 0 &&
        buf_get(xch, &soft, soft_map, bitmap_bytes(cpus), direction) == 0) {
        set_bitmap(&domctl.u.vcpuaffinity.cpumap_hard, &hard, cpus);
        set_bitmap(&domctl.u.vcpuaffinity.cpumap_soft, &soft, cpus);
        rc = do_domctl(xch, &domctl);
    }
    buf_put(xch, &soft);
    buf_put(xch, &hard);
    return rc;
}

int xc_vcpu_setaffinity(xc_interface *xch, uint32_t domid, int vcpu,
                        xc_cpumap_t cpumap_hard_inout,
                        xc_cpumap_t cpumap_soft_inout, uint32_t flags)
{
    return vcpu_affinity(xch, XEN_DOMCTL_setvcpuaffinity, domid, vcpu,
                         cpumap_hard_inout, cpumap_soft_inout, flags, BUF_BOTH);
}

int xc_vcpu_getaffinity(xc_interface *xch, uint32_t domid, int vcpu,
                        xc_cpumap_t cpumap_hard, xc_cpumap_t cpumap_soft,
                        uint32_t flags)
{
    return vcpu_affinity(xch, XEN_DOMCTL_getvcpuaffinity, domid, vcpu,
                         cpumap_hard, cpumap_soft, flags, BUF_OUT);
}

static int node_affinity(xc_interface *xch, uint32_t cmd, uint32_t domid,
                         xc_nodemap_t nodemap, enum buf_direction direction)
{
    struct xen_domctl domctl;
    struct buf b = {0};
    int nodes = xc_get_max_nodes(xch);
    int rc = -1;

    if (nodes <= 0) {
        return -1;
    }
    domctl_init(&domctl, cmd, domid);
    if (buf_get(xch, &b, nodemap, bitmap_bytes(nodes), direction) == 0) {
        set_bitmap(&domctl.u.nodeaffinity.nodemap, &b, nodes);
        rc = do_domctl(xch, &domctl);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_domain_node_setaffinity(xc_interface *xch, uint32_t domind,
                               xc_nodemap_t nodemap)
{
    return node_affinity(xch, XEN_DOMCTL_setnodeaffinity, domind, nodemap,
                         BUF_IN);
}

int xc_domain_node_getaffinity(xc_interface *xch, uint32_t domind,
                               xc_nodemap_t nodemap)
{
    return node_affinity(xch, XEN_DOMCTL_getnodeaffinity, domind, nodemap,
                         BUF_OUT);
}
