/* SPDX-License-Identifier: MIT */
/*
 * Zstandard frames (RFC 8878) from memory to memory. The output buffer is the
 * window, whatever size the frame asks for.
 */
#ifndef XEN_LITE_ZSTD_H
#define XEN_LITE_ZSTD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZSTD_BLOCK_MAX       (128U << 10)
#define ZSTD_HUFFMAN_BITS    11
#define ZSTD_LENGTH_LOG_MAX  9
#define ZSTD_OFFSET_LOG_MAX  8
#define ZSTD_LITERALS_ROOM   (ZSTD_BLOCK_MAX + 32)
#define ZSTD_HUFFMAN_SYMBOLS 256

/* One state of a finite state entropy table. */
struct zstd_state {
    uint16_t base; /* next state is base + the next @bits bits */
    uint8_t bits;
    uint8_t symbol;
};

struct zstd_table {
    struct zstd_state state[1 << ZSTD_LENGTH_LOG_MAX];
    unsigned int log;
    bool valid;
};

struct zstd_huffman_entry {
    uint8_t symbol;
    uint8_t bits;
};

struct zstd_huffman {
    struct zstd_huffman_entry entry[1 << ZSTD_HUFFMAN_BITS];
    unsigned int bits;
    bool valid;
};

/* Working memory of zstd_decode(); needs no preparation. */
struct zstd_work {
    struct zstd_table literal_length;
    struct zstd_table offset;
    struct zstd_table match_length;
    struct zstd_table weights;
    struct zstd_huffman huffman;
    uint32_t rep[3]; /* the last offsets, latest first */
    uint8_t literals[ZSTD_LITERALS_ROOM];
};

/*
 * Decode the first frame at @in, its checksum verified when it has one.
 * @out_bytes  how much was decoded
 * Returns 0, -XEN_ENODATA (input ends early), -XEN_EILSEQ (damaged),
 * -XEN_ENOSPC (@out_max is too small), -XEN_EOPNOTSUPP (needs a dictionary).
 */
int zstd_decode(struct zstd_work *work, const uint8_t *in, size_t in_bytes,
                uint8_t *out, size_t out_max, size_t *out_bytes);

#endif
