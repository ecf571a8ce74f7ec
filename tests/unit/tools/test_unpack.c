// SPDX-License-Identifier: MIT
/* dom0-tools/builder/unpack.c against streams made by the same libraries. */
#include "tools.h"

#include <stdlib.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "builder/unpack.h"

#define PLAIN_BYTES (9U << 20) /* two lz4 blocks, several pieces */
#define LZ4_BLOCK   (8U << 20)

static uint8_t *plain;

/* Compressible, but not only zeroes. */
static int make_plain(void **state)
{
    uint32_t x = 1;

    (void)state;
    plain = malloc(PLAIN_BYTES);
    for (size_t i = 0; i < PLAIN_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        plain[i] = (uint8_t)((x >> 24) & 0x0f);
    }
    return 0;
}

static int free_plain(void **state)
{
    (void)state;
    free(plain);
    return 0;
}

static size_t pack_gzip(uint8_t *out, size_t room, size_t size)
{
    z_stream s = {0};

    assert_int_equal(deflateInit2(&s, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    s.next_in = plain;
    s.avail_in = (uInt)size;
    s.next_out = out;
    s.avail_out = (uInt)room;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&s);
    return room - s.avail_out;
}

static size_t pack_xz(uint8_t *out, size_t room, size_t size)
{
    size_t used = 0;

    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, plain,
                                             size, out, &used, room),
                     LZMA_OK);
    return used;
}

static size_t pack_lzma(uint8_t *out, size_t room, size_t size)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    assert_false(lzma_lzma_preset(&options, 0));
    assert_int_equal(lzma_alone_encoder(&s, &options), LZMA_OK);
    s.next_in = plain;
    s.avail_in = size;
    s.next_out = out;
    s.avail_out = room;
    assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
    lzma_end(&s);
    return room - s.avail_out;
}

static size_t pack_zstd(uint8_t *out, size_t room, size_t size)
{
    size_t used = ZSTD_compress(out, room, plain, size, 1);

    assert_false(ZSTD_isError(used));
    return used;
}

static size_t pack_lz4(uint8_t *out, size_t room, size_t size)
{
    const uint32_t magic = 0x184c2102;
    size_t used = 4;

    memcpy(out, &magic, 4);
    for (size_t at = 0; at < size; at += LZ4_BLOCK) {
        size_t piece = size - at < LZ4_BLOCK ? size - at : LZ4_BLOCK;
        int length = LZ4_compress_default((const char *)plain + at,
                                          (char *)out + used + 4, (int)piece,
                                          (int)(room - used - 4));
        uint32_t header = (uint32_t)length;

        assert_true(length > 0);
        memcpy(out + used, &header, 4);
        used += 4 + (size_t)length;
    }
    return used;
}

static const struct {
    enum pack_format format;
    size_t (*pack)(uint8_t *out, size_t room, size_t size);
} packers[] = {
    {PACK_GZIP, pack_gzip}, {PACK_XZ, pack_xz},   {PACK_LZMA, pack_lzma},
    {PACK_ZSTD, pack_zstd}, {PACK_LZ4, pack_lz4},
};

#define PACKER_COUNT (sizeof(packers) / sizeof(packers[0]))

static void every_format_comes_back_whole(void **state)
{
    size_t room = PLAIN_BYTES * 2;
    uint8_t *packed = malloc(room);
    uint8_t *out = malloc(PLAIN_BYTES);
    struct build_error e = {0};

    (void)state;
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        struct bytes in = {packed, packers[i].pack(packed, room, PLAIN_BYTES)};

        assert_int_equal(pack_detect(in), packers[i].format);
        assert_int_equal(unpack_exact(in, out, PLAIN_BYTES, &e), 0);
        assert_memory_equal(out, plain, PLAIN_BYTES);
    }
    free(out);
    free(packed);
}

static void a_wrong_size_is_refused(void **state)
{
    static uint8_t packed[1 << 16];
    static uint8_t out[20000];
    struct build_error e = {0};

    (void)state;
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        struct bytes in = {packed,
                           packers[i].pack(packed, sizeof(packed), 10000)};

        assert_int_equal(unpack_exact(in, out, 9999, &e), -1);
        assert_int_equal(e.failure, BUILD_BAD_IMAGE);
        assert_int_equal(unpack_exact(in, out, 10001, &e), -1);
        assert_int_equal(unpack_exact(in, out, 10000, &e), 0);
    }
}

/* A copy of exactly the right length, so that any overrun is caught. */
static int unpack_copy(const uint8_t *data, size_t size, size_t expected)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    uint8_t *out = malloc(expected);
    struct build_error e = {0};
    int rc;

    memcpy(copy, data, size);
    rc = unpack_exact((struct bytes){copy, size}, out, expected, &e);
    if (rc != 0) {
        assert_int_equal(e.failure, BUILD_BAD_IMAGE);
        assert_true(e.text[0] != '\0');
    }
    free(out);
    free(copy);
    return rc;
}

static void a_truncated_stream_is_refused(void **state)
{
    static uint8_t packed[1 << 14];

    (void)state;
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        size_t size = packers[i].pack(packed, sizeof(packed), 2000);

        for (size_t cut = 0; cut < size; cut += cut < 64 ? 1 : 37) {
            assert_int_equal(unpack_copy(packed, cut, 2000), -1);
        }
    }
}

/* Whatever comes out, nothing may be read or written out of bounds. */
static void damaged_streams_do_no_harm(void **state)
{
    static uint8_t packed[1 << 14];
    uint32_t x = 7;
    unsigned int refused = 0;

    (void)state;
    for (size_t i = 0; i < PACKER_COUNT; i++) {
        size_t size = packers[i].pack(packed, sizeof(packed), 2000);

        for (unsigned int round = 0; round < 500; round++) {
            uint8_t kept;

            x = x * 1664525 + 1013904223;
            kept = packed[x % size];
            packed[x % size] ^= (uint8_t)(1U << (x >> 29));
            refused += unpack_copy(packed, size, 2000) != 0;
            packed[x % size] = kept;
        }
    }
    assert_true(refused > 1000);
}

static void unsupported_formats_are_named(void **state)
{
    static const struct bytes bzip2 = {(const uint8_t *)"BZh91AY&SY", 10};
    static const struct bytes lzo = {(const uint8_t *)"\x89\x4c\x5a\x4f", 4};
    static const struct bytes text = {(const uint8_t *)"hello, world", 12};
    struct build_error e = {0};
    uint8_t out[16];

    (void)state;
    assert_int_equal(unpack_exact(bzip2, out, 16, &e), -1);
    assert_non_null(strstr(e.text, "bzip2"));
    assert_int_equal(unpack_exact(lzo, out, 16, &e), -1);
    assert_non_null(strstr(e.text, "lzo"));
    assert_int_equal(unpack_exact(text, out, 16, &e), -1);
    assert_int_equal(pack_detect(text), PACK_NONE);
    assert_int_equal(pack_detect((struct bytes){NULL, 0}), PACK_NONE);
}

static void the_bytes_behind_a_stream_are_left(void **state)
{
    static uint8_t packed[1 << 14];
    static uint8_t out[2000];
    struct build_error e = {0};
    size_t size = pack_xz(packed, sizeof(packed), 2000);

    (void)state;
    memset(packed + size, 0x5a, 100);
    assert_int_equal(
        unpack_exact((struct bytes){packed, size + 100}, out, 2000, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_comes_back_whole),
        cmocka_unit_test(a_wrong_size_is_refused),
        cmocka_unit_test(a_truncated_stream_is_refused),
        cmocka_unit_test(damaged_streams_do_no_harm),
        cmocka_unit_test(unsupported_formats_are_named),
        cmocka_unit_test(the_bytes_behind_a_stream_are_left),
    };

    return cmocka_run_group_tests(tests, make_plain, free_plain);
}
