// SPDX-License-Identifier: MIT
/* dom0's layout: order, alignment, room, and domains that do not fit. */
#include "unit.h"

#include "../../xen-lite/domain/dom0_layout.h"

#define MIB          (1UL << 20)
#define PAGES(bytes) ((bytes) / PAGE_BYTES)
#define KERNEL_END   PAGES(74 * MIB)
#define VIRT_BASE    0xffffffff80000000UL
#define INITRD_BYTES (20 * MIB + 123)

/* A kernel like Debian's: initrd and p2m outside the mapping. */
static struct pv_kernel linux_kernel(void)
{
    return (struct pv_kernel){
        .virt_base = VIRT_BASE,
        .start_pfn = PAGES(16 * MIB),
        .end_pfn = KERNEL_END,
        .has_init_p2m = true,
        .init_p2m = 0x8000000000UL,
        .mod_start_pfn = true,
    };
}

static void check_order(const struct dom0_layout *l)
{
    assert_true(l->start_info_pfn >= l->kernel_end_pfn);
    assert_int_equal(l->tables_pfn, l->start_info_pfn + 1);
    assert_int_equal(l->stack_pfn, l->tables_pfn + l->table_pages);
    assert_true(l->stack_pfn < l->mapped_pages);
}

static void check_padding(const struct dom0_layout *l)
{
    unsigned long end = l->virt_base + l->mapped_pages * PAGE_BYTES;
    unsigned long stack_end = l->virt_base + (l->stack_pfn + 1) * PAGE_BYTES;

    assert_int_equal(end % (4 * MIB), 0);
    assert_true(end - stack_end >= MIB / 2);
    assert_true(end - stack_end < 4 * MIB + MIB / 2);
}

static void tables_cover_the_mapping_exactly(void **state)
{
    struct pv_kernel kernel = linux_kernel();
    struct dom0_layout l;
    unsigned long last;

    (void)state;
    assert_int_equal(dom0_layout(&l, &kernel, PAGES(1024 * MIB), 0), 0);
    last = l.virt_base + l.mapped_pages * PAGE_BYTES - 1;
    assert_true(l.table_pages >= 1 + tables_for_range(VIRT_BASE, last, 1) +
                                     tables_for_range(VIRT_BASE, last, 2) +
                                     tables_for_range(VIRT_BASE, last, 3));
    check_order(&l);
    check_padding(&l);
}

static void initrd_and_p2m_lie_behind_the_mapping(void **state)
{
    struct pv_kernel kernel = linux_kernel();
    struct dom0_layout l;

    (void)state;
    assert_int_equal(dom0_layout(&l, &kernel, PAGES(1024 * MIB), INITRD_BYTES),
                     0);
    assert_false(l.initrd_mapped);
    assert_false(l.p2m_mapped);
    assert_int_equal(l.initrd_pfn, l.mapped_pages);
    assert_int_equal(l.initrd_pages, PAGES(20 * MIB) + 1);
    assert_int_equal(l.p2m_pfn, l.initrd_pfn + l.initrd_pages);
    assert_int_equal(l.p2m_pages, PAGES(1024 * MIB) * 8 / PAGE_BYTES);
    assert_int_equal(l.p2m_tables_pfn, l.p2m_pfn + l.p2m_pages);
    /* 2 MiB of list: one L1, one L2, one L3 of its own. */
    assert_int_equal(l.p2m_table_pages, 3);
    assert_int_equal(l.used_pages, l.p2m_tables_pfn + l.p2m_table_pages);
}

static void old_kernels_get_both_in_the_mapping(void **state)
{
    struct pv_kernel kernel = linux_kernel();
    struct dom0_layout l;

    (void)state;
    kernel.has_init_p2m = false;
    kernel.mod_start_pfn = false;
    assert_int_equal(dom0_layout(&l, &kernel, PAGES(512 * MIB), INITRD_BYTES),
                     0);
    assert_true(l.initrd_mapped);
    assert_true(l.p2m_mapped);
    assert_int_equal(l.initrd_pfn, KERNEL_END);
    assert_int_equal(l.p2m_pfn, l.initrd_pfn + l.initrd_pages);
    assert_int_equal(l.p2m_va, VIRT_BASE + l.p2m_pfn * PAGE_BYTES);
    assert_int_equal(l.p2m_table_pages, 0);
    assert_int_equal(l.used_pages, l.mapped_pages);
    check_order(&l);
    check_padding(&l);
}

static void a_large_p2m_gets_several_tables(void **state)
{
    struct pv_kernel kernel = linux_kernel();
    struct dom0_layout l;
    unsigned long pages = PAGES(64UL << 30);

    (void)state;
    assert_int_equal(dom0_layout(&l, &kernel, pages, 0), 0);
    /* 128 MiB of list: 64 L1s, one L2, one L3. */
    assert_int_equal(l.p2m_table_pages, 66);
}

static void a_domain_that_is_too_small_is_refused(void **state)
{
    struct pv_kernel kernel = linux_kernel();
    struct dom0_layout l;
    unsigned long needed;

    (void)state;
    assert_int_equal(dom0_layout(&l, &kernel, PAGES(16 * MIB), INITRD_BYTES),
                     -XEN_ENOMEM);
    /* A larger domain needs a larger list: grow until it fits, exactly. */
    do {
        needed = l.used_pages;
    } while (dom0_layout(&l, &kernel, needed, INITRD_BYTES) != 0);
    assert_int_equal(l.used_pages, needed);
    assert_int_equal(dom0_layout(&l, &kernel, needed - 1, INITRD_BYTES),
                     -XEN_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_cover_the_mapping_exactly),
        cmocka_unit_test(initrd_and_p2m_lie_behind_the_mapping),
        cmocka_unit_test(old_kernels_get_both_in_the_mapping),
        cmocka_unit_test(a_large_p2m_gets_several_tables),
        cmocka_unit_test(a_domain_that_is_too_small_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
