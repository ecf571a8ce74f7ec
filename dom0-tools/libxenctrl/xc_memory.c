// SPDX-License-Identifier: MIT
/*
 * memory_op (<xen/memory.h>): pages given to and taken from domains.
 *
 * Calls go through a multicall (xencall2L), because some results are frame
 * numbers and do not fit an int.
 */
#include "private.h"

#include <stdlib.h>

/* Bytes of the structure that each command passes; 0 for unknown ones. */
static size_t command_bytes(unsigned int cmd, size_t len)
{
    switch (cmd) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return sizeof(struct xen_memory_reservation);
    case XENMEM_machphys_mfn_list:
    case XENMEM_machphys_compat_mfn_list:
        return sizeof(struct xen_machphys_mfn_list);
    case XENMEM_exchange:
        return sizeof(struct xen_memory_exchange);
    case XENMEM_add_to_physmap:
        return sizeof(struct xen_add_to_physmap);
    case XENMEM_add_to_physmap_batch:
        return sizeof(struct xen_add_to_physmap_batch);
    case XENMEM_remove_from_physmap:
        return sizeof(struct xen_remove_from_physmap);
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return sizeof(domid_t);
    case XENMEM_set_memory_map:
        return sizeof(struct xen_foreign_memory_map);
    case XENMEM_memory_map:
    case XENMEM_machine_memory_map:
        return sizeof(struct xen_memory_map);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return sizeof(struct xen_pod_target);
    case XENMEM_acquire_resource:
        return sizeof(struct xen_mem_acquire_resource);
    default:
        return len;
    }
}

long xc_memory_op(xc_interface *xch, unsigned int cmd, void *arg, size_t len)
{
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, arg, command_bytes(cmd, len), BUF_BOTH) == 0) {
        rc = xencall2L(xch->xcall, __HYPERVISOR_memory_op, cmd, (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

static int reservation(xc_interface *xch, unsigned int cmd, uint32_t domid,
                       unsigned long nr_extents, unsigned int extent_order,
                       unsigned int mem_flags, xen_pfn_t *extents)
{
    struct xen_memory_reservation arg = {
        .nr_extents = nr_extents,
        .extent_order = extent_order,
        .mem_flags = mem_flags,
        .domid = (domid_t)domid,
    };
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, extents, nr_extents * sizeof(*extents), BUF_BOTH) ==
        0) {
        set_xen_guest_handle_raw(arg.extent_start, b.p);
        rc = xc_memory_op(xch, cmd, &arg, sizeof(arg));
    }
    buf_put(xch, &b);
    return (int)rc;
}

/* The _exact forms: all or an error. */
static int all_or(int rc, unsigned long wanted, int errnoval)
{
    if (rc < 0) {
        return -1;
    }
    if ((unsigned long)rc != wanted) {
        errno = errnoval;
        return -1;
    }
    return 0;
}

int xc_domain_increase_reservation(xc_interface *xch, uint32_t domid,
                                   unsigned long nr_extents,
                                   unsigned int extent_order,
                                   unsigned int mem_flags,
                                   xen_pfn_t *extent_start)
{
    return reservation(xch, XENMEM_increase_reservation, domid, nr_extents,
                       extent_order, mem_flags, extent_start);
}

int xc_domain_increase_reservation_exact(xc_interface *xch, uint32_t domid,
                                         unsigned long nr_extents,
                                         unsigned int extent_order,
                                         unsigned int mem_flags,
                                         xen_pfn_t *extent_start)
{
    return all_or(xc_domain_increase_reservation(xch, domid, nr_extents,
                                                 extent_order, mem_flags,
                                                 extent_start),
                  nr_extents, ENOMEM);
}

int xc_domain_decrease_reservation(xc_interface *xch, uint32_t domid,
                                   unsigned long nr_extents,
                                   unsigned int extent_order,
                                   xen_pfn_t *extent_start)
{
    if (extent_start == NULL) {
        errno = EINVAL;
        return -1;
    }
    return reservation(xch, XENMEM_decrease_reservation, domid, nr_extents,
                       extent_order, 0, extent_start);
}

int xc_domain_decrease_reservation_exact(xc_interface *xch, uint32_t domid,
                                         unsigned long nr_extents,
                                         unsigned int extent_order,
                                         xen_pfn_t *extent_start)
{
    return all_or(xc_domain_decrease_reservation(xch, domid, nr_extents,
                                                 extent_order, extent_start),
                  nr_extents, EINVAL);
}

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid,
                               unsigned long nr_extents,
                               unsigned int extent_order,
                               unsigned int mem_flags, xen_pfn_t *extent_start)
{
    return reservation(xch, XENMEM_populate_physmap, domid, nr_extents,
                       extent_order, mem_flags, extent_start);
}

int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
                                     unsigned long nr_extents,
                                     unsigned int extent_order,
                                     unsigned int mem_flags,
                                     xen_pfn_t *extent_start)
{
    return all_or(xc_domain_populate_physmap(xch, domid, nr_extents,
                                             extent_order, mem_flags,
                                             extent_start),
                  nr_extents, EBUSY);
}

int xc_domain_memory_exchange_pages(
    xc_interface *xch, uint32_t domid, unsigned long nr_in_extents,
    unsigned int in_order, xen_pfn_t *in_extents, unsigned long nr_out_extents,
    unsigned int out_order, xen_pfn_t *out_extents)
{
    struct xen_memory_exchange arg = {
        .in = {.nr_extents = nr_in_extents,
               .extent_order = in_order,
               .domid = (domid_t)domid},
        .out = {.nr_extents = nr_out_extents,
                .extent_order = out_order,
                .domid = (domid_t)domid},
    };
    struct buf in = {0};
    struct buf out = {0};
    long rc = -1;

    if (buf_get(xch, &in, in_extents, nr_in_extents * sizeof(*in_extents),
                BUF_IN) == 0 &&
        buf_get(xch, &out, out_extents, nr_out_extents * sizeof(*out_extents),
                BUF_BOTH) == 0) {
        set_xen_guest_handle_raw(arg.in.extent_start, in.p);
        set_xen_guest_handle_raw(arg.out.extent_start, out.p);
        rc = xc_memory_op(xch, XENMEM_exchange, &arg, sizeof(arg));
    }
    buf_put(xch, &out);
    buf_put(xch, &in);
    return (int)rc;
}

/* A hypervisor that knows no claims gives what it has at populate time. */
int xc_domain_claim_pages(xc_interface *xch, uint32_t domid,
                          unsigned long nr_pages)
{
    struct xen_memory_reservation arg = {
        .nr_extents = nr_pages,
        .domid = (domid_t)domid,
    };
    long rc;

    set_xen_guest_handle_raw(arg.extent_start, NULL);
    rc = xc_memory_op(xch, XENMEM_claim_pages, &arg, sizeof(arg));
    if (rc < 0 && errno == ENOSYS) {
        return 0;
    }
    return (int)rc;
}

int xc_domain_setmaxmem(xc_interface *xch, uint32_t domid, uint64_t max_memkb)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_max_mem, domid);
    domctl.u.max_mem.max_memkb = max_memkb;
    return do_domctl(xch, &domctl);
}

int xc_domain_set_memory_map(xc_interface *xch, uint32_t domid,
                             struct e820entry entries[], uint32_t nr_entries)
{
    struct xen_foreign_memory_map arg = {
        .domid = (domid_t)domid,
        .map = {.nr_entries = nr_entries},
    };
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, entries, nr_entries * sizeof(*entries), BUF_IN) == 0) {
        set_xen_guest_handle_raw(arg.map.buffer, b.p);
        rc = xc_memory_op(xch, XENMEM_set_memory_map, &arg, sizeof(arg));
    }
    buf_put(xch, &b);
    return rc < 0 ? -1 : 0;
}

int xc_domain_set_memmap_limit(xc_interface *xch, uint32_t domid,
                               unsigned long map_limitkb)
{
    struct e820entry ram = {
        .addr = 0,
        .size = (uint64_t)map_limitkb << 10,
        .type = E820_RAM,
    };

    return xc_domain_set_memory_map(xch, domid, &ram, 1);
}

/* Returns the number of entries. */
int xc_get_machine_memory_map(xc_interface *xch, struct e820entry entries[],
                              uint32_t max_entries)
{
    struct xen_memory_map arg = {.nr_entries = max_entries};
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, entries, max_entries * sizeof(*entries), BUF_BOTH) ==
        0) {
        set_xen_guest_handle_raw(arg.buffer, b.p);
        rc = xc_memory_op(xch, XENMEM_machine_memory_map, &arg, sizeof(arg));
    }
    buf_put(xch, &b);
    return rc < 0 ? -1 : (int)arg.nr_entries;
}

int xc_domain_maximum_gpfn(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns)
{
    domid_t arg = (domid_t)domid;
    long rc = xc_memory_op(xch, XENMEM_maximum_gpfn, &arg, sizeof(arg));

    if (rc < 0) {
        return -1;
    }
    *gpfns = (xen_pfn_t)rc;
    return 0;
}

int xc_domain_nr_gpfns(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns)
{
    if (xc_domain_maximum_gpfn(xch, domid, gpfns) < 0) {
        return -1;
    }
    (*gpfns)++;
    return 0;
}

int xc_machphys_mfn_list(xc_interface *xch, unsigned long max_extents,
                         xen_pfn_t *extent_start)
{
    struct xen_machphys_mfn_list arg = {
        .max_extents = (unsigned int)max_extents,
    };
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, extent_start, max_extents * sizeof(*extent_start),
                BUF_OUT) == 0) {
        set_xen_guest_handle_raw(arg.extent_start, b.p);
        rc = xc_memory_op(xch, XENMEM_machphys_mfn_list, &arg, sizeof(arg));
    }
    buf_put(xch, &b);
    return (int)rc;
}

int xc_domain_add_to_physmap(xc_interface *xch, uint32_t domid,
                             unsigned int space, unsigned long idx,
                             xen_pfn_t gpfn)
{
    struct xen_add_to_physmap arg = {
        .domid = (domid_t)domid,
        .space = space,
        .idx = idx,
        .gpfn = gpfn,
    };

    return (int)xc_memory_op(xch, XENMEM_add_to_physmap, &arg, sizeof(arg));
}

int xc_domain_remove_from_physmap(xc_interface *xch, uint32_t domid,
                                  xen_pfn_t gpfn)
{
    struct xen_remove_from_physmap arg = {
        .domid = (domid_t)domid,
        .gpfn = gpfn,
    };

    return (int)xc_memory_op(xch, XENMEM_remove_from_physmap, &arg,
                             sizeof(arg));
}

long xc_sharing_freed_pages(xc_interface *xch)
{
    return xc_memory_op(xch, XENMEM_get_sharing_freed_pages, NULL, 0);
}

long xc_sharing_used_frames(xc_interface *xch)
{
    return xc_memory_op(xch, XENMEM_get_sharing_shared_pages, NULL, 0);
}
