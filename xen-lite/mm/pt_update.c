/* SPDX-License-Identifier: MIT */
/*
 * The one place where a live entry of a guest's page table changes. References
 * for the new entry are taken first, then entries are exchanged, then those of
 * the old one are dropped: whatever other CPUs write at the same time, each
 * entry that was ever there is accounted for once. No lock is needed for that,
 * only a reference that keeps the table what it is.
 */
#include "pt.h"

#include "domain.h"

/*
 * An entry that differs only in these maps the same frame with the same
 * rights: neither references nor checks change. The list says what may differ,
 * so that a bit nobody thought of takes the long way.
 */
#define SAME_MAPPING_MAY_DIFFER \
    (PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL | PTE_AVAIL | PTE_NX | \
     0x7ff0000000000000ULL)

static bool same_mapping(pte_t old, pte_t new)
{
    return pt_is_present(old) && ((old ^ new) & ~SAME_MAPPING_MAY_DIFFER) == 0;
}

static bool compare_exchange(pte_t *at, pte_t *old, pte_t new)
{
    return __atomic_compare_exchange_n(at, old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static pte_t with_ad(pte_t new, pte_t old, bool keep_ad)
{
    return keep_ad ? new | (old & (PTE_ACCESSED | PTE_DIRTY)) : new;
}

/* Only flags change: true when that was done. */
static bool change_flags(pte_t *at, pte_t entry, unsigned int level,
                         bool keep_ad)
{
    pte_t old = pt_read(at);

    if (level > 1 && pt_check_bits(entry, level, false) != 0) {
        return false; /* refused on the long way */
    }
    while (same_mapping(old, entry)) {
        if (compare_exchange(at, &old,
                             with_ad(pt_adjust(entry, level), old, keep_ad))) {
            return true;
        }
    }
    return false;
}

static pte_t replace(pte_t *at, pte_t new, bool keep_ad)
{
    pte_t old;

    if (!keep_ad) {
        return pt_exchange(at, new);
    }
    old = pt_read(at);
    while (!compare_exchange(at, &old, with_ad(new, old, true))) {
    }
    return old;
}

int pt_update(struct domain *d, struct domain *from, struct page *page,
              unsigned int level, pte_t *at, pte_t entry, bool keep_ad)
{
    unsigned int slot = (unsigned int)((unsigned long)at % PAGE_BYTES / 8);
    pte_t old = 0;

    if (pt_slot_reserved(level, slot) || (level > 1 && from != d)) {
        return -XEN_EINVAL;
    }
    if (!change_flags(at, entry, level, keep_ad)) {
        int rc = pt_entry_get(d, from, level, &entry, true);

        if (rc != 0) {
            return rc;
        }
        old = replace(at, entry, keep_ad);
    }
    if (level == 4) {
        machine_l4_entry_changed(d, page_mfn(page), slot);
    }
    /* The write is done, whatever is left of the old table. */
    if (pt_entry_put(old, level, true) != 0) {
        page_note_teardown(page_of(pte_mfn(old)));
    }
    return 0;
}

int pt_update_if(struct domain *d, pte_t *at, pte_t old, pte_t entry)
{
    pte_t found = old;
    int rc;

    if (same_mapping(old, entry)) {
        return compare_exchange(at, &found, pt_adjust(entry, 1)) ? 0
                                                                 : -XEN_EAGAIN;
    }
    rc = pt_entry_get(d, d, 1, &entry, false);
    if (rc != 0) {
        return rc;
    }
    if (!compare_exchange(at, &found, entry)) {
        (void)pt_entry_put(entry, 1, false);
        return -XEN_EAGAIN;
    }
    (void)pt_entry_put(old, 1, false);
    return 0;
}
