/* SPDX-License-Identifier: MIT */
/*
 * Who gets which frames of RAM: a buddy allocator with one zone for each bit
 * length of a frame number, so that "below N address bits" is a number of
 * zones, and no block crosses a zone. Memory comes from the highest zone that
 * may serve: what lies low is kept for those who need it.
 *
 * A free block's first frame holds its order in table_progress and is on a
 * list; all its frames carry PAGE_COUNT_FREE, and PAGE_COUNT_DIRTY until they
 * are scrubbed, which happens outside the lock when they are given out.
 */
#include "mm.h"

#include "bug.h"
#include "core.h"
#include "printk.h"
#include "spinlock.h"
#include "string.h"

#define ALL_ADDRESS_BITS 64U
#define ZONES            33U /* frame numbers have at most 32 bits */
#define NOT_A_HEAD       0U  /* table_progress; of a head: order + 1 */
#define NOBODY_WORD      ((uint64_t)DOMID_NOBODY << PAGE_OWNER_SHIFT)
#define FREE_WORD        (PAGE_COUNT_FREE | NOBODY_WORD)

struct zone {
    uint32_t first[FRAME_MAX_ORDER + 1]; /* lists of free blocks */
    uint32_t nonempty;                   /* bit per order */
    unsigned long free;                  /* frames */
};

static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP);
/* Guarded by heap_lock. */
static struct zone zones[ZONES];
static bool zones_ready;
static unsigned long free_frames;
static unsigned long total_frames;
static unsigned long claimed_frames;
static unsigned long max_mfn;

static unsigned int zone_of(unsigned long mfn)
{
    return mfn == 0 ? 0 : 64U - (unsigned int)__builtin_clzl(mfn);
}

static void prepare_zones(void)
{
    if (zones_ready) {
        return;
    }
    for (unsigned int z = 0; z < ZONES; z++) {
        for (unsigned int order = 0; order <= FRAME_MAX_ORDER; order++) {
            zones[z].first[order] = PAGE_LINK_END;
        }
    }
    zones_ready = true;
}

/* -- free blocks; heap_lock held ------------------------------------------- */

static void block_insert(unsigned long mfn, unsigned int order)
{
    struct zone *zone = &zones[zone_of(mfn)];
    struct page *page = page_of(mfn_make(mfn));

    page->table_progress = order + 1;
    page->prev = PAGE_LINK_END;
    page->next = zone->first[order];
    if (page->next != PAGE_LINK_END) {
        page_of(mfn_make(page->next))->prev = (uint32_t)mfn;
    }
    zone->first[order] = (uint32_t)mfn;
    zone->nonempty |= 1U << order;
}

static void block_remove(unsigned long mfn, unsigned int order)
{
    struct zone *zone = &zones[zone_of(mfn)];
    struct page *page = page_of(mfn_make(mfn));

    if (page->next != PAGE_LINK_END) {
        page_of(mfn_make(page->next))->prev = page->prev;
    }
    if (page->prev != PAGE_LINK_END) {
        page_of(mfn_make(page->prev))->next = page->next;
    } else {
        zone->first[order] = page->next;
        if (page->next == PAGE_LINK_END) {
            zone->nonempty &= ~(1U << order);
        }
    }
    page->table_progress = NOT_A_HEAD;
}

static bool is_free_block(unsigned long mfn, unsigned int order)
{
    struct page *page;

    if (!machine_mfn_valid(mfn_make(mfn))) {
        return false;
    }
    page = page_of(mfn_make(mfn));
    return (atomic_load(&page->count) & PAGE_COUNT_FREE) != 0 &&
           page->table_progress == order + 1;
}

/* Put a block back, joined with its free neighbours, which are of its zone:
 * only frame 0 has others. */
static void block_free(unsigned long mfn, unsigned int order)
{
    while (order < FRAME_MAX_ORDER) {
        unsigned long buddy = mfn ^ (1UL << order);

        if (!is_free_block(buddy, order)) {
            break;
        }
        block_remove(buddy, order);
        mfn &= ~(1UL << order);
        order++;
    }
    block_insert(mfn, order);
}

/* The first frame of a block of @order, or PAGE_LINK_END. */
static uint32_t block_take(unsigned int order, unsigned int highest_zone)
{
    for (unsigned int z = highest_zone + 1; z-- > 0;) {
        uint32_t fitting = zones[z].nonempty & ~((1U << order) - 1);
        unsigned int found;
        uint32_t mfn;

        if (fitting == 0) {
            continue;
        }
        found = (unsigned int)__builtin_ctz(fitting);
        mfn = zones[z].first[found];
        block_remove(mfn, found);
        while (found > order) { /* give the upper halves back */
            found--;
            block_insert(mfn + (1UL << found), found);
        }
        zones[z].free -= 1UL << order;
        return mfn;
    }
    return PAGE_LINK_END;
}

/* -- giving out ------------------------------------------------------------ */

/* Translations that the last users of these frames left must be gone. */
static void flush_stale(const struct page *page, unsigned long count)
{
    struct cpumask cpus;
    uint32_t stamp = 0;

    for (unsigned long i = 0; i < count; i++) {
        stamp = tlb_stamp_later(stamp, atomic_load(&page[i].tlb_stamp));
    }
    if (stamp == 0) {
        return;
    }
    cpumask_copy(&cpus, &cpus_online);
    tlb_filter(&cpus, stamp);
    tlb_flush_cpus(&cpus);
}

/* What is behind the caches must be what is in them. */
static void flush_uncached(const struct page *page)
{
    if ((atomic_load(&page->count) & PAGE_COUNT_UNCACHED) != 0) {
        machine_flush_frame(page_mfn(page));
    }
}

void frame_flush_former_use(const struct page *page)
{
    flush_stale(page, 1);
    flush_uncached(page);
}

static void prepare_frame(struct page *page, bool dirty)
{
    if (dirty) {
        memset(machine_map(page_mfn(page)), 0, PAGE_BYTES);
    }
    atomic_store(&page->type, 0);
    page->next = PAGE_LINK_END;
    page->prev = PAGE_LINK_END;
    page->table_progress = 0;
    atomic_store(&page->tlb_stamp, 0);
}

/* heap_lock held: *claim's own frames, and those nobody set aside. */
static bool may_take(unsigned long frames, const unsigned long *claim)
{
    unsigned long mine = claim != NULL ? *claim : 0;

    return frames <= free_frames - claimed_frames + mine;
}

static void take_from_claim(unsigned long frames, unsigned long *claim)
{
    if (claim != NULL) {
        unsigned long used = frames < *claim ? frames : *claim;

        *claim -= used;
        claimed_frames -= used;
    }
}

static unsigned int highest_zone(unsigned int address_bits)
{
    if (address_bits <= PAGE_SHIFT) {
        return 0;
    }
    address_bits -= PAGE_SHIFT;
    return address_bits < ZONES - 1 ? address_bits : ZONES - 1;
}

static struct page *take(unsigned int order, unsigned int address_bits,
                         unsigned long *claim, bool scrub)
{
    unsigned long count = 1UL << order;
    uint32_t mfn = PAGE_LINK_END;
    struct page *page;

    if (order > FRAME_MAX_ORDER) {
        return NULL;
    }
    spin_lock(&heap_lock);
    prepare_zones();
    if (may_take(count, claim)) {
        mfn = block_take(order, highest_zone(address_bits));
    }
    if (mfn == PAGE_LINK_END) {
        spin_unlock(&heap_lock);
        return NULL;
    }
    free_frames -= count;
    take_from_claim(count, claim);
    page = page_of(mfn_make(mfn));
    /* No longer free: a neighbour that is freed must not join with these. */
    for (unsigned long i = 0; i < count; i++) {
        atomic_fetch_and(&page[i].count, ~PAGE_COUNT_FREE);
    }
    spin_unlock(&heap_lock);

    flush_stale(page, count);
    for (unsigned long i = 0; i < count; i++) {
        uint64_t word = atomic_load(&page[i].count);

        prepare_frame(&page[i], scrub && (word & PAGE_COUNT_DIRTY) != 0);
        atomic_store(&page[i].count, NOBODY_WORD);
    }
    return page;
}

struct page *frame_alloc_claimed(unsigned int order, unsigned int address_bits,
                                 unsigned long *claim)
{
    return take(order, address_bits, claim, true);
}

struct page *frame_alloc_unscrubbed(unsigned int order)
{
    return take(order, ALL_ADDRESS_BITS, NULL, false);
}

struct page *frame_alloc(unsigned int order, unsigned int address_bits)
{
    return frame_alloc_claimed(order, address_bits, NULL);
}

/* -- taking back ----------------------------------------------------------- */

static void mark_free(struct page *page, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        uint64_t word = atomic_load(&page[i].count);

        BUG_ON((word & (PAGE_COUNT_FREE | PAGE_COUNT_MASK)) != 0);
        atomic_store(&page[i].type, 0);
        page[i].table_progress = NOT_A_HEAD;
        atomic_store(&page[i].count, FREE_WORD | PAGE_COUNT_DIRTY);
    }
}

static void give_back(struct page *page, unsigned int order)
{
    unsigned long mfn = page_mfn(page).number;

    BUG_ON((mfn & ((1UL << order) - 1)) != 0 || order > FRAME_MAX_ORDER);
    mark_free(page, 1UL << order);
    block_free(mfn, order);
    zones[zone_of(mfn)].free += 1UL << order;
    free_frames += 1UL << order;
}

void frame_free(struct page *page, unsigned int order)
{
    for (unsigned long i = 0; i < 1UL << order; i++) {
        flush_uncached(&page[i]);
    }
    spin_lock(&heap_lock);
    give_back(page, order);
    spin_unlock(&heap_lock);
}

/* The largest aligned block at @mfn, of at most @count frames, in one zone. */
static unsigned int largest_order(unsigned long mfn, unsigned long count)
{
    unsigned int order = 0;

    while (order < FRAME_MAX_ORDER && (mfn & (1UL << order)) == 0 &&
           (2UL << order) <= count &&
           zone_of(mfn) == zone_of(mfn + (2UL << order) - 1)) {
        order++;
    }
    return order;
}

/* heap_lock held. */
static void give_back_range(unsigned long mfn, unsigned long count)
{
    unsigned long end = mfn + count;

    while (mfn < end) {
        unsigned int order = largest_order(mfn, end - mfn);

        give_back(page_of(mfn_make(mfn)), order);
        mfn += 1UL << order;
    }
}

/* heap_lock held. */
static void count_more(mfn_t first, unsigned long count)
{
    unsigned long end = first.number + count;

    BUG_ON(first.number == 0);
    prepare_zones();
    total_frames += count;
    max_mfn = end > max_mfn ? end : max_mfn;
}

void frame_alloc_add(mfn_t first, unsigned long count)
{
    spin_lock(&heap_lock);
    count_more(first, count);
    give_back_range(first.number, count);
    spin_unlock(&heap_lock);
}

void frame_alloc_own(mfn_t first, unsigned long count)
{
    struct page *page = page_of(first);

    spin_lock(&heap_lock);
    count_more(first, count);
    spin_unlock(&heap_lock);
    for (unsigned long i = 0; i < count; i++) {
        prepare_frame(&page[i], false);
        atomic_store(&page[i].count, NOBODY_WORD);
    }
}

void frame_free_unowned(struct page *page, unsigned long count)
{
    spin_lock(&heap_lock);
    for (unsigned long i = 0; i < count; i++) {
        unsigned long run = 0;

        while (i + run < count &&
               atomic_load(&page[i + run].count) == NOBODY_WORD) {
            run++;
        }
        give_back_range(page_mfn(&page[i]).number, run);
        i += run;
    }
    spin_unlock(&heap_lock);
}

/* -- claims and counts ----------------------------------------------------- */

int frame_claim(unsigned long *claim, unsigned long frames)
{
    int rc = 0;

    spin_lock(&heap_lock);
    if (frames > free_frames - claimed_frames + *claim) {
        rc = -XEN_ENOMEM;
    } else {
        claimed_frames = claimed_frames - *claim + frames;
        *claim = frames;
    }
    spin_unlock(&heap_lock);
    return rc;
}

void frame_unclaim(unsigned long *claim, unsigned long frames)
{
    spin_lock(&heap_lock);
    take_from_claim(frames, claim);
    spin_unlock(&heap_lock);
}

static unsigned long locked_read(const unsigned long *counter)
{
    unsigned long value;

    spin_lock(&heap_lock);
    value = *counter;
    spin_unlock(&heap_lock);
    return value;
}

unsigned long frame_outstanding_claims(void)
{
    return locked_read(&claimed_frames);
}

unsigned long frame_free_count(void)
{
    return locked_read(&free_frames);
}

unsigned long frame_total_count(void)
{
    return total_frames;
}

unsigned long frame_max_mfn(void)
{
    return max_mfn;
}

void frame_alloc_reset(void)
{
    memset(zones, 0, sizeof(zones));
    zones_ready = false;
    free_frames = 0;
    total_frames = 0;
    claimed_frames = 0;
    max_mfn = 0;
    spin_init(&heap_lock, LOCK_HEAP);
}
