/* SPDX-License-Identifier: MIT */
/*
 * All decoders on files that the distribution's packers made
 * (make_packed.sh), and on damaged and truncated ones. Inputs and outputs lie
 * in allocations of their exact size, so that the sanitizer sees each access
 * outside them.
 */
#include "unpack.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "bytes.h"
#include "unit.h"

struct file {
    uint8_t *data;
    size_t bytes;
};

static struct unpack_work *work;

static struct file read_file(const char *path)
{
    struct file file = {NULL, 0};
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    file.bytes = (size_t)ftell(f);
    rewind(f);
    file.data = malloc(file.bytes);
    assert_int_equal(fread(file.data, 1, file.bytes, f), file.bytes);
    (void)fclose(f);
    return file;
}

/* The plain form of NAME.KIND.FORMAT. */
static struct file read_plain(const char *path)
{
    char plain[200];
    size_t stem = strlen(UNPACK_DATA) + 1;

    stem += strcspn(path + stem, ".");
    (void)snprintf(plain, sizeof(plain), "%.*s.plain", (int)stem, path);
    return read_file(plain);
}

typedef void check_fn(const char *path, const struct file *packed,
                      const struct file *plain);

/* Run @check on every packed file whose path matches @pattern. */
static void for_each_packed(const char *pattern, check_fn *check)
{
    char full[200];
    glob_t found;
    size_t i;

    (void)snprintf(full, sizeof(full), "%s/%s", UNPACK_DATA, pattern);
    assert_int_equal(glob(full, 0, NULL, &found), 0);
    for (i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        struct file packed = read_file(path);
        struct file plain = read_plain(path);

        check(path, &packed, &plain);
        free(packed.data);
        free(plain.data);
    }
    globfree(&found);
}

/* Unpack into exactly @room bytes. @same: is the result @plain? */
static int unpack(const struct file *packed, size_t room,
                  const struct file *plain, bool *same)
{
    uint8_t *out = malloc(room);
    size_t bytes = 12345;
    int rc;

    rc = unpack_payload(work, packed->data, packed->bytes, out, room, &bytes);
    assert_true(bytes <= room);
    *same = bytes == plain->bytes && memcmp(out, plain->data, bytes) == 0;
    free(out);
    return rc;
}

static void check_whole(const char *path, const struct file *packed,
                        const struct file *plain)
{
    bool same;

    if (unpack(packed, plain->bytes, plain, &same) != 0 || !same) {
        fail_msg("%s: wrong into its exact size", path);
    }
    if (unpack(packed, plain->bytes + 1000, plain, &same) != 0 || !same) {
        fail_msg("%s: wrong into a larger buffer", path);
    }
}

static void packed_files_unpack_to_their_originals(void **state)
{
    (void)state;
    for_each_packed("[!r]*.*.xz", check_whole);
    for_each_packed("*.gz", check_whole);
    for_each_packed("*.zst", check_whole);
    for_each_packed("*.lz4", check_whole);
}

static void check_too_small(const char *path, const struct file *packed,
                            const struct file *plain)
{
    size_t cut;
    bool same;

    for (cut = 1; cut <= plain->bytes && cut < 40; cut++) {
        int rc = unpack(packed, plain->bytes - cut, plain, &same);

        if (rc != -XEN_ENOSPC) {
            fail_msg("%s: %d instead of ENOSPC, %zu too small", path, rc, cut);
        }
    }
}

static void too_small_an_output_is_enospc(void **state)
{
    (void)state;
    for_each_packed("[mnszb]*.*.xz", check_too_small);
    for_each_packed("[mnszb]*.gz", check_too_small);
    for_each_packed("[mnszb]*.zst", check_too_small);
    for_each_packed("[mnszb]*.lz4", check_too_small);
}

static void check_truncated(const char *path, const struct file *packed,
                            const struct file *plain)
{
    size_t step = packed->bytes / 30 + 1;
    size_t bytes;

    for (bytes = packed->bytes - 1;; bytes -= bytes < step ? bytes : step) {
        /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): or none */
        struct file cut = {malloc(bytes), bytes};
        bool same;

        memcpy(cut.data, packed->data, bytes);
        if (unpack(&cut, plain->bytes, plain, &same) == 0) {
            fail_msg("%s: accepted with %zu bytes", path, bytes);
        }
        free(cut.data);
        if (bytes == 0) {
            break;
        }
    }
}

static void truncated_files_are_refused(void **state)
{
    (void)state;
    for_each_packed("[!r]*.*.xz", check_truncated);
    for_each_packed("*.gz", check_truncated);
    for_each_packed("*.zst", check_truncated);
}

/* LZ4 ends where the input ends: a cut between blocks or sequences passes. */
static void check_truncated_lz4(const char *path, const struct file *packed,
                                const struct file *plain)
{
    struct file cut = *packed;
    bool same;

    for (cut.bytes = packed->bytes - 1; cut.bytes > 8; cut.bytes /= 2) {
        if (unpack(&cut, plain->bytes, plain, &same) == 0) {
            fail_msg("%s: accepted with %zu bytes", path, cut.bytes);
        }
    }
}

static void truncated_lz4_blocks_are_refused(void **state)
{
    (void)state;
    for_each_packed("[mnz]*.lz4", check_truncated_lz4);
}

static bool is_checked(const char *path)
{
    return strstr(path, "nocheck") == NULL && strstr(path, ".lz4") == NULL;
}

/* Every byte of an .xz file is covered by some check. */
static bool is_xz(const char *path)
{
    return strstr(path, ".xz") != NULL;
}

/*
 * Damage bytes one after another. A format with a check must refuse, unless
 * the byte means nothing (a time stamp) and the result is right all the same.
 */
static void check_damaged(const char *path, const struct file *packed,
                          const struct file *plain)
{
    size_t step = packed->bytes / 70 + 1;
    size_t at;

    for (at = 0; at < packed->bytes; at += at < 40 ? 1 : step) {
        uint8_t old = packed->data[at];
        bool same;
        int rc;

        packed->data[at] = (uint8_t)(old ^ (1U << (at % 8)));
        rc = unpack(packed, plain->bytes + 64, plain, &same);
        packed->data[at] = old;
        if (rc == 0 && (!same || is_xz(path)) && is_checked(path)) {
            fail_msg("%s: damage at %zu goes unnoticed", path, at);
        }
    }
}

static void damaged_files_are_noticed(void **state)
{
    (void)state;
    for_each_packed("[!r]*.*.xz", check_damaged);
    for_each_packed("*.gz", check_damaged);
    for_each_packed("*.zst", check_damaged);
    for_each_packed("*.lz4", check_damaged);
}

static void check_trailing(const char *path, const struct file *packed,
                           const struct file *plain)
{
    struct file longer = {malloc(packed->bytes + 64), packed->bytes + 64};
    bool same;

    memcpy(longer.data, packed->data, packed->bytes);
    memset(longer.data + packed->bytes, 0xa5, 64);
    if (unpack(&longer, plain->bytes, plain, &same) != 0 || !same) {
        fail_msg("%s: data behind it matters", path);
    }
    free(longer.data);
}

/* Unpack @frame into @room bytes: is it "abbbb"? */
static int unpack_bytes(const uint8_t *frame, size_t bytes, size_t room)
{
    struct file packed = {malloc(bytes), bytes};
    struct file plain = {(uint8_t *)(uintptr_t) "abbbb", 5};
    bool same;
    int rc;

    memcpy(packed.data, frame, bytes);
    rc = unpack(&packed, room, &plain, &same);
    free(packed.data);
    return rc == 0 && !same ? -1 : rc;
}

/* One sequence takes @literals of two, and repeats the last byte three times.
 */
static int unpack_zstd_sequence(uint8_t literals)
{
    const uint8_t frame[] = {
        0x28, 0xb5, 0x2f,     0xfd, 0x20, literals + 3, /* one segment */
        0x4d, 0,    0,                       /* last block: 9 bytes */
        0x10, 'a',  'b',                     /* raw literals */
        1,    0x54, literals, 0,    0,    1, /* one sequence, all codes fixed */
    };

    return unpack_bytes(frame, sizeof(frame), literals + 3U);
}

static void zstd_sequence_with_too_many_literals_is_eilseq(void **state)
{
    (void)state;
    assert_int_equal(unpack_zstd_sequence(2), 0);
    assert_int_equal(unpack_zstd_sequence(3), -XEN_EILSEQ);
}

/* A table of 32768 states, 32767 of them for literal length 0. */
static void zstd_table_too_large_is_eilseq(void **state)
{
    static const uint8_t frame[] = {
        0x28, 0xb5, 0x2f, 0xfd, 0x20, 5,    /* one segment */
        0x5d, 0,    0,                      /* last block: 11 bytes */
        0x10, 'a',  'b',                    /* raw literals */
        1,    0x94, 0xea, 0xff, 0x3f, 0, 0, /* one sequence, its codes */
        1,
    };

    (void)state;
    assert_int_equal(unpack_bytes(frame, sizeof(frame), 5), -XEN_EILSEQ);
}

/* Three literals 0, 1, 0 in a Huffman code of one bit, and a bit too many. */
static void zstd_bits_left_over_are_eilseq(void **state)
{
    uint8_t frame[] = {
        0x28, 0xb5, 0x2f, 0xfd, 0x20, 3,    /* one segment, no checksum */
        0x3d, 0,    0,                      /* last block: 7 bytes */
        0x32, 0xc0, 0,    0x80, 0x10, 0x0a, /* literals: size, code, bits */
        0,                                  /* no sequences */
    };
    const struct file packed = {frame, sizeof(frame)};
    const struct file plain = {(uint8_t[]){0, 1, 0}, 3};
    bool same;

    (void)state;
    assert_int_equal(unpack(&packed, 3, &plain, &same), 0);
    assert_true(same);
    frame[14] = 0x14;
    assert_int_equal(unpack(&packed, 3, &plain, &same), -XEN_EILSEQ);
}

static void lz4_offset_cut_in_half_is_eilseq(void **state)
{
    static const uint8_t whole[] = {2, 0x21, 0x4c, 0x18, 6, 0, 0,
                                    0, 0x20, 'a',  'b',  1, 0, 0};
    static const uint8_t cut[] = {2, 0x21, 0x4c, 0x18, 4,   0,
                                  0, 0,    0x20, 'a',  'b', 1};

    (void)state;
    /* two literals, a match of four; the room is for all of it */
    assert_int_not_equal(unpack_bytes(whole, sizeof(whole), 6), -XEN_EILSEQ);
    assert_int_equal(unpack_bytes(cut, sizeof(cut), 6), -XEN_EILSEQ);
}

/* A block ends in literals: after a match another sequence must follow. */
static void lz4_match_at_the_end_is_eilseq(void **state)
{
    static const uint8_t block[] = {2, 0x21, 0x4c, 0x18, 5, 0, 0,
                                    0, 0x20, 'a',  'b',  1, 0};

    (void)state;
    assert_int_equal(unpack_bytes(block, sizeof(block), 6), -XEN_EILSEQ);
}

static void data_behind_a_stream_is_ignored(void **state)
{
    (void)state;
    for_each_packed("[!r]*.*.xz", check_trailing);
    for_each_packed("*.gz", check_trailing);
    for_each_packed("*.zst", check_trailing);
}

/* An LZMA chunk must use up just the bytes that it says it has. */
static void chunk_with_a_byte_too_many_is_eilseq(void **state)
{
    struct file packed = read_file(UNPACK_DATA "/zeros.nocheck.xz");
    size_t header = 12 + ((size_t)packed.data[12] + 1) * 4;
    uint8_t *chunk = packed.data + header;
    size_t chunk_bytes = 6 + (size_t)load_be16(chunk + 3) + 1;
    size_t room = 300000;
    uint8_t *out = malloc(room);
    uint8_t *longer = calloc(1, chunk_bytes + 100);
    size_t used;
    size_t made;

    (void)state;
    assert_true(chunk[0] >= 0xe0);
    memcpy(longer, chunk, chunk_bytes);
    assert_int_equal(lzma2_decode(&work->xz.lzma2, longer, chunk_bytes + 100,
                                  &used, out, room, &made),
                     0);
    assert_int_equal(used, chunk_bytes + 1);
    longer[4]++;
    assert_int_equal(lzma2_decode(&work->xz.lzma2, longer, chunk_bytes + 100,
                                  &used, out, room, &made),
                     -XEN_EILSEQ);
    free(longer);
    free(out);
    free(packed.data);
}

/* An index with a right sum and a wrong size of the block. */
static void xz_index_that_does_not_match_is_eilseq(void **state)
{
    struct file packed = read_file(UNPACK_DATA "/short.nocheck.xz");
    struct file plain = read_file(UNPACK_DATA "/short.plain");
    uint8_t *footer = packed.data + packed.bytes - 12;
    size_t index_bytes = ((size_t)load_le32(footer + 4) + 1) * 4;
    uint8_t *index = footer - index_bytes;
    static struct crc_tables tables;
    uint32_t crc;
    bool same;

    (void)state;
    crc32_prepare(&tables);
    assert_int_equal(unpack(&packed, plain.bytes, &plain, &same), 0);
    assert_int_equal(index[3], plain.bytes); /* after 0, count, packed size */
    index[3]++;
    crc = crc32(&tables, index, index_bytes - 4);
    memcpy(index + index_bytes - 4, &crc, 4);
    assert_int_equal(unpack(&packed, plain.bytes, &plain, &same), -XEN_EILSEQ);
    free(packed.data);
    free(plain.data);
}

static void check_refused(const char *name)
{
    char path[200];
    struct file packed;
    uint8_t out[64];
    size_t bytes;

    (void)snprintf(path, sizeof(path), "%s/refused.%s.xz", UNPACK_DATA, name);
    packed = read_file(path);
    assert_int_equal(unpack_payload(work, packed.data, packed.bytes, out,
                                    sizeof(out), &bytes),
                     -XEN_EOPNOTSUPP);
    assert_int_equal(bytes, 0);
    free(packed.data);
}

static void unknown_filters_and_checks_are_eopnotsupp(void **state)
{
    (void)state;
    check_refused("sha256");
    check_refused("delta");
    check_refused("arm");
}

static void formats_are_told_by_magic(void **state)
{
    uint8_t out[16];
    size_t bytes;

    (void)state;
    assert_string_equal(unpack_format("\xfd"
                                      "7zXZ",
                                      6),
                        "xz");
    assert_string_equal(unpack_format("\x1f\x8b\x08", 3), "gzip");
    assert_string_equal(unpack_format("\x28\xb5\x2f\xfd", 4), "zstd");
    assert_string_equal(unpack_format("\x02\x21\x4c\x18", 4), "lz4");
    assert_null(unpack_format("BZh91AY", 7));
    assert_null(unpack_format("\x1f", 1));
    assert_null(unpack_format("", 0));
    assert_int_equal(
        unpack_payload(work, "BZh91AY", 7, out, sizeof(out), &bytes),
        -XEN_EOPNOTSUPP);
}

static void only_gzip_counts_the_size_behind_it(void **state)
{
    (void)state;
    assert_int_equal(unpack_stream_bytes("\x1f\x8b\x08\0\0\0\0\0", 8), 8);
    assert_int_equal(unpack_stream_bytes("\x28\xb5\x2f\xfd\0\0\0\0", 8), 4);
    assert_int_equal(unpack_stream_bytes("\x28\xb5\x2f\xfd", 4), 0);
}

static void crcs_match_their_check_values(void **state)
{
    static struct crc_tables tables;

    (void)state;
    crc32_prepare(&tables);
    assert_int_equal(crc32(&tables, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32(&tables, "", 0), 0);
    crc64_prepare(&tables);
    assert_true(crc64(&tables, "123456789", 9) == UINT64_C(0x995dc9bbdf1939fa));
}

/* The payload of @kernel, a bzImage; the size behind it. */
static struct file find_payload(const struct file *kernel, size_t *unpacked)
{
    size_t sectors = kernel->data[0x1f1] != 0 ? kernel->data[0x1f1] : 4U;
    struct file payload;

    payload.data =
        kernel->data + (sectors + 1) * 512 + load_le32(kernel->data + 0x248);
    payload.bytes = load_le32(kernel->data + 0x24c);
    *unpacked = load_le32(payload.data + payload.bytes - 4);
    payload.bytes = unpack_stream_bytes(payload.data, payload.bytes);
    return payload;
}

static void distribution_kernels_unpack(void **state)
{
    size_t i;
    glob_t found;

    (void)state;
    if (glob(UNPACK_KERNELS, 0, NULL, &found) != 0) {
        skip();
    }
    for (i = 0; i < found.gl_pathc; i++) {
        struct file kernel = read_file(found.gl_pathv[i]);
        size_t unpacked;
        struct file payload = find_payload(&kernel, &unpacked);
        uint8_t *out = malloc(unpacked);
        size_t bytes;

        assert_int_equal(unpack_payload(work, payload.data, payload.bytes, out,
                                        unpacked, &bytes),
                         0);
        assert_int_equal(bytes, unpacked);
        assert_memory_equal(out, "\177ELF", 4);
        free(out);
        free(kernel.data);
    }
    globfree(&found);
}

static int make_work(void **state)
{
    (void)state;
    work = malloc(sizeof(*work));
    memset(work, 0xa5, sizeof(*work));
    return work == NULL ? -1 : 0;
}

static int free_work(void **state)
{
    (void)state;
    free(work);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_files_unpack_to_their_originals),
        cmocka_unit_test(too_small_an_output_is_enospc),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(truncated_lz4_blocks_are_refused),
        cmocka_unit_test(damaged_files_are_noticed),
        cmocka_unit_test(chunk_with_a_byte_too_many_is_eilseq),
        cmocka_unit_test(zstd_sequence_with_too_many_literals_is_eilseq),
        cmocka_unit_test(zstd_table_too_large_is_eilseq),
        cmocka_unit_test(zstd_bits_left_over_are_eilseq),
        cmocka_unit_test(lz4_offset_cut_in_half_is_eilseq),
        cmocka_unit_test(lz4_match_at_the_end_is_eilseq),
        cmocka_unit_test(data_behind_a_stream_is_ignored),
        cmocka_unit_test(unknown_filters_and_checks_are_eopnotsupp),
        cmocka_unit_test(formats_are_told_by_magic),
        cmocka_unit_test(only_gzip_counts_the_size_behind_it),
        cmocka_unit_test(xz_index_that_does_not_match_is_eilseq),
        cmocka_unit_test(crcs_match_their_check_values),
        cmocka_unit_test(distribution_kernels_unpack),
    };

    return cmocka_run_group_tests_name("unpack", tests, make_work, free_work);
}
