/* SPDX-License-Identifier: MIT */
/* Memory maps: sort, merge, reserve, clip, find. */
#include "e820.h"

#include "string.h"

static struct e820_map scratch;

static uint64_t range_end(const struct e820_range *r)
{
    return r->start + r->bytes;
}

int e820_add(struct e820_map *map, uint64_t start, uint64_t bytes,
             uint32_t type)
{
    if (bytes == 0) {
        return 0;
    }
    if (map->count == E820_MAX) {
        return -XEN_ENOSPC;
    }
    if (bytes > UINT64_MAX - start) {
        bytes = UINT64_MAX - start;
    }
    if (type < E820_RAM || type > E820_UNUSABLE) {
        type = E820_RESERVED;
    }
    map->range[map->count++] =
        (struct e820_range){.start = start, .bytes = bytes, .type = type};
    return 0;
}

/* Append to a normal map in the making: extends the last range if it can. */
static int append(struct e820_map *map, uint64_t start, uint64_t end,
                  uint32_t type)
{
    struct e820_range *last;

    if (start == end) {
        return 0;
    }
    if (map->count != 0) {
        last = &map->range[map->count - 1];
        if (last->type == type && range_end(last) == start) {
            last->bytes += end - start;
            return 0;
        }
    }
    return e820_add(map, start, end - start, type);
}

/* The lowest range boundary above @at; UINT64_MAX when there is none. */
static uint64_t next_boundary(const struct e820_map *map, uint64_t at)
{
    uint64_t next = UINT64_MAX;

    for (unsigned int i = 0; i < map->count; i++) {
        uint64_t start = map->range[i].start;
        uint64_t end = range_end(&map->range[i]);

        if (start > at && start < next) {
            next = start;
        }
        if (end > at && end < next) {
            next = end;
        }
    }
    return next;
}

/* The type that holds at @at: the highest of those that cover it, or 0. */
static uint32_t type_at(const struct e820_map *map, uint64_t at)
{
    uint32_t type = 0;

    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        if (r->start <= at && at < range_end(r) && r->type > type) {
            type = r->type;
        }
    }
    return type;
}

int e820_normalise(struct e820_map *map)
{
    uint64_t at = 0, next;
    uint32_t type;

    scratch.count = 0;
    while (at != UINT64_MAX) {
        next = next_boundary(map, at);
        type = type_at(map, at);
        if (type != 0 && append(&scratch, at, next, type) != 0) {
            return -XEN_ENOSPC;
        }
        at = next;
    }
    *map = scratch;
    return 0;
}

static uint64_t clamp(uint64_t x, uint64_t low, uint64_t high)
{
    return x < low ? low : x > high ? high : x;
}

int e820_reserve(struct e820_map *map, uint64_t start, uint64_t bytes,
                 uint32_t type)
{
    uint64_t end = bytes > UINT64_MAX - start ? UINT64_MAX : start + bytes;

    scratch.count = 0;
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];
        uint64_t cut_start = clamp(start, r->start, range_end(r));
        uint64_t cut_end = clamp(end, r->start, range_end(r));
        uint32_t middle = r->type == E820_RAM ? type : r->type;

        if (append(&scratch, r->start, cut_start, r->type) != 0 ||
            append(&scratch, cut_start, cut_end, middle) != 0 ||
            append(&scratch, cut_end, range_end(r), r->type) != 0) {
            return -XEN_ENOSPC;
        }
    }
    *map = scratch;
    return 0;
}

uint64_t e820_clip(struct e820_map *map, uint64_t limit)
{
    uint64_t lost = 0;
    unsigned int kept = 0;

    for (unsigned int i = 0; i < map->count; i++) {
        struct e820_range r = map->range[i];

        if (r.type == E820_RAM && range_end(&r) > limit) {
            uint64_t start = r.start > limit ? r.start : limit;

            lost += range_end(&r) - start;
            r.bytes = start - r.start;
        }
        if (r.bytes != 0) {
            map->range[kept++] = r;
        }
    }
    map->count = kept;
    return lost;
}

int e820_find(const struct e820_map *map, uint64_t bytes, uint64_t align,
              uint64_t above, uint64_t below, uint64_t *start)
{
    for (unsigned int i = map->count; i-- > 0;) {
        const struct e820_range *r = &map->range[i];
        uint64_t low = r->start > above ? r->start : above;
        uint64_t high = range_end(r) < below ? range_end(r) : below;

        if (r->type != E820_RAM || high < bytes || high - bytes < low) {
            continue;
        }
        high = (high - bytes) & ~(align - 1);
        if (high >= low) {
            *start = high;
            return 0;
        }
    }
    return -XEN_ENOMEM;
}

uint64_t e820_ram_bytes(const struct e820_map *map)
{
    uint64_t bytes = 0;

    for (unsigned int i = 0; i < map->count; i++) {
        if (map->range[i].type == E820_RAM) {
            bytes += map->range[i].bytes;
        }
    }
    return bytes;
}

uint64_t e820_ram_end(const struct e820_map *map)
{
    uint64_t end = 0;

    for (unsigned int i = 0; i < map->count; i++) {
        if (map->range[i].type == E820_RAM) {
            end = range_end(&map->range[i]);
        }
    }
    return end;
}
