/* SPDX-License-Identifier: MIT */
/*
 * Building dom0 (domain/dom0_build.c): memory, kernel, first page tables,
 * start_info, the first vCPU's registers. The layout that the kernel finds is
 * that of docs/memory.md; numbers come from the kernel's ELF notes.
 */
#ifndef XEN_LITE_DOM0_H
#define XEN_LITE_DOM0_H

#include "types.h"

struct domain;
struct page;

struct dom0_config {
    const void *kernel; /* bzImage or ELF, in the direct map */
    size_t kernel_bytes;
    const void *initrd; /* NULL: none */
    size_t initrd_bytes;
    /* Those that hold its whole pages, given out and nobody's: dom0 takes them
     * over. NULL: it does not start with a frame, and is copied. */
    struct page *initrd_frames;
    const char *command_line;
    unsigned long pages;     /* memory to start with */
    unsigned long max_pages; /* what it may balloon up to; >= pages */
    unsigned int vcpus;
    unsigned int irq_count; /* lines that it may use */
};

/*
 * Build dom0 and leave it paused once (domain_unpause_by_controller starts
 * it). At boot, before other CPUs do anything else.
 * Returns 0 and *d; -XEN_ENOMEM, -XEN_EINVAL, -XEN_ENOEXEC (not a kernel that
 * can be dom0): the reason has been printed.
 */
int dom0_build(const struct dom0_config *config, struct domain **d);

#endif
