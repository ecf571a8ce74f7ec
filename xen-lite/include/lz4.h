/* SPDX-License-Identifier: MIT */
/*
 * LZ4 in its legacy frame, which compressed kernels use; memory to memory.
 */
#ifndef XEN_LITE_LZ4_H
#define XEN_LITE_LZ4_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decode the legacy LZ4 frame at @in, to the end of the input. The format has
 * no checksum; sizes and distances are verified.
 * @out_bytes  how much was decoded
 * Returns 0, -XEN_ENODATA (input ends early), -XEN_EILSEQ (damaged),
 * -XEN_ENOSPC (@out_max is too small).
 */
int lz4_decode(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_max,
               size_t *out_bytes);

#endif
