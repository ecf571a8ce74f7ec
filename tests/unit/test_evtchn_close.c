/* SPDX-License-Identifier: MIT */
/*
 * Closing event ports, their status, resetting all, and bad calls.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "event_world.h"

static struct domain *dom0;
static struct domain *guest;

static int setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 2, true);
    guest = world_domain(5, 4, false);
    return 0;
}

static long op(struct domain *d, unsigned int command, void *arg)
{
    return world_call(d->vcpu[0], hc_event_channel_op, command, WORLD_VA(arg),
                      0);
}

static evtchn_port_t unbound(struct domain *d, domid_t remote)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF,
                                         .remote_dom = remote};

    assert_int_equal(op(d, EVTCHNOP_alloc_unbound, &alloc), 0);
    return alloc.port;
}

static long bind_port(struct domain *d, domid_t remote,
                      evtchn_port_t remote_port, evtchn_port_t *port)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = remote,
                                           .remote_port = remote_port};
    long rc = op(d, EVTCHNOP_bind_interdomain, &bind);

    *port = bind.local_port;
    return rc;
}

/* A channel: *a of dom0, *b of the guest, nothing pending. */
static void channel(evtchn_port_t *a, evtchn_port_t *b);

static long send(struct domain *d, evtchn_port_t port)
{
    struct evtchn_send send = {.port = port};

    return op(d, EVTCHNOP_send, &send);
}

static long close_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_close close = {.port = port};

    return op(d, EVTCHNOP_close, &close);
}

static long bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu bind = {.port = port, .vcpu = vcpu};

    return op(d, EVTCHNOP_bind_vcpu, &bind);
}

static struct evtchn_status status_of(struct domain *d, evtchn_port_t port)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

    assert_int_equal(op(d, EVTCHNOP_status, &status), 0);
    return status;
}

static bool pending(const struct domain *d, evtchn_port_t port)
{
    return (d->shared->evtchn_pending[port / 64] >> (port % 64)) & 1;
}

static void channel(evtchn_port_t *a, evtchn_port_t *b)
{
    *b = unbound(guest, 0);
    assert_int_equal(bind_port(dom0, 5, *b, a), 0);
    memset(dom0->shared->evtchn_pending, 0, 512);
    memset(dom0->shared->vcpu_info, 0, sizeof(dom0->shared->vcpu_info));
}

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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        TEST(close_leaves_the_other_end_waiting_for_its_peer),
        TEST(close_forgets_what_was_pending),
        TEST(a_new_owner_of_a_port_starts_at_vcpu_0),
        TEST(close_of_bad_ports_is_einval),
        TEST(port_0_is_closed_for_good),
        TEST(status_of_others_is_for_dom0),
        TEST(reset_closes_all_and_is_preempted),
        TEST(reset_of_another_needs_it_paused),
        TEST(unknown_commands_are_enosys),
        TEST(bad_addresses_are_efault),
        TEST(a_result_that_cannot_be_written_is_efault),
        TEST(a_dying_domain_frees_its_peers),
    };

    return cmocka_run_group_tests_name("evtchn_close", tests, NULL, NULL);
}
