/* SPDX-License-Identifier: MIT */
/*
 * LZMA2, the compression inside .xz files, from memory to memory. The output
 * buffer is the dictionary.
 */
#ifndef XEN_LITE_LZMA2_H
#define XEN_LITE_LZMA2_H

#include <stddef.h>
#include <stdint.h>

#define LZMA_STATES         12
#define LZMA_POS_STATES_MAX 16
#define LZMA_LITERAL_PROBS  0x3000

/* Probabilities of one kind of match length. */
struct lzma_length_probs {
    uint16_t choice;
    uint16_t choice2;
    uint16_t low[LZMA_POS_STATES_MAX][8];
    uint16_t mid[LZMA_POS_STATES_MAX][8];
    uint16_t high[256];
};

/* Every adaptive probability; only 16-bit members, reset as one array. */
struct lzma_probs {
    uint16_t is_match[LZMA_STATES][LZMA_POS_STATES_MAX];
    uint16_t is_rep0_long[LZMA_STATES][LZMA_POS_STATES_MAX];
    uint16_t is_rep[LZMA_STATES];
    uint16_t is_rep0[LZMA_STATES];
    uint16_t is_rep1[LZMA_STATES];
    uint16_t is_rep2[LZMA_STATES];
    uint16_t slot[4][64];
    uint16_t special[116];
    uint16_t align[16];
    struct lzma_length_probs match_length;
    struct lzma_length_probs rep_length;
    uint16_t literal[LZMA_LITERAL_PROBS];
};

/* Working memory of lzma2_decode(); needs no preparation. */
struct lzma2_work {
    struct lzma_probs probs;
    uint32_t rep[4]; /* distances - 1, latest first */
    unsigned int state;
    unsigned int lc;
    uint32_t lp_mask;
    uint32_t pb_mask;
};

/* So many bytes must follow the end of LZMA2 data: .xz always has them. */
#define LZMA2_SLACK_BYTES 20

/*
 * Decode LZMA2 chunks at @in up to their end marker.
 * @in_bytes   what can be read at @in, the data behind LZMA2's own included
 * @in_used    set to the length of the LZMA2 data
 * @out_used   set to how much was decoded
 * Returns 0, -XEN_ENODATA (input ends early), -XEN_EILSEQ (not valid),
 * -XEN_ENOSPC (@out_max is too small).
 */
int lzma2_decode(struct lzma2_work *work, const uint8_t *in, size_t in_bytes,
                 size_t *in_used, uint8_t *out, size_t out_max,
                 size_t *out_used);

#endif
