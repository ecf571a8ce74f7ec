/* SPDX-License-Identifier: MIT */
/*
 * The copy that all LZ77 decoders end in: repeat earlier output. Callers have
 * checked that the distance lies inside the output and that @len fits.
 */
#ifndef XEN_LITE_MATCH_COPY_H
#define XEN_LITE_MATCH_COPY_H

#include <stddef.h>

#include "bytes.h"

/* match_copy() in words may write so many bytes past the end, less one. */
#define MATCH_COPY_STEP 16

/* Byte by byte: overlaps repeat, and nothing past @len is written. */
static inline void match_copy_exact(uint8_t *to, const uint8_t *from,
                                    size_t len)
{
    while (len-- > 0) {
        *to++ = *from++;
    }
}

/* In words, from at least 8 bytes back or from elsewhere. */
static inline void match_copy_words(uint8_t *to, const uint8_t *from,
                                    size_t len)
{
    uint8_t *end = to + len;

    do {
        store_le64(to, load_le64(from));
        store_le64(to + 8, load_le64(from + 8));
        to += MATCH_COPY_STEP;
        from += MATCH_COPY_STEP;
    } while (to < end);
}

/*
 * From less than 8 bytes back: once 8 bytes stand, the same bytes are found a
 * multiple of @back away that is 8 or more.
 */
static inline void match_copy_pattern(uint8_t *to, size_t back, size_t len)
{
    static const uint8_t multiple[8] = {0, 8, 8, 9, 8, 10, 12, 14};

    match_copy_exact(to, to - back, len < 8 ? len : 8);
    if (len > 8) {
        match_copy_words(to + 8, to + 8 - multiple[back], len - 8);
    }
}

/*
 * Append @len bytes from @back before @to. @room bytes may be written at @to:
 * what follows @len there is overwritten by later output anyway.
 */
static inline void match_copy(uint8_t *to, size_t back, size_t len, size_t room)
{
    if (len + MATCH_COPY_STEP > room) {
        match_copy_exact(to, to - back, len);
    } else if (back >= 8) {
        match_copy_words(to, to - back, len);
    } else {
        match_copy_pattern(to, back, len);
    }
}

#endif
