/* SPDX-License-Identifier: MIT */
/*
 * gzip files (RFC 1952) and the DEFLATE inside (RFC 1951), memory to memory.
 */
#ifndef XEN_LITE_INFLATE_H
#define XEN_LITE_INFLATE_H

#include "crc.h"

#define INFLATE_FAST_BITS 10
#define INFLATE_CODE_BITS 15
#define INFLATE_SYMBOLS   288

/* One Huffman code. */
struct inflate_code {
    uint16_t fast[1 << INFLATE_FAST_BITS]; /* symbol << 4 | length, or 0 */
    uint16_t count[INFLATE_CODE_BITS + 1]; /* codes of each length */
    uint16_t symbol[INFLATE_SYMBOLS];      /* in order of their codes */
};

/* Working memory of gzip_decode(); needs no preparation. */
struct inflate_work {
    struct inflate_code literal;
    struct inflate_code distance;
    uint8_t lengths[INFLATE_SYMBOLS + 32];
    struct crc_tables crc;
};

/*
 * Decode the first member of the gzip file at @in, its CRC and size verified.
 * @out_bytes  how much was decoded
 * Returns 0, -XEN_ENODATA (input ends early), -XEN_EILSEQ (damaged),
 * -XEN_ENOSPC (@out_max is too small).
 */
int gzip_decode(struct inflate_work *work, const uint8_t *in, size_t in_bytes,
                uint8_t *out, size_t out_max, size_t *out_bytes);

#endif
