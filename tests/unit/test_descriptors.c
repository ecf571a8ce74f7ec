// SPDX-License-Identifier: MIT
/* Guest descriptor tables: what an entry may be, GDT and LDT life cycles. */
#include "pv_world.h"

#include <string.h>

#include "hypercall.h"

#define DESC_PRESENT (1ULL << 47)
#define DESC_DPL     (3ULL << 45)
#define CODE64       0x00af9b000000ffffULL
#define DATA         0x00cf93000000ffffULL
#define SYSTEM(type) (DESC_PRESENT | (uint64_t)(type) << 40)

static struct vcpu *v(void)
{
    return pv_world.v;
}

static enum page_type type_of(mfn_t mfn)
{
    uint64_t word = atomic_load(&page_of(mfn)->type);

    return (word & PAGE_TYPE_COUNT_MASK) == 0 ? PAGE_TYPE_NONE
                                              : page_type_of(word);
}

static void code_and_data_are_forced_to_ring_3(void **state)
{
    uint64_t desc = CODE64;

    (void)state;
    assert_true(descriptor_fix(&desc));
    assert_int_equal(desc, CODE64 | DESC_DPL);
    desc = DATA;
    assert_true(descriptor_fix(&desc));
    assert_int_equal(desc, DATA | DESC_DPL);
}

static void absent_descriptors_are_free(void **state)
{
    uint64_t desc = SYSTEM(9) & ~DESC_PRESENT;

    (void)state;
    assert_true(descriptor_fix(&desc));
    assert_int_equal(desc, SYSTEM(9) & ~DESC_PRESENT);
}

static void system_descriptors_are_refused(void **state)
{
    (void)state;
    for (unsigned int type = 1; type < 16; type++) {
        uint64_t desc = SYSTEM(type) | DESC_DPL;

        assert_int_equal(descriptor_fix(&desc), type == 0xc);
        if (type == 0xc) {
            assert_int_equal(desc & DESC_DPL, 0);
        }
    }
}

static long set_gdt(unsigned long frame, unsigned int entries)
{
    memcpy(pv_page(pv_world.data), &frame, sizeof(frame));
    return hc_set_gdt(v(), &(struct hypercall_args){{PV_DATA_VA, entries}});
}

static void gdt_frame_becomes_a_descriptor_page(void **state)
{
    (void)state;
    assert_int_equal(set_gdt(pv_world.gdt.number, 16), 0);
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_DESCRIPTOR);
    assert_true(mfn_equal(v()->machine->gdt[0], pv_world.gdt));
    assert_int_equal(set_gdt(0, 0), 0);
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_NONE);
    assert_true(mfn_equal(v()->machine->gdt[0], INVALID_MFN));
}

static void writable_gdt_frame_is_refused(void **state)
{
    (void)state;
    assert_int_equal(set_gdt(pv_world.stack.number, 16), -XEN_EINVAL);
    assert_int_equal(v()->pv.gdt_entries, 0);
}

static void gdt_with_a_bad_entry_is_refused(void **state)
{
    uint64_t *entries = pv_page(pv_world.gdt);

    (void)state;
    entries[511] = SYSTEM(9);
    assert_int_equal(set_gdt(pv_world.gdt.number, 16), -XEN_EINVAL);
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_NONE);
}

static void gdt_limits_and_faults(void **state)
{
    struct hypercall_args args = {{PV_HOLE_VA, 16}};

    (void)state;
    assert_int_equal(set_gdt(pv_world.gdt.number, 7169), -XEN_EINVAL);
    assert_int_equal(hc_set_gdt(v(), &args), -XEN_EFAULT);
    assert_int_equal(set_gdt(~0UL, 16), -XEN_EINVAL);
}

static void failing_set_keeps_the_old_gdt(void **state)
{
    (void)state;
    assert_int_equal(set_gdt(pv_world.gdt.number, 16), 0);
    assert_int_equal(set_gdt(pv_world.stack.number, 16), -XEN_EINVAL);
    assert_true(mfn_equal(v()->pv.gdt_frames[0], pv_world.gdt));
    assert_int_equal(v()->pv.gdt_entries, 16);
}

static long update(uint64_t address, uint64_t desc)
{
    return hc_update_descriptor(v(), &(struct hypercall_args){{address, desc}});
}

static void update_reaches_descriptor_and_plain_pages(void **state)
{
    uint64_t *entries = pv_page(pv_world.gdt);
    uint64_t address = (pv_world.gdt.number << PAGE_SHIFT) + 8 * 12;

    (void)state;
    assert_int_equal(update(address, DATA), 0);
    assert_int_equal(entries[12], DATA | DESC_DPL);
    assert_int_equal(set_gdt(pv_world.gdt.number, 16), 0);
    assert_int_equal(update(address, CODE64), 0);
    assert_int_equal(entries[12], CODE64 | DESC_DPL);
    assert_int_equal(update(address + 1, DATA), -XEN_EINVAL);
    assert_int_equal(update(address, SYSTEM(9)), -XEN_EINVAL);
    assert_int_equal(entries[12], CODE64 | DESC_DPL);
}

static void update_never_writes_page_tables(void **state)
{
    uint64_t address = pv_world.kernel_root.number << PAGE_SHIFT;
    uint64_t *l4 = pv_page(pv_world.kernel_root);
    uint64_t before = l4[0];

    (void)state;
    assert_int_equal(update(address, 0x67), -XEN_EINVAL);
    assert_int_equal(l4[0], before);
    assert_int_equal(update(1UL << 51, DATA), -XEN_EINVAL);
}

static void ldt_page_is_mapped_on_first_use(void **state)
{
    (void)state;
    assert_int_equal(pv_set_ldt(v(), PV_GDT_VA, 16), 0);
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_NONE);
    assert_true(pv_map_ldt_page(v(), 8));
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_DESCRIPTOR);
    assert_true(mfn_equal(v()->machine->ldt[0], pv_world.gdt));
    assert_false(pv_map_ldt_page(v(), 8)); /* is there: a real fault */
    assert_int_equal(pv_set_ldt(v(), 0, 0), 0);
    assert_int_equal(type_of(pv_world.gdt), PAGE_TYPE_NONE);
}

static void ldt_page_beyond_the_limit_is_not_mapped(void **state)
{
    (void)state;
    assert_int_equal(pv_set_ldt(v(), PV_GDT_VA, 16), 0);
    assert_false(pv_map_ldt_page(v(), 16 * 8));
    assert_false(pv_map_ldt_page(v(), 5 * PAGE_BYTES));
    assert_int_equal(pv_set_ldt(v(), PV_STACK_VA, 16), 0);
    assert_false(pv_map_ldt_page(v(), 0)); /* mapped writable */
}

static void ldt_arguments_are_checked(void **state)
{
    (void)state;
    assert_int_equal(pv_set_ldt(v(), PV_GDT_VA + 8, 16), -XEN_EINVAL);
    assert_int_equal(pv_set_ldt(v(), PV_GDT_VA, 8193), -XEN_EINVAL);
    assert_int_equal(pv_set_ldt(v(), 0xffff820000000000UL, 16), -XEN_EINVAL);
    assert_int_equal(pv_set_ldt(v(), 0x0000800000000000UL, 16), -XEN_EINVAL);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, pv_world_setup, pv_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(code_and_data_are_forced_to_ring_3),
        CASE(absent_descriptors_are_free),
        CASE(system_descriptors_are_refused),
        CASE(gdt_frame_becomes_a_descriptor_page),
        CASE(writable_gdt_frame_is_refused),
        CASE(gdt_with_a_bad_entry_is_refused),
        CASE(gdt_limits_and_faults),
        CASE(failing_set_keeps_the_old_gdt),
        CASE(update_reaches_descriptor_and_plain_pages),
        CASE(update_never_writes_page_tables),
        CASE(ldt_page_is_mapped_on_first_use),
        CASE(ldt_page_beyond_the_limit_is_not_mapped),
        CASE(ldt_arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
