/* SPDX-License-Identifier: MIT */
/* mmu_update itself: commands, frames, domains, counts. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"

static long update(uint64_t ptr, uint64_t value, unsigned int foreign)
{
    struct mmu_update req = {.ptr = ptr, .val = value};

    return hc_mmu_update(&req, 1, NULL, foreign);
}

static void check_commands(void)
{
    uint64_t entry = mm_va_to_maddr(&fx.l1[2]);
    uint64_t hypervisor = fx.hypervisor_mfn << PAGE_SHIFT;

    check_eq("update-unknown-command", update(entry | 5, 0, DOMID_SELF),
             -XEN_ENOSYS);
    check_eq("update-preserve-ad",
             update(entry | MMU_PT_UPDATE_PRESERVE_AD, 0, DOMID_SELF), 0);
    check_eq("update-no-translate",
             update(entry | MMU_PT_UPDATE_NO_TRANSLATE, 0, DOMID_SELF), 0);
    check_eq("update-hypervisor-frame", update(hypervisor, 0, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("update-no-such-frame",
             update(0x000ffffffffff000UL, 0, DOMID_SELF), -XEN_EINVAL);
    check_eq("update-gdt-frame",
             update(mm_va_to_maddr(fx.descriptors), 0, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("update-data-frame",
             update(mm_va_to_maddr(&fx.data[3]), 0x77, DOMID_SELF), 0);
    check_hex("update-data-frame-written", *(volatile uint64_t *)&fx.data[3],
              0x77);
    check_eq("update-foreign-none", update(entry, 0, 77), -XEN_ESRCH);
    check_eq("update-table-of-none", update(entry, 0, (78U << 16) | DOMID_SELF),
             -XEN_ESRCH);
    check_eq("machphys-hypervisor",
             update(hypervisor | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("machphys-own",
             update(mm_va_to_maddr(fx.data) | MMU_MACHPHYS_UPDATE,
                    mm_va_to_pfn(fx.data), DOMID_SELF),
             0);
}

/* The count of requests done is right on an error in the middle. */
static void check_count(void)
{
    struct mmu_update reqs[4];
    unsigned int done = 99;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        reqs[i].ptr = mm_va_to_maddr(&fx.l1[10 + i]);
        reqs[i].val = fixture_entry(fx.data, PTE_USER_RO);
    }
    reqs[2].val = fixture_entry(fx.l2, PTE_USER_RW);
    check_eq("update-error-in-middle",
             hc_mmu_update(reqs, 4, &done, DOMID_SELF), -XEN_EBUSY);
    check_eq("update-done-count", done, 2);
    check_hex("update-done-first", fx.l1[11] & PTE_PRESENT, PTE_PRESENT);
    check_hex("update-done-failed", fx.l1[12], 0);
    check_hex("update-done-rest", fx.l1[13], 0);
    reqs[2].val = 0;
    done = 99;
    check_eq("update-all", hc_mmu_update(reqs, 4, &done, DOMID_SELF), 0);
    check_eq("update-all-count", done, 4);
    check_eq("update-none", hc_mmu_update(reqs, 0, &done, DOMID_SELF), 0);
}

/* A and D bits stay when asked; all others are as written. */
static void check_preserve(void)
{
    const uint64_t *entry = &fx.l1[20];
    uint64_t value = fixture_entry(fx.data, PTE_USER_RW);

    mm_write_entry(entry, value);
    update(mm_va_to_maddr(entry) | MMU_PT_UPDATE_PRESERVE_AD,
           fixture_entry(fx.data, PTE_PRESENT | PTE_USER), DOMID_SELF);
    check_hex("preserve-ad-keeps",
              *(const volatile uint64_t *)entry & (PTE_ACCESSED | PTE_DIRTY),
              PTE_ACCESSED | PTE_DIRTY);
    check_hex("preserve-ad-writes-rest",
              *(const volatile uint64_t *)entry & PTE_RW, 0);
    mm_write_entry(entry, fixture_entry(fx.data, PTE_PRESENT | PTE_USER));
    check_hex("normal-update-drops-ad",
              *(const volatile uint64_t *)entry & (PTE_ACCESSED | PTE_DIRTY),
              0);
    mm_write_entry(entry, 0);
}

void denials_updates(void)
{
    check_commands();
    check_count();
    check_preserve();
}
