/* SPDX-License-Identifier: MIT */
/* Decompression of kernels and initial ramdisks by the system's libraries. */
#ifndef XEN_LITE_BUILDER_UNPACK_H
#define XEN_LITE_BUILDER_UNPACK_H

#include "builder/bytes.h"
#include "builder/error.h"

enum pack_format {
    PACK_NONE, /* none of the formats below */
    PACK_GZIP,
    PACK_XZ,
    PACK_LZMA,
    PACK_ZSTD,
    PACK_LZ4,   /* the "legacy" frame that Linux uses */
    PACK_BZIP2, /* known by name, not supported */
    PACK_LZO,   /* known by name, not supported */
};

/* Takes unpacked bytes. Returns 0, or -1 to stop with an error. */
typedef int (*unpack_sink_fn)(void *context, const uint8_t *data, size_t size);

enum pack_format pack_detect(struct bytes in);
const char *pack_name(enum pack_format format);

/*
 * Unpack one stream at the start of @in.
 * @sink      gets the result piece by piece
 * @consumed  set to the bytes of @in that the stream took
 * Returns 0, or -1 with @e: unsupported, damaged, or @sink refused.
 */
int unpack_stream(struct bytes in, unpack_sink_fn sink, void *context,
                  size_t *consumed, struct build_error *e);

/*
 * Unpack @in, which must yield exactly @size bytes, into @out.
 * Returns 0, or -1 with @e.
 */
int unpack_exact(struct bytes in, uint8_t *out, size_t size,
                 struct build_error *e);

#endif
