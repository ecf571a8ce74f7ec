/* SPDX-License-Identifier: MIT */
/* mmuext_op, as guests call it. */
#include "mm_world.h"

#define TREE 20UL /* pfns of a second tree: L4, L3, L2, L1 */

static struct mmuext_op *ops(void)
{
    return fake_page(guest, ARGS);
}

static long ext_many(unsigned long count, unsigned long foreign)
{
    return fake_hypercall(guest->v, __HYPERVISOR_mmuext_op, fake_va(ARGS),
                          count, fake_va(ARGS) + 4000, foreign);
}

static void set_op(unsigned int index, unsigned int command, unsigned long a1,
                   unsigned long a2)
{
    memset(&ops()[index], 0, sizeof(ops()[index]));
    ops()[index].cmd = command;
    ops()[index].arg1.mfn = a1;
    ops()[index].arg2.src_mfn = a2;
}

static long ext_as(unsigned int command, unsigned long a1, unsigned long a2,
                   unsigned long foreign)
{
    set_op(0, command, a1, a2);
    return ext_many(1, foreign);
}

static long ext(unsigned int command, unsigned long a1, unsigned long a2)
{
    return ext_as(command, a1, a2, DOMID_SELF);
}

static unsigned long mfn_of(unsigned long pfn)
{
    return guest->mfn[pfn].number;
}

static uint64_t type_word(unsigned long pfn)
{
    return atomic_load(&fake_page_info(guest, pfn)->type);
}

/* A second address space: the same kernel mappings, made of own upper tables.
 */
static void build_tree(void)
{
    uint64_t *table[4];
    unsigned int slots[4];

    for (unsigned int i = 0; i < 4; i++) {
        map(TREE + i, entry_for(TREE + i, PTE_PRESENT));
        table[i] = fake_page(guest, TREE + i);
        slots[i] = pt_index(FAKE_GUEST_VA, 4 - i);
        memset(table[i], 0, PAGE_BYTES);
    }
    memcpy(table[3], fake_page(guest, guest->first_table + 3), PAGE_BYTES);
    for (unsigned int i = 0; i < 3; i++) {
        table[i][slots[i]] =
            pte_make(guest->mfn[TREE + i + 1], PTE_PRESENT | PTE_WRITABLE);
    }
}

/* -- pins ------------------------------------------------------------------ */

static void pinned_table_stays_typed(void **state)
{
    (void)state;
    map(A, entry_for(A, PTE_PRESENT));
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0), 0);
    assert_int_equal(page_type_of(type_word(A)), PAGE_TYPE_L1);
    assert_true((type_word(A) & PAGE_TYPE_PINNED) != 0);
    assert_int_equal(*done_word(), 1);
    assert_int_equal(ext(MMUEXT_UNPIN_TABLE, mfn_of(A), 0), 0);
    assert_int_equal(type_word(A) & PAGE_TYPE_COUNT_MASK, 0);
    map(A, entry_for(A, PTE_PRESENT | PTE_WRITABLE));
}

static void pinning_twice_is_einval(void **state)
{
    (void)state;
    map(A, entry_for(A, PTE_PRESENT));
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0), 0);
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_PIN_L2_TABLE, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(type_word(A) & PAGE_TYPE_COUNT_MASK, 1);
}

static void unpinning_what_is_not_pinned_is_einval(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_UNPIN_TABLE, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_UNPIN_TABLE, mfn_of(guest->first_table), 0),
                     -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_UNPIN_TABLE, ~0UL, 0), -XEN_EINVAL);
}

static void writable_page_is_not_pinned(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(ext(MMUEXT_PIN_L1_TABLE + i, mfn_of(A), 0),
                         -XEN_EINVAL);
    }
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, mfn_of(guest->first_table), 0),
                     -XEN_EINVAL); /* an L4 */
}

static void others_pages_are_not_pinned(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, other->mfn[A].number, 0),
                     -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, FAKE_MMIO_MFN, 0), -XEN_EINVAL);
    assert_int_equal(ext_as(MMUEXT_PIN_L1_TABLE, other->mfn[A].number, 0, 2),
                     -XEN_EPERM);
    assert_int_equal(ext_as(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0, 1), -XEN_ESRCH);
    assert_int_equal(ext_as(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0, 44), -XEN_ESRCH);
}

static void controller_pins_for_others(void **state)
{
    (void)state;
    guest->d->privileged = true;
    assert_int_equal(ext_as(MMUEXT_PIN_L4_TABLE,
                            other->mfn[other->first_table].number, 0, 2),
                     0);
    assert_int_equal(
        ext_as(MMUEXT_UNPIN_TABLE, other->mfn[other->first_table].number, 0, 2),
        0);
}

static void used_table_survives_its_unpin(void **state)
{
    unsigned long l4 = guest->first_table;

    (void)state;
    assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, mfn_of(l4), 0), 0);
    assert_int_equal(ext(MMUEXT_UNPIN_TABLE, mfn_of(l4), 0), 0);
    assert_int_equal(page_type_of(type_word(l4)), PAGE_TYPE_L4);
    assert_int_equal(type_word(l4) & PAGE_TYPE_COUNT_MASK, 1);
}

static void pin_with_bad_contents_is_einval(void **state)
{
    (void)state;
    map(A, entry_for(A, PTE_PRESENT));
    ((uint64_t *)fake_page(guest, A))[3] =
        pte_make(guest->mfn[B], PTE_PRESENT | PTE_PWT);
    assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(type_word(A) & PAGE_TYPE_COUNT_MASK, 0);
}

static void dying_domain_is_not_pinned(void **state)
{
    (void)state;
    guest->d->privileged = true;
    atomic_store(&other->d->dying, DOMAIN_DYING);
    assert_int_equal(ext_as(MMUEXT_PIN_L4_TABLE,
                            other->mfn[other->first_table].number, 0, 2),
                     -XEN_EINVAL);
    atomic_store(&other->d->dying, DOMAIN_ALIVE);
}

static void preempted_pin_and_unpin_leave_the_same(void **state)
{
    (void)state;
    build_tree();
    for (unsigned int period = 1; period < 6; period++) {
        fake_preempt_every(period);
        assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, mfn_of(TREE), 0), 0);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 1);
        assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 1);
        fake_audit();
        fake_preempt_every(period);
        assert_int_equal(ext(MMUEXT_UNPIN_TABLE, mfn_of(TREE), 0), 0);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 1);
        for (unsigned int i = 0; i < 4; i++) {
            assert_int_equal(type_word(TREE + i) & PAGE_TYPE_COUNT_MASK, 0);
        }
        fake_audit();
    }
}

static void preempted_pin_in_a_multicall_leaves_the_same(void **state)
{
    (void)state;
    build_tree();
    for (unsigned int period = 1; period < 6; period++) {
        set_op(0, MMUEXT_PIN_L4_TABLE, mfn_of(TREE), 0);
        set_op(1, MMUEXT_UNPIN_TABLE, mfn_of(TREE), 0);
        set_op(2, MMUEXT_PIN_L4_TABLE, mfn_of(TREE), 0);
        set_op(3, MMUEXT_UNPIN_TABLE, mfn_of(TREE), 0);
        fake_preempt_every(period);
        assert_int_equal(fake_multicall(guest, CALL, __HYPERVISOR_mmuext_op,
                                        fake_va(ARGS), 4, fake_va(ARGS) + 4000,
                                        DOMID_SELF),
                         0);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 4);
        assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 0);
        fake_audit();
    }
}

/* -- roots ----------------------------------------------------------------- */

static void new_baseptr_changes_the_address_space(void **state)
{
    (void)state;
    build_tree();
    ((uint64_t *)fake_page(guest, TREE + 3))[A] =
        pte_make(guest->mfn[B], PTE_PRESENT);
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(TREE), 0), 0);
    assert_int_equal(guest->v->pv.kernel_root.number, mfn_of(TREE));
    assert_false(fake_guest_write_u64(fake_va(A), 1));
    assert_int_equal(type_word(guest->first_table) & PAGE_TYPE_COUNT_MASK, 0);
}

static void new_baseptr_leaves_no_old_translation(void **state)
{
    (void)state;
    build_tree();
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(TREE), 0), 0);
    assert_false(fake_tlb_has(0, fake_va(A), false));
}

static void failed_new_baseptr_keeps_the_old(void **state)
{
    unsigned long old = guest->v->pv.kernel_root.number;

    (void)state;
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, other->mfn[0].number, 0),
                     -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, 0, 0), -XEN_EINVAL);
    assert_int_equal(guest->v->pv.kernel_root.number, old);
    assert_true(fake_guest_write_u64(fake_va(A), 1));
}

static void same_baseptr_takes_no_reference(void **state)
{
    unsigned long l4 = guest->first_table;

    (void)state;
    assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(l4), 0), 0);
    assert_int_equal(type_word(l4) & PAGE_TYPE_COUNT_MASK, 1);
}

static void preempted_baseptr_switch_is_complete(void **state)
{
    unsigned long l4 = guest->first_table;

    (void)state;
    build_tree();
    for (unsigned int period = 1; period < 5; period++) {
        fake_preempt_every(period);
        assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(TREE), 0), 0);
        assert_int_equal(guest->v->pv.teardown_mfn, 0);
        assert_int_equal(type_word(l4) & PAGE_TYPE_COUNT_MASK, 0);
        assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn_of(l4), 0), 0);
        assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 0);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 1);
        fake_audit();
    }
}

static void user_root_is_set_and_cleared(void **state)
{
    (void)state;
    build_tree();
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(TREE), 0), 0);
    assert_int_equal(guest->v->pv.user_root.number, mfn_of(TREE));
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(TREE), 0), 0);
    assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 1);
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(A), 0), -XEN_EINVAL);
    assert_int_equal(guest->v->pv.user_root.number, mfn_of(TREE));
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    assert_true(mfn_equal(guest->v->pv.user_root, INVALID_MFN));
    assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 0);
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
}

static void roots_are_for_oneself(void **state)
{
    (void)state;
    guest->d->privileged = true;
    assert_int_equal(
        ext_as(MMUEXT_NEW_BASEPTR, other->mfn[other->first_table].number, 0, 2),
        -XEN_EPERM);
    assert_int_equal(ext_as(MMUEXT_NEW_USER_BASEPTR, 0, 0, 2), -XEN_EPERM);
}

static void roots_are_dropped_in_steps(void **state)
{
    struct vcpu *v = guest->v;
    unsigned int restarts = 0;

    (void)state;
    build_tree();
    assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(TREE), 0), 0);
    fake_leave();
    fake_preempt_every(1);
    while (mm_drop_roots(v) == -XEN_ERESTART) {
        fake_clear_softirqs();
        restarts++;
    }
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_true(restarts > 2);
    assert_int_equal(type_word(TREE) & PAGE_TYPE_COUNT_MASK, 0);
    assert_int_equal(type_word(guest->first_table) & PAGE_TYPE_COUNT_MASK, 0);
    assert_int_equal(mm_drop_roots(v), 0);
}

/* -- flushes --------------------------------------------------------------- */

static struct flush_case {
    const char *name;
    unsigned int command;
    unsigned int vcpus; /* bitmap of the MULTI forms */
    unsigned int has_a;
    unsigned int has_b;
} flush_cases[] = {
    {"tlb_flush_local", MMUEXT_TLB_FLUSH_LOCAL, 0, 6, 6},
    {"invlpg_local", MMUEXT_INVLPG_LOCAL, 0, 6, 7},
    {"tlb_flush_multi", MMUEXT_TLB_FLUSH_MULTI, 6, 1, 1},
    {"invlpg_multi", MMUEXT_INVLPG_MULTI, 6, 1, 7},
    {"tlb_flush_multi_of_none", MMUEXT_TLB_FLUSH_MULTI, 0, 7, 7},
    {"tlb_flush_multi_past_the_last", MMUEXT_TLB_FLUSH_MULTI, 0xf8, 7, 7},
    {"tlb_flush_all", MMUEXT_TLB_FLUSH_ALL, 0, 0, 0},
    {"invlpg_all", MMUEXT_INVLPG_ALL, 0, 0, 7},
};

static void flushes_whom_it_says(void **state)
{
    const struct flush_case *c = *state;

    mm_setup(state);
    all_cpus_have_it();
    *(uint8_t *)fake_page(guest, CALL) = (uint8_t)c->vcpus;
    assert_int_equal(ext(c->command, fake_va(A), fake_va(CALL)), 0);
    assert_int_equal(who_has(A), c->has_a);
    assert_int_equal(who_has(B), c->has_b);
    assert_int_equal(ext_as(c->command, fake_va(A), fake_va(CALL), 2),
                     -XEN_EPERM);
    guest->d->privileged = true;
    assert_int_equal(ext_as(c->command, fake_va(A), fake_va(CALL), 2),
                     -XEN_EPERM);
    tlb_flush_cpus(&cpus_online);
    mm_teardown(state);
}

static void flush_with_bad_bitmap_is_einval(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_TLB_FLUSH_MULTI, 0, 0), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_INVLPG_MULTI, 0, HV_DIRECT_MAP), -XEN_EINVAL);
}

static void flush_of_our_addresses_does_nothing(void **state)
{
    unsigned int flushes = fake_flush_count();

    (void)state;
    assert_int_equal(ext(MMUEXT_INVLPG_LOCAL, HV_DIRECT_MAP, 0), 0);
    assert_int_equal(ext(MMUEXT_INVLPG_ALL, 1UL << 47, 0), 0);
    assert_int_equal(fake_flush_count(), flushes);
}

static void cache_flush_is_for_those_with_devices(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EACCES);
    assert_int_equal(ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -XEN_EACCES);
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_MFN);
    fake_caches = (struct fake_caches){0};
    assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
    assert_int_equal(fake_caches.all, 0);
    assert_int_equal(ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
    assert_int_equal(fake_caches.local, 1);
    assert_int_equal(fake_caches.all, 1);
}

/* -- pages and the LDT ----------------------------------------------------- */

static void page_is_cleared(void **state)
{
    (void)state;
    memset(fake_page(guest, A), 0x77, PAGE_BYTES);
    assert_int_equal(ext(MMUEXT_CLEAR_PAGE, mfn_of(A), 0), 0);
    assert_int_equal(((uint64_t *)fake_page(guest, A))[511], 0);
}

static void page_is_copied(void **state)
{
    (void)state;
    memset(fake_page(guest, A), 0x77, PAGE_BYTES);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, mfn_of(B), mfn_of(A)), 0);
    assert_memory_equal(fake_page(guest, A), fake_page(guest, B), PAGE_BYTES);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, mfn_of(B), mfn_of(B)), 0);
}

static void tables_are_not_cleared_or_overwritten(void **state)
{
    unsigned long l1 = guest->first_table + 3;

    (void)state;
    assert_int_equal(ext(MMUEXT_CLEAR_PAGE, mfn_of(l1), 0), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, mfn_of(l1), mfn_of(A)), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, mfn_of(A), mfn_of(l1)), 0);
}

static void others_pages_are_not_cleared_or_copied(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_CLEAR_PAGE, other->mfn[A].number, 0),
                     -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, other->mfn[A].number, mfn_of(A)),
                     -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_COPY_PAGE, mfn_of(A), other->mfn[A].number),
                     -XEN_EINVAL);
    guest->d->privileged = true;
    assert_int_equal(ext_as(MMUEXT_CLEAR_PAGE, other->mfn[A].number, 0, 2), 0);
}

static void ldt_is_set(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_SET_LDT, fake_va(A), 512), 0);
    assert_int_equal(guest->v->pv.ldt_base, fake_va(A));
    assert_int_equal(guest->v->pv.ldt_entries, 512);
    assert_int_equal(ext(MMUEXT_SET_LDT, fake_va(A) + 8, 512), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_SET_LDT, fake_va(A), 8193), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_SET_LDT, HV_DIRECT_MAP, 1), -XEN_EINVAL);
    assert_int_equal(ext(MMUEXT_SET_LDT, 0, 0), 0);
    assert_int_equal(guest->v->pv.ldt_entries, 0);
    assert_int_equal(ext_as(MMUEXT_SET_LDT, 0, 0, DOMID_IO), -XEN_EPERM);
}

/* -- lists ----------------------------------------------------------------- */

static void commands_unknown_or_not_supported(void **state)
{
    (void)state;
    assert_int_equal(ext(MMUEXT_MARK_SUPER, 0, 0), -XEN_EOPNOTSUPP);
    assert_int_equal(ext(MMUEXT_UNMARK_SUPER, 0, 0), -XEN_EOPNOTSUPP);
    assert_int_equal(ext(14, 0, 0), -XEN_ENOSYS);
    assert_int_equal(ext(21, 0, 0), -XEN_ENOSYS);
    assert_int_equal(ext(~0U, 0, 0), -XEN_ENOSYS);
}

static void list_stops_at_the_first_error(void **state)
{
    (void)state;
    set_op(0, MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
    set_op(1, 99, 0, 0);
    set_op(2, MMUEXT_CLEAR_PAGE, mfn_of(A), 0);
    memset(fake_page(guest, A), 1, PAGE_BYTES);
    assert_int_equal(ext_many(3, DOMID_SELF), -XEN_ENOSYS);
    assert_int_equal(*done_word(), 1);
    assert_int_equal(*(uint8_t *)fake_page(guest, A), 1);
}

static void unreadable_list_is_efault(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmuext_op,
                                    fake_va(999), 1, 0, DOMID_SELF),
                     -XEN_EFAULT);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmuext_op, HV_M2P_RO,
                                    1, 0, DOMID_SELF),
                     -XEN_EFAULT);
}

static void long_list_is_preempted_between_commands(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 50; i++) {
        set_op(i, MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
    }
    fake_preempt_every(1);
    assert_int_equal(ext_many(50, DOMID_SELF), 0);
    fake_preempt_every(0);
    assert_int_equal(fake_continuations(), 49);
    assert_int_equal(*done_word(), 50);
}

int main(void)
{
    struct CMUnitTest flush_tests[ARRAY_COUNT(flush_cases)];
    const struct CMUnitTest tests[] = {
        MM_CASE(pinned_table_stays_typed),
        MM_CASE(pinning_twice_is_einval),
        MM_CASE(unpinning_what_is_not_pinned_is_einval),
        MM_CASE(writable_page_is_not_pinned),
        MM_CASE(others_pages_are_not_pinned),
        MM_CASE(controller_pins_for_others),
        MM_CASE(used_table_survives_its_unpin),
        MM_CASE(pin_with_bad_contents_is_einval),
        MM_CASE(dying_domain_is_not_pinned),
        MM_CASE(preempted_pin_and_unpin_leave_the_same),
        MM_CASE(preempted_pin_in_a_multicall_leaves_the_same),
        MM_CASE(new_baseptr_changes_the_address_space),
        MM_CASE(new_baseptr_leaves_no_old_translation),
        MM_CASE(failed_new_baseptr_keeps_the_old),
        MM_CASE(same_baseptr_takes_no_reference),
        MM_CASE(preempted_baseptr_switch_is_complete),
        MM_CASE(user_root_is_set_and_cleared),
        MM_CASE(roots_are_for_oneself),
        MM_CASE(roots_are_dropped_in_steps),
        MM_CASE(flush_with_bad_bitmap_is_einval),
        MM_CASE(flush_of_our_addresses_does_nothing),
        MM_CASE(cache_flush_is_for_those_with_devices),
        MM_CASE(page_is_cleared),
        MM_CASE(page_is_copied),
        MM_CASE(tables_are_not_cleared_or_overwritten),
        MM_CASE(others_pages_are_not_cleared_or_copied),
        MM_CASE(ldt_is_set),
        MM_CASE(commands_unknown_or_not_supported),
        MM_CASE(list_stops_at_the_first_error),
        MM_CASE(unreadable_list_is_efault),
        MM_CASE(long_list_is_preempted_between_commands),
    };

    for (unsigned int i = 0; i < ARRAY_COUNT(flush_cases); i++) {
        flush_tests[i] =
            (struct CMUnitTest){flush_cases[i].name, flushes_whom_it_says, NULL,
                                NULL, &flush_cases[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(flush_tests, NULL, NULL);
}
