/* SPDX-License-Identifier: MIT */
/*
 * Event ports at random: three domains beside a model, and races between CPUs.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "port_world.h"

/* -- a model --------------------------------------------------------------- */

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
        model.port[d][want] = (struct model_port){.status = EVTCHNSTAT_unbound,
                                                  .peer_domain = remote};
    }
}

static void model_bind(unsigned int d, unsigned int remote, unsigned int port)
{
    struct model_port *far = &model.port[remote][port];
    bool fits =
        port != 0 && far->status == EVTCHNSTAT_unbound && far->peer_domain == d;
    unsigned int want = model_free(d);
    evtchn_port_t got;
    long rc =
        bind_port(model.domain[d], model.domain[remote]->domid, port, &got);

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

    assert_int_equal(close_port(model.domain[d], port), open ? 0 : -XEN_EINVAL);
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

/* -- several CPUs ---------------------------------------------------------- */

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
        (void)bind_port(d, far->domid, 1 + seed / 5 % 8, &port);
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
    world_yield_in_locks(true);
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

#define PING_PORTS 6U

static struct {
    evtchn_port_t a[PING_PORTS];
    evtchn_port_t b[PING_PORTS];
    _Atomic bool stop;
    _Atomic unsigned int sent[64];
    _Atomic unsigned int seen[64];
} ping;

/* What a guest's kernel does on an upcall; nothing without one. */
static void ping_upcall(struct vcpu_info *info)
{
    uint64_t *word = (uint64_t *)(void *)&guest->shared->evtchn_pending[0];
    uint64_t *mask = (uint64_t *)(void *)&guest->shared->evtchn_mask[0];
    uint64_t sel = 0;
    uint64_t found = 0;

    if (__atomic_exchange_n(&info->evtchn_upcall_pending, 0,
                            __ATOMIC_SEQ_CST) != 0) {
        sel =
            __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    }
    if (sel != 0) {
        found = __atomic_load_n(word, __ATOMIC_SEQ_CST) &
                ~__atomic_load_n(mask, __ATOMIC_SEQ_CST);
    }
    while (found != 0) {
        unsigned int port = (unsigned int)__builtin_ctzll(found);

        found &= found - 1;
        /* As Linux: masked and clear while it is handled, then unmasked. */
        __atomic_fetch_or(mask, 1UL << port, __ATOMIC_SEQ_CST);
        __atomic_fetch_and(word, ~(1UL << port), __ATOMIC_SEQ_CST);
        atomic_store(&ping.seen[port], atomic_load(&ping.sent[port]));
        assert_int_equal(unmask(guest, port), 0);
    }
}

static void *ping_receiver(void *arg)
{
    struct vcpu_info *info = guest->vcpu[0]->vcpu_info;
    bool last;

    (void)arg;
    do {
        last = atomic_load(&ping.stop);
        ping_upcall(info);
    } while (!last);
    return NULL;
}

static void *ping_sender(void *arg)
{
    unsigned int seed = *(unsigned int *)arg;

    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        unsigned int which;

        seed = seed * 1664525U + 1013904223U;
        which = (seed >> 8) % PING_PORTS;
        atomic_fetch_add(&ping.sent[ping.b[which]], 1);
        assert_int_equal(evtchn_send(dom0, ping.a[which]), 0);
    }
    return NULL;
}

/* Every event is seen by a guest that looks only when it is told to. */
static void no_event_is_lost_between_cpus(void **state)
{
    unsigned int seed[2] = {1, 2};
    pthread_t thread[3];

    (void)state;
    memset(&ping, 0, sizeof(ping));
    for (unsigned int i = 0; i < PING_PORTS; i++) {
        channel(&ping.a[i], &ping.b[i]);
    }
    pthread_create(&thread[0], NULL, ping_receiver, NULL);
    pthread_create(&thread[1], NULL, ping_sender, &seed[0]);
    pthread_create(&thread[2], NULL, ping_sender, &seed[1]);
    pthread_join(thread[1], NULL);
    pthread_join(thread[2], NULL);
    atomic_store(&ping.stop, true);
    pthread_join(thread[0], NULL);
    for (unsigned int i = 0; i < PING_PORTS; i++) {
        assert_int_equal(atomic_load(&ping.sent[ping.b[i]]),
                         atomic_load(&ping.seen[ping.b[i]]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, port_setup, world_teardown)
        TEST(random_commands_match_the_model),
        TEST(binding_closing_and_sending_race_safely),
        TEST(no_event_is_lost_between_cpus),
    };

    return cmocka_run_group_tests_name("evtchn_random", tests, NULL, NULL);
}
