/* SPDX-License-Identifier: MIT */
/*
 * The literals section of a Zstandard block (RFC 8878, 3.1.1.3.1) and its
 * Huffman code (4.2).
 */
#include "string.h"
#include "zstd_internal.h"

#define WEIGHT_LOG_MAX 6
#define WEIGHT_MAX     ZSTD_HUFFMAN_BITS
#define STREAMS        4
#define JUMP_BYTES     6

enum literals_type { RAW, RLE, COMPRESSED, TREELESS };

struct header {
    enum literals_type type;
    unsigned int streams;
    size_t bytes;  /* of the literals */
    size_t packed; /* of the section behind the header */
    size_t header_bytes;
};

/* Weights packed as 4 bits each, the first in the high half. */
static int read_plain_weights(const uint8_t *in, size_t bytes, uint8_t *weights,
                              unsigned int count)
{
    unsigned int i;

    if ((count + 1) / 2 > bytes) {
        return -XEN_EILSEQ;
    }
    for (i = 0; i < count; i++) {
        weights[i] = i % 2 == 0 ? in[i / 2] >> 4 : in[i / 2] & 15;
    }
    return (int)count;
}

/*
 * Weights coded by two states that take turns, until the bits run out: then
 * the other state's symbol is the last. Returns how many, or an error.
 */
static int read_coded_weights(const struct zstd_table *table, const uint8_t *in,
                              size_t bytes, uint8_t *weights)
{
    struct back_bits bits;
    unsigned int state[2];
    unsigned int i;

    if (back_bits_open(&bits, in, bytes) != 0) {
        return -XEN_EILSEQ;
    }
    state[0] = back_bits_take(&bits, table->log);
    state[1] = back_bits_take(&bits, table->log);
    for (i = 0; i < ZSTD_HUFFMAN_SYMBOLS - 2; i++) {
        const struct zstd_state *now = &table->state[state[i % 2]];

        weights[i] = now->symbol;
        back_bits_reload(&bits);
        state[i % 2] = zstd_state_next(now, &bits);
        if (back_bits_left(&bits) < 0) {
            weights[i + 1] = table->state[state[(i + 1) % 2]].symbol;
            return (int)i + 2;
        }
    }
    return -XEN_EILSEQ;
}

/* All weights but the last. Returns how many, or an error. */
static int read_weights(struct zstd_work *work, const uint8_t *in, size_t bytes,
                        uint8_t *weights, size_t *used)
{
    size_t packed;
    size_t table_bytes;
    unsigned int count;
    int rc;

    if (bytes == 0) {
        return -XEN_EILSEQ;
    }
    if (in[0] >= 128) {
        count = in[0] - 127U;
        *used = 1 + (count + 1) / 2;
        return read_plain_weights(in + 1, bytes - 1, weights, count);
    }
    packed = in[0];
    if (packed > bytes - 1) {
        return -XEN_EILSEQ;
    }
    *used = 1 + packed;
    rc = zstd_table_read(&work->weights, in + 1, packed, WEIGHT_MAX + 1,
                         WEIGHT_LOG_MAX, &table_bytes);
    if (rc != 0) {
        return rc;
    }
    return read_coded_weights(&work->weights, in + 1 + table_bytes,
                              packed - table_bytes, weights);
}

/*
 * The last symbol's weight makes the code complete: the code lengths follow.
 * @starts  set to the first entry of each weight's codes
 * Returns the number of symbols, or an error.
 */
static int complete_weights(uint8_t *weights, unsigned int count,
                            unsigned int *bits, uint32_t *starts)
{
    uint32_t totals[WEIGHT_MAX + 1] = {0};
    uint32_t sum = 0;
    uint32_t rest;
    unsigned int i;

    for (i = 0; i < count; i++) {
        if (weights[i] > WEIGHT_MAX) {
            return -XEN_EILSEQ;
        }
        sum += (1U << weights[i]) >> 1;
    }
    if (sum == 0 || highest_bit(sum) + 1 > ZSTD_HUFFMAN_BITS) {
        return -XEN_EILSEQ;
    }
    *bits = highest_bit(sum) + 1;
    rest = (1U << *bits) - sum;
    if ((rest & (rest - 1)) != 0) {
        return -XEN_EILSEQ;
    }
    weights[count++] = (uint8_t)(highest_bit(rest) + 1);
    for (i = 0; i < count; i++) {
        totals[weights[i]] += (1U << weights[i]) >> 1;
    }
    starts[1] = 0;
    for (i = 1; i < WEIGHT_MAX; i++) {
        starts[i + 1] = starts[i] + totals[i];
    }
    return (int)count;
}

static int huffman_read(struct zstd_work *work, const uint8_t *in, size_t bytes,
                        size_t *used)
{
    struct zstd_huffman *huffman = &work->huffman;
    uint8_t weights[ZSTD_HUFFMAN_SYMBOLS] = {0};
    uint32_t starts[WEIGHT_MAX + 1];
    int count;
    int s;

    huffman->valid = false;
    count = read_weights(work, in, bytes, weights, used);
    if (count < 0) {
        return count;
    }
    count =
        complete_weights(weights, (unsigned int)count, &huffman->bits, starts);
    if (count < 0) {
        return count;
    }
    for (s = 0; s < count; s++) {
        unsigned int weight = weights[s];
        uint32_t codes = (1U << weight) >> 1;

        while (codes-- > 0) {
            huffman->entry[starts[weight]++] = (struct zstd_huffman_entry){
                (uint8_t)s, (uint8_t)(huffman->bits + 1 - weight)};
        }
    }
    huffman->valid = true;
    return 0;
}

INLINE uint8_t huffman_symbol(const struct zstd_huffman *huffman,
                              struct back_bits *bits)
{
    struct zstd_huffman_entry entry =
        huffman->entry[back_bits_peek(bits, huffman->bits)];

    bits->consumed += entry.bits;
    return entry.symbol;
}

/* One stream of @bytes literals, which must use all its bits. */
static int huffman_stream(const struct zstd_huffman *huffman, const uint8_t *in,
                          size_t packed, uint8_t *out, size_t bytes)
{
    struct back_bits bits;
    uint8_t *end = out + bytes;

    if (back_bits_open(&bits, in, packed) != 0) {
        return -XEN_EILSEQ;
    }
    while (end - out >= 4) {
        back_bits_reload(&bits);
        out[0] = huffman_symbol(huffman, &bits);
        out[1] = huffman_symbol(huffman, &bits);
        out[2] = huffman_symbol(huffman, &bits);
        out[3] = huffman_symbol(huffman, &bits);
        out += 4;
        if (back_bits_left(&bits) < 0) {
            return -XEN_EILSEQ;
        }
    }
    back_bits_reload(&bits);
    while (out < end) {
        *out++ = huffman_symbol(huffman, &bits);
    }
    return back_bits_left(&bits) == 0 ? 0 : -XEN_EILSEQ;
}

/* Four streams of a quarter each; three lengths stand before them. */
static int huffman_streams(const struct zstd_huffman *huffman,
                           const uint8_t *in, size_t packed, uint8_t *out,
                           size_t bytes)
{
    size_t quarter = (bytes + 3) / 4;
    const uint8_t *jump = in;
    unsigned int i;
    int rc = 0;

    if (packed < JUMP_BYTES || quarter * 3 > bytes) {
        return -XEN_EILSEQ;
    }
    in += JUMP_BYTES;
    packed -= JUMP_BYTES;
    for (i = 0; i < STREAMS && rc == 0; i++) {
        size_t part = i < 3 ? load_le16(jump + 2 * (size_t)i) : packed;
        size_t count = i < 3 ? quarter : bytes - 3 * quarter;

        if (part > packed) {
            return -XEN_EILSEQ;
        }
        rc = huffman_stream(huffman, in, part, out, count);
        in += part;
        packed -= part;
        out += count;
    }
    return rc;
}

/* Raw and RLE: one size of 5, 12 or 20 bits. */
static int read_plain_header(const uint8_t *in, size_t bytes, struct header *h)
{
    unsigned int format = (in[0] >> 2) & 3;
    uint32_t value = in[0];

    h->header_bytes = format == 1 ? 2 : format == 3 ? 3 : 1;
    if (h->header_bytes > bytes) {
        return -XEN_EILSEQ;
    }
    if (h->header_bytes == 1) {
        h->bytes = value >> 3;
    } else {
        value |= (uint32_t)in[1] << 8;
        value |= h->header_bytes == 3 ? (uint32_t)in[2] << 16 : 0;
        h->bytes = value >> 4;
    }
    h->packed = h->type == RAW ? h->bytes : 1;
    return 0;
}

/* Huffman-coded: two sizes of 10, 14 or 18 bits. */
static int read_coded_header(const uint8_t *in, size_t bytes, struct header *h)
{
    unsigned int format = (in[0] >> 2) & 3;
    unsigned int bits = format < 2 ? 10 : format == 2 ? 14 : 18;
    uint64_t value = 0;
    size_t i;

    h->header_bytes = format < 2 ? 3 : format + 2;
    h->streams = format == 0 ? 1 : STREAMS;
    if (h->header_bytes > bytes) {
        return -XEN_EILSEQ;
    }
    for (i = 0; i < h->header_bytes; i++) {
        value |= (uint64_t)in[i] << (8 * i);
    }
    h->bytes = (value >> 4) & ((1U << bits) - 1);
    h->packed = (value >> (4 + bits)) & ((1U << bits) - 1);
    return 0;
}

static int read_header(const uint8_t *in, size_t bytes, struct header *h)
{
    int rc;

    if (bytes == 0) {
        return -XEN_EILSEQ;
    }
    h->type = (enum literals_type)(in[0] & 3);
    if (h->type == RAW || h->type == RLE) {
        rc = read_plain_header(in, bytes, h);
    } else {
        rc = read_coded_header(in, bytes, h);
    }
    if (rc == 0 &&
        (h->bytes > ZSTD_BLOCK_MAX || h->packed > bytes - h->header_bytes)) {
        rc = -XEN_EILSEQ;
    }
    return rc;
}

static int decode_coded(struct zstd_work *work, const struct header *h,
                        const uint8_t *in)
{
    size_t tree_bytes = 0;
    size_t packed = h->packed;
    int rc = 0;

    if (h->type == COMPRESSED) {
        rc = huffman_read(work, in, packed, &tree_bytes);
    } else if (!work->huffman.valid) {
        rc = -XEN_EILSEQ;
    }
    if (rc != 0) {
        return rc;
    }
    in += tree_bytes;
    packed -= tree_bytes;
    return h->streams == 1 ? huffman_stream(&work->huffman, in, packed,
                                            work->literals, h->bytes)
                           : huffman_streams(&work->huffman, in, packed,
                                             work->literals, h->bytes);
}

int zstd_literals_read(struct zstd_work *work, const uint8_t *in, size_t bytes,
                       struct zstd_literals *literals, size_t *used)
{
    struct header h = {.streams = 1};
    int rc;

    rc = read_header(in, bytes, &h);
    if (rc != 0) {
        return rc;
    }
    in += h.header_bytes;
    *used = h.header_bytes + h.packed;
    literals->at = work->literals;
    literals->bytes = h.bytes;
    literals->readable = sizeof(work->literals);
    if (h.type == RAW) {
        literals->at = in;
        literals->readable = bytes - h.header_bytes;
        return 0;
    }
    if (h.type == RLE) {
        memset(work->literals, in[0], h.bytes);
        return 0;
    }
    return decode_coded(work, &h, in);
}
