/* SPDX-License-Identifier: MIT */
/* mmu_update: lists of entries, preempted or wrong; update_va_mapping. */
#include "mm_world.h"

/* -- lists ----------------------------------------------------------------- */

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

/* The table that a list writes is held from one request to the next, and no
 * longer: once removed, it is data for the same list. */
static void list_lets_go_of_a_table_it_removes(void **state)
{
    unsigned long l2 = guest->first_table + 2;
    uint64_t not_an_entry = 0x7ff0ffffffffffffULL;

    (void)state;
    for (unsigned int period = 0; period < 3; period++) {
        ((uint64_t *)fake_page(guest, A))[4] = 0;
        assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0), 0), 0);
        assert_int_equal(update(address_of(l2, 9), entry_of(guest, A, 0)), 0);
        assert_int_equal(update(address_of(A, 4), not_an_entry), -XEN_EINVAL);
        requests()[0] =
            (struct mmu_update){address_of(A, 3), entry_of(guest, B, 0)};
        requests()[1] =
            (struct mmu_update){address_of(A, 5), entry_of(guest, B, 0)};
        requests()[2] = (struct mmu_update){address_of(l2, 9), 0};
        requests()[3] = (struct mmu_update){address_of(A, 4), not_an_entry};
        fake_preempt_every(period);
        assert_int_equal(update_counted(4), 0);
        fake_preempt_every(0);
        assert_int_equal(*done_word(), 4);
        assert_true(((uint64_t *)fake_page(guest, A))[4] == not_an_entry);
        fake_audit();
    }
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

    mm_setup(state);
    all_cpus_have_it();
    if (c->bitmap) {
        *(uint8_t *)fake_page(guest, ARGS) = 2; /* vCPU 1 */
        flags |= fake_va(ARGS);
    }
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0), flags), 0);
    assert_int_equal(who_has(A), c->has_a);
    assert_int_equal(who_has(B), c->has_b);
    tlb_flush_cpus(&cpus_online);
    mm_teardown(state);
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

int main(void)
{
    struct CMUnitTest flush_tests[ARRAY_COUNT(flush_cases)];
    const struct CMUnitTest tests[] = {
        MM_CASE(done_counts_all),
        MM_CASE(done_counts_up_to_the_error),
        MM_CASE(preempted_list_counts_right),
        MM_CASE(preempted_list_counts_right_on_error),
        MM_CASE(preempted_list_in_a_multicall_does_the_same),
        MM_CASE(list_lets_go_of_a_table_it_removes),
        MM_CASE(unreadable_list_is_efault),
        MM_CASE(empty_list_is_nothing),
        MM_CASE(restart_bit_from_a_guest_is_harmless),
        MM_CASE(done_that_cannot_be_written_does_not_matter),
        MM_CASE(whole_tree_in_one_entry),
        MM_CASE(failing_tree_reports_its_error_when_preempted),
        MM_CASE(va_is_mapped),
        MM_CASE(va_without_tables_is_einval),
        MM_CASE(va_error_flushes_nothing),
        MM_CASE(va_flush_with_bad_bitmap_is_efault),
        MM_CASE(otherdomain_maps_foreign_pages),
    };

    for (unsigned int i = 0; i < ARRAY_COUNT(flush_cases); i++) {
        flush_tests[i] =
            (struct CMUnitTest){flush_cases[i].name, va_flushes_whom_it_says,
                                NULL, NULL, &flush_cases[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(flush_tests, NULL, NULL);
}
