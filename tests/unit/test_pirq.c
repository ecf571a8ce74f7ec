/* SPDX-License-Identifier: MIT */
/*
 * Pirqs: mapping, binding, masks and EOIs of level lines, sharing, storms,
 * the EOI map, and domains that die with lines bound.
 */
#include "pirq.h"

#include <string.h>

#include "line_world.h"
#include "mm.h"

#include <xen/physdev.h>

/* -- mapping --------------------------------------------------------------- */

static void a_gsi_is_mapped_under_its_own_number(void **state)
{
    unsigned int pirq = 9;
    unsigned int irq;

    (void)state;
    assert_int_equal(pirq_to_irq(dom0, 9, &irq), -XEN_EINVAL);
    assert_int_equal(pirq_map_gsi(dom0, dom0, 9, &pirq), 0);
    assert_int_equal(pirq_to_irq(dom0, 9, &irq), 0);
    assert_int_equal(irq, 9);
    assert_int_equal(pirq_to_irq(dom0, ~0U, &irq), -XEN_EINVAL);
}

static void mapping_a_gsi_again_gives_the_same_number(void **state)
{
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    map(dom0, 9);
    assert_int_equal(pirq_map_gsi(dom0, dom0, 9, &pirq), 0);
    assert_int_equal(pirq, 9);
    pirq = 10;
    assert_int_equal(pirq_map_gsi(dom0, dom0, 9, &pirq), -XEN_EEXIST);
}

static void a_number_in_use_is_eexist(void **state)
{
    unsigned int pirq = 9;

    (void)state;
    map(dom0, 9);
    assert_int_equal(pirq_map_gsi(dom0, dom0, 10, &pirq), -XEN_EEXIST);
}

static void bad_gsis_and_numbers_are_einval(void **state)
{
    unsigned int pirq = 9;

    (void)state;
    assert_int_equal(pirq_map_gsi(dom0, dom0, WORLD_GSIS, &pirq), -XEN_EINVAL);
    assert_int_equal(pirq_map_gsi(dom0, dom0, ~0U, &pirq), -XEN_EINVAL);
    pirq = 100000;
    assert_int_equal(pirq_map_gsi(dom0, dom0, 9, &pirq), -XEN_EINVAL);
    assert_int_equal(pirq_unmap(dom0, 9), -XEN_EINVAL);
    assert_int_equal(pirq_unmap(dom0, ~0U), -XEN_EINVAL);
}

static void lines_one_may_not_use_are_eperm(void **state)
{
    unsigned int pirq = 0;

    (void)state;
    assert_int_equal(pirq_map_gsi(dom0, dom0, 0, &pirq), -XEN_EPERM);
    pirq = 9;
    assert_int_equal(pirq_map_gsi(guest, guest, 9, &pirq), -XEN_EPERM);
}

static void mapping_grants_and_unmapping_revokes_the_line(void **state)
{
    (void)state;
    map(guest, 10);
    assert_true(rangeset_contains(&guest->irqs, 10, 10));
    assert_int_equal(pirq_unmap(guest, 10), 0);
    assert_false(rangeset_contains(&guest->irqs, 10, 10));
}

static void any_number_for_a_gsi_is_above_the_isa_ones(void **state)
{
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    assert_int_equal(pirq_map_gsi(dom0, guest, 5, &pirq), 0);
    assert_int_equal(pirq, 16);
    for (unsigned int gsi = 6; gsi < 13; gsi++) {
        pirq = PIRQ_ANY;
        assert_int_equal(pirq_map_gsi(dom0, guest, gsi, &pirq), 0);
    }
    pirq = PIRQ_ANY;
    assert_int_equal(pirq_map_gsi(dom0, guest, 13, &pirq), -XEN_ENOSPC);
}

static void mapping_without_memory_is_enomem(void **state)
{
    struct domain d = {.domid = 9};
    unsigned int pirq = 9;

    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(pirq_domain_init(&d), -XEN_ENOMEM);
    assert_int_equal(pirq_map_gsi(dom0, guest, 9, &pirq), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_int_equal(pirq_map_gsi(dom0, guest, 9, &pirq), 0);
}

static void dying_domains_map_nothing(void **state)
{
    struct msi_source source = {.count = 1};
    unsigned int pirq = 9;

    (void)state;
    atomic_store(&guest->dying, DOMAIN_DYING);
    assert_int_equal(pirq_map_gsi(dom0, guest, 9, &pirq), -XEN_EINVAL);
    pirq = PIRQ_ANY;
    assert_int_equal(pirq_map_msi(guest, &source, &pirq), -XEN_EINVAL);
}

static void an_msi_gets_a_number_from_the_top(void **state)
{
    struct msi_source source = {.bus = 3, .devfn = 8, .count = 1};
    unsigned int pirq = PIRQ_ANY;
    unsigned int irq;

    (void)state;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), 0);
    assert_int_equal(pirq, WORLD_GSIS + 256 - 1);
    assert_int_equal(pirq_to_irq(dom0, pirq, &irq), 0);
    assert_true(world_irq(irq)->msi);
    assert_int_equal(world_irq(irq)->source.bus, 3);
    assert_true(rangeset_contains(&dom0->irqs, irq, irq));
    assert_int_equal(pirq_unmap(dom0, pirq), 0);
    assert_false(world_irq(irq)->msi);
    assert_false(rangeset_contains(&dom0->irqs, irq, irq));
}

static void msi_groups_come_and_go_whole(void **state)
{
    struct msi_source source = {.count = 4};
    unsigned int pirq = PIRQ_ANY;
    unsigned int first;
    unsigned int irq;

    (void)state;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), 0);
    assert_int_equal(pirq_to_irq(dom0, pirq, &first), 0);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(pirq_to_irq(dom0, pirq + i, &irq), 0);
        assert_int_equal(irq, first + i);
    }
    assert_int_equal(pirq_unmap(dom0, pirq + 1), -XEN_EINVAL);
    assert_int_equal(pirq_unmap(dom0, pirq), 0);
    assert_int_equal(pirq_to_irq(dom0, pirq + 3, &irq), -XEN_EINVAL);
    assert_false(world_irq(first + 3)->msi);
}

static void bad_msis_are_refused(void **state)
{
    struct msi_source source = {.count = 0};
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_EINVAL);
    source.count = 33;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_EINVAL);
    source.count = 2;
    pirq = WORLD_GSIS + 256 - 1;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_EINVAL);
    pirq = 100000;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_EINVAL);
    map(dom0, 9);
    pirq = 8;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_EEXIST);
    world_fail_msi(true);
    pirq = PIRQ_ANY;
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), -XEN_ENODEV);
}

static void msi_numbers_run_out(void **state)
{
    struct msi_source source = {.count = 32};
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    assert_int_equal(pirq_map_msi(guest, &source, &pirq), 0);
    source.count = 1;
    pirq = PIRQ_ANY;
    assert_int_equal(pirq_map_msi(guest, &source, &pirq), -XEN_ENOSPC);
}

static void msi_without_memory_is_torn_down(void **state)
{
    struct msi_source source = {.count = 1};
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(pirq_map_msi(guest, &source, &pirq), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_false(world_irq(WORLD_GSIS)->msi);
}

static void reserved_numbers_are_not_chosen(void **state)
{
    struct msi_source source = {.count = 1};
    unsigned int reserved;
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    assert_int_equal(pirq_reserve(guest, true, &reserved), 0);
    assert_int_equal(pirq_map_msi(guest, &source, &pirq), 0);
    assert_int_equal(pirq, reserved - 1);
    assert_int_equal(pirq_map_msi(guest, &source, &reserved), 0);
    for (unsigned int i = 16; i < WORLD_GSIS; i++) {
        assert_int_equal(pirq_reserve(guest, false, &pirq), 0);
        assert_int_equal(pirq, i);
    }
    assert_int_equal(pirq_reserve(guest, false, &pirq), -XEN_ENOSPC);
}

/* -- binding --------------------------------------------------------------- */

static void binding_enables_and_unmasks_the_line(void **state)
{
    struct evtchn_status status = {.dom = DOMID_SELF};
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    assert_int_equal(bind_port(dom0, 4, false, &port), 0);
    assert_true(world_irq(4)->enabled);
    assert_false(world_irq(4)->masked);
    status.port = port;
    assert_int_equal(world_call(dom0->vcpu[0], hc_event_channel_op,
                                EVTCHNOP_status, WORLD_VA(&status), 0),
                     0);
    assert_int_equal(status.status, EVTCHNSTAT_pirq);
    assert_int_equal(status.u.pirq, 4);
    assert_int_equal(close_port(dom0, port), 0);
    assert_false(world_irq(4)->enabled);
    assert_true(world_irq(4)->masked);
}

static void binding_errors_leave_nothing_behind(void **state)
{
    evtchn_port_t port;
    evtchn_port_t again;

    (void)state;
    assert_int_equal(bind_port(dom0, 4, false, &port), -XEN_EPERM);
    assert_int_equal(bind_port(dom0, ~0U, false, &port), -XEN_EINVAL);
    map(dom0, 4);
    world_fail_irq_enable(true);
    assert_int_equal(bind_port(dom0, 4, false, &port), -XEN_ENOSPC);
    world_fail_irq_enable(false);
    assert_int_equal(dom0->event.active, 0);
    rangeset_remove(&dom0->irqs, 4, 4);
    assert_int_equal(bind_port(dom0, 4, false, &port), -XEN_EPERM);
    rangeset_add(&dom0->irqs, 4, 4);
    assert_int_equal(bind_port(dom0, 4, false, &port), 0);
    assert_int_equal(bind_port(dom0, 4, false, &again), -XEN_EEXIST);
    assert_int_equal(dom0->event.active, 1);
}

static void binding_without_memory_is_enomem(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    world_heap_fail_after(0);
    assert_int_equal(bind_port(dom0, 4, false, &port), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_int_equal(dom0->event.active, 0);
    assert_int_equal(bind_port(dom0, 4, false, &port), 0);
}

static void send_on_a_pirq_port_is_einval(void **state)
{
    evtchn_port_t port = level_line(9);

    (void)state;
    assert_int_equal(evtchn_send(dom0, port), -XEN_EINVAL);
}

/* -- the EOI map ----------------------------------------------------------- */

static void the_eoi_map_shows_level_lines(void **state)
{
    mfn_t mfn = world_page(dom0);
    uint64_t *bits = machine_map(mfn);
    evtchn_port_t port;

    (void)state;
    level_line(9);
    map(dom0, 4);
    bind_port(dom0, 4, false, &port);
    assert_int_equal(pirq_set_eoi_map(dom0, mfn, false), 0);
    assert_int_equal(bits[0], 1UL << 9);
    port = level_line(20);
    assert_int_equal(bits[0], 1UL << 9 | 1UL << 20);
    assert_int_equal(close_port(dom0, port), 0);
    assert_int_equal(bits[0], 1UL << 9);
    assert_int_equal(world_page_type_refs(mfn), 1);
    world_kill(dom0);
    assert_int_equal(world_page_type_refs(mfn), 0);
    assert_int_equal(world_page_refs(mfn), 1);
}

static void an_eoi_map_is_set_once_on_an_own_page(void **state)
{
    mfn_t own = world_page(guest);
    mfn_t other = world_page(dom0);

    (void)state;
    assert_int_equal(pirq_set_eoi_map(guest, other, false), -XEN_EINVAL);
    assert_int_equal(pirq_set_eoi_map(guest, mfn_make(0), false), -XEN_EINVAL);
    assert_int_equal(pirq_set_eoi_map(guest, INVALID_MFN, false), -XEN_EINVAL);
    assert_int_equal(page_get_type(&fake_frame_table[own.number], PAGE_TYPE_L1),
                     0);
    assert_int_equal(pirq_set_eoi_map(guest, own, false), -XEN_EINVAL);
    page_put_type(&fake_frame_table[own.number]);
    assert_int_equal(pirq_set_eoi_map(guest, own, false), 0);
    assert_int_equal(pirq_set_eoi_map(guest, own, false), -XEN_EBUSY);
    assert_int_equal(world_page_type_refs(own), 1);
    assert_int_equal(world_page_refs(other), 1);
}

static void the_old_eoi_map_unmasks_with_the_eoi(void **state)
{
    mfn_t mfn = world_page(dom0);
    evtchn_port_t port = level_line(9);

    (void)state;
    assert_int_equal(pirq_set_eoi_map(dom0, mfn, true), 0);
    dom0->shared->evtchn_mask[0] |= 1UL << port;
    world_fire(9);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(dom0->shared->evtchn_mask[0], 0);
}

static void status_of_bad_pirqs_is_einval(void **state)
{
    uint32_t flags;

    (void)state;
    assert_int_equal(pirq_status(dom0, 5000, &flags), -XEN_EINVAL);
    assert_int_equal(pirq_status(dom0, 5, &flags), 0);
    assert_int_equal(flags, XENIRQSTAT_needs_eoi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, line_setup, world_teardown)
        TEST(a_gsi_is_mapped_under_its_own_number),
        TEST(mapping_a_gsi_again_gives_the_same_number),
        TEST(a_number_in_use_is_eexist),
        TEST(bad_gsis_and_numbers_are_einval),
        TEST(lines_one_may_not_use_are_eperm),
        TEST(mapping_grants_and_unmapping_revokes_the_line),
        TEST(any_number_for_a_gsi_is_above_the_isa_ones),
        TEST(mapping_without_memory_is_enomem),
        TEST(dying_domains_map_nothing),
        TEST(an_msi_gets_a_number_from_the_top),
        TEST(msi_groups_come_and_go_whole),
        TEST(bad_msis_are_refused),
        TEST(msi_numbers_run_out),
        TEST(msi_without_memory_is_torn_down),
        TEST(reserved_numbers_are_not_chosen),
        TEST(binding_enables_and_unmasks_the_line),
        TEST(binding_errors_leave_nothing_behind),
        TEST(binding_without_memory_is_enomem),
        TEST(send_on_a_pirq_port_is_einval),
        TEST(the_eoi_map_shows_level_lines),
        TEST(an_eoi_map_is_set_once_on_an_own_page),
        TEST(the_old_eoi_map_unmasks_with_the_eoi),
        TEST(status_of_bad_pirqs_is_einval),
    };

    return cmocka_run_group_tests_name("pirq", tests, NULL, NULL);
}
