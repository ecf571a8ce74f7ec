/* SPDX-License-Identifier: MIT */
/*
 * Whole tables, promoted and torn down with preemption at every step.
 */
#include "mm_world.h"

#include <stdio.h>

#include "bug.h"

#define OTHER B

/* -- preemption ------------------------------------------------------------ */

#define TREE_L1S   6UL
#define TREE_FIRST 10UL /* pfns: L4, L3, L2, then L1s */

/* A tree of tables, each with entries here and there, that maps page OTHER. */
static void build_tree(void)
{
    uint64_t flags = PTE_WRITABLE | PTE_USER;

    for (unsigned long pfn = TREE_FIRST; pfn < TREE_FIRST + 3 + TREE_L1S;
         pfn++) {
        unmap(pfn);
        memset(table_at(pfn), 0, PAGE_BYTES);
    }
    table_at(TREE_FIRST)[2] = entry_for(TREE_FIRST + 1, flags);
    table_at(TREE_FIRST)[300] = entry_for(TREE_FIRST + 1, flags);
    table_at(TREE_FIRST)[301] = entry_for(guest->first_table + 1, flags);
    table_at(TREE_FIRST + 1)[0] = entry_for(TREE_FIRST + 2, flags);
    table_at(TREE_FIRST + 1)[511] = entry_for(TREE_FIRST + 2, flags);
    for (unsigned long i = 0; i < TREE_L1S; i++) {
        table_at(TREE_FIRST + 2)[i * 80] = entry_for(TREE_FIRST + 3 + i, flags);
        table_at(TREE_FIRST + 3 + i)[i] = entry_for(OTHER, flags);
        table_at(TREE_FIRST + 3 + i)[500] = entry_for(OTHER + 1, PTE_USER);
    }
}

/* Get the root, as often as it takes. Returns how often it was interrupted. */
static unsigned int get_root(int *rc)
{
    unsigned int restarts = 0;

    while ((*rc = page_get_root(guest->mfn[TREE_FIRST], guest->d)) ==
           -XEN_ERESTART) {
        fake_clear_softirqs();
        if (restarts++ % 8 == 0) {
            fake_audit();
        }
    }
    fake_clear_softirqs();
    return restarts;
}

static unsigned int finish(void)
{
    unsigned int restarts = 0;

    fake_clear_softirqs();
    while (mm_finish_teardown(guest->v) == -XEN_ERESTART) {
        fake_clear_softirqs();
        if (restarts++ % 8 == 0) {
            fake_audit();
        }
    }
    fake_clear_softirqs();
    return restarts;
}

static unsigned int put_root(void)
{
    if (page_put_root(guest->mfn[TREE_FIRST]) == 0) {
        return 0;
    }
    return 1 + finish();
}

/* Reference and type words of all frames, to compare states with. */
static void snapshot(uint64_t words[64][2])
{
    for (unsigned long pfn = 0; pfn < 64; pfn++) {
        words[pfn][0] = atomic_load(&page_at(pfn)->count);
        words[pfn][1] = atomic_load(&page_at(pfn)->type) % PAGE_TYPE_GENERATION;
    }
}

static void preempted_at_every_step_it_ends_the_same(void **state)
{
    uint64_t before[64][2], after[64][2], found[64][2];
    int rc;

    (void)state;
    build_tree();
    assert_int_equal(get_root(&rc), 0);
    assert_int_equal(rc, 0);
    snapshot(after);
    assert_int_equal(put_root(), 0);
    snapshot(before);
    for (unsigned int period = 1; period <= 25; period++) {
        fake_preempt_every(period);
        assert_true(get_root(&rc) > 0 || period > 4);
        assert_int_equal(rc, 0);
        snapshot(found);
        assert_memory_equal(found, after, sizeof(found));
        assert_true(put_root() > 0 || period > 4);
        snapshot(found);
        assert_memory_equal(found, before, sizeof(found));
        fake_preempt_every(0);
        fake_audit();
    }
}

static unsigned int preempt_once_at;

/* Only the n-th check asks for preemption. */
static void preempt_once(void)
{
    if (preempt_once_at != 0 && --preempt_once_at == 0) {
        softirq_raise(SOFTIRQ_SCHEDULE);
    }
}

static void one_interruption_anywhere_ends_the_same(void **state)
{
    uint64_t before[64][2], after[64][2], found[64][2];
    unsigned int n = 0;
    bool reached = true;
    int rc;

    (void)state;
    build_tree();
    (void)get_root(&rc);
    snapshot(after);
    (void)put_root();
    snapshot(before);
    fake_preempt_hook = preempt_once;
    while (reached) {
        n++;
        preempt_once_at = n;
        (void)get_root(&rc);
        assert_int_equal(rc, 0);
        reached = preempt_once_at == 0;
        snapshot(found);
        assert_memory_equal(found, after, sizeof(found));
        preempt_once_at = n;
        (void)put_root();
        reached = reached || preempt_once_at == 0;
        snapshot(found);
        assert_memory_equal(found, before, sizeof(found));
    }
    fake_preempt_hook = NULL;
    assert_true(n > 10);
}

/* What was begun may be left where it is: the domain's end cleans up. */
static void abandoned_promotion_does_not_outlive_the_domain(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(1);
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                         -XEN_ERESTART);
        fake_clear_softirqs();
    }
    fake_preempt_every(0);
    assert_true((atomic_load(&page_at(TREE_FIRST)->type) & PAGE_TYPE_PARTIAL) !=
                0);
    fake_audit();
}

static void abandoned_promotion_can_be_taken_up_by_others(void **state)
{
    int rc;

    (void)state;
    build_tree();
    fake_preempt_every(2);
    assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                     -XEN_ERESTART);
    fake_preempt_every(0);
    fake_clear_softirqs();
    /* Another use of the L2 that is half way. */
    assert_int_equal(
        page_get_and_type(guest->mfn[TREE_FIRST + 2], guest->d, PAGE_TYPE_L2),
        0);
    (void)get_root(&rc);
    assert_int_equal(rc, 0);
    page_put_and_type(page_at(TREE_FIRST + 2));
    (void)put_root();
}

static void partial_table_is_no_other_type(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(1);
    assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                     -XEN_ERESTART);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_int_equal(page_get_type(page_at(TREE_FIRST), PAGE_TYPE_WRITABLE),
                     -XEN_EINVAL);
    assert_int_equal(page_get_type(page_at(TREE_FIRST), PAGE_TYPE_L3),
                     -XEN_EINVAL);
    assert_int_equal(page_hold_table(page_at(TREE_FIRST)), 0);
}

static void failure_deep_down_undoes_all(void **state)
{
    uint64_t before[64][2], found[64][2];
    int rc;

    (void)state;
    build_tree();
    table_at(TREE_FIRST + 3 + TREE_L1S - 1)[511] = entry_for(OTHER, PTE_PCD);
    snapshot(before);
    for (unsigned int period = 0; period <= 12; period++) {
        fake_preempt_every(period);
        (void)get_root(&rc);
        assert_int_equal(rc, -XEN_EINVAL);
        (void)finish();
        fake_preempt_every(0);
        assert_int_equal(guest->v->pv.teardown_mfn, 0);
        snapshot(found);
        for (unsigned long pfn = 0; pfn < 64; pfn++) {
            assert_int_equal(found[pfn][0], before[pfn][0]);
            assert_int_equal(found[pfn][1] & PAGE_TYPE_COUNT_MASK,
                             before[pfn][1] & PAGE_TYPE_COUNT_MASK);
        }
        fake_audit();
    }
}

/* Preempted at each step from here on. */
static void tear_down_half(void)
{
    int rc;

    build_tree();
    (void)get_root(&rc);
    fake_preempt_every(1);
    assert_int_equal(page_put_root(guest->mfn[TREE_FIRST]), -XEN_ERESTART);
}

/* A table whose teardown stopped half way is wanted again. */
static void half_torn_down_table_can_be_used_again(void **state)
{
    int rc;

    (void)state;
    tear_down_half();
    for (unsigned int i = 0; i < 3; i++) {
        fake_clear_softirqs();
        assert_int_equal(mm_finish_teardown(guest->v), -XEN_ERESTART);
        fake_audit();
    }
    fake_preempt_every(0);
    fake_clear_softirqs();
    (void)get_root(&rc);
    assert_int_equal(rc, 0);
    assert_int_equal(mm_finish_teardown(guest->v), 0); /* nothing any more */
    assert_int_equal(guest->v->pv.teardown_mfn, 0);
    (void)put_root();
}

/* A vCPU remembers one table. Another, forgotten for it, stays half way: still
 * the guest's own, of no other use, and given back with the domain. */
static void forgotten_teardown_goes_with_the_domain(void **state)
{
    (void)state;
    tear_down_half();
    fake_preempt_every(0);
    fake_clear_softirqs();
    guest->v->pv.teardown_mfn = 0;
    assert_int_equal(page_get_type(page_at(TREE_FIRST), PAGE_TYPE_WRITABLE),
                     -XEN_EINVAL);
    assert_int_equal(domain_steal_page(guest->d, guest->mfn[TREE_FIRST]),
                     -XEN_EINVAL);
    fake_audit();
}

static void references_at_the_limit_forbid_preemption(void **state)
{
    struct page *page;
    uint64_t word;
    int rc;

    (void)state;
    build_tree();
    page = page_at(TREE_FIRST);
    word = atomic_load(&page->count);
    /* Room for the caller's own reference, and no more. */
    atomic_store(&page->count,
                 (word & ~PAGE_COUNT_MASK) | (PAGE_COUNT_MASK - 1));
    fake_preempt_every(1);
    rc = page_get_root(guest->mfn[TREE_FIRST], guest->d);
    assert_int_equal(rc, 0);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_int_equal(page_put_root(guest->mfn[TREE_FIRST]), 0);
    assert_int_equal(page_refs(page), PAGE_COUNT_MASK - 1);
    atomic_store(&page->count, word);
}

static void killed_in_the_middle_of_everything(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(3);
    (void)page_get_root(guest->mfn[TREE_FIRST], guest->d);
    fake_clear_softirqs();
    (void)mm_pin_table(guest->d, guest->mfn[TREE_FIRST + 2], PAGE_TYPE_L2);
    fake_clear_softirqs();
    fake_preempt_every(1); /* teardown() kills it like this */
}

static int preempted_teardown(void **state)
{
    fake_guest_destroy(guest);
    fake_guest_destroy(other);
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    return fake_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MM_CASE(preempted_at_every_step_it_ends_the_same),
        MM_CASE(one_interruption_anywhere_ends_the_same),
        MM_CASE(abandoned_promotion_does_not_outlive_the_domain),
        MM_CASE(abandoned_promotion_can_be_taken_up_by_others),
        MM_CASE(partial_table_is_no_other_type),
        MM_CASE(failure_deep_down_undoes_all),
        MM_CASE(half_torn_down_table_can_be_used_again),
        MM_CASE(forgotten_teardown_goes_with_the_domain),
        MM_CASE(references_at_the_limit_forbid_preemption),
        cmocka_unit_test_setup_teardown(killed_in_the_middle_of_everything,
                                        mm_setup, preempted_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
