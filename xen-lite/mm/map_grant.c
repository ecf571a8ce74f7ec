/* SPDX-License-Identifier: MIT */
/*
 * Entries for granted frames in a guest's L1 tables. Their references come
 * from the grant code and go back to it, unless the guest overwrote the entry
 * meanwhile: then they went with it, and unmapping fails.
 */
#include "mm.h"

#include <xen/grant_table.h>

#include "domain.h"
#include "pt.h"

static bool host_slot_get(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                          struct pt_slot *slot)
{
    return contains_pte ? pt_slot_get_at(v->domain, host_addr, slot)
                        : pt_slot_get(v, host_addr, slot);
}

int mm_grant_map(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                 mfn_t mfn, uint64_t pte_flags)
{
    pte_t entry = pte_make(mfn, pte_flags | PTE_PRESENT);
    struct pt_slot slot;
    pte_t old;

    if (pt_check_bits(entry, 1, false) != 0 ||
        !host_slot_get(v, host_addr, contains_pte, &slot)) {
        return GNTST_general_error;
    }
    page_mark(page_of(mfn), PAGE_COUNT_FOREIGN);
    old = pt_exchange(slot.entry, pt_adjust(entry, 1));
    (void)pt_entry_put(old, 1, false);
    pt_slot_put(&slot);
    return GNTST_okay;
}

/* Put @new in place of the entry, if that maps @mfn as it was granted. */
static bool replace_granted(pte_t *at, mfn_t mfn, bool readonly, pte_t new,
                            bool *used)
{
    pte_t expected = readonly ? PTE_PRESENT : PTE_PRESENT | PTE_WRITABLE;
    pte_t old = pt_read(at);

    do {
        if (!mfn_equal(pte_mfn(old), mfn) ||
            (old & (PTE_PRESENT | PTE_WRITABLE)) != expected) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(at, &old, new, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    *used = (old & PTE_ACCESSED) != 0;
    return true;
}

int mm_grant_unmap(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                   mfn_t mfn, bool readonly, bool *used)
{
    struct pt_slot slot;
    bool done;

    if (!host_slot_get(v, host_addr, contains_pte, &slot)) {
        return GNTST_general_error;
    }
    done = replace_granted(slot.entry, mfn, readonly, 0, used);
    pt_slot_put(&slot);
    return done ? GNTST_okay : GNTST_general_error;
}

int mm_grant_replace(struct vcpu *v, uint64_t host_addr, mfn_t mfn,
                     bool readonly, uint64_t new_va)
{
    struct pt_slot slot;
    struct pt_slot new_slot;
    int rc = GNTST_general_error;
    bool used;
    pte_t moved;

    if (!pt_slot_get(v, host_addr, &slot)) {
        return rc;
    }
    if (!pt_slot_get(v, new_va, &new_slot)) {
        goto put_slot;
    }
    if (new_slot.entry == slot.entry) {
        goto put_both;
    }
    /* The entry moves with its references. */
    moved = pt_exchange(new_slot.entry, 0);
    if (replace_granted(slot.entry, mfn, readonly, moved, &used)) {
        rc = GNTST_okay;
    } else {
        /* Back to its place, unless the guest has put another there. */
        (void)pt_entry_put(pt_exchange(new_slot.entry, moved), 1, false);
    }

put_both:
    pt_slot_put(&new_slot);
put_slot:
    pt_slot_put(&slot);
    return rc;
}
