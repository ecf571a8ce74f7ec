/* SPDX-License-Identifier: MIT */
/* GNTTABOP_unmap_and_replace: a page moves to where a grant was mapped. */
#include "grants.h"

#include "insn.h"

#define WORD_GRANTED 0x6a6a
#define WORD_SPARE   0x5b5b

/* What is granted, and what takes its place at the window. */
static uint64_t *granted;
static uint64_t *spare;
static grant_handle_t handle;

static int replace(const void *new_addr)
{
    struct gnttab_unmap_and_replace op = {
        .host_addr = (uint64_t)fx.window,
        .new_addr = (uint64_t)new_addr,
        .handle = handle,
        .status = 99,
    };
    long rc = hc_grant_table_op(GNTTABOP_unmap_and_replace, &op, 1);

    return rc != 0 ? (int)rc : op.status;
}

static void map_granted(const char *name)
{
    check_eq(name, gnttab_map(0, REF_FULL, fx.window, GNTMAP_host_map, &handle),
             GNTST_okay);
    check_hex(name, *(volatile uint64_t *)fx.window, WORD_GRANTED);
    check_hex(name, gnttab_flags(REF_FULL),
              GTF_permit_access | GTF_reading | GTF_writing);
}

static void check_gone(const char *name)
{
    fault_clear();
    load_fixup((uint64_t)spare);
    check_eq(name, fault_vector(), 14);
    check_hex(name, mm_pte(spare), 0);
}

/* The spare page is seen and written at the window; nothing is at its own. */
static void check_moved(uint64_t spare_pte)
{
    check_hex("replace-contents", *(volatile uint64_t *)fx.window, WORD_SPARE);
    check_hex("replace-entry", mm_pte(fx.window) | PTE_ACCESSED | PTE_DIRTY,
              spare_pte | PTE_ACCESSED | PTE_DIRTY);
    check_gone("replace-empties");
    fx.window[1] = WORD_SPARE + 1;
    check_hex("replace-not-granted", *(volatile uint64_t *)&granted[1], 0);
}

static void check_again(void)
{
    uint64_t entry = mm_pte(fx.window);

    check_eq("replace-again", replace(granted), GNTST_bad_handle);
    check_hex("replace-again-window", mm_pte(fx.window), entry);
    check_eq("replace-again-unmap", gnttab_unmap(fx.window, handle),
             GNTST_bad_handle);
}

/* No use of the entry is left, and none of the page as a writable one. */
static void check_given_back(void)
{
    check_hex("replace-unused", gnttab_flags(REF_FULL), GTF_permit_access);
    check_eq("replace-end", gnttab_end(REF_FULL), 1);
    check_eq("replace-end-flags", gnttab_flags(REF_FULL), 0);
    granted[0] = 0;
    check_eq("replace-readonly", mm_set_readonly(granted), 0);
    check_eq("replace-pin", mm_ext(MMUEXT_PIN_L1_TABLE, granted), 0);
    check_eq("replace-unpin", mm_ext(MMUEXT_UNPIN_TABLE, granted), 0);
    check_eq("replace-writable", mm_set_writable(granted), 0);
    granted[0] = WORD_GRANTED;
}

static void check_restored(void)
{
    check_eq("replace-window-empty", mm_map(fx.window, 0, 0), 0);
    check_eq("replace-spare-back", mm_set_writable(spare), 0);
    check_hex("replace-spare-written", *(volatile uint64_t *)&spare[1],
              WORD_SPARE + 1);
}

/* Without a new address it is an unmap; one without a table is refused. */
static void check_addresses(void)
{
    gnttab_grant(REF_FULL, 0, mm_va_to_mfn(granted), false);
    map_granted("replace-map-again");
    check_eq("replace-no-table", replace((void *)0x10000), GNTST_general_error);
    check_hex("replace-no-table-maps", *(volatile uint64_t *)fx.window,
              WORD_GRANTED);
    check_hex("replace-no-table-used", gnttab_flags(REF_FULL),
              GTF_permit_access | GTF_reading | GTF_writing);
    check_eq("replace-by-nothing", replace(NULL), GNTST_okay);
    check_hex("replace-by-nothing-entry", mm_pte(fx.window), 0);
    check_hex("replace-by-nothing-unused", gnttab_flags(REF_FULL),
              GTF_permit_access);
    check_eq("replace-by-nothing-end", gnttab_end(REF_FULL), 1);
}

void grants_replace(void)
{
    uint64_t spare_pte;

    granted = mm_page_alloc();
    spare = mm_page_alloc();
    granted[0] = WORD_GRANTED;
    spare[0] = WORD_SPARE;
    spare_pte = mm_pte(spare);
    gnttab_grant(REF_FULL, 0, mm_va_to_mfn(granted), false);
    map_granted("replace-map");
    check_eq("replace", replace(spare), GNTST_okay);
    check_moved(spare_pte);
    check_again();
    check_given_back();
    check_restored();
    check_addresses();
    mm_page_free(spare);
    mm_page_free(granted);
}
