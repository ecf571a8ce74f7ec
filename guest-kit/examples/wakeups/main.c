/* SPDX-License-Identifier: MIT */
/*
 * Tokens that vCPUs hand to each other, each asleep until it has one: in
 * SCHEDOP_block with an upcall to wake it, or in SCHEDOP_poll of a masked port
 * with upcalls masked, as a spin lock's waiter. Events that mean nothing come
 * between. A token that stops has met a lost wake-up. With fewer CPUs than
 * vCPUs the scheduler moves them about, too.
 */
#include <stdatomic.h>

#include "check.h"
#include "clock.h"
#include "console.h"
#include "evtchn.h"
#include "hypercall.h"
#include "random.h"
#include "start.h"
#include "vcpu.h"

#define TOKENS  2U
#define WORK_NS 10000000000UL
#define LOST_NS 5000000000UL
#define LOOK_NS 50000000UL

enum mode {
    AWAKE,
    BLOCKS,
    POLLS,
};

static struct worker {
    struct random random;
    atomic_uint tokens;
    atomic_uint mode;
    atomic_uint served; /* tokens handed on */
    atomic_uint sleeps;
    evtchn_port_t upcall; /* not masked */
    evtchn_port_t kick;   /* masked */
} workers[VCPU_MAX];

static unsigned int count;
static atomic_bool over;

static void upcall(evtchn_port_t port)
{
    (void)port;
}

/* Awake it looks at its tokens: only who sleeps is told. */
static void give(struct worker *to)
{
    to->tokens++;
    if (to->mode == POLLS) {
        evtchn_send(to->kick);
    } else if (to->mode == BLOCKS) {
        evtchn_send(to->upcall);
    }
}

/* Upcalls are masked from the look at the tokens to the sleep. */
static void sleep_blocked(struct worker *w)
{
    events_disable();
    w->mode = BLOCKS;
    if (w->tokens == 0) {
        w->sleeps++;
        hc_sched_op(SCHEDOP_block, NULL);
    }
    w->mode = AWAKE;
    events_enable();
}

static void sleep_polling(struct worker *w)
{
    struct sched_poll poll = {.nr_ports = 1};

    poll.ports.p = &w->kick;
    events_disable();
    w->mode = POLLS;
    while (w->tokens == 0) {
        w->sleeps++;
        hc_sched_op(SCHEDOP_poll, &poll);
        evtchn_clear_pending(w->kick);
    }
    w->mode = AWAKE;
    events_enable();
}

static struct worker *someone_else(struct worker *w)
{
    struct worker *other = w;

    while (other == w) {
        other = &workers[1 + random_below(&w->random, count - 1)];
    }
    return other;
}

static void serve(struct worker *w)
{
    struct worker *other = someone_else(w);

    if (random_below(&w->random, 4) == 0) {
        evtchn_send(other->upcall);
    }
    for (unsigned int n = random_below(&w->random, 300); n != 0; n--) {
        __asm__ volatile("pause" ::: "memory");
    }
    w->tokens--;
    w->served++;
    give(other);
}

static void worker_main(void *arg)
{
    struct worker *w = arg;

    events_enable();
    while (!over) {
        if (w->tokens != 0) {
            serve(w);
        } else if (random_below(&w->random, 2) == 0) {
            sleep_blocked(w);
        } else {
            sleep_polling(w);
        }
    }
    events_disable();
    vcpu_stop();
}

static void prepare_worker(unsigned int id)
{
    struct worker *w = &workers[id];

    w->random.state = id;
    check_eq("bind-upcall", evtchn_bind_ipi(id, &w->upcall), 0);
    check_eq("bind-kick", evtchn_bind_ipi(id, &w->kick), 0);
    evtchn_set_handler(w->upcall, upcall);
    evtchn_unmask(w->upcall);
    w->tokens = id <= TOKENS;
}

static unsigned int sum_served(void)
{
    unsigned int sum = 0;

    for (unsigned int id = 1; id < count; id++) {
        sum += workers[id].served;
    }
    return sum;
}

/* Asleep, so that the workers have the CPUs: a poll that only time ends. */
static void nap(void)
{
    struct sched_poll poll = {.timeout = clock_ns() + LOOK_NS};

    hc_sched_op(SCHEDOP_poll, &poll);
}

static void show(unsigned int id)
{
    const struct worker *w = &workers[id];

    print("vCPU %u: %u tokens, mode %u, %u served, %u sleeps, "
          "pending upcall %u kick %u\n",
          id, w->tokens, w->mode, w->served, w->sleeps,
          evtchn_is_pending(w->upcall), evtchn_is_pending(w->kick));
}

/* How long the tokens stood still at most. */
static uint64_t watch(void)
{
    uint64_t end = clock_ns() + WORK_NS;
    uint64_t moved_ns = clock_ns();
    unsigned int last = 0;
    uint64_t still = 0;

    while (clock_ns() < end && still < LOST_NS) {
        uint64_t now_ns;

        nap();
        now_ns = clock_ns();
        /* On another CPU it may be a little earlier. */
        if (sum_served() != last || now_ns < moved_ns) {
            last = sum_served();
            moved_ns = now_ns;
        }
        if (now_ns - moved_ns > still) {
            still = now_ns - moved_ns;
        }
    }
    return still;
}

void guest_main(void)
{
    uint64_t still;

    count = vcpu_count() < VCPU_MAX ? vcpu_count() : VCPU_MAX;
    if (count < 3) {
        check_skip("wakeups", "fewer than three vCPUs");
        check_finish(SHUTDOWN_poweroff);
    }
    for (unsigned int id = 1; id < count; id++) {
        prepare_worker(id);
    }
    for (unsigned int id = 1; id < count; id++) {
        check_eq("run", vcpu_run(id, worker_main, &workers[id]), 0);
    }
    still = watch();
    for (unsigned int id = 1; id < count; id++) {
        show(id);
    }
    check_true("tokens-move", still < LOST_NS, still);
    check_true("tokens-moved", sum_served() > 1000, sum_served());
    over = true;
    check_finish(SHUTDOWN_poweroff);
}
