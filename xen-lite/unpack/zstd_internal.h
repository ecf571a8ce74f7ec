/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the Zstandard decoder share: streams that are read from
 * their last bit to their first, and the sections of a block.
 */
#ifndef XEN_LITE_ZSTD_INTERNAL_H
#define XEN_LITE_ZSTD_INTERNAL_H

#include <xen/errno.h>

#include "bytes.h"
#include "zstd.h"

#define INLINE static inline __attribute__((always_inline))

/* Bits below @window's top @consumed ones are next. */
struct back_bits {
    const uint8_t *start;
    const uint8_t *at; /* where @window was loaded */
    uint64_t window;
    unsigned int consumed;
};

struct zstd_literals {
    const uint8_t *at;
    size_t bytes;
    size_t readable; /* what can be read at @at, in words */
};

/* Where a block's output goes. */
struct zstd_output {
    uint8_t *at;
    uint8_t *start;
    uint8_t *limit;
};

static inline unsigned int highest_bit(uint32_t value)
{
    return 31U - (unsigned int)__builtin_clz(value);
}

/* The last byte's highest set bit only marks the end. */
static inline int back_bits_open(struct back_bits *b, const uint8_t *in,
                                 size_t bytes)
{
    unsigned int i;

    if (bytes == 0 || in[bytes - 1] == 0) {
        return -XEN_EILSEQ;
    }
    b->start = in;
    b->at = in;
    b->window = 0;
    b->consumed = 8 - highest_bit(in[bytes - 1]);
    if (bytes >= 8) {
        b->at = in + bytes - 8;
        b->window = load_le64(b->at);
        return 0;
    }
    for (i = 0; i < bytes; i++) {
        b->window |= (uint64_t)in[i] << (8 * i);
    }
    b->consumed += 8 * (8 - (unsigned int)bytes);
    return 0;
}

/* Make 57 bits or more available, or all that are left. */
INLINE void back_bits_reload(struct back_bits *b)
{
    size_t step = b->consumed >> 3;

    if (__builtin_expect((size_t)(b->at - b->start) < step, 0)) {
        step = (size_t)(b->at - b->start);
        if (step == 0) {
            return;
        }
    }
    b->at -= step;
    b->consumed -= (unsigned int)step * 8;
    b->window = load_le64(b->at);
}

INLINE uint32_t back_bits_peek(const struct back_bits *b, unsigned int count)
{
    return (uint32_t)(((b->window << (b->consumed & 63)) >> 1) >> (63 - count));
}

INLINE uint32_t back_bits_take(struct back_bits *b, unsigned int count)
{
    uint32_t value = back_bits_peek(b, count);

    b->consumed += count;
    return value;
}

/* Bits not yet taken; negative when more were taken than there are. */
static inline long back_bits_left(const struct back_bits *b)
{
    return (b->at - b->start) * 8 + 64 - (long)b->consumed;
}

INLINE unsigned int zstd_state_next(const struct zstd_state *state,
                                    struct back_bits *bits)
{
    return state->base + back_bits_take(bits, state->bits);
}

/* Build @table from counts (-1: less than one) that sum to 1 << @log. */
int zstd_table_build(struct zstd_table *table, const int16_t *counts,
                     unsigned int symbols, unsigned int log);

/*
 * Read a table's description at @in: at most @symbols symbols and @log_max.
 * @used  set to its length
 */
int zstd_table_read(struct zstd_table *table, const uint8_t *in, size_t bytes,
                    unsigned int symbols, unsigned int log_max, size_t *used);

/* The literals section of a block. @used is set to its length. */
int zstd_literals_read(struct zstd_work *work, const uint8_t *in, size_t bytes,
                       struct zstd_literals *literals, size_t *used);

/* The sequences section, to the end of the block: makes the output. */
int zstd_sequences_run(struct zstd_work *work, const uint8_t *in, size_t bytes,
                       struct zstd_literals *literals,
                       struct zstd_output *output);

#endif
