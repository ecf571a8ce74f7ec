/* SPDX-License-Identifier: MIT */
/*
 * The container of .xz files ("The .xz File Format", version 1.1.0): stream
 * header, blocks, index, stream footer. All lengths are checked against what
 * is there, and all redundant ones against each other.
 */
#include "xz.h"

#include <stdbool.h>

#include <xen/errno.h>

#include "bcj_x86.h"
#include "bytes.h"
#include "string.h"

#define HEADER_BYTES   12
#define FOOTER_BYTES   12
#define FILTER_LZMA2   0x21
#define FILTER_BCJ_X86 0x04

enum check_type { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4 };

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/* What all blocks together must agree with the index about. */
struct totals {
    uint64_t blocks;
    uint32_t hash; /* over each block's two sizes */
};

struct stream {
    struct xz_work *work;
    struct cursor in;
    uint8_t *out;
    uint8_t *out_limit;
    const uint8_t *flags;
    enum check_type check;
    struct totals totals;
};

struct block {
    bool has_packed_bytes;
    bool has_bytes;
    bool has_bcj;
    uint32_t bcj_ip;
    uint64_t packed_bytes;
    uint64_t bytes;
};

static size_t left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

static uint32_t header_crc(const struct stream *s, const uint8_t *data,
                           size_t bytes)
{
    return crc32(&s->work->header_crc, data, bytes);
}

/* A number of 7 bits a byte, lowest first; at most 9 bytes. */
static int read_number(struct cursor *c, uint64_t *value)
{
    unsigned int shift;

    *value = 0;
    for (shift = 0; shift < 63; shift += 7) {
        uint8_t byte;

        if (left(c) == 0) {
            return -XEN_ENODATA;
        }
        byte = *c->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return byte == 0 && shift != 0 ? -XEN_EILSEQ : 0;
        }
    }
    return -XEN_EILSEQ;
}

/* Step over @count zero bytes. */
static int read_zeros(struct cursor *c, size_t count)
{
    if (left(c) < count) {
        return -XEN_ENODATA;
    }
    for (; count > 0; count--) {
        if (*c->at++ != 0) {
            return -XEN_EILSEQ;
        }
    }
    return 0;
}

static void totals_add(struct stream *s, struct totals *totals,
                       uint64_t unpadded, uint64_t bytes)
{
    const uint64_t record[3] = {totals->hash, unpadded, bytes};

    totals->hash = header_crc(s, (const uint8_t *)record, sizeof(record));
    totals->blocks++;
}

static int read_stream_header(struct stream *s)
{
    static const uint8_t magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
    const uint8_t *p = s->in.at;

    if (left(&s->in) < HEADER_BYTES) {
        return -XEN_ENODATA;
    }
    if (memcmp(p, magic, sizeof(magic)) != 0 ||
        header_crc(s, p + 6, 2) != load_le32(p + 8)) {
        return -XEN_EILSEQ;
    }
    if (p[6] != 0 ||
        (p[7] != CHECK_NONE && p[7] != CHECK_CRC32 && p[7] != CHECK_CRC64)) {
        return -XEN_EOPNOTSUPP;
    }
    s->flags = p + 6;
    s->check = (enum check_type)p[7];
    s->in.at += HEADER_BYTES;
    return 0;
}

/* The x86 filter's properties: none, or the start address. */
static int read_bcj(struct cursor *c, struct block *b, uint64_t bytes)
{
    b->has_bcj = true;
    if (bytes == 4) {
        b->bcj_ip = load_le32(c->at);
    }
    return bytes == 0 || bytes == 4 ? 0 : -XEN_EILSEQ;
}

/* LZMA2's property is the dictionary size, which our buffer always meets. */
static int read_lzma2(struct cursor *c, uint64_t bytes)
{
    if (bytes != 1) {
        return -XEN_EILSEQ;
    }
    return *c->at <= 40 ? 0 : -XEN_EOPNOTSUPP;
}

/* One filter; @last is LZMA2 and no other is. */
static int read_filter(struct cursor *c, struct block *b, bool last)
{
    uint64_t id;
    uint64_t bytes;
    int rc;

    rc = read_number(c, &id);
    if (rc == 0) {
        rc = read_number(c, &bytes);
    }
    if (rc != 0) {
        return rc;
    }
    if (bytes > left(c)) {
        return -XEN_EILSEQ;
    }
    if (last && id == FILTER_LZMA2) {
        rc = read_lzma2(c, bytes);
    } else if (!last && id == FILTER_BCJ_X86) {
        rc = read_bcj(c, b, bytes);
    } else {
        rc = -XEN_EOPNOTSUPP;
    }
    c->at += bytes;
    return rc;
}

static int read_filters(struct cursor *c, struct block *b, unsigned int count)
{
    unsigned int i;
    int rc = 0;

    if (count > 2) {
        return -XEN_EOPNOTSUPP;
    }
    for (i = 0; i < count && rc == 0; i++) {
        rc = read_filter(c, b, i == count - 1);
    }
    return rc;
}

/* The fields between a block header's size byte and its CRC. */
static int read_block_fields(struct cursor *c, struct block *b)
{
    uint8_t flags = *c->at++;
    int rc = 0;

    if ((flags & 0x3c) != 0) {
        return -XEN_EOPNOTSUPP;
    }
    if ((flags & 0x40) != 0) {
        b->has_packed_bytes = true;
        rc = read_number(c, &b->packed_bytes);
    }
    if (rc == 0 && (flags & 0x80) != 0) {
        b->has_bytes = true;
        rc = read_number(c, &b->bytes);
    }
    if (rc == 0) {
        rc = read_filters(c, b, (flags & 3U) + 1);
    }
    if (rc == 0) {
        rc = read_zeros(c, left(c));
    }
    /* the header's own length says where it ends: short is damaged */
    return rc == -XEN_ENODATA ? -XEN_EILSEQ : rc;
}

static int read_block_header(struct stream *s, struct block *b)
{
    const uint8_t *p = s->in.at;
    size_t bytes = ((size_t)*p + 1) * 4;
    struct cursor fields = {p + 1, p + bytes - 4};

    if (left(&s->in) < bytes) {
        return -XEN_ENODATA;
    }
    if (header_crc(s, p, bytes - 4) != load_le32(p + bytes - 4)) {
        return -XEN_EILSEQ;
    }
    s->in.at += bytes;
    return read_block_fields(&fields, b);
}

/* Compare the check behind a block with its data. */
static int verify_check(struct stream *s, const uint8_t *data, size_t bytes)
{
    size_t check_bytes = s->check == CHECK_NONE    ? 0
                         : s->check == CHECK_CRC32 ? 4
                                                   : 8;
    const uint8_t *stored = s->in.at;
    bool equal = true;

    if (left(&s->in) < check_bytes) {
        return -XEN_ENODATA;
    }
    s->in.at += check_bytes;
    if (s->check == CHECK_CRC32) {
        equal = crc32(&s->work->header_crc, data, bytes) == load_le32(stored);
    } else if (s->check == CHECK_CRC64) {
        equal = crc64(&s->work->check_crc, data, bytes) == load_le64(stored);
    }
    return equal ? 0 : -XEN_EILSEQ;
}

/* The packed data of a block, its padding and its check. */
static int read_block_data(struct stream *s, const struct block *b,
                           size_t *packed, size_t *bytes)
{
    int rc;

    rc = lzma2_decode(&s->work->lzma2, s->in.at, left(&s->in), packed, s->out,
                      (size_t)(s->out_limit - s->out), bytes);
    if (rc != 0) {
        return rc;
    }
    if ((b->has_packed_bytes && b->packed_bytes != *packed) ||
        (b->has_bytes && b->bytes != *bytes)) {
        return -XEN_EILSEQ;
    }
    s->in.at += *packed;
    rc = read_zeros(&s->in, -*packed & 3);
    if (rc != 0) {
        return rc;
    }
    if (b->has_bcj) {
        bcj_x86_decode(s->out, *bytes, b->bcj_ip);
    }
    return verify_check(s, s->out, *bytes);
}

static int read_block(struct stream *s)
{
    const uint8_t *start = s->in.at;
    struct block b = {.has_bcj = false};
    size_t packed;
    size_t bytes;
    int rc;

    rc = read_block_header(s, &b);
    if (rc != 0) {
        return rc;
    }
    rc = read_block_data(s, &b, &packed, &bytes);
    if (rc != 0) {
        return rc;
    }
    s->out += bytes;
    totals_add(s, &s->totals, (uint64_t)(s->in.at - start) - (-packed & 3),
               bytes);
    return 0;
}

static int read_index_records(struct stream *s, uint64_t count,
                              struct totals *totals)
{
    uint64_t unpadded;
    uint64_t bytes;
    int rc;

    while (totals->blocks < count) {
        rc = read_number(&s->in, &unpadded);
        if (rc == 0) {
            rc = read_number(&s->in, &bytes);
        }
        if (rc != 0) {
            return rc;
        }
        totals_add(s, totals, unpadded, bytes);
    }
    return 0;
}

/* The index; @bytes is set to its length. */
static int read_index(struct stream *s, size_t *bytes)
{
    const uint8_t *start = s->in.at++;
    struct totals totals = {0, 0};
    uint64_t count;
    int rc;

    rc = read_number(&s->in, &count);
    if (rc == 0 && count != s->totals.blocks) {
        rc = -XEN_EILSEQ;
    }
    if (rc == 0) {
        rc = read_index_records(s, count, &totals);
    }
    if (rc == 0 && totals.hash != s->totals.hash) {
        rc = -XEN_EILSEQ;
    }
    if (rc == 0) {
        rc = read_zeros(&s->in, -(size_t)(s->in.at - start) & 3);
    }
    if (rc != 0) {
        return rc;
    }
    if (left(&s->in) < 4 + FOOTER_BYTES) {
        return -XEN_ENODATA;
    }
    *bytes = (size_t)(s->in.at - start) + 4;
    s->in.at += 4;
    return header_crc(s, start, *bytes - 4) == load_le32(s->in.at - 4)
               ? 0
               : -XEN_EILSEQ;
}

static int read_stream_footer(struct stream *s, size_t index_bytes)
{
    const uint8_t *p = s->in.at;

    if (header_crc(s, p + 4, 6) != load_le32(p) ||
        ((uint64_t)load_le32(p + 4) + 1) * 4 != index_bytes ||
        memcmp(p + 8, s->flags, 2) != 0 || p[10] != 'Y' || p[11] != 'Z') {
        return -XEN_EILSEQ;
    }
    s->in.at += FOOTER_BYTES;
    return 0;
}

static int read_blocks(struct stream *s)
{
    int rc = 0;

    while (rc == 0) {
        if (left(&s->in) == 0) {
            return -XEN_ENODATA;
        }
        if (*s->in.at == 0) {
            return 0;
        }
        rc = read_block(s);
    }
    return rc;
}

int xz_decode(struct xz_work *work, const uint8_t *in, size_t in_bytes,
              uint8_t *out, size_t out_max, size_t *out_bytes)
{
    struct stream s = {.work = work,
                       .in = {in, in + in_bytes},
                       .out = out,
                       .out_limit = out + out_max};
    size_t index_bytes;
    int rc;

    *out_bytes = 0;
    crc32_prepare(&work->header_crc);
    rc = read_stream_header(&s);
    if (rc != 0) {
        return rc;
    }
    if (s.check == CHECK_CRC64) {
        crc64_prepare(&work->check_crc);
    }
    rc = read_blocks(&s);
    if (rc == 0) {
        rc = read_index(&s, &index_bytes);
    }
    if (rc == 0) {
        rc = read_stream_footer(&s, index_bytes);
    }
    *out_bytes = (size_t)(s.out - out);
    return rc;
}
