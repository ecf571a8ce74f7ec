/* SPDX-License-Identifier: MIT */
/*
 * Grant tables as objects: limits, growth, the short commands, and who may
 * look at whose table.
 */
#include "grant_world.h"

#include <string.h>

#include <xen/memory.h>

#define ENTRIES_PER_FRAME (PAGE_BYTES / sizeof(grant_entry_v1_t))

static long setup_table(struct domain *d, domid_t dom, uint32_t frames,
                        xen_pfn_t *list, int16_t *status)
{
    struct gnttab_setup_table op = {
        .dom = dom, .nr_frames = frames, .status = 77};
    long rc;

    op.frame_list.p = list;
    rc = grant_call(d, GNTTABOP_setup_table, &op, 1);
    *status = op.status;
    return rc;
}

static struct gnttab_query_size query(struct domain *d, domid_t dom)
{
    struct gnttab_query_size op = {.dom = dom, .status = 77};

    assert_int_equal(grant_call(d, GNTTABOP_query_size, &op, 1), 0);
    return op;
}

static void a_fresh_table_has_one_frame_of_four(void **state)
{
    struct gnttab_query_size size = query(guest, DOMID_SELF);

    (void)state;
    assert_int_equal(size.status, GNTST_okay);
    assert_int_equal(size.nr_frames, 1);
    assert_int_equal(size.max_nr_frames, 4);
}

static void setup_names_frames_the_guest_owns(void **state)
{
    xen_pfn_t list[4] = {0};
    int16_t status;

    (void)state;
    assert_int_equal(setup_table(guest, DOMID_SELF, 3, list, &status), 0);
    assert_int_equal(status, GNTST_okay);
    assert_int_equal(list[3], 0);
    for (unsigned int i = 0; i < 3; i++) {
        const struct page *page = &fake_frame_table[list[i]];

        assert_int_equal(page_owner(page), 5);
        assert_true(atomic_load(&page->count) & PAGE_COUNT_XEN);
        assert_false(atomic_load(&page->count) & PAGE_COUNT_READONLY);
        assert_ptr_equal(
            machine_map(mfn_make(list[i])),
            grant_entry(guest, (grant_ref_t)(i * ENTRIES_PER_FRAME)));
    }
    assert_int_equal(query(guest, DOMID_SELF).nr_frames, 3);
    /* It does not shrink. */
    assert_int_equal(setup_table(guest, DOMID_SELF, 1, list, &status), 0);
    assert_int_equal(query(guest, DOMID_SELF).nr_frames, 3);
}

static void setup_stops_at_the_limit(void **state)
{
    xen_pfn_t list[8] = {0};
    int16_t status;

    (void)state;
    setup_table(guest, DOMID_SELF, 5, list, &status);
    assert_int_equal(status, GNTST_general_error);
    setup_table(guest, DOMID_SELF, ~0U, list, &status);
    assert_int_equal(status, GNTST_general_error);
    assert_int_equal(query(guest, DOMID_SELF).nr_frames, 1);
    setup_table(guest, DOMID_SELF, 4, list, &status);
    assert_int_equal(status, GNTST_okay);
}

static void setup_without_memory_is_a_general_error(void **state)
{
    xen_pfn_t list[4];
    int16_t status;

    (void)state;
    for (unsigned long left = 0; left < 2; left++) {
        world_heap_fail_after(left);
        setup_table(guest, DOMID_SELF, 2, list, &status);
        assert_int_equal(status, GNTST_general_error);
    }
    world_heap_fail_after(~0UL);
    assert_int_equal(query(guest, DOMID_SELF).nr_frames, 1);
    setup_table(guest, DOMID_SELF, 2, list, &status);
    assert_int_equal(status, GNTST_okay);
}

static void setup_reports_a_bad_list(void **state)
{
    int16_t status;

    (void)state;
    assert_int_equal(setup_table(guest, DOMID_SELF, 1, (void *)16, &status), 0);
    assert_int_equal(status, GNTST_bad_virt_addr);
    assert_int_equal(
        setup_table(guest, DOMID_SELF, 1, (void *)0xffff800000000000, &status),
        -XEN_EFAULT);
}

static void dom0_may_set_up_and_ask_for_others(void **state)
{
    xen_pfn_t list[4];
    int16_t status;

    (void)state;
    setup_table(dom0, 5, 2, list, &status);
    assert_int_equal(status, GNTST_okay);
    assert_int_equal(query(dom0, 5).nr_frames, 2);
    setup_table(dom0, 99, 2, list, &status);
    assert_int_equal(status, GNTST_bad_domain);
    assert_int_equal(query(dom0, 99).status, GNTST_bad_domain);
}

static void guests_may_not_touch_others_tables(void **state)
{
    struct gnttab_get_version version = {.dom = 0};
    xen_pfn_t list[4];
    int16_t status;

    (void)state;
    setup_table(guest, 0, 2, list, &status);
    assert_int_equal(status, GNTST_permission_denied);
    assert_int_equal(query(guest, 6).status, GNTST_permission_denied);
    assert_int_equal(grant_call(guest, GNTTABOP_get_version, &version, 1),
                     -XEN_EPERM);
    assert_int_equal(query(dom0, DOMID_SELF).nr_frames, 1);
}

static void get_version_tells_of_domains_that_are(void **state)
{
    struct gnttab_get_version get = {.dom = DOMID_SELF};

    (void)state;
    assert_int_equal(grant_call(guest, GNTTABOP_get_version, &get, 1), 0);
    assert_int_equal(get.version, 1);
    get.dom = 77;
    assert_int_equal(grant_call(dom0, GNTTABOP_get_version, &get, 1),
                     -XEN_ESRCH);
}

static void swap_exchanges_unused_entries(void **state)
{
    struct gnttab_swap_grant_ref swap = {.ref_a = 3, .ref_b = 511};
    mfn_t mfn = world_page(guest);
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 3, 0, mfn, GTF_permit_access);
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_okay);
    assert_int_equal(grant_flags(guest, 3), 0);
    assert_int_equal(grant_entry(guest, 511)->frame, mfn.number);
    assert_int_equal(
        grant_map_at(dom0, guest, 511, GNTMAP_host_map, 0, &handle), 0);
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_eagain);
    swap = (struct gnttab_swap_grant_ref){.ref_a = 511, .ref_b = 3};
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_eagain);
    swap.ref_b = 511;
    swap.ref_a = 512;
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_bad_gntref);
    swap.ref_a = 4;
    swap.ref_b = ~0U;
    assert_int_equal(grant_call(guest, GNTTABOP_swap_grant_ref, &swap, 1), 0);
    assert_int_equal(swap.status, GNTST_bad_gntref);
}

static void other_commands_are_refused_as_xen_does(void **state)
{
    uint8_t arg[64] = {0};

    (void)state;
    assert_int_equal(grant_call(guest, GNTTABOP_dump_table, arg, 1),
                     -XEN_ENOSYS);
    assert_int_equal(grant_call(guest, 13, arg, 1), -XEN_ENOSYS);
    assert_int_equal(grant_call(guest, 0xfff, arg, 1), -XEN_ENOSYS);
    assert_int_equal(grant_call(guest, ~0U, arg, 1), -XEN_EINVAL);
    assert_int_equal(grant_call(guest, GNTTABOP_copy | 1U << 12, arg, 1),
                     -XEN_EINVAL);
}

static void negative_counts_are_einval(void **state)
{
    uint8_t arg[64] = {0};

    (void)state;
    for (unsigned int command = 0; command < 13; command++) {
        assert_int_equal(grant_call(guest, command, arg, 0x80000000U),
                         -XEN_EINVAL);
    }
}

static void single_commands_take_one_element(void **state)
{
    static const unsigned int single[] = {
        GNTTABOP_setup_table, GNTTABOP_query_size, GNTTABOP_get_status_frames};
    uint8_t arg[64] = {0};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(single); i++) {
        assert_int_equal(grant_call(guest, single[i], arg, 0), -XEN_EINVAL);
        assert_int_equal(grant_call(guest, single[i], arg, 2), -XEN_EINVAL);
    }
}

static void bad_addresses_are_efault(void **state)
{
    static const unsigned int commands[] = {GNTTABOP_map_grant_ref,
                                            GNTTABOP_unmap_grant_ref,
                                            GNTTABOP_setup_table,
                                            GNTTABOP_transfer,
                                            GNTTABOP_copy,
                                            GNTTABOP_query_size,
                                            GNTTABOP_set_version,
                                            GNTTABOP_get_status_frames,
                                            GNTTABOP_get_version,
                                            GNTTABOP_swap_grant_ref,
                                            GNTTABOP_unmap_and_replace};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(commands); i++) {
        assert_int_equal(grant_call(guest, commands[i], (void *)16, 1),
                         -XEN_EFAULT);
    }
}

static void results_that_cannot_be_written_are_efault(void **state)
{
    static const unsigned int commands[] = {
        GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref,
        GNTTABOP_transfer,      GNTTABOP_copy,
        GNTTABOP_query_size,    GNTTABOP_swap_grant_ref};
    uint64_t arg[8] = {0};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(commands); i++) {
        world_copy_fail_after(1);
        assert_int_equal(grant_call(guest, commands[i], arg, 1), -XEN_EFAULT);
    }
    world_copy_fail_after(~0UL);
}

static void the_tools_acquire_and_grow_frames(void **state)
{
    mfn_t frames[2];

    (void)state;
    assert_int_equal(grant_table_acquire(guest, 0, 0, 1, frames), 0);
    assert_ptr_equal(machine_map(frames[0]), grant_entry(guest, 0));
    assert_int_equal(grant_table_acquire(guest, 0, 2, 2, frames), 0);
    assert_int_equal(query(guest, DOMID_SELF).nr_frames, 4);
    assert_int_equal(grant_table_acquire(guest, 0, 3, 2, frames), -XEN_EINVAL);
    assert_int_equal(grant_table_acquire(guest, 0, ~0UL, 2, frames),
                     -XEN_EINVAL);
    assert_int_equal(grant_table_acquire(guest, 1, 0, 1, frames), -XEN_EINVAL);
    assert_int_equal(grant_table_acquire(guest, 9, 0, 1, frames), -XEN_EINVAL);
    assert_int_equal(
        grant_table_max_frames(guest, XENMEM_resource_grant_table_id_shared),
        4);
    assert_int_equal(
        grant_table_max_frames(guest, XENMEM_resource_grant_table_id_status),
        1);
    world_heap_fail_after(0);
    assert_int_equal(grant_table_acquire(other, 0, 1, 1, frames), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    atomic_store(&other->dying, DOMAIN_DYING);
    assert_int_equal(grant_table_acquire(other, 0, 0, 1, frames), -XEN_EINVAL);
}

static void dying_domains_set_nothing_up(void **state)
{
    xen_pfn_t list[4];
    int16_t status;

    (void)state;
    atomic_store(&guest->dying, DOMAIN_DYING);
    setup_table(dom0, 5, 2, list, &status);
    assert_int_equal(status, GNTST_general_error);
}

static void init_checks_its_limits(void **state)
{
    struct domain *d = world_domain(9, 1, false);

    (void)state;
    assert_int_equal(grant_table_init(d, 0, 1, 1), -XEN_EINVAL);
    assert_int_equal(grant_table_init(d, 65, 1, 1), -XEN_EINVAL);
    assert_int_equal(grant_table_init(d, 1, 1025, 1), -XEN_EINVAL);
    assert_int_equal(grant_table_init(d, 1, 1, 0), -XEN_EINVAL);
    assert_int_equal(grant_table_init(d, 1, 1, 3), -XEN_EINVAL);
    grant_options.max_version = 1;
    assert_int_equal(grant_table_init(d, 1, 1, 2), -XEN_EINVAL);
    grant_options = (struct grant_options)GRANT_OPTIONS_DEFAULT;
    grant_options.max_frames = 100000;
    assert_int_equal(grant_table_init(d, 1025, 1, 1), -XEN_EINVAL);
    grant_options = (struct grant_options)GRANT_OPTIONS_DEFAULT;
    assert_null(d->grant);
    for (unsigned long left = 0; left < 7; left++) {
        world_heap_fail_after(left);
        assert_int_equal(grant_table_init(d, 4, 1, 1), -XEN_ENOMEM);
        assert_null(d->grant);
    }
    world_heap_fail_after(~0UL);
    assert_int_equal(grant_table_init(d, 4, 0, 1), 0);
    grant_table_destroy(d);
    grant_table_destroy(d);
    assert_int_equal(grant_table_init(d, -1, -1, 2), 0);
    assert_int_equal(
        grant_table_max_frames(d, XENMEM_resource_grant_table_id_shared), 64);
    assert_int_equal(
        grant_table_max_frames(d, XENMEM_resource_grant_table_id_status), 8);
    grant_table_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, grant_setup, grant_teardown)
        TEST(a_fresh_table_has_one_frame_of_four),
        TEST(setup_names_frames_the_guest_owns),
        TEST(setup_stops_at_the_limit),
        TEST(setup_without_memory_is_a_general_error),
        TEST(setup_reports_a_bad_list),
        TEST(dom0_may_set_up_and_ask_for_others),
        TEST(guests_may_not_touch_others_tables),
        TEST(get_version_tells_of_domains_that_are),
        TEST(swap_exchanges_unused_entries),
        TEST(other_commands_are_refused_as_xen_does),
        TEST(negative_counts_are_einval),
        TEST(single_commands_take_one_element),
        TEST(bad_addresses_are_efault),
        TEST(results_that_cannot_be_written_are_efault),
        TEST(the_tools_acquire_and_grow_frames),
        TEST(dying_domains_set_nothing_up),
        TEST(init_checks_its_limits),
    };

    return cmocka_run_group_tests_name("grant_table", tests, NULL, NULL);
}
