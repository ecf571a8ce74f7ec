/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: masks and EOIs of level lines, sharing, storms, and races of
 * interrupts with binding.
 */
#include "pirq.h"

#include <string.h>

#include "line_world.h"

#include "../../xen-lite/event/irq_line.h"
#include "mm.h"

#include <xen/physdev.h>

static bool take(struct domain *d, evtchn_port_t port)
{
    uint64_t bit = 1UL << (port % 64);
    bool was = (d->shared->evtchn_pending[port / 64] & bit) != 0;

    d->shared->evtchn_pending[port / 64] &= ~bit;
    return was;
}

/* -- interrupts ------------------------------------------------------------ */

static void an_edge_line_fires_at_once_again(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    assert_int_equal(bind_port(dom0, 4, false, &port), 0);
    assert_true(world_fire(4));
    assert_true(take(dom0, port));
    assert_true(world_fire(4));
    assert_true(take(dom0, port));
    assert_int_equal(pirq_eoi(dom0, 4), 0);
    assert_int_equal(world_irq(4)->eois, 0);
}

static void a_level_line_waits_for_its_eoi(void **state)
{
    evtchn_port_t port = level_line(9);

    (void)state;
    assert_true(world_fire(9));
    assert_true(take(dom0, port));
    assert_false(world_fire(9));
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(world_irq(9)->eois, 1);
    assert_true(world_fire(9));
    assert_true(take(dom0, port));
}

static void an_eoi_too_many_does_nothing(void **state)
{
    (void)state;
    level_line(9);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(world_irq(9)->eois, 0);
    world_fire(9);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(world_irq(9)->eois, 1);
}

static void bad_eois_are_einval(void **state)
{
    (void)state;
    assert_int_equal(pirq_eoi(dom0, 9), -XEN_EINVAL);
    assert_int_equal(pirq_eoi(dom0, ~0U), -XEN_EINVAL);
    map(dom0, 9);
    assert_int_equal(pirq_eoi(dom0, 9), -XEN_EINVAL);
}

static void closing_a_line_that_owes_an_eoi_leaves_it_clean(void **state)
{
    evtchn_port_t port = level_line(9);

    (void)state;
    world_fire(9);
    assert_int_equal(close_port(dom0, port), 0);
    assert_int_equal(bind_port(dom0, 9, false, &port), 0);
    assert_true(world_fire(9));
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_int_equal(world_irq(9)->eois, 1);
}

static void an_unmapped_line_is_unbound_and_its_port_closes(void **state)
{
    evtchn_port_t port = level_line(9);
    evtchn_port_t fresh;

    (void)state;
    assert_int_equal(pirq_unmap(dom0, 9), 0);
    assert_false(world_irq(9)->enabled);
    rangeset_add(&dom0->irqs, 9, 9);
    map(dom0, 9);
    assert_int_equal(bind_port(dom0, 9, false, &fresh), 0);
    /* The old port must not take the new binding with it. */
    assert_int_equal(close_port(dom0, port), 0);
    assert_true(world_irq(9)->enabled);
    assert_true(world_fire(9));
    assert_true(take(dom0, fresh));
}

static void interrupts_of_unknown_lines_are_masked(void **state)
{
    (void)state;
    world_irq(30)->enabled = true;
    assert_true(world_fire(30));
    assert_true(world_irq(30)->masked);
}

static void an_interrupt_after_unbinding_is_dropped(void **state)
{
    evtchn_port_t port = level_line(9);

    (void)state;
    assert_int_equal(close_port(dom0, port), 0);
    pirq_interrupt(9);
    assert_false(take(dom0, port));
}

static void bind_vcpu_moves_the_interrupt(void **state)
{
    struct evtchn_bind_vcpu move = {.vcpu = 1};

    (void)state;
    atomic_store(&dom0->vcpu[1]->sched.cpu, 3);
    move.port = level_line(9);
    assert_int_equal(world_irq(9)->cpu, 0);
    assert_int_equal(world_call(dom0->vcpu[0], hc_event_channel_op,
                                EVTCHNOP_bind_vcpu, WORLD_VA(&move), 0),
                     0);
    assert_int_equal(world_irq(9)->cpu, 3);
}

/* -- sharing --------------------------------------------------------------- */

static void both_must_agree_to_share(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 10);
    map(guest, 10);
    assert_int_equal(bind_port(dom0, 10, false, &port), 0);
    assert_int_equal(bind_port(guest, 10, true, &port), -XEN_EBUSY);
    assert_int_equal(guest->event.active, 0);
    map(dom0, 11);
    map(guest, 11);
    assert_int_equal(bind_port(dom0, 11, true, &port), 0);
    assert_int_equal(bind_port(guest, 11, false, &port), -XEN_EBUSY);
    assert_int_equal(bind_port(guest, 11, true, &port), 0);
}

/* Line 11, of both domains. */
static void share_level_line(evtchn_port_t *of_dom0, evtchn_port_t *of_guest)
{
    machine_gsi_setup(11, true, true);
    map(dom0, 11);
    map(guest, 11);
    assert_int_equal(bind_port(dom0, 11, true, of_dom0), 0);
    assert_int_equal(bind_port(guest, 11, true, of_guest), 0);
}

static void a_shared_level_line_waits_for_all(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    uint32_t flags;

    (void)state;
    share_level_line(&a, &b);
    assert_int_equal(pirq_status(guest, 11, &flags), 0);
    assert_int_equal(flags, XENIRQSTAT_needs_eoi | XENIRQSTAT_shared);
    assert_true(world_fire(11));
    assert_true(take(dom0, a));
    assert_true(take(guest, b));
    assert_int_equal(pirq_eoi(dom0, 11), 0);
    assert_int_equal(pirq_eoi(dom0, 11), 0);
    assert_int_equal(world_irq(11)->eois, 0);
    assert_int_equal(pirq_eoi(guest, 11), 0);
    assert_int_equal(world_irq(11)->eois, 1);
}

/* One that never serves the line must not stall the others' device. */
static void a_shared_level_line_waits_a_while_only(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    share_level_line(&a, &b);
    for (unsigned int round = 1; round < 4; round++) {
        assert_true(world_fire(11));
        assert_true(take(dom0, a));
        assert_int_equal(pirq_eoi(dom0, 11), 0);
        world_advance(900000);
        assert_int_equal(world_irq(11)->eois, round - 1);
        world_advance(200000);
        assert_int_equal(world_irq(11)->eois, round);
    }
    /* Too late, and not for the next interrupt either. */
    assert_int_equal(pirq_eoi(guest, 11), 0);
    assert_int_equal(world_irq(11)->eois, 3);
    assert_true(world_fire(11));
    assert_int_equal(pirq_eoi(dom0, 11), 0);
    assert_int_equal(world_irq(11)->eois, 3);
    assert_int_equal(pirq_eoi(guest, 11), 0);
    assert_int_equal(world_irq(11)->eois, 4);
}

/* Alone it stalls itself: its line stays masked as long as it likes. */
static void a_line_of_one_waits_for_ever(void **state)
{
    evtchn_port_t port = level_line(11);

    (void)state;
    assert_true(world_fire(11));
    assert_true(take(dom0, port));
    world_advance(50000000);
    assert_int_equal(world_irq(11)->eois, 0);
    assert_int_equal(pirq_eoi(dom0, 11), 0);
    assert_int_equal(world_irq(11)->eois, 1);
}

static void a_sharer_that_dies_gives_its_eoi(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    machine_gsi_setup(11, true, true);
    map(dom0, 11);
    map(guest, 11);
    assert_int_equal(bind_port(guest, 11, true, &b), 0);
    assert_int_equal(bind_port(dom0, 11, true, &a), 0);
    world_fire(11);
    assert_int_equal(pirq_eoi(dom0, 11), 0);
    assert_int_equal(world_irq(11)->eois, 0);
    world_kill(guest);
    assert_int_equal(world_irq(11)->eois, 1);
    assert_true(world_irq(11)->enabled);
    take(dom0, a);
    assert_true(world_fire(11));
    assert_true(take(dom0, a));
    assert_false(rangeset_contains(&guest->irqs, 11, 11));
}

static void dom0_dying_with_lines_bound_disables_them(void **state)
{
    struct msi_source source = {.count = 2};
    unsigned int pirq = PIRQ_ANY;
    evtchn_port_t port;

    (void)state;
    level_line(9);
    world_fire(9);
    assert_int_equal(pirq_map_msi(dom0, &source, &pirq), 0);
    assert_int_equal(bind_port(dom0, pirq, false, &port), 0);
    world_kill(dom0);
    assert_false(world_irq(9)->enabled);
    assert_false(world_irq(WORLD_GSIS)->enabled);
    assert_false(world_irq(WORLD_GSIS)->msi);
}

static void a_ninth_sharer_is_ebusy(void **state)
{
    evtchn_port_t port;
    evtchn_port_t bound = 0;

    (void)state;
    for (unsigned int i = 0; i < 9; i++) {
        struct domain *d = i == 0 ? dom0 : guest;

        if (i > 1) {
            d = world_domain((domid_t)(20 + i), 1, false);
        }
        map(d, 11);
        assert_int_equal(bind_port(d, 11, true, &port), i < 8 ? 0 : -XEN_EBUSY);
        bound = i == 1 ? port : bound;
    }
    assert_true(world_fire(11));
    assert_true(take(guest, bound));
}

static void a_domain_listens_once(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    assert_int_equal(bind_port(dom0, 4, true, &port), 0);
    assert_int_equal(irq_line_bind(4, dom0, 9, true, 0), -XEN_EBUSY);
    assert_int_equal(irq_line_bind(4, guest, 9, true, 0), 0);
    irq_line_unbind(4, guest);
}

static void a_shared_line_stays_on_its_cpu(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    assert_int_equal(bind_port(dom0, 4, true, &port), 0);
    irq_line_move(4, dom0, 1);
    assert_int_equal(world_irq(4)->cpu, 1);
    assert_int_equal(irq_line_bind(4, guest, 9, true, 0), 0);
    irq_line_move(4, dom0, 0);
    assert_int_equal(world_irq(4)->cpu, 1);
    irq_line_unbind(4, guest);
    irq_line_move(4, dom0, 0);
    assert_int_equal(world_irq(4)->cpu, 0);
}

/* -- storms ---------------------------------------------------------------- */

static void a_storm_is_held_back_for_a_while(void **state)
{
    evtchn_port_t port;
    unsigned int fired = 0;

    (void)state;
    map(dom0, 4);
    bind_port(dom0, 4, false, &port);
    while (fired < 100000 && world_fire(4)) {
        fired++;
    }
    assert_in_range(fired, 1000, 10000);
    assert_true(world_irq(4)->masked);
    assert_non_null(strstr(world_console(), "irq 4"));
    take(dom0, port);
    world_advance(5000000);
    assert_true(world_irq(4)->masked);
    world_advance(6000000);
    assert_false(world_irq(4)->masked);
    /* Interrupts were lost: the guest is to look. */
    assert_true(take(dom0, port));
    assert_true(world_fire(4));
}

static void many_interrupts_over_time_are_no_storm(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    bind_port(dom0, 4, false, &port);
    for (unsigned int i = 0; i < 20000; i++) {
        assert_true(world_fire(4));
        world_advance(10000);
    }
}

static void a_level_storm_ends_with_an_eoi(void **state)
{
    evtchn_port_t port = level_line(9);
    unsigned int fired = 0;

    (void)state;
    while (fired < 100000 && world_fire(9)) {
        fired++;
        pirq_eoi(dom0, 9);
    }
    assert_in_range(fired, 1000, 10000);
    take(dom0, port);
    world_advance(11000000);
    assert_true(take(dom0, port));
    assert_true(world_irq(9)->masked);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_true(world_fire(9));
}

/* One that was on its way while the line was masked makes the storm. */
static void an_eoi_does_not_end_a_storm(void **state)
{
    (void)state;
    level_line(9);
    while (!world_irq(9)->masked || pirq_eoi(dom0, 9) == 0) {
        unsigned long flags = machine_irq_save();

        pirq_interrupt(9);
        pirq_interrupt(9);
        machine_irq_restore(flags);
        if (strstr(world_console(), "irq 9") != NULL) {
            break;
        }
    }
    assert_non_null(strstr(world_console(), "irq 9"));
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_true(world_irq(9)->masked);
    world_advance(11000000);
    assert_int_equal(pirq_eoi(dom0, 9), 0);
    assert_false(world_irq(9)->masked);
}

static void closing_in_a_storm_is_safe(void **state)
{
    evtchn_port_t port;

    (void)state;
    map(dom0, 4);
    bind_port(dom0, 4, false, &port);
    while (world_fire(4)) {
    }
    assert_int_equal(close_port(dom0, port), 0);
    world_advance(20000000);
    assert_false(world_irq(4)->enabled);
    assert_int_equal(bind_port(dom0, 4, false, &port), 0);
    assert_true(world_fire(4));
}

/* -- races ----------------------------------------------------------------- */

static _Atomic bool stop;

static void *firing(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        unsigned long flags = machine_irq_save();

        pirq_interrupt(4);
        machine_irq_restore(flags);
    }
    return NULL;
}

static void *serving(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        (void)pirq_eoi(dom0, 4);
    }
    return NULL;
}

static void interrupts_race_with_binding_and_closing(void **state)
{
    pthread_t thread[2];
    evtchn_port_t port;

    (void)state;
    atomic_store(&stop, false);
    machine_gsi_setup(4, true, false);
    map(dom0, 4);
    bind_port(dom0, 4, false, &port);
    close_port(dom0, port);
    pthread_create(&thread[0], NULL, firing, NULL);
    pthread_create(&thread[1], NULL, serving, NULL);
    for (unsigned int i = 0; i < 3000; i++) {
        assert_int_equal(bind_port(dom0, 4, false, &port), 0);
        assert_int_equal(close_port(dom0, port), 0);
    }
    atomic_store(&stop, true);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    assert_int_equal(evtchn_audit(dom0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, line_setup, world_teardown)
        TEST(an_edge_line_fires_at_once_again),
        TEST(a_level_line_waits_for_its_eoi),
        TEST(an_eoi_too_many_does_nothing),
        TEST(bad_eois_are_einval),
        TEST(closing_a_line_that_owes_an_eoi_leaves_it_clean),
        TEST(an_unmapped_line_is_unbound_and_its_port_closes),
        TEST(interrupts_of_unknown_lines_are_masked),
        TEST(an_interrupt_after_unbinding_is_dropped),
        TEST(bind_vcpu_moves_the_interrupt),
        TEST(both_must_agree_to_share),
        TEST(a_shared_level_line_waits_for_all),
        TEST(a_shared_level_line_waits_a_while_only),
        TEST(a_line_of_one_waits_for_ever),
        TEST(a_sharer_that_dies_gives_its_eoi),
        TEST(dom0_dying_with_lines_bound_disables_them),
        TEST(a_ninth_sharer_is_ebusy),
        TEST(a_domain_listens_once),
        TEST(a_shared_line_stays_on_its_cpu),
        TEST(a_storm_is_held_back_for_a_while),
        TEST(many_interrupts_over_time_are_no_storm),
        TEST(a_level_storm_ends_with_an_eoi),
        TEST(an_eoi_does_not_end_a_storm),
        TEST(closing_in_a_storm_is_safe),
        TEST(interrupts_race_with_binding_and_closing),
    };

    return cmocka_run_group_tests_name("irq_line", tests, NULL, NULL);
}
