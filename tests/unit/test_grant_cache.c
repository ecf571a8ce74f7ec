/* SPDX-License-Identifier: MIT */
/*
 * Cache flushes: of whose frames, for whom they do anything, and how the
 * search for a grant goes on after preemption.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"
#include "rangeset.h"

static int setup(void **state)
{
    grant_setup(state);
    granted_frame = world_page(guest);
    world_cache_flushes = 0;
    return rangeset_add(&dom0->iomem, 0, 1000);
}

static int teardown(void **state)
{
    (void)rangeset_remove(&dom0->iomem, 0, 1000);
    return grant_teardown(state);
}

static long flush(struct domain *d, mfn_t mfn, uint16_t offset, uint16_t length,
                  uint32_t bits)
{
    struct gnttab_cache_flush op = {.a.dev_bus_addr = mfn.number << PAGE_SHIFT,
                                    .offset = offset,
                                    .length = length,
                                    .op = bits};

    return grant_call(d, GNTTABOP_cache_flush, &op, 1);
}

static void only_who_has_devices_flushes(void **state)
{
    mfn_t mine = world_page(dom0);

    (void)state;
    assert_int_equal(flush(guest, granted_frame, 0, 64, GNTTAB_CACHE_CLEAN), 0);
    assert_int_equal(world_cache_flushes, 0);
    assert_int_equal(flush(dom0, mine, 0, 4096, GNTTAB_CACHE_CLEAN), 0);
    assert_int_equal(flush(dom0, mine, 4095, 1, 3), 0);
    assert_int_equal(world_cache_flushes, 2);
    assert_int_equal(flush(dom0, mine, 0, 64, GNTTAB_CACHE_INVAL),
                     -XEN_EOPNOTSUPP);
    assert_int_equal(flush(dom0, mine, 0, 0, GNTTAB_CACHE_CLEAN), 0);
    assert_int_equal(flush(dom0, mine, 0, 64, 0), 0);
    assert_int_equal(world_cache_flushes, 2);
    assert_int_equal(world_page_refs(mine), 1);
}

static void bad_ranges_and_frames_are_einval(void **state)
{
    (void)state;
    assert_int_equal(flush(guest, granted_frame, 4096, 0, 1), -XEN_EINVAL);
    assert_int_equal(flush(guest, granted_frame, 4000, 97, 1), -XEN_EINVAL);
    assert_int_equal(flush(guest, granted_frame, 1, 0xffff, 1), -XEN_EINVAL);
    assert_int_equal(flush(guest, granted_frame, 0, 64, 4), -XEN_EINVAL);
    assert_int_equal(
        flush(guest, granted_frame, 0, 64, GNTTAB_CACHE_SOURCE_GREF),
        -XEN_EINVAL);
    assert_int_equal(flush(guest, mfn_make(~0UL >> 12), 0, 64, 1), -XEN_EINVAL);
    assert_int_equal(grant_call(guest, GNTTABOP_cache_flush, (void *)16, 1),
                     -XEN_EFAULT);
}

static void frames_of_nobody_are_eperm(void **state)
{
    mfn_t gone = world_page(guest);

    (void)state;
    world_release_page(gone);
    assert_int_equal(flush(dom0, gone, 0, 64, 1), -XEN_EPERM);
}

static void anothers_frame_only_while_it_is_granted_to_us(void **state)
{
    struct active pinned;
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 500, 0, granted_frame, GTF_permit_access);
    assert_int_equal(flush(dom0, granted_frame, 0, 64, 1), -XEN_EINVAL);
    assert_int_equal(
        grant_map_at(dom0, guest, 500, GNTMAP_host_map, 3, &handle), 0);
    assert_int_equal(flush(dom0, granted_frame, 0, 64, 1), 0);
    assert_int_equal(flush(other, granted_frame, 0, 64, 1), -XEN_EINVAL);
    assert_int_equal(world_cache_flushes, 1);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), 0);
    /* What a way leads to is a reference, not a granted_frame. */
    assert_int_equal(grant_set_version(guest, 2), 0);
    grant_give_v2(guest, 9, 0, GTF_transitive,
                  (grant_entry_v2_t){
                      .transitive = {.gref = (uint32_t)granted_frame.number}});
    assert_int_equal(grant_pin(guest, 9, 0, false, PIN_COPY, &pinned), 0);
    assert_int_equal(flush(dom0, granted_frame, 0, 64, 1), -XEN_EINVAL);
    grant_unpin(guest, 9, false);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

/* A table of more entries than one step looks at. */
static void the_search_goes_on_where_it_was(void **state)
{
    struct domain *large = world_domain(9, 1, false);
    mfn_t mfn = world_page(large);
    struct gnttab_cache_flush op[3];
    struct active pinned;

    (void)state;
    assert_int_equal(grant_table_init(large, 20, 1, 1), 0);
    assert_int_equal(grant_table_grow(large, 20), 0);
    grant_give(large, 9999, 0, mfn, GTF_permit_access);
    assert_int_equal(grant_pin(large, 9999, 0, false, PIN_COPY, &pinned), 0);
    for (unsigned int i = 0; i < 3; i++) {
        op[i] = (struct gnttab_cache_flush){
            .a.dev_bus_addr = mfn.number << PAGE_SHIFT, .length = 8, .op = 1};
    }
    for (unsigned int every = 0; every < 3; every++) {
        world_cache_flushes = 0;
        world_preempt_every(every);
        assert_int_equal(grant_call(dom0, GNTTABOP_cache_flush, op, 3), 0);
        world_preempt_every(0);
        assert_int_equal(world_cache_flushes, 3);
    }
    grant_unpin(large, 9999, false);
    world_preempt_every(1);
    assert_int_equal(grant_call(dom0, GNTTABOP_cache_flush, op, 3),
                     -XEN_EINVAL);
    world_preempt_every(0);
    /* A step that the guest made up finds nothing, and ends. */
    assert_int_equal(grant_call(dom0, GNTTABOP_cache_flush | ~0U << 12, op, 1),
                     -XEN_EINVAL);
    grant_table_destroy(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(only_who_has_devices_flushes),
        TEST(bad_ranges_and_frames_are_einval),
        TEST(frames_of_nobody_are_eperm),
        TEST(anothers_frame_only_while_it_is_granted_to_us),
        TEST(the_search_goes_on_where_it_was),
    };

    return cmocka_run_group_tests_name("grant_cache", tests, NULL, NULL);
}
