/* SPDX-License-Identifier: MIT */
/* Repeatable random numbers: xorshift64*. */
#ifndef GUEST_KIT_RANDOM_H
#define GUEST_KIT_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state; /* not 0 */
};

static inline uint64_t random_next(struct random *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 2685821657736338717UL;
}

/* A number below @limit. */
static inline unsigned int random_below(struct random *r, unsigned int limit)
{
    return (unsigned int)((random_next(r) >> 33) % limit);
}

#endif
