/* SPDX-License-Identifier: MIT */
/*
 * What one entry of a guest page table holds: a reference to the frame it
 * maps, and a type reference: WRITABLE for a writable L1 entry, the type of
 * the level below for upper entries. Entries that map I/O hold nothing.
 */
#include "pt.h"

#include "bug.h"
#include "domain.h"

/* -- L1: what is mapped ---------------------------------------------------- */

/* Domains that own devices may choose memory types. */
static bool may_choose_caching(struct domain *d, pte_t entry)
{
    if ((entry & (PTE_PWT | PTE_PCD | PTE_PAT)) == 0) {
        return false; /* not asked for: spare the look */
    }
    return d->privileged || !rangeset_empty(&d->iomem) ||
           !rangeset_empty(&d->ioports);
}

/*
 * Device registers: those of @from's iomem ranges, and of @d's, who maps them.
 * Never cached; read-only where machine_mmio_readonly() says.
 */
static int map_io(struct domain *d, struct domain *from, pte_t *entry)
{
    unsigned long number = pte_mfn(*entry).number;
    struct domain *owner = from == domain_io() ? d : from;

    if (!rangeset_contains(&owner->iomem, number, number) ||
        (owner != d && !rangeset_contains(&d->iomem, number, number)) ||
        machine_mmio_reserved(mfn_make(number))) {
        return -XEN_EPERM;
    }
    if (machine_mmio_readonly(mfn_make(number))) {
        *entry &= ~PTE_WRITABLE;
    }
    *entry = pt_uncached(*entry);
    return 0;
}

/* Hypervisor pages keep their memory type; others may be changed by those who
 * may choose one, and are cleaned before they serve anyone else. */
static int check_caching(struct page *page, pte_t entry)
{
    if ((entry & (PTE_PWT | PTE_PCD | PTE_PAT)) == 0) {
        return 0;
    }
    if ((atomic_load(&page->count) & PAGE_COUNT_XEN) != 0) {
        return -XEN_EACCES;
    }
    page_mark(page, PAGE_COUNT_UNCACHED);
    return 0;
}

static int map_ram(struct domain *d, struct domain *from, pte_t entry)
{
    struct page *page = page_of(pte_mfn(entry));
    int rc;

    if (!page_get(pte_mfn(entry), from)) {
        return -XEN_EBUSY;
    }
    rc = check_caching(page, entry);
    if (rc != 0) {
        goto put;
    }
    if (from != d) {
        page_mark(page, PAGE_COUNT_FOREIGN);
    }
    if ((entry & PTE_WRITABLE) == 0) {
        return 0;
    }
    rc = -XEN_EBUSY;
    if (page_get_type(page, PAGE_TYPE_WRITABLE) != 0) {
        goto put;
    }
    return 0;

put:
    page_put(page);
    return rc;
}

/* What speculation could tell dom0, dom0 may map and read anyway. */
static bool needs_no_check(const struct domain *d, pte_t entry)
{
    return d->privileged && !pt_is_present(entry);
}

static int l1_entry_get(struct domain *d, struct domain *from, pte_t *entry)
{
    int rc;

    if (needs_no_check(d, *entry)) {
        return 0;
    }
    rc = pt_check_bits(*entry, 1, may_choose_caching(d, *entry));
    if (rc != 0 || !pt_is_present(*entry)) {
        return rc;
    }
    rc = machine_mfn_valid(pte_mfn(*entry)) ? map_ram(d, from, *entry)
                                            : map_io(d, from, entry);
    if (rc == 0) {
        *entry = pt_adjust(*entry, 1);
    }
    return rc;
}

static void l1_entry_put(pte_t entry)
{
    struct page *page;

    if (!pt_is_present(entry) || !machine_mfn_valid(pte_mfn(entry))) {
        return;
    }
    page = page_of(pte_mfn(entry));
    if ((entry & PTE_WRITABLE) != 0) {
        page_put_type(page);
    }
    page_put(page);
}

/* -- upper levels: the table below ----------------------------------------- */

static int upper_entry_get(struct domain *d, unsigned int level, pte_t *entry,
                           bool preemptible)
{
    enum page_type below = pt_type_of_level(level - 1);
    struct page *page;
    int rc;

    if (needs_no_check(d, *entry)) {
        return 0;
    }
    rc = pt_check_bits(*entry, level, false);
    if (rc != 0 || !pt_is_present(*entry)) {
        return rc;
    }
    if (!page_get(pte_mfn(*entry), d)) {
        return -XEN_EINVAL;
    }
    page = page_of(pte_mfn(*entry));
    /* A table that names itself, or one of its own level, has another type
     * already: linear page tables fail here. */
    rc = preemptible ? page_get_type_preemptible(page, below)
                     : page_get_type(page, below);
    if (rc != 0) {
        page_put(page);
        return rc;
    }
    *entry = pt_adjust(*entry, level);
    return 0;
}

static int upper_entry_put(pte_t entry, bool preemptible)
{
    struct page *page;
    int rc;

    if (!pt_is_present(entry)) {
        return 0;
    }
    page = page_of(pte_mfn(entry));
    rc = page_put_type_quietly(page, preemptible);
    page_put(page);
    return rc;
}

/* -- either ---------------------------------------------------------------- */

int pt_entry_get(struct domain *d, struct domain *from, unsigned int level,
                 pte_t *entry, bool preemptible)
{
    if (level == 1) {
        return l1_entry_get(d, from, entry);
    }
    return upper_entry_get(d, level, entry, preemptible);
}

int pt_entry_put(pte_t entry, unsigned int level, bool preemptible)
{
    if (level == 1) {
        l1_entry_put(entry);
        return 0;
    }
    return upper_entry_put(entry, preemptible);
}

int pt_entry_put_partial(pte_t entry, unsigned int level, domid_t owner,
                         bool preemptible)
{
    struct page *page;
    int rc;

    /* It may be any frame, and no business of ours. */
    if (level == 1 || !pt_is_present(entry) ||
        !page_get_of(pte_mfn(entry), owner)) {
        return 0;
    }
    page = page_of(pte_mfn(entry));
    rc = page_put_partial(page, pt_type_of_level(level - 1), preemptible);
    page_put(page);
    return rc;
}
