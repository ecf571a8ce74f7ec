// SPDX-License-Identifier: MIT
/*
 * XENMEM_exchange: a domain trades frames for others that are contiguous, or
 * low enough for a device. Chunk by chunk, each all or nothing; the number of
 * extents done is kept in the guest's structure, so that the call can be
 * preempted between chunks and what was done stands if a later one fails.
 */
#include "types.h"

#include <xen/memory.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "memory_op.h"
#include "mm.h"

struct exchange {
    struct domain *d;
    guest_va_t in; /* lists of xen_pfn_t */
    guest_va_t out;
    unsigned int in_order;
    unsigned int out_order;
    /* Extents of each list in one chunk, as powers of two. */
    unsigned int in_chunk_order;
    unsigned int out_chunk_order;
    unsigned int address_bits;
};

/* Frames held between owners, linked by page->next. */
struct held {
    struct page *first;
};

static void hold(struct held *held, struct page *page)
{
    page->next = held->first == NULL ? PAGE_LINK_END
                                     : (uint32_t)page_mfn(held->first).number;
    held->first = page;
}

static struct page *unhold(struct held *held)
{
    struct page *page = held->first;

    if (page != NULL) {
        held->first =
            page->next == PAGE_LINK_END ? NULL : page_of(mfn_make(page->next));
    }
    return page;
}

static int steal_extent(struct exchange *x, struct held *held, xen_pfn_t first)
{
    for (unsigned long i = 0; i < 1UL << x->in_order; i++) {
        mfn_t mfn = mfn_make(first + i);

        if (domain_take_page(x->d, mfn) != 0) {
            return -XEN_EINVAL;
        }
        hold(held, page_of(mfn));
    }
    return 0;
}

static int steal_chunk(struct exchange *x, struct held *held,
                       unsigned long chunk)
{
    for (unsigned long i = 0; i < 1UL << x->in_chunk_order; i++) {
        xen_pfn_t mfn;
        int rc;

        if (read_guest_index(&mfn, x->in, (chunk << x->in_chunk_order) + i) !=
            0) {
            return -XEN_EFAULT;
        }
        rc = steal_extent(x, held, mfn);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* The extents' head pages are linked; their sizes are all the same. */
static int allocate_chunk(const struct exchange *x, struct held *held)
{
    for (unsigned long i = 0; i < 1UL << x->out_chunk_order; i++) {
        struct page *page = frame_alloc(x->out_order, x->address_bits);

        if (page == NULL) {
            return -XEN_ENOMEM;
        }
        hold(held, page);
    }
    return 0;
}

static void free_held(struct held *held, unsigned int order)
{
    struct page *page;

    while ((page = unhold(held)) != NULL) {
        m2p_set(page_mfn(page), M2P_INVALID);
        frame_free(page, order);
    }
}

/* Only a dying domain refuses frames. */
static int give(struct exchange *x, struct page *page, unsigned int order)
{
    if (domain_give_pages(x->d, page, order) != 0) {
        frame_free(page, order);
        domain_lose_pages(x->d, 1UL << order);
        return -XEN_EINVAL;
    }
    return 0;
}

static void return_stolen(struct exchange *x, struct held *held)
{
    struct page *page;

    while ((page = unhold(held)) != NULL) {
        (void)give(x, page, 0);
    }
}

static int give_extent(struct exchange *x, struct page *page,
                       unsigned long index)
{
    xen_pfn_t mfn = page_mfn(page).number;
    xen_pfn_t pfn;

    if (give(x, page, x->out_order) != 0) {
        return -XEN_EINVAL;
    }
    if (read_guest_index(&pfn, x->out, index) != 0) {
        return -XEN_EFAULT;
    }
    memory_set_physmap(x->d, mfn, pfn, x->out_order);
    return write_guest_index(x->out, index, &mfn);
}

/*
 * From here on the old frames are gone: the first error is kept, the rest of
 * the chunk still goes to the domain.
 */
static int give_chunk(struct exchange *x, struct held *held,
                      unsigned long chunk)
{
    unsigned long index = chunk << x->out_chunk_order;
    struct page *page;
    int first_rc = 0;

    while ((page = unhold(held)) != NULL) {
        int rc = give_extent(x, page, index++);

        first_rc = first_rc != 0 ? first_rc : rc;
    }
    return first_rc;
}

static int exchange_chunk(struct exchange *x, unsigned long chunk)
{
    struct held stolen = {NULL};
    struct held fresh = {NULL};
    int rc = steal_chunk(x, &stolen, chunk);

    if (rc == 0) {
        rc = allocate_chunk(x, &fresh);
    }
    if (rc != 0) {
        free_held(&fresh, x->out_order);
        return_stolen(x, &stolen);
        return rc;
    }
    free_held(&stolen, 0);
    return give_chunk(x, &fresh, chunk);
}

static bool same_size(const struct xen_memory_exchange *asked)
{
    unsigned long in = asked->in.nr_extents;
    unsigned long out = asked->out.nr_extents;

    if (in > ~0UL >> asked->in.extent_order ||
        out > ~0UL >> asked->out.extent_order) {
        return false;
    }
    return in << asked->in.extent_order == out << asked->out.extent_order;
}

static bool list_ok(const struct xen_memory_reservation *list)
{
    return list->nr_extents <= ~0UL / sizeof(xen_pfn_t) &&
           guest_range_ok(GUEST_HANDLE_VA(list->extent_start),
                          list->nr_extents * sizeof(xen_pfn_t));
}

static int check(struct vcpu *v, const struct xen_memory_exchange *asked)
{
    unsigned int max = memory_max_order(v);

    if (asked->nr_exchanged > asked->in.nr_extents ||
        asked->in.domid != asked->out.domid || asked->in.extent_order > max ||
        asked->out.extent_order > max) {
        return asked->in.extent_order > max || asked->out.extent_order > max
                   ? -XEN_EPERM
                   : -XEN_EINVAL;
    }
    if (!same_size(asked)) {
        return -XEN_EINVAL;
    }
    /* Before any frame is given up for a list that cannot be read. */
    return list_ok(&asked->in) && list_ok(&asked->out) ? 0 : -XEN_EFAULT;
}

static void prepare(struct exchange *x, const struct xen_memory_exchange *asked)
{
    x->in = GUEST_HANDLE_VA(asked->in.extent_start);
    x->out = GUEST_HANDLE_VA(asked->out.extent_start);
    x->in_order = asked->in.extent_order;
    x->out_order = asked->out.extent_order;
    x->address_bits = memory_address_bits(asked->out.mem_flags);
    if (x->in_order <= x->out_order) {
        x->in_chunk_order = x->out_order - x->in_order;
        x->out_chunk_order = 0;
    } else {
        x->in_chunk_order = 0;
        x->out_chunk_order = x->in_order - x->out_order;
    }
}

static long run(struct exchange *x, guest_va_t arg,
                struct xen_memory_exchange *asked)
{
    unsigned long chunk = asked->nr_exchanged >> x->in_chunk_order;
    unsigned long start = chunk;
    unsigned long end = asked->in.nr_extents >> x->in_chunk_order;
    guest_va_t done_va = guest_va_make(
        arg.address + offsetof(struct xen_memory_exchange, nr_exchanged));
    long rc = 0;

    for (; chunk < end && rc == 0; chunk++) {
        if (chunk != start && hypercall_preempt_check()) {
            rc = -XEN_ERESTART;
            break;
        }
        rc = exchange_chunk(x, chunk);
        if (rc != 0) {
            break;
        }
    }
    asked->nr_exchanged = chunk << x->in_chunk_order;
    if (write_guest(done_va, &asked->nr_exchanged) != 0) {
        return -XEN_EFAULT;
    }
    return rc;
}

long memory_exchange(struct vcpu *v, guest_va_t arg)
{
    struct xen_memory_exchange asked;
    struct exchange x;
    long rc;

    if (read_guest(&asked, arg) != 0) {
        return -XEN_EFAULT;
    }
    rc = check(v, &asked);
    if (rc != 0) {
        return rc;
    }
    prepare(&x, &asked);
    if (x.address_bits == 0) {
        return -XEN_ENOMEM;
    }
    rc = domain_get_target(v, asked.in.domid, &x.d);
    if (rc != 0) {
        return rc;
    }
    rc = run(&x, arg, &asked);
    domain_put(x.d);
    return rc;
}
