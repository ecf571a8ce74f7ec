/* SPDX-License-Identifier: MIT */
/*
 * LZ4: blocks of sequences, each of literals and a match ("LZ4 Block Format
 * Description"); the legacy frame is a magic number and sized blocks of up to
 * 8 MiB, none of which refers to another.
 */
#include "lz4.h"

#include <xen/errno.h>

#include "bytes.h"
#include "match_copy.h"
#include "string.h"

#define LEGACY_MAGIC    0x184c2102U
#define BLOCK_BYTES_MAX (8UL << 20)
/* what 8 MiB can grow to when they do not compress */
#define PACKED_BYTES_MAX (BLOCK_BYTES_MAX + BLOCK_BYTES_MAX / 255 + 16)
#define MATCH_MIN        4

struct block {
    const uint8_t *in;
    const uint8_t *in_end;
    uint8_t *out;
    uint8_t *out_start;
    uint8_t *out_limit; /* of this block */
    uint8_t *out_room;  /* of the buffer */
};

/* A length of 15 goes on in bytes, the last of which is not 255. */
static int read_length(struct block *b, size_t *length)
{
    uint8_t byte;

    if (*length != 15) {
        return 0;
    }
    do {
        if (b->in == b->in_end) {
            return -XEN_EILSEQ;
        }
        byte = *b->in++;
        *length += byte;
    } while (byte == 255);
    return 0;
}

static int copy_literals(struct block *b, size_t length)
{
    if (length > (size_t)(b->in_end - b->in)) {
        return -XEN_EILSEQ;
    }
    if (length > (size_t)(b->out_limit - b->out)) {
        return -XEN_ENOSPC;
    }
    if (length + MATCH_COPY_STEP <= (size_t)(b->in_end - b->in) &&
        length + MATCH_COPY_STEP <= (size_t)(b->out_room - b->out)) {
        match_copy_words(b->out, b->in, length);
    } else {
        memcpy(b->out, b->in, length);
    }
    b->in += length;
    b->out += length;
    return 0;
}

static int copy_back(struct block *b, size_t length)
{
    size_t back;
    int rc;

    if (b->in_end - b->in < 2) {
        return -XEN_EILSEQ;
    }
    back = load_le16(b->in);
    b->in += 2;
    rc = read_length(b, &length);
    if (rc != 0) {
        return rc;
    }
    length += MATCH_MIN;
    if (back == 0 || back > (size_t)(b->out - b->out_start)) {
        return -XEN_EILSEQ;
    }
    if (length > (size_t)(b->out_limit - b->out)) {
        return -XEN_ENOSPC;
    }
    match_copy(b->out, back, length, (size_t)(b->out_room - b->out));
    b->out += length;
    return 0;
}

/* Sequences until the block's end, which comes after literals. */
static int decode_block(struct block *b)
{
    int rc = 0;

    while (rc == 0) {
        unsigned int token;
        size_t literals;

        if (b->in == b->in_end) {
            return -XEN_EILSEQ;
        }
        token = *b->in++;
        literals = token >> 4;
        rc = read_length(b, &literals);
        if (rc == 0) {
            rc = copy_literals(b, literals);
        }
        if (rc != 0 || b->in == b->in_end) {
            return rc;
        }
        rc = copy_back(b, token & 15);
    }
    return rc;
}

/* A full block means that the stream is wrong, a full buffer the caller. */
static size_t block_room(size_t room)
{
    return room < BLOCK_BYTES_MAX ? room : BLOCK_BYTES_MAX;
}

int lz4_decode(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_max,
               size_t *out_bytes)
{
    const uint8_t *in_end = in + in_bytes;
    struct block b = {.out = out, .out_room = out + out_max};
    int rc = 0;

    *out_bytes = 0;
    if (in_bytes < 4) {
        return -XEN_ENODATA;
    }
    if (load_le32(in) != LEGACY_MAGIC) {
        return -XEN_EILSEQ;
    }
    in += 4;
    while (rc == 0 && in != in_end) {
        size_t packed;

        if (in_end - in < 4) {
            return -XEN_ENODATA;
        }
        packed = load_le32(in);
        in += 4;
        if (packed > PACKED_BYTES_MAX) {
            return -XEN_EILSEQ;
        }
        if (packed > (size_t)(in_end - in)) {
            return -XEN_ENODATA;
        }
        b.in = in;
        b.in_end = in + packed;
        b.out_start = b.out;
        b.out_limit = b.out + block_room((size_t)(b.out_room - b.out));
        rc = decode_block(&b);
        in += packed;
        *out_bytes = (size_t)(b.out - out);
    }
    return rc;
}
