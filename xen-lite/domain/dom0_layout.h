/* SPDX-License-Identifier: MIT */
/*
 * Where everything of a new PV domain lies, in its own page frame numbers:
 * pure arithmetic, tested alone (domain/dom0_layout.c).
 *
 * From virt_base on, one page after another: RAM with the kernel in it, the
 * initrd if it must be mapped, the p2m if it must be mapped, start_info, page
 * tables, boot stack; padded to 4 MiB with 512 KiB to spare. Behind that, not
 * mapped there: the initrd, then p2m data and the tables that map it.
 */
#ifndef XEN_LITE_DOM0_LAYOUT_H
#define XEN_LITE_DOM0_LAYOUT_H

#include "elfnote.h"
#include "types.h"

struct dom0_layout {
    unsigned long virt_base;
    unsigned long kernel_end_pfn;
    unsigned long initrd_pfn;
    unsigned long initrd_pages;
    bool initrd_mapped;
    unsigned long start_info_pfn;
    unsigned long tables_pfn; /* L4 first, then L3s, L2s, L1s */
    unsigned long table_pages;
    unsigned long stack_pfn;
    unsigned long mapped_pages; /* from virt_base */
    bool p2m_mapped;            /* in the mapping from virt_base */
    unsigned long p2m_va;
    unsigned long p2m_pfn; /* first data page */
    unsigned long p2m_pages;
    unsigned long p2m_tables_pfn; /* their L3, L2s, L1s; after the data */
    unsigned long p2m_table_pages;
    unsigned long used_pages; /* first pfn that nothing above needs */
};

/*
 * Lay out a domain of @pages for @kernel with an initrd of @initrd_bytes.
 * Returns 0, or -XEN_ENOMEM when @pages do not hold it.
 */
int dom0_layout(struct dom0_layout *layout, const struct pv_kernel *kernel,
                unsigned long pages, size_t initrd_bytes);

/* Tables of @level (1-3) needed to map [first_va, last_va]. */
unsigned long tables_for_range(unsigned long first_va, unsigned long last_va,
                               unsigned int level);

#endif
