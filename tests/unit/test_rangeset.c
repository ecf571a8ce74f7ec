/* SPDX-License-Identifier: MIT */
/*
 * Range sets: borders, merging, splitting, lack of memory, and a long random
 * walk beside a plain array of bits.
 */
#include "rangeset.h"

#include <limits.h>
#include <stdlib.h>

#include "event_world.h"

static struct rangeset set;

static int setup(void **state)
{
    world_setup(state);
    rangeset_init(&set);
    return 0;
}

static int teardown(void **state)
{
    rangeset_destroy(&set);
    assert_int_equal(world_heap_objects(), 0);
    return world_teardown(state);
}

static void expect(unsigned int count, ...)
{
    va_list args;

    assert_int_equal(set.count, count);
    va_start(args, count);
    for (unsigned int i = 0; i < count; i++) {
        assert_int_equal(set.ranges[i].first, va_arg(args, unsigned long));
        assert_int_equal(set.ranges[i].last, va_arg(args, unsigned long));
    }
    va_end(args);
}

static void fresh_set_is_empty(void **state)
{
    (void)state;
    assert_true(rangeset_empty(&set));
    assert_false(rangeset_contains(&set, 0, 0));
    assert_false(rangeset_contains(&set, 0, ULONG_MAX));
    assert_int_equal(rangeset_remove(&set, 0, ULONG_MAX), 0);
}

static void backward_ranges_are_einval(void **state)
{
    (void)state;
    assert_int_equal(rangeset_add(&set, 5, 4), -XEN_EINVAL);
    assert_int_equal(rangeset_remove(&set, 5, 4), -XEN_EINVAL);
    assert_int_equal(rangeset_add(&set, 4, 5), 0);
    assert_false(rangeset_contains(&set, 5, 4));
    expect(1, 4UL, 5UL);
}

static void ranges_are_inclusive_at_both_ends(void **state)
{
    (void)state;
    rangeset_add(&set, 10, 20);
    assert_true(rangeset_contains(&set, 10, 20));
    assert_true(rangeset_contains(&set, 10, 10));
    assert_true(rangeset_contains(&set, 20, 20));
    assert_false(rangeset_contains(&set, 9, 10));
    assert_false(rangeset_contains(&set, 20, 21));
    assert_false(rangeset_empty(&set));
}

static void neighbours_become_one_range(void **state)
{
    (void)state;
    rangeset_add(&set, 10, 19);
    rangeset_add(&set, 30, 39);
    expect(2, 10UL, 19UL, 30UL, 39UL);
    rangeset_add(&set, 20, 29);
    expect(1, 10UL, 39UL);
    assert_true(rangeset_contains(&set, 15, 35));
}

static void a_gap_of_one_keeps_ranges_apart(void **state)
{
    (void)state;
    rangeset_add(&set, 10, 19);
    rangeset_add(&set, 21, 29);
    expect(2, 10UL, 19UL, 21UL, 29UL);
    assert_false(rangeset_contains(&set, 19, 21));
}

static void adding_swallows_all_it_covers(void **state)
{
    (void)state;
    rangeset_add(&set, 10, 11);
    rangeset_add(&set, 20, 21);
    rangeset_add(&set, 30, 31);
    rangeset_add(&set, 40, 41);
    rangeset_add(&set, 15, 30);
    expect(3, 10UL, 11UL, 15UL, 31UL, 40UL, 41UL);
    rangeset_add(&set, 0, 100);
    expect(1, 0UL, 100UL);
}

static void the_whole_number_line_fits(void **state)
{
    (void)state;
    rangeset_add(&set, 0, 0);
    rangeset_add(&set, ULONG_MAX, ULONG_MAX);
    expect(2, 0UL, 0UL, ULONG_MAX, ULONG_MAX);
    rangeset_add(&set, 1, ULONG_MAX - 1);
    expect(1, 0UL, ULONG_MAX);
    assert_true(rangeset_contains(&set, 0, ULONG_MAX));
    rangeset_remove(&set, 0, 0);
    rangeset_remove(&set, ULONG_MAX, ULONG_MAX);
    expect(1, 1UL, ULONG_MAX - 1);
}

static void removing_from_the_middle_splits(void **state)
{
    (void)state;
    rangeset_add(&set, 10, 20);
    rangeset_remove(&set, 14, 15);
    expect(2, 10UL, 13UL, 16UL, 20UL);
    rangeset_remove(&set, 10, 10);
    rangeset_remove(&set, 20, 20);
    expect(2, 11UL, 13UL, 16UL, 19UL);
    rangeset_remove(&set, 12, 17);
    expect(2, 11UL, 11UL, 18UL, 19UL);
    rangeset_remove(&set, 0, 18);
    expect(1, 19UL, 19UL);
    rangeset_remove(&set, 19, 19);
    assert_true(rangeset_empty(&set));
}

static void no_memory_leaves_the_set_as_it_was(void **state)
{
    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(rangeset_add(&set, 1, 1), -XEN_ENOMEM);
    assert_true(rangeset_empty(&set));
    world_heap_fail_after(~0UL);
    for (unsigned long i = 0; i < set.capacity || i == 0; i++) {
        assert_int_equal(rangeset_add(&set, 10 * i, 10 * i + 5), 0);
    }
    world_heap_fail_after(0);
    assert_int_equal(rangeset_remove(&set, 2, 3), -XEN_ENOMEM);
    assert_true(rangeset_contains(&set, 0, 5));
    assert_int_equal(rangeset_remove(&set, 4, 5), 0);
    assert_false(rangeset_contains(&set, 5, 5));
    world_heap_fail_after(~0UL);
}

#define MODEL_BITS 300U

static void check_model(const bool *model)
{
    unsigned int runs = 0;

    for (unsigned int i = 0; i < MODEL_BITS; i++) {
        assert_int_equal(rangeset_contains(&set, i, i), model[i]);
        runs += model[i] && (i == 0 || !model[i - 1]);
    }
    assert_int_equal(set.count, runs);
    for (unsigned int i = 1; i < set.count; i++) {
        assert_true(set.ranges[i].first > set.ranges[i - 1].last + 1);
    }
}

static void random_changes_match_an_array_of_bits(void **state)
{
    bool model[MODEL_BITS] = {false};

    (void)state;
    srand(7);
    for (unsigned int round = 0; round < 3000; round++) {
        unsigned int first = (unsigned int)rand() % MODEL_BITS;
        unsigned int last = first + (unsigned int)rand() % 12;
        bool add = rand() % 2 == 0;

        if (last >= MODEL_BITS) {
            last = MODEL_BITS - 1;
        }
        for (unsigned int i = first; i <= last; i++) {
            model[i] = add;
        }
        assert_int_equal(add ? rangeset_add(&set, first, last)
                             : rangeset_remove(&set, first, last),
                         0);
        check_model(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(fresh_set_is_empty),
        TEST(backward_ranges_are_einval),
        TEST(ranges_are_inclusive_at_both_ends),
        TEST(neighbours_become_one_range),
        TEST(a_gap_of_one_keeps_ranges_apart),
        TEST(adding_swallows_all_it_covers),
        TEST(the_whole_number_line_fits),
        TEST(removing_from_the_middle_splits),
        TEST(no_memory_leaves_the_set_as_it_was),
        TEST(random_changes_match_an_array_of_bits),
    };

    return cmocka_run_group_tests_name("rangeset", tests, NULL, NULL);
}
