/* SPDX-License-Identifier: MIT */
/*
 * The choice of a decoder.
 */
#include "unpack.h"

#include <xen/errno.h>

#include "lz4.h"
#include "string.h"

#define SIZE_BYTES 4 /* unpacked size behind most payloads */

typedef int unpack_fn(struct unpack_work *work, const uint8_t *in,
                      size_t in_bytes, uint8_t *out, size_t out_max,
                      size_t *out_bytes);

struct format {
    const char *name;
    uint8_t magic[6];
    uint8_t magic_bytes;
    uint8_t size_bytes;
    unpack_fn *unpack;
};

static int unpack_xz(struct unpack_work *work, const uint8_t *in,
                     size_t in_bytes, uint8_t *out, size_t out_max,
                     size_t *out_bytes)
{
    return xz_decode(&work->xz, in, in_bytes, out, out_max, out_bytes);
}

static int unpack_gzip(struct unpack_work *work, const uint8_t *in,
                       size_t in_bytes, uint8_t *out, size_t out_max,
                       size_t *out_bytes)
{
    return gzip_decode(&work->inflate, in, in_bytes, out, out_max, out_bytes);
}

static int unpack_zstd(struct unpack_work *work, const uint8_t *in,
                       size_t in_bytes, uint8_t *out, size_t out_max,
                       size_t *out_bytes)
{
    return zstd_decode(&work->zstd, in, in_bytes, out, out_max, out_bytes);
}

static int unpack_lz4(struct unpack_work *work, const uint8_t *in,
                      size_t in_bytes, uint8_t *out, size_t out_max,
                      size_t *out_bytes)
{
    (void)work;
    return lz4_decode(in, in_bytes, out, out_max, out_bytes);
}

static const struct format formats[] = {
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, SIZE_BYTES, unpack_xz},
    {"gzip", {0x1f, 0x8b}, 2, 0, unpack_gzip},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, SIZE_BYTES, unpack_zstd},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, SIZE_BYTES, unpack_lz4},
};

static const struct format *find_format(const void *in, size_t in_bytes)
{
    size_t i;

    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const struct format *f = &formats[i];

        if (in_bytes >= f->magic_bytes &&
            memcmp(in, f->magic, f->magic_bytes) == 0) {
            return f;
        }
    }
    return NULL;
}

const char *unpack_format(const void *in, size_t in_bytes)
{
    const struct format *f = find_format(in, in_bytes);

    return f != NULL ? f->name : NULL;
}

size_t unpack_stream_bytes(const void *payload, size_t bytes)
{
    const struct format *f = find_format(payload, bytes);
    size_t behind = f != NULL ? f->size_bytes : 0;

    return bytes > behind ? bytes - behind : 0;
}

int unpack_payload(struct unpack_work *work, const void *in, size_t in_bytes,
                   void *out, size_t out_max, size_t *out_bytes)
{
    const struct format *f = find_format(in, in_bytes);

    *out_bytes = 0;
    if (f == NULL) {
        return -XEN_EOPNOTSUPP;
    }
    return f->unpack(work, in, in_bytes, out, out_max, out_bytes);
}
