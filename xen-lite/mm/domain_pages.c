/* SPDX-License-Identifier: MIT */
/*
 * The memory of each domain: its list of frames, its limit, and how frames
 * come and go. A frame stays on the list, and counted, until its last
 * reference is gone, whoever holds that; a domain with frames stays.
 */
#include "mm.h"

#include "bug.h"
#include "domain.h"
#include "pt.h"
#include "softirq.h"
#include "string.h"

/* -- the list; page_lock held ---------------------------------------------- */

static void list_add(struct page_list *list, struct page *page)
{
    uint32_t mfn = (uint32_t)page_mfn(page).number;

    page->next = PAGE_LINK_END;
    page->prev = list->last;
    if (list->last != PAGE_LINK_END) {
        page_of(mfn_make(list->last))->next = mfn;
    } else {
        list->first = mfn;
    }
    list->last = mfn;
    list->count++;
}

static void list_remove(struct page_list *list, struct page *page)
{
    if (page->prev != PAGE_LINK_END) {
        page_of(mfn_make(page->prev))->next = page->next;
    } else {
        list->first = page->next;
    }
    if (page->next != PAGE_LINK_END) {
        page_of(mfn_make(page->next))->prev = page->prev;
    } else {
        list->last = page->prev;
    }
    list->count--;
}

/* The first frame of a domain keeps it, the last lets it go. */
static void charge(struct domain *d, unsigned long count)
{
    if (d->tot_pages == 0 && count != 0) {
        domain_hold(d);
    }
    d->tot_pages += count;
}

static bool uncharge(struct domain *d, unsigned long count)
{
    d->tot_pages -= count;
    return d->tot_pages == 0;
}

/* -- come ------------------------------------------------------------------ */

static bool has_room(const struct domain *d, unsigned long count)
{
    return count <= d->max_pages && d->tot_pages <= d->max_pages - count;
}

/* Asked before frames are scrubbed, perhaps in vain. */
static bool may_have(struct domain *d, unsigned long count)
{
    bool may;

    spin_lock(&d->page_lock);
    may = has_room(d, count);
    spin_unlock(&d->page_lock);
    return may;
}

/* @counted: tot_pages knows of them already. */
static int assign(struct domain *d, struct page *page, unsigned int order,
                  bool counted)
{
    unsigned long count = 1UL << order;
    int rc = 0;

    spin_lock(&d->page_lock);
    if (domain_is_dying(d)) {
        rc = -XEN_ESRCH;
    } else if (!counted && !has_room(d, count)) {
        rc = -XEN_E2BIG;
    } else {
        charge(d, counted ? 0 : count);
        for (unsigned long i = 0; i < count; i++) {
            list_add(&d->pages, &page[i]);
            /* What was stolen and comes back may still be known to the TLBs
             * of others. */
            atomic_store(&page[i].count,
                         (atomic_load(&page[i].count) & PAGE_COUNT_MARKS) |
                             PAGE_COUNT_ALLOCATED |
                             (uint64_t)d->domid << PAGE_OWNER_SHIFT | 1);
        }
    }
    spin_unlock(&d->page_lock);
    return rc;
}

int domain_assign_pages(struct domain *d, struct page *page, unsigned int order)
{
    return assign(d, page, order, false);
}

int domain_give_pages(struct domain *d, struct page *page, unsigned int order)
{
    return assign(d, page, order, true);
}

int domain_alloc_pages(struct domain *d, unsigned int order,
                       unsigned int address_bits, struct page **page)
{
    int rc;

    if (domain_is_dying(d)) {
        return -XEN_ESRCH;
    }
    if (order > FRAME_MAX_ORDER || !may_have(d, 1UL << order)) {
        return -XEN_E2BIG;
    }
    *page = frame_alloc_claimed(order, address_bits, &d->claimed_pages);
    if (*page == NULL) {
        return -XEN_ENOMEM;
    }
    rc = domain_assign_pages(d, *page, order);
    if (rc != 0) {
        frame_free(*page, order);
    }
    return rc;
}

/* -- go -------------------------------------------------------------------- */

/* The frame is nobody's, and will be flushed and scrubbed for the next. */
static void free_unused(struct page *page)
{
    BUG_ON((atomic_load(&page->type) & PAGE_TYPE_COUNT_MASK) != 0);
    m2p_set(page_mfn(page), M2P_INVALID);
    atomic_store(&page->tlb_stamp, tlb_clock_now());
    frame_free(page, 0);
}

void domain_page_unused(struct page *page)
{
    struct domain *d;
    bool last;

    if ((atomic_load(&page->count) & PAGE_COUNT_XEN) != 0) {
        free_unused(page);
        return;
    }
    d = page_owner_get(page);
    BUG_ON(d == NULL);
    spin_lock(&d->page_lock);
    list_remove(&d->pages, page);
    last = uncharge(d, 1);
    spin_unlock(&d->page_lock);
    free_unused(page);
    if (last) {
        domain_put(d);
    }
    domain_put(d);
}

/* Clear ALLOCATED: true for the one who did. */
static bool take_own_reference(struct page *page)
{
    uint64_t before = atomic_fetch_and(&page->count, ~PAGE_COUNT_ALLOCATED);

    return (before & PAGE_COUNT_ALLOCATED) != 0;
}

int domain_release_page(struct domain *d, struct page *page)
{
    if (page_owner(page) != d->domid || !take_own_reference(page)) {
        return -XEN_EINVAL;
    }
    page_put(page);
    return 0;
}

void domain_lose_pages(struct domain *d, unsigned long count)
{
    bool last;

    spin_lock(&d->page_lock);
    last = uncharge(d, count);
    spin_unlock(&d->page_lock);
    if (last) {
        domain_put(d);
    }
}

int domain_take_page(struct domain *d, mfn_t mfn)
{
    uint64_t only =
        PAGE_COUNT_ALLOCATED | (uint64_t)d->domid << PAGE_OWNER_SHIFT | 1;
    struct page *page = page_lookup(mfn);
    uint64_t word;

    if (page == NULL) {
        return -XEN_EINVAL;
    }
    word = atomic_load(&page->count);
    /* With one reference, ours from here on, nothing can map it or type it. */
    do {
        if ((word & ~PAGE_COUNT_MARKS) != only) {
            return -XEN_EINVAL;
        }
    } while (!atomic_compare_exchange_weak(
        &page->count, &word,
        (word & ~(PAGE_COUNT_ALLOCATED | PAGE_OWNER_MASK | 1)) |
            (uint64_t)DOMID_NOBODY << PAGE_OWNER_SHIFT));
    spin_lock(&d->page_lock);
    list_remove(&d->pages, page);
    spin_unlock(&d->page_lock);
    atomic_store(&page->tlb_stamp, tlb_clock_now());
    return 0;
}

int domain_steal_page(struct domain *d, mfn_t mfn)
{
    int rc = domain_take_page(d, mfn);

    if (rc == 0) {
        domain_lose_pages(d, 1);
    }
    return rc;
}

/* -- teardown -------------------------------------------------------------- */

static bool unpin(struct page *page)
{
    uint64_t before = atomic_fetch_and(&page->type, ~PAGE_TYPE_PINNED);

    return (before & PAGE_TYPE_PINNED) != 0;
}

/* Drop what @d itself holds of one of its frames; a reference is held. */
static int relinquish_page(struct page *page)
{
    enum page_type type = page_type_of(atomic_load(&page->type));
    int rc;

    if (unpin(page)) {
        rc = page_put_type_preemptible(page);
        page_put(page);
        if (rc != 0) {
            return rc;
        }
    }
    rc = page_put_partial(page, type, true);
    if (rc != 0) {
        return rc;
    }
    if (take_own_reference(page)) {
        page_put(page);
    }
    return 0;
}

/* The first frame of the list, with a reference; or NULL. */
static struct page *first_page_get(struct domain *d, bool *empty)
{
    struct page *page = NULL;

    spin_lock(&d->page_lock);
    *empty = d->pages.first == PAGE_LINK_END;
    if (!*empty) {
        page = page_of(mfn_make(d->pages.first));
        if (!page_get(page_mfn(page), d)) {
            page = NULL; /* its last reference is going at this moment */
        }
    }
    spin_unlock(&d->page_lock);
    return page;
}

/* A frame that was visited, and on which a reference is held. */
static void move_to_end(struct domain *d, struct page *page)
{
    spin_lock(&d->page_lock);
    list_remove(&d->pages, page);
    list_add(&d->pages, page);
    spin_unlock(&d->page_lock);
}

/* Who asks with the lock held whether it is dying gives it none after this. */
static unsigned long listed_pages(struct domain *d)
{
    unsigned long count;

    spin_lock(&d->page_lock);
    frame_unclaim(&d->claimed_pages, ~0UL);
    count = d->pages.count;
    spin_unlock(&d->page_lock);
    return count;
}

/*
 * Each frame is visited once: what remains on the list then is held by others,
 * and goes with them. Progress: d->relinquish_left; frames not yet visited come
 * before those that were.
 */
int domain_relinquish_memory(struct domain *d)
{
    int rc = mm_finish_teardown(current_vcpu());

    if (rc != 0) {
        return rc;
    }
    if (d->relinquish_left == 0) {
        d->relinquish_left = listed_pages(d);
    }
    while (d->relinquish_left != 0) {
        bool empty;
        struct page *page = first_page_get(d, &empty);

        if (empty) {
            d->relinquish_left = 0;
            break;
        }
        if (page == NULL) { /* who takes it off the list is about to */
            if (softirq_pending()) {
                return -XEN_ERESTART;
            }
            machine_relax();
            continue;
        }
        rc = relinquish_page(page);
        if (rc != 0) {
            page_put(page);
            return rc; /* it stays the first */
        }
        d->relinquish_left--;
        move_to_end(d, page);
        page_put(page);
        if (d->relinquish_left != 0 && softirq_pending()) {
            return -XEN_ERESTART;
        }
    }
    return 0;
}

/* -- machine to physical --------------------------------------------------- */

void m2p_set(mfn_t mfn, unsigned long pfn)
{
    __atomic_store_n(&machine_m2p()[mfn.number], pfn, __ATOMIC_RELAXED);
}

unsigned long m2p_get(mfn_t mfn)
{
    return __atomic_load_n(&machine_m2p()[mfn.number], __ATOMIC_RELAXED);
}
