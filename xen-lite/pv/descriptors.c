// SPDX-License-Identifier: MIT
/*
 * Guest GDTs and LDTs. Their frames are typed DESCRIPTOR while in use, which
 * means that no guest can map them writable and that every entry has passed
 * descriptor_fix(). GDT pages are mapped when set; LDT pages on first use.
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "mm.h"
#include "pte.h"
#include "pv.h"

#define DESC_PRESENT      (1ULL << 47)
#define DESC_CODE_OR_DATA (1ULL << 44)
#define DESC_TYPE         (0xfULL << 40)
#define DESC_DPL_SHIFT    45
#define DESC_DPL          (3ULL << DESC_DPL_SHIFT)
#define DESC_CALL_GATE    (0xcULL << 40)
/* Bits 0-7 of a gate's upper half. */
#define DESC_GATE_RESERVED (0xffULL << 32)
#define SELECTOR_LDT       4U

#define ENTRIES_PER_PAGE (PAGE_BYTES / sizeof(uint64_t))
#define LDT_ENTRIES_MAX  8192U

/* May a call gate lead to @selector: the guest's own code, or flat code? */
static bool gate_selector_ok(unsigned int selector)
{
    return selector < FIRST_RESERVED_GDT_BYTE ||
           (selector & SELECTOR_LDT) != 0 ||
           selector_ring3(selector) == GUEST_SELECTOR_CS64 ||
           selector_ring3(selector) == GUEST_SELECTOR_CS32;
}

bool descriptor_fix(uint64_t *descriptor)
{
    uint64_t desc = *descriptor;

    if ((desc & DESC_PRESENT) == 0) {
        return true; /* can only fault */
    }
    if ((desc & DESC_CODE_OR_DATA) != 0) {
        /* Flat or not, ring 3 segments reach only what page tables allow. */
        *descriptor = desc | DESC_DPL;
        return true;
    }
    if ((desc & DESC_TYPE) == 0) {
        return true; /* second half of a 16-byte descriptor: no type */
    }
    if ((desc & DESC_TYPE) != DESC_CALL_GATE) {
        return false; /* LDT, TSS, interrupt and trap gates */
    }
    if ((desc & DESC_GATE_RESERVED) != 0 ||
        !gate_selector_ok((unsigned int)(desc >> 16) & 0xffff)) {
        return false;
    }
    /* Unusable from ring 3: the guest gets #GP when it tries. */
    *descriptor = desc & ~DESC_DPL;
    return true;
}

/* -- GDT ------------------------------------------------------------------- */

static unsigned int pages_for(unsigned int entries)
{
    return (unsigned int)((entries + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE);
}

static void put_frames(const mfn_t *frames, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        page_put_and_type(page_of(frames[i]));
    }
}

void pv_drop_gdt(struct vcpu *v)
{
    for (unsigned int i = 0; i < GDT_GUEST_PAGES; i++) {
        mfn_t mfn = v->pv.gdt_frames[i];

        if (mfn_equal(mfn, INVALID_MFN)) {
            continue;
        }
        machine_set_gdt_page(v, i, INVALID_MFN);
        v->pv.gdt_frames[i] = INVALID_MFN;
        page_put_and_type(page_of(mfn));
    }
    v->pv.gdt_entries = 0;
}

int pv_set_gdt(struct vcpu *v, const unsigned long *frames,
               unsigned int entries)
{
    unsigned int pages = pages_for(entries);
    mfn_t taken[GDT_GUEST_PAGES];

    if (entries > FIRST_RESERVED_GDT_ENTRY) {
        return -XEN_EINVAL;
    }
    for (unsigned int i = 0; i < pages; i++) {
        taken[i] = mfn_make(frames[i]);
        if (page_get_and_type(taken[i], v->domain, PAGE_TYPE_DESCRIPTOR) != 0) {
            put_frames(taken, i);
            return -XEN_EINVAL;
        }
    }
    pv_drop_gdt(v);
    for (unsigned int i = 0; i < pages; i++) {
        v->pv.gdt_frames[i] = taken[i];
        machine_set_gdt_page(v, i, taken[i]);
    }
    v->pv.gdt_entries = entries;
    return 0;
}

long hc_set_gdt(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t list = guest_va_make(args->a[0]);
    unsigned long frames[GDT_GUEST_PAGES];
    unsigned int entries = (unsigned int)args->a[1];

    if (entries > FIRST_RESERVED_GDT_ENTRY) {
        return -XEN_EINVAL;
    }
    if (copy_from_guest(frames, list, pages_for(entries) * sizeof(frames[0])) !=
        0) {
        return -XEN_EFAULT;
    }
    return pv_set_gdt(v, frames, entries);
}

/* -- one descriptor -------------------------------------------------------- */

static void write_descriptor(mfn_t mfn, unsigned long offset, uint64_t desc)
{
    _Atomic uint64_t *entry =
        (_Atomic uint64_t *)machine_map(mfn) + offset / sizeof(desc);

    atomic_store(entry, desc);
}

/*
 * Write where the frame is a descriptor page, or may become writable for the
 * moment: never into a page table.
 */
static int update_descriptor_in(struct page *page, unsigned long offset,
                                uint64_t desc)
{
    enum page_type type = page_type_of(atomic_load(&page->type));

    if (type != PAGE_TYPE_DESCRIPTOR) {
        type = PAGE_TYPE_WRITABLE;
    }
    if (page_get_type(page, type) != 0) {
        return -XEN_EINVAL;
    }
    write_descriptor(page_mfn(page), offset, desc);
    page_put_type(page);
    return 0;
}

long hc_update_descriptor(struct vcpu *v, struct hypercall_args *args)
{
    mfn_t mfn = mfn_make(args->a[0] >> PAGE_SHIFT);
    unsigned long offset = args->a[0] & (PAGE_BYTES - 1);
    uint64_t desc = args->a[1];
    int rc;

    if (offset % sizeof(desc) != 0 || !descriptor_fix(&desc)) {
        return -XEN_EINVAL;
    }
    if (!page_get(mfn, v->domain)) {
        return -XEN_EINVAL;
    }
    rc = update_descriptor_in(page_of(mfn), offset, desc);
    page_put(page_of(mfn));
    return rc;
}

/* -- LDT ------------------------------------------------------------------- */

bool pv_drop_ldt(struct vcpu *v)
{
    bool any = false;

    for (unsigned int i = 0; i < LDT_GUEST_PAGES; i++) {
        mfn_t mfn = v->pv.ldt_frames[i];

        if (mfn_equal(mfn, INVALID_MFN)) {
            continue;
        }
        any = true;
        machine_set_ldt_page(v, i, INVALID_MFN);
        v->pv.ldt_frames[i] = INVALID_MFN;
        page_put_and_type(page_of(mfn));
    }
    return any;
}

int pv_set_ldt(struct vcpu *v, unsigned long base, unsigned int entries)
{
    if (entries == 0) {
        base = 0;
    }
    if (base % PAGE_BYTES != 0 || entries > LDT_ENTRIES_MAX ||
        !guest_range_ok(guest_va_make(base), entries * sizeof(uint64_t))) {
        return -XEN_EINVAL;
    }
    if (v->pv.ldt_base == base && v->pv.ldt_entries == entries) {
        return 0;
    }
    if (pv_drop_ldt(v)) {
        tlb_flush_local();
    }
    v->pv.ldt_base = base;
    v->pv.ldt_entries = entries;
    if (v == current_vcpu()) {
        machine_load_ldt(v);
    }
    return 0;
}

bool pv_map_ldt_page(struct vcpu *v, unsigned long offset)
{
    unsigned int slot = (unsigned int)(offset / PAGE_BYTES);
    pte_t pte;

    if (offset / sizeof(uint64_t) >= v->pv.ldt_entries ||
        !mfn_equal(v->pv.ldt_frames[slot], INVALID_MFN)) {
        return false;
    }
    pte = mm_read_guest_pte(v, v->pv.ldt_base + slot * PAGE_BYTES);
    if ((pte & PTE_PRESENT) == 0 ||
        page_get_and_type(pte_mfn(pte), v->domain, PAGE_TYPE_DESCRIPTOR) != 0) {
        return false;
    }
    v->pv.ldt_frames[slot] = pte_mfn(pte);
    machine_set_ldt_page(v, slot, pte_mfn(pte));
    return true;
}

void pv_map_ldt_of(struct vcpu *v, unsigned int selector)
{
    if ((selector & SELECTOR_LDT) != 0) {
        (void)pv_map_ldt_page(v, selector & 0xfff8U);
    }
}
