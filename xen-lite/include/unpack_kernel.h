/* SPDX-License-Identifier: MIT */
/* From a kernel file, bzImage or ELF, to the ELF image inside. */
#ifndef XEN_LITE_UNPACK_KERNEL_H
#define XEN_LITE_UNPACK_KERNEL_H

#include "elfnote.h"
#include "types.h"

struct unpacked_kernel {
    const void *start;
    size_t bytes;
    struct page *frames; /* from start on; NULL: it lies in the file itself */
    unsigned int order;
};

/*
 * Find or decompress the ELF image of @file into memory of its own.
 * Returns 0, -XEN_ENOMEM, -XEN_ENOEXEC and others of the decoders;
 * fault->why says what was wrong.
 */
int unpack_kernel(const void *file, size_t bytes, struct unpacked_kernel *out,
                  struct kernel_fault *fault);
/* Free its frames but for those that a domain has taken over. */
void unpack_kernel_free(struct unpacked_kernel *kernel);

#endif
