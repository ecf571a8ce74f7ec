/* SPDX-License-Identifier: MIT */
/*
 * Memory maps in the manner of the firmware's E820 call: ranges with a type.
 * Pure logic. After e820_normalise() the ranges of a map are sorted, do not
 * overlap, are not empty, and neighbours of one type are one range; the
 * functions marked (normal) need and keep that.
 */
#ifndef XEN_LITE_E820_H
#define XEN_LITE_E820_H

#include "machine.h"
#include "types.h"

#define E820_MAX 256U

/* Types 1 to 5 are the firmware's (ACPI 6.4, 15.3). */
enum e820_type {
    E820_RAM = 1,
    E820_RESERVED = 2,
    E820_ACPI = 3,
    E820_NVS = 4,
    E820_UNUSABLE = 5,
};

struct e820_map {
    unsigned int count;
    struct e820_range range[E820_MAX];
};

/*
 * Append a range, to be normalised later. An empty range is nothing; one that
 * passes the end of the address space is cut there.
 * Returns 0 or -XEN_ENOSPC.
 */
int e820_add(struct e820_map *map, uint64_t start, uint64_t bytes,
             uint32_t type);

/*
 * Sort, resolve overlaps (the higher type number wins, except that unknown
 * types are reserved memory) and merge.
 * Returns 0, or -XEN_ENOSPC when the result has too many ranges; @map is
 * then unchanged.
 */
int e820_normalise(struct e820_map *map);

/*
 * (normal) RAM in [start, start + bytes) becomes @type; other types stay.
 * Returns 0 or -XEN_ENOSPC; @map is then unchanged.
 */
int e820_reserve(struct e820_map *map, uint64_t start, uint64_t bytes,
                 uint32_t type);

/* (normal) Drop RAM at and above @limit. Returns the number of bytes lost. */
uint64_t e820_clip(struct e820_map *map, uint64_t limit);

/*
 * (normal) The highest place for @bytes of RAM, aligned to @align (a power of
 * two), that ends at or below @below and starts at or above @above.
 * Returns 0 or -XEN_ENOMEM.
 */
int e820_find(const struct e820_map *map, uint64_t bytes, uint64_t align,
              uint64_t above, uint64_t below, uint64_t *start);

/* (normal) Bytes of RAM; the end of the highest RAM. */
uint64_t e820_ram_bytes(const struct e820_map *map);
uint64_t e820_ram_end(const struct e820_map *map);

#endif
