/* SPDX-License-Identifier: MIT */
/* The format of a page-table entry of any level (SDM 3A 4.5). */
#ifndef XEN_LITE_PTE_H
#define XEN_LITE_PTE_H

#include "types.h"

typedef uint64_t pte_t;

#define PTE_PRESENT  (1ULL << 0)
#define PTE_WRITABLE (1ULL << 1)
#define PTE_USER     (1ULL << 2)
#define PTE_PWT      (1ULL << 3)
#define PTE_PCD      (1ULL << 4)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY    (1ULL << 6)
#define PTE_PSE      (1ULL << 7) /* L2, L3: a superpage */
#define PTE_PAT      (1ULL << 7) /* L1 */
#define PTE_GLOBAL   (1ULL << 8)
#define PTE_AVAIL    (7ULL << 9)
/* Ours in present L1 entries: a guest-kernel mapping; kept for log-dirty. */
#define PTE_GUEST_KERNEL (1ULL << 52)
#define PTE_LOG_DIRTY    (1ULL << 53)
#define PTE_NX           (1ULL << 63)
#define PTE_FRAME        0x000ffffffffff000ULL

#define PT_ENTRIES 512U
#define PT_LEVELS  4U

static inline mfn_t pte_mfn(pte_t pte)
{
    return mfn_make((pte & PTE_FRAME) >> PAGE_SHIFT);
}

static inline pte_t pte_make(mfn_t mfn, uint64_t flags)
{
    return mfn.number << PAGE_SHIFT | flags;
}

/* Which entry of a table of @level (1-4) maps @va. */
static inline unsigned int pt_index(unsigned long va, unsigned int level)
{
    return (unsigned int)(va >> (PAGE_SHIFT + 9 * (level - 1))) &
           (PT_ENTRIES - 1);
}

#endif
