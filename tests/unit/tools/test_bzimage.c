// SPDX-License-Identifier: MIT
/* dom0-tools/builder/bzimage.c: the setup header, whole and damaged. */
#include "tools.h"

#include <stdlib.h>

#include "builder/bzimage.h"

#define SETUP_SECTS    3U
#define PAYLOAD_OFFSET 0x2ccU
#define PAYLOAD_LENGTH 1000U
#define FILE_BYTES     ((SETUP_SECTS + 1U) * 512U + PAYLOAD_OFFSET + 4096U)
#define UNPACKED       65906612U

static uint8_t file[FILE_BYTES];

static void put16(size_t offset, uint16_t value)
{
    memcpy(file + offset, &value, sizeof(value));
}

static void put32(size_t offset, uint32_t value)
{
    memcpy(file + offset, &value, sizeof(value));
}

static int make_image(void **state)
{
    (void)state;
    memset(file, 0, sizeof(file));
    file[0x1f1] = SETUP_SECTS;
    put16(0x1fe, 0xaa55);
    put32(0x202, 0x53726448); /* "HdrS" */
    put16(0x206, 0x020f);
    put32(0x248, PAYLOAD_OFFSET);
    put32(0x24c, PAYLOAD_LENGTH);
    put32((SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET + PAYLOAD_LENGTH - 4,
          UNPACKED);
    return 0;
}

static int parse(size_t size, struct bzimage *out)
{
    struct build_error e = {0};
    int rc = bzimage_parse((struct bytes){file, size}, out, &e);

    if (rc != 0) {
        assert_int_equal(e.failure, BUILD_BAD_IMAGE);
    }
    return rc;
}

static void finds_the_payload_without_its_length_word(void **state)
{
    struct bzimage image;

    (void)state;
    assert_true(bzimage_detect((struct bytes){file, sizeof(file)}));
    assert_int_equal(parse(sizeof(file), &image), 0);
    assert_ptr_equal(image.payload.data,
                     file + (SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET);
    assert_int_equal(image.payload.size, PAYLOAD_LENGTH - 4);
    assert_int_equal(image.unpacked_bytes, UNPACKED);
}

/* The unpacked size is the end of a gzip stream; behind others it is added. */
static void a_gzip_stream_keeps_its_length_word(void **state)
{
    struct bzimage image;

    (void)state;
    put16((SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET, 0x8b1f);
    assert_int_equal(parse(sizeof(file), &image), 0);
    assert_int_equal(image.payload.size, PAYLOAD_LENGTH);
    assert_int_equal(image.unpacked_bytes, UNPACKED);
}

static void no_setup_sectors_means_four(void **state)
{
    struct bzimage image;

    (void)state;
    file[0x1f1] = 0;
    put32(5 * 512 + PAYLOAD_OFFSET + PAYLOAD_LENGTH - 4, 77);
    assert_int_equal(parse(sizeof(file), &image), 0);
    assert_ptr_equal(image.payload.data, file + 5 * 512 + PAYLOAD_OFFSET);
    assert_int_equal(image.unpacked_bytes, 77);
}

static void other_files_are_not_detected(void **state)
{
    (void)state;
    assert_false(bzimage_detect((struct bytes){NULL, 0}));
    assert_false(bzimage_detect((struct bytes){file, 0x205}));
    put16(0x1fe, 0);
    assert_false(bzimage_detect((struct bytes){file, sizeof(file)}));
}

static void an_old_protocol_is_refused(void **state)
{
    struct bzimage image;

    (void)state;
    put16(0x206, 0x0207);
    assert_int_equal(parse(sizeof(file), &image), -1);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    size_t whole = (SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET + PAYLOAD_LENGTH;
    struct bzimage image;

    (void)state;
    assert_int_equal(parse(whole, &image), 0);
    for (size_t size = 0x208; size < whole; size++) {
        uint8_t *copy = malloc(size);
        struct build_error e = {0};

        memcpy(copy, file, size);
        assert_int_equal(bzimage_parse((struct bytes){copy, size}, &image, &e),
                         -1);
        assert_non_null(strstr(e.text, "truncated"));
        free(copy);
    }
}

static void sizes_that_overflow_are_refused(void **state)
{
    struct bzimage image;

    (void)state;
    put32(0x248, UINT32_MAX);
    put32(0x24c, UINT32_MAX);
    assert_int_equal(parse(sizeof(file), &image), -1);
    put32(0x248, PAYLOAD_OFFSET);
    put32(0x24c, 4);
    assert_int_equal(parse(sizeof(file), &image), -1);
}

static void an_incredible_unpacked_size_is_refused(void **state)
{
    struct bzimage image;

    (void)state;
    put32((SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET + PAYLOAD_LENGTH - 4, 0);
    assert_int_equal(parse(sizeof(file), &image), -1);
    put32((SETUP_SECTS + 1) * 512 + PAYLOAD_OFFSET + PAYLOAD_LENGTH - 4,
          UINT32_MAX);
    assert_int_equal(parse(sizeof(file), &image), -1);
}

#define TEST(f) cmocka_unit_test_setup(f, make_image)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_payload_without_its_length_word),
        TEST(a_gzip_stream_keeps_its_length_word),
        TEST(no_setup_sectors_means_four),
        TEST(other_files_are_not_detected),
        TEST(an_old_protocol_is_refused),
        TEST(a_file_cut_anywhere_is_refused),
        TEST(sizes_that_overflow_are_refused),
        TEST(an_incredible_unpacked_size_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
