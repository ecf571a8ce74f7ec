/* SPDX-License-Identifier: MIT */
/* Grant calls with bad references, addresses, handles and sizes. */
#include "check.h"
#include "denials.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"

#define REF_DATA  10
#define REF_TABLE 11
#define REF_HV    12
#define NO_DOMAIN 77

static domid_t self;

static int map(grant_ref_t ref, uint64_t host_addr, uint32_t flags)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = host_addr,
        .flags = flags,
        .ref = ref,
        .dom = self,
    };

    hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
    return op.status;
}

static void check_map(void)
{
    uint64_t window = (uint64_t)fx.window;

    check_eq("grant-map-empty-ref", map(500, window, GNTMAP_host_map),
             GNTST_general_error);
    check_eq("grant-map-far-ref", map(0xffffffff, window, GNTMAP_host_map),
             GNTST_bad_gntref);
    check_eq("grant-map-no-kind", map(REF_DATA, window, 0), GNTST_bad_gntref);
    check_eq("grant-map-table-writable",
             map(REF_TABLE, window, GNTMAP_host_map), GNTST_general_error);
    check_eq("grant-map-hypervisor-frame", map(REF_HV, window, GNTMAP_host_map),
             GNTST_bad_page);
    check_eq("grant-map-no-table-at-va",
             map(REF_DATA, 0x12345000, GNTMAP_host_map), GNTST_general_error);
    check_eq("grant-map-at-hypervisor",
             map(REF_DATA, HYPERVISOR_VIRT_START, GNTMAP_host_map),
             GNTST_general_error);
}

/* contains_pte: the entry named must be one of an L1 of ours. */
static void check_map_pte(void)
{
    uint32_t flags = GNTMAP_host_map | GNTMAP_contains_pte;

    check_eq("grant-map-pte-unaligned",
             map(REF_DATA, mm_va_to_maddr(&fx.l1[40]) + 4, flags),
             GNTST_general_error);
    check_eq("grant-map-pte-in-data",
             map(REF_DATA, mm_va_to_maddr(fx.data), flags),
             GNTST_general_error);
    check_eq("grant-map-pte-in-l2",
             map(REF_DATA, mm_va_to_maddr(&fx.l2[40]), flags),
             GNTST_general_error);
    check_eq("grant-map-pte-in-hypervisor",
             map(REF_DATA, fx.hypervisor_mfn << PAGE_SHIFT, flags),
             GNTST_general_error);
}

static void check_unmap(void)
{
    grant_handle_t handle = 0;
    uint64_t *other = mm_page_alloc();

    mm_map(fx.window, 0, 0);
    check_eq("grant-map",
             gnttab_map(self, REF_DATA, fx.window, GNTMAP_host_map, &handle),
             GNTST_okay);
    check_eq("grant-unmap-wrong-address", gnttab_unmap(other, handle),
             GNTST_general_error);
    check_eq("grant-unmap-bad-handle", gnttab_unmap(fx.window, 0x7fffffff),
             GNTST_bad_handle);
    check_eq("grant-unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    mm_map(fx.window, fx.window_maddr, PTE_KERNEL_RW);
    mm_page_free(other);
}

static int copy(struct gnttab_copy op)
{
    op.status = 99;
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    return op.status;
}

static void check_copy(void)
{
    struct gnttab_copy op = {
        .source.u.gmfn = mm_va_to_mfn(fx.data),
        .source.domid = DOMID_SELF,
        .dest.u.gmfn = mm_va_to_mfn(fx.l1),
        .dest.domid = DOMID_SELF,
        .len = 8,
    };

    check_eq("grant-copy-into-table", copy(op), GNTST_general_error);
    op.dest.u.gmfn = mm_va_to_mfn(fx.descriptors);
    check_eq("grant-copy-into-gdt", copy(op), GNTST_general_error);
    op.dest.u.gmfn = fx.hypervisor_mfn;
    check_eq("grant-copy-into-hypervisor", copy(op), GNTST_bad_page);
    op.dest.u.gmfn = mm_va_to_mfn(fx.data);
    op.source.u.gmfn = fx.hypervisor_mfn;
    check_eq("grant-copy-from-hypervisor", copy(op), GNTST_bad_page);
    op.source.u.gmfn = mm_va_to_mfn(fx.data);
    op.source.offset = 4090;
    check_eq("grant-copy-crosses-page", copy(op), GNTST_bad_copy_arg);
    op.source.offset = 0;
    op.dest.domid = NO_DOMAIN;
    check_eq("grant-copy-no-domain", copy(op), GNTST_bad_domain);
}

static void check_setup(void)
{
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 100000};
    struct gnttab_set_version version = {.version = 3};
    static xen_pfn_t frames[4];

    setup.frame_list.p = frames;
    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    check_eq("grant-setup-too-many", setup.status, GNTST_general_error);
    setup.nr_frames = 1;
    setup.dom = NO_DOMAIN;
    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    check_eq("grant-setup-no-domain", setup.status, GNTST_bad_domain);
    check_eq("grant-version-3",
             hc_grant_table_op(GNTTABOP_set_version, &version, 1), -XEN_EINVAL);
    check_eq("grant-op-unknown", hc_grant_table_op(77, NULL, 0), -XEN_ENOSYS);
    check_eq("grant-op-bad-pointer",
             hc_grant_table_op(GNTTABOP_map_grant_ref,
                               (void *)HYPERVISOR_VIRT_START, 1),
             -XEN_EFAULT);
    check_eq("grant-op-negative-count",
             hc_grant_table_op(GNTTABOP_map_grant_ref, &setup, 0x80000000),
             -XEN_EINVAL);
}

void denials_grants(void)
{
    self = gnttab_own_domid();
    gnttab_grant(REF_DATA, self, mm_va_to_mfn(fx.data), false);
    gnttab_grant(REF_TABLE, self, mm_va_to_mfn(fx.l1), false);
    gnttab_grant(REF_HV, self, fx.hypervisor_mfn, false);
    check_map();
    check_map_pte();
    check_unmap();
    check_copy();
    check_setup();
}
