/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps: single bits, searches at word borders, atomic forms under threads.
 */
#include "bitmap.h"

#include <pthread.h>

#include "unit.h"

static void single_bits_stand_apart(void **state)
{
    uint64_t map[3] = {0};

    (void)state;
    bitmap_set(map, 0);
    bitmap_set(map, 63);
    bitmap_set(map, 64);
    bitmap_set(map, 191);
    assert_true(map[0] == (UINT64_C(1) << 63 | 1));
    assert_true(map[1] == 1);
    assert_true(map[2] == UINT64_C(1) << 63);
    assert_true(bitmap_test(map, 63));
    assert_false(bitmap_test(map, 62));
    bitmap_clear(map, 63);
    assert_false(bitmap_test(map, 63));
    assert_true(bitmap_test(map, 0));
}

static void fill_stops_at_the_last_bit(void **state)
{
    uint64_t map[3] = {0, 0, 5};

    (void)state;
    bitmap_fill(map, 70);
    assert_true(map[0] == UINT64_MAX && map[1] == 0x3f && map[2] == 5);
    assert_int_equal(bitmap_count(map, 70), 70);
    assert_int_equal(bitmap_count(map, 66), 66);
    bitmap_fill(map, 128);
    assert_true(map[1] == UINT64_MAX && map[2] == 5);
    assert_int_equal(bitmap_count(map, 128), 128);
    bitmap_zero(map, 70);
    assert_true(map[0] == 0 && map[1] == 0 && map[2] == 5);
}

static void search_finds_each_set_bit(void **state)
{
    static const size_t bits[] = {0, 5, 63, 64, 127, 128, 140};
    uint64_t map[3] = {0};
    size_t at = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        bitmap_set(map, bits[i]);
    }
    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        at = bitmap_next_set(map, 141, at);
        assert_int_equal(at, bits[i]);
        at++;
    }
    assert_int_equal(bitmap_next_set(map, 141, at), 141);
    assert_int_equal(bitmap_next_set(map, 140, 129), 140);
}

static void search_finds_clear_bits(void **state)
{
    uint64_t map[2];

    (void)state;
    bitmap_fill(map, 128);
    assert_int_equal(bitmap_next_clear(map, 128, 0), 128);
    assert_int_equal(bitmap_next_clear(map, 128, 127), 128);
    bitmap_clear(map, 64);
    assert_int_equal(bitmap_next_clear(map, 128, 0), 64);
    assert_int_equal(bitmap_next_clear(map, 128, 65), 128);
    assert_int_equal(bitmap_next_clear(map, 64, 0), 64);
}

static void search_past_the_end_finds_nothing(void **state)
{
    const uint64_t map[1] = {UINT64_MAX};

    (void)state;
    assert_int_equal(bitmap_next_set(map, 10, 10), 10);
    assert_int_equal(bitmap_next_set(map, 10, 500), 10);
    assert_int_equal(bitmap_next_set(map, 0, 0), 0);
}

static void atomic_forms_tell_the_old_bit(void **state)
{
    uint64_t map[2] = {0};

    (void)state;
    assert_false(bitmap_atomic_set(map, 100));
    assert_true(bitmap_atomic_set(map, 100));
    assert_true(bitmap_atomic_test(map, 100));
    assert_true(bitmap_atomic_clear(map, 100));
    assert_false(bitmap_atomic_clear(map, 100));
    assert_false(bitmap_atomic_test(map, 100));
}

#define CLAIM_BITS 4096U

struct claims {
    uint64_t map[BITMAP_WORDS(CLAIM_BITS)];
    unsigned int won[2];
};

struct claimer {
    struct claims *claims;
    unsigned int id;
};

static void *claim_all(void *arg)
{
    struct claimer *self = arg;
    unsigned int i;

    for (i = 0; i < CLAIM_BITS; i++) {
        if (!bitmap_atomic_set(self->claims->map, i)) {
            self->claims->won[self->id]++;
        }
    }
    return NULL;
}

static void two_threads_never_win_one_bit(void **state)
{
    static struct claims claims;
    struct claimer claimer[2] = {{&claims, 0}, {&claims, 1}};
    pthread_t thread[2];
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&thread[i], NULL, claim_all, &claimer[i]), 0);
    }
    for (i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(claims.won[0] + claims.won[1], CLAIM_BITS);
    assert_int_equal(bitmap_count(claims.map, CLAIM_BITS), CLAIM_BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_bits_stand_apart),
        cmocka_unit_test(fill_stops_at_the_last_bit),
        cmocka_unit_test(search_finds_each_set_bit),
        cmocka_unit_test(search_finds_clear_bits),
        cmocka_unit_test(search_past_the_end_finds_nothing),
        cmocka_unit_test(atomic_forms_tell_the_old_bit),
        cmocka_unit_test(two_threads_never_win_one_bit),
    };

    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
