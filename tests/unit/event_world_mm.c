/* SPDX-License-Identifier: MIT */
/*
 * Frames of the small world: counted and typed as mm/ does it, with neither
 * page tables nor an allocator that could run out before a test says so.
 */
#include "event_world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bug.h"
#include "mm.h"
#include "pte.h"

#include <xen/grant_table.h>

struct page *fake_frame_table;
uint64_t *fake_m2p;
char *fake_arena;

#define STALE_MAX 64U

static unsigned long frames_used;
static uint64_t ptes[WORLD_DOMAINS][WORLD_PTES];
static domid_t pte_owner[WORLD_DOMAINS];
static bool pte_owned[WORLD_DOMAINS];
static _Atomic unsigned int flushes;
/* Frames that this CPU's guest may still reach by an entry that is gone. */
static _Thread_local unsigned long stale[STALE_MAX];
static _Thread_local unsigned int stale_count;
static pthread_mutex_t frame_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*at_assign)(mfn_t mfn);

void world_frames_start(void)
{
    unsigned long frames = WORLD_FIRST_MFN + WORLD_FRAMES;

    fake_frame_table = calloc(frames, sizeof(struct page));
    fake_m2p = calloc(frames, sizeof(uint64_t));
    fake_arena = mmap(NULL, frames << PAGE_SHIFT, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(fake_arena != MAP_FAILED);
    frames_used = 0;
    memset(ptes, 0, sizeof(ptes));
    memset(pte_owned, 0, sizeof(pte_owned));
    atomic_store(&flushes, 0);
    stale_count = 0;
    at_assign = NULL;
}

void world_frames_stop(void)
{
    free(fake_frame_table);
    free(fake_m2p);
    munmap(fake_arena, (WORLD_FIRST_MFN + WORLD_FRAMES) << PAGE_SHIFT);
}

bool fake_mfn_valid(unsigned long mfn)
{
    return mfn >= WORLD_FIRST_MFN && mfn < WORLD_FIRST_MFN + WORLD_FRAMES;
}

/* Frames are used once each, so that a stale reference is always seen. */
static struct page *new_frame(domid_t owner, uint64_t flags)
{
    struct page *page;

    pthread_mutex_lock(&frame_lock);
    assert_true(frames_used < WORLD_FRAMES);
    page = &fake_frame_table[WORLD_FIRST_MFN + frames_used++];
    pthread_mutex_unlock(&frame_lock);
    atomic_store(&page->type, 0);
    atomic_store(&page->count,
                 ((uint64_t)owner << PAGE_OWNER_SHIFT) | flags | 1);
    return page;
}

mfn_t world_page(const struct domain *d)
{
    return page_mfn(new_frame(d->domid, PAGE_COUNT_ALLOCATED));
}

void world_release_page(mfn_t mfn)
{
    struct page *page = page_of(mfn);

    assert_true(atomic_fetch_and(&page->count, ~PAGE_COUNT_ALLOCATED) &
                PAGE_COUNT_ALLOCATED);
    page_put(page);
}

unsigned int world_page_refs(mfn_t mfn)
{
    return page_refs(page_of(mfn));
}

unsigned int world_page_type_refs(mfn_t mfn)
{
    return (unsigned int)(atomic_load(&page_of(mfn)->type) &
                          PAGE_TYPE_COUNT_MASK);
}

void *heap_alloc_page(void)
{
    void *probe = heap_alloc(1);

    if (probe == NULL) {
        return NULL;
    }
    heap_free(probe);
    return machine_map(page_mfn(new_frame(DOMID_NOBODY, 0)));
}

void heap_free_page(void *page)
{
    if (page != NULL) {
        page_put(page_of(machine_mfn_of(page)));
    }
}

void domain_share_xen_page(struct domain *d, void *page, bool readonly)
{
    uint64_t flags = PAGE_COUNT_XEN | (readonly ? PAGE_COUNT_READONLY : 0);

    atomic_store(&page_of(machine_mfn_of(page))->count,
                 ((uint64_t)d->domid << PAGE_OWNER_SHIFT) | flags | 1);
}

bool heap_unshare_pages(struct domain *d, void *const *pages,
                        unsigned int count)
{
    (void)d;
    for (unsigned int i = 0; i < count; i++) {
        if (page_refs(page_of(machine_mfn_of(pages[i]))) != 1) {
            return false;
        }
    }
    for (unsigned int i = 0; i < count; i++) {
        heap_free_page(pages[i]);
    }
    return true;
}

/* -- frames that pass from one domain to another --------------------------- */

int domain_steal_page(struct domain *d, mfn_t mfn)
{
    uint64_t word =
        (uint64_t)d->domid << PAGE_OWNER_SHIFT | PAGE_COUNT_ALLOCATED | 1;

    return machine_mfn_valid(mfn) &&
                   atomic_compare_exchange_strong(&page_of(mfn)->count, &word,
                                                  (uint64_t)DOMID_NOBODY
                                                      << PAGE_OWNER_SHIFT)
               ? 0
               : -XEN_EINVAL;
}

void world_at_assign(void (*call)(mfn_t mfn))
{
    at_assign = call;
}

int domain_assign_pages(struct domain *d, struct page *page, unsigned int order)
{
    assert_int_equal(order, 0);
    if (domain_is_dying(d)) {
        return -XEN_ESRCH;
    }
    atomic_store(&page->count, (uint64_t)d->domid << PAGE_OWNER_SHIFT |
                                   PAGE_COUNT_ALLOCATED | 1);
    if (at_assign != NULL) {
        at_assign(page_mfn(page));
    }
    return 0;
}

void frame_free(struct page *page, unsigned int order)
{
    assert_int_equal(order, 0);
    assert_int_equal(page_refs(page), 0);
    assert_int_equal(page_owner(page), DOMID_NOBODY);
}

void frame_flush_former_use(const struct page *page)
{
    assert_int_equal(page_refs(page), 0);
    atomic_fetch_add(&flushes, 1);
}

unsigned int world_cache_flushes;

void machine_flush_frame(mfn_t mfn)
{
    (void)mfn;
    world_cache_flushes++;
}

void m2p_set(mfn_t mfn, unsigned long pfn)
{
    fake_m2p[mfn.number] = pfn;
}

static bool get_if(struct page *page, domid_t owner)
{
    uint64_t count = atomic_load(&page->count);

    do {
        if ((count & PAGE_COUNT_MASK) == 0 ||
            (domid_t)(count >> PAGE_OWNER_SHIFT) != owner) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&page->count, &count, count + 1));
    return true;
}

bool page_get(mfn_t mfn, const struct domain *owner)
{
    return machine_mfn_valid(mfn) && get_if(page_of(mfn), owner->domid);
}

struct page *page_lookup(mfn_t mfn)
{
    return machine_mfn_valid(mfn) ? page_of(mfn) : NULL;
}

/* A reference may go only when no TLB can use it any more. */
static void check_not_stale(const struct page *page)
{
    for (unsigned int i = 0; i < stale_count; i++) {
        BUG_ON(stale[i] == page_mfn(page).number);
    }
}

void page_put(struct page *page)
{
    uint64_t before;

    check_not_stale(page);
    before = atomic_fetch_sub(&page->count, 1);
    BUG_ON((before & PAGE_COUNT_MASK) == 0);
    if ((before & PAGE_COUNT_MASK) == 1) {
        BUG_ON((atomic_load(&page->type) & PAGE_TYPE_COUNT_MASK) != 0);
        atomic_store(&page->count, (uint64_t)DOMID_NOBODY << PAGE_OWNER_SHIFT);
    }
}

int page_get_type(struct page *page, enum page_type type)
{
    uint64_t now = atomic_load(&page->type);
    uint64_t next;

    do {
        if ((now & PAGE_TYPE_COUNT_MASK) == 0) {
            next = ((uint64_t)type << PAGE_TYPE_SHIFT) | 1;
        } else if (page_type_of(now) == type) {
            next = now + 1;
        } else {
            return -XEN_EBUSY;
        }
    } while (!atomic_compare_exchange_weak(&page->type, &now, next));
    return 0;
}

void page_put_type(struct page *page)
{
    uint64_t before = atomic_fetch_sub(&page->type, 1);

    BUG_ON((before & PAGE_TYPE_COUNT_MASK) == 0);
}

int page_get_and_type(mfn_t mfn, const struct domain *owner,
                      enum page_type type)
{
    int rc;

    if (!page_get(mfn, owner)) {
        return -XEN_EPERM;
    }
    rc = page_get_type(page_of(mfn), type);
    if (rc != 0) {
        page_put(page_of(mfn));
    }
    return rc;
}

void page_put_and_type(struct page *page)
{
    page_put_type(page);
    page_put(page);
}

/* -- page-table entries ---------------------------------------------------- */

static uint64_t *table_of(const struct domain *d)
{
    unsigned int i = 0;

    pthread_mutex_lock(&frame_lock);
    while (pte_owned[i] && pte_owner[i] != d->domid) {
        i++;
        assert_true(i < WORLD_DOMAINS);
    }
    pte_owned[i] = true;
    pte_owner[i] = d->domid;
    pthread_mutex_unlock(&frame_lock);
    return ptes[i];
}

static uint64_t *entry_at(const struct domain *d, uint64_t address,
                          bool contains_pte)
{
    uint64_t i = contains_pte ? (address - WORLD_PTE_BASE) / 8
                              : (address >> PAGE_SHIFT) - 1;

    return i < WORLD_PTES ? &table_of(d)[i] : NULL;
}

static void put_entry(uint64_t entry)
{
    if ((entry & PTE_PRESENT) == 0) {
        return;
    }
    if ((entry & PTE_WRITABLE) != 0) {
        page_put_type(page_of(pte_mfn(entry)));
    }
    page_put(page_of(pte_mfn(entry)));
}

uint64_t world_pte(const struct domain *d, unsigned int i)
{
    return __atomic_load_n(&table_of(d)[i], __ATOMIC_SEQ_CST);
}

void world_use_pte(struct domain *d, unsigned int i)
{
    __atomic_fetch_or(&table_of(d)[i], PTE_ACCESSED, __ATOMIC_SEQ_CST);
}

void world_drop_pte(struct domain *d, unsigned int i)
{
    uint64_t *at = &table_of(d)[i];

    put_entry(__atomic_exchange_n(at, 0, __ATOMIC_SEQ_CST));
}

void world_drop_ptes(struct domain *d)
{
    for (unsigned int i = 0; i < WORLD_PTES; i++) {
        world_drop_pte(d, i);
    }
}

unsigned int world_flushes(void)
{
    return atomic_load(&flushes);
}

void tlb_flush_cpus(const struct cpumask *cpus)
{
    (void)cpus;
    atomic_fetch_add(&flushes, 1);
    stale_count = 0;
}

int mm_grant_map(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                 mfn_t mfn, uint64_t pte_flags)
{
    uint64_t *at = entry_at(v->domain, host_addr, contains_pte);

    if (at == NULL) {
        return GNTST_general_error;
    }
    put_entry(
        __atomic_exchange_n(at, pte_make(mfn, pte_flags), __ATOMIC_SEQ_CST));
    return GNTST_okay;
}

int mm_grant_unmap(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                   mfn_t mfn, bool readonly, bool *used)
{
    uint64_t *at = entry_at(v->domain, host_addr, contains_pte);
    uint64_t now = at == NULL ? 0 : __atomic_load_n(at, __ATOMIC_SEQ_CST);

    if ((now & PTE_PRESENT) == 0 || !mfn_equal(pte_mfn(now), mfn) ||
        ((now & PTE_WRITABLE) == 0) != readonly) {
        return GNTST_general_error;
    }
    if (!__atomic_compare_exchange_n(at, &now, 0, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        return GNTST_general_error;
    }
    *used = (now & PTE_ACCESSED) != 0;
    if (*used) {
        assert_true(stale_count < STALE_MAX);
        stale[stale_count++] = mfn.number;
    }
    return GNTST_okay;
}

int mm_grant_replace(struct vcpu *v, uint64_t host_addr, mfn_t mfn,
                     bool readonly, uint64_t new_va)
{
    uint64_t *from = entry_at(v->domain, new_va, false);
    uint64_t *to = entry_at(v->domain, host_addr, false);
    bool used;

    if (from == NULL || to == NULL ||
        mm_grant_unmap(v, host_addr, false, mfn, readonly, &used) !=
            GNTST_okay) {
        return GNTST_general_error;
    }
    *to = *from;
    *from = 0;
    return GNTST_okay;
}
