// SPDX-License-Identifier: MIT
/*
 * Virtual NUMA of a domain, and calls on a domain's address space that only
 * translated guests answer.
 */
#include "private.h"

int xc_domain_setvnuma(xc_interface *xch, uint32_t domid, uint32_t nr_vnodes,
                       uint32_t nr_regions, uint32_t nr_vcpus,
                       xen_vmemrange_t *vmemrange, unsigned int *vdistance,
                       unsigned int *vcpu_to_vnode,
                       unsigned int *vnode_to_pnode)
{
    struct buf b[4] = {0};
    struct xen_domctl domctl;
    int rc = -1;

    if (nr_vnodes == 0 || vmemrange == NULL || vdistance == NULL ||
        vcpu_to_vnode == NULL || vnode_to_pnode == NULL) {
        errno = EINVAL;
        return -1;
    }
    domctl_init(&domctl, XEN_DOMCTL_setvnumainfo, domid);
    if (buf_get(xch, &b[0], vmemrange, nr_regions * sizeof(*vmemrange),
                BUF_BOTH) == 0 &&
        buf_get(xch, &b[1], vdistance,
                (size_t)nr_vnodes * nr_vnodes * sizeof(*vdistance),
                BUF_BOTH) == 0 &&
        buf_get(xch, &b[2], vcpu_to_vnode, nr_vcpus * sizeof(*vcpu_to_vnode),
                BUF_BOTH) == 0 &&
        buf_get(xch, &b[3], vnode_to_pnode, nr_vnodes * sizeof(*vnode_to_pnode),
                BUF_BOTH) == 0) {
        domctl.u.vnuma.nr_vnodes = nr_vnodes;
        domctl.u.vnuma.nr_vmemranges = nr_regions;
        domctl.u.vnuma.nr_vcpus = nr_vcpus;
        set_xen_guest_handle_raw(domctl.u.vnuma.vmemrange, b[0].p);
        set_xen_guest_handle_raw(domctl.u.vnuma.vdistance, b[1].p);
        set_xen_guest_handle_raw(domctl.u.vnuma.vcpu_to_vnode, b[2].p);
        set_xen_guest_handle_raw(domctl.u.vnuma.vnode_to_pnode, b[3].p);
        rc = do_domctl(xch, &domctl);
    }
    for (unsigned int i = 0; i < 4; i++) {
        buf_put(xch, &b[i]);
    }
    return rc;
}

int xc_domain_getvnuma(xc_interface *xch, uint32_t domid, uint32_t *nr_vnodes,
                       uint32_t *nr_vmemranges, uint32_t *nr_vcpus,
                       xen_vmemrange_t *vmemrange, unsigned int *vdistance,
                       unsigned int *vcpu_to_vnode)
{
    struct xen_vnuma_topology_info arg = {
        .domid = (domid_t)domid,
        .nr_vnodes = *nr_vnodes,
        .nr_vcpus = *nr_vcpus,
        .nr_vmemranges = *nr_vmemranges,
    };
    struct buf b[3] = {0};
    long rc = -1;

    if (buf_get(xch, &b[0], vmemrange, *nr_vmemranges * sizeof(*vmemrange),
                BUF_OUT) == 0 &&
        buf_get(xch, &b[1], vdistance,
                (size_t)*nr_vnodes * *nr_vnodes * sizeof(*vdistance),
                BUF_OUT) == 0 &&
        buf_get(xch, &b[2], vcpu_to_vnode, *nr_vcpus * sizeof(*vcpu_to_vnode),
                BUF_OUT) == 0) {
        set_xen_guest_handle_raw(arg.vmemrange.h, b[0].p);
        set_xen_guest_handle_raw(arg.vdistance.h, b[1].p);
        set_xen_guest_handle_raw(arg.vcpu_to_vnode.h, b[2].p);
        rc = xc_memory_op(xch, XENMEM_get_vnumainfo, &arg, sizeof(arg));
    }
    for (unsigned int i = 0; i < 3; i++) {
        buf_put(xch, &b[i]);
    }
    *nr_vnodes = arg.nr_vnodes;
    *nr_vcpus = arg.nr_vcpus;
    *nr_vmemranges = arg.nr_vmemranges;
    return (int)rc;
}

int xc_domain_add_to_physmap_batch(xc_interface *xch, uint32_t domid,
                                   uint32_t foreign_domid, unsigned int space,
                                   unsigned int size, xen_ulong_t *idxs,
                                   xen_pfn_t *gfpns, int *errs)
{
    struct xen_add_to_physmap_batch arg = {
        .domid = (domid_t)domid,
        .space = (uint16_t)space,
        .size = (uint16_t)size,
        .u.foreign_domid = (domid_t)foreign_domid,
    };
    struct buf b[3] = {0};
    long rc = -1;

    if (buf_get(xch, &b[0], idxs, size * sizeof(*idxs), BUF_IN) == 0 &&
        buf_get(xch, &b[1], gfpns, size * sizeof(*gfpns), BUF_IN) == 0 &&
        buf_get(xch, &b[2], errs, size * sizeof(*errs), BUF_OUT) == 0) {
        set_xen_guest_handle_raw(arg.idxs, b[0].p);
        set_xen_guest_handle_raw(arg.gpfns, b[1].p);
        set_xen_guest_handle_raw(arg.errs, b[2].p);
        rc = xc_memory_op(xch, XENMEM_add_to_physmap_batch, &arg, sizeof(arg));
    }
    for (unsigned int i = 0; i < 3; i++) {
        buf_put(xch, &b[i]);
    }
    return (int)rc;
}

int xc_get_paging_mempool_size(xc_interface *xch, uint32_t domid,
                               uint64_t *size)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_get_paging_mempool_size, domid);
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    *size = domctl.u.paging_mempool.size;
    return 0;
}

int xc_set_paging_mempool_size(xc_interface *xch, uint32_t domid, uint64_t size)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_set_paging_mempool_size, domid);
    domctl.u.paging_mempool.size = size;
    return do_domctl(xch, &domctl);
}
