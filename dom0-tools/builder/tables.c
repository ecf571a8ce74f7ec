// SPDX-License-Identifier: MIT
/*
 * The first page tables of a guest (SDM 3A 4.5.4). Entries hold machine
 * frames; guests run at ring 3, so that all levels carry the user bit.
 */
#include "builder/tables.h"

#define TABLE_ENTRIES 512U
#define LEAF_FLAGS    (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define UPPER_FLAGS   (LEAF_FLAGS | PTE_RW)

static bool in_range(struct pfn_range range, uint64_t pfn)
{
    return pfn - range.start < range.count;
}

static bool is_table(const struct layout *l, uint64_t pfn)
{
    if (in_range(l->tables, pfn)) {
        return true;
    }
    for (unsigned int i = 0; i < 3; i++) {
        if (in_range(l->p2m_map.tables[i], pfn)) {
            return true;
        }
    }
    return false;
}

static void set_entry(const struct table_pages *pages, uint64_t table_pfn,
                      uint64_t va, unsigned int level, uint64_t target_pfn,
                      uint64_t flags)
{
    uint64_t *table = pages->page(pages->context, table_pfn);
    unsigned int index = (va >> (12 + 9 * (level - 1))) % TABLE_ENTRIES;

    table[index] = pages->p2m[target_pfn] * PAGE_BYTES | flags;
}

/* The frame of the table of @level that maps @va. */
static uint64_t table_for(const struct table_map *map, uint64_t va,
                          unsigned int level)
{
    unsigned int shift = 12 + 9 * level;

    return map->tables[level - 1].start + (va >> shift) - (map->start >> shift);
}

/* Entries of @level tables that point at tables one level down. */
static void write_upper(const struct layout *l, const struct table_pages *pages,
                        const struct table_map *map, unsigned int level)
{
    const struct pfn_range *lower = &map->tables[level - 2];
    unsigned int shift = 12 + 9 * (level - 1);
    uint64_t va = map->start >> shift << shift;

    for (uint64_t i = 0; i < lower->count; i++, va += 1ULL << shift) {
        uint64_t table =
            level == 4 ? l->tables.start : table_for(map, va, level);

        set_entry(pages, table, va, level, lower->start + i, UPPER_FLAGS);
    }
}

static void write_leaves(const struct layout *l,
                         const struct table_pages *pages,
                         const struct table_map *map)
{
    uint64_t pfn = map->pfn;

    for (uint64_t va = map->start; va != map->end; va += PAGE_BYTES, pfn++) {
        set_entry(pages, table_for(map, va, 1), va, 1, pfn,
                  is_table(l, pfn) ? LEAF_FLAGS : LEAF_FLAGS | PTE_RW);
    }
}

static void write_map(const struct layout *l, const struct table_pages *pages,
                      const struct table_map *map)
{
    if (map->start == map->end) {
        return;
    }
    for (unsigned int level = 4; level >= 2; level--) {
        write_upper(l, pages, map, level);
    }
    write_leaves(l, pages, map);
}

void tables_write(const struct layout *l, const struct table_pages *pages)
{
    write_map(l, pages, &l->main_map);
    write_map(l, pages, &l->p2m_map);
}
