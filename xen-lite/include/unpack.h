/* SPDX-License-Identifier: MIT */
/*
 * Compressed kernels, memory to memory: xz, gzip, zstd and legacy lz4, told
 * apart by their first bytes. No input makes a decoder read outside @in or
 * write outside @out.
 */
#ifndef XEN_LITE_UNPACK_H
#define XEN_LITE_UNPACK_H

#include "inflate.h"
#include "xz.h"
#include "zstd.h"

/* Working memory of unpack_payload(); needs no preparation. */
struct unpack_work {
    union {
        struct xz_work xz;
        struct inflate_work inflate;
        struct zstd_work zstd;
    };
};

/* What @in is compressed with ("xz"), or NULL when it is none we know. */
const char *unpack_format(const void *in, size_t in_bytes);

/*
 * How much of a bzImage's payload is the compressed stream: the kernel's
 * build puts the unpacked size behind it, but gzip ends with that itself.
 */
size_t unpack_stream_bytes(const void *payload, size_t bytes);

/*
 * Unpack the stream at @in, verifying all checks that its format has.
 * @out_bytes  how much was unpacked; also set on failure
 * Returns 0, -XEN_EOPNOTSUPP (a format, filter or check that is not known),
 * -XEN_ENODATA (input ends early), -XEN_EILSEQ (damaged), -XEN_ENOSPC (more
 * than @out_max).
 */
int unpack_payload(struct unpack_work *work, const void *in, size_t in_bytes,
                   void *out, size_t out_max, size_t *out_bytes);

#endif
