/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI against a guest that breaks its rules, and between CPUs.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "fifo_world.h"
#include "mm.h"

/* -- hostile guests -------------------------------------------------------- */

static void garbage_words_and_blocks_hurt_nobody(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 16; i++) {
        (void)ipi(i % 2);
    }
    srand(3);
    for (unsigned int round = 0; round < 20000; round++) {
        evtchn_port_t port = 1 + (unsigned int)rand() % 16;

        words[(unsigned int)rand() % 1024] = (event_word_t)rand() * 3U;
        control[rand() % 2]->head[rand() % 16] = (uint32_t)rand() * 5U;
        control[rand() % 2]->ready = (uint32_t)rand() * 5U;
        switch (rand() % 4) {
        case 0:
            (void)unmask(port);
            break;
        case 1:
            (void)priority(port, (uint32_t)rand() % 16);
            break;
        case 2:
            (void)close_port(port);
            if (rand() % 2 == 0) {
                struct evtchn_bind_ipi bind = {.vcpu = (uint32_t)rand() % 3};

                (void)op(EVTCHNOP_bind_ipi, &bind);
            }
            break;
        default:
            (void)evtchn_send(guest, port);
            break;
        }
    }
    assert_int_equal(evtchn_audit(guest), 0);
}

/* -- several CPUs ---------------------------------------------------------- */

#define RACE_PORTS  12U
#define RACE_ROUNDS 12000U

static struct {
    _Atomic bool stop;
    _Atomic unsigned int sent[RACE_PORTS + 1];
    _Atomic unsigned int seen_sends[RACE_PORTS + 1];
} race;

/* What was sent before an event is taken has been seen with it. */
static void *race_consumer(void *arg)
{
    struct evtchn_fifo_control_block *block = arg;
    struct consumer consumer = {{0}};
    evtchn_port_t got[2 * RACE_PORTS];
    bool last = false;

    for (;;) {
        unsigned int count = consume(&consumer, block, got, 2 * RACE_PORTS);

        for (unsigned int i = 0; i < count; i++) {
            atomic_store(&race.seen_sends[got[i]],
                         atomic_load(&race.sent[got[i]]));
        }
        if (last) {
            return NULL;
        }
        last = atomic_load(&race.stop);
    }
}

static void *race_sender(void *arg)
{
    unsigned int seed = *(unsigned int *)arg;

    for (unsigned int i = 0; i < RACE_ROUNDS; i++) {
        evtchn_port_t port;

        seed = seed * 1664525U + 1013904223U;
        port = 1 + (seed >> 8) % RACE_PORTS;
        atomic_fetch_add(&race.sent[port], 1);
        assert_int_equal(evtchn_send(guest, port), 0);
    }
    return NULL;
}

/* Every event that was sent is taken by a consumer that comes after it. */
static void no_event_is_lost_between_cpus(void **state)
{
    unsigned int seed[2] = {1, 2};
    pthread_t thread[4];

    (void)state;
    memset(&race, 0, sizeof(race));
    for (unsigned int i = 0; i < RACE_PORTS; i++) {
        (void)ipi(i % 2);
    }
    world_yield_in_locks(true);
    pthread_create(&thread[0], NULL, race_consumer, control[0]);
    pthread_create(&thread[1], NULL, race_consumer, control[1]);
    pthread_create(&thread[2], NULL, race_sender, &seed[0]);
    pthread_create(&thread[3], NULL, race_sender, &seed[1]);
    pthread_join(thread[2], NULL);
    pthread_join(thread[3], NULL);
    atomic_store(&race.stop, true);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    for (unsigned int i = 1; i <= RACE_PORTS; i++) {
        assert_int_equal(atomic_load(&race.sent[i]),
                         atomic_load(&race.seen_sends[i]));
        assert_int_equal(words[i] & (PENDING | BUSY), 0);
    }
}

static evtchn_port_t other_port;
static pthread_t other_thread;

static void *send_other(void *arg)
{
    (void)arg;
    assert_int_equal(evtchn_send(guest, other_port), 0);
    return NULL;
}

/* Another CPU sends now, and is next to have the lock that is held here. */
static void send_other_meanwhile(void)
{
    unsigned int spins = world_spins();

    pthread_create(&other_thread, NULL, send_other, NULL);
    while (world_spins() == spins) {
    }
}

/* A tail that was taken off joins again before another goes behind it. */
static void old_tail_joins_before_another_cpus_port(void **state)
{
    struct consumer consumer = {{0}};
    evtchn_port_t got[2] = {0};
    evtchn_port_t port = ipi(0);

    (void)state;
    other_port = ipi(0);
    assert_int_equal(evtchn_send(guest, port), 0);
    assert_int_equal(consume(&consumer, control[0], got, 2), 1);
    world_at_queue_release(send_other_meanwhile);
    assert_int_equal(evtchn_send(guest, port), 0);
    pthread_join(other_thread, NULL);
    assert_int_equal(consume(&consumer, control[0], got, 2), 2);
    assert_int_equal(got[0], port);
    assert_int_equal(got[1], other_port);
}

/* -- the two ends of a channel --------------------------------------------- */

static _Atomic bool moved;

/* The guest takes the port off, sends it to vCPU 0, and makes it pending. */
static void *take_and_move(void *arg)
{
    struct evtchn_bind_vcpu bind = {.port = other_port, .vcpu = 0};

    (void)arg;
    (void)clear_linked(&words[other_port]);
    assert_int_equal(op(EVTCHNOP_bind_vcpu, &bind), 0);
    __atomic_fetch_or(&words[other_port], PENDING | MASKED, __ATOMIC_SEQ_CST);
    assert_int_equal(unmask(other_port), 0);
    atomic_store(&moved, true);
    return NULL;
}

/* As soon as the sender has linked it, perhaps before it lets the lock go. */
static void take_and_move_meanwhile(void)
{
    unsigned int spins = world_spins();

    pthread_create(&other_thread, NULL, take_and_move, NULL);
    while (!atomic_load(&moved) && world_spins() == spins) {
    }
}

/* The queue that the port was on before is given back first. */
static void skip_one_release(void)
{
    world_at_queue_release(take_and_move_meanwhile);
}

static evtchn_port_t channel_from(struct domain *rd, evtchn_port_t *remote)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF,
                                         .remote_dom = rd->domid};
    struct evtchn_bind_interdomain bind = {.remote_dom = guest->domid};

    assert_int_equal(op(EVTCHNOP_alloc_unbound, &alloc), 0);
    bind.remote_port = alloc.port;
    assert_int_equal(world_call(rd->vcpu[0], hc_event_channel_op,
                                EVTCHNOP_bind_interdomain, WORLD_VA(&bind), 0),
                     0);
    *remote = bind.local_port;
    return alloc.port;
}

/* A peer sends while the guest unmasks and moves the port: none of the queues
 * takes for its tail what is on the other. */
static void a_port_that_moves_at_once_leaves_its_queue(void **state)
{
    struct domain *peer = world_domain(7, 1, false);
    struct consumer consumer[2] = {{{0}}};
    evtchn_port_t got[2] = {0};
    evtchn_port_t remote;
    evtchn_port_t after = ipi(1);
    struct evtchn_bind_vcpu bind = {.vcpu = 1};

    (void)state;
    other_port = channel_from(peer, &remote);
    bind.port = other_port;
    assert_int_equal(op(EVTCHNOP_bind_vcpu, &bind), 0);
    atomic_store(&moved, false);
    world_at_queue_release(skip_one_release);
    assert_int_equal(evtchn_send(peer, remote), 0);
    pthread_join(other_thread, NULL);
    assert_int_equal(evtchn_send(guest, after), 0);
    assert_int_equal(consume(&consumer[0], control[0], got, 2), 1);
    assert_int_equal(got[0], other_port);
    assert_int_equal(consume(&consumer[1], control[1], got, 2), 1);
    assert_int_equal(got[0], after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fifo_setup, world_teardown)
#define BARE(name) \
    cmocka_unit_test_setup_teardown(name, fifo_bare_setup, world_teardown)
        TEST(garbage_words_and_blocks_hurt_nobody),
        TEST(old_tail_joins_before_another_cpus_port),
        TEST(a_port_that_moves_at_once_leaves_its_queue),
        TEST(no_event_is_lost_between_cpus),
    };

    return cmocka_run_group_tests_name("fifo_race", tests, NULL, NULL);
}
