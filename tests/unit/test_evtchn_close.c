/* SPDX-License-Identifier: MIT */
/*
 * Closing event ports, their status, resetting all, and bad calls.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "port_world.h"

/* -- close ----------------------------------------------------------------- */

static void close_leaves_the_other_end_waiting_for_its_peer(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    assert_int_equal(close_port(dom0, a), 0);
    assert_int_equal(status_of(dom0, a).status, EVTCHNSTAT_closed);
    assert_int_equal(status_of(guest, b).status, EVTCHNSTAT_unbound);
    assert_int_equal(status_of(guest, b).u.unbound.dom, 0);
    assert_int_equal(bind_port(dom0, 5, b, &a), 0);
    /* The other way: the higher domain id closes. */
    assert_int_equal(close_port(guest, b), 0);
    assert_int_equal(status_of(dom0, a).status, EVTCHNSTAT_unbound);
    assert_int_equal(status_of(dom0, a).u.unbound.dom, 5);
}

static void close_forgets_what_was_pending(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    send(dom0, a);
    assert_int_equal(close_port(guest, b), 0);
    assert_false(pending(guest, b));
    assert_int_equal(unbound(guest, 0), b);
    assert_false(pending(guest, b));
}

static void a_new_owner_of_a_port_starts_at_vcpu_0(void **state)
{
    evtchn_port_t port = unbound(guest, 0);

    (void)state;
    assert_int_equal(bind_vcpu(guest, port, 3), 0);
    assert_int_equal(close_port(guest, port), 0);
    assert_int_equal(unbound(guest, 0), port);
    assert_int_equal(status_of(guest, port).vcpu, 0);
}

static void close_of_bad_ports_is_einval(void **state)
{
    evtchn_port_t port = unbound(guest, 0);

    (void)state;
    assert_int_equal(close_port(guest, 0), -XEN_EINVAL);
    assert_int_equal(close_port(guest, port + 1), -XEN_EINVAL);
    assert_int_equal(close_port(guest, 70000), -XEN_EINVAL);
    assert_int_equal(close_port(guest, port), 0);
    assert_int_equal(close_port(guest, port), -XEN_EINVAL);
}

/* -- status, reset --------------------------------------------------------- */

static void port_0_is_closed_for_good(void **state)
{
    evtchn_port_t b = unbound(guest, 0);

    (void)state;
    assert_int_equal(b, 1);
    assert_int_equal(status_of(guest, 0).status, EVTCHNSTAT_closed);
    assert_int_equal(close_port(guest, 0), -XEN_EINVAL);
    assert_int_equal(evtchn_send(guest, 0), -XEN_EINVAL);
}

static void status_of_others_is_for_dom0(void **state)
{
    evtchn_port_t b = unbound(guest, 0);
    struct evtchn_status status = {.dom = 5, .port = b};

    (void)state;
    assert_int_equal(op(dom0, EVTCHNOP_status, &status), 0);
    assert_int_equal(status.status, EVTCHNSTAT_unbound);
    status.dom = 0;
    assert_int_equal(op(guest, EVTCHNOP_status, &status), -XEN_EPERM);
    status.dom = 77;
    assert_int_equal(op(dom0, EVTCHNOP_status, &status), -XEN_ESRCH);
    status.dom = 5;
    status.port = 64;
    assert_int_equal(op(dom0, EVTCHNOP_status, &status), -XEN_EINVAL);
}

static void reset_closes_all_and_is_preempted(void **state)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    for (unsigned int i = 0; i < 300; i++) {
        unbound(guest, 0);
    }
    world_preempt_every(1);
    assert_int_equal(op(guest, EVTCHNOP_reset, &reset), 0);
    world_preempt_every(0);
    assert_int_equal(guest->event.active, 0);
    assert_int_equal(status_of(dom0, a).status, EVTCHNSTAT_unbound);
    assert_int_equal(unbound(guest, 0), 1);
}

static void make_another(void)
{
    assert_int_equal(unbound(guest, 0), 1);
}

static void a_reset_tells_that_others_made_ports(void **state)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    (void)state;
    for (unsigned int i = 0; i < 300; i++) {
        unbound(guest, 0);
    }
    world_at_preempt_check(make_another);
    assert_int_equal(op(guest, EVTCHNOP_reset, &reset), -XEN_EAGAIN);
    assert_int_equal(guest->event.active, 1);
    assert_int_equal(op(guest, EVTCHNOP_reset, &reset), 0);
    assert_int_equal(guest->event.active, 0);
}

/* It goes no further than its first part, and lower ports come to be again. */
static void a_reset_given_up_spares_no_port_at_the_end(void **state)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    struct hypercall_args args = {{EVTCHNOP_reset, WORLD_VA(&reset)}};
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    for (unsigned int i = 0; i < 300; i++) {
        unbound(guest, 0);
    }
    world_preempt_every(1);
    assert_int_equal(hc_event_channel_op(guest->vcpu[0], &args), -XEN_ERESTART);
    world_preempt_every(0);
    channel(&a, &b);
    assert_int_equal(b, 1);
    world_kill(guest);
    assert_int_equal(guest->event.active, 0);
    assert_int_equal(status_of(dom0, a).status, EVTCHNSTAT_unbound);
}

static void reset_of_another_needs_it_paused(void **state)
{
    struct evtchn_reset reset = {.dom = 5};

    (void)state;
    unbound(guest, 0);
    assert_int_equal(op(dom0, EVTCHNOP_reset, &reset), -XEN_EINVAL);
    atomic_store(&guest->controller_pauses, 1);
    assert_int_equal(op(dom0, EVTCHNOP_reset, &reset), 0);
    assert_int_equal(guest->event.active, 0);
    reset.dom = 0;
    assert_int_equal(op(guest, EVTCHNOP_reset, &reset), -XEN_EPERM);
    reset.dom = 77;
    assert_int_equal(op(dom0, EVTCHNOP_reset, &reset), -XEN_ESRCH);
}

/* -- the call itself ------------------------------------------------------- */

static void unknown_commands_are_enosys(void **state)
{
    uint64_t arg[4] = {0};

    (void)state;
    assert_int_equal(op(guest, 15, arg), -XEN_ENOSYS);
    assert_int_equal(op(guest, ~0U, arg), -XEN_ENOSYS);
}

static void bad_addresses_are_efault(void **state)
{
    (void)state;
    for (unsigned int command = 0; command <= 14; command++) {
        assert_int_equal(
            world_call(guest->vcpu[0], hc_event_channel_op, command, 16, 0),
            -XEN_EFAULT);
    }
}

static void a_result_that_cannot_be_written_is_efault(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};
    struct evtchn_bind_ipi ipi = {.vcpu = 0};

    (void)state;
    world_copy_fail_after(1);
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_EFAULT);
    world_copy_fail_after(1);
    assert_int_equal(op(guest, EVTCHNOP_bind_ipi, &ipi), -XEN_EFAULT);
    world_copy_fail_after(~0UL);
}

static void a_dying_domain_frees_its_peers(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    world_preempt_every(1);
    world_kill(guest);
    world_preempt_every(0);
    assert_int_equal(status_of(dom0, a).status, EVTCHNSTAT_unbound);
    assert_int_equal(send(dom0, a), 0);
    assert_int_equal(guest->event.active, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, port_setup, world_teardown)
        TEST(close_leaves_the_other_end_waiting_for_its_peer),
        TEST(close_forgets_what_was_pending),
        TEST(a_new_owner_of_a_port_starts_at_vcpu_0),
        TEST(close_of_bad_ports_is_einval),
        TEST(port_0_is_closed_for_good),
        TEST(status_of_others_is_for_dom0),
        TEST(reset_closes_all_and_is_preempted),
        TEST(a_reset_tells_that_others_made_ports),
        TEST(a_reset_given_up_spares_no_port_at_the_end),
        TEST(reset_of_another_needs_it_paused),
        TEST(unknown_commands_are_enosys),
        TEST(bad_addresses_are_efault),
        TEST(a_result_that_cannot_be_written_is_efault),
        TEST(a_dying_domain_frees_its_peers),
    };

    return cmocka_run_group_tests_name("evtchn_close", tests, NULL, NULL);
}
