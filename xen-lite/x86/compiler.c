/* SPDX-License-Identifier: MIT */
/* Functions that the compiler may call and libgcc would otherwise give. */
#include "types.h"

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the compiler's name */
int __popcountdi2(int64_t value);

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the compiler's name */
int __popcountdi2(int64_t value)
{
    uint64_t v = (uint64_t)value;

    v -= (v >> 1) & 0x5555555555555555UL;
    v = (v & 0x3333333333333333UL) + ((v >> 2) & 0x3333333333333333UL);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
    return (int)(v * 0x0101010101010101UL >> 56);
}
