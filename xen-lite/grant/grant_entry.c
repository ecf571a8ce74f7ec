/* SPDX-License-Identifier: MIT */
/*
 * Single grants: who may use one, and the flags that tell its owner that it is
 * in use. The entries are version 1 of <xen/grant_table.h>.
 */
#include "grant.h"

#include "bug.h"
#include "mm.h"
#include "nospec.h"

/* A guest that keeps changing an entry gets an error, not our time. */
#define CLAIM_ATTEMPTS 8U

_Static_assert(sizeof(grant_entry_v1_t) == sizeof(uint64_t),
               "xen/grant_table.h: an entry is a word");

/* The flags and the domain of an entry change as one 32-bit word. */
struct header {
    uint16_t flags;
    domid_t domid;
};

static uint32_t *header_of(grant_entry_v1_t *entry)
{
    return (uint32_t *)(void *)entry;
}

static struct header unpack(uint32_t word)
{
    return (struct header){(uint16_t)word, (domid_t)(word >> 16)};
}

/* Does the entry, as read, let @who do that? */
static bool permits(struct header header, domid_t who, bool write,
                    enum pin_use use)
{
    if ((header.flags & GTF_type_mask) != GTF_permit_access ||
        header.domid != who) {
        return false;
    }
    if (write && (header.flags & GTF_readonly) != 0) {
        return false;
    }
    /* Version 1 cannot say which part of the frame, nor map uncached RAM. */
    return use == PIN_COPY ||
           (header.flags & (GTF_sub_page | GTF_PWT | GTF_PCD | GTF_PAT)) == 0;
}

/*
 * Set GTF_reading, and GTF_writing if @write, in the same step in which the
 * entry is checked: after it the owner knows that it must not withdraw it.
 */
static int16_t claim(grant_entry_v1_t *entry, domid_t who, bool write,
                     enum pin_use use)
{
    uint32_t *header = header_of(entry);
    uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);

    for (unsigned int i = 0; i < CLAIM_ATTEMPTS; i++) {
        uint32_t set = GTF_reading | (write ? GTF_writing : 0U);

        if (!permits(unpack(word), who, write, use)) {
            return GNTST_general_error;
        }
        if (__atomic_compare_exchange_n(header, &word, word | set, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return GNTST_okay;
        }
    }
    return GNTST_general_error;
}

static void clear_flags(grant_entry_v1_t *entry, uint32_t flags)
{
    __atomic_fetch_and(header_of(entry), ~flags, __ATOMIC_SEQ_CST);
}

/* The table is locked, and @ref exists. */
static int16_t pin_locked(struct grant_table *table, grant_ref_t ref,
                          domid_t who, bool write, enum pin_use use)
{
    grant_entry_v1_t *entry = shared_entry(table, ref);
    struct active *active = active_entry(table, ref);
    bool first = !is_pinned(active);
    int16_t status;

    if (!first && (active->domid != who || active->readers >= PINS_MAX ||
                   active->writers >= PINS_MAX)) {
        return GNTST_general_error;
    }
    if (first || (write && active->writers == 0)) {
        status = claim(entry, who, write, use);
        if (status != GNTST_okay) {
            return status;
        }
    }
    if (first) {
        active->domid = who;
        active->frame = __atomic_load_n(&entry->frame, __ATOMIC_ACQUIRE);
    }
    if (write) {
        active->writers++;
    } else {
        active->readers++;
    }
    return GNTST_okay;
}

int16_t grant_pin(struct domain *granter, grant_ref_t ref, domid_t who,
                  bool write, enum pin_use use, mfn_t *mfn)
{
    struct grant_table *table = granter->grant;
    int16_t status = GNTST_bad_gntref;

    spin_lock(&table->lock);
    if (ref < entry_count(table)) {
        ref = (grant_ref_t)index_nospec(ref, entry_count(table));
        status = pin_locked(table, ref, who, write, use);
        *mfn = mfn_make(active_entry(table, ref)->frame);
    }
    spin_unlock(&table->lock);
    return status;
}

void grant_unpin(struct domain *granter, grant_ref_t ref, bool write)
{
    struct grant_table *table = granter->grant;
    struct active *active;

    spin_lock(&table->lock);
    active = active_entry(table, ref);
    if (write) {
        BUG_ON(active->writers == 0);
        active->writers--;
    } else {
        BUG_ON(active->readers == 0);
        active->readers--;
    }
    if (!is_pinned(active)) {
        clear_flags(shared_entry(table, ref), GTF_reading | GTF_writing);
    } else if (active->writers == 0) {
        clear_flags(shared_entry(table, ref), GTF_writing);
    }
    spin_unlock(&table->lock);
}

mfn_t grant_pinned_mfn(struct domain *granter, grant_ref_t ref)
{
    struct grant_table *table = granter->grant;
    mfn_t mfn;

    spin_lock(&table->lock);
    BUG_ON(!is_pinned(active_entry(table, ref)));
    mfn = mfn_make(active_entry(table, ref)->frame);
    spin_unlock(&table->lock);
    return mfn;
}

/* Both are the caller's own and unused: what its other CPUs do to them
 * meanwhile harms it alone. */
static void swap_words(grant_entry_v1_t *a, grant_entry_v1_t *b)
{
    uint64_t *first = (uint64_t *)(void *)a;
    uint64_t *second = (uint64_t *)(void *)b;
    uint64_t kept = __atomic_load_n(first, __ATOMIC_ACQUIRE);

    kept = __atomic_exchange_n(second, kept, __ATOMIC_SEQ_CST);
    __atomic_store_n(first, kept, __ATOMIC_SEQ_CST);
}

int16_t grant_swap(struct domain *d, grant_ref_t a, grant_ref_t b)
{
    struct grant_table *table = d->grant;
    unsigned int count;
    int16_t status = GNTST_okay;

    spin_lock(&table->lock);
    count = entry_count(table);
    if (a >= count || b >= count) {
        status = GNTST_bad_gntref;
    } else {
        a = (grant_ref_t)index_nospec(a, count);
        b = (grant_ref_t)index_nospec(b, count);
        if (is_pinned(active_entry(table, a)) ||
            is_pinned(active_entry(table, b))) {
            status = GNTST_eagain;
        } else {
            swap_words(shared_entry(table, a), shared_entry(table, b));
        }
    }
    spin_unlock(&table->lock);
    return status;
}

int16_t grant_get_frame(struct domain *owner, mfn_t mfn, bool write)
{
    if (!page_get(mfn, owner)) {
        return GNTST_bad_page;
    }
    if (write && page_get_type(page_of(mfn), PAGE_TYPE_WRITABLE) != 0) {
        page_put(page_of(mfn));
        return GNTST_general_error;
    }
    return GNTST_okay;
}

void grant_put_frame(mfn_t mfn, bool write)
{
    if (write) {
        page_put_type(page_of(mfn));
    }
    page_put(page_of(mfn));
}
