/* SPDX-License-Identifier: MIT */
/*
 * Arrays of bits in 64-bit words, bit 0 lowest in word 0, as the ABI lays out
 * its own (evtchn_pending, vcpumask). Numbers are not checked here. The atomic
 * forms are for words that another CPU or a guest may change, and order
 * everything around them; the plain forms are for words under a lock.
 */
#ifndef XEN_LITE_BITMAP_H
#define XEN_LITE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORD_BITS   64U
#define BITMAP_WORDS(bits) (((bits) + 63U) / 64U)

static inline uint64_t bitmap_mask_(size_t bit)
{
    return UINT64_C(1) << (bit % BITMAP_WORD_BITS);
}

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
    return (map[bit / BITMAP_WORD_BITS] & bitmap_mask_(bit)) != 0;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
    map[bit / BITMAP_WORD_BITS] |= bitmap_mask_(bit);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
    map[bit / BITMAP_WORD_BITS] &= ~bitmap_mask_(bit);
}

/* All @bits set, and the bits past them in the last word clear. */
static inline void bitmap_fill(uint64_t *map, size_t bits)
{
    size_t i;

    for (i = 0; i < bits / BITMAP_WORD_BITS; i++) {
        map[i] = UINT64_MAX;
    }
    if (bits % BITMAP_WORD_BITS != 0) {
        map[i] = bitmap_mask_(bits) - 1;
    }
}

static inline void bitmap_zero(uint64_t *map, size_t bits)
{
    size_t i;

    for (i = 0; i < BITMAP_WORDS(bits); i++) {
        map[i] = 0;
    }
}

/* The first bit of those at @from and up that differs from @invert's bits. */
static inline size_t bitmap_scan_(const uint64_t *map, size_t bits, size_t from,
                                  uint64_t invert)
{
    size_t i = from / BITMAP_WORD_BITS;
    uint64_t word;
    size_t bit;

    if (from >= bits) {
        return bits;
    }
    word = (map[i] ^ invert) & ~(bitmap_mask_(from) - 1);
    while (word == 0) {
        i++;
        if (i >= BITMAP_WORDS(bits)) {
            return bits;
        }
        word = map[i] ^ invert;
    }
    bit = i * BITMAP_WORD_BITS + (size_t)__builtin_ctzll(word);
    return bit < bits ? bit : bits;
}

/* The first set bit at @from or above; @bits when there is none. */
static inline size_t bitmap_next_set(const uint64_t *map, size_t bits,
                                     size_t from)
{
    return bitmap_scan_(map, bits, from, 0);
}

/* The first clear bit at @from or above; @bits when there is none. */
static inline size_t bitmap_next_clear(const uint64_t *map, size_t bits,
                                       size_t from)
{
    return bitmap_scan_(map, bits, from, UINT64_MAX);
}

static inline size_t bitmap_count(const uint64_t *map, size_t bits)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < bits / BITMAP_WORD_BITS; i++) {
        count += (size_t)__builtin_popcountll(map[i]);
    }
    if (bits % BITMAP_WORD_BITS != 0) {
        count +=
            (size_t)__builtin_popcountll(map[i] & (bitmap_mask_(bits) - 1));
    }
    return count;
}

static inline bool bitmap_atomic_test(const uint64_t *map, size_t bit)
{
    return (__atomic_load_n(&map[bit / BITMAP_WORD_BITS], __ATOMIC_SEQ_CST) &
            bitmap_mask_(bit)) != 0;
}

/* Set @bit. Returns whether it was set before. */
static inline bool bitmap_atomic_set(uint64_t *map, size_t bit)
{
    return (__atomic_fetch_or(&map[bit / BITMAP_WORD_BITS], bitmap_mask_(bit),
                              __ATOMIC_SEQ_CST) &
            bitmap_mask_(bit)) != 0;
}

/* Clear @bit. Returns whether it was set before. */
static inline bool bitmap_atomic_clear(uint64_t *map, size_t bit)
{
    return (__atomic_fetch_and(&map[bit / BITMAP_WORD_BITS], ~bitmap_mask_(bit),
                               __ATOMIC_SEQ_CST) &
            bitmap_mask_(bit)) != 0;
}

#endif
