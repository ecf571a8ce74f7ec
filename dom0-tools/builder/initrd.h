/* SPDX-License-Identifier: MIT */
/* A check of initial ramdisks, so that a damaged one fails here, not there. */
#ifndef XEN_LITE_BUILDER_INITRD_H
#define XEN_LITE_BUILDER_INITRD_H

#include "builder/bytes.h"
#include "builder/error.h"

/*
 * Walk @file: cpio archives (newc) and compressed streams, one behind the
 * other, with zeroes between. Streams are unpacked and thrown away, so their
 * checksums are checked. Returns 0, or -1 with @e.
 */
int initrd_check(struct bytes file, struct build_error *e);

#endif
