/* SPDX-License-Identifier: MIT */
/*
 * console_io and xenpmu_op.
 */
#include "console_io.h"

#include <stdlib.h>
#include <string.h>

#include "event_world.h"

static struct domain *dom0;
static struct domain *guest;

static int setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 1, true);
    guest = world_domain(5, 1, false);
    console_io_allow_guests(false);
    return 0;
}

static long io(struct domain *d, unsigned int command, unsigned long count,
               const void *buffer)
{
    return world_call(d->vcpu[0], hc_console_io, command, count,
                      WORLD_VA((uintptr_t)buffer));
}

static void dom0_writes_raw_bytes(void **state)
{
    (void)state;
    assert_int_equal(io(dom0, CONSOLEIO_write, 7, "a\tb\033[m\n"), 0);
    assert_string_equal(world_console(), "a\tb\033[m\n");
    assert_int_equal(io(dom0, CONSOLEIO_write, 0, NULL), 0);
}

static void long_writes_are_preempted_and_whole(void **state)
{
    char text[3000];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 26);
    }
    world_preempt_every(1);
    assert_int_equal(io(dom0, CONSOLEIO_write, sizeof(text), text), 0);
    world_preempt_every(0);
    assert_int_equal(strlen(world_console()), sizeof(text));
    assert_memory_equal(world_console(), text, sizeof(text));
}

static void a_write_stops_between_chunks(void **state)
{
    char text[1000] = {0};
    struct hypercall_args args = {
        {CONSOLEIO_write, sizeof(text), WORLD_VA(text)}};

    (void)state;
    world_preempt_every(1);
    assert_int_equal(hc_console_io(dom0->vcpu[0], &args), -XEN_ERESTART);
    assert_true(args.a[1] > 0 && args.a[1] < sizeof(text));
    assert_int_equal(args.a[2] + args.a[1], WORLD_VA(text) + sizeof(text));
    world_preempt_every(0);
}

static void bad_buffers_are_efault(void **state)
{
    (void)state;
    assert_int_equal(io(dom0, CONSOLEIO_write, 5, (void *)16), -XEN_EFAULT);
    world_console_input("x");
    assert_int_equal(io(dom0, CONSOLEIO_read, 5, (void *)16), -XEN_EFAULT);
}

static void reads_past_an_int_are_e2big(void **state)
{
    (void)state;
    assert_int_equal(io(dom0, CONSOLEIO_write, 0x80000000UL, (void *)16),
                     -XEN_EFAULT);
    assert_int_equal(io(dom0, CONSOLEIO_read, 0xffffffffUL, "x"), -XEN_E2BIG);
}

static void read_gives_what_was_typed(void **state)
{
    char buffer[8] = {0};

    (void)state;
    assert_int_equal(io(dom0, CONSOLEIO_read, sizeof(buffer), buffer), 0);
    world_console_input("hello, world");
    assert_int_equal(io(dom0, CONSOLEIO_read, sizeof(buffer), buffer), 8);
    assert_memory_equal(buffer, "hello, w", 8);
    assert_int_equal(io(dom0, CONSOLEIO_read, sizeof(buffer), buffer), 4);
    assert_memory_equal(buffer, "orld", 4);
}

static void guests_get_eperm(void **state)
{
    char buffer[8];

    (void)state;
    assert_int_equal(io(guest, CONSOLEIO_write, 2, "x\n"), -XEN_EPERM);
    assert_int_equal(io(guest, CONSOLEIO_read, 2, buffer), -XEN_EPERM);
    assert_int_equal(io(guest, 9, 2, buffer), -XEN_EPERM);
    assert_int_equal(io(dom0, 9, 2, buffer), -XEN_ENOSYS);
    assert_string_equal(world_console(), "");
}

static void allowed_guests_write_clean_marked_lines(void **state)
{
    char buffer[8];

    (void)state;
    console_io_allow_guests(true);
    assert_int_equal(io(guest, CONSOLEIO_write, 11, "one\ntw\033o\nxy"), 0);
    assert_string_equal(world_console(), "(d5) one\n(d5) tw o\n(d5) xy\n");
    assert_int_equal(io(guest, CONSOLEIO_read, 2, buffer), -XEN_EPERM);
}

static void there_is_no_pmu(void **state)
{
    (void)state;
    for (unsigned long command = 0; command < 12; command++) {
        assert_int_equal(world_call(dom0->vcpu[0], hc_xenpmu_op, command, 0, 0),
                         -XEN_EOPNOTSUPP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        TEST(dom0_writes_raw_bytes),
        TEST(long_writes_are_preempted_and_whole),
        TEST(a_write_stops_between_chunks),
        TEST(bad_buffers_are_efault),
        TEST(reads_past_an_int_are_e2big),
        TEST(read_gives_what_was_typed),
        TEST(guests_get_eperm),
        TEST(allowed_guests_write_clean_marked_lines),
        TEST(there_is_no_pmu),
    };

    return cmocka_run_group_tests_name("console_io", tests, NULL, NULL);
}
