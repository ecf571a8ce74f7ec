/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the decoders: the first byte of an input chooses one. LZMA2 is reached
 * directly too, since the CRCs of .xz headers stop nearly every mutation.
 */
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#include "bcj_x86.h"
#include "lz4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define OUT_BYTES 70000

static void run(unsigned int decoder, const uint8_t *in, size_t bytes)
{
    static struct unpack_work work;
    uint8_t *out = malloc(OUT_BYTES);
    size_t used;
    size_t made = 0;

    switch (decoder % 6) {
    case 0:
        (void)lzma2_decode(&work.xz.lzma2, in, bytes, &used, out, OUT_BYTES,
                           &made);
        break;
    case 1:
        (void)gzip_decode(&work.inflate, in, bytes, out, OUT_BYTES, &made);
        break;
    case 2:
        (void)zstd_decode(&work.zstd, in, bytes, out, OUT_BYTES, &made);
        break;
    case 3:
        (void)lz4_decode(in, bytes, out, OUT_BYTES, &made);
        break;
    case 4:
        made = bytes < OUT_BYTES ? bytes : OUT_BYTES;
        memcpy(out, in, made);
        bcj_x86_decode(out, made, 0);
        break;
    default:
        (void)unpack_payload(&work, in, bytes, out, OUT_BYTES, &made);
        break;
    }
    if (made > OUT_BYTES) {
        abort();
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint8_t *copy;

    if (bytes == 0) {
        return 0;
    }
    copy = malloc(bytes - 1);
    memcpy(copy, data + 1, bytes - 1);
    run(data[0], copy, bytes - 1);
    free(copy);
    return 0;
}
