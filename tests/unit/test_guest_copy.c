/* SPDX-License-Identifier: MIT */
/*
 * Which guest addresses the copy functions take: never one of the
 * hypervisor's, never a range that wraps or leaves a canonical half.
 */
#include "guest_copy.h"

#include <string.h>

#include "fake.h"
#include "nospec.h"

#define HYPERVISOR_FIRST 0xffff800000000000UL
#define HYPERVISOR_LAST  0xffff87ffffffffffUL
#define LOWER_LAST       0x00007fffffffffffUL

static struct fake_guest *guest;

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 1, 32);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_guest_destroy(guest);
    return fake_teardown(state);
}

static bool range_ok(unsigned long first, size_t bytes)
{
    return guest_range_ok(guest_va_make(first), bytes);
}

static void ranges_of_guests_pass(void **state)
{
    (void)state;
    assert_true(range_ok(0, 1));
    assert_true(range_ok(0, 0));
    assert_true(range_ok(0x1000, PAGE_BYTES));
    assert_true(range_ok(LOWER_LAST, 1));
    assert_true(range_ok(0, LOWER_LAST + 1));
    assert_true(range_ok(HYPERVISOR_LAST + 1, 1));
    assert_true(range_ok(~0UL, 1));
    assert_true(range_ok(HYPERVISOR_LAST + 1, ~0UL - HYPERVISOR_LAST));
}

static void ranges_into_the_hypervisor_do_not(void **state)
{
    (void)state;
    assert_false(range_ok(HYPERVISOR_FIRST, 1));
    assert_false(range_ok(HYPERVISOR_LAST, 1));
    assert_false(range_ok(HYPERVISOR_LAST, 2));
    assert_false(range_ok(HYPERVISOR_FIRST, 0));
    assert_false(range_ok(HYPERVISOR_FIRST - 1, 2));
    assert_false(range_ok(0, HYPERVISOR_LAST + 2));
}

static void non_canonical_ranges_do_not(void **state)
{
    (void)state;
    assert_false(range_ok(LOWER_LAST, 2));
    assert_false(range_ok(LOWER_LAST + 1, 1));
    assert_false(range_ok(0x8000000000000000UL, 8));
}

static void ranges_that_wrap_do_not(void **state)
{
    (void)state;
    assert_false(range_ok(~0UL, 2));
    assert_false(range_ok(HYPERVISOR_LAST + 1, ~0UL));
    assert_false(range_ok(0x1000, ~0UL));
}

static void single_addresses(void **state)
{
    (void)state;
    assert_true(guest_address_ok(0));
    assert_true(guest_address_ok(LOWER_LAST));
    assert_false(guest_address_ok(LOWER_LAST + 1));
    assert_false(guest_address_ok(HYPERVISOR_FIRST));
    assert_false(guest_address_ok(HYPERVISOR_LAST));
    assert_true(guest_address_ok(HYPERVISOR_LAST + 1));
    assert_true(address_is_canonical(HYPERVISOR_FIRST));
    assert_true(address_is_canonical(LOWER_LAST));
    assert_false(address_is_canonical(LOWER_LAST + 1));
    assert_false(address_is_canonical(HYPERVISOR_FIRST - 1));
}

static void copies_reach_the_guest(void **state)
{
    uint64_t value = 0x1122334455667788UL;
    uint64_t back = 0;

    (void)state;
    assert_int_equal(write_guest(guest_va_make(fake_va(3) + 16), &value), 0);
    assert_memory_equal((char *)fake_page(guest, 3) + 16, &value, 8);
    assert_int_equal(read_guest(&back, guest_va_make(fake_va(3) + 16)), 0);
    assert_true(back == value);
}

/* Hardware copies with the hypervisor's rights: it must never be asked to. */
static unsigned int machine_copies;

size_t __real_machine_copy_from_guest(void *to, guest_va_t from, size_t bytes);
size_t __wrap_machine_copy_from_guest(void *to, guest_va_t from, size_t bytes);
size_t __real_machine_copy_to_guest(guest_va_t to, const void *from,
                                    size_t bytes);
size_t __wrap_machine_copy_to_guest(guest_va_t to, const void *from,
                                    size_t bytes);

size_t __wrap_machine_copy_from_guest(void *to, guest_va_t from, size_t bytes)
{
    machine_copies++;
    return __real_machine_copy_from_guest(to, from, bytes);
}

size_t __wrap_machine_copy_to_guest(guest_va_t to, const void *from,
                                    size_t bytes)
{
    machine_copies++;
    return __real_machine_copy_to_guest(to, from, bytes);
}

static void copies_of_hypervisor_memory_fail(void **state)
{
    uint64_t value = 0x5a5a5a5a5a5a5a5aUL;

    (void)state;
    machine_copies = 0;
    assert_int_equal(write_guest(guest_va_make(HYPERVISOR_FIRST), &value),
                     -XEN_EFAULT);
    assert_int_equal(read_guest(&value, guest_va_make(HYPERVISOR_FIRST)),
                     -XEN_EFAULT);
    assert_true(value == 0x5a5a5a5a5a5a5a5aUL);
    assert_int_equal(machine_copies, 0);
    assert_int_equal(write_guest(guest_va_make(fake_va(3)), &value), 0);
    assert_int_equal(machine_copies, 1);
}

static void copies_to_nothing_or_read_only_pages_fail(void **state)
{
    uint64_t value = 1;

    (void)state;
    assert_int_equal(write_guest(guest_va_make(0x1000), &value), -XEN_EFAULT);
    assert_int_equal(read_guest(&value, guest_va_make(0x1000)), -XEN_EFAULT);
    assert_int_equal(
        write_guest(guest_va_make(fake_va(guest->first_table)), &value),
        -XEN_EFAULT);
    assert_int_equal(
        read_guest(&value, guest_va_make(fake_va(guest->first_table))), 0);
}

/* What speculation past the check would be given. */
static void addresses_of_the_hypervisor_become_none(void **state)
{
    static const unsigned long kept[] = {0, 0x1234, LOWER_LAST,
                                         HYPERVISOR_LAST + 1, ~0UL};
    static const unsigned long dropped[] = {HYPERVISOR_FIRST, HYPERVISOR_LAST,
                                            0xffff830000000000UL};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(kept); i++) {
        assert_int_equal(address_nospec(kept[i], HYPERVISOR_LAST + 1), kept[i]);
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(dropped); i++) {
        assert_int_equal(address_nospec(dropped[i], HYPERVISOR_LAST + 1), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(ranges_of_guests_pass),
        TEST(ranges_into_the_hypervisor_do_not),
        TEST(non_canonical_ranges_do_not),
        TEST(ranges_that_wrap_do_not),
        TEST(single_addresses),
        TEST(addresses_of_the_hypervisor_become_none),
        TEST(copies_reach_the_guest),
        TEST(copies_of_hypervisor_memory_fail),
        TEST(copies_to_nothing_or_read_only_pages_fail),
    };

    return cmocka_run_group_tests_name("guest_copy", tests, NULL, NULL);
}
