/* SPDX-License-Identifier: MIT */
/* The first page tables of a guest, from its layout. Pure but for the pages. */
#ifndef XEN_LITE_BUILDER_TABLES_H
#define XEN_LITE_BUILDER_TABLES_H

#include <stdint.h>

#include "builder/layout.h"

#define PTE_PRESENT  0x01ULL
#define PTE_RW       0x02ULL
#define PTE_USER     0x04ULL
#define PTE_ACCESSED 0x20ULL
#define PTE_DIRTY    0x40ULL

struct table_pages {
    const uint64_t *p2m; /* machine frame of each guest frame */
    /* The page of table frame @pfn, writable. */
    uint64_t *(*page)(void *context, uint64_t pfn);
    void *context;
};

/*
 * Write every entry of the tables of @l. Frames that are page tables are
 * mapped read-only. The pages start zeroed.
 */
void tables_write(const struct layout *l, const struct table_pages *pages);

#endif
