/* SPDX-License-Identifier: MIT */
/* Grants that need two domains: transitive ones, transfers, limits. */
#include "grants.h"

static const uint64_t mark = 0x1234567887654321;

/* -- transitive grants ----------------------------------------------------- */

static void check_refusals(domid_t domid)
{
    grant_handle_t handle = 0;

    check_eq("trans-map",
             gnttab_map(0, REF_TRANS, fx.window, GNTMAP_host_map, &handle),
             GNTST_general_error);
    check_eq("trans-map-readonly",
             gnttab_map(0, REF_TRANS, fx.window,
                        GNTMAP_host_map | GNTMAP_readonly, &handle),
             GNTST_general_error);
    grant_transitive(REF_TRANS, GTF_transitive | GTF_readonly, domid, 20);
    check_eq("trans-readonly-to", copy_to(REF_TRANS, 0, 8),
             GNTST_general_error);
    check_eq("trans-readonly-from", copy_from(REF_TRANS, 0, 8), GNTST_okay);
    grant_transitive(REF_TRANS, GTF_transitive, 0, REF_FULL);
    check_eq("trans-to-self", copy_from(REF_TRANS, 0, 8), GNTST_general_error);
    grant_transitive(REF_TRANS, GTF_transitive, 77, 20);
    check_eq("trans-to-nobody", copy_from(REF_TRANS, 0, 8),
             GNTST_general_error);
    grant_transitive(REF_TRANS, GTF_transitive, DOMID_SELF, 20);
    check_eq("trans-to-domid-self", copy_from(REF_TRANS, 0, 8),
             GNTST_general_error);
    grant_transitive(REF_TRANS, GTF_transitive, domid, 100000);
    check_eq("trans-bad-ref", copy_from(REF_TRANS, 0, 8), GNTST_bad_gntref);
    grant_transitive(REF_TRANS, GTF_transitive, domid, 21);
    check_eq("trans-empty-ref", copy_from(REF_TRANS, 0, 8),
             GNTST_general_error);
    check_hex("trans-status-after", gnttab_status(REF_TRANS), 0);
}

static void check_frame_of_other(domid_t domid)
{
    struct gnttab_copy op = {
        .source = {.u.gmfn = fx.mfn, .domid = DOMID_SELF},
        .dest = {.u.gmfn = puppet_mfn(), .domid = domid},
        .len = 8,
    };

    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-to-frame-of-other", op.status, GNTST_permission_denied);
    op.source.u.gmfn = ~0UL;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-bad-frame-to-other", op.status, GNTST_bad_page);
}

void grants_transitive(void)
{
    grant_handle_t handle = 0;
    domid_t domid;

    check_eq("puppet", puppet_create(4, 1, 2), 0);
    check_eq("puppet-prepare", puppet_prepare(), 0);
    domid = puppet_id();
    puppet_grant(20, GTF_permit_access, puppet_mfn());
    check_eq("foreign-map",
             gnttab_map(domid, 20, fx.window, GNTMAP_host_map, &handle),
             GNTST_okay);
    fx.window[0] = mark;
    check_eq("foreign-unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    grant_transitive(REF_TRANS, GTF_transitive, domid, 20);
    check_eq("trans-from", copy_from(REF_TRANS, 0, 8), GNTST_okay);
    check_eq("trans-to", copy_to(REF_TRANS, 8, 8), GNTST_okay);
    check_hex("trans-both-unused",
              gnttab_status(REF_TRANS) | puppet_entry(20)->flags,
              GTF_permit_access);
    grants_copy_transitive(domid);
    check_refusals(domid);
    check_frame_of_other(domid);
    check_eq("puppet-destroy", puppet_destroy(), 0);
}

/* -- transfers ------------------------------------------------------------- */

static int transfer(uint64_t mfn, domid_t domid, grant_ref_t ref)
{
    struct gnttab_transfer op = {
        .mfn = mfn, .domid = domid, .ref = ref, .status = 99};

    hc_grant_table_op(GNTTABOP_transfer, &op, 1);
    return op.status;
}

/* A page that nothing maps: what a transfer asks for. */
static uint64_t loose_page(void)
{
    uint64_t *page = mm_page_alloc();
    uint64_t mfn = mm_va_to_mfn(page);

    page[0] = mark;
    mm_map(page, 0, 0);
    return mfn;
}

static void check_transfer_to_self(void)
{
    uint64_t mfn = loose_page();
    grant_entry_v2_t *e = gnttab_entry_v2(REF_SPARE);

    grant_full(REF_SPARE, GTF_accept_transfer, 0x1234);
    check_eq("transfer-to-self", transfer(mfn, 0, REF_SPARE), GNTST_okay);
    check_hex("transfer-flags", e->hdr.flags,
              GTF_accept_transfer | GTF_transfer_committed |
                  GTF_transfer_completed);
    check_hex("transfer-frame", e->full_page.frame, mfn);
    check_hex("transfer-m2p", mm_mfn_to_pfn(mfn), 0x1234);
    check_eq("transfer-map",
             mm_map(fx.window, e->full_page.frame << PAGE_SHIFT, PTE_KERNEL_RW),
             0);
    check_hex("transfer-contents", fx.window[0], mark);
    mm_map(fx.window, 0, 0);
}

static void check_transfer_away(void)
{
    uint64_t mfn = loose_page();
    grant_handle_t handle = 0;

    puppet_grant(22, GTF_accept_transfer, 7);
    check_eq("transfer", transfer(mfn, puppet_id(), 22), GNTST_okay);
    check_hex("transfer-v1-flags", puppet_entry(22)->flags,
              GTF_accept_transfer | GTF_transfer_committed |
                  GTF_transfer_completed);
    check_hex("transfer-v1-frame", puppet_entry(22)->frame, mfn);
    check_true("transfer-not-ours",
               mm_map(fx.window, mfn << PAGE_SHIFT, PTE_KERNEL_RW) != 0, 0);
    puppet_grant(23, GTF_permit_access, mfn);
    check_eq("transferred-map",
             gnttab_map(puppet_id(), 23, fx.window, GNTMAP_host_map, &handle),
             GNTST_okay);
    check_hex("transferred-contents", fx.window[0], mark);
    gnttab_unmap(fx.window, handle);
    mfn = loose_page();
    puppet_grant(24, GTF_permit_access, 7);
    check_eq("transfer-not-accepted", transfer(mfn, puppet_id(), 24),
             GNTST_general_error);
    check_true("transfer-gone",
               mm_map(fx.window, mfn << PAGE_SHIFT, PTE_KERNEL_RW) != 0, 0);
    check_eq("transfer-no-domain", transfer(loose_page(), 77, 22),
             GNTST_bad_domain);
    check_eq("transfer-no-ref", transfer(loose_page(), puppet_id(), 100000),
             GNTST_general_error);
}

void grants_transfer(void)
{
    check_eq("transfer-mapped", transfer(fx.mfn, 0, REF_SPARE), GNTST_bad_page);
    check_eq("transfer-no-frame", transfer(~0UL, 0, REF_SPARE), GNTST_bad_page);
    check_eq("transfer-table", transfer(gnttab_frame(), 0, REF_SPARE),
             GNTST_bad_page);
    check_transfer_to_self();
    check_eq("puppet-2", puppet_create(4, 1, 1), 0);
    check_eq("puppet-2-prepare", puppet_prepare(), 0);
    check_transfer_away();
    check_eq("puppet-2-destroy", puppet_destroy(), 0);
}

/* -- batches --------------------------------------------------------------- */

#define BATCH 200

static uint64_t sum(const int16_t *status, unsigned int stride)
{
    uint64_t total = 0;

    for (unsigned int i = 0; i < BATCH; i++) {
        total += (uint64_t)(status[i * stride] != GNTST_okay);
    }
    return total;
}

void grants_batches(void)
{
    static struct gnttab_map_grant_ref map[BATCH];
    static struct gnttab_unmap_grant_ref unmap[BATCH];
    static uint64_t *l1;

    l1 = mm_page_alloc();
    check_eq("batch-table", mm_set_readonly(l1), 0);
    check_eq("batch-pin", mm_ext(MMUEXT_PIN_L1_TABLE, l1), 0);
    grant_full(REF_FULL, GTF_permit_access, fx.mfn);
    for (unsigned int i = 0; i < BATCH; i++) {
        map[i] = (struct gnttab_map_grant_ref){
            .host_addr = mm_va_to_maddr(&l1[i]),
            .flags = GNTMAP_host_map | GNTMAP_contains_pte |
                     GNTMAP_application_map | 5U << _GNTMAP_guest_avail0 |
                     (i % 2 != 0 ? GNTMAP_readonly : 0U),
            .ref = REF_FULL,
            .status = 99,
        };
    }
    check_eq("batch-map", hc_grant_table_op(GNTTABOP_map_grant_ref, map, BATCH),
             0);
    check_eq("batch-mapped", (int64_t)sum(&map[0].status, sizeof(map[0]) / 2),
             0);
    check_hex("batch-entry", (l1[0] & ~PTE_MFN_MASK) | PTE_ACCESSED,
              PTE_USER_RW | PTE_GLOBAL | 5U << 9 | PTE_NX);
    check_hex("batch-entry-readonly",
              (l1[1] & ~(PTE_MFN_MASK | PTE_DIRTY)) | PTE_ACCESSED,
              PTE_USER_RO | PTE_GLOBAL | 5U << 9 | PTE_NX);
    for (unsigned int i = 0; i < BATCH; i++) {
        unmap[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = map[i].host_addr, .handle = map[i].handle};
    }
    check_eq("batch-unmap",
             hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmap, BATCH), 0);
    check_eq("batch-unmapped",
             (int64_t)sum(&unmap[0].status, sizeof(unmap[0]) / 2), 0);
    check_hex("batch-status", gnttab_status(REF_FULL), 0);
    check_hex("batch-table-empty", l1[0] | l1[BATCH - 1], 0);
}

/* -- limits ---------------------------------------------------------------- */

static void check_one_limit(const char *name, int32_t frames, int32_t maptrack,
                            uint32_t opts, long want)
{
    long rc = puppet_create(frames, maptrack, opts);

    check_eq(name, rc, want);
    if (rc == 0) {
        puppet_destroy();
    }
}

static void check_resource(void)
{
    xen_pfn_t frames[4] = {0};

    check_eq("acquire-size", puppet_table_frame(0, 0, 0, NULL), 3);
    check_eq("acquire-status-size", puppet_table_frame(1, 0, 0, NULL), 1);
    check_eq("acquire-id", puppet_table_frame(2, 0, 1, frames), -XEN_EINVAL);
    check_eq("acquire-status", puppet_table_frame(1, 0, 1, frames),
             -XEN_EINVAL);
    check_eq("acquire", puppet_table_frame(0, 1, 2, frames), 0);
    check_true("acquire-frames", frames[0] != frames[1], frames[0]);
    check_eq("acquire-past-the-end", puppet_table_frame(0, 3, 1, frames),
             -XEN_EINVAL);
    check_eq("acquire-across-the-end", puppet_table_frame(0, 2, 2, frames),
             -XEN_EINVAL);
}

static void check_own_size(void)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_setup_table setup = {.dom = DOMID_SELF};
    static xen_pfn_t list[16];
    uint64_t frames[2] = {0, 0};
    struct gnttab_get_status_frames get = {.dom = DOMID_SELF, .nr_frames = 2};

    hc_grant_table_op(GNTTABOP_query_size, &size, 1);
    check_eq("size-max", size.max_nr_frames, 12);
    setup.nr_frames = 13;
    setup.frame_list.p = list;
    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    check_eq("setup-too-many", setup.status, GNTST_general_error);
    setup.nr_frames = 9;
    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    check_eq("setup", setup.status, GNTST_okay);
    get.frame_list.p = frames;
    hc_grant_table_op(GNTTABOP_get_status_frames, &get, 1);
    check_eq("setup-second-status-frame", get.status, GNTST_okay);
    check_true("setup-status-frames-differ", frames[0] != frames[1], frames[0]);
    hc_grant_table_op(GNTTABOP_query_size, &size, 1);
    check_eq("size", size.nr_frames, 9);
}

/* A frame of the puppet is ours to flush only while we have it mapped. */
static void check_foreign_flush(void)
{
    struct gnttab_cache_flush op = {.a.dev_bus_addr = puppet_mfn()
                                                      << PAGE_SHIFT,
                                    .length = 64,
                                    .op = GNTTAB_CACHE_CLEAN};
    grant_handle_t handle = 0;

    check_eq("flush-foreign", hc_grant_table_op(GNTTABOP_cache_flush, &op, 1),
             -XEN_EINVAL);
    gnttab_map(puppet_id(), 8, fx.window, GNTMAP_host_map, &handle);
    check_eq("flush-granted", hc_grant_table_op(GNTTABOP_cache_flush, &op, 1),
             0);
    gnttab_unmap(fx.window, handle);
}

/* Every handle that dom0 may have. */
static void check_handles(void)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = 0};
    static grant_handle_t handles[300];
    unsigned int count = 0;
    int status;

    puppet_create(1, 0, 1);
    puppet_prepare();
    for (unsigned int i = 0; i < 256; i++) {
        puppet_grant(8 + i, GTF_permit_access, puppet_mfn());
    }
    check_foreign_flush();
    do {
        status = gnttab_map(puppet_id(), 8 + count % 256, NULL,
                            GNTMAP_device_map, &handles[count]);
        count += status == GNTST_okay;
    } while (status == GNTST_okay && count < 300);
    /* Xen keeps one of the 256 to itself. */
    check_either("handles", count, 255, 256);
    check_eq("handles-all-used", status, GNTST_no_space);
    check_eq("handles-destroy", puppet_destroy(), 0);
    unmap.dev_bus_addr = puppet_mfn() << PAGE_SHIFT;
    for (unsigned int i = 0; i < count; i++) {
        unmap.handle = handles[i];
        hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
        if (unmap.status != GNTST_okay) {
            check_eq("handles-unmap-of-the-dead", unmap.status, GNTST_okay);
        }
    }
}

/* The command line says: gnttab_max_frames=12 gnttab_max_maptrack_frames=1. */
void grants_limits(void)
{
    check_one_limit("limit-default", -1, -1, 2, 0);
    check_one_limit("limit-most", 12, 1, 1, 0);
    check_one_limit("limit-frames", 13, 1, 1, -XEN_EINVAL);
    check_one_limit("limit-no-frames", 0, 1, 1, -XEN_EINVAL);
    check_one_limit("limit-maptrack", 1, 2, 1, -XEN_EINVAL);
    check_one_limit("limit-no-maptrack", 1, 0, 1, 0);
    check_one_limit("limit-version-0", 1, 1, 0, -XEN_EINVAL);
    check_one_limit("limit-version-3", 1, 1, 3, -XEN_EINVAL);
    check_one_limit("limit-unknown-option", 1, 1, 0x11, -XEN_EINVAL);
    check_eq("limit-puppet", puppet_create(3, 1, 1), 0);
    check_resource();
    puppet_destroy();
    check_own_size();
    check_handles();
}
