/* SPDX-License-Identifier: MIT */
/*
 * Event ports in use: polling, unmasking, and telling another vCPU.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "port_world.h"

/* -- poll ------------------------------------------------------------------ */

static void poll_on(struct vcpu *v, evtchn_port_t port)
{
    v->poll_port = port;
    atomic_fetch_or(&v->domain->polling_vcpus[v->id / 64], 1ULL << v->id % 64);
}

static void pollers_of_the_port_wake(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    set_mask(guest, b);
    poll_on(guest->vcpu[1], b);
    poll_on(guest->vcpu[2], 0);
    poll_on(guest->vcpu[3], b + 1);
    send(dom0, a);
    assert_int_equal(world_unblocks(guest->vcpu[1]), 1);
    assert_int_equal(world_unblocks(guest->vcpu[2]), 1);
    assert_int_equal(world_unblocks(guest->vcpu[3]), 0);
    assert_int_equal(atomic_load(&guest->polling_vcpus[0]), 8);
}

static void poll_sees_valid_and_pending_ports(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    assert_true(evtchn_port_is_valid(guest, b));
    assert_true(evtchn_port_is_valid(guest, 0));
    assert_false(evtchn_port_is_valid(guest, 64));
    assert_false(evtchn_port_is_pending(guest, b));
    assert_false(evtchn_port_is_pending(guest, 0));
    assert_false(evtchn_port_is_pending(guest, ~0U));
    send(dom0, a);
    assert_true(evtchn_port_is_pending(guest, b));
    close_port(guest, b);
    guest->shared->evtchn_pending[0] = ~0UL;
    assert_false(evtchn_port_is_pending(guest, b));
}

/* -- unmask, bind_vcpu ----------------------------------------------------- */

static void unmask_delivers_what_was_pending(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    masked_channel(&a, &b);
    assert_int_equal(unmask(guest, b), 0);
    assert_int_equal(guest->shared->evtchn_mask[0], 0);
    assert_int_equal(v->vcpu_info->evtchn_pending_sel, 1);
    assert_int_equal(world_kicks(v), 1);
}

static void unmask_of_an_idle_port_is_silent(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    set_mask(guest, b);
    assert_int_equal(unmask(guest, b), 0);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
    send(dom0, a);
    world_kicks(guest->vcpu[0]);
    guest->vcpu[0]->vcpu_info->evtchn_pending_sel = 0;
    /* Not masked: nothing to redo. */
    assert_int_equal(unmask(guest, b), 0);
    assert_int_equal(guest->vcpu[0]->vcpu_info->evtchn_pending_sel, 0);
}

static void unmask_of_bad_ports_is_einval(void **state)
{
    (void)state;
    assert_int_equal(unmask(guest, 0), 0);
    assert_int_equal(unmask(guest, 64), -XEN_EINVAL);
}

static void bind_vcpu_moves_delivery(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    assert_int_equal(bind_vcpu(guest, b, 2), 0);
    assert_int_equal(status_of(guest, b).vcpu, 2);
    send(dom0, a);
    assert_int_equal(world_kicks(guest->vcpu[2]), 1);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
}

static void bind_vcpu_refuses_what_cannot_move(void **state)
{
    struct evtchn_bind_virq timer = {.virq = VIRQ_TIMER, .vcpu = 1};
    struct evtchn_bind_virq global = {.virq = VIRQ_CONSOLE};
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_ipi(guest, 0, &port), 0);
    assert_int_equal(bind_vcpu(guest, port, 1), -XEN_EINVAL);
    assert_int_equal(op(guest, EVTCHNOP_bind_virq, &timer), 0);
    assert_int_equal(bind_vcpu(guest, timer.port, 0), -XEN_EINVAL);
    assert_int_equal(op(guest, EVTCHNOP_bind_virq, &global), 0);
    assert_int_equal(bind_vcpu(guest, global.port, 3), 0);
    port = unbound(guest, 0);
    assert_int_equal(bind_vcpu(guest, port, 3), 0);
    assert_int_equal(bind_vcpu(guest, port, 4), -XEN_ENOENT);
    assert_int_equal(bind_vcpu(guest, port, ~0U), -XEN_ENOENT);
    assert_int_equal(bind_vcpu(guest, port + 1, 0), -XEN_EINVAL);
    assert_int_equal(bind_vcpu(guest, 999, 0), -XEN_EINVAL);
}

static void bind_ipi_to_no_vcpu_is_enoent(void **state)
{
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_ipi(guest, 4, &port), -XEN_ENOENT);
    assert_int_equal(bind_ipi(guest, ~0U, &port), -XEN_ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, port_setup, world_teardown)
        TEST(pollers_of_the_port_wake),
        TEST(poll_sees_valid_and_pending_ports),
        TEST(unmask_delivers_what_was_pending),
        TEST(unmask_of_an_idle_port_is_silent),
        TEST(unmask_of_bad_ports_is_einval),
        TEST(bind_vcpu_moves_delivery),
        TEST(bind_vcpu_refuses_what_cannot_move),
        TEST(bind_ipi_to_no_vcpu_is_enoent),
    };

    return cmocka_run_group_tests_name("evtchn_use", tests, NULL, NULL);
}
