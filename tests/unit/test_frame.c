/* SPDX-License-Identifier: MIT */
#include "fake.h"
static void starts(void **state)
{
    struct fake_guest *g;
    unsigned long v = 0;
    (void)state;
    g = fake_guest_create(1, false, 1, 64);
    fake_enter(g->v);
    assert_true(fake_guest_write_u64(fake_va(3), 42));
    assert_true(fake_guest_read(fake_va(3), &v, 8));
    assert_int_equal(v, 42);
    assert_false(fake_guest_write_u64(fake_va(63), 42));
    fake_guest_destroy(g);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts, fake_setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
