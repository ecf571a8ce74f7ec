/* SPDX-License-Identifier: MIT */
/* Frames, the page pool and page-table writes. */
#include "mm.h"

#include <stddef.h>

#include "hypercall.h"
#include "spinlock.h"
#include "start.h"
#include "string.h"

#define POOL_PAGES 2048

static uint64_t *p2m;
static uint64_t page_count;
static uint64_t table_va;
static uint64_t table_frames;

static uint8_t pool[POOL_PAGES][PAGE_BYTES]
    __attribute__((aligned(PAGE_BYTES)));

/* Free pages as a stack of pointers; guarded by pool_lock. */
static void *pool_free[POOL_PAGES];
static unsigned int pool_free_count;
static struct spinlock pool_lock = {ATOMIC_FLAG_INIT};

void mm_init(const struct start_info *si)
{
    unsigned int i;

    p2m = (uint64_t *)si->mfn_list;
    page_count = si->nr_pages;
    table_va = si->pt_base;
    table_frames = si->nr_pt_frames;
    for (i = 0; i < POOL_PAGES; i++) {
        pool_free[i] = pool[POOL_PAGES - 1 - i];
    }
    pool_free_count = POOL_PAGES;
}

uint64_t mm_pfn_to_mfn(uint64_t pfn)
{
    return p2m[pfn];
}

uint64_t mm_mfn_to_pfn(uint64_t mfn)
{
    return machine_to_phys_mapping[mfn];
}

void *mm_initial_va(uint64_t pfn)
{
    return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

uint64_t mm_va_to_pfn(const void *va)
{
    return ((uint64_t)va - VIRT_BASE) >> PAGE_SHIFT;
}

uint64_t mm_va_to_mfn(const void *va)
{
    return p2m[mm_va_to_pfn(va)];
}

uint64_t mm_va_to_maddr(const void *va)
{
    return (mm_va_to_mfn(va) << PAGE_SHIFT) | ((uint64_t)va & (PAGE_BYTES - 1));
}

void mm_set_frame(const void *va, uint64_t mfn)
{
    p2m[mm_va_to_pfn(va)] = mfn;
}

uint64_t mm_initial_end(void)
{
    uint64_t stack_end = table_va + (table_frames + 1) * PAGE_BYTES;
    uint64_t end = (stack_end + 0x3fffff) & ~0x3fffffUL;

    if (end - stack_end < 0x80000) {
        end += 0x400000;
    }
    return end;
}

void *mm_page_alloc(void)
{
    void *page = NULL;

    spin_lock(&pool_lock);
    if (pool_free_count != 0) {
        page = pool_free[--pool_free_count];
    }
    spin_unlock(&pool_lock);
    if (page == NULL) {
        guest_panic("page pool is empty");
    }
    memset(page, 0, PAGE_BYTES);
    return page;
}

void mm_page_free(void *page)
{
    spin_lock(&pool_lock);
    pool_free[pool_free_count++] = page;
    spin_unlock(&pool_lock);
}

unsigned int mm_pages_free(void)
{
    return pool_free_count;
}

uint64_t *mm_root(void)
{
    return (uint64_t *)table_va;
}

static unsigned int slot_of(uint64_t va, unsigned int level)
{
    return (unsigned int)(va >> (PAGE_SHIFT + 9 * (level - 1))) &
           (PT_ENTRIES - 1);
}

const uint64_t *mm_entry(const uint64_t *root, uint64_t va, unsigned int level)
{
    const uint64_t *table = root;
    unsigned int at;
    uint64_t entry;

    for (at = 4; at > level; at--) {
        entry = table[slot_of(va, at)];
        if ((entry & PTE_PRESENT) == 0 || (entry & PTE_PSE) != 0) {
            return NULL;
        }
        table = mm_initial_va(mm_mfn_to_pfn(PTE_MFN(entry)));
    }
    return &table[slot_of(va, level)];
}

uint64_t mm_pte(const void *va)
{
    const uint64_t *entry = mm_entry(mm_root(), (uint64_t)va, 1);

    return entry == NULL ? 0 : *entry;
}

long mm_map(const void *va, uint64_t maddr, uint64_t flags)
{
    return hc_update_va_mapping((uint64_t)va, maddr | flags,
                                UVMF_INVLPG | UVMF_ALL);
}

long mm_set_readonly(const void *va)
{
    return mm_map(va, mm_va_to_mfn(va) << PAGE_SHIFT, PTE_KERNEL_RO);
}

long mm_set_writable(const void *va)
{
    return mm_map(va, mm_va_to_mfn(va) << PAGE_SHIFT, PTE_KERNEL_RW);
}

long mm_write_entry(const uint64_t *entry, uint64_t value)
{
    struct mmu_update req = {
        .ptr = mm_va_to_maddr(entry) | MMU_NORMAL_PT_UPDATE,
        .val = value,
    };

    return hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

long mm_ext(unsigned int cmd, const void *page)
{
    struct mmuext_op op = {
        .cmd = cmd,
        .arg1.mfn = page == NULL ? 0 : mm_va_to_mfn(page),
    };

    return hc_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long mm_set_slot(uint64_t *table, unsigned int index, uint64_t value)
{
    if ((mm_pte(table) & PTE_RW) != 0) {
        table[index] = value;
        return 0;
    }
    return mm_write_entry(&table[index], value);
}
