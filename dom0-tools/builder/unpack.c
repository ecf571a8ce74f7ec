// SPDX-License-Identifier: MIT
/*
 * Decompression by liblzma, zlib, libzstd and liblz4, a piece at a time, so
 * that no output is larger than its taker allows.
 */
#include "builder/unpack.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#define ZLIB_CONST /* next_in is a pointer to const */
#include <zlib.h>
#include <zstd.h>

#define PIECE_BYTES     (1U << 20)
#define LZMA_MEMORY_MAX (512UL << 20)
#define LZ4_BLOCK_BYTES (8U << 20) /* of the legacy frame */
#define LZ4_MAGIC       0x184c2102U

struct job {
    struct bytes in;
    size_t used; /* of in */
    unpack_sink_fn sink;
    void *context;
    uint8_t *piece;
    struct build_error *e;
};

static const struct {
    enum pack_format format;
    const char *name;
    const char *magic;
    size_t magic_bytes;
} formats[] = {
    {PACK_GZIP, "gzip", "\x1f\x8b", 2},
    {PACK_XZ, "xz", "\xfd\x37\x7a\x58\x5a\x00", 6},
    {PACK_LZMA, "lzma", "\x5d\x00\x00", 3},
    {PACK_ZSTD, "zstd", "\x28\xb5\x2f\xfd", 4},
    {PACK_LZ4, "lz4", "\x02\x21\x4c\x18", 4},
    {PACK_BZIP2, "bzip2", "BZh", 3},
    {PACK_LZO, "lzo", "\x89\x4c\x5a", 3},
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

enum pack_format pack_detect(struct bytes in)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (in.size >= formats[i].magic_bytes &&
            memcmp(in.data, formats[i].magic, formats[i].magic_bytes) == 0) {
            return formats[i].format;
        }
    }
    return PACK_NONE;
}

const char *pack_name(enum pack_format format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (formats[i].format == format) {
            return formats[i].name;
        }
    }
    return "uncompressed";
}

static int damaged(struct job *job, const char *name)
{
    return build_fail(job->e, BUILD_BAD_IMAGE,
                      "damaged: the %s stream breaks off or is corrupt near "
                      "byte %zu",
                      name, job->used);
}

static int unpack_lzma(struct job *job, enum pack_format format)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret ret;
    int rc = 0;

    ret = format == PACK_XZ ? lzma_stream_decoder(&stream, LZMA_MEMORY_MAX, 0)
                            : lzma_alone_decoder(&stream, LZMA_MEMORY_MAX);
    stream.next_in = job->in.data;
    stream.avail_in = job->in.size;
    while (ret == LZMA_OK && rc == 0) {
        stream.next_out = job->piece;
        stream.avail_out = PIECE_BYTES;
        ret = lzma_code(&stream, LZMA_FINISH);
        job->used = job->in.size - stream.avail_in;
        if (ret == LZMA_OK || ret == LZMA_STREAM_END) {
            rc = job->sink(job->context, job->piece,
                           PIECE_BYTES - stream.avail_out);
        }
    }
    lzma_end(&stream);
    if (rc == 0 && ret != LZMA_STREAM_END) {
        rc = damaged(job, pack_name(format));
    }
    return rc;
}

static int unpack_gzip(struct job *job)
{
    z_stream stream = {0};
    int ret;
    int rc = 0;

    ret = inflateInit2(&stream, 15 + 16);
    stream.next_in = job->in.data;
    stream.avail_in = (uInt)job->in.size;
    while (ret == Z_OK && rc == 0) {
        stream.next_out = job->piece;
        stream.avail_out = PIECE_BYTES;
        ret = inflate(&stream, Z_NO_FLUSH);
        job->used = job->in.size - stream.avail_in;
        if (ret == Z_OK || ret == Z_STREAM_END) {
            rc = job->sink(job->context, job->piece,
                           PIECE_BYTES - stream.avail_out);
        }
    }
    (void)inflateEnd(&stream);
    if (rc == 0 && ret != Z_STREAM_END) {
        rc = damaged(job, "gzip");
    }
    return rc;
}

static int unpack_zstd(struct job *job)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {job->in.data, job->in.size, 0};
    size_t left;
    int rc = 0;

    if (stream == NULL) {
        return build_fail(job->e, BUILD_FAILED, "out of memory in dom0");
    }
    left = ZSTD_initDStream(stream);
    while (rc == 0 && left != 0) {
        ZSTD_outBuffer out = {job->piece, PIECE_BYTES, 0};
        size_t before = in.pos;

        left = ZSTD_decompressStream(stream, &out, &in);
        job->used = in.pos;
        if (ZSTD_isError(left) || (out.pos == 0 && in.pos == before)) {
            rc = damaged(job, "zstd");
        } else {
            rc = job->sink(job->context, job->piece, out.pos);
        }
    }
    (void)ZSTD_freeDStream(stream);
    return rc;
}

/*
 * Blocks of a 32-bit length and data, each to at most 8 MiB, until the input
 * ends or zeros follow. Where a length should be, another archive may begin.
 */
static int unpack_lz4(struct job *job)
{
    uint8_t *block = malloc(LZ4_BLOCK_BYTES);
    int rc = 0;

    if (block == NULL) {
        return build_fail(job->e, BUILD_FAILED, "out of memory in dom0");
    }
    job->used = sizeof(uint32_t);
    while (rc == 0 && bytes_hold(job->in, job->used, sizeof(uint32_t))) {
        uint32_t length = bytes_u32(job->in, job->used);
        int got;

        if (length == LZ4_MAGIC) {
            job->used += sizeof(uint32_t);
            continue;
        }
        if (length == 0) {
            break;
        }
        if (length > (uint32_t)LZ4_COMPRESSBOUND(LZ4_BLOCK_BYTES) ||
            !bytes_hold(job->in, job->used + sizeof(uint32_t), length)) {
            rc = damaged(job, "lz4");
            break;
        }
        got = LZ4_decompress_safe(
            (const char *)job->in.data + job->used + sizeof(uint32_t),
            (char *)block, (int)length, (int)LZ4_BLOCK_BYTES);
        if (got < 0) {
            rc = damaged(job, "lz4");
            break;
        }
        job->used += sizeof(uint32_t) + length;
        rc = job->sink(job->context, block, (size_t)got);
    }
    free(block);
    return rc;
}

static int unpack_format(struct job *job, enum pack_format format)
{
    switch (format) {
    case PACK_GZIP:
        return unpack_gzip(job);
    case PACK_XZ:
    case PACK_LZMA:
        return unpack_lzma(job, format);
    case PACK_ZSTD:
        return unpack_zstd(job);
    case PACK_LZ4:
        return unpack_lz4(job);
    case PACK_BZIP2:
    case PACK_LZO:
        return build_fail(job->e, BUILD_BAD_IMAGE,
                          "compressed with %s, which is not supported (gzip, "
                          "xz, lzma, zstd and lz4 are)",
                          pack_name(format));
    case PACK_NONE:
    default:
        return build_fail(job->e, BUILD_BAD_IMAGE,
                          "not in a known compression format");
    }
}

int unpack_stream(struct bytes in, unpack_sink_fn sink, void *context,
                  size_t *consumed, struct build_error *e)
{
    struct job job = {.in = in, .sink = sink, .context = context, .e = e};
    int rc;

    job.piece = malloc(PIECE_BYTES);
    if (job.piece == NULL) {
        return build_fail(e, BUILD_FAILED, "out of memory while unpacking");
    }
    rc = unpack_format(&job, pack_detect(in));
    free(job.piece);
    *consumed = job.used;
    return rc;
}

struct exact {
    uint8_t *out;
    size_t room;
    struct build_error *e;
};

static int take_exact(void *context, const uint8_t *data, size_t size)
{
    struct exact *exact = context;

    if (size > exact->room) {
        return build_fail(exact->e, BUILD_BAD_IMAGE,
                          "damaged: unpacks to more than its header says");
    }
    if (size != 0) {
        memcpy(exact->out, data, size);
    }
    exact->out += size;
    exact->room -= size;
    return 0;
}

int unpack_exact(struct bytes in, uint8_t *out, size_t size,
                 struct build_error *e)
{
    struct exact exact = {.out = out, .room = size, .e = e};
    size_t consumed;

    if (unpack_stream(in, take_exact, &exact, &consumed, e) < 0) {
        return -1;
    }
    if (exact.room != 0) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "damaged: unpacks to %zu bytes fewer than its "
                          "header says",
                          exact.room);
    }
    return 0;
}
