// SPDX-License-Identifier: MIT
/*
 * Memory for domains, extent by extent: increase_reservation,
 * decrease_reservation, populate_physmap. Each stops at the first extent that
 * it cannot do and says how many it did: that is no error to the guest.
 */
#include "types.h"

#include <xen/memory.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "memory_op.h"
#include "mm.h"

#define DOMU_MAX_ORDER 9U
#define ALL_ADDRESSES  64U
#define EXTENTS_MAX    (~0UL >> 6) /* what a continuation can count */

struct reservation {
    struct domain *d;
    guest_va_t extents; /* xen_pfn_t each */
    unsigned long count;
    unsigned int order;
    unsigned int address_bits;
};

typedef bool extent_fn(const struct reservation *r, unsigned long index);

unsigned int memory_max_order(const struct vcpu *v)
{
    return v->domain->privileged ? FRAME_MAX_ORDER : DOMU_MAX_ORDER;
}

unsigned int memory_address_bits(unsigned int mem_flags)
{
    unsigned int bits = XENMEMF_get_address_bits(mem_flags);

    if (bits == 0) {
        return ALL_ADDRESSES;
    }
    return bits > PAGE_SHIFT ? bits : 0;
}

static guest_va_t extent_va(const struct reservation *r, unsigned long index)
{
    return guest_va_index(r->extents, index, sizeof(xen_pfn_t));
}

void memory_set_physmap(const struct domain *d, xen_pfn_t mfn, xen_pfn_t pfn,
                        unsigned int order)
{
    for (unsigned long i = 0; i < 1UL << order; i++) {
        if (page_get(mfn_make(mfn + i), d)) {
            m2p_set(mfn_make(mfn + i), pfn + i);
            page_put(page_of(mfn_make(mfn + i)));
        }
    }
}

static bool release_extent(struct domain *d, xen_pfn_t first,
                           unsigned int order)
{
    for (unsigned long i = 0; i < 1UL << order; i++) {
        mfn_t mfn = mfn_make(first + i);
        int rc;

        if (!page_get(mfn, d)) {
            return false;
        }
        rc = domain_release_page(d, page_of(mfn));
        page_put(page_of(mfn));
        if (rc != 0) {
            return false;
        }
    }
    return true;
}

static bool increase_one(const struct reservation *r, unsigned long index)
{
    struct page *page;
    xen_pfn_t mfn;

    if (domain_alloc_pages(r->d, r->order, r->address_bits, &page) != 0) {
        return false;
    }
    mfn = page_mfn(page).number;
    return r->extents.address == 0 ||
           write_guest(extent_va(r, index), &mfn) == 0;
}

static bool populate_one(const struct reservation *r, unsigned long index)
{
    struct page *page;
    xen_pfn_t pfn;
    xen_pfn_t mfn;

    if (read_guest(&pfn, extent_va(r, index)) != 0 ||
        domain_alloc_pages(r->d, r->order, r->address_bits, &page) != 0) {
        return false;
    }
    mfn = page_mfn(page).number;
    memory_set_physmap(r->d, mfn, pfn, r->order);
    return write_guest(extent_va(r, index), &mfn) == 0;
}

static bool decrease_one(const struct reservation *r, unsigned long index)
{
    xen_pfn_t mfn;

    return read_guest(&mfn, extent_va(r, index)) == 0 &&
           release_extent(r->d, mfn, r->order);
}

static extent_fn *function_for(unsigned int command)
{
    switch (command) {
    case XENMEM_increase_reservation:
        return increase_one;
    case XENMEM_populate_physmap:
        return populate_one;
    default:
        return decrease_one;
    }
}

static long run_extents(const struct reservation *r, extent_fn *one,
                        unsigned long start, unsigned long *progress)
{
    for (unsigned long i = start; i < r->count; i++) {
        if (i != start && hypercall_preempt_check()) {
            *progress = i;
            return -XEN_ERESTART;
        }
        if (!one(r, i)) {
            return (long)i;
        }
    }
    return (long)r->count;
}

long memory_reservation(struct vcpu *v, unsigned int command, guest_va_t arg,
                        unsigned long start, unsigned long *progress)
{
    struct xen_memory_reservation asked;
    struct reservation r;
    long rc;

    if (read_guest(&asked, arg) != 0 || asked.nr_extents > EXTENTS_MAX ||
        start >= asked.nr_extents || asked.extent_order > memory_max_order(v)) {
        return (long)start;
    }
    r = (struct reservation){
        .extents = GUEST_HANDLE_VA(asked.extent_start),
        .count = asked.nr_extents,
        .order = asked.extent_order,
        .address_bits = memory_address_bits(asked.mem_flags),
    };
    if (r.address_bits == 0) {
        return (long)start;
    }
    rc = domain_get_target(v, asked.domid, &r.d);
    if (rc != 0) {
        return rc == -XEN_ESRCH ? (long)start : rc;
    }
    rc = run_extents(&r, function_for(command), start, progress);
    domain_put(r.d);
    return rc;
}
