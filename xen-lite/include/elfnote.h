/* SPDX-License-Identifier: MIT */
/*
 * What a PV kernel says of itself in its Xen ELF notes (<xen/elfnote.h>).
 */
#ifndef XEN_LITE_ELFNOTE_H
#define XEN_LITE_ELFNOTE_H

#include "types.h"

struct pv_kernel {
    unsigned long entry;     /* initial RIP */
    unsigned long virt_base; /* address of pseudo-physical 0 */
    unsigned long paddr_offset;
    unsigned long start_pfn; /* extent of the loaded image */
    unsigned long end_pfn;
    bool has_init_p2m; /* wants the p2m at init_p2m */
    unsigned long init_p2m;
    bool mod_start_pfn; /* the initrd need not be mapped */
    bool has_hypercall_page;
    unsigned long hypercall_page;
    bool is_xen; /* a "Xen" note was seen: XEN_VERSION is right */
    bool can_be_dom0;
};

/* Which rule a kernel broke, for the message: NULL-terminated text. */
struct kernel_fault {
    const char *why;
};

/*
 * Take what the notes in @notes say into @kernel, over what is there.
 * Returns 0, -XEN_EINVAL (malformed: fault->why says how).
 */
int elfnote_read(const void *notes, size_t bytes, struct pv_kernel *kernel,
                 struct kernel_fault *fault);

#endif
