/* SPDX-License-Identifier: MIT */
/* The Linux x86 boot protocol's file: where its compressed payload lies. */
#ifndef XEN_LITE_BUILDER_BZIMAGE_H
#define XEN_LITE_BUILDER_BZIMAGE_H

#include "builder/bytes.h"
#include "builder/error.h"

struct bzimage {
    struct bytes payload;  /* the compressed stream alone */
    size_t unpacked_bytes; /* what it unpacks to, from its last 4 bytes */
};

/* Does @file begin like a bzImage? */
bool bzimage_detect(struct bytes file);

/*
 * Find the payload of @file, for which bzimage_detect() holds.
 * Returns 0, or -1 with @e: too old, or truncated.
 */
int bzimage_parse(struct bytes file, struct bzimage *out,
                  struct build_error *e);

#endif
