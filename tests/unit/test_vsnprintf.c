/* SPDX-License-Identifier: MIT */
/*
 * xl_vsnprintf() against the C library's vsnprintf(), and where ours differs.
 */
#include "vsnprintf.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define check_same(...) \
    do { \
        char ours_[300]; \
        char libc_[300]; \
        int ours_len_ = xl_snprintf(ours_, sizeof(ours_), __VA_ARGS__); \
        int libc_len_ = snprintf(libc_, sizeof(libc_), __VA_ARGS__); \
        assert_string_equal(ours_, libc_); \
        assert_int_equal(ours_len_, libc_len_); \
    } while (0)

static void decimal_matches_libc(void **state)
{
    (void)state;
    check_same("%d %i %u", 0, -1, 4000000000U);
    check_same("%d|%d", INT_MIN, INT_MAX);
    check_same("%ld|%lld|%lu", LONG_MIN, LLONG_MAX, ULONG_MAX);
    check_same("%zu %zd %ju", (size_t)7, (ssize_t)-7, (uintmax_t)9);
    check_same("%hd %hhd", (short)-2, (signed char)-3);
    check_same("%hhu %hu", (unsigned char)200, (unsigned short)65535);
}

static void width_and_padding_match_libc(void **state)
{
    (void)state;
    check_same("[%5d][%-5d][%05d]", 42, 42, 42);
    check_same("[%5d][%-5d][%05d]", -42, -42, -42);
    check_same("[%016lx][%8x][%-8x][%X]", 0xdeadbeefUL, 0xab, 0xab, 0xabcdef);
    check_same("[%.4d][%8.4d][%-8.4d]", 42, 42, -42);
    check_same("[%*d][%-*d][%.*d]", 6, 1, 6, 2, 3, 7);
    check_same("[%*d]", -6, 1);
    check_same("[%.0d]", 0);
    check_same("%o", 0755);
}

static void strings_match_libc(void **state)
{
    const char unterminated[3] = {'a', 'b', 'c'};

    (void)state;
    check_same("[%s][%10s][%-10s][%.2s]", "abc", "abc", "abc", "abc");
    check_same("[%.3s]", unterminated);
    check_same("[%.*s]", -1, "whole");
    check_same("%c%c%%[%3c][%-3c]", 'x', 'y', 'z', 'w');
}

static void pointer_has_sixteen_digits(void **state)
{
    char buf[40];

    (void)state;
    xl_snprintf(buf, sizeof(buf), "%p", (void *)(uintptr_t)0x1000);
    assert_string_equal(buf, "0x0000000000001000");
}

static void long_text_is_cut_and_terminated(void **state)
{
    char buf[8];

    (void)state;
    memset(buf, '#', sizeof(buf));
    assert_int_equal(xl_snprintf(buf, 5, "%s", "1234567"), 7);
    assert_string_equal(buf, "1234");
    assert_int_equal(buf[5], '#');
    assert_int_equal(xl_snprintf(buf, 1, "%d", 12), 2);
    assert_string_equal(buf, "");
    buf[0] = '#';
    assert_int_equal(xl_snprintf(buf, 0, "%d", 12), 2);
    assert_int_equal(buf[0], '#');
}

static void exact_fit_is_not_cut(void **state)
{
    char buf[4];

    (void)state;
    assert_int_equal(xl_snprintf(buf, 4, "abc"), 3);
    assert_string_equal(buf, "abc");
}

/* The compiler refuses such formats as literals. */
static int format_raw(char *buf, size_t n, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    len = xl_vsnprintf(buf, n, fmt, args);
#pragma GCC diagnostic pop
    va_end(args);
    return len;
}

static void unknown_conversion_is_copied(void **state)
{
    char buf[40];

    (void)state;
    format_raw(buf, sizeof(buf), "a%qb %5y 100%");
    assert_string_equal(buf, "a%qb %5y 100%");
}

static void null_string_is_named(void **state)
{
    char buf[20];

    (void)state;
    format_raw(buf, sizeof(buf), "[%s]", (char *)NULL);
    assert_string_equal(buf, "[(null)]");
}

static void narrow_sizes_drop_high_bits(void **state)
{
    char buf[40];

    (void)state;
    format_raw(buf, sizeof(buf), "%hhx %hx %hhd", 0x1234, 0x12345, 0x80);
    assert_string_equal(buf, "34 2345 -128");
}

static void huge_width_is_bounded(void **state)
{
    char buf[400];

    (void)state;
    assert_int_equal(format_raw(buf, sizeof(buf), "%99999999999d", 1), 256);
    assert_int_equal(format_raw(buf, sizeof(buf), "%*d", INT32_MIN, 1), 256);
    assert_int_equal(format_raw(buf, sizeof(buf), "%.*d", INT32_MAX, 1), 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_matches_libc),
        cmocka_unit_test(width_and_padding_match_libc),
        cmocka_unit_test(strings_match_libc),
        cmocka_unit_test(pointer_has_sixteen_digits),
        cmocka_unit_test(long_text_is_cut_and_terminated),
        cmocka_unit_test(exact_fit_is_not_cut),
        cmocka_unit_test(unknown_conversion_is_copied),
        cmocka_unit_test(null_string_is_named),
        cmocka_unit_test(narrow_sizes_drop_high_bits),
        cmocka_unit_test(huge_width_is_bounded),
    };

    return cmocka_run_group_tests_name("vsnprintf", tests, NULL, NULL);
}
