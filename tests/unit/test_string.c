/* SPDX-License-Identifier: MIT */
/*
 * The freestanding memory and string functions, linked under own_ names,
 * against the C library's; number parsing.
 */
#include "string.h"

#include <stdlib.h>

#include <xen/errno.h>

#include "unit.h"

void *own_memcpy(void *restrict to, const void *restrict from, size_t n);
void *own_memmove(void *to, const void *from, size_t n);
void *own_memset(void *to, int byte, size_t n);
void *own_memchr(const void *in, int byte, size_t n);
int own_memcmp(const void *a, const void *b, size_t n);
size_t own_strlen(const char *s);
size_t own_strnlen(const char *s, size_t max);
int own_strcmp(const char *a, const char *b);
int own_strncmp(const char *a, const char *b, size_t n);
char *own_strchr(const char *s, int c);

#define AREA 96

/* Distinct bytes, so that any misplaced one shows. */
static void number(unsigned char *area)
{
    int i;

    for (i = 0; i < AREA; i++) {
        area[i] = (unsigned char)(i * 7 + 1);
    }
}

static void memcpy_moves_exactly_n_bytes(void **state)
{
    unsigned char from[AREA];
    unsigned char ours[AREA];
    unsigned char libc[AREA];
    size_t n;

    (void)state;
    number(from);
    for (n = 0; n <= AREA - 8; n++) {
        memset(ours, 0xee, AREA);
        memset(libc, 0xee, AREA);
        assert_ptr_equal(own_memcpy(ours + 3, from + 5, n), ours + 3);
        memcpy(libc + 3, from + 5, n);
        assert_memory_equal(ours, libc, AREA);
    }
}

static void memmove_handles_every_overlap(void **state)
{
    unsigned char ours[AREA];
    unsigned char libc[AREA];
    size_t n;
    size_t to;

    (void)state;
    for (n = 0; n < 32; n++) {
        for (to = 0; to < 64; to++) {
            number(ours);
            number(libc);
            assert_ptr_equal(own_memmove(ours + to, ours + 32, n), ours + to);
            memmove(libc + to, libc + 32, n);
            assert_memory_equal(ours, libc, AREA);
        }
    }
}

static void memset_writes_exactly_n_bytes(void **state)
{
    unsigned char ours[AREA];
    unsigned char libc[AREA];
    size_t n;

    (void)state;
    for (n = 0; n < AREA - 3; n++) {
        number(ours);
        number(libc);
        assert_ptr_equal(own_memset(ours + 3, 0x1fe, n), ours + 3);
        memset(libc + 3, 0xfe, n);
        assert_memory_equal(ours, libc, AREA);
    }
}

static void memcmp_orders_by_unsigned_bytes(void **state)
{
    (void)state;
    assert_int_equal(own_memcmp("abc", "abd", 2), 0);
    assert_true(own_memcmp("abc", "abd", 3) < 0);
    assert_true(own_memcmp("\xff", "\x01", 1) > 0);
    assert_int_equal(own_memcmp("x", "y", 0), 0);
}

static void memchr_stays_inside(void **state)
{
    const char text[] = "abcabc";

    (void)state;
    assert_ptr_equal(own_memchr(text, 'c', 6), text + 2);
    assert_null(own_memchr(text, 'c', 2));
    assert_ptr_equal(own_memchr("\xff", 0x1ff, 1) != NULL ? text : NULL, text);
}

static void lengths_and_orders_of_strings(void **state)
{
    (void)state;
    assert_int_equal(own_strlen(""), 0);
    assert_int_equal(own_strlen("four"), 4);
    assert_int_equal(own_strnlen("four", 3), 3);
    assert_int_equal(own_strnlen("four", 9), 4);
    assert_int_equal(own_strcmp("same", "same"), 0);
    assert_true(own_strcmp("a", "ab") < 0);
    assert_true(own_strcmp("\xff", "a") > 0);
    assert_int_equal(own_strncmp("abX", "abY", 2), 0);
    assert_true(own_strncmp("abX", "abY", 3) < 0);
    assert_int_equal(own_strncmp("a", "a", 100), 0);
}

static void strchr_finds_first_and_terminator(void **state)
{
    const char text[] = "a=b=c";

    (void)state;
    assert_ptr_equal(own_strchr(text, '='), text + 1);
    assert_ptr_equal(own_strchr(text, '\0'), text + 5);
    assert_null(own_strchr(text, 'z'));
}

static void copy_cuts_and_terminates(void **state)
{
    char to[6] = "#####";

    (void)state;
    assert_int_equal(string_copy(to, "abc", 4), 3);
    assert_string_equal(to, "abc");
    assert_int_equal(to[4], '#');
    assert_int_equal(string_copy(to, "abcdef", 4), 6);
    assert_string_equal(to, "abc");
    assert_int_equal(string_copy(to, "xyz", 0), 3);
    assert_string_equal(to, "abc");
}

static void check_u64(const char *text, unsigned int base, uint64_t want,
                      size_t used)
{
    const char *end;
    uint64_t value;

    assert_int_equal(string_to_u64(text, base, &end, &value), 0);
    assert_true(value == want);
    assert_ptr_equal(end, text + used);
}

static void numbers_are_read_in_each_base(void **state)
{
    (void)state;
    check_u64("0", 0, 0, 1);
    check_u64("42,", 0, 42, 2);
    check_u64("0x1fG", 0, 0x1f, 4);
    check_u64("0X1F", 16, 0x1f, 4);
    check_u64("017", 0, 15, 3);
    check_u64("08", 0, 0, 1);
    check_u64("0x", 0, 0, 1);
    check_u64("ff", 16, 255, 2);
    check_u64("z", 36, 35, 1);
    check_u64("18446744073709551615", 10, UINT64_MAX, 20);
}

static void text_without_digits_is_einval(void **state)
{
    const char text[] = "-1";
    const char *end;
    uint64_t value;

    (void)state;
    assert_int_equal(string_to_u64(text, 0, &end, &value), -XEN_EINVAL);
    assert_ptr_equal(end, text);
    assert_int_equal(string_to_u64("", 0, NULL, &value), -XEN_EINVAL);
    assert_int_equal(string_to_bytes("M", NULL, &value), -XEN_EINVAL);
}

static void too_large_numbers_are_erange(void **state)
{
    const char text[] = "18446744073709551616x";
    const char *end;
    uint64_t value;

    (void)state;
    assert_int_equal(string_to_u64(text, 0, &end, &value), -XEN_ERANGE);
    assert_ptr_equal(end, text + 20);
    assert_true(value == UINT64_MAX);
    assert_int_equal(string_to_bytes("16777216t", NULL, &value), -XEN_ERANGE);
    assert_true(value == UINT64_MAX);
}

static void sizes_take_a_suffix(void **state)
{
    const char text[] = "512M,max:1G";
    const char *end;
    uint64_t value;

    (void)state;
    assert_int_equal(string_to_bytes(text, &end, &value), 0);
    assert_true(value == UINT64_C(512) << 20);
    assert_ptr_equal(end, text + 4);
    assert_int_equal(string_to_bytes("3k", NULL, &value), 0);
    assert_true(value == 3072);
    assert_int_equal(string_to_bytes("2g", NULL, &value), 0);
    assert_true(value == UINT64_C(2) << 30);
    assert_int_equal(string_to_bytes("1T", NULL, &value), 0);
    assert_true(value == UINT64_C(1) << 40);
    assert_int_equal(string_to_bytes("100", NULL, &value), 0);
    assert_true(value == 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memcpy_moves_exactly_n_bytes),
        cmocka_unit_test(memmove_handles_every_overlap),
        cmocka_unit_test(memset_writes_exactly_n_bytes),
        cmocka_unit_test(memcmp_orders_by_unsigned_bytes),
        cmocka_unit_test(memchr_stays_inside),
        cmocka_unit_test(lengths_and_orders_of_strings),
        cmocka_unit_test(strchr_finds_first_and_terminator),
        cmocka_unit_test(copy_cuts_and_terminates),
        cmocka_unit_test(numbers_are_read_in_each_base),
        cmocka_unit_test(text_without_digits_is_einval),
        cmocka_unit_test(too_large_numbers_are_erange),
        cmocka_unit_test(sizes_take_a_suffix),
    };

    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
