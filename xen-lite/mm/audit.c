/* SPDX-License-Identifier: MIT */
/*
 * Count everything again: from the tables, pins, roots, descriptor frames and
 * registered pages of all domains, how many references each frame must have,
 * and compare. For tests and debug builds, while nothing else runs.
 *
 * A grant's device map holds references that no table shows: frames that were
 * mapped by others than their owner may have more than are found.
 */
#include "mm.h"

#include "bug.h"
#include "domain.h"
#include "printk.h"
#include "pt.h"

/* What was found so far; by mfn. */
struct audit {
    uint32_t *refs;
    uint32_t *types; /* type references ... */
    uint8_t *type;   /* ... of this type */
    unsigned long frames;
    unsigned int bad;
};

#define REPORTS_MAX 20U
/* The frame table is there for whole 2 MiB of machine memory, or not. */
#define CHUNK_FRAMES 512UL

static void report(struct audit *a, const char *what, unsigned long mfn,
                   unsigned long x, unsigned long y)
{
    if (a->bad++ < REPORTS_MAX) {
        printk(LOG_ALWAYS | LOG_ERROR, "audit: mfn 0x%lx: %s (0x%lx, 0x%lx)\n",
               mfn, what, x, y);
    }
}

/* -- finding --------------------------------------------------------------- */

static void found_ref(struct audit *a, mfn_t mfn)
{
    if (mfn.number >= a->frames || !machine_mfn_valid(mfn)) {
        report(a, "reference to what is no RAM", mfn.number, 0, 0);
        return;
    }
    a->refs[mfn.number]++;
}

static void found_type(struct audit *a, mfn_t mfn, enum page_type type)
{
    if (mfn.number >= a->frames || !machine_mfn_valid(mfn)) {
        return;
    }
    if (a->types[mfn.number] != 0 && a->type[mfn.number] != type) {
        report(a, "used as two types", mfn.number, a->type[mfn.number], type);
    }
    a->types[mfn.number]++;
    a->type[mfn.number] = (uint8_t)type;
}

static void found_both(struct audit *a, mfn_t mfn, enum page_type type)
{
    if (!mfn_equal(mfn, INVALID_MFN)) {
        found_ref(a, mfn);
        found_type(a, mfn, type);
    }
}

/* Bits that no live entry may have. */
static void check_live_bits(struct audit *a, unsigned long table, pte_t entry,
                            unsigned int level)
{
    bool bad = pt_check_bits(entry, level, true) != 0;

    bad |= (entry & PTE_USER) == 0;
    if (level == 1) {
        bad |= (entry & PTE_GUEST_KERNEL) != 0 && (entry & PTE_GLOBAL) != 0;
    }
    if (bad) {
        report(a, "entry has bits it must not", table, entry, level);
    }
}

static void audit_l1_entry(struct audit *a, struct domain *d, unsigned long l1,
                           pte_t entry)
{
    mfn_t mfn = pte_mfn(entry);
    struct page *page;

    if (!machine_mfn_valid(mfn)) {
        /* An MSI-X table that became read-only when its device began to use
         * it stays mapped as it was. */
        if (machine_mmio_reserved(mfn) ||
            ((entry & PTE_WRITABLE) != 0 &&
             machine_mmio_readonly_since_boot(mfn))) {
            report(a, "maps I/O that is not for guests", l1, entry, 0);
        }
        return;
    }
    page = page_of(mfn);
    if (page_owner(page) != d->domid &&
        (atomic_load(&page->count) & PAGE_COUNT_FOREIGN) == 0) {
        report(a, "maps a frame of another", l1, entry, page_owner(page));
    }
    found_ref(a, mfn);
    if ((entry & PTE_WRITABLE) != 0) {
        found_type(a, mfn, PAGE_TYPE_WRITABLE);
    }
}

/* Entries that hold references: all, or those before table_progress. */
static void audit_table(struct audit *a, struct domain *d, struct page *page,
                        unsigned int level)
{
    unsigned long mfn = page_mfn(page).number;
    const pte_t *table = machine_map(page_mfn(page));
    unsigned int count = PT_ENTRIES;

    if ((atomic_load(&page->type) & PAGE_TYPE_VALIDATED) == 0) {
        count = page->table_progress & PROGRESS_ENTRIES;
    }
    for (unsigned int slot = 0; slot < count; slot++) {
        pte_t entry = pt_read(&table[slot]);

        if (!pt_is_present(entry) || pt_slot_reserved(level, slot)) {
            continue;
        }
        check_live_bits(a, mfn, entry, level);
        if (level == 1) {
            audit_l1_entry(a, d, mfn, entry);
        } else {
            found_both(a, pte_mfn(entry), pt_type_of_level(level - 1));
        }
    }
}

static void audit_vcpu(struct audit *a, struct vcpu *v)
{
    found_both(a, v->pv.kernel_root, PAGE_TYPE_L4);
    found_both(a, v->pv.user_root, PAGE_TYPE_L4);
    found_both(a, v->vcpu_info_mfn, PAGE_TYPE_WRITABLE);
    for (unsigned int i = 0; i < GDT_GUEST_PAGES; i++) {
        found_both(a, v->pv.gdt_frames[i], PAGE_TYPE_DESCRIPTOR);
    }
    for (unsigned int i = 0; i < LDT_GUEST_PAGES; i++) {
        found_both(a, v->pv.ldt_frames[i], PAGE_TYPE_DESCRIPTOR);
    }
}

static void found_event_page(void *data, mfn_t mfn)
{
    found_both(data, mfn, PAGE_TYPE_WRITABLE);
}

/* What a frame's own words say of references to it, and what it holds. */
static void audit_frame(struct audit *a, struct domain *d, struct page *page)
{
    uint64_t count = atomic_load(&page->count);
    uint64_t type = atomic_load(&page->type);
    unsigned int level = pt_level_of_type(page_type_of(type));

    if ((count & PAGE_COUNT_ALLOCATED) != 0) {
        found_ref(a, page_mfn(page));
    }
    if ((type & PAGE_TYPE_PINNED) != 0) {
        found_both(a, page_mfn(page), page_type_of(type));
    }
    if ((type & PAGE_TYPE_PARTIAL) != 0) {
        found_both(a, page_mfn(page), page_type_of(type));
    }
    if (level != 0 && (type & PAGE_TYPE_COUNT_MASK) != 0) {
        audit_table(a, d, page, level);
    }
}

static void audit_list(struct audit *a, struct domain *d)
{
    unsigned long count = 0;

    for (uint32_t mfn = d->pages.first; mfn != PAGE_LINK_END;
         mfn = page_of(mfn_make(mfn))->next) {
        struct page *page = page_of(mfn_make(mfn));

        if (page_owner(page) != d->domid || page_refs(page) == 0) {
            report(a, "on the list of another", mfn, d->domid,
                   page_owner(page));
        }
        audit_frame(a, d, page);
        count++;
        if (count > d->pages.count) {
            break;
        }
    }
    if (count != d->pages.count || count != d->tot_pages) {
        report(a, "pages of a domain miscounted", d->domid, count,
               d->tot_pages);
    }
    if (!mfn_equal(d->shared_mfn, INVALID_MFN)) {
        audit_frame(a, d, page_of(d->shared_mfn));
    }
}

static unsigned long audit_domains(struct audit *a)
{
    struct domain *d = domain_get_at_or_after(0);
    unsigned long owned = 0;

    while (d != NULL) {
        domid_t next = (domid_t)(d->domid + 1);
        struct vcpu *v;

        audit_list(a, d);
        owned += d->tot_pages;
        for_each_vcpu (d, v) {
            audit_vcpu(a, v);
        }
        evtchn_fifo_pages(d, found_event_page, a);
        pirq_pages(d, found_event_page, a);
        domain_put(d);
        d = domain_get_at_or_after(next);
    }
    return owned;
}

/* -- comparing ------------------------------------------------------------- */

static void compare_frame(struct audit *a, unsigned long mfn)
{
    struct page *page = page_of(mfn_make(mfn));
    uint64_t count = atomic_load(&page->count);
    uint64_t type = atomic_load(&page->type);
    uint64_t refs = count & PAGE_COUNT_MASK;
    uint64_t types = type & PAGE_TYPE_COUNT_MASK;
    bool foreign = (count & PAGE_COUNT_FOREIGN) != 0;

    if ((count & PAGE_COUNT_XEN) != 0 && page_owner(page) != DOMID_NOBODY) {
        a->refs[mfn]++; /* ours: shared_info, grant frames and the like */
    }
    if (refs < a->refs[mfn] || (refs > a->refs[mfn] && !foreign)) {
        report(a, "references: there, found", mfn, refs, a->refs[mfn]);
    }
    if (refs == 0) {
        return; /* free, or the hypervisor's: type is for its owner */
    }
    if (types < a->types[mfn] || (types > a->types[mfn] && !foreign)) {
        report(a, "type references: there, found", mfn, types, a->types[mfn]);
    }
    if (types != 0 && a->types[mfn] != 0 &&
        page_type_of(type) != a->type[mfn]) {
        report(a, "type: there, found", mfn, page_type_of(type), a->type[mfn]);
    }
    if (types > refs) {
        report(a, "more type references than references", mfn, types, refs);
    }
}

/* Returns how many of them belong to guests. */
static unsigned long compare_chunk(struct audit *a, unsigned long first)
{
    unsigned long in_use = 0;

    for (unsigned long mfn = first; mfn < first + CHUNK_FRAMES; mfn++) {
        struct page *page = page_of(mfn_make(mfn));
        uint64_t count = atomic_load(&page->count);

        if (mfn >= a->frames || !machine_mfn_valid(mfn_make(mfn))) {
            continue;
        }
        compare_frame(a, mfn);
        in_use +=
            (count & PAGE_COUNT_MASK) != 0 && (count & PAGE_COUNT_XEN) == 0;
    }
    return in_use;
}

unsigned int mm_audit(void)
{
    struct audit a = {.frames = frame_max_mfn()};
    unsigned long in_use = 0;
    unsigned long owned;

    a.refs = heap_alloc(a.frames * sizeof(*a.refs));
    a.types = heap_alloc(a.frames * sizeof(*a.types));
    a.type = heap_alloc(a.frames * sizeof(*a.type));
    if (a.refs == NULL || a.types == NULL || a.type == NULL) {
        printk(LOG_ERROR, "audit: no memory\n");
        a.bad = 1;
        goto free;
    }
    owned = audit_domains(&a);
    for (unsigned long mfn = 0; mfn < a.frames; mfn += CHUNK_FRAMES) {
        /* Both ends: devices may lie at either. */
        if (machine_mfn_valid(mfn_make(mfn)) ||
            machine_mfn_valid(mfn_make(mfn + CHUNK_FRAMES - 1))) {
            in_use += compare_chunk(&a, mfn);
        }
    }
    if (owned != in_use) {
        report(&a, "frames in use, frames on lists", 0, in_use, owned);
    }

free:
    heap_free(a.refs);
    heap_free(a.types);
    heap_free(a.type);
    return a.bad;
}
