/* SPDX-License-Identifier: MIT */
/*
 * Tables of version 2: the way there and back, status frames, parts of pages,
 * grants by way of another domain.
 */
#include "grant_world.h"

#include <string.h>

#include "../../xen-lite/grant/grant.h"

#include <xen/memory.h>

#define USE (GTF_reading | GTF_writing)

static int setup(void **state)
{
    grant_setup(state);
    granted_frame = world_page(guest);
    assert_int_equal(grant_set_version(guest, 2), 0);
    return 0;
}

static uint16_t status_of(struct domain *d, grant_ref_t ref)
{
    return *status_v2(d->grant, ref);
}

static void give(grant_ref_t ref, uint16_t flags, uint64_t number)
{
    grant_entry_v2_t entry = {.full_page = {.frame = number}};

    grant_give_v2(guest, ref, 0, flags, entry);
}

static void give_part(grant_ref_t ref, uint16_t offset, uint16_t length)
{
    grant_entry_v2_t entry = {.sub_page = {.page_off = offset,
                                           .length = length,
                                           .frame = granted_frame.number}};

    grant_give_v2(guest, ref, 0, GTF_permit_access | GTF_sub_page, entry);
}

static void give_way(struct domain *d, grant_ref_t ref, uint16_t flags,
                     domid_t to, grant_ref_t to_ref)
{
    grant_entry_v2_t entry = {
        .transitive = {.trans_domid = to, .gref = to_ref}};

    grant_give_v2(d, ref, 0, flags, entry);
}

/* -- claims ---------------------------------------------------------------- */

static void use_shows_in_the_status_and_not_in_the_entry(void **state)
{
    grant_handle_t reader, writer;

    (void)state;
    give(8, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &reader), 0);
    assert_int_equal(status_of(guest, 8), GTF_reading);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &writer), 0);
    assert_int_equal(status_of(guest, 8), USE);
    assert_int_equal(entry_v2(guest->grant, 8)->hdr.flags, GTF_permit_access);
    assert_int_equal(grant_unmap_at(dom0, 4, writer), 0);
    assert_int_equal(status_of(guest, 8), GTF_reading);
    assert_int_equal(grant_unmap_at(dom0, 3, reader), 0);
    assert_int_equal(status_of(guest, 8), 0);
}

static void what_an_entry_does_not_permit_leaves_no_status(void **state)
{
    grant_handle_t handle;

    (void)state;
    for (unsigned int i = 0; i < GRANT_BAD_FLAGS; i++) {
        give(8, grant_bad_flags[i], granted_frame.number);
        assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                         GNTST_general_error);
        assert_int_equal(status_of(guest, 8), 0);
    }
    give(8, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_map_at(other, guest, 8, HOST, 3, &handle),
                     GNTST_general_error);
    assert_int_equal(grant_map_at(dom0, guest, 1024, HOST, 3, &handle),
                     GNTST_bad_gntref);
    assert_int_equal(grant_map_at(dom0, guest, 255, HOST, 3, &handle),
                     GNTST_general_error);
    assert_int_equal(grant_map_at(dom0, guest, 256, HOST, 3, &handle),
                     GNTST_bad_gntref);
}

/* It reads as granted_frame 0x...: numbers of 64 bits may not lose their upper
 * half. */
static void frame_numbers_past_32_bits_are_no_frames(void **state)
{
    grant_handle_t handle;

    (void)state;
    give(8, GTF_permit_access, granted_frame.number | 1UL << 32);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle),
                     GNTST_bad_page);
    assert_int_equal(status_of(guest, 8), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void a_pinned_entry_is_what_it_was(void **state)
{
    grant_handle_t handle, second;

    (void)state;
    give(8, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    give_way(guest, 8, GTF_transitive, 6, 8);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 4, &second), 0);
    assert_int_equal(world_page_refs(granted_frame), 3);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 5, &second),
                     GNTST_general_error);
    /* The writers' flag went, the readers' stays. */
    assert_int_equal(status_of(guest, 8), GTF_reading);
}

/* -- versions -------------------------------------------------------------- */

static void the_reserved_entries_are_carried_over(void **state)
{
    grant_handle_t handle;
    grant_entry_v1_t before;

    (void)state;
    grant_give(other, 3, 0, world_page(other), GTF_permit_access);
    grant_give(other, 7, 0, granted_frame, GTF_accept_transfer);
    grant_give(other, 20, 0, granted_frame,
               GTF_permit_access); /* where 10 will be */
    assert_int_equal(grant_map_at(dom0, other, 3, HOST, 3, &handle), 0);
    before = *grant_entry(other, 3);
    assert_int_equal(grant_set_version(other, 2), 0);
    assert_int_equal(entry_v2(other->grant, 3)->hdr.flags, GTF_permit_access);
    assert_int_equal(entry_v2(other->grant, 3)->full_page.frame, before.frame);
    assert_int_equal(status_of(other, 3), USE);
    assert_int_equal(entry_v2(other->grant, 7)->hdr.flags, GTF_accept_transfer);
    assert_int_equal(entry_v2(other->grant, 10)->hdr.flags, 0);
    entry_v2(other->grant, 10)->hdr.flags = GTF_permit_access;
    assert_int_equal(grant_set_version(other, 1), 0);
    assert_memory_equal(grant_entry(other, 3), &before, sizeof(before));
    /* Transfers are not carried back. */
    assert_int_equal(grant_flags(other, 7), 0);
    assert_int_equal(grant_flags(other, 20), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), 0);
    assert_int_equal(grant_flags(other, 3), GTF_permit_access);
}

static void the_status_follows_an_unmap_in_the_other_version(void **state)
{
    grant_handle_t handle;

    (void)state;
    grant_give(other, 3, 0, world_page(other), GTF_permit_access);
    assert_int_equal(grant_map_at(dom0, other, 3, HOST, 3, &handle), 0);
    assert_int_equal(grant_set_version(other, 2), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), 0);
    assert_int_equal(status_of(other, 3), 0);
}

static void a_table_in_use_keeps_its_version(void **state)
{
    grant_handle_t handle;

    (void)state;
    give(8, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
    assert_int_equal(grant_set_version(guest, 1), -XEN_EBUSY);
    assert_int_equal(grant_set_version(guest, 2), 0);
    assert_int_equal(grant_unmap_at(dom0, 3, handle), 0);
    assert_int_equal(grant_set_version(guest, 1), 0);
}

static void mapped_status_frames_keep_the_version(void **state)
{
    struct page *page = page_of(machine_mfn_of(status_v2(guest->grant, 0)));

    (void)state;
    assert_true(page_get(page_mfn(page), guest));
    give(3, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_set_version(guest, 1), -XEN_EBUSY);
    assert_int_equal(entry_v2(guest->grant, 3)->hdr.flags, GTF_permit_access);
    page_put(page);
    assert_int_equal(grant_set_version(guest, 1), 0);
    assert_int_equal(grant_flags(guest, 3), GTF_permit_access);
}

static void what_version_1_cannot_say_is_erange(void **state)
{
    (void)state;
    give(7, GTF_permit_access, 1UL << 32);
    assert_int_equal(grant_set_version(guest, 1), -XEN_ERANGE);
    give_way(guest, 7, GTF_transitive, 6, 1);
    assert_int_equal(grant_set_version(guest, 1), -XEN_ERANGE);
    assert_int_equal(entry_v2(guest->grant, 7)->transitive.gref, 1);
    give(7, GTF_invalid, 1UL << 32);
    give(8, GTF_permit_access, 1UL << 32);
    assert_int_equal(grant_set_version(guest, 1), 0);
}

static void only_versions_the_domain_may_have(void **state)
{
    struct domain *d = world_domain(9, 1, false);

    (void)state;
    assert_int_equal(grant_set_version(guest, 0), -XEN_EINVAL);
    assert_int_equal(grant_set_version(guest, 3), -XEN_EINVAL);
    assert_int_equal(grant_table_init(d, 4, 1, 1), 0);
    assert_int_equal(grant_set_version(d, 2), -XEN_ENOSYS);
    assert_int_equal(grant_set_version(d, 1), 0);
    assert_int_equal(
        grant_table_max_frames(d, XENMEM_resource_grant_table_id_status), 1);
    grant_table_destroy(d);
}

static void without_memory_the_version_stays(void **state)
{
    (void)state;
    grant_give(other, 9, 0, granted_frame, GTF_permit_access);
    world_heap_fail_after(0);
    assert_int_equal(grant_set_version(other, 2), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_int_equal(grant_flags(other, 9), GTF_permit_access);
    assert_int_equal(other->grant->status_count, 0);
}

/* -- status frames --------------------------------------------------------- */

static int16_t list_status(struct domain *d, uint32_t count, uint64_t *list)
{
    struct gnttab_get_status_frames op = {
        .dom = DOMID_SELF, .nr_frames = count, .status = 77};

    op.frame_list.p = list;
    assert_int_equal(grant_call(d, GNTTABOP_get_status_frames, &op, 1), 0);
    return op.status;
}

static void status_frames_are_listed(void **state)
{
    struct gnttab_get_status_frames op = {.dom = 77, .nr_frames = 1};
    uint64_t list[2] = {0, 77};

    (void)state;
    assert_int_equal(list_status(guest, 0, list), GNTST_okay);
    assert_int_equal(list_status(guest, 1, list), GNTST_okay);
    assert_int_equal(list[0], machine_mfn_of(guest->grant->status[0]).number);
    assert_int_equal(list[1], 77);
    assert_int_equal(list_status(guest, 2, list), GNTST_general_error);
    assert_int_equal(list_status(guest, 1, (uint64_t *)16),
                     GNTST_bad_virt_addr);
    assert_int_equal(list_status(other, 0, list), GNTST_okay);
    assert_int_equal(list_status(other, 1, list), GNTST_general_error);
    assert_int_equal(grant_call(dom0, GNTTABOP_get_status_frames, &op, 1), 0);
    assert_int_equal(op.status, GNTST_bad_domain);
    op.dom = 0;
    assert_int_equal(grant_call(guest, GNTTABOP_get_status_frames, &op, 1), 0);
    assert_int_equal(op.status, GNTST_permission_denied);
}

static void tables_grow_with_their_status(void **state)
{
    struct domain *d = world_domain(9, 1, false);
    mfn_t frames[2];

    (void)state;
    assert_int_equal(grant_table_init(d, 17, 1, 2), 0);
    assert_int_equal(grant_table_acquire(d, 1, 0, 1, frames), -XEN_EINVAL);
    assert_int_equal(grant_table_grow(d, 9), 0);
    assert_int_equal(d->grant->status_count, 0);
    assert_int_equal(grant_set_version(d, 2), 0);
    assert_int_equal(d->grant->status_count, 2);
    world_heap_fail_after(2);
    assert_int_equal(grant_table_grow(d, 17), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_true(status_frames_for(d->grant->frame_count) <=
                d->grant->status_count);
    assert_int_equal(grant_table_acquire(d, 1, 0, 2, frames), 0);
    assert_int_equal(frames[1].number,
                     machine_mfn_of(d->grant->status[1]).number);
    /* A third would need 24 frames. */
    assert_int_equal(grant_table_acquire(d, 1, 2, 1, frames), -XEN_EINVAL);
    assert_int_equal(grant_table_grow(d, 17), 0);
    assert_int_equal(grant_table_acquire(d, 1, 2, 1, frames), 0);
    assert_int_equal(grant_table_acquire(d, 1, 3, 1, frames), -XEN_EINVAL);
    grant_table_destroy(d);
}

/* An allocation that fails between a granted_frame and its status undoes the
 * granted_frame. */
static void a_frame_without_status_does_not_count(void **state)
{
    struct domain *d = world_domain(9, 1, false);

    (void)state;
    assert_int_equal(grant_table_init(d, 17, 1, 2), 0);
    assert_int_equal(grant_table_grow(d, 8), 0);
    assert_int_equal(grant_set_version(d, 2), 0);
    for (unsigned long left = 0; left < 3; left++) {
        world_heap_fail_after(left);
        assert_int_equal(grant_table_grow(d, 9), -XEN_ENOMEM);
        assert_int_equal(d->grant->frame_count, 8);
        assert_int_equal(d->grant->status_count, 1);
    }
    world_heap_fail_after(~0UL);
    assert_int_equal(grant_table_grow(d, 9), 0);
    grant_table_destroy(d);
}

static void swap_takes_the_status_along(void **state)
{
    struct gnttab_swap_grant_ref swap = {.ref_a = 9, .ref_b = 200};

    (void)state;
    give(9, GTF_permit_access, granted_frame.number);
    *status_v2(guest->grant, 9) = 0x8000;
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_okay);
    assert_int_equal(entry_v2(guest->grant, 200)->full_page.frame,
                     granted_frame.number);
    assert_int_equal(entry_v2(guest->grant, 9)->hdr.flags, 0);
    assert_int_equal(status_of(guest, 200), 0x8000);
    assert_int_equal(status_of(guest, 9), 0);
}

/* -- copies ---------------------------------------------------------------- */

static int copy(struct domain *granter, grant_ref_t ref, unsigned int offset,
                unsigned int len, bool write)
{
    static mfn_t mine;
    struct gnttab_copy op = {.len = (uint16_t)len,
                             .flags = write ? GNTCOPY_dest_gref
                                            : GNTCOPY_source_gref,
                             .status = 77};
    struct gnttab_copy_ptr *theirs = write ? &op.dest : &op.source;
    struct gnttab_copy_ptr *ours = write ? &op.source : &op.dest;

    mine = world_page(dom0);
    theirs->u.ref = ref;
    theirs->domid = granter->domid;
    theirs->offset = (uint16_t)offset;
    ours->u.gmfn = mine.number;
    ours->domid = DOMID_SELF;
    memset(machine_map(mine), 0xa5, PAGE_BYTES);
    assert_int_equal(grant_call(dom0, GNTTABOP_copy, &op, 1), 0);
    if (op.status == GNTST_okay) {
        assert_memory_equal((char *)machine_map(granted_frame) + offset,
                            machine_map(mine), len);
    }
    assert_int_equal(world_page_refs(mine), 1);
    return op.status;
}

static void a_part_of_a_page_is_all_there_is(void **state)
{
    (void)state;
    give_part(8, 128, 64);
    for (unsigned int write = 0; write < 2; write++) {
        assert_int_equal(copy(guest, 8, 128, 64, write), GNTST_okay);
        assert_int_equal(copy(guest, 8, 192, 0, write), GNTST_okay);
        assert_int_equal(copy(guest, 8, 127, 1, write), GNTST_general_error);
        assert_int_equal(copy(guest, 8, 192, 1, write), GNTST_general_error);
        assert_int_equal(copy(guest, 8, 128, 65, write), GNTST_general_error);
        assert_int_equal(copy(guest, 8, 4090, 7, write), GNTST_bad_copy_arg);
    }
    give_part(8, 0xffff, 0xffff);
    assert_int_equal(copy(guest, 8, 0, 64, true), GNTST_general_error);
    give_part(8, 4000, 0xffff);
    assert_int_equal(copy(guest, 8, 4000, 96, true), GNTST_okay);
    assert_int_equal(status_of(guest, 8), 0);
}

static void parts_and_ways_are_not_mapped_even_while_copied(void **state)
{
    struct active pinned;
    grant_handle_t handle;

    (void)state;
    give_part(8, 0, PAGE_BYTES);
    assert_int_equal(grant_pin(guest, 8, 0, false, PIN_COPY, &pinned), 0);
    give(8, GTF_permit_access, granted_frame.number);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle),
                     GNTST_general_error);
    grant_unpin(guest, 8, false);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST | RO, 3, &handle), 0);
}

/* -- by way of another domain ---------------------------------------------- */

/* dom0 may use entry 8 of other, which leads to entry 8 of guest. */
static void make_way(uint16_t flags)
{
    grant_entry_v2_t entry = {.full_page = {.frame = granted_frame.number}};

    assert_int_equal(grant_set_version(other, 2), 0);
    grant_give_v2(guest, 8, 6, GTF_permit_access, entry);
    give_way(other, 8, (uint16_t)(GTF_transitive | flags), 5, 8);
}

static void assert_way_unused(void)
{
    assert_int_equal(status_of(other, 8), 0);
    assert_int_equal(status_of(guest, 8), 0);
    assert_int_equal(world_page_refs(granted_frame), 1);
    assert_int_equal(atomic_load(&guest->refs), 1);
    assert_int_equal(atomic_load(&other->refs), 1);
    assert_int_equal(grant_audit_all(), 0);
}

static void a_way_leads_to_anothers_page(void **state)
{
    struct active pinned;

    (void)state;
    make_way(0);
    assert_int_equal(copy(other, 8, 0, 64, false), GNTST_okay);
    assert_int_equal(copy(other, 8, 64, 64, true), GNTST_okay);
    assert_way_unused();
    /* While it is used both owners see that. */
    assert_int_equal(grant_pin(other, 8, 0, true, PIN_COPY, &pinned), 0);
    assert_int_equal(pinned.kind, GRANT_TRANSITIVE);
    assert_int_equal(copy(other, 8, 64, 64, true), GNTST_okay);
    assert_int_equal(status_of(other, 8), USE);
    assert_int_equal(status_of(guest, 8), 0);
    grant_unpin(other, 8, true);
    assert_way_unused();
}

static void a_way_is_no_wider_than_either_entry(void **state)
{
    grant_entry_v2_t part = {.sub_page = {.page_off = 64,
                                          .length = 64,
                                          .frame = granted_frame.number}};
    grant_handle_t handle;

    (void)state;
    make_way(GTF_readonly);
    assert_int_equal(copy(other, 8, 0, 64, true), GNTST_general_error);
    assert_int_equal(copy(other, 8, 0, 64, false), GNTST_okay);
    make_way(0);
    entry_v2(guest->grant, 8)->hdr.flags |= GTF_readonly;
    assert_int_equal(copy(other, 8, 0, 64, true), GNTST_general_error);
    assert_int_equal(copy(other, 8, 0, 64, false), GNTST_okay);
    grant_give_v2(guest, 8, 6, GTF_permit_access | GTF_sub_page, part);
    assert_int_equal(copy(other, 8, 0, 64, false), GNTST_general_error);
    assert_int_equal(copy(other, 8, 64, 64, false), GNTST_okay);
    assert_int_equal(grant_map_at(dom0, other, 8, HOST | RO, 3, &handle),
                     GNTST_general_error);
    assert_way_unused();
}

static void ways_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    make_way(0);
    give_way(other, 8, GTF_transitive, 6, 8);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    grant_give_v2(
        other, 9, 6, GTF_permit_access,
        (grant_entry_v2_t){.full_page = {.frame = world_page(other).number}});
    give_way(other, 8, GTF_transitive, 6, 9);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    give_way(other, 8, GTF_transitive, 77, 8);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    give_way(other, 8, GTF_transitive, DOMID_XEN, 8);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    give_way(other, 8, GTF_transitive, 5, 9999);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_bad_gntref);
    give_way(other, 8, GTF_transitive, 5, 9);
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    /* A way to a way, and a way round. */
    give_way(other, 8, GTF_transitive, 5, 8);
    give_way(guest, 8, GTF_transitive, 6, 8);
    entry_v2(guest->grant, 8)->hdr.domid = 6;
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    assert_way_unused();
    make_way(0);
    grant_options.no_transitive = true;
    assert_int_equal(copy(other, 8, 0, 8, false), GNTST_general_error);
    grant_options.no_transitive = false;
    assert_way_unused();
}

/* A grant given on to the one who gave it. */
static void a_way_may_lead_back_to_the_caller(void **state)
{
    mfn_t mine = world_page(dom0);

    (void)state;
    make_way(0);
    grant_give(dom0, 9, 6, mine, GTF_permit_access);
    give_way(other, 8, GTF_transitive, 0, 9);
    granted_frame = mine;
    assert_int_equal(copy(other, 8, 0, 8, true), GNTST_okay);
    assert_int_equal(grant_flags(dom0, 9), GTF_permit_access);
    assert_int_equal(world_page_refs(mine), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, grant_teardown)
        TEST(use_shows_in_the_status_and_not_in_the_entry),
        TEST(what_an_entry_does_not_permit_leaves_no_status),
        TEST(frame_numbers_past_32_bits_are_no_frames),
        TEST(a_pinned_entry_is_what_it_was),
        TEST(the_reserved_entries_are_carried_over),
        TEST(the_status_follows_an_unmap_in_the_other_version),
        TEST(a_table_in_use_keeps_its_version),
        TEST(mapped_status_frames_keep_the_version),
        TEST(what_version_1_cannot_say_is_erange),
        TEST(only_versions_the_domain_may_have),
        TEST(without_memory_the_version_stays),
        TEST(status_frames_are_listed),
        TEST(tables_grow_with_their_status),
        TEST(a_frame_without_status_does_not_count),
        TEST(swap_takes_the_status_along),
        TEST(a_part_of_a_page_is_all_there_is),
        TEST(parts_and_ways_are_not_mapped_even_while_copied),
        TEST(a_way_leads_to_anothers_page),
        TEST(a_way_is_no_wider_than_either_entry),
        TEST(ways_that_lead_nowhere_are_refused),
        TEST(a_way_may_lead_back_to_the_caller),
    };

    return cmocka_run_group_tests_name("grant_version", tests, NULL, NULL);
}
