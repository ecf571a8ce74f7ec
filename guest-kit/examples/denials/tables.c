/* SPDX-License-Identifier: MIT */
/* Entries of L2, L3 and L4 tables in use. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"

#define FREE_SLOT 7

static uint64_t hypervisor_entry(uint64_t flags)
{
    return (fx.hypervisor_mfn << PAGE_SHIFT) | flags;
}

static void check_l2(void)
{
    const uint64_t *slot = &fx.l2[FREE_SLOT];

    deny_entry("l2-l1", slot, fixture_entry(fx.loose_l1, PTE_TABLE), 0);
    deny_entry("l2-superpage", slot,
               fixture_entry(fx.data, PTE_TABLE | PTE_PSE), -XEN_EINVAL);
    deny_entry("l2-superpage-of-l1", slot,
               fixture_entry(fx.loose_l1, PTE_TABLE | PTE_PSE), -XEN_EINVAL);
    deny_entry("l2-data-page", slot, fixture_entry(fx.data, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l2-l3", slot, fixture_entry(fx.l3, PTE_TABLE), -XEN_EINVAL);
    deny_entry("l2-l4", slot, fixture_entry(fx.l4, PTE_TABLE), -XEN_EINVAL);
    deny_entry("l2-gdt", slot, fixture_entry(fx.descriptors, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l2-hypervisor", slot, hypervisor_entry(PTE_TABLE), -XEN_EINVAL);
    deny_entry("l2-global", slot,
               fixture_entry(fx.loose_l1, PTE_TABLE | PTE_GLOBAL), -XEN_EINVAL);
    deny_entry("l2-avail-bits", slot,
               fixture_entry(fx.loose_l1, PTE_TABLE | PTE_AVAIL), 0);
    deny_entry("l2-self-writable", slot, fixture_entry(fx.l2, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l2-not-present", slot, 0, 0);
}

static void check_l3(void)
{
    const uint64_t *slot = &fx.l3[FREE_SLOT];

    deny_entry("l3-l2", slot, fixture_entry(fx.l2, PTE_TABLE), 0);
    deny_entry("l3-superpage", slot,
               fixture_entry(fx.data, PTE_TABLE | PTE_PSE), -XEN_EINVAL);
    deny_entry("l3-data-page", slot, fixture_entry(fx.data, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l3-l1", slot, fixture_entry(fx.loose_l1, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l3-l4", slot, fixture_entry(fx.l4, PTE_TABLE), -XEN_EINVAL);
    deny_entry("l3-hypervisor", slot, hypervisor_entry(PTE_TABLE), -XEN_EINVAL);
    deny_entry("l3-global", slot, fixture_entry(fx.l2, PTE_TABLE | PTE_GLOBAL),
               -XEN_EINVAL);
    deny_entry("l3-self-writable", slot, fixture_entry(fx.l3, PTE_TABLE),
               -XEN_EINVAL);
}

static void check_l4(void)
{
    const uint64_t *slot = &fx.l4[FREE_SLOT];

    deny_entry("l4-l3", slot, fixture_entry(fx.l3, PTE_TABLE), 0);
    deny_entry("l4-superpage", slot, fixture_entry(fx.l3, PTE_TABLE | PTE_PSE),
               -XEN_EINVAL);
    deny_entry("l4-data-page", slot, fixture_entry(fx.data, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l4-l2", slot, fixture_entry(fx.l2, PTE_TABLE), -XEN_EINVAL);
    deny_entry("l4-l1", slot, fixture_entry(fx.l1, PTE_TABLE), -XEN_EINVAL);
    deny_entry("l4-hypervisor", slot, hypervisor_entry(PTE_TABLE), -XEN_EINVAL);
    deny_entry("l4-global", slot, fixture_entry(fx.l3, PTE_TABLE | PTE_GLOBAL),
               -XEN_EINVAL);
    deny_entry("l4-self-writable", slot, fixture_entry(fx.l4, PTE_TABLE),
               -XEN_EINVAL);
    deny_entry("l4-last-slot", &fx.l4[511], fixture_entry(fx.l3, PTE_TABLE), 0);
    deny_entry("l4-slot-272", &fx.l4[272], fixture_entry(fx.l3, PTE_TABLE), 0);
    deny_entry("l4-slot-255", &fx.l4[255], fixture_entry(fx.l3, PTE_TABLE), 0);
}

/* The hypervisor's own slots: not even cleared. */
static void check_hypervisor_slots(void)
{
    unsigned int slot;

    for (slot = 256; slot <= 271; slot++) {
        deny_entry("l4-hypervisor-slot-set", &fx.l4[slot],
                   fixture_entry(fx.l3, PTE_TABLE), -XEN_EINVAL);
        deny_entry("l4-hypervisor-slot-clear", &fx.l4[slot], 0, -XEN_EINVAL);
    }
    deny_entry("l4-hypervisor-slot-live-root", &mm_root()[256], 0, -XEN_EINVAL);
}

/*
 * Read-only entries of a table in itself: Xen's pv-linear-pt allows them by
 * default, xen-lite never does.
 */
static void check_linear(void)
{
    const uint64_t ro = PTE_PRESENT | PTE_USER | PTE_ACCESSED;
    int64_t rc = mm_write_entry(&fx.l4[FREE_SLOT], fixture_entry(fx.l4, ro));

    check_either("l4-linear-readonly", rc, 0, -XEN_EINVAL);
    mm_write_entry(&fx.l4[FREE_SLOT], 0);
    rc = mm_write_entry(&fx.l2[FREE_SLOT], fixture_entry(fx.l2, ro));
    check_either("l2-linear-readonly", rc, 0, -XEN_EINVAL);
    mm_write_entry(&fx.l2[FREE_SLOT], 0);
}

void denials_tables(void)
{
    check_l2();
    check_l3();
    check_l4();
    check_hypervisor_slots();
    check_linear();
}
