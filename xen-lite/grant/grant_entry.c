/* SPDX-License-Identifier: MIT */
/*
 * Single grants: who may use one, and the flags that tell its owner that it is
 * in use. Both versions of entries are those of <xen/grant_table.h>.
 */
#include "grant.h"

#include "bug.h"
#include "mm.h"
#include "nospec.h"

/* A guest that keeps changing an entry gets an error, not our time. */
#define CLAIM_ATTEMPTS 8U

_Static_assert(sizeof(grant_entry_v1_t) == sizeof(uint64_t) &&
                   sizeof(grant_entry_v2_t) == 2 * sizeof(uint64_t),
               "xen/grant_table.h: entries are words");

/* The flags and the domain of an entry are read and change as one word, the
 * first of either version. */
struct header {
    uint16_t flags;
    domid_t domid;
};

static struct header unpack(uint32_t word)
{
    return (struct header){(uint16_t)word, (domid_t)(word >> 16)};
}

/* What somebody wants of an entry. */
struct request {
    domid_t who;
    bool write;
    enum pin_use use;
};

/* Does the entry, as read, let them? Only version 2 has transitive ones. */
static bool permits(struct header header, const struct request *want,
                    unsigned int version)
{
    unsigned int type = header.flags & GTF_type_mask;
    bool copy = want->use == PIN_COPY;

    if (header.domid != want->who ||
        (want->write && (header.flags & GTF_readonly) != 0)) {
        return false;
    }
    if (type == GTF_permit_access) {
        return copy || (header.flags & GTF_sub_page) == 0;
    }
    return type == GTF_transitive && copy && version == 2;
}

static uint16_t flags_for(bool write)
{
    return write ? GTF_reading | GTF_writing : GTF_reading;
}

static void clear_flags(struct grant_table *table, grant_ref_t ref,
                        uint16_t flags)
{
    __atomic_fetch_and(use_flags(table, ref), (uint16_t)~flags,
                       __ATOMIC_SEQ_CST);
}

/*
 * Version 1: the flags are set in the same step in which the entry is checked:
 * after it the owner knows that it must not withdraw it.
 */
static bool claim_v1(uint32_t *at, const struct request *want,
                     struct header *header)
{
    uint32_t word = __atomic_load_n(at, __ATOMIC_ACQUIRE);

    for (unsigned int i = 0; i < CLAIM_ATTEMPTS; i++) {
        *header = unpack(word);
        if (!permits(*header, want, 1)) {
            return false;
        }
        if (__atomic_compare_exchange_n(at, &word,
                                        word | flags_for(want->write), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return true;
        }
    }
    return false;
}

/*
 * Version 2: the status is elsewhere. The owner clears the entry, then looks
 * at the status; we set the status, then look at the entry again. One of the
 * two sees the other.
 */
static bool claim_v2(struct grant_table *table, grant_ref_t ref,
                     const struct request *want, struct header *header)
{
    uint32_t *at = entry_header(table, ref);
    grant_status_t *status = status_v2(table, ref);
    uint16_t before;

    if (!permits(unpack(__atomic_load_n(at, __ATOMIC_ACQUIRE)), want, 2)) {
        return false;
    }
    before =
        __atomic_fetch_or(status, flags_for(want->write), __ATOMIC_SEQ_CST);
    *header = unpack(__atomic_load_n(at, __ATOMIC_SEQ_CST));
    if (permits(*header, want, 2)) {
        return true;
    }
    clear_flags(table, ref, flags_for(want->write) & (uint16_t)~before);
    return false;
}

/* Frame numbers of RAM have 32 bits; what has more becomes none of them. */
static uint32_t frame_number(uint64_t frame)
{
    return frame <= UINT32_MAX ? (uint32_t)frame : UINT32_MAX;
}

/* The rest of an entry that was claimed as @header, each part read once. */
static void note_entry(struct grant_table *table, grant_ref_t ref,
                       struct header header, struct active *active)
{
    const volatile grant_entry_v2_t *entry;

    active->kind = GRANT_PAGE;
    active->start = 0;
    active->length = PAGE_BYTES;
    if (table->version == 1) {
        active->frame =
            __atomic_load_n(&entry_v1(table, ref)->frame, __ATOMIC_ACQUIRE);
        return;
    }
    entry = entry_v2(table, ref);
    if ((header.flags & GTF_type_mask) == GTF_transitive) {
        active->kind = GRANT_TRANSITIVE;
        active->trans_domid = entry->transitive.trans_domid;
        active->frame = entry->transitive.gref;
        return;
    }
    active->frame = frame_number(entry->full_page.frame);
    if ((header.flags & GTF_sub_page) != 0) {
        active->kind = GRANT_SUB_PAGE;
        active->start = entry->sub_page.page_off;
        active->length = entry->sub_page.length;
    }
}

/* May an entry that is in use be used once more? */
static bool may_join(const struct active *active, const struct request *want)
{
    return active->domid == want->who && active->readers < PINS_MAX &&
           active->writers < PINS_MAX &&
           (want->use == PIN_COPY || active->kind == GRANT_PAGE);
}

/* Reserved entries may be in use while the version changes. */
static unsigned int counts_as_pinned(grant_ref_t ref)
{
    return ref >= GNTTAB_NR_RESERVED_ENTRIES ? 1 : 0;
}

/* The table is locked, and @ref exists. */
static int16_t pin_locked(struct grant_table *table, grant_ref_t ref,
                          const struct request *want)
{
    struct active *active = active_entry(table, ref);
    bool first = !is_pinned(active);
    struct header header = {0};

    if (!first && !may_join(active, want)) {
        return GNTST_general_error;
    }
    if (first || (want->write && active->writers == 0)) {
        bool claimed = table->version == 1
                           ? claim_v1(entry_header(table, ref), want, &header)
                           : claim_v2(table, ref, want, &header);

        if (!claimed) {
            return GNTST_general_error;
        }
    }
    if (first) {
        active->domid = want->who;
        note_entry(table, ref, header, active);
        table->pinned_count += counts_as_pinned(ref);
    }
    if (want->write) {
        active->writers++;
    } else {
        active->readers++;
    }
    return GNTST_okay;
}

int16_t grant_pin(struct domain *granter, grant_ref_t ref, domid_t who,
                  bool write, enum pin_use use, struct active *pinned)
{
    const struct request want = {.who = who, .write = write, .use = use};
    struct grant_table *table = granter->grant;
    int16_t status = GNTST_bad_gntref;

    spin_lock(&table->lock);
    if (ref < entry_count(table)) {
        ref = (grant_ref_t)index_nospec(ref, entry_count(table));
        status = pin_locked(table, ref, &want);
        *pinned = *active_entry(table, ref);
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
        clear_flags(table, ref, GTF_reading | GTF_writing);
        table->pinned_count -= counts_as_pinned(ref);
    } else if (write && active->writers == 0) {
        clear_flags(table, ref, GTF_writing);
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

/* Word by word: the guest's other CPUs may write to them meanwhile. */
static void swap_words(void *first, void *second, size_t bytes)
{
    uint64_t *a = first;
    uint64_t *b = second;

    for (size_t i = 0; i < bytes / sizeof(*a); i++) {
        uint64_t kept = __atomic_load_n(&a[i], __ATOMIC_RELAXED);

        __atomic_store_n(&a[i], __atomic_load_n(&b[i], __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&b[i], kept, __ATOMIC_RELAXED);
    }
}

/* Both are the caller's own and unused: what its other CPUs do to them
 * meanwhile harms it alone. */
static void swap_entries(struct grant_table *table, grant_ref_t a,
                         grant_ref_t b)
{
    grant_status_t status;

    if (table->version == 1) {
        swap_words(entry_v1(table, a), entry_v1(table, b),
                   sizeof(grant_entry_v1_t));
        return;
    }
    swap_words(entry_v2(table, a), entry_v2(table, b),
               sizeof(grant_entry_v2_t));
    status = *status_v2(table, a);
    *status_v2(table, a) = *status_v2(table, b);
    *status_v2(table, b) = status;
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
        if (a != b && (is_pinned(active_entry(table, a)) ||
                       is_pinned(active_entry(table, b)))) {
            status = GNTST_eagain;
        } else {
            swap_entries(table, a, b);
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
