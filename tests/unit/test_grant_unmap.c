/* SPDX-License-Identifier: MIT */
/*
 * Unmapping grants: handles, entries, flushes, and the death of either side.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"

/* -- unmap ----------------------------------------------------------------- */

static void unmap_gives_all_back(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    world_use_pte(dom0, 3);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
    assert_int_equal(world_pte(dom0, 3), 0);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(world_page_type_refs(granted_frame), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
    assert_int_equal(world_flushes(), 1);
}

/* Others could hide that they used an entry, so it counts as used. */
static void only_dom0_saves_the_flush_of_what_it_did_not_use(void **state)
{
    mfn_t mine = world_page(dom0);
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
    assert_int_equal(world_flushes(), 0);
    grant_give(dom0, 8, 5, mine, GTF_permit_access);
    assert_int_equal(grant_map_at(guest, dom0, 8, HOST, 3, &handle), 0);
    assert_true(world_pte(guest, 3) & PTE_ACCESSED);
    assert_int_equal(grant_unmap_at(guest, 3, handle), GNTST_okay);
    assert_int_equal(world_flushes(), 1);
}

static void the_last_writer_goes_before_the_last_reader(void **state)
{
    grant_handle_t read;
    grant_handle_t write;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &read), 0);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &write), 0);
    assert_int_equal(grant_unmap_at(dom0, 4, write), GNTST_okay);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access | GTF_reading);
    assert_int_equal(grant_unmap_at(dom0, 3, read), GNTST_okay);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
}

static void bad_handles_are_refused(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_unmap_at(dom0, 3, 0), GNTST_bad_handle);
    assert_int_equal(grant_unmap_at(dom0, 3, ~0U), GNTST_bad_handle);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, handle + 1), GNTST_bad_handle);
    /* A handle belongs to who mapped. */
    assert_int_equal(grant_unmap_at(other, 3, handle), GNTST_bad_handle);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_bad_handle);
}

static void a_wrong_place_leaves_the_map(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    assert_int_equal(grant_unmap_at(dom0, 4, handle), GNTST_general_error);
    assert_int_equal(grant_unmap_at(dom0, WORLD_PTES, handle),
                     GNTST_general_error);
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
}

static void a_pte_map_is_unmapped_by_its_pte(void **state)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = WORLD_PTE_MA(7)};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | GNTMAP_contains_pte, 7,
                                  &unmap.handle),
                     0);
    assert_int_equal(grant_unmap_at(dom0, 7, unmap.handle),
                     GNTST_general_error);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    assert_int_equal(unmap.status, GNTST_okay);
    assert_int_equal(world_pte(dom0, 7), 0);
}

static void a_wrong_bus_address_is_bad_dev_addr(void **state)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = WORLD_PTE_VA(3),
                                           .dev_bus_addr = 0x1000};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | DEV, 3, &unmap.handle),
                     0);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    assert_int_equal(unmap.status, GNTST_bad_dev_addr);
    assert_int_equal(world_page_refs(granted_frame), 3);
    unmap.dev_bus_addr = granted_frame.number << PAGE_SHIFT;
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    assert_int_equal(unmap.status, GNTST_okay);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void naming_no_use_ends_none(void **state)
{
    struct gnttab_unmap_grant_ref unmap = {.status = 77};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &unmap.handle), 0);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    assert_int_equal(unmap.status, GNTST_okay);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(world_flushes(), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, unmap.handle), GNTST_okay);
}

static void an_overwritten_entry_keeps_only_the_pin(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    world_drop_pte(dom0, 3);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_general_error);
    assert_int_equal(grant_flags(guest, 8),
                     GTF_permit_access | GTF_reading | GTF_writing);
    /* The granted_frame can even be gone: the pin does not bring it back. */
    world_release_page(granted_frame);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &handle),
                     GNTST_bad_page);
    grant_kill(dom0);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
}

static void a_batch_with_one_handle_twice(void **state)
{
    struct gnttab_unmap_grant_ref unmap[2] = {{.host_addr = WORLD_PTE_VA(3)},
                                              {.host_addr = WORLD_PTE_VA(3)}};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &unmap[0].handle),
                     0);
    unmap[1].handle = unmap[0].handle;
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, unmap, 2), 0);
    assert_int_equal(unmap[0].status, GNTST_okay);
    assert_int_equal(unmap[1].status, GNTST_bad_handle);
}

static void a_batch_with_both_uses_of_one_handle(void **state)
{
    struct gnttab_unmap_grant_ref unmap[2] = {
        {.host_addr = WORLD_PTE_VA(3), .status = 77},
        {.dev_bus_addr = granted_frame.number << PAGE_SHIFT, .status = 77}};

    (void)state;
    assert_int_equal(
        grant_map_at(dom0, guest, 8, HOST | DEV, 3, &unmap[0].handle), 0);
    unmap[1].handle = unmap[0].handle;
    world_use_pte(dom0, 3);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, unmap, 2), 0);
    assert_int_equal(unmap[0].status, GNTST_okay);
    assert_int_equal(unmap[1].status, GNTST_okay);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void batches_flush_once_and_are_preempted(void **state)
{
    struct gnttab_unmap_grant_ref unmap[60];

    (void)state;
    memset(unmap, 0, sizeof(unmap));
    for (unsigned int i = 0; i < 60; i++) {
        unmap[i].host_addr = WORLD_PTE_VA(i);
        assert_int_equal(
            grant_map_at(dom0, guest, 8, HOST, i, &unmap[i].handle), 0);
        world_use_pte(dom0, i);
    }
    world_preempt_every(1);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, unmap, 60), 0);
    world_preempt_every(0);
    for (unsigned int i = 0; i < 60; i++) {
        assert_int_equal(unmap[i].status, GNTST_okay);
    }
    assert_int_equal(world_flushes(), 2);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
}

static void a_fault_in_a_batch_finishes_what_was_done(void **state)
{
    struct gnttab_unmap_grant_ref unmap[3] = {{.host_addr = WORLD_PTE_VA(0)},
                                              {.host_addr = WORLD_PTE_VA(1)},
                                              {.host_addr = WORLD_PTE_VA(2)}};

    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(
            grant_map_at(dom0, guest, 8, HOST, i, &unmap[i].handle), 0);
    }
    world_copy_fail_after(3);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_grant_ref, unmap, 3),
                     -XEN_EFAULT);
    world_copy_fail_after(~0UL);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(grant_audit_all(), 0);
    assert_int_equal(grant_unmap_at(dom0, 0, unmap[0].handle),
                     GNTST_bad_handle);
    assert_int_equal(grant_unmap_at(dom0, 2, unmap[2].handle), GNTST_okay);
}

/* -- unmap_and_replace ----------------------------------------------------- */

static void replace_moves_an_entry_into_place(void **state)
{
    mfn_t own = world_page(guest);
    struct gnttab_unmap_and_replace replace = {.host_addr = WORLD_PTE_VA(3),
                                               .new_addr = WORLD_PTE_VA(4)};
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 9, 0, own, GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &replace.handle), 0);
    assert_int_equal(grant_map_at(dom0, guest, 9, HOST, 4, &handle), 0);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_and_replace, &replace, 1),
                     0);
    assert_int_equal(replace.status, GNTST_okay);
    assert_true(mfn_equal(pte_mfn(world_pte(dom0, 3)), own));
    assert_int_equal(world_pte(dom0, 4), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(world_page_refs(own), 2);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
}

static void replace_by_nothing_is_an_unmap(void **state)
{
    struct gnttab_unmap_and_replace replace = {.host_addr = WORLD_PTE_VA(3)};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &replace.handle), 0);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_and_replace, &replace, 1),
                     0);
    assert_int_equal(replace.status, GNTST_okay);
    assert_int_equal(world_pte(dom0, 3), 0);
}

static void replace_errors_leave_the_map(void **state)
{
    struct gnttab_unmap_and_replace replace = {
        .host_addr = WORLD_PTE_VA(3), .new_addr = WORLD_PTE_VA(WORLD_PTES)};

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &replace.handle), 0);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_and_replace, &replace, 1),
                     0);
    assert_int_equal(replace.status, GNTST_general_error);
    assert_int_equal(world_page_refs(granted_frame), 2);
    assert_int_equal(grant_unmap_at(dom0, 3, replace.handle), GNTST_okay);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | GNTMAP_contains_pte, 3,
                                  &replace.handle),
                     0);
    replace.host_addr = WORLD_PTE_MA(3);
    replace.new_addr = WORLD_PTE_VA(4);
    assert_int_equal(grant_call(dom0, GNTTABOP_unmap_and_replace, &replace, 1),
                     0);
    assert_int_equal(replace.status, GNTST_general_error);
}

/* -- deaths ---------------------------------------------------------------- */

static void a_dead_granters_frame_lives_while_mapped(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    grant_kill(guest);
    world_release_page(granted_frame);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(atomic_load(&guest->refs), 2);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), GNTST_okay);
    assert_int_equal(world_page_refs(granted_frame), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void a_dead_mapper_lets_go_in_steps(void **state)
{
    grant_handle_t handle;
    unsigned int steps = 1;

    (void)state;
    for (unsigned int i = 0; i < 60; i++) {
        assert_int_equal(grant_map_at(dom0, guest, 8, HOST, i, &handle), 0);
        assert_int_equal(grant_map_at(dom0, guest, 8, DEV | RO, i, &handle), 0);
    }
    assert_int_equal(world_page_refs(granted_frame), 121);
    atomic_store(&dom0->dying, DOMAIN_DYING);
    world_preempt_every(1);
    while (grant_table_release_maps(dom0) == -XEN_ERESTART) {
        steps++;
    }
    world_preempt_every(0);
    assert_true(steps > 1);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    /* The page tables still hold theirs. */
    assert_int_equal(world_page_refs(granted_frame), 61);
    world_drop_ptes(dom0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(world_page_type_refs(granted_frame), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void a_domain_that_maps_itself_can_die(void **state)
{
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 9, 5, granted_frame, GTF_permit_access);
    assert_int_equal(grant_map_at(guest, guest, 9, HOST | DEV, 0, &handle), 0);
    grant_kill(guest);
    assert_int_equal(atomic_load(&guest->refs), 1);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

/* -- the audit itself ------------------------------------------------------ */

static void the_audit_sees_a_lost_pin_and_a_lost_handle(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle), 0);
    assert_int_equal(grant_audit(guest), 0);
    /* A flag of the guest's own changes nothing. */
    grant_entry(guest, 8)->flags = 0;
    assert_int_equal(grant_audit(guest), 0);
    grant_entry(guest, 8)->flags = GTF_permit_access;
    guest->grant->active[0][8].writers++;
    assert_int_equal(grant_audit(guest), 1);
    assert_non_null(strstr(world_console(), "ref 8 pinned 0+2, mapped 0+1"));
    guest->grant->active[0][8].writers -= 2;
    /* That it counts one entry too many as in use is another error. */
    assert_int_equal(grant_audit(guest), 2);
    guest->grant->active[0][8].writers++;
    dom0->grant->maptrack[0][handle].flags |= MAPTRACK_BUSY;
    assert_int_equal(grant_audit(guest), 2);
    dom0->grant->maptrack[0][handle].flags &= (uint16_t)~MAPTRACK_BUSY;
    world_heap_fail_after(0);
    assert_int_equal(grant_audit(guest), 1);
    world_heap_fail_after(~0UL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, grant_frame_setup, grant_teardown)
        TEST(unmap_gives_all_back),
        TEST(only_dom0_saves_the_flush_of_what_it_did_not_use),
        TEST(the_last_writer_goes_before_the_last_reader),
        TEST(bad_handles_are_refused),
        TEST(a_wrong_place_leaves_the_map),
        TEST(a_pte_map_is_unmapped_by_its_pte),
        TEST(a_wrong_bus_address_is_bad_dev_addr),
        TEST(naming_no_use_ends_none),
        TEST(an_overwritten_entry_keeps_only_the_pin),
        TEST(a_batch_with_one_handle_twice),
        TEST(a_batch_with_both_uses_of_one_handle),
        TEST(batches_flush_once_and_are_preempted),
        TEST(a_fault_in_a_batch_finishes_what_was_done),
        TEST(replace_moves_an_entry_into_place),
        TEST(replace_by_nothing_is_an_unmap),
        TEST(replace_errors_leave_the_map),
        TEST(a_dead_granters_frame_lives_while_mapped),
        TEST(a_dead_mapper_lets_go_in_steps),
        TEST(a_domain_that_maps_itself_can_die),
        TEST(the_audit_sees_a_lost_pin_and_a_lost_handle),
    };

    return cmocka_run_group_tests_name("grant_unmap", tests, NULL, NULL);
}
