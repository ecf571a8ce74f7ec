/* SPDX-License-Identifier: MIT */
/* mmu_update: one entry, as guests change it. */
#include "mm_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        MM_CASE(l1_entry_is_written),
        MM_CASE(guest_reads_back_user_and_mark),
        MM_CASE(entry_of_anothers_page_is_busy),
        MM_CASE(writable_entry_of_a_table_is_busy),
        MM_CASE(bad_bits_are_einval),
        MM_CASE(io_entry_needs_permission),
        MM_CASE(readonly_io_loses_its_write_bit),
        MM_CASE(refused_io_is_eperm_for_anyone),
        MM_CASE(write_combining_is_for_those_with_devices),
        MM_CASE(accessed_and_dirty_are_lost_or_kept),
        MM_CASE(preserve_keeps_bits_in_flag_changes_too),
        MM_CASE(flag_changes_take_no_references),
        MM_CASE(memory_type_never_passes_as_a_flag_change),
        MM_CASE(released_page_cannot_be_mapped_again_writable),
        MM_CASE(l4_slots_of_the_hypervisor_are_refused),
        MM_CASE(upper_flag_change_is_checked),
        MM_CASE(upper_entries_map_only_own_tables),
        MM_CASE(linear_entries_are_refused),
        MM_CASE(removed_table_becomes_data_again),
        MM_CASE(ordinary_page_gets_the_word),
        MM_CASE(descriptor_page_is_not_written),
        MM_CASE(table_of_another_is_einval),
        MM_CASE(unknown_commands_are_enosys),
        MM_CASE(machphys_is_written),
        MM_CASE(machphys_of_anothers_frame_is_einval),
        MM_CASE(machphys_for_other_tables_is_eperm),
        MM_CASE(foreign_domains_are_for_the_privileged),
        MM_CASE(controller_maps_a_foreign_page),
        MM_CASE(controller_maps_no_foreign_table_writable),
        MM_CASE(controller_writes_foreign_tables),
        MM_CASE(foreign_translation_is_flushed_when_the_page_is_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
