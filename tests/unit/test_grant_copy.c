/* SPDX-License-Identifier: MIT */
/*
 * Copies between granted and own frames.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"

static mfn_t mine; /* dom0's */
static int setup(void **state)
{
    grant_setup(state);
    mine = world_page(dom0);
    granted_frame = world_page(guest);
    grant_give(guest, 8, 0, granted_frame, GTF_permit_access);
    for (unsigned int i = 0; i < PAGE_BYTES; i++) {
        ((uint8_t *)machine_map(mine))[i] = (uint8_t)(i * 7);
        ((uint8_t *)machine_map(granted_frame))[i] = (uint8_t)(i * 13 + 1);
    }
    return 0;
}

static struct gnttab_copy to_guest(uint16_t from, uint16_t to, uint16_t bytes)
{
    struct gnttab_copy op = {
        .len = bytes, .flags = GNTCOPY_dest_gref, .status = 77};

    op.source.u.gmfn = mine.number;
    op.source.domid = DOMID_SELF;
    op.source.offset = from;
    op.dest.u.ref = 8;
    op.dest.domid = 5;
    op.dest.offset = to;
    return op;
}

static struct gnttab_copy from_guest(uint16_t from, uint16_t to, uint16_t bytes)
{
    struct gnttab_copy op = {
        .len = bytes, .flags = GNTCOPY_source_gref, .status = 77};

    op.source.u.ref = 8;
    op.source.domid = 5;
    op.source.offset = from;
    op.dest.u.gmfn = mine.number;
    op.dest.domid = DOMID_SELF;
    op.dest.offset = to;
    return op;
}

static int copy(struct domain *d, struct gnttab_copy op)
{
    assert_int_equal(grant_call(d, GNTTABOP_copy, &op, 1), 0);
    return op.status;
}

/* A copy leaves no trace but the bytes. */
static void assert_clean(void)
{
    assert_int_equal(grant_flags(guest, 8) & (GTF_reading | GTF_writing), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(world_page_refs(mine), 1);
    assert_int_equal(world_page_type_refs(granted_frame), 0);
    assert_int_equal(world_page_type_refs(mine), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
    assert_int_equal(atomic_load(&dom0->refs), 1);
}

static void bytes_go_where_they_should_and_nowhere_else(void **state)
{
    const uint8_t *to = machine_map(granted_frame);
    const uint8_t *from = machine_map(mine);

    (void)state;
    assert_int_equal(copy(dom0, to_guest(100, 200, 50)), GNTST_okay);
    assert_memory_equal(to + 200, from + 100, 50);
    assert_int_equal(to[199], (uint8_t)(199 * 13 + 1));
    assert_int_equal(to[250], (uint8_t)(250 * 13 + 1));
    assert_clean();
    assert_int_equal(copy(dom0, from_guest(0, 0, 4096)), GNTST_okay);
    assert_memory_equal(from, to, 4096);
    assert_clean();
}

static void between_two_guests_by_a_third(void **state)
{
    mfn_t third = world_page(other);
    struct gnttab_copy op = to_guest(0, 0, 64);

    (void)state;
    grant_give(other, 4, 0, third, GTF_permit_access | GTF_readonly);
    memset(machine_map(third), 0x5a, PAGE_BYTES);
    op.flags |= GNTCOPY_source_gref;
    op.source.u.ref = 4;
    op.source.domid = 6;
    assert_int_equal(copy(dom0, op), GNTST_okay);
    assert_int_equal(((uint8_t *)machine_map(granted_frame))[63], 0x5a);
    assert_int_equal(grant_flags(other, 4), GTF_permit_access | GTF_readonly);
    assert_clean();
}

static void within_ones_own_memory(void **state)
{
    struct gnttab_copy op = to_guest(0, 8, 4000);
    const uint8_t *bytes = machine_map(mine);

    (void)state;
    op.flags = 0;
    op.dest.u.gmfn = mine.number;
    op.dest.domid = DOMID_SELF;
    assert_int_equal(copy(dom0, op), GNTST_okay);
    for (unsigned int i = 0; i < 4000; i++) {
        assert_int_equal(bytes[i + 8], (uint8_t)(i * 7));
    }
    assert_clean();
}

static void copies_may_not_leave_the_page(void **state)
{
    (void)state;
    assert_int_equal(copy(dom0, to_guest(4000, 0, 97)), GNTST_bad_copy_arg);
    assert_int_equal(copy(dom0, to_guest(0, 4000, 97)), GNTST_bad_copy_arg);
    assert_int_equal(copy(dom0, to_guest(0, 0xffff, 0xffff)),
                     GNTST_bad_copy_arg);
    assert_int_equal(copy(dom0, to_guest(4096, 0, 0)), GNTST_okay);
    assert_int_equal(copy(dom0, to_guest(4000, 4000, 96)), GNTST_okay);
    assert_clean();
}

static void frames_by_number_are_ones_own(void **state)
{
    struct gnttab_copy op = from_guest(0, 0, 8);

    (void)state;
    op.dest.domid = 5;
    assert_int_equal(copy(dom0, op), GNTST_permission_denied);
    op.dest.domid = 77;
    assert_int_equal(copy(dom0, op), GNTST_bad_domain);
    op.dest.domid = 0; /* itself, but not by DOMID_SELF */
    assert_int_equal(copy(dom0, op), GNTST_permission_denied);
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = granted_frame.number;
    assert_int_equal(copy(dom0, op), GNTST_bad_page);
    op.dest.u.gmfn = ~0UL;
    assert_int_equal(copy(dom0, op), GNTST_bad_page);
    op.dest.u.gmfn = 0;
    assert_int_equal(copy(dom0, op), GNTST_bad_page);
    assert_clean();
}

static void bad_grants_are_refused(void **state)
{
    struct gnttab_copy op = from_guest(0, 0, 8);

    (void)state;
    op.source.u.ref = 512;
    assert_int_equal(copy(dom0, op), GNTST_bad_gntref);
    op.source.u.ref = 9;
    assert_int_equal(copy(dom0, op), GNTST_general_error);
    op.source.domid = 77;
    assert_int_equal(copy(dom0, op), GNTST_bad_domain);
    /* Granted to dom0, not to this one. */
    op = from_guest(0, 0, 8);
    op.dest.u.gmfn = world_page(other).number;
    assert_int_equal(copy(other, op), GNTST_general_error);
    assert_clean();
}

static void read_only_grants_are_not_written(void **state)
{
    (void)state;
    grant_give(guest, 8, 0, granted_frame, GTF_permit_access | GTF_readonly);
    assert_int_equal(copy(dom0, to_guest(0, 0, 8)), GNTST_general_error);
    assert_int_equal(copy(dom0, from_guest(0, 0, 8)), GNTST_okay);
    assert_clean();
}

static void page_tables_are_read_and_not_written(void **state)
{
    (void)state;
    assert_int_equal(page_get_type(page_of(granted_frame), PAGE_TYPE_L2), 0);
    assert_int_equal(copy(dom0, to_guest(0, 0, 8)), GNTST_general_error);
    assert_int_equal(copy(dom0, from_guest(0, 0, 8)), GNTST_okay);
    page_put_type(page_of(granted_frame));
    assert_int_equal(page_get_type(page_of(mine), PAGE_TYPE_DESCRIPTOR), 0);
    assert_int_equal(copy(dom0, from_guest(0, 0, 8)), GNTST_general_error);
    page_put_type(page_of(mine));
    assert_clean();
}

static void a_frame_that_is_not_the_granters_is_bad_page(void **state)
{
    mfn_t foreign = world_page(other);

    (void)state;
    grant_give(guest, 8, 0, foreign, GTF_permit_access);
    assert_int_equal(copy(dom0, to_guest(0, 0, 8)), GNTST_bad_page);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access);
    assert_int_equal(world_page_refs(foreign), 1);
}

static void batches_share_frames_and_are_preempted(void **state)
{
    struct gnttab_copy op[32];

    (void)state;
    for (unsigned int i = 0; i < 32; i++) {
        op[i] = i % 8 == 7
                    ? from_guest((uint16_t)(i * 64), 0, 64)
                    : to_guest((uint16_t)(i * 64), (uint16_t)(i * 64), 64);
        if (i == 13) {
            op[i].len = 0xffff;
        }
        if (i == 20) {
            op[i].dest.u.ref = 999;
        }
    }
    world_preempt_every(3);
    assert_int_equal(grant_call(dom0, GNTTABOP_copy, op, 32), 0);
    world_preempt_every(0);
    for (unsigned int i = 0; i < 32; i++) {
        assert_int_equal(op[i].status, i == 13   ? GNTST_bad_copy_arg
                                       : i == 20 ? GNTST_bad_gntref
                                                 : GNTST_okay);
    }
    assert_clean();
}

/* The same number in two tables is two frames. */
static void batches_tell_granters_apart(void **state)
{
    mfn_t third = world_page(other);
    struct gnttab_copy op[3] = {to_guest(0, 0, 8), to_guest(8, 8, 8),
                                to_guest(16, 16, 8)};

    (void)state;
    grant_give(other, 8, 0, third, GTF_permit_access);
    op[1].dest.domid = 6;
    memset(machine_map(granted_frame), 0, 32);
    assert_int_equal(grant_call(dom0, GNTTABOP_copy, op, 3), 0);
    assert_memory_equal(machine_map(granted_frame), machine_map(mine), 8);
    assert_memory_equal((char *)machine_map(third) + 8,
                        (char *)machine_map(mine) + 8, 8);
    assert_int_equal(((uint64_t *)machine_map(granted_frame))[1], 0);
    assert_memory_equal((char *)machine_map(granted_frame) + 16,
                        (char *)machine_map(mine) + 16, 8);
    assert_clean();
}

static void preemption_changes_nothing(void **state)
{
    uint8_t want[PAGE_BYTES];
    struct gnttab_copy op[16];

    (void)state;
    for (unsigned int round = 0; round < 2; round++) {
        memset(machine_map(granted_frame), 0, PAGE_BYTES);
        for (unsigned int i = 0; i < 16; i++) {
            op[i] = to_guest((uint16_t)(i * 31), (uint16_t)(i * 200), 199);
        }
        world_preempt_every(round);
        assert_int_equal(grant_call(dom0, GNTTABOP_copy, op, 16), 0);
        world_preempt_every(0);
        if (round == 0) {
            memcpy(want, machine_map(granted_frame), PAGE_BYTES);
        }
    }
    assert_memory_equal(machine_map(granted_frame), want, PAGE_BYTES);
}

static void a_fault_lets_go_of_the_frames(void **state)
{
    struct gnttab_copy op[2] = {to_guest(0, 0, 8), to_guest(8, 8, 8)};

    (void)state;
    world_copy_fail_after(2);
    assert_int_equal(grant_call(dom0, GNTTABOP_copy, op, 2), -XEN_EFAULT);
    world_copy_fail_after(1);
    assert_int_equal(grant_call(dom0, GNTTABOP_copy, op, 2), -XEN_EFAULT);
    world_copy_fail_after(~0UL);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, grant_teardown)
        TEST(bytes_go_where_they_should_and_nowhere_else),
        TEST(between_two_guests_by_a_third),
        TEST(within_ones_own_memory),
        TEST(copies_may_not_leave_the_page),
        TEST(frames_by_number_are_ones_own),
        TEST(bad_grants_are_refused),
        TEST(read_only_grants_are_not_written),
        TEST(page_tables_are_read_and_not_written),
        TEST(a_frame_that_is_not_the_granters_is_bad_page),
        TEST(batches_share_frames_and_are_preempted),
        TEST(batches_tell_granters_apart),
        TEST(preemption_changes_nothing),
        TEST(a_fault_lets_go_of_the_frames),
    };

    return cmocka_run_group_tests_name("grant_copy", tests, NULL, NULL);
}
