/* SPDX-License-Identifier: MIT */
/*
 * Indexes and addresses that a guest chose. A bounds check alone does not stop
 * a processor from reading past the end while it speculates (Spectre variant
 * 1), so every such one passes through here between the check and the access.
 */
#ifndef XEN_LITE_NOSPEC_H
#define XEN_LITE_NOSPEC_H

/*
 * @index if it is below @count, else 0, without a branch that can be
 * predicted. @count is at most LONG_MAX.
 */
static inline unsigned long index_nospec(unsigned long index,
                                         unsigned long count)
{
    unsigned long keep;

    /* The compiler must not know what the check before this has shown. */
    __asm__("" : "+r"(index));
    keep = ~(index | (count - 1UL - index)) >> 63;
    return index & (0UL - keep);
}

/*
 * The same for addresses: @address if it is in the lower half, or in the upper
 * half not below @end, else 0.
 */
static inline unsigned long address_nospec(unsigned long address,
                                           unsigned long end)
{
    unsigned long drop;

    __asm__("" : "+r"(address));
    drop = (address & (address - end)) >> 63;
    return address & (drop - 1UL);
}

#endif
