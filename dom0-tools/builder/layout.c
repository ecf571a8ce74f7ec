// SPDX-License-Identifier: MIT
/*
 * The layout of a new PV guest. The order of pieces, and the padding of the
 * initial mapping to 4 MiB with 512 KiB free behind the boot stack, are what
 * kernels were written against (<xen/xen.h>, "Start-of-day memory layout").
 */
#include "builder/layout.h"

#define MAP_ALIGN_BYTES (4ULL << 20)
#define MAP_SLACK_BYTES (512ULL << 10)
#define SLOT_BYTES      (1ULL << 39) /* of one L4 entry */
#define CANONICAL_LOW   (1ULL << 47)
#define CANONICAL_HIGH  0xffff800000000000ULL
#define HV_END          0xffff880000000000ULL /* slots 256 to 271 are Xen's */
#define MIB             (1ULL << 20)

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

static uint64_t pages_of(uint64_t bytes)
{
    return round_up(bytes, PAGE_BYTES) / PAGE_BYTES;
}

uint64_t layout_va(const struct layout *l, uint64_t pfn)
{
    return l->virt_base + pfn * PAGE_BYTES;
}

uint64_t layout_table_count(uint64_t start, uint64_t end, unsigned int level)
{
    unsigned int shift = 12 + 9 * level;

    return ((end - 1) >> shift) - (start >> shift) + 1;
}

static uint64_t take(uint64_t *next, uint64_t count)
{
    uint64_t pfn = *next;

    *next += count;
    return pfn;
}

static struct pfn_range take_range(uint64_t *next, uint64_t count)
{
    struct pfn_range range = {take(next, count), count};

    return range;
}

/* L3, L2, then L1 tables: the order in which Linux expects them. */
static void take_tables(struct table_map *map, uint64_t *next)
{
    for (unsigned int level = 3; level >= 1; level--) {
        map->tables[level - 1] =
            take_range(next, layout_table_count(map->start, map->end, level));
    }
}

/*
 * More tables make the mapping longer, and a longer mapping needs more
 * tables: repeat until both agree. It only grows, by whole 4 MiB, or passes the
 * end of the address space.
 */
static void place_tables_and_stack(struct layout *l, uint64_t *next)
{
    uint64_t first = *next;
    uint64_t before;

    l->main_map.start = l->virt_base;
    l->main_map.end = l->virt_base;
    l->main_map.pfn = 0;
    do {
        before = l->main_map.end;
        *next = first + 1; /* the L4 */
        if (before != l->main_map.start) {
            take_tables(&l->main_map, next);
        }
        l->tables.start = first;
        l->tables.count = *next - first;
        l->stack = take(next, 1);
        l->main_map.end =
            round_up(layout_va(l, *next) + MAP_SLACK_BYTES, MAP_ALIGN_BYTES);
    } while (l->main_map.end != before && l->main_map.end > l->main_map.start);
}

static void place_mapped(struct layout *l, const struct layout_request *r)
{
    uint64_t next = pages_of(r->kernel_end);

    if (!r->initrd_unmapped) {
        l->initrd = take_range(&next, pages_of(r->initrd_bytes));
    }
    if (!r->p2m_outside) {
        l->p2m = take_range(&next, pages_of(r->nr_pages * sizeof(uint64_t)));
        l->p2m_va = layout_va(l, l->p2m.start);
    }
    l->start_info = take(&next, 1);
    l->xenstore = take(&next, 1);
    l->console = take(&next, 1);
    place_tables_and_stack(l, &next);
}

/* Behind the mapping: what the kernel finds by frame number or by init_p2m. */
static uint64_t place_unmapped(struct layout *l, const struct layout_request *r)
{
    uint64_t next = (l->main_map.end - l->main_map.start) / PAGE_BYTES;

    if (r->initrd_unmapped) {
        l->initrd = take_range(&next, pages_of(r->initrd_bytes));
    }
    if (r->p2m_outside) {
        uint64_t pages = pages_of(r->nr_pages * sizeof(uint64_t));

        l->p2m_va = r->init_p2m;
        l->p2m_frames.start = next;
        l->p2m_map.start = r->init_p2m;
        l->p2m_map.end = r->init_p2m + pages * PAGE_BYTES;
        take_tables(&l->p2m_map, &next);
        l->p2m = take_range(&next, pages);
        l->p2m_map.pfn = l->p2m.start;
        l->p2m_frames.count = next - l->p2m_frames.start;
    }
    return next;
}

/* A guest may have any canonical address that is not the hypervisor's. */
static bool guest_may_map(uint64_t start, uint64_t end)
{
    if (start >= end || (start & (PAGE_BYTES - 1)) != 0) {
        return false;
    }
    return end <= CANONICAL_LOW || start >= HV_END;
}

static int check_addresses(const struct layout_request *r,
                           struct build_error *e)
{
    uint64_t p2m_bytes = round_up(r->nr_pages * sizeof(uint64_t), PAGE_BYTES);
    uint64_t room = 0 - r->virt_base; /* up to the end of the address space */

    if (!guest_may_map(r->virt_base, r->virt_base + r->kernel_end) ||
        (r->virt_base >= CANONICAL_HIGH && r->kernel_end > room)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "the kernel asks to live at %#llx, which a guest "
                          "cannot have",
                          (unsigned long long)r->virt_base);
    }
    if (!r->p2m_outside) {
        return 0;
    }
    if (!guest_may_map(r->init_p2m, r->init_p2m + p2m_bytes) ||
        r->init_p2m / SLOT_BYTES == r->virt_base / SLOT_BYTES) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "the kernel wants its p2m at %#llx, which cannot be",
                          (unsigned long long)r->init_p2m);
    }
    return 0;
}

int layout_compute(const struct layout_request *request, struct layout *out,
                   struct build_error *e)
{
    struct layout l = {0};
    uint64_t used;

    if (check_addresses(request, e) < 0) {
        return -1;
    }
    l.nr_pages = request->nr_pages;
    l.virt_base = request->virt_base;
    place_mapped(&l, request);
    used = place_unmapped(&l, request);
    if (!guest_may_map(l.main_map.start, l.main_map.end)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "kernel and ramdisk do not fit between %#llx and "
                          "the end of the addresses that a guest can have",
                          (unsigned long long)request->virt_base);
    }
    if (used > request->nr_pages) {
        return build_fail(
            e, BUILD_BAD_IMAGE,
            "the guest has %llu MiB of memory, but kernel, "
            "ramdisk and page tables take %llu MiB; raise "
            "'memory'",
            (unsigned long long)(request->nr_pages * PAGE_BYTES / MIB),
            (unsigned long long)((used * PAGE_BYTES + MIB - 1) / MIB));
    }
    *out = l;
    return 0;
}
