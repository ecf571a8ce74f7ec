/* SPDX-License-Identifier: MIT */
/*
 * Where everything of a new guest lies: pseudo-physical frames and virtual
 * addresses of kernel, ramdisk, p2m, start_info, xenstore and console pages,
 * page tables and boot stack. Pure arithmetic.
 */
#ifndef XEN_LITE_BUILDER_LAYOUT_H
#define XEN_LITE_BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/error.h"

#define PAGE_BYTES 4096ULL

struct pfn_range {
    uint64_t start;
    uint64_t count;
};

/*
 * A virtual range mapped by 4 KiB pages to consecutive frames, and the frames
 * of the tables that map it, for each level without the shared L4.
 */
struct table_map {
    uint64_t start;             /* first virtual address */
    uint64_t end;               /* first one behind it */
    uint64_t pfn;               /* frame that start maps to */
    struct pfn_range tables[3]; /* L1, L2, L3 */
};

struct layout_request {
    uint64_t nr_pages;
    uint64_t virt_base;
    uint64_t kernel_end; /* bytes from virt_base */
    uint64_t initrd_bytes;
    bool initrd_unmapped; /* the kernel takes a frame number for it */
    bool p2m_outside;     /* the kernel names init_p2m for the p2m */
    uint64_t init_p2m;
};

struct layout {
    uint64_t nr_pages;
    uint64_t virt_base;
    struct pfn_range initrd;
    struct pfn_range p2m; /* data only */
    uint64_t p2m_va;
    uint64_t start_info;
    uint64_t xenstore;
    uint64_t console;
    struct pfn_range tables; /* L4 first, then L3, L2, L1 of the main map */
    uint64_t stack;
    struct table_map main_map;
    struct table_map p2m_map;    /* empty unless p2m_outside */
    struct pfn_range p2m_frames; /* tables and data of p2m_map */
};

/*
 * Lay out a guest.
 * Returns 0, or -1 with @e when the guest's memory cannot hold it all, or its
 * kernel asks for addresses that a guest cannot have.
 */
int layout_compute(const struct layout_request *request, struct layout *out,
                   struct build_error *e);

/* The address of frame @pfn in the main map. */
uint64_t layout_va(const struct layout *l, uint64_t pfn);

/* How many tables of @level (1 to 3) map [start, end). */
uint64_t layout_table_count(uint64_t start, uint64_t end, unsigned int level);

#endif
