/* SPDX-License-Identifier: MIT */
/*
 * Frames given away: who gets them, what the entry says at each step, and that
 * a granted_frame which nobody accepts is nobody's.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"

#define DONE \
    (GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed)

static int setup(void **state)
{
    grant_setup(state);
    granted_frame = world_page(guest);
    grant_give(dom0, 8, 5, mfn_make(0x4321), GTF_accept_transfer);
    return 0;
}

static int transfer(mfn_t mfn, domid_t to, grant_ref_t ref)
{
    struct gnttab_transfer op = {
        .mfn = mfn.number, .domid = to, .ref = ref, .status = 77};

    assert_int_equal(grant_call(guest, GNTTABOP_transfer, &op, 1), 0);
    return op.status;
}

static void assert_nobodys(mfn_t mfn)
{
    assert_int_equal(page_owner(page_of(mfn)), DOMID_INVALID);
    assert_int_equal(world_page_refs(mfn), 0);
    assert_true(fake_m2p[mfn.number] == M2P_INVALID);
}

static void the_frame_changes_hands(void **state)
{
    unsigned int flushes = world_flushes();

    (void)state;
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_okay);
    assert_int_equal(page_owner(page_of(granted_frame)), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(grant_flags(dom0, 8), DONE);
    assert_int_equal(grant_entry(dom0, 8)->frame, granted_frame.number);
    assert_int_equal(fake_m2p[granted_frame.number], 0x4321);
    /* No TLB of the giver may know it. */
    assert_int_equal(world_flushes(), flushes + 1);
    /* Once only. */
    granted_frame = world_page(guest);
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_general_error);
    assert_nobodys(granted_frame);
}

static void tables_of_version_2_accept_as_well(void **state)
{
    grant_entry_v2_t entry = {.full_page = {.frame = 0x1234}};

    (void)state;
    assert_int_equal(grant_set_version(dom0, 2), 0);
    grant_give_v2(dom0, 200, 5, GTF_accept_transfer, entry);
    assert_int_equal(transfer(granted_frame, 0, 200), GNTST_okay);
    assert_int_equal(entry_v2(dom0->grant, 200)->hdr.flags, DONE);
    assert_int_equal(entry_v2(dom0->grant, 200)->full_page.frame,
                     granted_frame.number);
    assert_int_equal(fake_m2p[granted_frame.number], 0x1234);
}

static void what_is_not_ones_own_alone_stays(void **state)
{
    (void)state;
    assert_int_equal(transfer(mfn_make(~0UL), 0, 8), GNTST_bad_page);
    assert_int_equal(transfer(world_page(other), 0, 8), GNTST_bad_page);
    assert_true(page_get(granted_frame, guest));
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_bad_page);
    page_put(page_of(granted_frame));
    assert_int_equal(page_owner(page_of(granted_frame)), 5);
    assert_int_equal(grant_flags(dom0, 8), GTF_accept_transfer);
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_okay);
}

static void what_nobody_accepts_is_gone(void **state)
{
    static const struct {
        domid_t to;
        grant_ref_t ref;
        uint16_t flags;
        domid_t from;
        int want;
    } c[] = {
        {77, 8, GTF_accept_transfer, 5, GNTST_bad_domain},
        {DOMID_SELF, 8, GTF_accept_transfer, 5, GNTST_bad_domain},
        {DOMID_XEN, 8, GTF_accept_transfer, 5, GNTST_bad_domain},
        {0, 512, GTF_accept_transfer, 5, GNTST_general_error},
        {0, ~0U, GTF_accept_transfer, 5, GNTST_general_error},
        {0, 8, GTF_accept_transfer, 6, GNTST_general_error},
        {0, 8, GTF_invalid, 5, GNTST_general_error},
        {0, 8, GTF_permit_access, 5, GNTST_general_error},
        {0, 8, GTF_accept_transfer | GTF_transfer_committed, 5,
         GNTST_general_error},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(c); i++) {
        mfn_t mfn = world_page(guest);

        grant_give(dom0, 8, c[i].from, mfn_make(7), c[i].flags);
        assert_int_equal(transfer(mfn, c[i].to, c[i].ref), c[i].want);
        assert_nobodys(mfn);
        assert_int_equal(grant_flags(dom0, 8), c[i].flags);
        assert_int_equal(grant_entry(dom0, 8)->frame, 7);
    }
    assert_int_equal(atomic_load(&dom0->refs), 1);
}

/* The entry is as before: its owner may use it again. */
static void the_dying_accept_nothing(void **state)
{
    (void)state;
    atomic_store(&dom0->dying, DOMAIN_DYING);
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_general_error);
    assert_nobodys(granted_frame);
    assert_int_equal(grant_flags(dom0, 8), GTF_accept_transfer);
}

static void to_a_third(mfn_t mfn)
{
    fake_m2p[mfn.number] = 0x99;
}

/* Its new owner gives it back, and somebody gets it and names it, before the
 * giver's call has ended. */
static void what_was_passed_on_keeps_its_new_name(void **state)
{
    (void)state;
    world_at_assign(to_a_third);
    assert_int_equal(transfer(granted_frame, 0, 8), GNTST_okay);
    assert_int_equal(fake_m2p[granted_frame.number], 0x99);
}

static void to_oneself(void **state)
{
    (void)state;
    grant_give(guest, 9, 5, mfn_make(3), GTF_accept_transfer);
    assert_int_equal(transfer(granted_frame, 5, 9), GNTST_okay);
    assert_int_equal(page_owner(page_of(granted_frame)), 5);
    assert_int_equal(grant_entry(guest, 9)->frame, granted_frame.number);
}

static void batches_are_preempted_and_stop_at_a_fault(void **state)
{
    struct gnttab_transfer op[6];

    (void)state;
    memset(op, 0, sizeof(op));
    for (unsigned int i = 0; i < 6; i++) {
        grant_give(dom0, 10 + i, 5, mfn_make(i), GTF_accept_transfer);
        op[i].mfn = world_page(guest).number;
        op[i].ref = 10 + i;
        op[i].status = 77;
    }
    op[2].ref = 9999;
    world_preempt_every(1);
    assert_int_equal(grant_call(guest, GNTTABOP_transfer, op, 4), 0);
    world_preempt_every(0);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(op[i].status,
                         i == 2 ? GNTST_general_error : GNTST_okay);
    }
    world_copy_fail_after(1);
    assert_int_equal(grant_call(guest, GNTTABOP_transfer, &op[4], 2),
                     -XEN_EFAULT);
    world_copy_fail_after(~0UL);
    assert_int_equal(op[5].status, 77);
    assert_int_equal(page_owner(page_of(mfn_make(op[5].mfn))), 5);
}

static void transfers_can_be_turned_off(void **state)
{
    struct gnttab_transfer op = {
        .mfn = granted_frame.number, .ref = 8, .status = 77};

    (void)state;
    grant_options.no_transfer = true;
    assert_int_equal(grant_call(guest, GNTTABOP_transfer, &op, 1),
                     -XEN_EOPNOTSUPP);
    grant_options.no_transfer = false;
    assert_int_equal(op.status, 77);
    assert_int_equal(page_owner(page_of(granted_frame)), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, grant_teardown)
        TEST(the_frame_changes_hands),
        TEST(tables_of_version_2_accept_as_well),
        TEST(what_is_not_ones_own_alone_stays),
        TEST(what_nobody_accepts_is_gone),
        TEST(the_dying_accept_nothing),
        TEST(what_was_passed_on_keeps_its_new_name),
        TEST(to_oneself),
        TEST(batches_are_preempted_and_stop_at_a_fault),
        TEST(transfers_can_be_turned_off),
    };

    return cmocka_run_group_tests_name("grant_transfer", tests, NULL, NULL);
}
