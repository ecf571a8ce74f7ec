/* SPDX-License-Identifier: MIT */
#include "fake.h"
static void starts(void **state)
{
    (void)state;
    assert_true(frame_free_count() > 0);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts, fake_setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
