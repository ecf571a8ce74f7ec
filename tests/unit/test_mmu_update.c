/* SPDX-License-Identifier: MIT */
/* mmu_update and update_va_mapping, as guests call them. */
#include "fake.h"

#include <string.h>

#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#include "../../xen-lite/mm/pt.h"

#define ARGS 0UL /* guest page of call arguments */
#define CALL 1UL /* guest page of multicall entries */
#define A    5UL /* pages to map */
#define B    6UL

static struct fake_guest *guest;
static struct fake_guest *other;

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 3, 64);
    other = fake_guest_create(2, false, 1, 64);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    guest->d->privileged = false;
    fake_guest_destroy(guest);
    fake_guest_destroy(other);
    fake_audit();
    return fake_teardown(state);
}

static uint64_t entry_of(const struct fake_guest *g, unsigned long pfn,
                         uint64_t flags)
{
    return pte_make(g->mfn[pfn], PTE_PRESENT | flags);
}

static uint64_t address_of(unsigned long pfn, unsigned int slot)
{
    return (guest->mfn[pfn].number << PAGE_SHIFT) + 8UL * slot;
}

static struct mmu_update *requests(void)
{
    return fake_page(guest, ARGS);
}

static long update_many(unsigned long count, unsigned long foreign)
{
    return fake_hypercall(guest->v, __HYPERVISOR_mmu_update, fake_va(ARGS),
                          count, 0, foreign);
}

static long update_as(uint64_t ptr, uint64_t val, unsigned long foreign)
{
    requests()[0] = (struct mmu_update){ptr, val};
    return update_many(1, foreign);
}

static long update(uint64_t ptr, uint64_t val)
{
    return update_as(ptr, val, DOMID_SELF);
}

static long update_va(unsigned long va, uint64_t entry, unsigned long flags)
{
    return fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping, va, entry,
                          flags, 0);
}

/* -- L1 entries ------------------------------------------------------------ */

static void l1_entry_is_written(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), entry_of(guest, B, 0)),
                     0);
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[B].number);
    assert_int_equal(page_refs(fake_page_info(guest, A)), 1);
    assert_int_equal(page_refs(fake_page_info(guest, B)), 3);
}

static void guest_reads_back_user_and_mark(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), entry_of(guest, A, 0)),
                     0);
    assert_int_equal(fake_pte(guest, A) &
                         (PTE_USER | PTE_GUEST_KERNEL | PTE_GLOBAL),
                     PTE_USER | PTE_GUEST_KERNEL);
}

static void entry_of_anothers_page_is_busy(void **state)
{
    uint64_t before = fake_pte(guest, A);

    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), entry_of(other, B, 0)),
                     -XEN_EBUSY);
    assert_int_equal(fake_pte(guest, A), before);
}

static void writable_entry_of_a_table_is_busy(void **state)
{
    unsigned long l1 = guest->first_table + 3;

    (void)state;
    assert_int_equal(
        update(fake_pte_address(guest, A), entry_of(guest, l1, PTE_WRITABLE)),
        -XEN_EBUSY);
    assert_int_equal(update(fake_pte_address(guest, A), entry_of(guest, l1, 0)),
                     0);
}

static void bad_bits_are_einval(void **state)
{
    (void)state;
    assert_int_equal(
        update(fake_pte_address(guest, A), entry_of(guest, A, PTE_PCD)),
        -XEN_EINVAL);
    assert_int_equal(
        update(fake_pte_address(guest, A), entry_of(guest, A, 1ULL << 46)),
        -XEN_EINVAL);
}

static void io_entry_needs_permission(void **state)
{
    uint64_t entry = pte_make(mfn_make(FAKE_MMIO_MFN), PTE_PRESENT);

    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), entry), -XEN_EPERM);
    assert_int_equal(update_as(fake_pte_address(guest, A), entry, DOMID_IO),
                     -XEN_EPERM);
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_READONLY_MFN);
    assert_int_equal(update_as(fake_pte_address(guest, A), entry, DOMID_IO), 0);
    assert_int_equal(update(fake_pte_address(guest, A), entry), 0);
    assert_true((fake_pte(guest, A) & PTE_PCD) != 0);
}

static void readonly_io_loses_its_write_bit(void **state)
{
    uint64_t entry =
        pte_make(mfn_make(FAKE_MMIO_READONLY_MFN), PTE_PRESENT | PTE_WRITABLE);

    (void)state;
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_READONLY_MFN);
    assert_int_equal(update(fake_pte_address(guest, A), entry), 0);
    assert_true((fake_pte(guest, A) & PTE_WRITABLE) == 0);
}

static void refused_io_is_eperm_for_anyone(void **state)
{
    (void)state;
    rangeset_add(&guest->d->iomem, 0, FAKE_HIGH_MFN - 1);
    assert_int_equal(
        update(fake_pte_address(guest, A),
               pte_make(mfn_make(FAKE_MMIO_RESERVED_MFN), PTE_PRESENT)),
        -XEN_EPERM);
}

static void write_combining_is_for_those_with_devices(void **state)
{
    (void)state;
    assert_int_equal(
        update(fake_pte_address(guest, A), entry_of(guest, A, PTE_PAT)),
        -XEN_EINVAL);
    rangeset_add(&guest->d->ioports, 0x60, 0x60);
    assert_int_equal(
        update(fake_pte_address(guest, A), entry_of(guest, A, PTE_PAT)), 0);
}

static void accessed_and_dirty_are_lost_or_kept(void **state)
{
    uint64_t at = fake_pte_address(guest, A);

    (void)state;
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_true((fake_pte(guest, A) & PTE_DIRTY) != 0);
    assert_int_equal(
        update(at | MMU_PT_UPDATE_PRESERVE_AD, entry_of(guest, A, 0)), 0);
    assert_true((fake_pte(guest, A) & PTE_DIRTY) != 0);
    assert_true((fake_pte(guest, A) & PTE_ACCESSED) != 0);
    assert_true((fake_pte(guest, A) & PTE_WRITABLE) == 0);
    assert_int_equal(update(at, entry_of(guest, A, 0)), 0);
    assert_true((fake_pte(guest, A) & (PTE_DIRTY | PTE_ACCESSED)) == 0);
}

static void preserve_keeps_bits_in_flag_changes_too(void **state)
{
    (void)state;
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_int_equal(
        update(fake_pte_address(guest, A) | MMU_PT_UPDATE_PRESERVE_AD,
               entry_of(guest, A, PTE_WRITABLE | PTE_NX)),
        0);
    assert_true((fake_pte(guest, A) & PTE_DIRTY) != 0);
    assert_true((fake_pte(guest, A) & PTE_NX) != 0);
}

static void flag_changes_take_no_references(void **state)
{
    unsigned int refs = page_refs(fake_page_info(guest, A));

    (void)state;
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(update(fake_pte_address(guest, A),
                                entry_of(guest, A, PTE_WRITABLE | i << 9)),
                         0);
    }
    assert_int_equal(page_refs(fake_page_info(guest, A)), refs);
}

/* The quick way for flags must not let anything else through (XSA-182). */
static void memory_type_never_passes_as_a_flag_change(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A),
                            entry_of(guest, A, PTE_WRITABLE | PTE_PWT)),
                     -XEN_EINVAL);
    assert_int_equal(update(fake_pte_address(guest, A),
                            entry_of(guest, A, PTE_WRITABLE) | 1ULL << 48),
                     -XEN_EINVAL);
}

static void released_page_cannot_be_mapped_again_writable(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), 0), 0);
    assert_int_equal(domain_release_page(guest->d, fake_page_info(guest, A)),
                     0);
    assert_int_equal(
        update(fake_pte_address(guest, B), entry_of(guest, A, PTE_WRITABLE)),
        -XEN_EBUSY);
}

/* -- upper entries --------------------------------------------------------- */

static void l4_slots_of_the_hypervisor_are_refused(void **state)
{
    unsigned long l4 = guest->first_table;

    (void)state;
    for (unsigned int slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
        assert_int_equal(update(address_of(l4, slot), 0), -XEN_EINVAL);
        assert_int_equal(
            update(address_of(l4, slot), entry_of(guest, l4 + 1, 0)),
            -XEN_EINVAL);
    }
    assert_int_equal(update(address_of(l4, 255), entry_of(guest, l4 + 1, 0)),
                     0);
    assert_int_equal(update(address_of(l4, 273), entry_of(guest, l4 + 1, 0)),
                     0);
}

static void upper_flag_change_is_checked(void **state)
{
    unsigned long l2 = guest->first_table + 2;

    (void)state;
    assert_int_equal(update(address_of(l2, 0),
                            entry_of(guest, l2 + 1, PTE_WRITABLE | PTE_GLOBAL)),
                     -XEN_EINVAL);
    assert_int_equal(update(address_of(l2, 0),
                            entry_of(guest, l2 + 1, PTE_WRITABLE | PTE_PSE)),
                     -XEN_EINVAL);
    assert_int_equal(update(address_of(l2, 0),
                            entry_of(guest, l2 + 1, PTE_WRITABLE | PTE_AVAIL)),
                     0);
}

static void upper_entries_map_only_own_tables(void **state)
{
    unsigned long l2 = guest->first_table + 2;

    (void)state;
    guest->d->privileged = true;
    assert_int_equal(update_as(address_of(l2, 9),
                               entry_of(other, other->first_table + 3, 0), 2),
                     -XEN_EINVAL);
    guest->d->privileged = false;
    assert_int_equal(
        update(address_of(l2, 9), entry_of(other, other->first_table + 3, 0)),
        -XEN_EINVAL);
    assert_int_equal(update(address_of(l2, 9), entry_of(guest, A, 0)),
                     -XEN_EINVAL); /* mapped writable */
}

static void linear_entries_are_refused(void **state)
{
    unsigned long l4 = guest->first_table;

    (void)state;
    assert_int_equal(update(address_of(l4, 300), entry_of(guest, l4, 0)),
                     -XEN_EINVAL);
    assert_int_equal(
        update(address_of(l4 + 1, 300), entry_of(guest, l4 + 1, 0)),
        -XEN_EINVAL);
    assert_int_equal(
        update(address_of(l4 + 2, 300), entry_of(guest, l4 + 2, 0)),
        -XEN_EINVAL);
}

static void removed_table_becomes_data_again(void **state)
{
    unsigned long l2 = guest->first_table + 2;

    (void)state;
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0), 0), 0);
    assert_int_equal(update(address_of(l2, 9), entry_of(guest, A, 0)), 0);
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, PTE_WRITABLE), 0),
                     -XEN_EBUSY);
    assert_int_equal(update(address_of(l2, 9), 0), 0);
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, PTE_WRITABLE), 0),
                     0);
}

/* -- pages that are no tables ---------------------------------------------- */

static void ordinary_page_gets_the_word(void **state)
{
    uint64_t *words = fake_page(guest, A);

    (void)state;
    assert_int_equal(update(address_of(A, 7), 0x1234567890ULL), 0);
    assert_int_equal(words[7], 0x1234567890ULL);
}

static void descriptor_page_is_not_written(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(guest, A), 0), 0);
    assert_int_equal(
        page_get_and_type(guest->mfn[A], guest->d, PAGE_TYPE_DESCRIPTOR), 0);
    assert_int_equal(update(address_of(A, 7), 1), -XEN_EINVAL);
    page_put_and_type(fake_page_info(guest, A));
}

static void table_of_another_is_einval(void **state)
{
    (void)state;
    assert_int_equal(update(fake_pte_address(other, A), 0), -XEN_EINVAL);
    assert_int_equal(update(FAKE_MMIO_MFN << PAGE_SHIFT, 0), -XEN_EINVAL);
    assert_int_equal(update(~0xfffULL, 0), -XEN_EINVAL);
}

/* -- commands, owners ------------------------------------------------------ */

static void unknown_commands_are_enosys(void **state)
{
    (void)state;
    for (unsigned int command = 4; command < 8; command++) {
        assert_int_equal(update(fake_pte_address(guest, A) | command, 0),
                         -XEN_ENOSYS);
    }
}

static void machphys_is_written(void **state)
{
    uint64_t ptr = (guest->mfn[A].number << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE;

    (void)state;
    assert_int_equal(update(ptr, 0x777), 0);
    assert_int_equal(m2p_get(guest->mfn[A]), 0x777);
}

static void machphys_of_anothers_frame_is_einval(void **state)
{
    uint64_t ptr = (other->mfn[A].number << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE;

    (void)state;
    assert_int_equal(update(ptr, 0x777), -XEN_EINVAL);
    assert_int_equal(m2p_get(other->mfn[A]), A);
}

static void machphys_for_other_tables_is_eperm(void **state)
{
    uint64_t ptr = (other->mfn[A].number << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE;

    (void)state;
    guest->d->privileged = true;
    assert_int_equal(update_as(ptr, 1, 2 | 3UL << 16), -XEN_EPERM);
    assert_int_equal(update_as(ptr, 0x99, 2), 0);
    assert_int_equal(m2p_get(other->mfn[A]), 0x99);
}

static void foreign_domains_are_for_the_privileged(void **state)
{
    (void)state;
    assert_int_equal(
        update_as(fake_pte_address(guest, A), entry_of(other, A, 0), 2),
        -XEN_EPERM);
    assert_int_equal(update_as(fake_pte_address(guest, A), 0, 77), -XEN_ESRCH);
    assert_int_equal(update_as(fake_pte_address(guest, A), 0, 1), -XEN_ESRCH);
    assert_int_equal(update_as(fake_pte_address(guest, A), 0, DOMID_XEN),
                     -XEN_EPERM);
    assert_int_equal(
        update_as(fake_pte_address(other, A), 0, DOMID_SELF | 3UL << 16),
        -XEN_EPERM);
    assert_int_equal(
        update_as(fake_pte_address(other, A), 0, DOMID_SELF | 99UL << 16),
        -XEN_ESRCH);
}

static void controller_maps_a_foreign_page(void **state)
{
    uint64_t word = 0;

    (void)state;
    guest->d->privileged = true;
    *(uint64_t *)fake_page(other, A) = 0xabcdef;
    assert_int_equal(update_as(fake_pte_address(guest, B),
                               entry_of(other, A, PTE_WRITABLE), 2),
                     0);
    tlb_flush_local();
    assert_true(fake_guest_read(fake_va(B), &word, 8));
    assert_int_equal(word, 0xabcdef);
    assert_int_equal(page_refs(fake_page_info(other, A)), 3);
    /* Not its own, named as its own. */
    assert_int_equal(update(fake_pte_address(guest, B), entry_of(other, A, 0)),
                     -XEN_EBUSY);
    assert_int_equal(
        update_as(fake_pte_address(guest, B), entry_of(guest, A, 0), 2),
        -XEN_EBUSY);
    assert_int_equal(update(fake_pte_address(guest, B), 0), 0);
    assert_int_equal(page_refs(fake_page_info(other, A)), 2);
}

static void controller_maps_no_foreign_table_writable(void **state)
{
    (void)state;
    guest->d->privileged = true;
    assert_int_equal(
        update_as(fake_pte_address(guest, B),
                  entry_of(other, other->first_table, PTE_WRITABLE), 2),
        -XEN_EBUSY);
    assert_int_equal(update_as(fake_pte_address(guest, B),
                               entry_of(other, other->first_table, 0), 2),
                     0);
    assert_int_equal(update(fake_pte_address(guest, B), 0), 0);
}

static void controller_writes_foreign_tables(void **state)
{
    (void)state;
    guest->d->privileged = true;
    assert_int_equal(update_as(fake_pte_address(other, A),
                               entry_of(other, B, 0), 2 | 3UL << 16),
                     0);
    assert_int_equal(pte_mfn(fake_pte(other, A)).number, other->mfn[B].number);
    /* The controller's own page in another's table. */
    assert_int_equal(update_as(fake_pte_address(other, A),
                               entry_of(guest, B, 0), DOMID_SELF | 3UL << 16),
                     0);
    assert_int_equal(update_as(fake_pte_address(other, A),
                               entry_of(other, A, PTE_WRITABLE), 2 | 3UL << 16),
                     0);
}

static void foreign_translation_is_flushed_when_the_page_is_typed(void **state)
{
    (void)state;
    guest->d->privileged = true;
    assert_int_equal(update_as(fake_pte_address(guest, B),
                               entry_of(other, A, PTE_WRITABLE), 2),
                     0);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(B), 0));
    assert_int_equal(update(fake_pte_address(guest, B), 0), 0);
    assert_true(fake_tlb_has(0, fake_va(B), true)); /* dom0 forgot to flush */
    assert_int_equal(update_as(fake_pte_address(other, A), 0, 2 | 3UL << 16),
                     0);
    assert_int_equal(page_get_and_type(other->mfn[A], other->d, PAGE_TYPE_L1),
                     0);
    assert_false(fake_tlb_has(0, fake_va(B), true));
    page_put_and_type(fake_page_info(other, A));
}

/* -- lists ----------------------------------------------------------------- */

static uint32_t *done_word(void)
{
    return (uint32_t *)(void *)((char *)fake_page(guest, ARGS) + 4000);
}

static long update_counted(unsigned long count)
{
    return fake_hypercall(guest->v, __HYPERVISOR_mmu_update, fake_va(ARGS),
                          count, fake_va(ARGS) + 4000, DOMID_SELF);
}

static void fill_requests(unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        requests()[i] = (struct mmu_update){address_of(A, (unsigned int)i), i};
    }
}

static void done_counts_all(void **state)
{
    (void)state;
    fill_requests(20);
    *done_word() = 12345;
    assert_int_equal(update_counted(20), 0);
    assert_int_equal(*done_word(), 20);
    assert_int_equal(((uint64_t *)fake_page(guest, A))[19], 19);
}

static void done_counts_up_to_the_error(void **state)
{
    (void)state;
    fill_requests(20);
    requests()[7].ptr |= 5;
    assert_int_equal(update_counted(20), -XEN_ENOSYS);
    assert_int_equal(*done_word(), 7);
    assert_int_equal(((uint64_t *)fake_page(guest, A))[6], 6);
    assert_int_equal(((uint64_t *)fake_page(guest, A))[8], 0);
}

static void preempted_list_counts_right(void **state)
{
    (void)state;
    for (unsigned int period = 1; period < 6; period++) {
        fill_requests(40);
        *done_word() = 99;
        fake_preempt_every(period);
        assert_int_equal(update_counted(40), 0);
        fake_preempt_every(0);
        assert_true(fake_continuations() >= 40 / period - 1);
        assert_int_equal(*done_word(), 40);
    }
}

static void preempted_list_counts_right_on_error(void **state)
{
    (void)state;
    fill_requests(40);
    requests()[33].ptr |= 6;
    fake_preempt_every(3);
    assert_int_equal(update_counted(40), -XEN_ENOSYS);
    fake_preempt_every(0);
    assert_int_equal(*done_word(), 33);
}

static void preempted_list_in_a_multicall_does_the_same(void **state)
{
    (void)state;
    fill_requests(40);
    fake_preempt_every(1);
    assert_int_equal(fake_multicall(guest, CALL, __HYPERVISOR_mmu_update,
                                    fake_va(ARGS), 40, fake_va(ARGS) + 4000,
                                    DOMID_SELF),
                     0);
    fake_preempt_every(0);
    assert_true(fake_continuations() >= 39);
    assert_int_equal(*done_word(), 40);
    assert_int_equal(((uint64_t *)fake_page(guest, A))[39], 39);
}

static void unreadable_list_is_efault(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    fake_va(1000), 1, 0, DOMID_SELF),
                     -XEN_EFAULT);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    HV_DIRECT_MAP, 1, 0, DOMID_SELF),
                     -XEN_EFAULT);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    fake_va(ARGS), 0x7fffffff, 0, DOMID_SELF),
                     -XEN_EINVAL); /* far along: requests of zeros */
}

static void empty_list_is_nothing(void **state)
{
    (void)state;
    *done_word() = 5;
    assert_int_equal(update_counted(0), 0);
    assert_int_equal(*done_word(), 0);
}

static void restart_bit_from_a_guest_is_harmless(void **state)
{
    (void)state;
    fill_requests(4);
    *done_word() = 1000;
    assert_int_equal(update_counted(4 | 0x80000000UL), 0);
    assert_int_equal(*done_word(), 1004);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update, 0,
                                    0x80000000UL, 0, (unsigned long)-5L),
                     -5); /* its own number back */
}

static void done_that_cannot_be_written_does_not_matter(void **state)
{
    (void)state;
    fill_requests(2);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    fake_va(ARGS), 2, HV_DIRECT_MAP,
                                    DOMID_SELF),
                     0);
}

/* A tree hung in and cut off again, each preempted at every step. */
static void whole_tree_in_one_entry(void **state)
{
    unsigned long l4 = guest->first_table;
    uint64_t *l3 = fake_page(guest, 20);
    uint64_t *l2 = fake_page(guest, 21);
    uint64_t *l1 = fake_page(guest, 22);

    (void)state;
    for (unsigned long pfn = 20; pfn < 23; pfn++) {
        assert_int_equal(update_va(fake_va(pfn), entry_of(guest, pfn, 0), 0),
                         0);
    }
    for (unsigned int i = 0; i < 30; i++) {
        l3[i * 9] = entry_of(guest, 21, 0);
        l2[i * 11] = entry_of(guest, 22, 0);
        l1[i] = entry_of(guest, A, PTE_WRITABLE);
    }
    for (unsigned int period = 1; period < 12; period++) {
        fake_preempt_every(period);
        assert_int_equal(update(address_of(l4, 400), entry_of(guest, 20, 0)),
                         0);
        assert_int_equal(atomic_load(&fake_page_info(guest, A)->type) &
                             PAGE_TYPE_COUNT_MASK,
                         31);
        fake_preempt_every(0);
        fake_audit();
        fake_preempt_every(period);
        assert_int_equal(update(address_of(l4, 400), 0), 0);
        assert_true(fake_continuations() > 0 || period > 3);
        fake_preempt_every(0);
        assert_int_equal(guest->v->pv.teardown_mfn, 0);
        assert_int_equal(atomic_load(&fake_page_info(guest, A)->type) &
                             PAGE_TYPE_COUNT_MASK,
                         1);
        fake_audit();
    }
}

static void failing_tree_reports_its_error_when_preempted(void **state)
{
    unsigned long l4 = guest->first_table;
    uint64_t *l3 = fake_page(guest, 20);

    (void)state;
    assert_int_equal(update_va(fake_va(20), entry_of(guest, 20, 0), 0), 0);
    for (unsigned int i = 0; i < 400; i++) {
        l3[i] = entry_of(guest, l4 + 2, 0);
    }
    l3[400] = entry_of(guest, A, 0); /* mapped writable */
    for (unsigned int period = 1; period < 4; period++) {
        requests()[0] = (struct mmu_update){address_of(A, 0), 1};
        requests()[1] =
            (struct mmu_update){address_of(l4, 400), entry_of(guest, 20, 0)};
        fake_preempt_every(period);
        assert_int_equal(update_counted(2), -XEN_EINVAL);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 1);
        assert_int_equal(guest->v->pv.teardown_mfn, 0);
        assert_int_equal(atomic_load(&fake_page_info(guest, 20)->type) &
                             (PAGE_TYPE_COUNT_MASK | PAGE_TYPE_PARTIAL),
                         0);
        fake_audit();
    }
}

/* -- update_va_mapping ----------------------------------------------------- */

static void va_is_mapped(void **state)
{
    uint64_t word = 0;

    (void)state;
    *(uint64_t *)fake_page(guest, B) = 0x42;
    assert_int_equal(update_va(fake_va(A), entry_of(guest, B, 0), UVMF_INVLPG),
                     0);
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    assert_int_equal(word, 0x42);
}

static void va_without_tables_is_einval(void **state)
{
    (void)state;
    assert_int_equal(update_va(0x1000, 0, 0), -XEN_EINVAL);
    assert_int_equal(update_va(FAKE_GUEST_VA + (1UL << 30), 0, 0), -XEN_EINVAL);
    assert_int_equal(update_va(HV_M2P_RO, 0, 0), -XEN_EINVAL);
    assert_int_equal(update_va(0x800000000000UL, 0, 0), -XEN_EINVAL);
    assert_int_equal(update_va(~0UL, 0, 0), -XEN_EINVAL);
}

static void va_error_flushes_nothing(void **state)
{
    unsigned int flushes = fake_flush_count();

    (void)state;
    assert_int_equal(
        update_va(fake_va(A), entry_of(other, A, 0), UVMF_TLB_FLUSH | UVMF_ALL),
        -XEN_EBUSY);
    assert_int_equal(fake_flush_count(), flushes);
}

static void enter_vcpu(void *data)
{
    struct vcpu *v = data;

    v->pv.kernel_root = guest->v->pv.kernel_root;
    v->pv.kernel_mode = true;
    assert_int_equal(page_get_root(v->pv.kernel_root, guest->d), 0);
    fake_enter(v);
    assert_true(fake_guest_write_u64(fake_va(A), 0));
    assert_true(fake_guest_write_u64(fake_va(B), 0));
}

static void all_cpus_have_it(void)
{
    fake_on_cpu(1, enter_vcpu, guest->d->vcpu[1]);
    fake_on_cpu(2, enter_vcpu, guest->d->vcpu[2]);
    assert_true(fake_guest_write_u64(fake_va(A), 0));
    assert_true(fake_guest_write_u64(fake_va(B), 0));
}

static unsigned int who_has(unsigned long pfn)
{
    unsigned int mask = 0;

    for (unsigned int cpu = 0; cpu < 3; cpu++) {
        mask |= fake_tlb_has(cpu, fake_va(pfn), false) ? 1U << cpu : 0;
    }
    return mask;
}

struct flush_case {
    const char *name;
    unsigned long flags;
    bool bitmap;
    unsigned int has_a;
    unsigned int has_b;
};

static struct flush_case flush_cases[] = {
    {"va_flush_none", 0, false, 7, 7},
    {"va_flush_local", UVMF_TLB_FLUSH | UVMF_LOCAL, false, 6, 6},
    {"va_flush_all", UVMF_TLB_FLUSH | UVMF_ALL, false, 0, 0},
    {"va_invlpg_local", UVMF_INVLPG | UVMF_LOCAL, false, 6, 7},
    {"va_invlpg_all", UVMF_INVLPG | UVMF_ALL, false, 0, 7},
    {"va_flush_multi", UVMF_TLB_FLUSH, true, 5, 5},
    {"va_invlpg_multi", UVMF_INVLPG, true, 5, 7},
};

static void va_flushes_whom_it_says(void **state)
{
    const struct flush_case *c = *state;
    unsigned long flags = c->flags;

    setup(state);
    all_cpus_have_it();
    if (c->bitmap) {
        *(uint8_t *)fake_page(guest, ARGS) = 2; /* vCPU 1 */
        flags |= fake_va(ARGS);
    }
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0), flags), 0);
    assert_int_equal(who_has(A), c->has_a);
    assert_int_equal(who_has(B), c->has_b);
    tlb_flush_cpus(&cpus_online);
    teardown(state);
}

static void va_flush_with_bad_bitmap_is_efault(void **state)
{
    (void)state;
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0),
                               UVMF_TLB_FLUSH | HV_DIRECT_MAP),
                     -XEN_EFAULT);
}

static void otherdomain_maps_foreign_pages(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v,
                                    __HYPERVISOR_update_va_mapping_otherdomain,
                                    fake_va(B), entry_of(other, A, 0), 0, 2),
                     -XEN_EPERM);
    guest->d->privileged = true;
    assert_int_equal(
        fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping_otherdomain,
                       fake_va(B), entry_of(other, A, 0), UVMF_INVLPG, 2),
        0);
    assert_int_equal(fake_hypercall(guest->v,
                                    __HYPERVISOR_update_va_mapping_otherdomain,
                                    fake_va(B), 0, UVMF_INVLPG, 2),
                     0);
    assert_int_equal(fake_hypercall(guest->v,
                                    __HYPERVISOR_update_va_mapping_otherdomain,
                                    fake_va(B), 0, 0, 98),
                     -XEN_ESRCH);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    struct CMUnitTest flush_tests[ARRAY_COUNT(flush_cases)];
    const struct CMUnitTest tests[] = {
        CASE(l1_entry_is_written),
        CASE(guest_reads_back_user_and_mark),
        CASE(entry_of_anothers_page_is_busy),
        CASE(writable_entry_of_a_table_is_busy),
        CASE(bad_bits_are_einval),
        CASE(io_entry_needs_permission),
        CASE(readonly_io_loses_its_write_bit),
        CASE(refused_io_is_eperm_for_anyone),
        CASE(write_combining_is_for_those_with_devices),
        CASE(accessed_and_dirty_are_lost_or_kept),
        CASE(preserve_keeps_bits_in_flag_changes_too),
        CASE(flag_changes_take_no_references),
        CASE(memory_type_never_passes_as_a_flag_change),
        CASE(released_page_cannot_be_mapped_again_writable),
        CASE(l4_slots_of_the_hypervisor_are_refused),
        CASE(upper_flag_change_is_checked),
        CASE(upper_entries_map_only_own_tables),
        CASE(linear_entries_are_refused),
        CASE(removed_table_becomes_data_again),
        CASE(ordinary_page_gets_the_word),
        CASE(descriptor_page_is_not_written),
        CASE(table_of_another_is_einval),
        CASE(unknown_commands_are_enosys),
        CASE(machphys_is_written),
        CASE(machphys_of_anothers_frame_is_einval),
        CASE(machphys_for_other_tables_is_eperm),
        CASE(foreign_domains_are_for_the_privileged),
        CASE(controller_maps_a_foreign_page),
        CASE(controller_maps_no_foreign_table_writable),
        CASE(controller_writes_foreign_tables),
        CASE(foreign_translation_is_flushed_when_the_page_is_typed),
        CASE(done_counts_all),
        CASE(done_counts_up_to_the_error),
        CASE(preempted_list_counts_right),
        CASE(preempted_list_counts_right_on_error),
        CASE(preempted_list_in_a_multicall_does_the_same),
        CASE(unreadable_list_is_efault),
        CASE(empty_list_is_nothing),
        CASE(restart_bit_from_a_guest_is_harmless),
        CASE(done_that_cannot_be_written_does_not_matter),
        CASE(whole_tree_in_one_entry),
        CASE(failing_tree_reports_its_error_when_preempted),
        CASE(va_is_mapped),
        CASE(va_without_tables_is_einval),
        CASE(va_error_flushes_nothing),
        CASE(va_flush_with_bad_bitmap_is_efault),
        CASE(otherdomain_maps_foreign_pages),
    };

    for (unsigned int i = 0; i < ARRAY_COUNT(flush_cases); i++) {
        flush_tests[i] =
            (struct CMUnitTest){flush_cases[i].name, va_flushes_whom_it_says,
                                NULL, NULL, &flush_cases[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(flush_tests, NULL, NULL);
}
