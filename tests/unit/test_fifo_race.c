/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI against a guest that breaks its rules, and between CPUs.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "event_world.h"
#include "mm.h"

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED  (1U << EVTCHN_FIFO_MASKED)
#define LINKED  (1U << EVTCHN_FIFO_LINKED)
#define BUSY    (1U << EVTCHN_FIFO_BUSY)
#define DEFAULT EVTCHN_FIFO_PRIORITY_DEFAULT

static struct domain *guest;
static struct evtchn_fifo_control_block *control[2];
static event_word_t *words;
static mfn_t control_mfn;
static mfn_t words_mfn;

static long op(unsigned int command, void *arg)
{
    return world_call(guest->vcpu[0], hc_event_channel_op, command,
                      WORLD_VA(arg), 0);
}

static long init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
    struct evtchn_init_control init = {
        .control_gfn = gfn, .offset = offset, .vcpu = vcpu};
    long rc = op(EVTCHNOP_init_control, &init);

    if (rc == 0) {
        assert_int_equal(init.link_bits, 17);
    }
    return rc;
}

static long expand(uint64_t gfn)
{
    struct evtchn_expand_array array = {.array_gfn = gfn};

    return op(EVTCHNOP_expand_array, &array);
}

static evtchn_port_t ipi(uint32_t vcpu)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};

    assert_int_equal(op(EVTCHNOP_bind_ipi, &bind), 0);
    return bind.port;
}

static long priority(evtchn_port_t port, uint32_t level)
{
    struct evtchn_set_priority set = {.port = port, .priority = level};

    return op(EVTCHNOP_set_priority, &set);
}

static long unmask(evtchn_port_t port)
{
    struct evtchn_unmask arg = {.port = port};

    return op(EVTCHNOP_unmask, &arg);
}

static long close_port(evtchn_port_t port)
{
    struct evtchn_close arg = {.port = port};

    return op(EVTCHNOP_close, &arg);
}

static int bare_setup(void **state)
{
    world_setup(state);
    guest = world_domain(5, 3, false);
    control_mfn = world_page(guest);
    words_mfn = world_page(guest);
    control[0] = machine_map(control_mfn);
    control[1] = (void *)((char *)machine_map(control_mfn) + 128);
    words = machine_map(words_mfn);
    return 0;
}

static int setup(void **state)
{
    bare_setup(state);
    assert_int_equal(init_control(control_mfn.number, 0, 0), 0);
    assert_int_equal(init_control(control_mfn.number, 128, 1), 0);
    assert_int_equal(expand(words_mfn.number), 0);
    return 0;
}

/* What a guest's kernel does: the next port of a queue, or 0. */
struct consumer {
    evtchn_port_t head[EVTCHN_FIFO_MAX_QUEUES];
};

static evtchn_port_t clear_linked(event_word_t *word)
{
    event_word_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    while (!__atomic_compare_exchange_n(
        word, &now, now & ~(LINKED | (event_word_t)EVTCHN_FIFO_LINK_MASK),
        false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return now & EVTCHN_FIFO_LINK_MASK;
}

static evtchn_port_t take(struct consumer *self,
                          struct evtchn_fifo_control_block *block,
                          unsigned int level, uint32_t *ready)
{
    evtchn_port_t port = self->head[level];

    if (port == 0) {
        port = __atomic_load_n(&block->head[level], __ATOMIC_SEQ_CST);
    }
    self->head[level] = clear_linked(&words[port]);
    if (self->head[level] == 0) {
        *ready &= ~(1U << level);
    }
    return port;
}

/* All ports that are ready on @block, most urgent first; pending cleared. */
static unsigned int consume(struct consumer *self,
                            struct evtchn_fifo_control_block *block,
                            evtchn_port_t *ports, unsigned int max)
{
    uint32_t ready = __atomic_exchange_n(&block->ready, 0, __ATOMIC_SEQ_CST);
    unsigned int count = 0;

    while (ready != 0) {
        unsigned int level = (unsigned int)__builtin_ctz(ready);
        evtchn_port_t port = take(self, block, level, &ready);

        if ((__atomic_load_n(&words[port], __ATOMIC_SEQ_CST) &
             (PENDING | MASKED)) == PENDING) {
            __atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
            assert_true(count < max);
            ports[count++] = port;
        }
        ready |= __atomic_exchange_n(&block->ready, 0, __ATOMIC_SEQ_CST);
    }
    return count;
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
#define BARE(name) \
    cmocka_unit_test_setup_teardown(name, bare_setup, world_teardown)
        TEST(garbage_words_and_blocks_hurt_nobody),
        TEST(old_tail_joins_before_another_cpus_port),
        TEST(no_event_is_lost_between_cpus),
    };

    return cmocka_run_group_tests_name("fifo_race", tests, NULL, NULL);
}
