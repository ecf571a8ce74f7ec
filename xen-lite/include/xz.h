/* SPDX-License-Identifier: MIT */
/*
 * .xz files from memory to memory: LZMA2, with the x86 filter or without.
 */
#ifndef XEN_LITE_XZ_H
#define XEN_LITE_XZ_H

#include "crc.h"
#include "lzma2.h"

/* Working memory of xz_decode(); needs no preparation. */
struct xz_work {
    struct lzma2_work lzma2;
    struct crc_tables header_crc;
    struct crc_tables check_crc;
};

/*
 * Decode the .xz stream at @in, whose every check and size is verified. Data
 * behind it is ignored.
 * @out_bytes  how much was decoded
 * Returns 0, -XEN_ENODATA (input ends early), -XEN_EILSEQ (damaged),
 * -XEN_ENOSPC (@out_max is too small), -XEN_EOPNOTSUPP (another filter, or a
 * check that is not CRC-32, CRC-64 or none).
 */
int xz_decode(struct xz_work *work, const uint8_t *in, size_t in_bytes,
              uint8_t *out, size_t out_max, size_t *out_bytes);

#endif
