/* SPDX-License-Identifier: MIT */
/*
 * Event ports: every command with good and bad arguments, delivery by the
 * 2-level ABI, and a random walk of three domains beside a model.
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

static long bind(struct domain *d, domid_t remote, evtchn_port_t remote_port,
                 evtchn_port_t *port)
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

static long unmask(struct domain *d, evtchn_port_t port)
{
    struct evtchn_unmask unmask = {.port = port};

    return op(d, EVTCHNOP_unmask, &unmask);
}

static long bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu bind = {.port = port, .vcpu = vcpu};

    return op(d, EVTCHNOP_bind_vcpu, &bind);
}

static long bind_ipi(struct domain *d, uint32_t vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};
    long rc = op(d, EVTCHNOP_bind_ipi, &bind);

    *port = bind.port;
    return rc;
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

static void set_mask(struct domain *d, evtchn_port_t port)
{
    d->shared->evtchn_mask[port / 64] |= 1UL << (port % 64);
}

static void channel(evtchn_port_t *a, evtchn_port_t *b)
{
    *b = unbound(guest, 0);
    assert_int_equal(bind(dom0, 5, *b, a), 0);
    memset(dom0->shared->evtchn_pending, 0, 512);
    memset(dom0->shared->vcpu_info, 0, sizeof(dom0->shared->vcpu_info));
}

/* -- alloc_unbound ------------------------------------------------------------- */

static void ports_start_at_1(void **state)
{
    (void)state;
    assert_int_equal(unbound(guest, 0), 1);
    assert_int_equal(unbound(guest, 0), 2);
    assert_int_equal(guest->event.active, 2);
}

static void closed_ports_are_used_again_lowest_first(void **state)
{
    (void)state;
    for (unsigned int i = 1; i <= 5; i++) {
        unbound(guest, 0);
    }
    assert_int_equal(close_port(guest, 4), 0);
    assert_int_equal(close_port(guest, 2), 0);
    assert_int_equal(unbound(guest, 0), 2);
    assert_int_equal(unbound(guest, 0), 4);
    assert_int_equal(unbound(guest, 0), 6);
}

static void dom0_may_alloc_for_others(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = 5, .remote_dom = DOMID_SELF};
    struct evtchn_status status;

    (void)state;
    assert_int_equal(op(dom0, EVTCHNOP_alloc_unbound, &alloc), 0);
    status = status_of(guest, alloc.port);
    assert_int_equal(status.status, EVTCHNSTAT_unbound);
    assert_int_equal(status.u.unbound.dom, 0);
}

static void guests_may_not_alloc_for_others(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = 0, .remote_dom = 5};

    (void)state;
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_EPERM);
    assert_int_equal(dom0->event.active, 0);
}

static void alloc_for_nobody_is_esrch(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = 77, .remote_dom = 0};

    (void)state;
    assert_int_equal(op(dom0, EVTCHNOP_alloc_unbound, &alloc), -XEN_ESRCH);
}

static void alloc_runs_out_at_4095(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};

    (void)state;
    for (unsigned int i = 1; i < EVTCHN_2L_PORTS; i++) {
        assert_int_equal(unbound(guest, 0), i);
    }
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_ENOSPC);
    close_port(guest, 4000);
    assert_int_equal(unbound(guest, 0), 4000);
}

static void max_port_limits_a_domain(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};

    (void)state;
    guest->event.max_port = 3;
    unbound(guest, 0);
    unbound(guest, 0);
    unbound(guest, 0);
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_ENOSPC);
}

static void alloc_without_memory_is_enomem(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};

    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_int_equal(unbound(guest, 0), 1);
}

static void dying_domains_get_no_ports(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};
    evtchn_port_t port;

    (void)state;
    atomic_store(&guest->dying, DOMAIN_DYING);
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_EINVAL);
    assert_int_equal(bind_ipi(guest, 0, &port), -XEN_EINVAL);
}

static void init_without_memory_is_enomem(void **state)
{
    struct domain d = {.domid = 9};

    (void)state;
    world_heap_fail_after(0);
    assert_int_equal(evtchn_domain_init(&d, 10), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    evtchn_domain_free(&d);
}

/* -- bind_interdomain ---------------------------------------------------------- */

static void both_ends_name_each_other(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    struct evtchn_status status;

    (void)state;
    channel(&a, &b);
    status = status_of(dom0, a);
    assert_int_equal(status.status, EVTCHNSTAT_interdomain);
    assert_int_equal(status.u.interdomain.dom, 5);
    assert_int_equal(status.u.interdomain.port, b);
    status = status_of(guest, b);
    assert_int_equal(status.status, EVTCHNSTAT_interdomain);
    assert_int_equal(status.u.interdomain.dom, 0);
    assert_int_equal(status.u.interdomain.port, a);
}

static void binding_makes_the_new_end_pending_once(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    b = unbound(guest, 0);
    assert_int_equal(bind(dom0, 5, b, &a), 0);
    assert_true(pending(dom0, a));
    assert_false(pending(guest, b));
    assert_int_equal(dom0->vcpu[0]->vcpu_info->evtchn_upcall_pending, 1);
}

static void a_domain_can_bind_to_itself(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    b = unbound(guest, 5);
    assert_int_equal(bind(guest, DOMID_SELF, b, &a), 0);
    assert_int_not_equal(a, b);
    guest->shared->evtchn_pending[0] = 0;
    assert_int_equal(send(guest, a), 0);
    assert_true(pending(guest, b));
    assert_false(pending(guest, a));
    assert_int_equal(close_port(guest, b), 0);
    assert_int_equal(status_of(guest, a).status, EVTCHNSTAT_unbound);
}

static void bind_to_nobody_is_esrch(void **state)
{
    evtchn_port_t a;

    (void)state;
    assert_int_equal(bind(dom0, 77, 1, &a), -XEN_ESRCH);
}

static void bind_to_a_port_meant_for_another_is_einval(void **state)
{
    struct domain *other = world_domain(6, 1, false);
    evtchn_port_t b = unbound(guest, 0);
    evtchn_port_t a;

    (void)state;
    assert_int_equal(bind(other, 5, b, &a), -XEN_EINVAL);
    assert_int_equal(other->event.active, 0);
}

static void bind_to_bad_ports_is_einval(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    evtchn_port_t ipi;

    (void)state;
    assert_int_equal(bind(dom0, 5, 0, &a), -XEN_EINVAL);
    assert_int_equal(bind(dom0, 5, 9, &a), -XEN_EINVAL);
    assert_int_equal(bind(dom0, 5, ~0U, &a), -XEN_EINVAL);
    channel(&a, &b);
    assert_int_equal(bind(dom0, 5, b, &a), -XEN_EINVAL);
    assert_int_equal(bind_ipi(guest, 0, &ipi), 0);
    assert_int_equal(bind(dom0, 5, ipi, &a), -XEN_EINVAL);
}

static void bind_without_free_port_is_enospc(void **state)
{
    evtchn_port_t b = unbound(guest, 0);
    evtchn_port_t a;

    (void)state;
    dom0->event.max_port = 0;
    assert_int_equal(bind(dom0, 5, b, &a), -XEN_ENOSPC);
    assert_int_equal(status_of(guest, b).status, EVTCHNSTAT_unbound);
}

/* -- send and delivery ----------------------------------------------------------- */

static void send_sets_pending_selector_and_upcall(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    channel(&a, &b);
    assert_int_equal(send(dom0, a), 0);
    assert_true(pending(guest, b));
    assert_int_equal(v->vcpu_info->evtchn_pending_sel, 1);
    assert_int_equal(v->vcpu_info->evtchn_upcall_pending, 1);
    assert_int_equal(world_kicks(v), 1);
    assert_true(vcpu_upcall_pending(v));
}

static void a_second_send_adds_nothing(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;

    (void)state;
    channel(&a, &b);
    send(dom0, a);
    world_kicks(guest->vcpu[0]);
    guest->vcpu[0]->vcpu_info->evtchn_pending_sel = 0;
    assert_int_equal(send(dom0, a), 0);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
    assert_int_equal(guest->vcpu[0]->vcpu_info->evtchn_pending_sel, 0);
}

static void a_masked_port_is_pending_without_upcall(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    channel(&a, &b);
    set_mask(guest, b);
    assert_int_equal(send(dom0, a), 0);
    assert_true(pending(guest, b));
    assert_int_equal(v->vcpu_info->evtchn_pending_sel, 0);
    assert_int_equal(v->vcpu_info->evtchn_upcall_pending, 0);
    assert_int_equal(world_kicks(v), 0);
}

static void upcalls_wait_while_masked(void **state)
{
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    v->vcpu_info->evtchn_upcall_mask = 1;
    vcpu_mark_upcall(v);
    assert_int_equal(world_kicks(v), 1);
    assert_false(vcpu_upcall_pending(v));
    v->vcpu_info->evtchn_upcall_mask = 0;
    assert_true(vcpu_upcall_pending(v));
    vcpu_mark_upcall(v);
    assert_int_equal(world_kicks(v), 0);
}

static void the_selector_bit_is_that_of_the_word(void **state)
{
    evtchn_port_t port = 0;

    (void)state;
    while (port < 200) {
        assert_int_equal(bind_ipi(guest, 1, &port), 0);
    }
    assert_int_equal(send(guest, 200), 0);
    assert_int_equal(guest->vcpu[1]->vcpu_info->evtchn_pending_sel, 1UL << 3);
    assert_int_equal(guest->shared->evtchn_pending[3], 1UL << 8);
}

static void send_on_ipi_tells_its_vcpu(void **state)
{
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_ipi(guest, 3, &port), 0);
    assert_int_equal(status_of(guest, port).status, EVTCHNSTAT_ipi);
    assert_int_equal(status_of(guest, port).vcpu, 3);
    assert_int_equal(send(guest, port), 0);
    assert_int_equal(world_kicks(guest->vcpu[3]), 1);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
}

static void send_on_an_unbound_port_is_quietly_nothing(void **state)
{
    evtchn_port_t b = unbound(guest, 0);

    (void)state;
    assert_int_equal(send(guest, b), 0);
    assert_false(pending(guest, b));
}

static void send_on_bad_ports_is_einval(void **state)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_DEBUG};

    (void)state;
    assert_int_equal(send(guest, 0), -XEN_EINVAL);
    assert_int_equal(send(guest, 1), -XEN_EINVAL);
    assert_int_equal(send(guest, 4096), -XEN_EINVAL);
    assert_int_equal(send(guest, ~0U), -XEN_EINVAL);
    assert_int_equal(op(guest, EVTCHNOP_bind_virq, &virq), 0);
    assert_int_equal(send(guest, virq.port), -XEN_EINVAL);
    assert_int_equal(send(guest, virq.port + 1), -XEN_EINVAL);
}

static void a_rescan_marks_everything(void **state)
{
    struct vcpu *v = guest->vcpu[2];

    (void)state;
    evtchn_rescan(v);
    assert_true(v->vcpu_info->evtchn_pending_sel == ~0UL);
    assert_int_equal(v->vcpu_info->evtchn_upcall_pending, 1);
    assert_int_equal(world_kicks(v), 1);
}

/* -- poll --------------------------------------------------------------------------- */

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
    assert_false(evtchn_port_is_valid(guest, 0));
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

/* -- unmask, bind_vcpu ------------------------------------------------------------- */

static void unmask_delivers_what_was_pending(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    channel(&a, &b);
    set_mask(guest, b);
    send(dom0, a);
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
    assert_int_equal(unmask(guest, 0), -XEN_EINVAL);
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

/* -- close ---------------------------------------------------------------------------- */

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
    assert_int_equal(bind(dom0, 5, b, &a), 0);
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

/* -- status, reset ------------------------------------------------------------------ */

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

/* -- the call itself ----------------------------------------------------------------- */

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
        assert_int_equal(world_call(guest->vcpu[0], hc_event_channel_op,
                                    command, 16, 0),
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

/* -- a model ------------------------------------------------------------------------- */

#define MODEL_DOMAINS 3U
#define MODEL_PORTS   24U

/* What the specification says a port is, kept beside the real one. */
struct model_port {
    uint32_t status;
    unsigned int peer_domain;
    unsigned int peer_port;
    unsigned int vcpu;
    bool pending;
};

static struct {
    struct domain *domain[MODEL_DOMAINS];
    struct model_port port[MODEL_DOMAINS][MODEL_PORTS];
} model;

static unsigned int model_free(unsigned int d)
{
    for (unsigned int i = 1; i < MODEL_PORTS; i++) {
        if (model.port[d][i].status == EVTCHNSTAT_closed) {
            return i;
        }
    }
    return 0;
}

static void model_alloc(unsigned int d, unsigned int remote)
{
    struct evtchn_alloc_unbound alloc = {
        .dom = DOMID_SELF, .remote_dom = model.domain[remote]->domid};
    unsigned int want = model_free(d);
    long rc = op(model.domain[d], EVTCHNOP_alloc_unbound, &alloc);

    assert_int_equal(rc, want == 0 ? -XEN_ENOSPC : 0);
    if (want != 0) {
        assert_int_equal(alloc.port, want);
        model.port[d][want] = (struct model_port){
            .status = EVTCHNSTAT_unbound, .peer_domain = remote};
    }
}

static void model_bind(unsigned int d, unsigned int remote, unsigned int port)
{
    struct model_port *far = &model.port[remote][port];
    bool fits = port != 0 && far->status == EVTCHNSTAT_unbound &&
                far->peer_domain == d;
    unsigned int want = model_free(d);
    evtchn_port_t got;
    long rc = bind(model.domain[d], model.domain[remote]->domid, port, &got);

    if (!fits) {
        assert_int_equal(rc, -XEN_EINVAL);
    } else if (want == 0) {
        assert_int_equal(rc, -XEN_ENOSPC);
    } else {
        assert_int_equal(rc, 0);
        assert_int_equal(got, want);
        far->status = EVTCHNSTAT_interdomain;
        far->peer_domain = d;
        far->peer_port = want;
        model.port[d][want] =
            (struct model_port){.status = EVTCHNSTAT_interdomain,
                                .peer_domain = remote,
                                .peer_port = port,
                                .pending = true};
    }
}

static void model_close(unsigned int d, unsigned int port)
{
    struct model_port *near = &model.port[d][port];
    bool open = port != 0 && near->status != EVTCHNSTAT_closed;

    assert_int_equal(close_port(model.domain[d], port),
                     open ? 0 : -XEN_EINVAL);
    if (!open) {
        return;
    }
    if (near->status == EVTCHNSTAT_interdomain) {
        struct model_port *far =
            &model.port[near->peer_domain][near->peer_port];

        far->status = EVTCHNSTAT_unbound;
        far->peer_domain = d;
    }
    *near = (struct model_port){.status = EVTCHNSTAT_closed};
}

static void model_send(unsigned int d, unsigned int port)
{
    struct model_port *near = &model.port[d][port];
    bool open = port != 0 && near->status != EVTCHNSTAT_closed;

    assert_int_equal(send(model.domain[d], port), open ? 0 : -XEN_EINVAL);
    if (open && near->status == EVTCHNSTAT_interdomain) {
        model.port[near->peer_domain][near->peer_port].pending = true;
    } else if (open && near->status == EVTCHNSTAT_ipi) {
        near->pending = true;
    }
}

static void model_ipi(unsigned int d, unsigned int vcpu)
{
    unsigned int want = model_free(d);
    evtchn_port_t got;
    long rc = bind_ipi(model.domain[d], vcpu, &got);

    assert_int_equal(rc, want == 0 ? -XEN_ENOSPC : 0);
    if (want != 0) {
        assert_int_equal(got, want);
        model.port[d][want] =
            (struct model_port){.status = EVTCHNSTAT_ipi, .vcpu = vcpu};
    }
}

static void model_move(unsigned int d, unsigned int port, unsigned int vcpu)
{
    struct model_port *near = &model.port[d][port];
    bool movable = port != 0 && (near->status == EVTCHNSTAT_unbound ||
                                 near->status == EVTCHNSTAT_interdomain);

    assert_int_equal(bind_vcpu(model.domain[d], port, vcpu),
                     movable ? 0 : -XEN_EINVAL);
    if (movable) {
        near->vcpu = vcpu;
    }
}

static void model_serve(unsigned int d, unsigned int port)
{
    model.domain[d]->shared->evtchn_pending[0] &= ~(1UL << port);
    model.port[d][port].pending = false;
}

static void model_check(void)
{
    for (unsigned int d = 0; d < MODEL_DOMAINS; d++) {
        for (unsigned int i = 1; i < MODEL_PORTS; i++) {
            const struct model_port *want = &model.port[d][i];
            struct evtchn_status got = status_of(model.domain[d], i);

            assert_int_equal(got.status, want->status);
            assert_int_equal(pending(model.domain[d], i), want->pending);
            if (want->status == EVTCHNSTAT_interdomain) {
                assert_int_equal(got.u.interdomain.dom,
                                 model.domain[want->peer_domain]->domid);
                assert_int_equal(got.u.interdomain.port, want->peer_port);
            }
            if (want->status != EVTCHNSTAT_closed) {
                assert_int_equal(got.vcpu, want->vcpu);
            }
        }
        assert_int_equal(evtchn_audit(model.domain[d]), 0);
    }
}

static void random_commands_match_the_model(void **state)
{
    (void)state;
    memset(&model, 0, sizeof(model));
    model.domain[0] = dom0;
    model.domain[1] = guest;
    model.domain[2] = world_domain(6, 2, false);
    for (unsigned int d = 0; d < MODEL_DOMAINS; d++) {
        model.domain[d]->event.max_port = MODEL_PORTS - 1;
        unbound(model.domain[d], 0);
        close_port(model.domain[d], 1);
    }
    srand(11);
    for (unsigned int round = 0; round < 60000; round++) {
        unsigned int d = (unsigned int)rand() % MODEL_DOMAINS;
        unsigned int remote = (unsigned int)rand() % MODEL_DOMAINS;
        unsigned int port = (unsigned int)rand() % MODEL_PORTS;

        switch (rand() % 8) {
        case 0:
            model_alloc(d, remote);
            break;
        case 1:
        case 2:
            model_bind(d, remote, port);
            break;
        case 3:
            model_close(d, port);
            break;
        case 4:
            model_send(d, port);
            break;
        case 5:
            model_ipi(d, (unsigned int)rand() % 2);
            break;
        case 6:
            model_move(d, port, (unsigned int)rand() % 2);
            break;
        default:
            model_serve(d, port);
            break;
        }
        if (round % 16 == 0) {
            model_check();
        }
    }
}

/* -- several CPUs ----------------------------------------------------------------------- */

#define RACE_ROUNDS 20000

static void *race_sender(void *arg)
{
    struct domain *d = arg;

    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        (void)evtchn_send(d, 1 + i % 8);
    }
    return NULL;
}

static void race_step(struct domain *d, struct domain *far, unsigned int seed)
{
    evtchn_port_t port;

    switch (seed % 5) {
    case 0:
        (void)evtchn_alloc_unbound(d, far->domid, &port);
        break;
    case 1:
    case 2:
        (void)bind(d, far->domid, 1 + seed / 5 % 8, &port);
        break;
    case 3:
        (void)close_port(d, 1 + seed / 5 % 8);
        break;
    default:
        (void)bind_vcpu(d, 1 + seed / 5 % 8, seed / 5 % 2);
        break;
    }
}

static void *race_of_dom0(void *arg)
{
    unsigned int seed = 1;

    (void)arg;
    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        seed = seed * 1103515245U + 12345;
        race_step(dom0, guest, seed >> 8);
    }
    return NULL;
}

static void *race_of_guest(void *arg)
{
    unsigned int seed = 99;

    (void)arg;
    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        seed = seed * 1103515245U + 12345;
        race_step(guest, dom0, seed >> 8);
    }
    return NULL;
}

static void binding_closing_and_sending_race_safely(void **state)
{
    pthread_t thread[4];

    (void)state;
    dom0->event.max_port = 8;
    guest->event.max_port = 8;
    pthread_create(&thread[0], NULL, race_of_dom0, NULL);
    pthread_create(&thread[1], NULL, race_of_guest, NULL);
    pthread_create(&thread[2], NULL, race_sender, dom0);
    pthread_create(&thread[3], NULL, race_sender, guest);
    for (unsigned int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(evtchn_audit(dom0), 0);
    assert_int_equal(evtchn_audit(guest), 0);
}

static struct {
    evtchn_port_t a;
    evtchn_port_t b;
    _Atomic bool stop;
    unsigned int seen;
} ping;

static void *ping_receiver(void *arg)
{
    uint64_t *word = (uint64_t *)(void *)&guest->shared->evtchn_pending[0];

    (void)arg;
    while (!atomic_load(&ping.stop)) {
        if (__atomic_fetch_and(word, ~(1UL << ping.b), __ATOMIC_SEQ_CST) &
            1UL << ping.b) {
            ping.seen++;
        }
    }
    return NULL;
}

/* An event that is sent after the last look is still pending. */
static void no_event_is_lost_between_two_cpus(void **state)
{
    pthread_t thread;

    (void)state;
    memset(&ping, 0, sizeof(ping));
    channel(&ping.a, &ping.b);
    pthread_create(&thread, NULL, ping_receiver, NULL);
    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        assert_int_equal(evtchn_send(dom0, ping.a), 0);
    }
    atomic_store(&ping.stop, true);
    pthread_join(thread, NULL);
    assert_true(ping.seen > 0 || pending(guest, ping.b));
    assert_int_equal(evtchn_send(dom0, ping.a), 0);
    assert_true(pending(guest, ping.b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        TEST(ports_start_at_1),
        TEST(closed_ports_are_used_again_lowest_first),
        TEST(dom0_may_alloc_for_others),
        TEST(guests_may_not_alloc_for_others),
        TEST(alloc_for_nobody_is_esrch),
        TEST(alloc_runs_out_at_4095),
        TEST(max_port_limits_a_domain),
        TEST(alloc_without_memory_is_enomem),
        TEST(dying_domains_get_no_ports),
        TEST(init_without_memory_is_enomem),
        TEST(both_ends_name_each_other),
        TEST(binding_makes_the_new_end_pending_once),
        TEST(a_domain_can_bind_to_itself),
        TEST(bind_to_nobody_is_esrch),
        TEST(bind_to_a_port_meant_for_another_is_einval),
        TEST(bind_to_bad_ports_is_einval),
        TEST(bind_without_free_port_is_enospc),
        TEST(send_sets_pending_selector_and_upcall),
        TEST(a_second_send_adds_nothing),
        TEST(a_masked_port_is_pending_without_upcall),
        TEST(upcalls_wait_while_masked),
        TEST(the_selector_bit_is_that_of_the_word),
        TEST(send_on_ipi_tells_its_vcpu),
        TEST(send_on_an_unbound_port_is_quietly_nothing),
        TEST(send_on_bad_ports_is_einval),
        TEST(a_rescan_marks_everything),
        TEST(pollers_of_the_port_wake),
        TEST(poll_sees_valid_and_pending_ports),
        TEST(unmask_delivers_what_was_pending),
        TEST(unmask_of_an_idle_port_is_silent),
        TEST(unmask_of_bad_ports_is_einval),
        TEST(bind_vcpu_moves_delivery),
        TEST(bind_vcpu_refuses_what_cannot_move),
        TEST(bind_ipi_to_no_vcpu_is_enoent),
        TEST(close_leaves_the_other_end_waiting_for_its_peer),
        TEST(close_forgets_what_was_pending),
        TEST(a_new_owner_of_a_port_starts_at_vcpu_0),
        TEST(close_of_bad_ports_is_einval),
        TEST(status_of_others_is_for_dom0),
        TEST(reset_closes_all_and_is_preempted),
        TEST(reset_of_another_needs_it_paused),
        TEST(unknown_commands_are_enosys),
        TEST(bad_addresses_are_efault),
        TEST(a_result_that_cannot_be_written_is_efault),
        TEST(a_dying_domain_frees_its_peers),
        TEST(random_commands_match_the_model),
        TEST(binding_closing_and_sending_race_safely),
        TEST(no_event_is_lost_between_two_cpus),
    };

    return cmocka_run_group_tests_name("evtchn", tests, NULL, NULL);
}
