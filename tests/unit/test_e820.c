/* SPDX-License-Identifier: MIT */
/*
 * Memory maps, against a model that knows the type of each page of a small
 * address space.
 */
#include "e820.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define SPACE 64U

/* What the map means, page by page. */
static void types_of(const struct e820_map *map, uint8_t *type)
{
    memset(type, 0, SPACE);
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        for (uint64_t at = r->start; at < r->start + r->bytes; at++) {
            if (at < SPACE && r->type > type[at]) {
                type[at] = (uint8_t)r->type;
            }
        }
    }
}

static void assert_normal(const struct e820_map *map)
{
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        assert_true(r->bytes != 0);
        if (i == 0) {
            continue;
        }
        assert_true(r[-1].start + r[-1].bytes <= r->start);
        if (r[-1].start + r[-1].bytes == r->start) {
            assert_true(r[-1].type != r->type);
        }
    }
}

static void random_map(struct e820_map *map)
{
    unsigned int count = (unsigned int)rand() % 10;

    map->count = 0;
    while (count-- > 0) {
        uint64_t start = (uint64_t)rand() % SPACE;

        assert_int_equal(e820_add(map, start,
                                  (uint64_t)rand() % (SPACE - start),
                                  1 + (uint32_t)rand() % 5),
                         0);
    }
}

static void normalised_maps_mean_the_same(void **state)
{
    uint8_t before[SPACE];
    uint8_t after[SPACE];
    struct e820_map map;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        random_map(&map);
        types_of(&map, before);
        assert_int_equal(e820_normalise(&map), 0);
        assert_normal(&map);
        types_of(&map, after);
        assert_memory_equal(before, after, SPACE);
    }
}

static void reserving_takes_only_ram(void **state)
{
    uint8_t before[SPACE];
    uint8_t after[SPACE];
    struct e820_map map;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint64_t start = (uint64_t)rand() % SPACE;
        uint64_t bytes = (uint64_t)rand() % SPACE;

        random_map(&map);
        assert_int_equal(e820_normalise(&map), 0);
        types_of(&map, before);
        assert_int_equal(e820_reserve(&map, start, bytes, E820_ACPI), 0);
        types_of(&map, after);
        for (unsigned int at = 0; at < SPACE; at++) {
            bool taken =
                before[at] == E820_RAM && at >= start && at < start + bytes;

            assert_int_equal(after[at], taken ? E820_ACPI : before[at]);
        }
        assert_normal(&map);
    }
}

static void clipping_takes_ram_above_the_limit(void **state)
{
    uint8_t before[SPACE];
    uint8_t after[SPACE];
    struct e820_map map;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint64_t limit = (uint64_t)rand() % SPACE;
        uint64_t lost = 0;

        random_map(&map);
        assert_int_equal(e820_normalise(&map), 0);
        types_of(&map, before);
        for (unsigned int at = (unsigned int)limit; at < SPACE; at++) {
            if (before[at] == E820_RAM) {
                before[at] = 0;
                lost++;
            }
        }
        assert_int_equal(e820_clip(&map, limit), lost);
        types_of(&map, after);
        assert_memory_equal(before, after, SPACE);
        assert_true(e820_ram_end(&map) <= limit);
    }
}

/* The highest aligned place of @bytes of RAM in [above, below), or -1. */
static long find_slowly(const uint8_t *type, uint64_t bytes, uint64_t align,
                        uint64_t above, uint64_t below)
{
    for (long start = SPACE - 1; start >= 0; start--) {
        uint64_t n = 0;

        if ((uint64_t)start % align != 0 || (uint64_t)start < above ||
            (uint64_t)start + bytes > below) {
            continue;
        }
        while (n < bytes && (uint64_t)start + n < SPACE &&
               type[(uint64_t)start + n] == E820_RAM) {
            n++;
        }
        if (n == bytes) {
            return start;
        }
    }
    return -1;
}

static void finding_gives_the_highest_place(void **state)
{
    uint8_t type[SPACE];
    struct e820_map map;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        uint64_t bytes = 1 + (uint64_t)rand() % 12;
        uint64_t align = 1ULL << (rand() % 4);
        uint64_t above = (uint64_t)rand() % SPACE;
        uint64_t below = (uint64_t)rand() % (SPACE + 1);
        uint64_t start = 999;
        long want;

        random_map(&map);
        assert_int_equal(e820_normalise(&map), 0);
        types_of(&map, type);
        want = find_slowly(type, bytes, align, above, below);
        if (want < 0) {
            assert_int_equal(
                e820_find(&map, bytes, align, above, below, &start),
                -XEN_ENOMEM);
        } else {
            assert_int_equal(
                e820_find(&map, bytes, align, above, below, &start), 0);
            assert_int_equal(start, want);
        }
    }
}

static void sums_count_ram_only(void **state)
{
    struct e820_map map = {.count = 0};

    (void)state;
    assert_int_equal(e820_ram_bytes(&map), 0);
    assert_int_equal(e820_ram_end(&map), 0);
    assert_int_equal(e820_add(&map, 0, 10, E820_RAM), 0);
    assert_int_equal(e820_add(&map, 20, 10, E820_RAM), 0);
    assert_int_equal(e820_add(&map, 40, 10, E820_RESERVED), 0);
    assert_int_equal(e820_ram_bytes(&map), 20);
    assert_int_equal(e820_ram_end(&map), 30);
}

static void ranges_past_the_address_space_are_cut(void **state)
{
    struct e820_map map = {.count = 0};

    (void)state;
    assert_int_equal(e820_add(&map, UINT64_MAX - 10, 100, E820_RESERVED), 0);
    assert_int_equal(map.range[0].bytes, 10);
    assert_int_equal(e820_normalise(&map), 0);
    assert_int_equal(map.count, 1);
    assert_true(map.range[0].start == UINT64_MAX - 10);
    assert_int_equal(e820_reserve(&map, 5, UINT64_MAX, E820_ACPI), 0);
    assert_int_equal(map.range[0].type, E820_RESERVED);
}

static void unknown_types_are_reserved(void **state)
{
    struct e820_map map = {.count = 0};

    (void)state;
    assert_int_equal(e820_add(&map, 0, 1, 0), 0);
    assert_int_equal(e820_add(&map, 1, 1, 6), 0);
    assert_int_equal(e820_add(&map, 2, 1, UINT32_MAX), 0);
    assert_int_equal(e820_add(&map, 3, 0, E820_RAM), 0);
    assert_int_equal(map.count, 3);
    for (unsigned int i = 0; i < map.count; i++) {
        assert_int_equal(map.range[i].type, E820_RESERVED);
    }
}

static void full_map_is_enospc(void **state)
{
    struct e820_map map = {.count = 0};

    (void)state;
    for (uint64_t i = 0; i < E820_MAX; i++) {
        assert_int_equal(e820_add(&map, i * 10, 8, E820_RAM), 0);
    }
    assert_int_equal(e820_add(&map, 5000, 1, E820_RAM), -XEN_ENOSPC);
    assert_int_equal(e820_normalise(&map), 0);
    assert_int_equal(map.count, E820_MAX);
    assert_int_equal(e820_reserve(&map, 3, 2, E820_RESERVED), -XEN_ENOSPC);
    assert_int_equal(map.count, E820_MAX);
}

static void touching_ranges_become_one(void **state)
{
    struct e820_map map = {.count = 0};

    (void)state;
    assert_int_equal(e820_add(&map, 10, 10, E820_RAM), 0);
    assert_int_equal(e820_add(&map, 0, 10, E820_RAM), 0);
    assert_int_equal(e820_add(&map, 15, 20, E820_RAM), 0);
    assert_int_equal(e820_normalise(&map), 0);
    assert_int_equal(map.count, 1);
    assert_int_equal(map.range[0].bytes, 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalised_maps_mean_the_same),
        cmocka_unit_test(reserving_takes_only_ram),
        cmocka_unit_test(clipping_takes_ram_above_the_limit),
        cmocka_unit_test(finding_gives_the_highest_place),
        cmocka_unit_test(sums_count_ram_only),
        cmocka_unit_test(ranges_past_the_address_space_are_cut),
        cmocka_unit_test(unknown_types_are_reserved),
        cmocka_unit_test(full_map_is_enospc),
        cmocka_unit_test(touching_ranges_become_one),
    };

    srand(1);
    return cmocka_run_group_tests_name("e820", tests, NULL, NULL);
}
