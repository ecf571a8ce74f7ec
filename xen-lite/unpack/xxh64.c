/* SPDX-License-Identifier: MIT */
/*
 * XXH64 ("xxHash fast digest algorithm", 0.1.1): four lanes of eight bytes
 * each, merged, then the rest in ever smaller steps.
 */
#include "xxh64.h"

#include "bytes.h"

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

#define STRIPE_BYTES 32 /* four lanes of eight */

static uint64_t rotate(uint64_t value, unsigned int left)
{
    return value << left | value >> (64 - left);
}

static uint64_t mix(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ mix(0, lane)) * PRIME_1 + PRIME_4;
}

/* All whole stripes at *@in, merged; *@in is moved behind them. */
static uint64_t stripes(const uint8_t **in, const uint8_t *end)
{
    uint64_t a = PRIME_1 + PRIME_2;
    uint64_t b = PRIME_2;
    uint64_t c = 0;
    uint64_t d = 0 - PRIME_1;
    const uint8_t *p = *in;
    uint64_t hash;

    for (; end - p >= STRIPE_BYTES; p += STRIPE_BYTES) {
        a = mix(a, load_le64(p));
        b = mix(b, load_le64(p + 8));
        c = mix(c, load_le64(p + 16));
        d = mix(d, load_le64(p + 24));
    }
    *in = p;
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    return merge(merge(merge(merge(hash, a), b), c), d);
}

uint64_t xxh64(const void *data, size_t bytes)
{
    const uint8_t *p = data;
    const uint8_t *end = p + bytes;
    uint64_t hash = PRIME_5;

    if (bytes >= STRIPE_BYTES) {
        hash = stripes(&p, end);
    }
    hash += bytes;
    for (; end - p >= 8; p += 8) {
        hash = rotate(hash ^ mix(0, load_le64(p)), 27) * PRIME_1 + PRIME_4;
    }
    if (end - p >= 4) {
        hash = rotate(hash ^ load_le32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        p += 4;
    }
    for (; p < end; p++) {
        hash = rotate(hash ^ *p * PRIME_5, 11) * PRIME_1;
    }
    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}
