/* SPDX-License-Identifier: MIT */
/*
 * Which vCPU runs on each CPU. Every CPU has its own queue and lock; two of
 * these locks are never held together: a vCPU on its way from one queue to
 * another is marked in transit and is on neither. A CPU that is about to idle,
 * or whose best vCPU has had clearly more than one that waits elsewhere,
 * fetches that one. The policy is in policy.c.
 *
 * A vCPU whose registers are still being saved (sched.running) may be queued,
 * but only on the CPU it is leaving, and no other CPU fetches it.
 */
#include "sched.h"

#include "bug.h"
#include "core.h"
#include "mm.h"
#include "run_queue.h"
#include "softirq.h"
#include "trace.h"
#include "vcpu_time.h"

/* -- locks and lists ------------------------------------------------------- */

struct run_queue *queue_lock_of(struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = atomic_load(&v->sched.cpu);
        struct run_queue *queue = core_cpus[cpu]->queue;

        *flags = spin_lock_irqsave(&queue->lock);
        if (atomic_load(&v->sched.cpu) == cpu) {
            return queue;
        }
        spin_unlock_irqrestore(&queue->lock, *flags);
    }
}

void queue_unlock(struct run_queue *queue, unsigned long flags)
{
    spin_unlock_irqrestore(&queue->lock, flags);
}

static void queue_first_changed(struct run_queue *queue)
{
    atomic_store(&queue->first_virtual_ns, queue->first != NULL
                                               ? queue->first->sched.virtual_ns
                                               : QUEUE_EMPTY);
}

static void queue_insert(struct run_queue *queue, struct vcpu *v)
{
    struct vcpu *next = queue->first;
    struct vcpu *prev = NULL;

    while (next != NULL && !policy_before(v, next)) {
        prev = next;
        next = next->sched.queue_next;
    }
    v->sched.queue_prev = prev;
    v->sched.queue_next = next;
    if (prev != NULL) {
        prev->sched.queue_next = v;
    } else {
        queue->first = v;
    }
    if (next != NULL) {
        next->sched.queue_prev = v;
    } else {
        queue->last = v;
    }
    v->sched.queued = true;
    atomic_fetch_add(&queue->count, 1);
    queue_first_changed(queue);
}

static void queue_remove(struct run_queue *queue, struct vcpu *v)
{
    if (v->sched.queue_prev != NULL) {
        v->sched.queue_prev->sched.queue_next = v->sched.queue_next;
    } else {
        queue->first = v->sched.queue_next;
    }
    if (v->sched.queue_next != NULL) {
        v->sched.queue_next->sched.queue_prev = v->sched.queue_prev;
    } else {
        queue->last = v->sched.queue_prev;
    }
    v->sched.queued = false;
    atomic_fetch_sub(&queue->count, 1);
    queue_first_changed(queue);
}

/* -- moving between queues ------------------------------------------------- */

/* Its CPU should look again: it idles, or @v has the better claim. */
static void queue_poke(struct run_queue *queue, const struct vcpu *v)
{
    if (!queue_runs_guest(queue) ||
        policy_preempts(v, queue->running, machine_now_ns())) {
        softirq_raise_on(queue->cpu, SOFTIRQ_SCHEDULE);
    }
}

/* @v has been taken off its queue, or was on none, and that queue is locked:
 * it now belongs to @cpu, and to nobody's queue until transit_end(). */
static void transit_begin(struct vcpu *v, unsigned int cpu)
{
    v->sched.queued = true;
    v->sched.in_transit = true;
    atomic_store(&v->sched.cpu, cpu);
}

/* True if it is to be relocated: since its CPU was chosen that may have been
 * forbidden to it, and another may have gone idle that found it on no queue. */
static bool transit_end(struct vcpu *v, bool woken)
{
    struct run_queue *queue = core_cpus[atomic_load(&v->sched.cpu)]->queue;
    unsigned long flags = spin_lock_irqsave(&queue->lock);
    bool moves_on;

    v->sched.in_transit = false;
    policy_join(queue, v, woken, machine_now_ns());
    queue_insert(queue, v);
    queue_poke(queue, v);
    moves_on =
        !affinity_allows(v, queue->cpu) ||
        (woken && queue_runs_guest(queue) && !cpumask_empty(&sched_idle_cpus));
    spin_unlock_irqrestore(&queue->lock, flags);
    return moves_on;
}

/* The first of locked @queue that CPU @cpu may have, if it comes before
 * @limit_ns of virtual time. */
static struct vcpu *queue_find_for(const struct run_queue *queue,
                                   unsigned int cpu, uint64_t limit_ns)
{
    struct vcpu *v;

    for (v = queue->first; v != NULL; v = v->sched.queue_next) {
        bool wanted = limit_ns == QUEUE_EMPTY ? affinity_allows(v, cpu)
                                              : affinity_prefers(v, cpu);

        if (wanted && !atomic_load(&v->sched.running) && vcpu_runnable(v) &&
            v->sched.virtual_ns < limit_ns && !policy_over_cap(v)) {
            return v;
        }
    }
    return NULL;
}

/* Fetch one from @from's queue. */
static bool steal_from(unsigned int from, unsigned int to, uint64_t limit_ns)
{
    struct run_queue *queue = core_cpus[from]->queue;
    unsigned long flags = spin_lock_irqsave(&queue->lock);
    struct vcpu *v = queue_find_for(queue, to, limit_ns);

    if (v != NULL) {
        queue_remove(queue, v);
        transit_begin(v, to);
    }
    spin_unlock_irqrestore(&queue->lock, flags);
    if (v == NULL) {
        return false;
    }
    if (transit_end(v, false)) {
        sched_relocate(v, false);
    }
    return true;
}

/* Look at all queues for the most deserving waiting before @limit_ns. */
static bool steal(unsigned int to, uint64_t limit_ns)
{
    unsigned int best = MAX_CPUS;
    uint64_t best_ns = limit_ns;
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        uint64_t first = atomic_load(&core_cpus[cpu]->queue->first_virtual_ns);

        if (cpu != to && first < best_ns) {
            best = cpu;
            best_ns = first;
        }
    }
    if (best == MAX_CPUS) {
        return false;
    }
    if (steal_from(best, to, limit_ns)) {
        return true;
    }
    /* That one could not come here; with nothing else to do, ask everyone. */
    if (limit_ns != QUEUE_EMPTY) {
        return false;
    }
    for_each_cpu_in (cpu, &cpus_online) {
        if (cpu != to && cpu != best &&
            atomic_load(&core_cpus[cpu]->queue->count) != 0 &&
            steal_from(cpu, to, limit_ns)) {
            return true;
        }
    }
    return false;
}

/*
 * Before a choice, no lock held: see that the best of all is in our queue. A
 * CPU marks itself idle before it looks around, and a waker queues before it
 * looks for idle CPUs, so that one of them sees the other.
 */
static void balance(struct core_cpu *cpu)
{
    struct run_queue *queue = cpu->queue;
    struct vcpu *v = cpu->current;
    uint64_t best_ns = atomic_load(&queue->first_virtual_ns);

    if (!v->domain->is_idle && vcpu_runnable(v) && !policy_over_cap(v) &&
        v->sched.virtual_ns < best_ns) {
        best_ns = v->sched.virtual_ns;
    }
    if (best_ns == QUEUE_EMPTY) {
        cpumask_set(&sched_idle_cpus, cpu->id);
        (void)steal(cpu->id, QUEUE_EMPTY);
    } else if (best_ns > POLICY_STEAL_GAP_NS) {
        (void)steal(cpu->id, best_ns - POLICY_STEAL_GAP_NS);
    }
}

/* Returns true if it must be looked at again. */
static bool relocate_once(struct vcpu *v, bool anyway)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);
    unsigned int to = queue->cpu;

    if (v->sched.queued && !v->sched.in_transit &&
        !atomic_load(&v->sched.running) &&
        (anyway || !affinity_allows(v, to))) {
        to = affinity_choose(v);
    }
    if (to == queue->cpu) {
        queue_unlock(queue, flags);
        return false;
    }
    queue_remove(queue, v);
    transit_begin(v, to);
    queue_unlock(queue, flags);
    return transit_end(v, false);
}

void sched_relocate(struct vcpu *v, bool anyway)
{
    while (relocate_once(v, anyway)) {
        anyway = false;
    }
}

/* -- wake and sleep -------------------------------------------------------- */

bool vcpu_runnable(const struct vcpu *v)
{
    return atomic_load(&v->sched.pause_flags) == 0 &&
           atomic_load(&v->sched.pause_count) == 0 &&
           atomic_load(&v->domain->pause_count) == 0;
}

static int state_when_stopped(const struct vcpu *v)
{
    return (atomic_load(&v->sched.pause_flags) & VCPU_BLOCKED) != 0
               ? RUNSTATE_blocked
               : RUNSTATE_offline;
}

void sched_wake(struct vcpu *v)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);
    unsigned int cpu = queue->cpu;

    if (v->sched.queued || v->sched.parked || queue->running == v) {
        queue_unlock(queue, flags);
        return;
    }
    if (!vcpu_runnable(v)) {
        if (v->sched.runstate.state == RUNSTATE_blocked) {
            runstate_change(v, state_when_stopped(v), machine_now_ns());
        }
        queue_unlock(queue, flags);
        return;
    }
    runstate_change(v, RUNSTATE_runnable, machine_now_ns());
    /* Until its registers are saved it stays where it was. */
    if (!atomic_load(&v->sched.running)) {
        cpu = affinity_choose(v);
    }
    transit_begin(v, cpu);
    queue_unlock(queue, flags);
    if (transit_end(v, true)) {
        sched_relocate(v, true);
    }
}

void sched_unpark(struct vcpu *v)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);
    bool was_parked = v->sched.parked;

    v->sched.parked = false;
    queue_unlock(queue, flags);
    if (was_parked) {
        sched_wake(v);
    }
}

void sched_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);

    if (vcpu_runnable(v)) {
        /* Woken again meanwhile. */
    } else if (queue->running == v) {
        softirq_raise_on(queue->cpu, SOFTIRQ_SCHEDULE);
    } else if (v->sched.queued && !v->sched.in_transit) {
        queue_remove(queue, v);
        runstate_change(v, state_when_stopped(v), machine_now_ns());
    } else if (v->sched.runstate.state == RUNSTATE_runnable) {
        /* Parked; one in transit is dropped when its turn comes. */
        runstate_change(v, state_when_stopped(v), machine_now_ns());
    }
    queue_unlock(queue, flags);
}

void sched_sleep_sync(struct vcpu *v)
{
    sched_sleep_nosync(v);
    /* The current vCPU leaves when it returns from here. */
    while (v != machine_this_cpu()->current && atomic_load(&v->sched.running)) {
        machine_relax();
    }
}

void sched_yield_current(void)
{
    machine_this_cpu()->current->sched.yielding = true;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

/* -- the choice ------------------------------------------------------------ */

/* May @prev, which ran until now, go on or wait its turn here? If not it is
 * parked, or stopped. */
static bool settle_prev(struct vcpu *prev, uint64_t now_ns)
{
    if (!vcpu_runnable(prev)) {
        runstate_change(prev, state_when_stopped(prev), now_ns);
        return false;
    }
    if (policy_over_cap(prev)) {
        prev->sched.parked = true;
        runstate_change(prev, RUNSTATE_runnable, now_ns);
        return false;
    }
    return true;
}

/* First of the queue that can run; others are taken off. */
static struct vcpu *queue_best(struct run_queue *queue, uint64_t now_ns)
{
    struct vcpu *v = queue->first;

    while (v != NULL) {
        struct vcpu *next = v->sched.queue_next;

        if (!vcpu_runnable(v)) {
            queue_remove(queue, v);
            runstate_change(v, state_when_stopped(v), now_ns);
        } else if (policy_over_cap(v)) {
            queue_remove(queue, v);
            v->sched.parked = true;
        } else if (affinity_allows(v, queue->cpu) &&
                   !(atomic_load(&v->sched.running) && v != queue->running)) {
            return v;
        }
        v = next;
    }
    return NULL;
}

/* Queue locked. @prev is off the CPU in all but name, and queued if it may. */
static struct vcpu *choose(struct run_queue *queue, struct vcpu *prev,
                           uint64_t now_ns)
{
    bool prev_can_run = !prev->domain->is_idle;
    struct vcpu *best;

    if (prev_can_run) {
        policy_charge(queue, prev, now_ns);
        prev_can_run = settle_prev(prev, now_ns);
    } else {
        runstate_change(prev, RUNSTATE_runnable, now_ns);
    }
    best = queue_best(queue, now_ns);
    if (prev_can_run && affinity_allows(prev, queue->cpu) &&
        (best == NULL ||
         (!prev->sched.yielding && !policy_preempts(best, prev, now_ns)))) {
        best = prev;
    } else if (prev_can_run) {
        prev->sched.boosted = false;
        runstate_change(prev, RUNSTATE_runnable, now_ns);
        if (!prev->sched.queued) {
            queue_insert(queue, prev);
        }
    }
    prev->sched.yielding = false;
    return best;
}

static void start_running(struct run_queue *queue, struct vcpu *v,
                          uint64_t now_ns)
{
    if (queue->running != v) {
        v->sched.run_start_ns = now_ns;
        v->sched.charged_ns = now_ns;
    }
    queue->running = v;
    atomic_store(&v->sched.running, true);
    runstate_change(v, RUNSTATE_running, now_ns);
    if (v->domain->is_idle) {
        timer_stop(&queue->slice);
        return;
    }
    cpumask_clear(&sched_idle_cpus, queue->cpu);
    policy_chosen(v);
    timer_set(&queue->slice, now_ns + policy_slice_ns(queue, v));
}

void schedule(void)
{
    struct core_cpu *cpu = machine_this_cpu();
    struct run_queue *queue = cpu->queue;
    struct vcpu *prev = cpu->current;
    struct vcpu *next;
    unsigned long flags;
    uint64_t now_ns;

    balance(cpu);
    flags = spin_lock_irqsave(&queue->lock);
    now_ns = machine_now_ns();
    next = choose(queue, prev, now_ns);
    if (next == NULL) {
        next = cpu->idle;
        cpumask_set(&sched_idle_cpus, cpu->id);
    } else if (next->sched.queued) {
        queue_remove(queue, next);
    }
    start_running(queue, next, now_ns);
    spin_unlock(&queue->lock);
    if (next == prev) {
        machine_irq_restore(flags);
        return;
    }
    TRACE(TRC_SCHED_SWITCH, prev->domain->domid, prev->id, next->domain->domid,
          next->id);
    if (!prev->domain->is_idle) {
        vcpu_time_switched_out(prev);
        runstate_publish(prev);
    }
    cpu->current = next;
    machine_context_switch(prev, next);
    machine_irq_restore(flags);
}

void sched_switched(struct vcpu *prev)
{
    struct vcpu *v = machine_this_cpu()->current;

    atomic_store(&prev->sched.running, false);
    if (!prev->domain->is_idle) {
        /* It can be taken elsewhere now: must it, or does somebody idle? */
        sched_relocate(prev,
                       !v->domain->is_idle && !cpumask_empty(&sched_idle_cpus));
    }
    if (!v->domain->is_idle) {
        vcpu_time_switched_in(v);
        runstate_publish(v);
    }
}

/* -- set-up ---------------------------------------------------------------- */

int sched_vcpu_init(struct vcpu *v, unsigned int cpu)
{
    struct sched_vcpu *sched = &v->sched;

    atomic_store(&sched->cpu, cpu);
    sched->runstate.state =
        v->domain->is_idle ? RUNSTATE_running : RUNSTATE_offline;
    sched->runstate.state_entry_time = machine_now_ns();
    if (v->domain->is_idle) {
        sched->pinned = true;
        sched->pinned_cpu = cpu;
        atomic_store(&sched->running, true);
    }
    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_store(&sched->hard_affinity.word[i], UINT64_MAX);
        atomic_store(&sched->soft_affinity.word[i], UINT64_MAX);
    }
    return 0;
}

/* Nobody will wake @v again. */
void sched_vcpu_destroy(struct vcpu *v)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);

    if (v->sched.queued) {
        queue_remove(queue, v);
    }
    queue_unlock(queue, flags);
}

static void slice_over(void *data)
{
    (void)data;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

unsigned int sched_waiting(unsigned int cpu)
{
    return atomic_load(&core_cpus[cpu]->queue->count);
}

int sched_cpu_init(unsigned int cpu)
{
    struct run_queue *queue = heap_alloc(sizeof(*queue));

    if (queue == NULL) {
        return -XEN_ENOMEM;
    }
    spin_init(&queue->lock, LOCK_RUN_QUEUE);
    queue->cpu = cpu;
    atomic_store(&queue->first_virtual_ns, QUEUE_EMPTY);
    timer_init(&queue->slice, slice_over, NULL, cpu);
    core_cpus[cpu]->queue = queue;
    cpumask_set(&sched_idle_cpus, cpu);
    return 0;
}

void sched_reset(void)
{
    cpumask_clear_all(&sched_idle_cpus);
    policy_reset();
    cpupool_reset();
}
