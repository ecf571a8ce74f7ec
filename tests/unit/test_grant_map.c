/* SPDX-License-Identifier: MIT */
/*
 * Mapping and unmapping grants: rights, references, flags that the owner sees,
 * handles, page-table entries, flushes, and the death of either side.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"

/* -- map ------------------------------------------------------------------- */

static void a_host_map_writes_an_entry_and_tells_the_owner(void **state)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = WORLD_PTE_VA(3), .flags = HOST, .ref = 8, .dom = 5};

    (void)state;
    assert_int_equal(grant_call(dom0, GNTTABOP_map_grant_ref, &map, 1), 0);
    assert_int_equal(map.status, GNTST_okay);
    assert_int_equal(map.dev_bus_addr, granted_frame.number << PAGE_SHIFT);
    assert_true(world_pte(dom0, 3) ==
                pte_make(granted_frame,
                         PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY | PTE_NX));
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(world_page_type_refs(granted_frame), 1);
    assert_int_equal(atomic_load(&guest->refs), 2);
}

static void a_read_only_map_takes_no_type(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    assert_false(world_pte(dom0, 3) & PTE_WRITABLE);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access | GTF_reading);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(world_page_type_refs(granted_frame), 0);
}

static void flags_shape_the_entry(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8,
                                  HOST | GNTMAP_application_map |
                                      GNTMAP_contains_pte |
                                      (5U << _GNTMAP_guest_avail0),
                                  9, &handle),
                     0);
    assert_true(world_pte(dom0, 9) & PTE_USER);
    assert_int_equal(world_pte(dom0, 9) & PTE_AVAIL, 5U << 9);
    /* Avail bits past the three of an entry lead nowhere. */
    assert_int_equal(grant_map_at(dom0, guest, 8,
                                  HOST | RO | (0xfff8U << _GNTMAP_guest_avail0),
                                  10, &handle),
                     0);
    assert_int_equal(world_pte(dom0, 10) & ~(PTE_FRAME | PTE_NX),
                     PTE_PRESENT | PTE_DIRTY);
}

static void a_device_map_holds_the_frame_without_an_entry(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, DEV, 3, &handle), 0);
    assert_int_equal(world_pte(dom0, 3), 0);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(world_page_type_refs(granted_frame), 1);
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_reading | GTF_writing);
}

static void both_uses_count_twice(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | DEV, 3, &handle), 0);
    assert_int_equal(world_page_refs(granted_frame), 3);
    assert_int_equal(world_page_type_refs(granted_frame), 2);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(
        grant_unmap_device(dom0, granted_frame.number << PAGE_SHIFT, handle),
        0);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void a_domain_may_map_its_own_grant(void **state)
{
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 9, 5, granted_frame, GTF_permit_access);
    assert_int_equal(grant_map_at(guest, guest, 9, HOST, 0, &handle), 0);
    assert_int_equal(grant_unmap_at(guest, 0, handle), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void no_use_at_all_is_bad_gntref(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, 0, 3, &handle),
                     GNTST_bad_gntref);
    assert_int_equal(grant_map_at(dom0, guest, 8, RO, 3, &handle),
                     GNTST_bad_gntref);
}

static void refs_past_the_table_are_bad_gntref(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 512, HOST, 3, &handle),
                     GNTST_bad_gntref);
    assert_int_equal(grant_map_at(dom0, guest, ~0U, HOST, 3, &handle),
                     GNTST_bad_gntref);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void unknown_granters_are_bad_domain(void **state)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = WORLD_PTE_VA(3), .flags = HOST, .ref = 8};
    static const domid_t bad[] = {77, DOMID_SELF, DOMID_IO, DOMID_XEN};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(bad); i++) {
        map.dom = bad[i];
        assert_int_equal(grant_call(dom0, GNTTABOP_map_grant_ref, &map, 1), 0);
        assert_int_equal(map.status, GNTST_bad_domain);
    }
}

static void dying_granters_are_bad_domain(void **state)
{
    grant_handle_t handle;

    (void)state;
    atomic_store(&guest->dying, DOMAIN_DYING);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                     GNTST_bad_domain);
}

static void entries_that_do_not_permit_are_refused(void **state)
{
    grant_handle_t handle;

    (void)state;
    for (unsigned int i = 0; i < GRANT_BAD_FLAGS; i++) {
        grant_give(guest, 8, 0, granted_frame, grant_bad_flags[i]);
        assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                         GNTST_general_error);
        assert_int_equal(grant_flags(guest, 8), grant_bad_flags[i]);
    }
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void a_read_only_grant_can_be_read(void **state)
{
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 8, 0, granted_frame, GTF_permit_access | GTF_readonly);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    /* And not be written after it is pinned for reading. */
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &handle),
                     GNTST_general_error);
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_readonly | GTF_reading);
}

static void a_grant_to_another_is_refused(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(other, guest, 8, HOST, 3, &handle),
                     GNTST_general_error);
    /* Not even if the entry is rewritten while dom0 has it mapped. */
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    grant_entry(guest, 8)->domid = 6;
    assert_int_equal(grant_map_at(other, guest, 8, HOST, 3, &handle),
                     GNTST_general_error);
}

static void frames_that_are_not_the_granters_are_refused(void **state)
{
    mfn_t foreign = world_page(other);
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 8, 0, foreign, GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                     GNTST_bad_page);
    grant_give(guest, 8, 0, mfn_make(0xfee00), GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle),
                     GNTST_bad_page);
    grant_give(guest, 8, 0, mfn_make(0xffffffff), GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, guest, 8, DEV, 3, &handle),
                     GNTST_bad_page);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(foreign), 1);
}

static void page_tables_can_be_granted_for_reading_only(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(page_get_type(page_of(granted_frame), PAGE_TYPE_L1), 0);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                     GNTST_general_error);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    page_put_type(page_of(granted_frame));
}

static void pins_do_not_wrap(void **state)
{
    struct active *active = &guest->grant->active[0][8];
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    active->readers = PINS_MAX;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 4, &handle),
                     GNTST_general_error);
    active->readers = 0;
    active->writers = PINS_MAX;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &handle),
                     GNTST_general_error);
    active->writers = 1;
    assert_int_equal(world_page_refs(granted_frame), 2);
}

static void a_bad_place_undoes_everything(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(
        grant_map_at(dom0, guest, 8, HOST | DEV, WORLD_PTES, &handle),
        GNTST_general_error);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(world_page_type_refs(granted_frame), 0);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void the_pinned_frame_stays_though_the_entry_changes(void **state)
{
    mfn_t second = world_page(guest);
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    grant_entry(guest, 8)->frame = (uint32_t)second.number;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 4, &handle), 0);
    assert_true(mfn_equal(pte_mfn(world_pte(dom0, 4)), granted_frame));
    assert_int_equal(world_page_refs(second), 1);
}

static void mapping_over_an_entry_drops_it(void **state)
{
    mfn_t second = world_page(guest);
    grant_handle_t first_handle;
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 9, 0, second, GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &first_handle), 0);
    assert_int_equal(grant_map_at(dom0, guest, 9, HOST, 3, &handle), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    /* The first handle's entry is gone: it cannot be unmapped. */
    assert_int_equal(grant_unmap_at(dom0, 3, first_handle),
                     GNTST_general_error);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
}

static void handles_run_out_and_come_back(void **state)
{
    grant_handle_t first;
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, DEV | RO, 0, &first), 0);
    for (unsigned int i = 1; i < 256; i++) {
        assert_int_equal(grant_map_at(dom0, guest, 8, DEV | RO, 0, &handle), 0);
    }
    assert_int_equal(grant_map_at(dom0, guest, 8, DEV | RO, 0, &handle),
                     GNTST_no_space);
    assert_int_equal(
        grant_unmap_device(dom0, granted_frame.number << PAGE_SHIFT, first), 0);
    assert_int_equal(grant_map_at(dom0, guest, 8, DEV | RO, 0, &handle), 0);
    assert_int_equal(handle, first);
}

static void no_memory_for_handles_is_no_space(void **state)
{
    grant_handle_t handle;

    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                     GNTST_no_space);
    world_heap_fail_after(~0UL);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
}

static void long_maps_are_preempted_and_whole(void **state)
{
    struct gnttab_map_grant_ref map[40];

    (void)state;
    memset(map, 0, sizeof(map));
    for (unsigned int i = 0; i < 40; i++) {
        map[i].host_addr = WORLD_PTE_VA(i);
        map[i].flags = HOST;
        map[i].ref = i == 20 ? 9 : 8;
        map[i].dom = 5;
        map[i].status = 77;
    }
    world_preempt_every(1);
    assert_int_equal(grant_call(dom0, GNTTABOP_map_grant_ref, map, 40), 0);
    world_preempt_every(0);
    for (unsigned int i = 0; i < 40; i++) {
        assert_int_equal(map[i].status,
                         i == 20 ? GNTST_general_error : GNTST_okay);
    }
    assert_int_equal(world_page_refs(granted_frame), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, grant_frame_setup, grant_teardown)
        TEST(a_host_map_writes_an_entry_and_tells_the_owner),
        TEST(a_read_only_map_takes_no_type),
        TEST(flags_shape_the_entry),
        TEST(a_device_map_holds_the_frame_without_an_entry),
        TEST(both_uses_count_twice),
        TEST(a_domain_may_map_its_own_grant),
        TEST(no_use_at_all_is_bad_gntref),
        TEST(refs_past_the_table_are_bad_gntref),
        TEST(unknown_granters_are_bad_domain),
        TEST(dying_granters_are_bad_domain),
        TEST(entries_that_do_not_permit_are_refused),
        TEST(a_read_only_grant_can_be_read),
        TEST(a_grant_to_another_is_refused),
        TEST(frames_that_are_not_the_granters_are_refused),
        TEST(page_tables_can_be_granted_for_reading_only),
        TEST(pins_do_not_wrap),
        TEST(a_bad_place_undoes_everything),
        TEST(the_pinned_frame_stays_though_the_entry_changes),
        TEST(mapping_over_an_entry_drops_it),
        TEST(handles_run_out_and_come_back),
        TEST(no_memory_for_handles_is_no_space),
        TEST(long_maps_are_preempted_and_whole),
    };

    return cmocka_run_group_tests_name("grant_map", tests, NULL, NULL);
}
