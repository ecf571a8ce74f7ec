/* SPDX-License-Identifier: MIT */
/*
 * In what proportion vCPUs share the CPUs. Each has a virtual time, which
 * advances by the time it ran over its domain's weight; the least runs first,
 * so that those who want all they can get advance together. One that slept
 * may be a little behind, no more, and goes ahead of all others when it wakes
 * (boost) unless it has had its share. A cap is a budget of CPU time for each
 * period, which all vCPUs of the domain draw from; what one draws too much is
 * missing in the next period. Weights and caps mean what credit2's mean.
 */
#include "run_queue.h"

#include "core.h"

#define SLICE_NS     5000000ULL /* with others waiting */
#define SLICE_MAX_NS 10000000ULL
#define SLICE_MIN_NS 200000ULL
/* How far behind those it meets a vCPU may start, and how far ahead. */
#define LAG_NS  10000000ULL
#define LEAD_NS 50000000ULL
/* Behind the most advanced CPU: where nobody waits to compare with. */
#define GLOBAL_LAG_NS 50000000ULL
#define BOOST_NS      1000000ULL

#define CAP_PERIOD_NS 10000000ULL
/* Budgets that may add up while the domain waits for a CPU. */
#define CAP_SAVED_PERIODS 4

#define RATELIMIT_DEFAULT_US 1000U
#define RATELIMIT_MIN_US     100U
#define RATELIMIT_MAX_US     500000U

/* Virtual time of the most advanced choice any CPU has made; only rises. */
static _Atomic uint64_t virtual_clock;
static _Atomic uint32_t ratelimit_us = RATELIMIT_DEFAULT_US;

/* -- virtual time ---------------------------------------------------------- */

static uint64_t to_virtual(const struct vcpu *v, uint64_t ns)
{
    return ns * SCHED_DEFAULT_WEIGHT / atomic_load(&v->domain->sched.weight);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void cap_draw(struct domain *d, uint64_t ns, uint64_t now_ns);

void policy_charge(struct run_queue *queue, struct vcpu *v, uint64_t now_ns)
{
    uint64_t ran_ns = minus(now_ns, v->sched.charged_ns);
    uint64_t least = minus(atomic_load(&virtual_clock), GLOBAL_LAG_NS);

    v->sched.charged_ns = now_ns;
    v->sched.virtual_ns += to_virtual(v, ran_ns);
    /* Alone on its CPU it has all that one vCPU can have: no credit grows. */
    if (queue->first == NULL && v->sched.virtual_ns < least) {
        v->sched.virtual_ns = least;
    }
    if (minus(now_ns, v->sched.run_start_ns) >= BOOST_NS) {
        v->sched.boosted = false;
    }
    if (atomic_load(&v->domain->sched.cap) != 0) {
        cap_draw(v->domain, ran_ns, now_ns);
    }
}

bool policy_before(const struct vcpu *a, const struct vcpu *b)
{
    if (a->sched.boosted != b->sched.boosted) {
        return a->sched.boosted;
    }
    return a->sched.virtual_ns < b->sched.virtual_ns;
}

/* Least virtual time of those that compete on @queue; false: nobody does. */
static bool queue_floor(const struct run_queue *queue, uint64_t now_ns,
                        uint64_t *floor)
{
    const struct vcpu *v = queue->first;
    bool any = false;

    *floor = UINT64_MAX;
    if (queue_runs_guest(queue)) {
        const struct vcpu *running = queue->running;

        any = true;
        *floor = running->sched.virtual_ns +
                 to_virtual(running, minus(now_ns, running->sched.charged_ns));
    }
    for (; v != NULL; v = v->sched.queue_next) {
        any = true;
        if (v->sched.virtual_ns < *floor) {
            *floor = v->sched.virtual_ns;
        }
        if (!v->sched.boosted) {
            break; /* the rest are in order */
        }
    }
    return any;
}

void policy_join(struct run_queue *queue, struct vcpu *v, bool woken,
                 uint64_t now_ns)
{
    uint64_t least = minus(atomic_load(&virtual_clock), GLOBAL_LAG_NS);
    uint64_t floor;
    bool competes = queue_floor(queue, now_ns, &floor);

    if (competes) {
        /* Fetched from another CPU it was behind by right. */
        least = minus(floor, woken ? LAG_NS : GLOBAL_LAG_NS);
        if (v->sched.virtual_ns > floor + to_virtual(v, LEAD_NS)) {
            v->sched.virtual_ns = floor + to_virtual(v, LEAD_NS);
        }
    }
    if (v->sched.virtual_ns < least) {
        v->sched.virtual_ns = least;
    }
    v->sched.boosted = woken && competes && v->sched.virtual_ns <= floor;
}

bool policy_preempts(const struct vcpu *v, const struct vcpu *running,
                     uint64_t now_ns)
{
    uint64_t ran_ns = minus(now_ns, running->sched.run_start_ns);
    uint64_t used =
        running->sched.virtual_ns +
        to_virtual(running, minus(now_ns, running->sched.charged_ns));

    if (running->domain->is_idle) {
        return true;
    }
    if (v->sched.boosted && !running->sched.boosted) {
        return true;
    }
    if (ran_ns < (uint64_t)atomic_load(&ratelimit_us) * 1000) {
        return false;
    }
    return v->sched.virtual_ns < used;
}

void policy_chosen(const struct vcpu *v)
{
    uint64_t clock = atomic_load(&virtual_clock);

    while (clock < v->sched.virtual_ns &&
           !atomic_compare_exchange_weak(&virtual_clock, &clock,
                                         v->sched.virtual_ns)) {
    }
}

uint64_t policy_slice_ns(const struct run_queue *queue, const struct vcpu *v)
{
    uint64_t slice = queue->first != NULL ? SLICE_NS : SLICE_MAX_NS;
    uint64_t limit = (uint64_t)atomic_load(&ratelimit_us) * 1000;
    int64_t budget;

    if (slice < limit) {
        slice = limit;
    }
    if (v->sched.boosted && slice > BOOST_NS) {
        slice = BOOST_NS;
    }
    if (atomic_load(&v->domain->sched.cap) != 0) {
        budget = atomic_load(&v->domain->sched.budget_ns);
        if (budget < (int64_t)slice) {
            slice = budget > (int64_t)SLICE_MIN_NS ? (uint64_t)budget
                                                   : SLICE_MIN_NS;
        }
    }
    return slice;
}

/* -- caps ------------------------------------------------------------------ */

static int64_t cap_budget(uint32_t cap)
{
    return (int64_t)(cap * CAP_PERIOD_NS / 100);
}

/* Time that vCPUs of @d have used since they were last charged. */
static int64_t cap_uncharged(struct domain *d)
{
    uint64_t now_ns = machine_now_ns();
    uint64_t sum = 0;
    struct vcpu *v;

    for_each_vcpu (d, v) {
        unsigned long flags;
        struct run_queue *queue = queue_lock_of(v, &flags);

        if (queue->running == v) {
            sum += minus(now_ns, v->sched.charged_ns);
        }
        queue_unlock(queue, flags);
    }
    return (int64_t)sum;
}

/* Periods that are over, at least the one we were called for. */
static int64_t cap_periods(struct domain *d)
{
    uint64_t late = minus(machine_now_ns(), d->sched.refill_due_ns);
    uint64_t periods = 1 + late / CAP_PERIOD_NS;

    d->sched.refill_due_ns += periods * CAP_PERIOD_NS;
    return (int64_t)periods;
}

/*
 * SOFTIRQ_TIMER: a period is over, or several if we are late. What is not used
 * for long is lost, but not what is in use now. Rests once nothing is missing.
 */
static void cap_refill(void *data)
{
    struct domain *d = data;
    int64_t full = cap_budget(atomic_load(&d->sched.cap));
    int64_t add = full * cap_periods(d);
    int64_t most = full * CAP_SAVED_PERIODS + cap_uncharged(d);
    int64_t budget = atomic_load(&d->sched.budget_ns);
    int64_t refilled;
    struct vcpu *v;

    do {
        refilled = budget + add < most ? budget + add : most;
    } while (
        !atomic_compare_exchange_weak(&d->sched.budget_ns, &budget, refilled));
    if (full != 0 && budget < most) {
        timer_set(&d->sched.refill, d->sched.refill_due_ns);
    } else {
        atomic_store(&d->sched.refill_armed, false);
    }
    if (refilled <= 0 && full != 0) {
        return;
    }
    for_each_vcpu (d, v) {
        sched_unpark(v);
    }
}

static void cap_draw(struct domain *d, uint64_t ns, uint64_t now_ns)
{
    atomic_fetch_sub(&d->sched.budget_ns, (int64_t)ns);
    if (!atomic_exchange(&d->sched.refill_armed, true)) {
        d->sched.refill_due_ns = now_ns + CAP_PERIOD_NS;
        timer_set(&d->sched.refill, d->sched.refill_due_ns);
    }
}

bool policy_over_cap(const struct vcpu *v)
{
    return atomic_load(&v->domain->sched.cap) != 0 &&
           atomic_load(&v->domain->sched.budget_ns) <= 0;
}

/* -- parameters ------------------------------------------------------------ */

int sched_set_params(struct domain *d, uint16_t weight, uint16_t cap)
{
    struct vcpu *v;

    if (weight != 0) {
        atomic_store(&d->sched.weight, weight);
    }
    if (cap == 0xffffU || cap == atomic_load(&d->sched.cap)) {
        return 0;
    }
    atomic_store(&d->sched.budget_ns, cap_budget(cap));
    atomic_store(&d->sched.cap, cap);
    for_each_vcpu (d, v) {
        sched_unpark(v);
    }
    return 0;
}

void sched_get_params(struct domain *d, uint16_t *weight, uint16_t *cap)
{
    *weight = (uint16_t)atomic_load(&d->sched.weight);
    *cap = (uint16_t)atomic_load(&d->sched.cap);
}

int sched_set_ratelimit_us(uint32_t us)
{
    if (us != 0 && (us < RATELIMIT_MIN_US || us > RATELIMIT_MAX_US)) {
        return -XEN_EINVAL;
    }
    atomic_store(&ratelimit_us, us);
    return 0;
}

uint32_t sched_get_ratelimit_us(void)
{
    return atomic_load(&ratelimit_us);
}

void sched_domain_init(struct domain *d)
{
    atomic_store(&d->sched.weight, SCHED_DEFAULT_WEIGHT);
    timer_init(&d->sched.refill, cap_refill, d,
               machine_this_cpu() != NULL ? machine_this_cpu()->id : 0);
}

void sched_domain_destroy(struct domain *d)
{
    timer_kill(&d->sched.refill);
}

void policy_reset(void)
{
    atomic_store(&virtual_clock, 0);
    atomic_store(&ratelimit_us, RATELIMIT_DEFAULT_US);
}
