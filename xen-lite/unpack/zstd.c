/* SPDX-License-Identifier: MIT */
/*
 * Zstandard frames (RFC 8878, 3.1.1): header, blocks, checksum.
 */
#include "zstd.h"

#include "string.h"
#include "xxh64.h"
#include "zstd_internal.h"

#define MAGIC         0xfd2fb528U
#define SINGLE_FLAG   0x20
#define RESERVED_FLAG 0x08
#define CHECKSUM_FLAG 0x04

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

struct frame {
    const uint8_t *in;
    const uint8_t *in_end;
    bool has_checksum;
    bool has_bytes;
    uint64_t bytes;
};

static size_t left(const struct frame *f)
{
    return (size_t)(f->in_end - f->in);
}

/* A little-endian number of @bytes, up to 8. */
static uint64_t take_number(struct frame *f, unsigned int bytes)
{
    uint64_t value = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++) {
        value |= (uint64_t)*f->in++ << (8 * i);
    }
    return value;
}

static int read_header(struct frame *f)
{
    static const uint8_t id_bytes[4] = {0, 1, 2, 4};
    static const uint8_t size_bytes[4] = {0, 2, 4, 8};
    unsigned int flags;
    unsigned int window;
    unsigned int size;

    if (left(f) < 5) {
        return -XEN_ENODATA;
    }
    if (take_number(f, 4) != MAGIC) {
        return -XEN_EILSEQ;
    }
    flags = (unsigned int)take_number(f, 1);
    window = (flags & SINGLE_FLAG) != 0 ? 0 : 1;
    size = size_bytes[flags >> 6];
    if (size == 0 && window == 0) {
        size = 1;
    }
    if ((flags & RESERVED_FLAG) != 0) {
        return -XEN_EOPNOTSUPP;
    }
    if (left(f) < window + id_bytes[flags & 3] + size) {
        return -XEN_ENODATA;
    }
    f->in += window;
    if (take_number(f, id_bytes[flags & 3]) != 0) {
        return -XEN_EOPNOTSUPP;
    }
    f->has_bytes = size != 0;
    f->bytes = take_number(f, size) + (size == 2 ? 256 : 0);
    f->has_checksum = (flags & CHECKSUM_FLAG) != 0;
    return 0;
}

static int compressed_block(struct zstd_work *work, const uint8_t *in,
                            size_t bytes, struct zstd_output *output)
{
    struct zstd_output block = *output;
    struct zstd_literals literals;
    size_t used;
    int rc;

    rc = zstd_literals_read(work, in, bytes, &literals, &used);
    if (rc == 0) {
        rc = zstd_sequences_run(work, in + used, bytes - used, &literals,
                                &block);
    }
    if (rc == 0 && (size_t)(block.at - output->at) > ZSTD_BLOCK_MAX) {
        rc = -XEN_EILSEQ;
    }
    output->at = block.at;
    return rc;
}

/* A block whose output has the length that its header says. */
static int plain_block(enum block_type type, const uint8_t *in, size_t bytes,
                       struct zstd_output *output)
{
    if (bytes > (size_t)(output->limit - output->at)) {
        return -XEN_ENOSPC;
    }
    if (type == BLOCK_RLE) {
        memset(output->at, *in, bytes);
    } else {
        memcpy(output->at, in, bytes);
    }
    output->at += bytes;
    return 0;
}

/* One block. @last is set when no other follows. */
static int read_block(struct zstd_work *work, struct frame *f,
                      struct zstd_output *output, bool *last)
{
    enum block_type type;
    uint32_t header;
    size_t bytes;
    size_t packed;
    int rc;

    if (left(f) < 3) {
        return -XEN_ENODATA;
    }
    header = (uint32_t)take_number(f, 3);
    *last = (header & 1) != 0;
    type = (enum block_type)((header >> 1) & 3);
    bytes = header >> 3;
    packed = type == BLOCK_RLE ? 1 : bytes;
    if (type == BLOCK_RESERVED || bytes > ZSTD_BLOCK_MAX) {
        return -XEN_EILSEQ;
    }
    if (left(f) < packed) {
        return -XEN_ENODATA;
    }
    if (type == BLOCK_COMPRESSED) {
        rc = compressed_block(work, f->in, bytes, output);
    } else {
        rc = plain_block(type, f->in, bytes, output);
    }
    f->in += packed;
    return rc;
}

static int verify(struct frame *f, const uint8_t *out, size_t bytes)
{
    if (f->has_bytes && f->bytes != bytes) {
        return -XEN_EILSEQ;
    }
    if (!f->has_checksum) {
        return 0;
    }
    if (left(f) < 4) {
        return -XEN_ENODATA;
    }
    return take_number(f, 4) == (uint32_t)xxh64(out, bytes) ? 0 : -XEN_EILSEQ;
}

int zstd_decode(struct zstd_work *work, const uint8_t *in, size_t in_bytes,
                uint8_t *out, size_t out_max, size_t *out_bytes)
{
    struct frame f = {.in = in, .in_end = in + in_bytes};
    struct zstd_output output = {out, out, out + out_max};
    bool last = false;
    int rc;

    work->literal_length.valid = false;
    work->offset.valid = false;
    work->match_length.valid = false;
    work->huffman.valid = false;
    work->rep[0] = 1;
    work->rep[1] = 4;
    work->rep[2] = 8;
    rc = read_header(&f);
    while (rc == 0 && !last) {
        rc = read_block(work, &f, &output, &last);
    }
    *out_bytes = (size_t)(output.at - out);
    return rc == 0 ? verify(&f, out, *out_bytes) : rc;
}
