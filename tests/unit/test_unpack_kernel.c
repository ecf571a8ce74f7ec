/* SPDX-License-Identifier: MIT */
/*
 * From kernel files to ELF images: what a bzImage's header may say, and that
 * nothing is kept when it is refused.
 */
#include "unpack_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define SETUP_SECTORS  5U
#define PAYLOAD_OFFSET 0x40U
#define PAYLOAD_AT     ((SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET)

struct kernel_file {
    uint8_t *data;
    size_t bytes;
};

static struct kernel_file plain;
static struct kernel_file image;
static unsigned long free_before;

static struct kernel_file read_file(const char *name)
{
    struct kernel_file file;
    char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", UNPACK_DATA, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    file.bytes = (size_t)ftell(f);
    rewind(f);
    file.data = malloc(file.bytes + 1);
    assert_int_equal(fread(file.data, 1, file.bytes, f), file.bytes);
    (void)fclose(f);
    return file;
}

static void put_u32(size_t at, uint32_t value)
{
    memcpy(image.data + at, &value, sizeof(value));
}

/* A bzImage around the packed file @name, the unpacked size behind it. */
static void make_bzimage(const char *name, bool size_behind)
{
    struct kernel_file packed = read_file(name);
    size_t length = packed.bytes + (size_behind ? 4 : 0);

    free(image.data);
    image.bytes = PAYLOAD_AT + length;
    image.data = calloc(1, image.bytes);
    image.data[0x1f1] = SETUP_SECTORS;
    image.data[0x1fe] = 0x55;
    image.data[0x1ff] = 0xaa;
    memcpy(image.data + 0x202, "HdrS", 4);
    image.data[0x206] = 0x0f;
    image.data[0x207] = 0x02;
    put_u32(0x248, PAYLOAD_OFFSET);
    put_u32(0x24c, (uint32_t)length);
    memcpy(image.data + PAYLOAD_AT, packed.data, packed.bytes);
    put_u32(image.bytes - 4, (uint32_t)plain.bytes);
    free(packed.data);
}

static int setup(void **state)
{
    fake_setup(state);
    plain = read_file("mixed.plain");
    make_bzimage("mixed.kernel.xz", true);
    free_before = frame_free_count();
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(frame_free_count(), free_before);
    free(plain.data);
    free(image.data);
    image.data = NULL;
    return fake_teardown(state);
}

static void assert_unpacks(void)
{
    struct unpacked_kernel kernel;
    struct kernel_fault fault = {NULL};

    assert_int_equal(unpack_kernel(image.data, image.bytes, &kernel, &fault),
                     0);
    assert_int_equal(kernel.bytes, plain.bytes);
    assert_memory_equal(kernel.start, plain.data, plain.bytes);
    unpack_kernel_free(&kernel);
    unpack_kernel_free(&kernel); /* harmless */
}

static void assert_refused(int rc, const char *word)
{
    struct unpacked_kernel kernel;
    struct kernel_fault fault = {NULL};

    assert_int_equal(unpack_kernel(image.data, image.bytes, &kernel, &fault),
                     rc);
    assert_non_null(fault.why);
    assert_non_null(strstr(fault.why, word));
    assert_int_equal(frame_free_count(), free_before);
}

static void every_format_unpacks(void **state)
{
    (void)state;
    assert_unpacks();
    make_bzimage("mixed.best.zst", true);
    assert_unpacks();
    make_bzimage("mixed.best.lz4", true);
    assert_unpacks();
    make_bzimage("mixed.best.gz", false);
    assert_unpacks();
}

static void other_files_are_taken_as_they_are(void **state)
{
    struct unpacked_kernel kernel;
    struct kernel_fault fault = {NULL};

    (void)state;
    assert_int_equal(unpack_kernel(plain.data, plain.bytes, &kernel, &fault),
                     0);
    assert_ptr_equal(kernel.start, plain.data);
    assert_int_equal(kernel.bytes, plain.bytes);
    unpack_kernel_free(&kernel);
    assert_int_equal(unpack_kernel(plain.data, 0, &kernel, &fault), 0);
    assert_int_equal(kernel.bytes, 0);
}

static void old_protocol_is_refused(void **state)
{
    (void)state;
    image.data[0x206] = 0x07;
    assert_refused(-XEN_ENOEXEC, "too old");
}

static void zero_setup_sectors_mean_four(void **state)
{
    (void)state;
    image.data[0x1f1] = 0;
    put_u32(0x248, PAYLOAD_OFFSET + 512);
    assert_unpacks();
}

static void payload_outside_the_file_is_refused(void **state)
{
    uint32_t length;

    (void)state;
    memcpy(&length, image.data + 0x24c, sizeof(length));
    put_u32(0x24c, length + 1);
    assert_refused(-XEN_ENOEXEC, "truncated");
    put_u32(0x24c, UINT32_MAX);
    assert_refused(-XEN_ENOEXEC, "truncated");
    put_u32(0x24c, 3);
    assert_refused(-XEN_ENOEXEC, "truncated");
    put_u32(0x24c, length);
    put_u32(0x248, UINT32_MAX);
    assert_refused(-XEN_ENOEXEC, "truncated");
}

static void truncated_file_is_refused(void **state)
{
    (void)state;
    image.bytes -= 1;
    assert_refused(-XEN_ENOEXEC, "truncated");
    image.bytes = PAYLOAD_AT;
    assert_refused(-XEN_ENOEXEC, "truncated");
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    put_u32(image.bytes - 4, 0);
    assert_refused(-XEN_ENOEXEC, "impossible");
    put_u32(image.bytes - 4, UINT32_MAX);
    assert_refused(-XEN_ENOEXEC, "impossible");
    put_u32(image.bytes - 4, (uint32_t)plain.bytes + 1);
    assert_refused(-XEN_ENOEXEC, "as long");
    put_u32(image.bytes - 4, (uint32_t)plain.bytes - 1);
    assert_refused(-XEN_ENOSPC, "damaged");
}

static void damaged_payload_is_refused(void **state)
{
    (void)state;
    image.data[PAYLOAD_AT + 2000] ^= 0x10;
    assert_refused(-XEN_EILSEQ, "damaged");
}

static void unknown_compression_is_refused(void **state)
{
    (void)state;
    memcpy(image.data + PAYLOAD_AT, "BZh91A", 6);
    assert_refused(-XEN_EOPNOTSUPP, "not known");
}

static void too_large_for_memory_is_refused(void **state)
{
    (void)state;
    put_u32(image.bytes - 4, 500U << 20);
    assert_refused(-XEN_ENOMEM, "no memory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_format_unpacks),
        TEST(other_files_are_taken_as_they_are),
        TEST(old_protocol_is_refused),
        TEST(zero_setup_sectors_mean_four),
        TEST(payload_outside_the_file_is_refused),
        TEST(truncated_file_is_refused),
        TEST(wrong_sizes_are_refused),
        TEST(damaged_payload_is_refused),
        TEST(unknown_compression_is_refused),
        TEST(too_large_for_memory_is_refused),
    };

    return cmocka_run_group_tests_name("unpack_kernel", tests, NULL, NULL);
}
