/* SPDX-License-Identifier: MIT */
/*
 * References to frames and the one type that each may have at a time.
 *
 * page.type holds the type, its count and two flags. A count of 0 allows any
 * type; the CPU that takes the first reference sets count 1 without VALIDATED
 * and thereby owns the change: it flushes stale translations, checks the
 * contents, and then sets VALIDATED. All others wait meanwhile. The last
 * reference of a page table goes the same way back: VALIDATED off at count 1,
 * teardown, count 0.
 *
 * A change that is preempted leaves PARTIAL. The count of 1 and one general
 * reference then belong to nobody; whoever comes next, to use the table or to
 * tear it down, takes both over with the flag.
 */
#include "mm.h"

#include "bug.h"
#include "core.h"
#include "domain.h"
#include "nospec.h"
#include "pt.h"
#include "pv.h"
#include "softirq.h"

/* -- general references ---------------------------------------------------- */

/* As many as its part of the address space holds: speculation past the check
 * below finds nothing else there. */
#define FRAME_TABLE_ENTRIES ((HV_VMAP - HV_FRAME_TABLE) / sizeof(struct page))

struct page *page_lookup(mfn_t mfn)
{
    if (!machine_mfn_valid(mfn)) {
        return NULL;
    }
    return page_of(mfn_make(index_nospec(mfn.number, FRAME_TABLE_ENTRIES)));
}

static bool page_ref_if(struct page *page, uint64_t owner_mask, uint64_t owner)
{
    uint64_t word = atomic_load(&page->count);

    do {
        uint64_t refs = word & PAGE_COUNT_MASK;

        if (refs == 0 || refs == PAGE_COUNT_MASK ||
            (word & owner_mask) != owner) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&page->count, &word, word + 1));
    return true;
}

bool page_get_of(mfn_t mfn, domid_t owner)
{
    struct page *page = page_lookup(mfn);

    return page != NULL && page_ref_if(page, PAGE_OWNER_MASK,
                                       (uint64_t)owner << PAGE_OWNER_SHIFT);
}

bool page_get(mfn_t mfn, const struct domain *owner)
{
    return page_get_of(mfn, owner->domid);
}

bool page_get_any(mfn_t mfn, domid_t *owner)
{
    struct page *page = page_lookup(mfn);

    if (page == NULL || !page_ref_if(page, 0, 0)) {
        return false;
    }
    *owner = page_owner(page);
    return true;
}

void page_put(struct page *page)
{
    uint64_t before = atomic_fetch_sub(&page->count, 1);

    BUG_ON((before & PAGE_COUNT_MASK) == 0);
    if ((before & PAGE_COUNT_MASK) == 1) {
        domain_page_unused(page);
    }
}

struct domain *page_owner_get(const struct page *page)
{
    return domain_get(page_owner(page));
}

/* -- changes of type ------------------------------------------------------- */

/*
 * Translations of the former use must be gone before the new one. Those of the
 * owner are on its CPUs; if others mapped the frame they may be anywhere.
 */
static void flush_former_use(struct page *page, const struct domain *owner)
{
    uint32_t stamp = atomic_load(&page->tlb_stamp);
    struct cpumask cpus;

    if (stamp == 0) {
        return;
    }
    if (owner == NULL ||
        (atomic_load(&page->count) & PAGE_COUNT_FOREIGN) != 0) {
        cpumask_copy(&cpus, &cpus_online);
    } else {
        cpumask_copy(&cpus, &owner->dirty_cpus);
    }
    tlb_filter(&cpus, stamp);
    tlb_flush_cpus(&cpus);
}

static int check_descriptors(struct page *page)
{
    uint64_t *entries = machine_map(page_mfn(page));

    for (unsigned int i = 0; i < PAGE_BYTES / sizeof(*entries); i++) {
        uint64_t entry = entries[i];

        if (!descriptor_fix(&entry)) {
            return -XEN_EINVAL;
        }
        entries[i] = entry;
    }
    return 0;
}

static int validate(struct page *page, enum page_type type, struct domain *d,
                    bool preemptible)
{
    unsigned int level = pt_level_of_type(type);

    if (level != 0) {
        /* A dying domain gives tables back; new ones would never go. */
        if (d == NULL || domain_is_dying(d)) {
            return -XEN_EINVAL;
        }
        return pt_table_get(page, d, level, preemptible);
    }
    return type == PAGE_TYPE_DESCRIPTOR ? check_descriptors(page) : 0;
}

/* The owner of the change ends it: count 0, no flags. */
static void release_type(struct page *page)
{
    uint64_t word = atomic_load(&page->type);

    atomic_store(&page->tlb_stamp, tlb_clock_now());
    while (!atomic_compare_exchange_weak(&page->type, &word,
                                         word & ~(PAGE_TYPE_COUNT_MASK |
                                                  PAGE_TYPE_VALIDATED |
                                                  PAGE_TYPE_PARTIAL))) {
    }
}

/*
 * The owner of the change leaves it for later: the count stays, and a general
 * reference is added. False: too many references, so it must go on.
 */
static bool leave_partial(struct page *page)
{
    if (!page_ref_if(page, 0, 0)) {
        return false;
    }
    atomic_fetch_or(&page->type, PAGE_TYPE_PARTIAL);
    return true;
}

/* Tear down as the owner of the change; -XEN_ERESTART: it is partial now. */
static int teardown(struct page *page, enum page_type type, bool preemptible)
{
    unsigned int level = pt_level_of_type(type);
    int rc;

    if (level == 4) {
        machine_root_unused(page_mfn(page));
    }
    rc = pt_table_put(page, level, preemptible);
    if (rc == -XEN_ERESTART && !leave_partial(page)) {
        rc = pt_table_put(page, level, false);
    }
    if (rc == 0) {
        release_type(page);
    }
    return rc;
}

void page_note_teardown(const struct page *page)
{
    current_vcpu()->pv.teardown_mfn = page_mfn(page).number;
}

static int change_failed(struct page *page, enum page_type type, int rc,
                         bool preemptible)
{
    if (pt_level_of_type(type) == 0) {
        release_type(page);
    } else if (teardown(page, type, preemptible) == -XEN_ERESTART) {
        page_note_teardown(page);
    }
    return rc;
}

/*
 * Go on with a change that this CPU owns. @partial: it was left over, with its
 * general reference, by someone.
 */
static int finish_change(struct page *page, enum page_type type,
                         struct domain *d, bool partial, bool preemptible)
{
    int rc = validate(page, type, d, preemptible);

    if (rc == -XEN_ERESTART) {
        if (partial) {
            /* The left-over reference is left again. */
            atomic_fetch_or(&page->type, PAGE_TYPE_PARTIAL);
            return rc;
        }
        if (leave_partial(page)) {
            return rc;
        }
        rc = validate(page, type, d, false);
    }
    if (rc == 0) {
        atomic_fetch_or(&page->type, PAGE_TYPE_VALIDATED);
    } else {
        rc = change_failed(page, type, rc, preemptible);
    }
    if (partial) {
        page_put(page); /* never the last: our caller holds one */
    }
    return rc;
}

static uint64_t type_word(enum page_type type)
{
    return (uint64_t)type << PAGE_TYPE_SHIFT;
}

/* Own the change of a frame whose count was 0 in @before. */
static int begin_change(struct page *page, uint64_t before, enum page_type type,
                        bool preemptible)
{
    struct domain *d = page_owner_get(page);
    int rc;

    page->table_progress = 0;
    if (page_type_of(before) != type) {
        flush_former_use(page, d);
        if ((atomic_load(&page->count) & PAGE_COUNT_UNCACHED) != 0 &&
            type != PAGE_TYPE_WRITABLE) {
            machine_flush_frame(page_mfn(page));
        }
    }
    rc = finish_change(page, type, d, false, preemptible);
    if (d != NULL) {
        domain_put(d);
    }
    return rc;
}

static int take_over_change(struct page *page, enum page_type type,
                            bool preemptible)
{
    struct domain *d = page_owner_get(page);
    int rc = finish_change(page, type, d, true, preemptible);

    if (d != NULL) {
        domain_put(d);
    }
    return rc;
}

/* Frames that we write to as well must never be checked tables. */
static bool may_become(const struct page *page, enum page_type type)
{
    uint64_t count = atomic_load(&page->count);

    if ((count & PAGE_COUNT_XEN) == 0) {
        return true;
    }
    return type == PAGE_TYPE_WRITABLE && (count & PAGE_COUNT_READONLY) == 0;
}

/* No check and no flush: writable as before, or never mapped so far. The
 * stamp cannot change while the count stays 0 and the type the same. */
static bool is_easy_change(const struct page *page, uint64_t word,
                           enum page_type type)
{
    return type == PAGE_TYPE_WRITABLE &&
           (page_type_of(word) == type ||
            (page_type_of(word) == PAGE_TYPE_NONE &&
             atomic_load(&page->tlb_stamp) == 0));
}

/*
 * What the type word becomes with one reference more to @type; 0 when the
 * owner of a change must be waited for.
 */
static int next_word(const struct page *page, uint64_t word,
                     enum page_type type, uint64_t *next)
{
    uint64_t count = word & PAGE_TYPE_COUNT_MASK;

    if (count == PAGE_TYPE_COUNT_MASK) {
        return -XEN_EBUSY;
    }
    if (count == 0) {
        if (!may_become(page, type)) {
            return -XEN_EINVAL;
        }
        *next = type_word(type) | 1;
        if (is_easy_change(page, word, type)) {
            *next |= PAGE_TYPE_VALIDATED;
        }
        return 0;
    }
    if (page_type_of(word) != type) {
        return -XEN_EINVAL;
    }
    if ((word & PAGE_TYPE_VALIDATED) != 0) {
        /* Who is about to put the only other reference must see that there was
         * one more, even if it is gone again: its stamp would be too old. */
        *next = word + 1 + PAGE_TYPE_GENERATION;
    } else if ((word & PAGE_TYPE_PARTIAL) != 0) {
        *next = word & ~PAGE_TYPE_PARTIAL;
    } else {
        *next = 0;
    }
    return 0;
}

static int get_type(struct page *page, enum page_type type, bool preemptible)
{
    uint64_t word = atomic_load(&page->type);
    uint64_t next;

    for (;;) {
        int rc = next_word(page, word, type, &next);

        if (rc != 0) {
            return rc;
        }
        if (next == 0) {
            if (preemptible && softirq_pending()) {
                return -XEN_ERESTART;
            }
            machine_relax();
            word = atomic_load(&page->type);
            continue;
        }
        if (atomic_compare_exchange_weak(&page->type, &word, next)) {
            break;
        }
    }
    if ((next & PAGE_TYPE_VALIDATED) != 0) {
        return 0;
    }
    if ((word & PAGE_TYPE_COUNT_MASK) == 0) {
        return begin_change(page, word, type, preemptible);
    }
    return take_over_change(page, type, preemptible);
}

int page_get_type(struct page *page, enum page_type type)
{
    return get_type(page, type, false);
}

int page_get_type_preemptible(struct page *page, enum page_type type)
{
    return get_type(page, type, true);
}

int page_put_type_quietly(struct page *page, bool preemptible)
{
    uint64_t word = atomic_load(&page->type);
    uint64_t next;
    bool last;

    do {
        BUG_ON((word & PAGE_TYPE_COUNT_MASK) == 0 ||
               (word & PAGE_TYPE_VALIDATED) == 0);
        last = (word & PAGE_TYPE_COUNT_MASK) == 1;
        if (last && pt_level_of_type(page_type_of(word)) != 0) {
            next = word & ~PAGE_TYPE_VALIDATED; /* the teardown is ours */
        } else {
            next = last ? (word - 1) & ~PAGE_TYPE_VALIDATED : word - 1;
        }
        if (last) {
            atomic_store(&page->tlb_stamp, tlb_clock_now());
        }
    } while (!atomic_compare_exchange_weak(&page->type, &word, next));
    if (!last || pt_level_of_type(page_type_of(word)) == 0) {
        return 0;
    }
    page->table_progress = PT_ENTRIES;
    return teardown(page, page_type_of(word), preemptible);
}

void page_put_type(struct page *page)
{
    (void)page_put_type_quietly(page, false);
}

int page_put_type_preemptible(struct page *page)
{
    int rc = page_put_type_quietly(page, true);

    if (rc == -XEN_ERESTART) {
        page_note_teardown(page);
    }
    return rc;
}

int page_put_partial(struct page *page, enum page_type type, bool preemptible)
{
    uint64_t word = atomic_load(&page->type);
    int rc;

    do {
        if ((word & PAGE_TYPE_PARTIAL) == 0 || page_type_of(word) != type) {
            return 0;
        }
    } while (!atomic_compare_exchange_weak(&page->type, &word,
                                           word & ~PAGE_TYPE_PARTIAL));
    rc = teardown(page, type, preemptible);
    page_put(page); /* the one that was left over; teardown() left another */
    return rc;
}

unsigned int page_hold_table(struct page *page)
{
    uint64_t word = atomic_load(&page->type);

    do {
        uint64_t count = word & PAGE_TYPE_COUNT_MASK;

        if (pt_level_of_type(page_type_of(word)) == 0 || count == 0 ||
            count == PAGE_TYPE_COUNT_MASK ||
            (word & PAGE_TYPE_VALIDATED) == 0) {
            return 0;
        }
    } while (!atomic_compare_exchange_weak(&page->type, &word, word + 1));
    return pt_level_of_type(page_type_of(word));
}

/* -- both at once ---------------------------------------------------------- */

int page_get_and_type(mfn_t mfn, const struct domain *owner,
                      enum page_type type)
{
    struct page *page;
    int rc;

    if (!page_get(mfn, owner)) {
        return -XEN_EPERM;
    }
    page = page_of(mfn);
    rc = page_get_type(page, type);
    if (rc != 0) {
        page_put(page);
    }
    return rc;
}

void page_put_and_type(struct page *page)
{
    page_put_type(page);
    page_put(page);
}

int page_get_root(mfn_t mfn, struct domain *d)
{
    struct page *page;
    int rc;

    if (!page_get(mfn, d)) {
        return -XEN_EINVAL;
    }
    page = page_of(mfn);
    rc = page_get_type_preemptible(page, PAGE_TYPE_L4);
    if (rc != 0) {
        page_put(page);
    }
    return rc == 0 || rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
}

int page_put_root(mfn_t mfn)
{
    struct page *page = page_of(mfn);
    int rc = page_put_type_preemptible(page);

    page_put(page);
    return rc;
}

int mm_finish_teardown(struct vcpu *v)
{
    mfn_t mfn = mfn_make(v->pv.teardown_mfn);
    struct page *page;
    domid_t owner;
    int rc;

    if (mfn.number == 0) {
        return 0;
    }
    if (!page_get_any(mfn, &owner)) {
        v->pv.teardown_mfn = 0; /* someone else finished it, and freed it */
        return 0;
    }
    page = page_of(mfn);
    rc = page_put_partial(page, page_type_of(atomic_load(&page->type)), true);
    page_put(page);
    if (rc == 0) {
        v->pv.teardown_mfn = 0;
    }
    return rc;
}
