/* SPDX-License-Identifier: MIT */
/*
 * Whole frames for the hypervisor, some of which it shares with a guest:
 * shared_info, grant table frames, the machine-to-physical table. A shared
 * frame is owned by the domain and counted, one reference being ours.
 */
#include "mm.h"

#include "bug.h"
#include "domain.h"

void *heap_alloc_page(void)
{
    struct page *page = frame_alloc(0, 64);

    return page != NULL ? machine_map(page_mfn(page)) : NULL;
}

void domain_share_xen_page(struct domain *d, void *frame, bool readonly)
{
    struct page *page = page_of(machine_mfn_of(frame));
    uint64_t word = (uint64_t)d->domid << PAGE_OWNER_SHIFT;

    word |= PAGE_COUNT_XEN | (readonly ? PAGE_COUNT_READONLY : 0) | 1;
    m2p_set(page_mfn(page), M2P_SHARED);
    atomic_store(&page->count, word);
}

static uint64_t with_owner(uint64_t word, domid_t owner)
{
    return (word & ~PAGE_OWNER_MASK) | (uint64_t)owner << PAGE_OWNER_SHIFT;
}

void heap_free_page(void *frame)
{
    struct page *page;
    uint64_t word;

    if (frame == NULL) {
        return;
    }
    page = page_of(machine_mfn_of(frame));
    word = atomic_load(&page->count);
    if ((word & PAGE_COUNT_XEN) == 0) {
        frame_free(page, 0);
        return;
    }
    /* Nobody can map it any more, whoever gets the domain's number next. */
    while (!atomic_compare_exchange_weak(&page->count, &word,
                                         with_owner(word, DOMID_NOBODY))) {
    }
    page_put(page);
}

/* From @d to nobody, if nothing but our own reference is left. */
static bool disown(const struct domain *d, void *frame)
{
    uint64_t only = (uint64_t)d->domid << PAGE_OWNER_SHIFT | PAGE_COUNT_XEN | 1;
    struct page *page = page_of(machine_mfn_of(frame));
    uint64_t word = atomic_load(&page->count);

    do {
        if ((word & ~PAGE_COUNT_MARKS) != only) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&page->count, &word,
                                           with_owner(word, DOMID_NOBODY)));
    return true;
}

/* Back to @d; page_get_any() may have taken references meanwhile. */
static void own_again(const struct domain *d, void *frame)
{
    struct page *page = page_of(machine_mfn_of(frame));
    uint64_t word = atomic_load(&page->count);

    while (!atomic_compare_exchange_weak(&page->count, &word,
                                         with_owner(word, d->domid))) {
    }
}

bool heap_unshare_pages(struct domain *d, void *const *frames,
                        unsigned int count)
{
    unsigned int done = 0;

    while (done < count && disown(d, frames[done])) {
        done++;
    }
    for (unsigned int i = 0; i < done; i++) {
        if (done == count) {
            page_put(page_of(machine_mfn_of(frames[i])));
        } else {
            own_again(d, frames[i]);
        }
    }
    return done == count;
}
