/* SPDX-License-Identifier: MIT */
/* Leaf mappings: by update_va_mapping and by mmu_update of the L1 entry. */
#include "check.h"
#include "console.h"
#include "denials.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

#define BAD_MFN    0xffffffffffUL
#define LAPIC_MFN  0xfee00UL
#define IOAPIC_MFN 0xfec00UL
#define ROM_MFN    0xf0UL

struct mapping_case {
    const char *name;
    uint64_t *const *page; /* frame of this page, or */
    uint64_t mfn;          /* this frame */
    uint64_t flags;
    int64_t want;
};

static const struct mapping_case frames_of_ours[] = {
    {"map-l1-writable", &fx.l1, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-l2-writable", &fx.l2, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-l3-writable", &fx.l3, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-l4-writable", &fx.l4, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-loose-l1-writable", &fx.loose_l1, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-gdt-writable", &fx.descriptors, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-l1-readonly", &fx.l1, 0, PTE_KERNEL_RO, 0},
    {"map-l2-readonly", &fx.l2, 0, PTE_KERNEL_RO, 0},
    {"map-l3-readonly", &fx.l3, 0, PTE_KERNEL_RO, 0},
    {"map-l4-readonly", &fx.l4, 0, PTE_KERNEL_RO, 0},
    {"map-gdt-readonly", &fx.descriptors, 0, PTE_KERNEL_RO, 0},
    {"map-data-writable", &fx.data, 0, PTE_KERNEL_RW, 0},
    {"map-data-user", &fx.data, 0, PTE_USER_RW, 0},
    {"map-data-avail-bits", &fx.data, 0,
     PTE_KERNEL_RW | PTE_AVAIL | (3UL << 57), 0},
    {"map-data-no-execute", &fx.data, 0, PTE_KERNEL_RW | PTE_NX, 0},
    {"map-data-global", &fx.data, 0, PTE_USER_RW | PTE_GLOBAL, 0},
    {"map-not-present", &fx.l1, 0, 0, 0},
};

static const struct mapping_case other_frames[] = {
    {"map-hypervisor-readonly", NULL, 0, PTE_KERNEL_RO, -XEN_EBUSY},
    {"map-hypervisor-writable", NULL, 0, PTE_KERNEL_RW, -XEN_EBUSY},
    {"map-no-such-frame", NULL, BAD_MFN, PTE_KERNEL_RO, -XEN_EINVAL},
};

/* What dom0 alone could have. */
static const struct mapping_case dom0_frames[] = {
    {"map-lapic-writable", NULL, LAPIC_MFN, PTE_KERNEL_RW, -XEN_EPERM},
    {"map-rom-readonly", NULL, ROM_MFN, PTE_KERNEL_RO, 0},
};

static uint64_t case_value(const struct mapping_case *c)
{
    uint64_t mfn = c->mfn != 0 ? c->mfn : fx.hypervisor_mfn;

    if (c->page != NULL) {
        mfn = mm_va_to_mfn(*c->page);
    }
    if (c->flags == 0) {
        return 0; /* an absent entry that names a frame may be fatal: L1TF */
    }
    return ((mfn << PAGE_SHIFT) & PTE_MFN_MASK) | c->flags;
}

static void check_case(const struct mapping_case *c)
{
    uint64_t value = case_value(c);
    const uint64_t *entry = mm_entry(mm_root(), (uint64_t)fx.window, 1);

    check_eq(c->name,
             hc_update_va_mapping((uint64_t)fx.window, value, UVMF_INVLPG),
             c->want);
    mm_map(fx.window, fx.window_maddr, PTE_KERNEL_RW);
    deny_entry(c->name, entry, value, c->want);
}

static void check_cases(const struct mapping_case *cases, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        check_case(&cases[i]);
    }
}

/* Frames of the hypervisor's that it shares with us on purpose. */
static bool is_shared(uint64_t mfn)
{
    return mfn == start_info->shared_info >> PAGE_SHIFT ||
           mfn == gnttab_frame();
}

/* No frame of RAM that is neither ours nor shared can be mapped. */
static void check_all_frames(void)
{
    uint64_t end = (uint64_t)hc_memory_op(XENMEM_maximum_ram_page, NULL);
    uint64_t tried = 0;
    uint64_t mapped = 0;
    uint64_t mfn;

    for (mfn = 0x100; mfn < end; mfn++) {
        if (fixture_owns(mfn) || is_shared(mfn)) {
            continue;
        }
        tried++;
        if (hc_update_va_mapping((uint64_t)fx.window,
                                 (mfn << PAGE_SHIFT) | PTE_KERNEL_RO, 0) == 0) {
            print("mapped frame 0x%lx\n", mfn);
            mapped++;
        }
    }
    check_true("scan-saw-frames", tried > 100, tried);
    check_eq("scan-mapped-none", (int64_t)mapped, 0);
    mm_map(fx.window, fx.window_maddr, PTE_KERNEL_RW);
}

/* The IO-APIC may be read, whatever was asked for. */
static void check_ioapic(void)
{
    check_eq("map-ioapic",
             mm_map(fx.window, IOAPIC_MFN << PAGE_SHIFT, PTE_KERNEL_RW), 0);
    check_hex("map-ioapic-made-readonly", mm_pte(fx.window) & PTE_RW, 0);
    check_eq("map-ioapic-back",
             mm_map(fx.window, fx.window_maddr, PTE_KERNEL_RW), 0);
}

static void check_addresses(void)
{
    uint64_t value = fixture_entry(fx.data, PTE_KERNEL_RW);

    check_eq("va-no-table", hc_update_va_mapping(0x12345000, value, 0),
             -XEN_EINVAL);
    check_eq("va-hypervisor",
             hc_update_va_mapping(HYPERVISOR_VIRT_START, value, 0),
             -XEN_EINVAL);
    check_eq("va-hypervisor-end",
             hc_update_va_mapping(HYPERVISOR_VIRT_END - 4096, value, 0),
             -XEN_EINVAL);
    check_eq("va-noncanonical",
             hc_update_va_mapping(0x8000000000000000UL, value, 0), -XEN_EINVAL);
    check_eq("va-bad-vcpumask",
             hc_update_va_mapping((uint64_t)fx.window,
                                  fx.window_maddr | PTE_KERNEL_RW,
                                  UVMF_INVLPG | 0x10000),
             -XEN_EFAULT);
    check_eq("va-otherdomain-none",
             hc_update_va_mapping_otherdomain(
                 (uint64_t)fx.window, fx.window_maddr | PTE_KERNEL_RW, 0, 77),
             -XEN_ESRCH);
    mm_map(fx.window, fx.window_maddr, PTE_KERNEL_RW);
}

void denials_mappings(void)
{
    check_cases(frames_of_ours,
                sizeof(frames_of_ours) / sizeof(frames_of_ours[0]));
    check_cases(other_frames, sizeof(other_frames) / sizeof(other_frames[0]));
    if (guest_is_dom0()) {
        check_cases(dom0_frames, sizeof(dom0_frames) / sizeof(dom0_frames[0]));
        check_ioapic();
    }
    check_all_frames();
    check_addresses();
}
