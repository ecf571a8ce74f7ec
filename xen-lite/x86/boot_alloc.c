/* SPDX-License-Identifier: MIT */
/*
 * Memory for tables while there is no frame allocator. Until the direct map
 * is whole, only the 4 GiB that head.S mapped can be used.
 */
#include "hv_map.h"
#include "mm.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define BOOT_MAPPED_END (4UL << 30)
#define LOW_END         0xa0000UL

static struct e820_map *boot_map;
static uint64_t boot_taken;

void boot_alloc_init(struct e820_map *map)
{
    boot_map = map;
}

uint64_t boot_alloc(uint64_t bytes, uint64_t align)
{
    uint64_t limit =
        hv_map_direct_end() != 0 ? hv_map_direct_end() : BOOT_MAPPED_END;
    uint64_t phys;

    if (boot_map == NULL) {
        panic("Boot allocator used after its end\n");
    }
    bytes = (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (e820_find(boot_map, bytes, align, 1UL << 20, limit, &phys) != 0 ||
        e820_reserve(boot_map, phys, bytes, E820_RESERVED) != 0) {
        panic("Out of memory at boot: %lu KiB wanted\n", bytes >> 10);
    }
    boot_taken += bytes;
    memset((void *)(HV_DIRECT_MAP + phys), 0, bytes);
    return phys;
}

uint64_t boot_alloc_low(void)
{
    uint64_t phys;

    if (e820_find(boot_map, PAGE_BYTES, PAGE_BYTES, PAGE_BYTES, LOW_END,
                  &phys) != 0 ||
        e820_reserve(boot_map, phys, PAGE_BYTES, E820_RESERVED) != 0) {
        return 0;
    }
    return phys;
}

void boot_alloc_finish(void)
{
    uint64_t first, end;

    for (unsigned int i = 0; i < boot_map->count; i++) {
        const struct e820_range *r = &boot_map->range[i];

        if (r->type != E820_RAM) {
            continue;
        }
        first = (r->start + PAGE_BYTES - 1) >> PAGE_SHIFT;
        end = (r->start + r->bytes) >> PAGE_SHIFT;
        /* Frame 0 is no frame to anyone who tests for zero. */
        first += first == 0;
        if (first < end) {
            frame_alloc_add(mfn_make(first), end - first);
        }
    }
    log_info("Hypervisor tables: %lu KiB\n", boot_taken >> 10);
    boot_map = NULL;
}
