/* SPDX-License-Identifier: MIT */
/*
 * struct page: what the hypervisor knows of one machine frame. 32 bytes, in
 * one virtual array indexed by mfn that is backed only where RAM is.
 *
 * count: how many references exist and who owns the frame, in one word, so
 * that taking a reference checks the owner in the same atomic step.
 * type: what the frame is used as, and how often (see mm/frame_info.c).
 */
#ifndef XEN_LITE_PAGE_H
#define XEN_LITE_PAGE_H

#include <stdatomic.h>

#include "types.h"

struct page {
    _Atomic uint64_t count; /* PAGE_COUNT_* */
    _Atomic uint64_t type;  /* PAGE_TYPE_* */
    uint32_t next;          /* links of the list the frame is on: a domain's */
    uint32_t prev;          /* pages, or a free list; PAGE_LINK_END ends it */
    /*
     * Entries of a page table that hold references (PROGRESS_*), while it is
     * validated or torn down: belongs to the CPU that does so. Free frames and
     * heap frames: see frame_alloc.c and heap.c.
     */
    uint32_t table_progress;
    /* tlb_clock when the last use as a mapped type ended: a CPU that flushed
     * later holds no stale translation. Written while the type count is 0. */
    _Atomic uint32_t tlb_stamp;
};

_Static_assert(sizeof(struct page) == 32, "one frame costs 32 bytes");

#define PAGE_LINK_END 0xffffffffU

/* -- page.count ------------------------------------------------------------ */
#define PAGE_COUNT_MASK      0x7fffffffULL /* references */
#define PAGE_OWNER_SHIFT     32            /* domid_t of the owner */
#define PAGE_OWNER_MASK      (0xffffULL << PAGE_OWNER_SHIFT)
#define PAGE_COUNT_ALLOCATED (1ULL << 48) /* the owner's own is held */
#define PAGE_COUNT_XEN       (1ULL << 49) /* of the hypervisor, shared */
#define PAGE_COUNT_FREE      (1ULL << 50) /* on a free list */
#define PAGE_COUNT_DIRTY     (1ULL << 51) /* free, and not yet scrubbed */
#define PAGE_COUNT_READONLY  (1ULL << 52) /* shared: guests map it read-only */
#define PAGE_COUNT_FOREIGN   (1ULL << 53) /* was mapped by another */
#define PAGE_COUNT_UNCACHED  (1ULL << 54) /* was mapped uncached */
/* What stays until the frame is freed. */
#define PAGE_COUNT_MARKS (PAGE_COUNT_FOREIGN | PAGE_COUNT_UNCACHED)

/* The owner of frames that are free or the hypervisor's own. */
#define DOMID_NOBODY DOMID_INVALID

/* -- page.type ------------------------------------------------------------- */
enum page_type {
    PAGE_TYPE_NONE, /* no exclusive use */
    PAGE_TYPE_L1,   /* page tables, by level */
    PAGE_TYPE_L2,
    PAGE_TYPE_L3,
    PAGE_TYPE_L4,
    PAGE_TYPE_DESCRIPTOR, /* guest GDT or LDT */
    PAGE_TYPE_WRITABLE,   /* has writable mappings */
};

#define PAGE_TYPE_COUNT_MASK 0x7fffffffULL
#define PAGE_TYPE_SHIFT      32
#define PAGE_TYPE_MASK       (7ULL << PAGE_TYPE_SHIFT)
#define PAGE_TYPE_PINNED     (1ULL << 36) /* one count belongs to the pin */
#define PAGE_TYPE_VALIDATED  (1ULL << 37) /* contents checked for this type */
#define PAGE_TYPE_PARTIAL    (1ULL << 38) /* checked or torn down in part */
/* Counts in the bits above: see next_word(). */
#define PAGE_TYPE_GENERATION (1ULL << 39)

/* -- page.table_progress --------------------------------------------------- */
#define PROGRESS_ENTRIES 0x3ffU /* the entries before this hold references */
/* The table that this entry names may have been left partial by us. */
#define PROGRESS_PARTIAL 0x400U

static inline unsigned int page_refs(const struct page *page)
{
    return (unsigned int)(atomic_load(&page->count) & PAGE_COUNT_MASK);
}

static inline domid_t page_owner(const struct page *page)
{
    return (domid_t)(atomic_load(&page->count) >> PAGE_OWNER_SHIFT);
}

static inline enum page_type page_type_of(uint64_t type_word)
{
    return (enum page_type)((type_word & PAGE_TYPE_MASK) >> PAGE_TYPE_SHIFT);
}

#endif
