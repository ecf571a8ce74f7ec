// SPDX-License-Identifier: MIT
/* dom0-tools/builder/initrd.c: archives one behind the other. */
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "builder/initrd.h"

static uint8_t data[8192];
static size_t used;

static void add_member(const char *name, size_t file_bytes)
{
    size_t name_bytes = strlen(name) + 1;
    char head[128];

    (void)snprintf(head, sizeof(head),
                   "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx"
                   "%08x",
                   1U, 0100644U, 0U, 0U, 1U, 0U, file_bytes, 0U, 0U, 0U, 0U,
                   name_bytes, 0U);
    memcpy(data + used, head, 110);
    memcpy(data + used + 110, name, name_bytes);
    used = (used + 110 + name_bytes + 3) & ~3UL;
    memset(data + used, 'x', file_bytes);
    used = (used + file_bytes + 3) & ~3UL;
}

static void add_archive(void)
{
    add_member("early/file", 333);
    add_member("TRAILER!!!", 0);
}

static void add_gzip(void)
{
    static const uint8_t text[] = "what is in here does not matter at all";
    z_stream s = {0};

    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    s.next_in = (uint8_t *)(uintptr_t)text;
    s.avail_in = sizeof(text);
    s.next_out = data + used;
    s.avail_out = (uInt)(sizeof(data) - used);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    used = sizeof(data) - s.avail_out;
    (void)deflateEnd(&s);
}

static int check(size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    struct build_error e = {0};
    int rc;

    memcpy(copy, data, size);
    rc = initrd_check((struct bytes){copy, size}, &e);
    if (rc != 0) {
        assert_int_equal(e.failure, BUILD_BAD_IMAGE);
        assert_true(e.text[0] != '\0');
    }
    free(copy);
    return rc;
}

static int reset(void **state)
{
    (void)state;
    memset(data, 0, sizeof(data));
    used = 0;
    return 0;
}

static void archives_and_streams_may_follow_each_other(void **state)
{
    (void)state;
    add_archive();
    assert_int_equal(check(used), 0);
    used = (used + 511) & ~511UL; /* zeroes between */
    add_archive();
    assert_int_equal(check(used), 0);
    add_gzip();
    assert_int_equal(check(used), 0);
    used += 9; /* and behind */
    assert_int_equal(check(used), 0);
}

static void a_cut_file_is_refused(void **state)
{
    size_t archive;

    (void)state;
    add_archive();
    archive = used;
    for (size_t cut = 0; cut < archive - 3; cut++) {
        assert_int_equal(check(cut), -1);
    }
    add_gzip();
    for (size_t cut = archive + 1; cut < used; cut++) {
        assert_int_equal(check(cut), -1);
    }
}

static void a_bad_checksum_is_refused(void **state)
{
    (void)state;
    add_gzip();
    assert_int_equal(check(used), 0);
    data[used - 7] ^= 1;
    assert_int_equal(check(used), -1);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check(0), -1);
    memcpy(data, "root:x:0:0:root", 16);
    assert_int_equal(check(15), -1);
}

static void damaged_archives_do_no_harm(void **state)
{
    uint32_t x = 5;

    (void)state;
    add_archive();
    add_gzip();
    for (unsigned int round = 0; round < 3000; round++) {
        uint8_t kept;

        x = x * 1664525 + 1013904223;
        kept = data[(x >> 8) % used];
        data[(x >> 8) % used] ^= (uint8_t)(1U << (x >> 29));
        (void)check(used);
        data[(x >> 8) % used] = kept;
    }
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_and_streams_may_follow_each_other),
        TEST(a_cut_file_is_refused),
        TEST(a_bad_checksum_is_refused),
        TEST(other_files_are_refused),
        TEST(damaged_archives_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
