/* SPDX-License-Identifier: MIT */
/* Versions of the table: what each can, and the way from one to the other. */
#include "grants.h"

#define USED (GTF_reading | GTF_writing)

static long set_version(uint32_t version)
{
    struct gnttab_set_version set = {.version = version};

    return hc_grant_table_op(GNTTABOP_set_version, &set, 1);
}

static uint32_t get_version(domid_t domid, long *rc)
{
    struct gnttab_get_version get = {.dom = domid, .version = 77};

    *rc = hc_grant_table_op(GNTTABOP_get_version, &get, 1);
    return get.version;
}

/* The status, or the error of the call. */
static long status_frames(domid_t domid, uint32_t count, uint64_t *frames)
{
    struct gnttab_get_status_frames get = {
        .dom = domid, .nr_frames = count, .status = 99};
    long rc;

    get.frame_list.p = frames;
    rc = hc_grant_table_op(GNTTABOP_get_status_frames, &get, 1);
    return rc != 0 ? rc : get.status;
}

static int map(grant_ref_t ref, uint32_t flags, grant_handle_t *handle)
{
    return gnttab_map(0, ref, fx.window, GNTMAP_host_map | flags, handle);
}

/* -- version 1 ------------------------------------------------------------- */

static void check_counts(void)
{
    struct gnttab_set_version set = {.version = 1};
    struct gnttab_get_version get = {.dom = DOMID_SELF};
    uint64_t frames[2];

    check_eq("set-count-0", hc_grant_table_op(GNTTABOP_set_version, &set, 0),
             0);
    check_eq("set-count-2", hc_grant_table_op(GNTTABOP_set_version, &set, 2),
             0);
    check_eq("get-count-0", hc_grant_table_op(GNTTABOP_get_version, &get, 0),
             0);
    check_eq("status-frames-count-2",
             hc_grant_table_op(GNTTABOP_get_status_frames, frames, 2),
             -XEN_EINVAL);
    check_eq("command-with-progress",
             hc_grant_table_op(GNTTABOP_get_version | 0x1000, &get, 1),
             -XEN_EINVAL);
}

/* Flags that only version 2 gives a meaning to. */
static void check_v1_flags(void)
{
    grant_handle_t handle = 0;

    gnttab_grant(REF_SUB, 0, fx.mfn, false);
    check_eq("v1-plain-copy", copy_from(REF_SUB, 0, 8), GNTST_okay);
    gnttab_end(REF_SUB);
    for (uint16_t bit = GTF_PWT; bit <= GTF_sub_page; bit <<= 1) {
        struct gnttab_unmap_grant_ref unmap = {.host_addr =
                                                   (uint64_t)fx.window};
        grant_entry_v1_t *e =
            (grant_entry_v1_t *)(void *)gnttab_entry_v2(0) + REF_SUB;
        int want = bit == GTF_sub_page ? GNTST_general_error : GNTST_okay;

        e->frame = (uint32_t)fx.mfn;
        e->flags = (uint16_t)(GTF_permit_access | bit);
        check_eq("v1-flag-map", map(REF_SUB, 0, &handle), want);
        if (want == GNTST_okay) {
            check_hex("v1-flag-entry", mm_pte(fx.window) & (PTE_PWT | PTE_PCD),
                      0);
            unmap.handle = handle;
            hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
        }
        check_eq("v1-flag-copy", copy_from(REF_SUB, 0, 8), GNTST_okay);
        e->flags = 0;
    }
}

static void check_unmap_addresses(void)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = 0};
    grant_handle_t handle = 0;

    gnttab_grant(REF_FULL, 0, fx.mfn, false);
    check_eq("unmap-map", map(REF_FULL, 0, &handle), GNTST_okay);
    unmap.handle = handle;
    unmap.dev_bus_addr = 0x1000;
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("unmap-other-bus-address", unmap.status, GNTST_okay);
    unmap.dev_bus_addr = fx.mfn << PAGE_SHIFT;
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("unmap-bus-address-of-host-map", unmap.status, GNTST_okay);
    unmap.dev_bus_addr = 0;
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("unmap-nothing", unmap.status, GNTST_okay);
    check_eq("unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    gnttab_end(REF_FULL);
}

static void check_device_map(void)
{
    struct gnttab_unmap_grant_ref unmap = {.dev_bus_addr = 0x1000};

    gnttab_grant(REF_FULL, 0, fx.mfn, false);
    check_eq("device-map",
             gnttab_map(0, REF_FULL, NULL, GNTMAP_device_map, &unmap.handle),
             GNTST_okay);
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("device-unmap-other", unmap.status, GNTST_bad_dev_addr);
    unmap.dev_bus_addr = fx.mfn << PAGE_SHIFT;
    unmap.host_addr = 0x1000;
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("device-unmap", unmap.status, GNTST_okay);
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    check_eq("device-unmap-twice", unmap.status, GNTST_bad_handle);
    check_hex("device-unused", gnttab_flags(REF_FULL), GTF_permit_access);
    gnttab_end(REF_FULL);
}

/* Which of two faults a copy with both is told. */
static void check_copy_order(void)
{
    struct gnttab_copy op = {
        .source = {.u.ref = 100000, .domid = 0, .offset = 4090},
        .dest = {.u.gmfn = fx.mfn, .domid = 77},
        .len = 100,
        .flags = GNTCOPY_source_gref,
    };

    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-dest-frame-of-nobody", op.status, GNTST_bad_domain);
    op.dest.domid = 0;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-dest-own-frame-by-number", op.status, GNTST_bad_gntref);
    op.source = op.dest;
    op.flags = 0;
    op.len = 8;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-own-frames-by-number", op.status, GNTST_permission_denied);
    op.source.domid = DOMID_SELF;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-own-frame-to-number", op.status, GNTST_permission_denied);
    op.source.u.ref = 100000;
    op.source.domid = 0;
    op.source.offset = 4090;
    op.len = 100;
    op.flags = GNTCOPY_source_gref;
    op.dest.domid = 77;
    op.flags |= GNTCOPY_dest_gref;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-dest-no-domain", op.status, GNTST_bad_domain);
    op.flags = GNTCOPY_source_gref;
    op.dest.domid = DOMID_SELF;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-bad-ref-and-length", op.status, GNTST_bad_gntref);
    op.flags = 0;
    op.source.domid = DOMID_SELF;
    op.source.u.gmfn = fx.mfn;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    check_eq("copy-length", op.status, GNTST_bad_copy_arg);
}

static void check_cache_flush(void)
{
    static const struct {
        const char *name;
        uint32_t op;
        uint16_t offset, length;
        bool none;
        int want;
    } c[] = {
        {"flush-clean", GNTTAB_CACHE_CLEAN, 0, 64, false, 0},
        {"flush-both", 3, 64, 4032, false, 0},
        {"flush-invalidate", GNTTAB_CACHE_INVAL, 0, 64, false, -XEN_EOPNOTSUPP},
        {"flush-nothing", 0, 0, 64, false, 0},
        {"flush-no-length", 3, 0, 0, false, 0},
        {"flush-offset", 1, 4096, 0, false, -XEN_EINVAL},
        {"flush-end", 1, 4000, 97, false, -XEN_EINVAL},
        {"flush-unknown", 4, 0, 64, false, -XEN_EINVAL},
        {"flush-by-ref", GNTTAB_CACHE_SOURCE_GREF | 1, 0, 64, false,
         -XEN_EINVAL},
        {"flush-no-frame", 1, 0, 64, true, -XEN_EINVAL},
    };

    for (unsigned int i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        struct gnttab_cache_flush op = {
            .a.dev_bus_addr = c[i].none ? ~0UL >> 12 : fx.mfn << PAGE_SHIFT,
            .offset = c[i].offset,
            .length = c[i].length,
            .op = c[i].op,
        };

        check_eq(c[i].name, hc_grant_table_op(GNTTABOP_cache_flush, &op, 1),
                 c[i].want);
    }
}

void grants_version1(void)
{
    struct gnttab_dump_table dump = {.dom = DOMID_SELF};
    uint64_t frames[2] = {0, 0};
    long rc;

    check_eq("version-at-start", get_version(DOMID_SELF, &rc), 1);
    check_eq("version-of-nobody", (get_version(77, &rc), rc), -XEN_ESRCH);
    check_eq("v1-status-frames-0", status_frames(DOMID_SELF, 0, frames),
             GNTST_okay);
    check_eq("v1-status-frames-1", status_frames(DOMID_SELF, 1, frames),
             GNTST_general_error);
    check_eq("dump", hc_grant_table_op(GNTTABOP_dump_table, &dump, 1),
             -XEN_ENOSYS);
    check_counts();
    check_v1_flags();
    check_unmap_addresses();
    check_device_map();
    check_copy_order();
    check_cache_flush();
}

/* -- between versions ------------------------------------------------------ */

/* A reserved entry may be mapped all the while. */
static void check_reserved(void)
{
    grant_handle_t handle = 0;

    gnttab_grant(REF_RESERVED, 0, fx.mfn, false);
    gnttab_grant(REF_FULL, 0, fx.mfn, false);
    check_eq("reserved-map", map(REF_RESERVED, 0, &handle), GNTST_okay);
    check_eq("to-2", gnttab_set_version(2), 0);
    check_hex("reserved-flags", gnttab_entry_v2(REF_RESERVED)->hdr.flags,
              GTF_permit_access);
    check_hex("reserved-frame", gnttab_entry_v2(REF_RESERVED)->full_page.frame,
              fx.mfn);
    check_hex("reserved-status", gnttab_status(REF_RESERVED), USED);
    check_hex("others-are-cleared", gnttab_entry_v2(REF_FULL)->hdr.flags, 0);
    check_hex("still-mapped", fx.window[0], fx.page[0]);
    check_eq("back-to-1", gnttab_set_version(1), 0);
    check_hex("reserved-back", gnttab_flags(REF_RESERVED),
              GTF_permit_access | USED);
    check_eq("reserved-unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    check_hex("reserved-unused", gnttab_flags(REF_RESERVED), GTF_permit_access);
    gnttab_end(REF_RESERVED);
}

static void check_unfit(void)
{
    check_eq("unfit-to-2", gnttab_set_version(2), 0);
    grant_full(REF_RESERVED, GTF_permit_access, 1UL << 32);
    check_eq("unfit-frame", set_version(1), -XEN_ERANGE);
    grant_transitive(REF_RESERVED, GTF_transitive, 5, 5);
    check_eq("unfit-transitive", set_version(1), -XEN_ERANGE);
    grant_full(REF_RESERVED, GTF_accept_transfer, 5);
    check_eq("status-frame-mapped", set_version(1), -XEN_EBUSY);
    check_eq("unfit-accept", gnttab_set_version(1), 0);
    check_hex("unfit-accept-cleared", gnttab_flags(REF_RESERVED), 0);
}

static void check_busy(void)
{
    grant_handle_t handle = 0;

    gnttab_grant(REF_FULL, 0, fx.mfn, false);
    map(REF_FULL, GNTMAP_readonly, &handle);
    check_eq("busy", set_version(2), -XEN_EBUSY);
    check_eq("busy-same", set_version(1), 0);
    gnttab_unmap(fx.window, handle);
    gnttab_end(REF_FULL);
}

/* setup_table tells of its list in the same way. */
static void check_lists(void)
{
    struct gnttab_setup_table op = {
        .dom = DOMID_SELF, .nr_frames = 1, .status = 99};

    op.frame_list.p = (void *)HYPERVISOR_VIRT_START;
    check_eq("setup-hypervisors-list",
             hc_grant_table_op(GNTTABOP_setup_table, &op, 1), -XEN_EFAULT);
    check_eq("setup-no-status", op.status, 99);
    op.frame_list.p = (void *)4096;
    hc_grant_table_op(GNTTABOP_setup_table, &op, 1);
    check_eq("setup-bad-list", op.status, GNTST_bad_virt_addr);
}

void grants_switch(void)
{
    uint64_t frames[2] = {0, 0};
    long rc;

    check_eq("set-0", set_version(0), -XEN_EINVAL);
    check_eq("set-3", set_version(3), -XEN_EINVAL);
    check_busy();
    check_reserved();
    check_unfit();
    check_eq("set-2", gnttab_set_version(2), 0);
    check_eq("set-2-again", set_version(2), 0);
    check_eq("version-2", get_version(DOMID_SELF, &rc), 2);
    check_eq("status-frames-1", status_frames(DOMID_SELF, 1, frames),
             GNTST_okay);
    check_true("status-frame", frames[0] != 0, 0);
    check_eq("status-frames-2", status_frames(DOMID_SELF, 2, frames),
             GNTST_general_error);
    check_eq("status-frames-of-nobody", status_frames(77, 1, frames),
             GNTST_bad_domain);
    check_eq("status-frames-hypervisors-list",
             status_frames(DOMID_SELF, 1, (void *)HYPERVISOR_VIRT_START),
             -XEN_EFAULT);
    check_eq("status-frames-bad-list",
             status_frames(DOMID_SELF, 1, (void *)4096), GNTST_bad_virt_addr);
    check_lists();
}

/* -- version 2 ------------------------------------------------------------- */

static void check_full_page(void)
{
    grant_handle_t handle = 0;

    grant_full(REF_FULL, GTF_permit_access, fx.mfn);
    check_eq("v2-map", map(REF_FULL, 0, &handle), GNTST_okay);
    fx.window[3] = 0x2222;
    check_hex("v2-map-writes", fx.page[3], 0x2222);
    check_hex("v2-flags-stay", gnttab_entry_v2(REF_FULL)->hdr.flags,
              GTF_permit_access);
    check_hex("v2-status", gnttab_status(REF_FULL), USED);
    check_eq("v2-busy", set_version(1), -XEN_EBUSY);
    check_eq("v2-unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    check_hex("v2-status-clear", gnttab_status(REF_FULL), 0);
    check_eq("v2-map-readonly", map(REF_FULL, GNTMAP_readonly, &handle),
             GNTST_okay);
    check_hex("v2-status-reading", gnttab_status(REF_FULL), GTF_reading);
    check_eq("v2-unmap-readonly", gnttab_unmap(fx.window, handle), GNTST_okay);
    grant_full(REF_FULL, GTF_permit_access | GTF_readonly, fx.mfn);
    check_eq("v2-readonly", map(REF_FULL, 0, &handle), GNTST_general_error);
    check_eq("v2-readonly-copy-to", copy_to(REF_FULL, 0, 8),
             GNTST_general_error);
    check_hex("v2-status-refused", gnttab_status(REF_FULL), 0);
    grant_full(REF_FULL, GTF_permit_access, fx.mfn | 1UL << 32);
    check_eq("v2-frame-too-large", map(REF_FULL, 0, &handle), GNTST_bad_page);
    check_hex("v2-status-bad-page", gnttab_status(REF_FULL), 0);
    check_eq("v2-last-ref", map(255, 0, &handle), GNTST_general_error);
    check_eq("v2-past-the-end", map(256, 0, &handle), GNTST_bad_gntref);
}

static void check_sub_page(void)
{
    grant_handle_t handle = 0;

    fx.page[16] = 0x5a5a;
    grant_sub(REF_SUB, GTF_permit_access | GTF_sub_page, fx.mfn, 128, 64);
    check_eq("sub-map", map(REF_SUB, 0, &handle), GNTST_general_error);
    check_eq("sub-copy", copy_from(REF_SUB, 128, 64), GNTST_okay);
    check_eq("sub-copy-none", copy_from(REF_SUB, 192, 0), GNTST_okay);
    check_eq("sub-copy-before", copy_from(REF_SUB, 127, 8),
             GNTST_general_error);
    check_eq("sub-copy-after", copy_from(REF_SUB, 128, 65),
             GNTST_general_error);
    check_eq("sub-copy-page-end", copy_from(REF_SUB, 4090, 100),
             GNTST_bad_copy_arg);
    check_eq("sub-copy-to", copy_to(REF_SUB, 136, 8), GNTST_okay);
    check_eq("sub-copy-to-before", copy_to(REF_SUB, 0, 8), GNTST_general_error);
    check_hex("sub-status", gnttab_status(REF_SUB), 0);
    grant_sub(REF_SUB, GTF_permit_access | GTF_sub_page, fx.mfn, 0xfff0,
              0xffff);
    check_eq("sub-wrapped", copy_from(REF_SUB, 0, 8), GNTST_general_error);
    grant_sub(REF_SUB, GTF_permit_access | GTF_sub_page, fx.mfn, 4000, 0xffff);
    check_eq("sub-long", copy_from(REF_SUB, 4000, 96), GNTST_okay);
}

static void check_swap(void)
{
    struct gnttab_swap_grant_ref swap = {.ref_a = REF_FULL, .ref_b = REF_SPARE};

    grant_full(REF_FULL, GTF_permit_access, fx.mfn);
    grant_full(REF_SPARE, 0, 0);
    hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    check_eq("swap", swap.status, GNTST_okay);
    check_hex("swap-moved", gnttab_entry_v2(REF_SPARE)->full_page.frame,
              fx.mfn);
    check_hex("swap-left", gnttab_entry_v2(REF_FULL)->hdr.flags, 0);
    swap.ref_b = 256;
    hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    check_eq("swap-past-the-end", swap.status, GNTST_bad_gntref);
}

void grants_version2(void)
{
    check_full_page();
    check_sub_page();
    check_swap();
}
