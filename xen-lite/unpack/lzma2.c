/* SPDX-License-Identifier: MIT */
/*
 * LZMA2 decoding (the format: "LZMA specification" of the LZMA SDK, and .xz
 * file format 5.3.1). Most of a boot's unpacking time is spent in the loop
 * here, so the range decoder is a local variable that inlining turns into
 * registers, and input is checked once a symbol: no symbol takes more than
 * LZMA2_SLACK_BYTES, and that much always follows.
 */
#include "lzma2.h"

#include <stdbool.h>

#include <xen/errno.h>

#include "bytes.h"
#include "match_copy.h"
#include "string.h"

#define INLINE static inline __attribute__((always_inline))

#define PROB_BITS     11
#define PROB_HALF     (1U << (PROB_BITS - 1))
#define PROB_SHIFT    5
#define RANGE_TOP     (1U << 24)
#define LITERAL_LIMIT 7       /* states below follow a literal */
#define LITERAL_PROBS 0x300UL /* of one context */
#define LENGTH_MIN    2
#define SLOT_MODELLED 14
#define SLOT_PLAIN    4
#define ALIGN_BITS    4

struct range_decoder {
    uint32_t range;
    uint32_t code;
    const uint8_t *in;
};

/* One LZMA2 chunk's decoding, kept in registers. */
struct decoder {
    struct range_decoder rc;
    const uint8_t *in_end;
    uint8_t *out;
    uint8_t *out_end;     /* of this chunk */
    uint8_t *out_limit;   /* of the buffer */
    const uint8_t *start; /* of the dictionary */
    uint32_t rep0;
    uint32_t rep1;
    uint32_t rep2;
    uint32_t rep3;
    unsigned int state;
};

INLINE void normalize(struct range_decoder *rc)
{
    if (__builtin_expect(rc->range < RANGE_TOP, 0)) {
        rc->range <<= 8;
        rc->code = (rc->code << 8) | *rc->in++;
    }
}

/* Decode one bit by its probability, which adapts. */
INLINE unsigned int bit(struct range_decoder *rc, uint16_t *prob)
{
    uint32_t p = *prob;
    uint32_t bound;

    normalize(rc);
    bound = (rc->range >> PROB_BITS) * p;
    if (rc->code < bound) {
        rc->range = bound;
        *prob = (uint16_t)(p + (((1U << PROB_BITS) - p) >> PROB_SHIFT));
        return 0;
    }
    rc->range -= bound;
    rc->code -= bound;
    *prob = (uint16_t)(p - (p >> PROB_SHIFT));
    return 1;
}

/*
 * The same without a branch on the bit: for the trees, whose bits no CPU can
 * foresee, and whose branches cost an emulator most. @below is all ones for a
 * 0 bit; adding 31 - 2048 first makes one shift round as both cases of bit().
 */
INLINE unsigned int tree_bit(struct range_decoder *rc, uint16_t *prob)
{
    uint32_t p = *prob;
    uint32_t bound;
    uint32_t below;
    uint32_t rest;
    int32_t step;

    normalize(rc);
    bound = (rc->range >> PROB_BITS) * p;
    below = 0U - (uint32_t)(rc->code < bound);
    rest = rc->range - bound;
    rc->range = rest + (below & (bound - rest));
    rc->code = rc->code - bound + (below & bound);
    step = (int32_t)(p + (below & (31U - (1U << PROB_BITS)))) >> PROB_SHIFT;
    *prob = (uint16_t)(p - (uint32_t)step);
    return below + 1;
}

/* @count bits, highest first, each by the bits before it: 2^count and up. */
INLINE uint32_t tree(struct range_decoder *rc, uint16_t *probs,
                     unsigned int count)
{
    uint32_t symbol = 1;
    unsigned int i;

#pragma GCC unroll 8
    for (i = 0; i < count; i++) {
        symbol = (symbol << 1) + tree_bit(rc, &probs[symbol]);
    }
    return symbol;
}

/* @count bits, lowest first. */
INLINE uint32_t tree_reverse(struct range_decoder *rc, uint16_t *probs,
                             unsigned int count)
{
    uint32_t symbol = 1;
    uint32_t value = 0;
    unsigned int i;

    for (i = 0; i < count; i++) {
        unsigned int b = tree_bit(rc, &probs[symbol]);

        symbol = (symbol << 1) | b;
        value |= b << i;
    }
    return value;
}

/* @count bits of probability one half behind @value. */
INLINE uint32_t direct(struct range_decoder *rc, uint32_t value,
                       unsigned int count)
{
    uint32_t mask;

    while (count-- > 0) {
        normalize(rc);
        rc->range >>= 1;
        rc->code -= rc->range;
        mask = 0U - (rc->code >> 31);
        rc->code += rc->range & mask;
        value = (value << 1) + (mask + 1);
    }
    return value;
}

/* A literal after a match: the byte at rep0 helps to guess it. */
INLINE uint32_t literal_matched(struct range_decoder *rc, uint16_t *probs,
                                uint32_t guess)
{
    uint32_t symbol = 1;
    uint32_t offset = 0x100;

    do {
        uint32_t b;

        guess <<= 1;
        b = tree_bit(rc, &probs[offset + (guess & offset) + symbol]);
        symbol = (symbol << 1) + b;
        offset &= guess ^ (b - 1);
    } while (symbol < 0x100);
    return symbol;
}

INLINE void literal(struct decoder *d, struct lzma2_work *work)
{
    static const uint8_t next_state[LZMA_STATES] = {0, 0, 0, 0, 1, 2,
                                                    3, 4, 5, 6, 4, 5};
    uint32_t pos = (uint32_t)(d->out - d->start);
    uint32_t before = pos != 0 ? d->out[-1] : 0;
    size_t context =
        ((pos & work->lp_mask) << work->lc) + (before >> (8 - work->lc));
    uint16_t *probs = &work->probs.literal[LITERAL_PROBS * context];
    uint32_t symbol;

    if (d->state < LITERAL_LIMIT) {
        symbol = tree(&d->rc, probs, 8);
    } else {
        symbol = literal_matched(&d->rc, probs, d->out[-1 - (long)d->rep0]);
    }
    *d->out++ = (uint8_t)symbol;
    d->state = next_state[d->state];
}

INLINE uint32_t length(struct range_decoder *rc,
                       struct lzma_length_probs *probs, uint32_t pos_state)
{
    if (bit(rc, &probs->choice) == 0) {
        return LENGTH_MIN + tree(rc, probs->low[pos_state], 3) - 8;
    }
    if (bit(rc, &probs->choice2) == 0) {
        return LENGTH_MIN + 8 + tree(rc, probs->mid[pos_state], 3) - 8;
    }
    return LENGTH_MIN + 16 + tree(rc, probs->high, 8) - 256;
}

INLINE uint32_t distance(struct range_decoder *rc, struct lzma_probs *probs,
                         uint32_t len)
{
    uint32_t len_state = len < LENGTH_MIN + 4 ? len - LENGTH_MIN : 3;
    uint32_t slot = tree(rc, probs->slot[len_state], 6) - 64;
    unsigned int count = (slot >> 1) - 1;
    uint32_t high = 2 | (slot & 1);

    if (slot < SLOT_PLAIN) {
        return slot;
    }
    if (slot < SLOT_MODELLED) {
        high <<= count;
        return high + tree_reverse(rc, &probs->special[high - slot], count);
    }
    high = direct(rc, high, count - ALIGN_BITS) << ALIGN_BITS;
    return high + tree_reverse(rc, probs->align, ALIGN_BITS);
}

/* Append @len bytes from rep0 + 1 back. Returns false when that is invalid. */
INLINE bool copy_back(struct decoder *d, uint32_t len)
{
    size_t back = (size_t)d->rep0 + 1;
    uint8_t *to = d->out;

    if (back > (size_t)(to - d->start) || len > (size_t)(d->out_end - to)) {
        return false;
    }
    d->out = to + len;
    match_copy(to, back, len, (size_t)(d->out_limit - to));
    return true;
}

INLINE uint32_t match(struct decoder *d, struct lzma_probs *probs,
                      uint32_t pos_state)
{
    uint32_t len = length(&d->rc, &probs->match_length, pos_state);

    d->rep3 = d->rep2;
    d->rep2 = d->rep1;
    d->rep1 = d->rep0;
    d->rep0 = distance(&d->rc, probs, len);
    d->state = d->state < LITERAL_LIMIT ? 7 : 10;
    return len;
}

/* Bring one of the older distances to the front. */
INLINE void choose_rep(struct decoder *d, struct lzma_probs *probs)
{
    uint32_t chosen = d->rep1;

    if (bit(&d->rc, &probs->is_rep1[d->state]) != 0) {
        chosen = d->rep2;
        if (bit(&d->rc, &probs->is_rep2[d->state]) != 0) {
            chosen = d->rep3;
            d->rep3 = d->rep2;
        }
        d->rep2 = d->rep1;
    }
    d->rep1 = d->rep0;
    d->rep0 = chosen;
}

/* A match at one of the last four distances. */
INLINE uint32_t rep_match(struct decoder *d, struct lzma_probs *probs,
                          uint32_t pos_state)
{
    if (bit(&d->rc, &probs->is_rep0[d->state]) == 0) {
        if (bit(&d->rc, &probs->is_rep0_long[d->state][pos_state]) == 0) {
            d->state = d->state < LITERAL_LIMIT ? 9 : 11;
            return 1;
        }
    } else {
        choose_rep(d, probs);
    }
    d->state = d->state < LITERAL_LIMIT ? 8 : 11;
    return length(&d->rc, &probs->rep_length, pos_state);
}

/* Decode symbols until the chunk is full. Returns false on invalid data. */
INLINE bool decode_symbols(struct decoder *d, struct lzma2_work *work)
{
    struct lzma_probs *probs = &work->probs;

    while (d->out < d->out_end) {
        uint32_t pos_state = (uint32_t)(d->out - d->start) & work->pb_mask;
        uint32_t len;

        if (d->rc.in > d->in_end) {
            return false;
        }
        if (bit(&d->rc, &probs->is_match[d->state][pos_state]) == 0) {
            literal(d, work);
            continue;
        }
        if (bit(&d->rc, &probs->is_rep[d->state]) != 0) {
            len = rep_match(d, probs, pos_state);
        } else {
            len = match(d, probs, pos_state);
        }
        if (!copy_back(d, len)) {
            return false;
        }
    }
    return true;
}

/* What lzma2_decode() keeps between chunks. */
struct stream {
    struct lzma2_work *work;
    const uint8_t *in;
    const uint8_t *in_end;
    uint8_t *out;
    uint8_t *out_limit;
    uint8_t *start;
    bool need_dictionary;
    bool need_properties;
    bool need_state;
};

/* One LZMA chunk: @packed bytes at s->in become @bytes at s->out. */
static int decode_chunk(struct stream *s, size_t packed, size_t bytes)
{
    struct lzma2_work *work = s->work;
    struct decoder d = {
        .in_end = s->in + packed,
        .out = s->out,
        .out_end = s->out + bytes,
        .out_limit = s->out_limit,
        .start = s->start,
        .rep0 = work->rep[0],
        .rep1 = work->rep[1],
        .rep2 = work->rep[2],
        .rep3 = work->rep[3],
        .state = work->state,
    };

    if (packed < 5 || s->in[0] != 0) {
        return -XEN_EILSEQ;
    }
    d.rc.range = UINT32_MAX;
    d.rc.code = __builtin_bswap32(load_le32(s->in + 1));
    d.rc.in = s->in + 5;
    if (!decode_symbols(&d, work)) {
        return -XEN_EILSEQ;
    }
    normalize(&d.rc);
    if (d.rc.in != d.in_end || d.rc.code != 0) {
        return -XEN_EILSEQ;
    }
    work->rep[0] = d.rep0;
    work->rep[1] = d.rep1;
    work->rep[2] = d.rep2;
    work->rep[3] = d.rep3;
    work->state = d.state;
    s->in += packed;
    s->out += bytes;
    return 0;
}

static void reset_state(struct lzma2_work *work)
{
    uint16_t *prob = (uint16_t *)(void *)&work->probs;
    size_t i;

    for (i = 0; i < sizeof(work->probs) / sizeof(*prob); i++) {
        prob[i] = PROB_HALF;
    }
    memset(work->rep, 0, sizeof(work->rep));
    work->state = 0;
}

/* The properties byte: (pb * 5 + lp) * 9 + lc. */
static int set_properties(struct lzma2_work *work, unsigned int byte)
{
    unsigned int lc = byte % 9;
    unsigned int lp = byte / 9 % 5;
    unsigned int pb = byte / 45;

    if (pb > 4 || lc + lp > 4) {
        return -XEN_EILSEQ;
    }
    work->lc = lc;
    work->lp_mask = (1U << lp) - 1;
    work->pb_mask = (1U << pb) - 1;
    return 0;
}

/* Resets that an LZMA chunk asks for: bits 5 and 6 of @control. */
static int apply_resets(struct stream *s, unsigned int control)
{
    unsigned int reset = (control >> 5) & 3;
    int rc = 0;

    if (reset == 3) {
        s->start = s->out;
        s->need_dictionary = false;
    }
    if (reset >= 2) {
        rc = set_properties(s->work, *s->in++);
        s->need_properties = false;
    }
    if (reset >= 1) {
        reset_state(s->work);
        s->need_state = false;
    }
    if (s->need_dictionary || s->need_properties || s->need_state) {
        rc = -XEN_EILSEQ;
    }
    return rc;
}

/* An LZMA chunk, s->in behind its control byte. */
static int lzma_chunk(struct stream *s, unsigned int control)
{
    size_t header = control >= 0xc0 ? 5 : 4;
    size_t bytes;
    size_t packed;
    int rc;

    if ((size_t)(s->in_end - s->in) < header) {
        return -XEN_ENODATA;
    }
    bytes = ((size_t)(control & 0x1f) << 16) + load_be16(s->in) + 1U;
    packed = load_be16(s->in + 2) + 1U;
    s->in += 4;
    rc = apply_resets(s, control);
    if (rc != 0) {
        return rc;
    }
    if (packed + LZMA2_SLACK_BYTES > (size_t)(s->in_end - s->in)) {
        return -XEN_ENODATA;
    }
    if (bytes > (size_t)(s->out_limit - s->out)) {
        return -XEN_ENOSPC;
    }
    return decode_chunk(s, packed, bytes);
}

/* A stored chunk: 1 resets the dictionary, 2 does not. */
static int stored_chunk(struct stream *s, unsigned int control)
{
    size_t bytes;

    if (s->in_end - s->in < 2) {
        return -XEN_ENODATA;
    }
    bytes = load_be16(s->in) + 1U;
    s->in += 2;
    if (control == 1) {
        s->start = s->out;
        s->need_dictionary = false;
        s->need_properties = true;
    }
    if (s->need_dictionary) {
        return -XEN_EILSEQ;
    }
    if (bytes > (size_t)(s->in_end - s->in)) {
        return -XEN_ENODATA;
    }
    if (bytes > (size_t)(s->out_limit - s->out)) {
        return -XEN_ENOSPC;
    }
    memcpy(s->out, s->in, bytes);
    s->in += bytes;
    s->out += bytes;
    return 0;
}

int lzma2_decode(struct lzma2_work *work, const uint8_t *in, size_t in_bytes,
                 size_t *in_used, uint8_t *out, size_t out_max,
                 size_t *out_used)
{
    struct stream s = {.work = work,
                       .in = in,
                       .in_end = in + in_bytes,
                       .out = out,
                       .out_limit = out + out_max,
                       .start = out,
                       .need_dictionary = true,
                       .need_properties = true,
                       .need_state = true};
    int rc = 0;

    while (rc == 0) {
        unsigned int control;

        if (s.in == s.in_end) {
            return -XEN_ENODATA;
        }
        control = *s.in++;
        if (control == 0) {
            break;
        }
        if (control >= 0x80) {
            rc = lzma_chunk(&s, control);
        } else if (control <= 2) {
            rc = stored_chunk(&s, control);
        } else {
            rc = -XEN_EILSEQ;
        }
    }
    *in_used = (size_t)(s.in - in);
    *out_used = (size_t)(s.out - out);
    return rc;
}
