/* SPDX-License-Identifier: MIT */
/*
 * Finite state entropy tables (RFC 8878, 4.1.1): read and spread.
 */
#include "zstd_internal.h"

#include "string.h"

#define LOG_MIN 5

/* A description is read from its first bit, lowest first. */
struct front_bits {
    const uint8_t *in;
    size_t bytes;
    size_t at; /* in bits */
};

/* The next bits, up to 16; zeros past the end. */
static uint32_t front_bits_peek(const struct front_bits *b, unsigned int count)
{
    uint32_t value = 0;
    size_t byte = b->at / 8;
    unsigned int i;

    for (i = 0; i < 4 && byte + i < b->bytes; i++) {
        value |= (uint32_t)b->in[byte + i] << (8 * i);
    }
    return (value >> (b->at % 8)) & ((1U << count) - 1);
}

static uint32_t front_bits_take(struct front_bits *b, unsigned int count)
{
    uint32_t value = front_bits_peek(b, count);

    b->at += count;
    return value;
}

/*
 * A count + 1 that is at most @remaining + 1: as few bits as that allows, and
 * one fewer for the small values that the longest code would waste.
 */
static uint32_t read_value(struct front_bits *b, uint32_t remaining)
{
    unsigned int bits = highest_bit(remaining + 1) + 1;
    uint32_t low_mask = (1U << (bits - 1)) - 1;
    uint32_t spared = (1U << bits) - 1 - (remaining + 1);
    uint32_t value = front_bits_peek(b, bits);

    if ((value & low_mask) < spared) {
        b->at += bits - 1;
        return value & low_mask;
    }
    b->at += bits;
    return value > low_mask ? value - spared : value;
}

/* After a count of zero: how many more follow, in steps of up to 3. */
static unsigned int read_zero_run(struct front_bits *b)
{
    unsigned int run = 0;
    uint32_t step;

    do {
        step = front_bits_take(b, 2);
        run += step;
    } while (step == 3 && b->at < b->bytes * 8);
    return run;
}

/* Counts of the symbols. Returns how many symbols, or an error. */
static int read_counts(struct front_bits *b, int16_t *counts,
                       unsigned int symbols, unsigned int log)
{
    uint32_t remaining = 1U << log;
    unsigned int i = 0;

    while (remaining > 0) {
        int count;

        if (i >= symbols || b->at > b->bytes * 8) {
            return -XEN_EILSEQ;
        }
        count = (int)read_value(b, remaining) - 1;
        counts[i++] = (int16_t)count;
        if (count == 0) {
            unsigned int run = read_zero_run(b);

            if (run > symbols - i) {
                return -XEN_EILSEQ;
            }
            memset(&counts[i], 0, run * sizeof(counts[0]));
            i += run;
        } else {
            remaining -= count < 0 ? 1U : (uint32_t)count;
        }
    }
    return (int)i;
}

int zstd_table_read(struct zstd_table *table, const uint8_t *in, size_t bytes,
                    unsigned int symbols, unsigned int log_max, size_t *used)
{
    struct front_bits bits = {in, bytes, 0};
    int16_t counts[64];
    unsigned int log = LOG_MIN + front_bits_take(&bits, 4);
    int count;

    if (log > log_max || bytes == 0) {
        return -XEN_EILSEQ;
    }
    count = read_counts(&bits, counts, symbols, log);
    *used = (bits.at + 7) / 8;
    if (count < 0 || *used > bytes) {
        return -XEN_EILSEQ;
    }
    return zstd_table_build(table, counts, (unsigned int)count, log);
}

/*
 * Give each symbol its states: those of less than one from the end down, the
 * others spread by a step that visits every state once.
 */
static int spread(struct zstd_table *table, const int16_t *counts,
                  unsigned int symbols, unsigned int log)
{
    unsigned int size = 1U << log;
    unsigned int step = (size >> 1) + (size >> 3) + 3;
    unsigned int high = size;
    unsigned int at = 0;
    unsigned int s;
    int i;

    for (s = 0; s < symbols; s++) {
        if (counts[s] == -1) {
            table->state[--high].symbol = (uint8_t)s;
        }
    }
    for (s = 0; s < symbols; s++) {
        for (i = 0; i < counts[s]; i++) {
            table->state[at].symbol = (uint8_t)s;
            do {
                at = (at + step) & (size - 1);
            } while (at >= high);
        }
    }
    return at == 0 ? 0 : -XEN_EILSEQ;
}

int zstd_table_build(struct zstd_table *table, const int16_t *counts,
                     unsigned int symbols, unsigned int log)
{
    uint16_t next[64];
    unsigned int size = 1U << log;
    unsigned int i;

    table->valid = false;
    if (spread(table, counts, symbols, log) != 0) {
        return -XEN_EILSEQ;
    }
    for (i = 0; i < symbols; i++) {
        next[i] = counts[i] == -1 ? 1 : (uint16_t)counts[i];
    }
    for (i = 0; i < size; i++) {
        struct zstd_state *state = &table->state[i];
        uint32_t x = next[state->symbol]++;

        state->bits = (uint8_t)(log - highest_bit(x));
        state->base = (uint16_t)((x << state->bits) - size);
    }
    table->log = log;
    table->valid = true;
    return 0;
}
