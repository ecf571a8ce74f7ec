/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables: instructions that fault on a read-only mapping of an
 * L1 table and are done as updates of its entries; and grant entries in them.
 */
#include "mm_world.h"

#include <xen/grant_table.h>

#include "pv.h"

#define CODE ARGS
#define CF   (1UL << 0)
#define ZF   (1UL << 6)

/* -- in a guest ------------------------------------------------------------ */

/* Where the guest sees the entry that maps page @pfn. */
static unsigned long entry_va(unsigned long pfn)
{
    return fake_va(guest->first_table + 3) + 8 * pfn;
}

/* RDI is @before bytes lower than the fault at @va. */
static bool run_code_from(const void *code, size_t bytes, unsigned long va,
                          unsigned int before)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t word;

    memcpy(fake_page(guest, CODE), code, bytes);
    regs->rip = fake_va(CODE);
    regs->rdi = va - before;
    /* Only what faults gets this far. */
    assert_true(!fake_guest_read(va, &word, 1) ||
                !fake_guest_write(va, &word, 1));
    return mm_emulate_table_write(guest->v, regs, va);
}

#define RUN_FROM(va, before, ...) \
    run_code_from((const uint8_t[]){__VA_ARGS__}, \
                  sizeof((const uint8_t[]){__VA_ARGS__}), va, before)
#define RUN(va, ...) RUN_FROM(va, 0, __VA_ARGS__)

static void mov_updates_the_entry(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rax = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(regs->rip, fake_va(CODE) + 3);
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[B].number);
    assert_true((fake_pte(guest, A) & PTE_USER) != 0);
}

static void xchg_returns_the_old_entry(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = 0;
    assert_true(RUN(entry_va(A), 0x48, 0x87, 0x07));
    assert_int_equal(regs->rax, old);
    assert_int_equal(fake_pte(guest, A), 0);
    assert_int_equal(page_refs(fake_page_info(guest, A)), 1);
}

static void lock_and_clears_the_write_bit(void **state)
{
    (void)state;
    assert_true(RUN(entry_va(A), 0xf0, 0x80, 0x27, 0xfd));
    assert_int_equal(fake_pte(guest, A) & (PTE_PRESENT | PTE_WRITABLE),
                     PTE_PRESENT);
    assert_int_equal(
        atomic_load(&fake_page_info(guest, A)->type) & PAGE_TYPE_COUNT_MASK, 0);
}

static void btr_clears_accessed(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xba, 0x37, 5));
    assert_int_equal(regs->rflags & CF, CF);
    assert_int_equal(fake_pte(guest, A) & (PTE_ACCESSED | PTE_DIRTY),
                     PTE_DIRTY);
}

static void cmpxchg_with_the_right_value_writes(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rax = fake_pte(guest, A);
    regs->rcx = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[B].number);
    assert_true((regs->rflags & ZF) != 0);
}

static void cmpxchg_with_the_wrong_value_does_not(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = 123;
    regs->rcx = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    assert_int_equal(fake_pte(guest, A), old);
    assert_int_equal(regs->rax, old);
    assert_true((regs->rflags & ZF) == 0);
}

static void write_to_a_part_of_the_entry(void **state)
{
    (void)state;
    /* movb $0x80,7(entry): NX on, the rest of the top byte off. */
    assert_true(RUN(entry_va(A) + 7, 0xc6, 0x07, 0x80));
    assert_true((fake_pte(guest, A) & PTE_NX) != 0);
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[A].number);
}

static void unaligned_writes_are_the_guests_fault(void **state)
{
    (void)state;
    assert_false(RUN(entry_va(A) + 4, 0x48, 0x89, 0x07));
    assert_false(RUN(entry_va(A) + 2, 0x89, 0x07));
    assert_false(RUN(entry_va(A) + 1, 0x66, 0x89, 0x07));
}

/* The page before is writable: the fault is where the table begins. */
static void writes_that_reach_into_a_table_are_the_guests_fault(void **state)
{
    unsigned long table = fake_va(guest->first_table + 3);
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, 0);

    (void)state;
    regs->rax = 0;
    regs->rcx = 1;
    assert_false(RUN_FROM(table, 4, 0x48, 0x89, 0x07)); /* [rdi] */
    assert_false(RUN_FROM(table, 1, 0x66, 0x89, 0x07));
    assert_false(RUN_FROM(table, 8, 0x48, 0x89, 0x47, 0x04)); /* [rdi + 4] */
    assert_false(RUN_FROM(table, 8, 0x48, 0x89, 0x04, 0x8f)); /* + rcx * 4 */
    assert_false(RUN_FROM(table, 0, 0x48, 0x89, 0x05, 2, 0, 0, 0)); /* [rip] */
    assert_int_equal(fake_pte(guest, 0), old);
    regs->rsp = 8;
    regs->r15 = table - 24;
    /* [rsp + r15 + 16] */
    assert_true(RUN_FROM(table, 0, 0x4a, 0xc7, 0x44, 0x3c, 0x10, 0, 0, 0, 0));
    assert_int_equal(fake_pte(guest, 0), 0);
}

static void refused_entries_are_the_guests_fault(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = entry_for(guest->first_table, PTE_WRITABLE);
    assert_false(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(regs->rip, fake_va(CODE));
    regs->rax = entry_for(A, PTE_PCD);
    assert_false(RUN(entry_va(A), 0x48, 0x87, 0x07));
    assert_int_equal(regs->rax, entry_for(A, PTE_PCD));
    regs->rax = pte_make(mfn_make(FAKE_MMIO_MFN), PTE_PRESENT);
    assert_false(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(fake_pte(guest, A), old);
}

static void upper_tables_are_not_written_like_this(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        assert_false(
            RUN(fake_va(guest->first_table + i) + 8, 0x48, 0x89, 0x07));
    }
}

static void readonly_data_is_the_guests_fault(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A), entry_for(A, 0), UVMF_INVLPG,
                                    0),
                     0);
    assert_false(RUN(fake_va(A), 0x48, 0x89, 0x07));
    assert_false(RUN(fake_va(1000), 0x48, 0x89, 0x07));
    assert_false(RUN(HV_DIRECT_MAP, 0x48, 0x89, 0x07));
}

static void unknown_instructions_are_the_guests_fault(void **state)
{
    (void)state;
    assert_false(RUN(entry_va(A), 0x48, 0xab)); /* stos */
    assert_false(RUN(entry_va(A), 0x0f, 0x0b)); /* ud2 */
}

static void code_that_cannot_be_read_is_the_guests_fault(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rip = 0x1000;
    assert_false(mm_emulate_table_write(guest->v, regs, entry_va(A)));
}

static void code_at_the_end_of_memory_is_read_as_far_as_it_goes(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    char *page = fake_page(guest, 40);

    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(41), 0, UVMF_INVLPG, 0),
                     0);
    memcpy(page + PAGE_BYTES - 3, (const uint8_t[]){0x48, 0x89, 0x07}, 3);
    regs->rip = fake_va(41) - 3;
    regs->rax = 0;
    assert_true(mm_emulate_table_write(guest->v, regs, entry_va(A)));
    assert_int_equal(fake_pte(guest, A), 0);
}

/* At page A: registers that are read-only. */
static void map_registers(void)
{
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_READONLY_MFN);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A),
                                    pte_make(mfn_make(FAKE_MMIO_READONLY_MFN),
                                             PTE_PRESENT | PTE_WRITABLE),
                                    UVMF_INVLPG, 0),
                     0);
    fake_mmio_write = (struct fake_mmio_write){.bytes = 0};
}

static void writes_to_readonly_devices_are_dropped(void **state)
{
    (void)state;
    map_registers();
    assert_true(RUN(fake_va(A) + 16, 0x89, 0x07));
    assert_int_equal(vcpu_regs(guest->v)->rip, fake_va(CODE) + 2);
    assert_int_equal(fake_mmio_write.bytes, 0);
}

static void dom0_writes_to_readonly_devices_by_moves(void **state)
{
    (void)state;
    map_registers();
    guest->d->privileged = true;
    vcpu_regs(guest->v)->rax = 0x1122334455667788;
    assert_true(RUN(fake_va(A) + 0x104, 0x89, 0x07)); /* mov [rdi], eax */
    assert_int_equal(fake_mmio_write.mfn.number, FAKE_MMIO_READONLY_MFN);
    assert_int_equal(fake_mmio_write.offset, 0x104);
    assert_int_equal(fake_mmio_write.bytes, 4);
    assert_int_equal(fake_mmio_write.value & UINT32_MAX, 0x55667788);
    assert_true(RUN(fake_va(A) + 7, 0x88, 0x27)); /* mov [rdi], ah */
    assert_int_equal(fake_mmio_write.offset, 7);
    assert_int_equal(fake_mmio_write.bytes, 1);
    assert_int_equal(fake_mmio_write.value & 0xff, 0x77);
    fake_mmio_write.bytes = 0;
    assert_true(RUN(fake_va(A) + 16, 0x09, 0x07)); /* or [rdi], eax */
    assert_int_equal(fake_mmio_write.bytes, 0);
    /* One that is in no place for its size is not ours. */
    assert_false(RUN(fake_va(A) + 17, 0x89, 0x07));
    assert_int_equal(fake_mmio_write.bytes, 0);
    guest->d->privileged = false;
}

/* -- grant entries --------------------------------------------------------- */

static void take_granted(unsigned long pfn)
{
    assert_int_equal(
        page_get_and_type(other->mfn[pfn], other->d, PAGE_TYPE_WRITABLE), 0);
}

static void put_granted(unsigned long pfn)
{
    page_put_and_type(fake_page_info(other, pfn));
}

static int map_granted(unsigned long pfn, uint64_t at, bool contains_pte)
{
    return mm_grant_map(guest->v, at, contains_pte, other->mfn[pfn],
                        PTE_WRITABLE | PTE_ACCESSED);
}

static int unmap_granted(unsigned long pfn, uint64_t at, bool contains_pte,
                         bool readonly)
{
    bool used;

    return mm_grant_unmap(guest->v, at, contains_pte, other->mfn[pfn], readonly,
                          &used);
}

static void grant_is_mapped_and_unmapped_by_address(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(page_refs(fake_page_info(guest, B)), 1);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(B), 0x99));
    assert_int_equal(*(uint64_t *)fake_page(other, A), 0x99);
    fake_audit();
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    assert_int_equal(fake_pte(guest, B), 0);
    put_granted(A);
}

static void grant_is_mapped_and_unmapped_by_entry(void **state)
{
    uint64_t at = fake_pte_address(guest, B);

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, at, true), 0);
    assert_int_equal(pte_mfn(fake_pte(guest, B)).number, other->mfn[A].number);
    assert_int_equal(unmap_granted(A, at, true, false), 0);
    put_granted(A);
}

static void grant_entries_are_checked(void **state)
{
    uint64_t at = fake_pte_address(guest, B);

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, at + 4, true), GNTST_general_error);
    assert_int_equal(map_granted(A, guest->mfn[B].number << PAGE_SHIFT, true),
                     GNTST_general_error);
    assert_int_equal(
        map_granted(A, guest->mfn[guest->first_table].number << PAGE_SHIFT,
                    true),
        GNTST_general_error);
    assert_int_equal(map_granted(A, fake_pte_address(other, B), true),
                     GNTST_general_error);
    assert_int_equal(map_granted(A, 0x1000, false), GNTST_general_error);
    assert_int_equal(map_granted(A, HV_DIRECT_MAP, false), GNTST_general_error);
    assert_int_equal(mm_grant_map(guest->v, at, true, other->mfn[A], PTE_PCD),
                     GNTST_general_error);
    put_granted(A);
}

static void unmap_must_match_what_is_there(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(unmap_granted(B, fake_va(B), false, false),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(B), false, true),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(A), false, false),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false),
                     GNTST_general_error);
    put_granted(A);
}

static void overwritten_grant_entry_drops_its_references(void **state)
{
    unsigned int refs = page_refs(fake_page_info(other, A));

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(B), 0, 0, 0),
                     0);
    assert_int_equal(page_refs(fake_page_info(other, A)), refs);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false),
                     GNTST_general_error);
}

static void guest_cannot_copy_a_grant_entry(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A), fake_pte(guest, B), 0, 0),
                     -XEN_EBUSY);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    put_granted(A);
}

static void replace_moves_the_other_entry(void **state)
{
    unsigned long mfn = guest->mfn[A].number;

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), other->mfn[A],
                                      false, fake_va(A)),
                     0);
    assert_int_equal(pte_mfn(fake_pte(guest, B)).number, mfn);
    assert_int_equal(fake_pte(guest, A), 0);
    put_granted(A);
    fake_audit();
}

static void failed_replace_changes_nothing(void **state)
{
    uint64_t a, b;

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    a = fake_pte(guest, A);
    b = fake_pte(guest, B);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), other->mfn[B],
                                      false, fake_va(A)),
                     GNTST_general_error);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), other->mfn[A],
                                      false, fake_va(B)),
                     GNTST_general_error);
    assert_int_equal(
        mm_grant_replace(guest->v, fake_va(B), other->mfn[A], false, 0x1000),
        GNTST_general_error);
    assert_int_equal(fake_pte(guest, A), a);
    assert_int_equal(fake_pte(guest, B), b);
    fake_audit();
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    put_granted(A);
}

static void grant_entry_dies_with_its_guest(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    /* mm_teardown() kills the mapper first: the other must then get all
     * its pages back. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MM_CASE(mov_updates_the_entry),
        MM_CASE(xchg_returns_the_old_entry),
        MM_CASE(lock_and_clears_the_write_bit),
        MM_CASE(btr_clears_accessed),
        MM_CASE(cmpxchg_with_the_right_value_writes),
        MM_CASE(cmpxchg_with_the_wrong_value_does_not),
        MM_CASE(write_to_a_part_of_the_entry),
        MM_CASE(unaligned_writes_are_the_guests_fault),
        MM_CASE(writes_that_reach_into_a_table_are_the_guests_fault),
        MM_CASE(refused_entries_are_the_guests_fault),
        MM_CASE(upper_tables_are_not_written_like_this),
        MM_CASE(readonly_data_is_the_guests_fault),
        MM_CASE(unknown_instructions_are_the_guests_fault),
        MM_CASE(code_that_cannot_be_read_is_the_guests_fault),
        MM_CASE(code_at_the_end_of_memory_is_read_as_far_as_it_goes),
        MM_CASE(writes_to_readonly_devices_are_dropped),
        MM_CASE(dom0_writes_to_readonly_devices_by_moves),
        MM_CASE(grant_is_mapped_and_unmapped_by_address),
        MM_CASE(grant_is_mapped_and_unmapped_by_entry),
        MM_CASE(grant_entries_are_checked),
        MM_CASE(unmap_must_match_what_is_there),
        MM_CASE(overwritten_grant_entry_drops_its_references),
        MM_CASE(guest_cannot_copy_a_grant_entry),
        MM_CASE(replace_moves_the_other_entry),
        MM_CASE(failed_replace_changes_nothing),
        MM_CASE(grant_entry_dies_with_its_guest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
