/* SPDX-License-Identifier: MIT */
/* Pages that must not become tables because of one entry in them. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"

#define LAST_SLOT 511

static uint64_t *page;

/* A table of @level with @value in @slot: the pin says @want. */
static void check_pin(const char *name, unsigned int cmd, unsigned int slot,
                      uint64_t value, int64_t want)
{
    int64_t rc;

    page[slot] = value;
    if (mm_set_readonly(page) != 0) {
        check_true(name, false, 0);
        return;
    }
    rc = mm_ext(cmd, page);
    check_eq(name, rc, want);
    if (rc == 0) {
        mm_ext(MMUEXT_UNPIN_TABLE, page);
    }
    check_eq("promotion-page-back", mm_set_writable(page), 0);
    page[slot] = 0;
}

static void check_l1(void)
{
    check_pin("promote-l1-empty", MMUEXT_PIN_L1_TABLE, LAST_SLOT, 0, 0);
    check_pin("promote-l1-good", MMUEXT_PIN_L1_TABLE, LAST_SLOT,
              fixture_entry(fx.data, PTE_USER_RW), 0);
    check_pin("promote-l1-maps-table-writable", MMUEXT_PIN_L1_TABLE, LAST_SLOT,
              fixture_entry(fx.l2, PTE_USER_RW), -XEN_EBUSY);
    check_pin("promote-l1-maps-itself-writable", MMUEXT_PIN_L1_TABLE, LAST_SLOT,
              fixture_entry(page, PTE_USER_RW), -XEN_EBUSY);
    check_pin("promote-l1-maps-itself-readonly", MMUEXT_PIN_L1_TABLE, LAST_SLOT,
              fixture_entry(page, PTE_USER_RO), 0);
    check_pin("promote-l1-maps-hypervisor", MMUEXT_PIN_L1_TABLE, LAST_SLOT,
              (fx.hypervisor_mfn << PAGE_SHIFT) | PTE_USER_RO, -XEN_EBUSY);
}

static void check_l2(void)
{
    check_pin("promote-l2-good", MMUEXT_PIN_L2_TABLE, LAST_SLOT,
              fixture_entry(fx.l1, PTE_TABLE), 0);
    check_pin("promote-l2-superpage", MMUEXT_PIN_L2_TABLE, LAST_SLOT,
              fixture_entry(fx.data, PTE_TABLE | PTE_PSE), -XEN_EINVAL);
    check_pin("promote-l2-data-page", MMUEXT_PIN_L2_TABLE, LAST_SLOT,
              fixture_entry(fx.data, PTE_TABLE), -XEN_EINVAL);
    check_pin("promote-l2-itself", MMUEXT_PIN_L2_TABLE, LAST_SLOT,
              fixture_entry(page, PTE_TABLE), -XEN_EINVAL);
}

static void check_l3_l4(void)
{
    check_pin("promote-l3-good", MMUEXT_PIN_L3_TABLE, LAST_SLOT,
              fixture_entry(fx.l2, PTE_TABLE), 0);
    check_pin("promote-l3-l1", MMUEXT_PIN_L3_TABLE, LAST_SLOT,
              fixture_entry(fx.l1, PTE_TABLE), -XEN_EINVAL);
    check_pin("promote-l3-superpage", MMUEXT_PIN_L3_TABLE, 0,
              fixture_entry(fx.l2, PTE_TABLE | PTE_PSE), -XEN_EINVAL);
    check_pin("promote-l4-good", MMUEXT_PIN_L4_TABLE, LAST_SLOT,
              fixture_entry(fx.l3, PTE_TABLE), 0);
    check_pin("promote-l4-data-page", MMUEXT_PIN_L4_TABLE, 0,
              fixture_entry(fx.data, PTE_TABLE), -XEN_EINVAL);
    check_pin("promote-l4-itself", MMUEXT_PIN_L4_TABLE, LAST_SLOT,
              fixture_entry(page, PTE_TABLE), -XEN_EINVAL);
}

/* What stands in the hypervisor's slots is not looked at, but replaced. */
static void check_l4_slots(void)
{
    uint64_t evil = (fx.hypervisor_mfn << PAGE_SHIFT) | PTE_TABLE;
    unsigned int slot;
    unsigned int kept = 0;

    for (slot = 256; slot <= 271; slot++) {
        page[slot] = evil;
    }
    check_eq("promote-l4-slots-readonly", mm_set_readonly(page), 0);
    check_eq("promote-l4-slots", mm_ext(MMUEXT_PIN_L4_TABLE, page), 0);
    for (slot = 256; slot <= 271; slot++) {
        kept += page[slot] == evil;
    }
    check_eq("promote-l4-slots-replaced", kept, 0);
    mm_ext(MMUEXT_UNPIN_TABLE, page);
    check_eq("promote-l4-slots-back", mm_set_writable(page), 0);
}

void denials_promotion(void)
{
    page = mm_page_alloc();
    check_l1();
    check_l2();
    check_l3_l4();
    check_l4_slots();
}
