/* SPDX-License-Identifier: MIT */
/*
 * Whole page tables: take the references of all entries when a frame becomes
 * one, drop them when it ceases to be. Both look for preemption between
 * entries above L1, and keep in page.table_progress how far the references
 * reach, so that either can go on where the other stopped. The caller owns the
 * change of type (frame_info.c); nobody else writes to the frame meanwhile.
 */
#include "pt.h"

#include "domain.h"
#include "softirq.h"

static bool slot_is_skipped(unsigned int level, unsigned int slot)
{
    return pt_slot_reserved(level, slot);
}

static int get_entry(struct domain *d, unsigned int level, pte_t *at,
                     bool preemptible)
{
    pte_t entry = pt_read(at);
    pte_t adjusted = entry;
    int rc;

    if (entry == 0) {
        return 0;
    }
    rc = pt_entry_get(d, d, level, &adjusted, preemptible);
    if (rc == 0 && adjusted != entry) {
        __atomic_store_n(at, adjusted, __ATOMIC_RELAXED);
    }
    return rc;
}

int pt_table_get(struct page *page, struct domain *d, unsigned int level,
                 bool preemptible)
{
    unsigned int first = page->table_progress & PROGRESS_ENTRIES;
    pte_t *table = machine_map(page_mfn(page));

    for (unsigned int slot = first; slot < PT_ENTRIES; slot++) {
        int rc = 0;

        if (slot_is_skipped(level, slot)) {
            continue;
        }
        if (preemptible && level > 1 && slot != first &&
            pt_read(&table[slot]) != 0 && softirq_pending()) {
            page->table_progress = slot;
            return -XEN_ERESTART;
        }
        rc = get_entry(d, level, &table[slot], preemptible);
        if (rc != 0) {
            page->table_progress = slot | PROGRESS_PARTIAL;
            return rc;
        }
    }
    page->table_progress = PT_ENTRIES;
    if (level == 4) {
        machine_init_l4_slots(d, table);
    }
    return 0;
}

/* The entry at which work stopped holds no reference, but its table may have
 * been left partial. */
static int put_stopped_entry(struct page *page, const pte_t *table,
                             unsigned int level, bool preemptible)
{
    unsigned int slot = page->table_progress & PROGRESS_ENTRIES;

    if ((page->table_progress & PROGRESS_PARTIAL) == 0) {
        return 0;
    }
    if (slot < PT_ENTRIES && !slot_is_skipped(level, slot) &&
        pt_entry_put_partial(pt_read(&table[slot]), level, page_owner(page),
                             preemptible) != 0) {
        return -XEN_ERESTART;
    }
    page->table_progress = slot;
    return 0;
}

int pt_table_put(struct page *page, unsigned int level, bool preemptible)
{
    const pte_t *table = machine_map(page_mfn(page));
    unsigned int first;

    if (put_stopped_entry(page, table, level, preemptible) != 0) {
        return -XEN_ERESTART;
    }
    first = page->table_progress & PROGRESS_ENTRIES;
    for (unsigned int slot = first; slot-- > 0;) {
        pte_t entry = pt_read(&table[slot]);

        if (entry == 0 || slot_is_skipped(level, slot)) {
            continue;
        }
        if (preemptible && level > 1 && slot + 1 != first &&
            softirq_pending()) {
            page->table_progress = slot + 1;
            return -XEN_ERESTART;
        }
        if (pt_entry_put(entry, level, preemptible) != 0) {
            page->table_progress = slot | PROGRESS_PARTIAL;
            return -XEN_ERESTART;
        }
    }
    page->table_progress = 0;
    return 0;
}
