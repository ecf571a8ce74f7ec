/* SPDX-License-Identifier: MIT */
/*
 * From a guest address to the L1 entry that maps it. The upper tables may
 * change, and even get another owner, while they are read: so each frame they
 * name is checked to be RAM before it is looked at, and what the walk ends in
 * is held and checked to be an L1 table of the domain.
 */
#include "pt.h"

#include "domain.h"
#include "guest_copy.h"

static bool find_l1(struct vcpu *v, unsigned long va, mfn_t *l1)
{
    mfn_t table = v->pv.kernel_root;

    if (!guest_address_ok(va) || mfn_equal(table, INVALID_MFN)) {
        return false;
    }
    for (unsigned int level = 4; level > 1; level--) {
        const pte_t *entries = machine_map(table);
        pte_t entry = pt_read(&entries[pt_index(va, level)]);

        if (!pt_is_present(entry) || !machine_mfn_valid(pte_mfn(entry))) {
            return false;
        }
        table = pte_mfn(entry);
    }
    *l1 = table;
    return true;
}

/* Take the slot @index of the table in @mfn if that is an L1 table of @d. */
static bool slot_get(struct domain *d, mfn_t mfn, unsigned int index,
                     struct pt_slot *slot)
{
    unsigned int level;

    if (!page_get(mfn, d)) {
        return false;
    }
    slot->page = page_of(mfn);
    level = page_hold_table(slot->page);
    if (level == 1) {
        slot->entry = (pte_t *)machine_map(mfn) + index;
        return true;
    }
    if (level != 0) {
        (void)page_put_type_preemptible(slot->page);
    }
    page_put(slot->page);
    return false;
}

bool pt_slot_get(struct vcpu *v, unsigned long va, struct pt_slot *slot)
{
    mfn_t l1;

    return find_l1(v, va, &l1) &&
           slot_get(v->domain, l1, pt_index(va, 1), slot);
}

bool pt_slot_get_at(struct domain *d, uint64_t address, struct pt_slot *slot)
{
    if (address % sizeof(pte_t) != 0) {
        return false;
    }
    return slot_get(d, mfn_make(address >> PAGE_SHIFT),
                    (unsigned int)(address % PAGE_BYTES / sizeof(pte_t)), slot);
}

void pt_slot_put(struct pt_slot *slot)
{
    page_put_type(slot->page);
    page_put(slot->page);
}

uint64_t mm_read_guest_pte(struct vcpu *v, unsigned long va)
{
    struct pt_slot slot;
    pte_t entry;

    if (!pt_slot_get(v, va, &slot)) {
        return 0;
    }
    entry = pt_read(slot.entry);
    pt_slot_put(&slot);
    return entry;
}
