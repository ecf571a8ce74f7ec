/* SPDX-License-Identifier: MIT */
/*
 * Plain writes to page tables. To an L1 the hypervisor carries them out when
 * the new entry is legal; everything else is a page fault of ours.
 */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"

#define PF_WRITE_READONLY 3

static uint64_t *slot;
static uint64_t good;

static uint64_t now(void)
{
    return *(volatile uint64_t *)slot;
}

/* The hypervisor may add U, G and bits from 52 upwards, less NX. */
static uint64_t visible(uint64_t entry)
{
    return entry & 0x800ffffffffffefbUL;
}

static void check_accepted(const char *name, uint64_t want)
{
    check_eq(name, fault_vector(), -1);
    check_hex(name, visible(now()), visible(want));
}

static void check_refused(const char *name, const uint64_t *entry,
                          uint64_t want)
{
    check_eq(name, fault_vector(), 14);
    check_hex(name, fault_last()->error_code, PF_WRITE_READONLY);
    check_hex(name, *(const volatile uint64_t *)entry, want);
}

static void check_moves(void)
{
    uint64_t old = 0;

    fault_clear();
    store_fixup((uint64_t)slot, good);
    check_accepted("ptwr-mov", good);
    __asm__ volatile(FIXUP("xchgq %0, (%1)")
                     : "+r"(old)
                     : "r"(slot)
                     : "memory");
    check_eq("ptwr-xchg-no-fault", fault_vector(), -1);
    check_hex("ptwr-xchg-old", visible(old), visible(good));
    check_hex("ptwr-xchg-new", now(), 0);
}

/* Leave the slot holding the good entry. */
static void reset_slot(void)
{
    mm_write_entry(slot, good);
    fault_clear();
}

static void check_compare_exchange(void)
{
    uint64_t rax;

    reset_slot();
    rax = now();
    __asm__ volatile(FIXUP("lock cmpxchgq %2, (%1)")
                     : "+a"(rax)
                     : "r"(slot), "r"(0UL)
                     : "memory", "cc");
    check_accepted("ptwr-cmpxchg", 0);
    reset_slot();
    rax = 0x1234;
    __asm__ volatile(FIXUP("lock cmpxchgq %2, (%1)")
                     : "+a"(rax)
                     : "r"(slot), "r"(0UL)
                     : "memory", "cc");
    check_accepted("ptwr-cmpxchg-differs", good);
    check_hex("ptwr-cmpxchg-rax", visible(rax), visible(good));
}

static void check_bits(void)
{
    reset_slot();
    __asm__ volatile(FIXUP("lock andb $0xfd, (%0)")
                     :
                     : "r"(slot)
                     : "memory", "cc");
    check_accepted("ptwr-and-byte", good & ~PTE_RW);
    reset_slot();
    __asm__ volatile(FIXUP("lock btrq $5, (%0)")
                     :
                     : "r"(slot)
                     : "memory", "cc");
    check_accepted("ptwr-btr", good & ~PTE_ACCESSED);
    __asm__ volatile(FIXUP("lock btsq $5, (%0)")
                     :
                     : "r"(slot)
                     : "memory", "cc");
    check_accepted("ptwr-bts", good);
    __asm__ volatile(FIXUP("orq $0x200, (%0)") : : "r"(slot) : "memory", "cc");
    check_accepted("ptwr-or", good | 0x200);
    reset_slot();
    __asm__ volatile(FIXUP("movl $0, (%0)") : : "r"(slot) : "memory");
    check_accepted("ptwr-mov-low-half", good & ~0xffffffffUL);
    mm_write_entry(slot, 0);
}

static void check_refusals(void)
{
    reset_slot();
    store_fixup((uint64_t)slot, fixture_entry(fx.l2, PTE_USER_RW));
    check_refused("ptwr-maps-table-writable", slot, now());
    check_hex("ptwr-refused-entry-kept", visible(now()), visible(good));
    fault_clear();
    store_fixup((uint64_t)slot,
                (fx.hypervisor_mfn << PAGE_SHIFT) | PTE_USER_RO);
    check_refused("ptwr-maps-hypervisor", slot, now());
    fault_clear();
    store_fixup((uint64_t)slot + 4, good);
    check_refused("ptwr-unaligned", slot, now());
    check_hex("ptwr-unaligned-kept", visible(now()), visible(good));
    mm_write_entry(slot, 0);
}

static void check_upper_tables(void)
{
    fault_clear();
    store_fixup((uint64_t)&fx.l2[9], 0);
    check_refused("ptwr-l2", &fx.l2[9], 0);
    fault_clear();
    store_fixup((uint64_t)&fx.l3[9], 0);
    check_refused("ptwr-l3", &fx.l3[9], 0);
    fault_clear();
    store_fixup((uint64_t)&fx.l4[9], 0);
    check_refused("ptwr-l4", &fx.l4[9], 0);
    fault_clear();
    store_fixup((uint64_t)&fx.l4[256], 0);
    check_refused("ptwr-l4-hypervisor-slot", &fx.l4[256], fx.l4[256]);
    fault_clear();
    store_fixup((uint64_t)&fx.descriptors[9], 0);
    check_refused("ptwr-gdt", &fx.descriptors[9], 0);
}

void denials_write_faults(void)
{
    check_eq("vm-assist-writable-tables",
             hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables),
             0);
    slot = &fx.l1[30];
    good = fixture_entry(fx.data, PTE_USER_RW);
    check_moves();
    check_compare_exchange();
    check_bits();
    check_refusals();
    check_upper_tables();
}
