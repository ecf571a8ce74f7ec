/* SPDX-License-Identifier: MIT */
/*
 * 64-bit ELF kernels: enough to find Xen notes and to load segments by their
 * physical addresses. The image is not trusted: every offset is checked.
 */
#ifndef XEN_LITE_ELF_H
#define XEN_LITE_ELF_H

#include "elfnote.h"
#include "types.h"

/*
 * Read headers and notes of the kernel @image. Returns 0, or -XEN_ENOEXEC
 * with fault->why: not ELF64 for x86-64, truncated, not PV-capable...
 */
int elf_parse_pv_kernel(const void *image, size_t bytes,
                        struct pv_kernel *kernel, struct kernel_fault *fault);

/* Copy @bytes to @offset of the guest's memory; a null @from clears. */
typedef int elf_write_fn(void *context, uint64_t offset, const void *from,
                         size_t bytes);

/* Load every segment of @image, parsed before, through @write. */
int elf_load(const void *image, size_t bytes, const struct pv_kernel *kernel,
             elf_write_fn *write, void *context);

#endif
