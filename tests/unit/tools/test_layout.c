// SPDX-License-Identifier: MIT
/*
 * dom0-tools/builder/layout.c and tables.c: where things lie, and that the
 * page tables say so. Numbers of the first test are those of Debian's kernel.
 */
#include "tools.h"

#include <stdlib.h>

#include "builder/layout.h"
#include "builder/tables.h"

#define LINUX_BASE 0xffffffff80000000ULL
#define LINUX_END  0x4a00000ULL
#define LINUX_P2M  0x8000000000ULL
#define MIB_PAGES  256ULL
#define MFN_ADDED  0x7777ULL /* machine frame = guest frame + this */

static struct layout_request linux_request(uint64_t mib)
{
    struct layout_request r = {
        .nr_pages = mib * MIB_PAGES,
        .virt_base = LINUX_BASE,
        .kernel_end = LINUX_END,
        .initrd_bytes = 1096342,
        .initrd_unmapped = true,
        .p2m_outside = true,
        .init_p2m = LINUX_P2M,
    };

    return r;
}

static struct layout compute(struct layout_request r)
{
    struct build_error e = {0};
    struct layout l;

    if (layout_compute(&r, &l, &e) != 0) {
        fail_msg("%s", e.text);
    }
    return l;
}

static void refused_with(struct layout_request r, const char *words)
{
    struct build_error e = {0};
    struct layout l;

    assert_int_equal(layout_compute(&r, &l, &e), -1);
    if (strstr(e.text, words) == NULL) {
        fail_msg("'%s' does not contain '%s'", e.text, words);
    }
}

static void debian_guest_of_256_mib(void **state)
{
    struct layout l = compute(linux_request(256));

    (void)state;
    assert_int_equal(l.start_info, 0x4a00);
    assert_int_equal(l.xenstore, 0x4a01);
    assert_int_equal(l.console, 0x4a02);
    assert_int_equal(l.tables.start, 0x4a03);
    assert_int_equal(l.tables.count, 41); /* 1 + 1 + 1 + 38 */
    assert_int_equal(l.stack, 0x4a03 + 41);
    assert_int_equal(l.main_map.end, LINUX_BASE + 0x4c00000);
    assert_int_equal(l.initrd.start, 0x4c00);
    assert_int_equal(l.initrd.count, 268);
    assert_int_equal(l.p2m_va, LINUX_P2M);
    assert_int_equal(l.p2m_frames.start, 0x4c00 + 268);
    assert_int_equal(l.p2m_frames.count, 3 + 128);
    assert_int_equal(l.p2m.start, l.p2m_frames.start + 3);
    assert_int_equal(l.p2m.count, 128);
}

static void without_notes_all_is_mapped(void **state)
{
    struct layout_request r = linux_request(256);
    struct layout l;

    (void)state;
    r.initrd_unmapped = false;
    r.p2m_outside = false;
    l = compute(r);
    assert_int_equal(l.initrd.start, 0x4a00);
    assert_int_equal(l.p2m.start, 0x4a00 + 268);
    assert_int_equal(l.p2m_va, LINUX_BASE + (0x4a00 + 268) * PAGE_BYTES);
    assert_int_equal(l.start_info, l.p2m.start + 128);
    assert_int_equal(l.p2m_frames.count, 0);
    assert_int_equal(l.p2m_map.start, l.p2m_map.end);
}

/* For any kernel size: aligned end, enough slack, not 4 MiB too much. */
static void the_mapping_ends_as_kernels_expect(void **state)
{
    (void)state;
    for (uint64_t pages = 1; pages < 3000; pages += 7) {
        struct layout_request r = linux_request(256);
        struct layout l;
        uint64_t after;

        r.kernel_end = pages * PAGE_BYTES - 100;
        l = compute(r);
        after = layout_va(&l, l.stack + 1);
        assert_int_equal(l.main_map.end % (4ULL << 20), 0);
        assert_true(l.main_map.end - after >= 512ULL << 10);
        assert_true(l.main_map.end - after < (512ULL << 10) + (4ULL << 20));
        assert_int_equal(l.start_info, pages);
        assert_int_equal(
            l.tables.count,
            1 + layout_table_count(l.main_map.start, l.main_map.end, 3) +
                layout_table_count(l.main_map.start, l.main_map.end, 2) +
                layout_table_count(l.main_map.start, l.main_map.end, 1));
    }
}

static void table_counts(void **state)
{
    (void)state;
    assert_int_equal(layout_table_count(0, 4096, 1), 1);
    assert_int_equal(layout_table_count(0, 2 << 20, 1), 1);
    assert_int_equal(layout_table_count(0, (2 << 20) + 4096, 1), 2);
    assert_int_equal(layout_table_count((2 << 20) - 4096, (2 << 20) + 1, 1), 2);
    assert_int_equal(layout_table_count(0, 1ULL << 30, 2), 1);
    assert_int_equal(layout_table_count(0, (1ULL << 30) + 1, 2), 2);
    assert_int_equal(layout_table_count(0, (1ULL << 39) + 1, 3), 2);
}

static void too_little_memory_is_refused(void **state)
{
    (void)state;
    refused_with(linux_request(64), "raise 'memory'");
    refused_with(linux_request(77), "take 78 MiB");
    (void)compute(linux_request(78));
}

static void addresses_of_the_hypervisor_are_refused(void **state)
{
    struct layout_request r = linux_request(256);

    (void)state;
    r.virt_base = 0xffff800000000000ULL;
    refused_with(r, "which a guest cannot have");
    r.virt_base = 0xffff87fffff00000ULL;
    refused_with(r, "which a guest cannot have");
    r.virt_base = 0x0000800000000000ULL; /* not canonical */
    refused_with(r, "which a guest cannot have");
    r.virt_base = 0x1800;
    refused_with(r, "which a guest cannot have");
    r.virt_base = 0xfffffffffffff000ULL; /* would wrap */
    refused_with(r, "which a guest cannot have");
    r = linux_request(256);
    r.init_p2m = 0xffff810000000000ULL;
    refused_with(r, "p2m");
    r.init_p2m = LINUX_BASE & ~0xfffULL; /* the kernel's own slot */
    refused_with(r, "p2m");
}

/* -- tables ---------------------------------------------------------------- */

struct arena {
    struct layout l;
    uint64_t *p2m;
    uint64_t *pages; /* one page for each guest frame that is a table */
    uint64_t first[2];
    uint64_t count[2];
};

static uint64_t *arena_page(void *context, uint64_t pfn)
{
    struct arena *a = context;

    for (unsigned int i = 0; i < 2; i++) {
        if (pfn - a->first[i] < a->count[i]) {
            uint64_t before = i == 0 ? 0 : a->count[0];

            return a->pages + (before + pfn - a->first[i]) * 512;
        }
    }
    fail_msg("frame %#llx is no table", (unsigned long long)pfn);
    return NULL;
}

static void arena_build(struct arena *a, struct layout_request r)
{
    struct table_pages pages;

    memset(a, 0, sizeof(*a));
    a->l = compute(r);
    a->first[0] = a->l.tables.start;
    a->count[0] = a->l.tables.count;
    a->first[1] = a->l.p2m_frames.start;
    a->count[1] =
        a->l.p2m_frames.count == 0 ? 0 : a->l.p2m.start - a->l.p2m_frames.start;
    a->p2m = malloc(r.nr_pages * sizeof(*a->p2m));
    a->pages = calloc((a->count[0] + a->count[1]) * 512, sizeof(uint64_t));
    for (uint64_t i = 0; i < r.nr_pages; i++) {
        a->p2m[i] = i + MFN_ADDED;
    }
    pages = (struct table_pages){a->p2m, arena_page, a};
    tables_write(&a->l, &pages);
}

static void arena_free(struct arena *a)
{
    free(a->p2m);
    free(a->pages);
}

/* Returns the leaf entry of @va as the processor would find it, or 0. */
static uint64_t walk(struct arena *a, uint64_t va)
{
    uint64_t pfn = a->l.tables.start;
    uint64_t entry = 0;

    for (unsigned int level = 4; level >= 1; level--) {
        entry = arena_page(a, pfn)[(va >> (12 + 9 * (level - 1))) % 512];
        if ((entry & PTE_PRESENT) == 0) {
            return 0;
        }
        assert_true((entry & PTE_USER) != 0);
        pfn = (entry / PAGE_BYTES) - MFN_ADDED;
    }
    return entry;
}

static bool is_table_frame(const struct arena *a, uint64_t pfn)
{
    return pfn - a->first[0] < a->count[0] || pfn - a->first[1] < a->count[1];
}

static uint64_t check_range(struct arena *a, uint64_t va, uint64_t end,
                            uint64_t pfn)
{
    uint64_t pages = 0;

    for (; va != end; va += PAGE_BYTES, pfn++, pages++) {
        uint64_t entry = walk(a, va);

        assert_int_equal(entry / PAGE_BYTES, pfn + MFN_ADDED);
        assert_int_equal((entry & PTE_RW) == 0, is_table_frame(a, pfn));
    }
    return pages;
}

static uint64_t present_leaves(const struct arena *a)
{
    const struct pfn_range *l1[] = {&a->l.main_map.tables[0],
                                    &a->l.p2m_map.tables[0]};
    uint64_t count = 0;

    for (unsigned int i = 0; i < 2; i++) {
        for (uint64_t t = 0; t < l1[i]->count; t++) {
            const uint64_t *page =
                arena_page((void *)(uintptr_t)a, l1[i]->start + t);

            for (unsigned int e = 0; e < 512; e++) {
                count += (page[e] & PTE_PRESENT) != 0;
            }
        }
    }
    return count;
}

static void check_arena(struct layout_request r)
{
    struct arena a;
    uint64_t pages;

    arena_build(&a, r);
    pages = check_range(&a, a.l.main_map.start, a.l.main_map.end, 0);
    pages += check_range(&a, a.l.p2m_map.start, a.l.p2m_map.end, a.l.p2m.start);
    assert_int_equal(present_leaves(&a), pages);
    assert_int_equal(walk(&a, a.l.main_map.start - PAGE_BYTES), 0);
    assert_int_equal(walk(&a, a.l.main_map.end), 0);
    arena_free(&a);
}

static void tables_map_exactly_the_layout(void **state)
{
    struct layout_request r = linux_request(256);

    (void)state;
    check_arena(r);
    r.p2m_outside = false;
    r.initrd_unmapped = false;
    check_arena(r);
    r.virt_base = 0; /* a guest at the bottom */
    check_arena(r);
    r.virt_base = 0x7fc0000000ULL; /* across an L3 table and an L4 slot */
    r.kernel_end = 0x4a00000;
    check_arena(r);
    r.virt_base = 0x3ff00000ULL; /* across a 1 GiB border */
    check_arena(r);
}

/* It ends just below the end of all addresses, or of those a guest can have. */
static void a_kernel_that_leaves_no_room_for_tables_is_refused(void **state)
{
    struct layout_request r = linux_request(1ULL << 20);

    (void)state;
    r.kernel_end = 0x7fff0000;
    refused_with(r, "do not fit");
    r.virt_base = (1ULL << 47) - r.kernel_end;
    refused_with(r, "do not fit");
}

/* The p2m of a large guest needs several L1 tables. */
static void a_large_p2m_is_mapped_whole(void **state)
{
    struct layout_request r = linux_request(8192);
    struct layout l;

    (void)state;
    l = compute(r);
    assert_int_equal(l.p2m.count, 4096);
    assert_int_equal(l.p2m_map.tables[0].count, 8);
    r.init_p2m += 0x1ff000; /* not aligned: one table more */
    l = compute(r);
    assert_int_equal(l.p2m_map.tables[0].count, 9);
    check_arena(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debian_guest_of_256_mib),
        cmocka_unit_test(without_notes_all_is_mapped),
        cmocka_unit_test(the_mapping_ends_as_kernels_expect),
        cmocka_unit_test(table_counts),
        cmocka_unit_test(too_little_memory_is_refused),
        cmocka_unit_test(addresses_of_the_hypervisor_are_refused),
        cmocka_unit_test(a_kernel_that_leaves_no_room_for_tables_is_refused),
        cmocka_unit_test(tables_map_exactly_the_layout),
        cmocka_unit_test(a_large_p2m_is_mapped_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
