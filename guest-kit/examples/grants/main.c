/* SPDX-License-Identifier: MIT */
/*
 * Grant tables as a whole: both versions and the way between them, parts of
 * pages, transitive grants, transfers, batches, limits.
 */
#include "grants.h"

#include "start.h"

struct fixture fx;

void grant_v2(grant_ref_t ref, uint16_t flags, grant_entry_v2_t entry)
{
    grant_entry_v2_t *e = gnttab_entry_v2(ref);

    entry.hdr.flags = 0;
    *e = entry;
    __atomic_store_n(&e->hdr.flags, flags, __ATOMIC_SEQ_CST);
}

void grant_full(grant_ref_t ref, uint16_t flags, uint64_t frame)
{
    grant_entry_v2_t entry = {.full_page = {.frame = frame}};

    grant_v2(ref, flags, entry);
}

void grant_sub(grant_ref_t ref, uint16_t flags, uint64_t frame, uint16_t offset,
               uint16_t length)
{
    grant_entry_v2_t entry = {
        .sub_page = {.page_off = offset, .length = length, .frame = frame}};

    grant_v2(ref, flags, entry);
}

void grant_transitive(grant_ref_t ref, uint16_t flags, domid_t domid,
                      grant_ref_t to)
{
    grant_entry_v2_t entry = {.transitive = {.trans_domid = domid, .gref = to}};

    grant_v2(ref, flags, entry);
}

int copy_from(grant_ref_t ref, uint16_t offset, uint16_t len)
{
    struct gnttab_copy op = {
        .source = {.u.ref = ref, .domid = 0, .offset = offset},
        .dest = {.u.gmfn = fx.window_maddr >> PAGE_SHIFT, .domid = DOMID_SELF},
        .len = len,
        .flags = GNTCOPY_source_gref,
        .status = 99,
    };

    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    return op.status;
}

int copy_to(grant_ref_t ref, uint16_t offset, uint16_t len)
{
    struct gnttab_copy op = {
        .source = {.u.gmfn = fx.window_maddr >> PAGE_SHIFT,
                   .domid = DOMID_SELF},
        .dest = {.u.ref = ref, .domid = 0, .offset = offset},
        .len = len,
        .flags = GNTCOPY_dest_gref,
        .status = 99,
    };

    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    return op.status;
}

void guest_main(void)
{
    check_eq("table", gnttab_init(), 0);
    fx.page = mm_page_alloc();
    fx.mfn = mm_va_to_mfn(fx.page);
    fx.window = mm_page_alloc();
    fx.window_maddr = mm_va_to_maddr(fx.window);
    check_eq("window", mm_map(fx.window, 0, 0), 0);
    grants_version1();
    grants_replace();
    grants_switch();
    grants_version2();
    grants_copy_sub_page();
    grants_transitive();
    grants_transfer();
    grants_batches();
    grants_limits();
    check_finish(SHUTDOWN_reboot);
}
