/* SPDX-License-Identifier: MIT */
/* A grant table, and a grant to oneself: map, use, unmap, copy. */
#include "check.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "pvbasic.h"
#include "string.h"

#define REF_RW 10
#define REF_RO 11

static domid_t self;

static void check_table(void)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};

    check_eq("grant-table-init", gnttab_init(), 0);
    check_eq("grant-query-size",
             hc_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    check_eq("grant-query-size-status", size.status, GNTST_okay);
    check_true("grant-query-size-frames",
               size.nr_frames >= 1 && size.max_nr_frames >= size.nr_frames,
               size.nr_frames);
}

static void check_map(uint64_t *page)
{
    uint64_t *window = mm_page_alloc();
    uint64_t window_maddr = mm_va_to_maddr(window);
    grant_handle_t handle = 0;

    page[0] = 0x600d;
    gnttab_grant(REF_RW, self, mm_va_to_mfn(page), false);
    mm_map(window, 0, 0);
    check_eq("grant-map",
             gnttab_map(self, REF_RW, window, GNTMAP_host_map, &handle),
             GNTST_okay);
    check_hex("grant-map-contents", *(volatile uint64_t *)window, 0x600d);
    window[1] = 0xbeef;
    check_hex("grant-map-writes", *(volatile uint64_t *)&page[1], 0xbeef);
    check_hex("grant-in-use",
              gnttab_flags(REF_RW) & (GTF_reading | GTF_writing),
              GTF_reading | GTF_writing);
    check_eq("grant-unmap", gnttab_unmap(window, handle), GNTST_okay);
    check_hex("grant-unmap-clears-entry", mm_pte(window), 0);
    check_hex("grant-unmap-clears-use",
              gnttab_flags(REF_RW) & (GTF_reading | GTF_writing), 0);
    check_eq("grant-unmap-twice", gnttab_unmap(window, handle),
             GNTST_bad_handle);
    mm_map(window, window_maddr, PTE_KERNEL_RW);
    mm_page_free(window);
}

static void check_readonly(uint64_t *page)
{
    uint64_t *window = mm_page_alloc();
    uint64_t window_maddr = mm_va_to_maddr(window);
    grant_handle_t handle = 0;

    gnttab_grant(REF_RO, self, mm_va_to_mfn(page), true);
    mm_map(window, 0, 0);
    check_eq("grant-readonly-map-writable",
             gnttab_map(self, REF_RO, window, GNTMAP_host_map, &handle),
             GNTST_general_error);
    check_eq("grant-readonly-map",
             gnttab_map(self, REF_RO, window, GNTMAP_host_map | GNTMAP_readonly,
                        &handle),
             GNTST_okay);
    check_hex("grant-readonly-entry", mm_pte(window) & PTE_RW, 0);
    check_eq("grant-readonly-unmap", gnttab_unmap(window, handle), GNTST_okay);
    mm_map(window, window_maddr, PTE_KERNEL_RW);
    mm_page_free(window);
}

static void check_copy(const uint64_t *page)
{
    uint64_t *to = mm_page_alloc();
    struct gnttab_copy copy = {
        .source.u.ref = REF_RO,
        .source.domid = self,
        .dest.u.gmfn = mm_va_to_mfn(to),
        .dest.domid = DOMID_SELF,
        .dest.offset = 64,
        .len = 16,
        .flags = GNTCOPY_source_gref,
    };

    check_eq("grant-copy", hc_grant_table_op(GNTTABOP_copy, &copy, 1), 0);
    check_eq("grant-copy-status", copy.status, GNTST_okay);
    check_hex("grant-copy-contents", to[8], page[0]);
    check_hex("grant-copy-length", to[10], 0);
    copy.len = 4096;
    hc_grant_table_op(GNTTABOP_copy, &copy, 1);
    check_eq("grant-copy-crosses-page", copy.status, GNTST_bad_copy_arg);
    copy.len = 16;
    copy.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    copy.dest.u.ref = REF_RO;
    copy.dest.domid = self;
    hc_grant_table_op(GNTTABOP_copy, &copy, 1);
    check_eq("grant-copy-into-readonly", copy.status, GNTST_general_error);
    mm_page_free(to);
}

static void check_errors(void)
{
    uint64_t *window = mm_page_alloc();
    grant_handle_t handle = 0;

    check_eq("grant-bad-ref",
             gnttab_map(self, 1000000, window, GNTMAP_host_map, &handle),
             GNTST_bad_gntref);
    check_eq("grant-empty-ref",
             gnttab_map(self, 40, window, GNTMAP_host_map, &handle),
             GNTST_general_error);
    check_eq("grant-bad-domain",
             gnttab_map(0x7000, REF_RW, window, GNTMAP_host_map, &handle),
             GNTST_bad_domain);
    check_eq("grant-bad-handle", gnttab_unmap(window, 0xffff),
             GNTST_bad_handle);
    check_eq("grant-unknown", hc_grant_table_op(99, NULL, 0), -XEN_ENOSYS);
    mm_page_free(window);
}

/* The frame can be anything again when nothing maps it any more. */
static void check_end(uint64_t *page)
{
    gnttab_end(REF_RW);
    gnttab_end(REF_RO);
    check_eq("grant-page-to-table", mm_set_readonly(page), 0);
    check_eq("grant-page-back", mm_set_writable(page), 0);
}

void pvbasic_grants(void)
{
    uint64_t *page = mm_page_alloc();

    self = gnttab_own_domid();
    check_table();
    check_map(page);
    check_readonly(page);
    check_copy(page);
    check_errors();
    check_end(page);
    mm_page_free(page);
}
