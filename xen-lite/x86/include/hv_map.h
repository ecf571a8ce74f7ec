/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables (layout: layout.h). No page is both
 * writable and executable; the text and constants are read-only in the direct
 * map too. All mappings are global and the same on every CPU and in every
 * guest's L4, save the per-domain slot.
 */
#ifndef XEN_LITE_HV_MAP_H
#define XEN_LITE_HV_MAP_H

#include "e820.h"
#include "machine.h"

#define PTE_P   0x001UL
#define PTE_RW  0x002UL
#define PTE_US  0x004UL
#define PTE_PWT 0x008UL
#define PTE_PCD 0x010UL
#define PTE_A   0x020UL
#define PTE_D   0x040UL
#define PTE_PS  0x080UL
#define PTE_G   0x100UL
#define PTE_NX  (1UL << 63)

#define PTE_ADDRESS 0x000ffffffffff000UL

#define MAP_RW (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_G | PTE_NX)
#define MAP_RO (PTE_P | PTE_A | PTE_G | PTE_NX)
#define MAP_RX (PTE_P | PTE_A | PTE_G)
/* Uncached: entry 3 of the PAT. */
#define MAP_IO (MAP_RW | PTE_PWT | PTE_PCD)

/* -- boot allocator: RAM of the boot map, until the frame allocator has it - */

/* @map: RAM that is free to use; kept and changed. */
void boot_alloc_init(struct e820_map *map);
/* @bytes of zeroed RAM, aligned to @align; panics when there is none. */
uint64_t boot_alloc(uint64_t bytes, uint64_t align);
/* The same below 1 MiB, for starting CPUs; 0 when there is none. */
uint64_t boot_alloc_low(void);
/* Give all that is left to frame_alloc_add(); boot_alloc() is over. */
void boot_alloc_finish(void);

/* -- tables ---------------------------------------------------------------- */

/*
 * Build the tables: image, CPU 0's area, direct map of @map; load them. From
 * then on all RAM can be reached at its direct-map address.
 */
void hv_map_init(const struct e820_map *map, uint64_t image_phys);
/* Frame table and machine-to-physical table for the RAM in @map. */
void hv_map_frame_tables(const struct e820_map *map);
/* Map the pages of another CPU's area; @pages as descriptors_build() has it. */
void hv_map_cpu_area(unsigned int cpu, uint8_t *pages[16]);

/* Map @bytes at @phys; whole pages, of any size that fits. Boot only. */
void hv_map_range(unsigned long va, uint64_t phys, uint64_t bytes,
                  unsigned long flags);
/* Device registers at @phys; NULL when the window for them is full. */
void *hv_map_io(uint64_t phys, uint64_t bytes);

/* The frame that @va, which is mapped, is in. */
mfn_t hv_map_find(unsigned long va);

/* The L4 of CPUs without a guest: its slots are every guest's. */
extern uint64_t hv_l4[512];
uint64_t hv_l4_phys(void);
/* Frames of the first CPU's area, one after another. */
extern uint8_t boot_area[];
/* Physical address of an object in the image. */
uint64_t image_phys_of(const void *in_image);
/* Highest physical address + 1 of the direct map. */
uint64_t hv_map_direct_end(void);

#endif
