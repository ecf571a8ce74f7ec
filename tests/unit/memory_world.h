/* SPDX-License-Identifier: MIT */
/* memory_op: its arguments, for the tests of it. */
#ifndef XEN_LITE_MEMORY_WORLD_H
#define XEN_LITE_MEMORY_WORLD_H

#include "mm_world.h"

#include <xen/memory.h>

/* Pages of the guest: lists of frames. */
#define LIST  2UL
#define LIST2 3UL

/* The guest may have 128 pages. */
static inline int memory_setup(void **state)
{
    mm_setup(state);
    guest->d->max_pages = 128;
    return 0;
}

#define MEMORY_CASE(f) \
    cmocka_unit_test_setup_teardown(f, memory_setup, mm_teardown)

static inline void *args(void)
{
    return fake_page(guest, ARGS);
}

static inline xen_pfn_t *list(unsigned long pfn)
{
    return fake_page(guest, pfn);
}

static inline long op(unsigned long command)
{
    return fake_hypercall(guest->v, __HYPERVISOR_memory_op, command,
                          fake_va(ARGS), 0, 0);
}

static inline void unmap_flush(unsigned long pfn)
{
    assert_int_equal(update_va(fake_va(pfn), 0, UVMF_INVLPG), 0);
}

static inline struct xen_memory_reservation *reservation(unsigned long count,
                                                         unsigned int order)
{
    struct xen_memory_reservation *r = args();

    memset(r, 0, sizeof(*r));
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)fake_va(LIST));
    r->nr_extents = count;
    r->extent_order = order;
    r->domid = DOMID_SELF;
    return r;
}

#endif
