/* SPDX-License-Identifier: MIT */
/*
 * Memory as a PV guest sees it: pseudo-physical frames (pfn) of its own,
 * machine frames (mfn) behind them, and page tables that only hypercalls
 * change. Everything here lies in the initial mapping, which is linear.
 */
#ifndef GUEST_KIT_MM_H
#define GUEST_KIT_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "xen_abi.h"

#define PAGE_BYTES 4096UL
#define PAGE_SHIFT 12
#define PT_ENTRIES 512

#define PTE_PRESENT  0x001UL
#define PTE_RW       0x002UL
#define PTE_USER     0x004UL
#define PTE_PWT      0x008UL
#define PTE_PCD      0x010UL
#define PTE_ACCESSED 0x020UL
#define PTE_DIRTY    0x040UL
#define PTE_PSE      0x080UL
#define PTE_GLOBAL   0x100UL
#define PTE_AVAIL    0xe00UL
#define PTE_NX       (1UL << 63)
#define PTE_MFN_MASK 0x000ffffffffff000UL

#define PTE_KERNEL_RO (PTE_PRESENT | PTE_ACCESSED)
#define PTE_KERNEL_RW (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY)
#define PTE_USER_RO   (PTE_KERNEL_RO | PTE_USER)
#define PTE_USER_RW   (PTE_KERNEL_RW | PTE_USER)
#define PTE_TABLE     PTE_USER_RW

#define PTE_MFN(pte) (((pte)&PTE_MFN_MASK) >> PAGE_SHIFT)

#define VIRT_BASE 0xffffffff80000000UL

void mm_init(const struct start_info *si);

/* Frame numbers, by the p2m list and the machine-to-physical table. */
uint64_t mm_pfn_to_mfn(uint64_t pfn);
uint64_t mm_mfn_to_pfn(uint64_t mfn);

/* Between the initial mapping's addresses and frames. */
void *mm_initial_va(uint64_t pfn);
uint64_t mm_va_to_pfn(const void *va);
uint64_t mm_va_to_mfn(const void *va);
uint64_t mm_va_to_maddr(const void *va);
uint64_t mm_initial_end(void);

/* Note that the page at @va now stands on frame @mfn. */
void mm_set_frame(const void *va, uint64_t mfn);

/* Pages of the pool, cleared. mm_page_alloc() panics when none is left. */
void *mm_page_alloc(void);
void mm_page_free(void *page);
unsigned int mm_pages_free(void);

/* The table of the current address space. */
uint64_t *mm_root(void);

/*
 * The entry of @level (4 is the root) that translates @va from @root, for
 * reading, or NULL where a table is missing.
 */
const uint64_t *mm_entry(const uint64_t *root, uint64_t va, unsigned int level);

/* The L1 entry of @va in the current table, 0 where there is none. */
uint64_t mm_pte(const void *va);

/* update_va_mapping with INVLPG on all vCPUs. */
long mm_map(const void *va, uint64_t maddr, uint64_t flags);

/* Change the rights of a pool page's address in the initial mapping. */
long mm_set_readonly(const void *va);
long mm_set_writable(const void *va);

/* mmu_update of one entry: @entry as read through mm_entry(). */
long mm_write_entry(const uint64_t *entry, uint64_t value);

/* One mmuext_op on the frame of @page (MMUEXT_*). */
long mm_ext(unsigned int cmd, const void *page);

/*
 * Build a page table in @table (a pool page): write entry @index while the
 * page is still writable, or by mmu_update when it is not.
 */
long mm_set_slot(uint64_t *table, unsigned int index, uint64_t value);

#endif
