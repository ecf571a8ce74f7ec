/* SPDX-License-Identifier: MIT */
/*
 * Event ports: every command with good and bad arguments, delivery by the
 * 2-level ABI, and a random walk of three domains beside a model.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "port_world.h"

/* -- alloc_unbound --------------------------------------------------------- */

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
    while (unbound(guest, 0) != 63) {
    }
    world_heap_fail_after(0);
    assert_int_equal(op(guest, EVTCHNOP_alloc_unbound, &alloc), -XEN_ENOMEM);
    world_heap_fail_after(~0UL);
    assert_int_equal(unbound(guest, 0), 64);
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
    for (unsigned long left = 0; left < 2; left++) {
        world_heap_fail_after(left);
        assert_int_equal(evtchn_domain_init(&d, 10), -XEN_ENOMEM);
        world_heap_fail_after(~0UL);
        evtchn_domain_free(&d);
    }
}

/* -- bind_interdomain ------------------------------------------------------ */

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
    assert_int_equal(bind_port(dom0, 5, b, &a), 0);
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
    assert_int_equal(bind_port(guest, DOMID_SELF, b, &a), 0);
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
    assert_int_equal(bind_port(dom0, 77, 1, &a), -XEN_ESRCH);
}

static void bind_to_a_port_meant_for_another_is_einval(void **state)
{
    struct domain *other = world_domain(6, 1, false);
    evtchn_port_t b = unbound(guest, 0);
    evtchn_port_t a;

    (void)state;
    assert_int_equal(bind_port(other, 5, b, &a), -XEN_EINVAL);
    assert_int_equal(other->event.active, 0);
}

static void bind_to_bad_ports_is_einval(void **state)
{
    evtchn_port_t a;
    evtchn_port_t b;
    evtchn_port_t ipi;

    (void)state;
    assert_int_equal(bind_port(dom0, 5, 0, &a), -XEN_EINVAL);
    assert_int_equal(bind_port(dom0, 5, 9, &a), -XEN_EINVAL);
    assert_int_equal(bind_port(dom0, 5, ~0U, &a), -XEN_EINVAL);
    channel(&a, &b);
    assert_int_equal(bind_port(dom0, 5, b, &a), -XEN_EINVAL);
    assert_int_equal(bind_ipi(guest, 0, &ipi), 0);
    assert_int_equal(bind_port(dom0, 5, ipi, &a), -XEN_EINVAL);
}

static void bind_without_free_port_is_enospc(void **state)
{
    evtchn_port_t b = unbound(guest, 0);
    evtchn_port_t a;

    (void)state;
    dom0->event.max_port = 0;
    assert_int_equal(bind_port(dom0, 5, b, &a), -XEN_ENOSPC);
    assert_int_equal(status_of(guest, b).status, EVTCHNSTAT_unbound);
}

/* -- send and delivery ----------------------------------------------------- */

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
    masked_channel(&a, &b);
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

static void ipi_for_a_vcpu_that_is_not_there_is_enoent(void **state)
{
    evtchn_port_t port = 77;

    (void)state;
    assert_int_equal(bind_ipi(guest, guest->max_vcpus, &port), -XEN_ENOENT);
    assert_int_equal(bind_ipi(guest, UINT32_MAX, &port), -XEN_ENOENT);
    assert_int_equal(bind_ipi(guest, 0, &port), 0);
    assert_int_equal(port, 1); /* nothing was reserved by those */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, port_setup, world_teardown)
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
        TEST(ipi_for_a_vcpu_that_is_not_there_is_enoent),
        TEST(send_on_an_unbound_port_is_quietly_nothing),
        TEST(send_on_bad_ports_is_einval),
        TEST(a_rescan_marks_everything),
    };

    return cmocka_run_group_tests_name("evtchn", tests, NULL, NULL);
}
