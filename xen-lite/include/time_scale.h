/* SPDX-License-Identifier: MIT */
/*
 * Ticks to nanoseconds in the form of the ABI (struct vcpu_time_info): shift,
 * then multiply by a 32-bit fraction. Pure logic.
 */
#ifndef XEN_LITE_TIME_SCALE_H
#define XEN_LITE_TIME_SCALE_H

#include "types.h"

struct tick_scale {
    uint32_t mul;
    int8_t shift;
};

static inline uint64_t tick_scale(uint64_t ticks, struct tick_scale s)
{
    ticks = s.shift < 0 ? ticks >> -s.shift : ticks << s.shift;
    return (uint64_t)((unsigned __int128)ticks * s.mul >> 32);
}

/* The scale that turns ticks of @hz (not 0) into units of 1 / @unit_hz. */
static inline struct tick_scale tick_scale_make(uint64_t hz, uint64_t unit_hz)
{
    struct tick_scale s = {0, 0};

    while (hz > 2 * unit_hz) {
        hz >>= 1;
        s.shift--;
    }
    while (hz <= unit_hz) {
        hz <<= 1;
        s.shift++;
    }
    s.mul = (uint32_t)((unit_hz << 32) / hz);
    return s;
}

#endif
