/* SPDX-License-Identifier: MIT */
/* The tables and pages that every part plays with. */
#include "check.h"
#include "denials.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

struct fixture fx;

bool fixture_owns(uint64_t mfn)
{
    uint64_t pfn = mm_mfn_to_pfn(mfn);

    return pfn < start_info->nr_pages && mm_pfn_to_mfn(pfn) == mfn;
}

uint64_t fixture_entry(const void *page, uint64_t flags)
{
    return (mm_va_to_mfn(page) << PAGE_SHIFT) | flags;
}

void deny_entry(const char *name, const uint64_t *entry, uint64_t value,
                int64_t want)
{
    uint64_t before = *(const volatile uint64_t *)entry;
    int64_t rc = mm_write_entry(entry, value);

    check_eq(name, rc, want);
    if (rc == 0) {
        mm_write_entry(entry, before);
    } else if (*(const volatile uint64_t *)entry != before) {
        check_hex(name, *(const volatile uint64_t *)entry, before);
    }
}

long ext_mfn(unsigned int cmd, uint64_t mfn, unsigned int foreign)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};

    return hc_mmuext_op(&op, 1, NULL, foreign);
}

static uint64_t *table_page(void)
{
    return mm_page_alloc();
}

/* l1[1] maps the data page read-only; everything else is empty. */
static void build_tree(void)
{
    fx.l4 = table_page();
    fx.l3 = table_page();
    fx.l2 = table_page();
    fx.l1 = table_page();
    fx.l1[1] = fixture_entry(fx.data, PTE_USER_RO);
    fx.l2[1] = fixture_entry(fx.l1, PTE_TABLE);
    fx.l3[1] = fixture_entry(fx.l2, PTE_TABLE);
    fx.l4[1] = fixture_entry(fx.l3, PTE_TABLE);
    check_eq("fixture-l1", mm_set_readonly(fx.l1), 0);
    check_eq("fixture-l2", mm_set_readonly(fx.l2), 0);
    check_eq("fixture-l3", mm_set_readonly(fx.l3), 0);
    check_eq("fixture-l4", mm_set_readonly(fx.l4), 0);
    check_eq("fixture-pin-l4", mm_ext(MMUEXT_PIN_L4_TABLE, fx.l4), 0);
}

static void build_loose(void)
{
    uint64_t frame;

    fx.loose_l1 = table_page();
    check_eq("fixture-loose-l1", mm_set_readonly(fx.loose_l1), 0);
    check_eq("fixture-pin-l1", mm_ext(MMUEXT_PIN_L1_TABLE, fx.loose_l1), 0);
    fx.descriptors = table_page();
    check_eq("fixture-gdt", mm_set_readonly(fx.descriptors), 0);
    frame = mm_va_to_mfn(fx.descriptors);
    check_eq("fixture-set-gdt", hc_set_gdt(&frame, 512), 0);
}

/* The highest frame below our own that is RAM and belongs to no guest. */
static uint64_t find_hypervisor_frame(void)
{
    uint64_t mfn = (uint64_t)hc_memory_op(XENMEM_maximum_ram_page, NULL) - 1;

    while (mfn > 0x100 && fixture_owns(mfn)) {
        mfn--;
    }
    return mfn;
}

void fixture_init(void)
{
    fx.data = table_page();
    fx.window = mm_page_alloc();
    fx.window_maddr = mm_va_to_maddr(fx.window);
    build_tree();
    build_loose();
    check_eq("fixture-grant-table", gnttab_init(), 0);
    fx.hypervisor_mfn = find_hypervisor_frame();
    check_true("fixture-hypervisor-frame", fx.hypervisor_mfn > 0x100,
               fx.hypervisor_mfn);
}
