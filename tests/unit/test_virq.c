/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts: binding, per-vCPU and global delivery, handlers.
 */
#include "evtchn.h"

#include <string.h>
#include <unistd.h>

#include "event_world.h"

#include "../../xen-lite/event/port.h"

static struct domain *dom0;
static struct domain *guest;

static int setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 2, true);
    guest = world_domain(5, 3, false);
    return 0;
}

static long bind_port(struct domain *d, uint32_t virq, uint32_t vcpu,
                      evtchn_port_t *port)
{
    struct evtchn_bind_virq bind = {.virq = virq, .vcpu = vcpu};
    long rc = world_call(d->vcpu[0], hc_event_channel_op, EVTCHNOP_bind_virq,
                         WORLD_VA(&bind), 0);

    *port = bind.port;
    return rc;
}

static long close_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_close close = {.port = port};

    return world_call(d->vcpu[0], hc_event_channel_op, EVTCHNOP_close,
                      WORLD_VA(&close), 0);
}

static bool take(struct domain *d, evtchn_port_t port)
{
    uint64_t bit = 1UL << (port % 64);
    bool was = (d->shared->evtchn_pending[port / 64] & bit) != 0;

    d->shared->evtchn_pending[port / 64] &= ~bit;
    return was;
}

static void each_vcpu_has_its_own_timer_virq(void **state)
{
    evtchn_port_t port[3];

    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(bind_port(guest, VIRQ_TIMER, i, &port[i]), 0);
    }
    virq_raise_vcpu(guest->vcpu[1], VIRQ_TIMER);
    assert_false(take(guest, port[0]));
    assert_true(take(guest, port[1]));
    assert_false(take(guest, port[2]));
    assert_int_equal(world_kicks(guest->vcpu[1]), 1);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
}

static void bind_virq_twice_is_eexist(void **state)
{
    evtchn_port_t port;
    evtchn_port_t again;

    (void)state;
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &port), 0);
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &again), -XEN_EEXIST);
    assert_int_equal(close_port(guest, port), 0);
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &again), 0);
    assert_int_equal(again, port);
}

static void bad_virqs_are_einval(void **state)
{
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_port(guest, NR_VIRQS, 0, &port), -XEN_EINVAL);
    assert_int_equal(bind_port(guest, ~0U, 0, &port), -XEN_EINVAL);
    /* Global ones stand at vCPU 0. */
    assert_int_equal(bind_port(guest, VIRQ_CONSOLE, 1, &port), -XEN_EINVAL);
    assert_int_equal(guest->event.active, 0);
}

static void bad_vcpus_are_enoent(void **state)
{
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 3, &port), -XEN_ENOENT);
    assert_int_equal(bind_port(guest, VIRQ_TIMER, ~0U, &port), -XEN_ENOENT);
}

static void no_free_port_is_enospc_and_binds_nothing(void **state)
{
    evtchn_port_t port;

    (void)state;
    guest->event.max_port = 0;
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &port), -XEN_ENOSPC);
    assert_int_equal(guest->vcpu[0]->virq_port[VIRQ_TIMER], 0);
    guest->event.max_port = 100;
    while (evtchn_alloc_unbound(guest, 0, &port) == 0 && port != 63) {
    }
    world_heap_fail_after(0);
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &port), -XEN_ENOMEM);
    assert_int_equal(guest->vcpu[0]->virq_port[VIRQ_TIMER], 0);
    world_heap_fail_after(~0UL);
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &port), 0);
}

static void raising_what_nobody_bound_is_nothing(void **state)
{
    (void)state;
    virq_raise_vcpu(guest->vcpu[0], VIRQ_TIMER);
    virq_raise_global(VIRQ_CONSOLE);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
    assert_int_equal(world_kicks(dom0->vcpu[0]), 0);
}

static void a_closed_virq_is_told_no_more(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};
    evtchn_port_t port;

    (void)state;
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 2, &port), 0);
    assert_int_equal(close_port(guest, port), 0);
    world_call(guest->vcpu[0], hc_event_channel_op, EVTCHNOP_alloc_unbound,
               WORLD_VA(&alloc), 0);
    assert_int_equal(alloc.port, port);
    virq_raise_vcpu(guest->vcpu[2], VIRQ_TIMER);
    assert_false(take(guest, port));
}

static void global_virqs_go_to_dom0(void **state)
{
    evtchn_port_t own;
    evtchn_port_t other;

    (void)state;
    assert_int_equal(bind_port(dom0, VIRQ_DOM_EXC, 0, &own), 0);
    assert_int_equal(bind_port(guest, VIRQ_DOM_EXC, 0, &other), 0);
    virq_raise_global(VIRQ_DOM_EXC);
    assert_true(take(dom0, own));
    assert_false(take(guest, other));
}

static void a_moved_global_virq_is_told_to_its_vcpu(void **state)
{
    struct evtchn_bind_vcpu move = {.vcpu = 1};

    (void)state;
    assert_int_equal(bind_port(dom0, VIRQ_CONSOLE, 0, &move.port), 0);
    assert_int_equal(world_call(dom0->vcpu[0], hc_event_channel_op,
                                EVTCHNOP_bind_vcpu, WORLD_VA(&move), 0),
                     0);
    virq_raise_global(VIRQ_CONSOLE);
    assert_true(take(dom0, move.port));
    assert_int_equal(world_kicks(dom0->vcpu[1]), 1);
    assert_int_equal(world_kicks(dom0->vcpu[0]), 0);
    assert_int_equal(evtchn_audit(dom0), 0);
    assert_int_equal(close_port(dom0, move.port), 0);
    assert_int_equal(dom0->vcpu[0]->virq_port[VIRQ_CONSOLE], 0);
}

static void a_named_handler_gets_a_global_virq(void **state)
{
    evtchn_port_t own;
    evtchn_port_t other;

    (void)state;
    bind_port(dom0, VIRQ_DOM_EXC, 0, &own);
    bind_port(guest, VIRQ_DOM_EXC, 0, &other);
    assert_int_equal(virq_set_handler(guest, VIRQ_DOM_EXC), 0);
    assert_int_equal(atomic_load(&guest->refs), 2);
    virq_raise_global(VIRQ_DOM_EXC);
    assert_false(take(dom0, own));
    assert_true(take(guest, other));
    assert_int_equal(virq_set_handler(dom0, VIRQ_DOM_EXC), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
    virq_raise_global(VIRQ_DOM_EXC);
    assert_true(take(dom0, own));
}

static void a_dead_handler_is_replaced_by_dom0(void **state)
{
    evtchn_port_t own;

    (void)state;
    bind_port(dom0, VIRQ_DOM_EXC, 0, &own);
    assert_int_equal(virq_set_handler(guest, VIRQ_DOM_EXC), 0);
    world_kill(guest);
    assert_int_equal(atomic_load(&guest->refs), 1);
    virq_raise_global(VIRQ_DOM_EXC);
    assert_true(take(dom0, own));
    assert_int_equal(virq_set_handler(guest, VIRQ_DOM_EXC), -XEN_EINVAL);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void only_global_virqs_have_handlers(void **state)
{
    (void)state;
    assert_int_equal(virq_set_handler(guest, VIRQ_TIMER), -XEN_EINVAL);
    assert_int_equal(virq_set_handler(guest, NR_VIRQS), -XEN_EINVAL);
    assert_int_equal(virq_set_handler(guest, ~0U), -XEN_EINVAL);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

#define ROUNDS 20000

static void *raiser(void *arg)
{
    (void)arg;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        virq_raise_vcpu(guest->vcpu[0], VIRQ_TIMER);
        virq_raise_global(VIRQ_DOM_EXC);
    }
    return NULL;
}

/* Only a port that is a VIRQ now may be told: it is closed, made an unbound
 * port and closed again all the while. */
static void raising_races_with_closing(void **state)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF};
    evtchn_port_t port;
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, raiser, NULL);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &port), 0);
        assert_int_equal(close_port(guest, port), 0);
        world_call(guest->vcpu[0], hc_event_channel_op, EVTCHNOP_alloc_unbound,
                   WORLD_VA(&alloc), 0);
        assert_int_equal(alloc.port, port);
        assert_false(__atomic_load_n(&guest->shared->evtchn_pending[0],
                                     __ATOMIC_SEQ_CST) &
                     1UL << port);
        assert_int_equal(close_port(guest, port), 0);
    }
    pthread_join(thread, NULL);
    assert_int_equal(evtchn_audit(guest), 0);
}

static void *raise_once(void *arg)
{
    (void)arg;
    virq_raise_vcpu(guest->vcpu[0], VIRQ_TIMER);
    return NULL;
}

/* The same at the one moment that counts: the number was read, and the port is
 * closed and opened as another before its lock is taken. */
static void a_port_closed_while_raising_is_not_told(void **state)
{
    evtchn_port_t number;
    struct evtchn *port;
    unsigned long flags;
    pthread_t thread;

    (void)state;
    assert_int_equal(bind_port(guest, VIRQ_TIMER, 0, &number), 0);
    port = evtchn_lookup(guest, number);
    flags = spin_lock_irqsave(&port->lock);
    pthread_create(&thread, NULL, raise_once, NULL);
    while (world_spins() == 0) {
        usleep(100);
    }
    port_set_state(port, PORT_UNBOUND);
    __atomic_store_n(&guest->vcpu[0]->virq_port[VIRQ_TIMER], 0,
                     __ATOMIC_SEQ_CST);
    spin_unlock_irqrestore(&port->lock, flags);
    pthread_join(thread, NULL);
    assert_false(take(guest, number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        TEST(each_vcpu_has_its_own_timer_virq),
        TEST(bind_virq_twice_is_eexist),
        TEST(bad_virqs_are_einval),
        TEST(bad_vcpus_are_enoent),
        TEST(no_free_port_is_enospc_and_binds_nothing),
        TEST(raising_what_nobody_bound_is_nothing),
        TEST(a_closed_virq_is_told_no_more),
        TEST(global_virqs_go_to_dom0),
        TEST(a_moved_global_virq_is_told_to_its_vcpu),
        TEST(a_named_handler_gets_a_global_virq),
        TEST(a_dead_handler_is_replaced_by_dom0),
        TEST(only_global_virqs_have_handlers),
        TEST(raising_races_with_closing),
        TEST(a_port_closed_while_raising_is_not_told),
    };

    return cmocka_run_group_tests_name("virq", tests, NULL, NULL);
}
