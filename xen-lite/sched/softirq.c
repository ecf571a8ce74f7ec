/* SPDX-License-Identifier: MIT */
/*
 * Deferred work of each CPU: softirqs, work items, and calls that wait until
 * every CPU has passed a point where it holds no lock-free pointer. Such a
 * point is SOFTIRQ_QUIESCE: softirqs run with no lock held, between a guest
 * and the hypervisor, and lock-free pointers never live across that.
 */
#include "softirq.h"

#include "bug.h"
#include "core.h"
#include "machine.h"
#include "sched.h"
#include "timer.h"

/* Calls in the order they were made, so generations rise along the list. */
static struct {
    struct spinlock lock; /* LOCK_TIMER class: guards all below */
    struct quiesce_call *first;
    struct quiesce_call *last;
    _Atomic uint64_t generation; /* of the latest call */
} quiesce = {.lock = SPINLOCK_INIT(LOCK_TIMER)};

void softirq_raise(enum softirq which)
{
    atomic_fetch_or(&machine_this_cpu()->softirqs, 1U << which);
}

void softirq_raise_on(unsigned int cpu, enum softirq which)
{
    struct core_cpu *target = core_cpus[cpu];
    unsigned int before;

    if (target == NULL) {
        return;
    }
    before = atomic_fetch_or(&target->softirqs, 1U << which);
    /* Whoever set the first bit kicked the CPU for all. */
    if (target != machine_this_cpu() && (before & (1U << which)) == 0 &&
        cpumask_test(&cpus_online, cpu)) {
        machine_kick(cpu);
    }
}

bool softirq_pending(void)
{
    machine_preempt_point();
    return atomic_load(&machine_this_cpu()->softirqs) != 0;
}

/* -- work items ------------------------------------------------------------ */

void work_queue(struct work *work)
{
    struct core_cpu *cpu;
    unsigned long flags;

    if (atomic_exchange(&work->queued, true)) {
        return;
    }
    flags = machine_irq_save();
    cpu = machine_this_cpu();
    work->next = NULL;
    if (cpu->work_last == NULL) {
        cpu->work_first = work;
    } else {
        cpu->work_last->next = work;
    }
    cpu->work_last = work;
    softirq_raise(SOFTIRQ_WORK);
    machine_irq_restore(flags);
}

static struct work *work_take(void)
{
    unsigned long flags = machine_irq_save();
    struct core_cpu *cpu = machine_this_cpu();
    struct work *work = cpu->work_first;

    if (work != NULL) {
        cpu->work_first = work->next;
        if (cpu->work_first == NULL) {
            cpu->work_last = NULL;
        }
    }
    machine_irq_restore(flags);
    return work;
}

static void work_softirq(void)
{
    struct work *work;

    while ((work = work_take()) != NULL) {
        void (*run)(void *data) = work->run;
        void *data = work->data;

        /* It may queue itself again from here on, or free itself. */
        atomic_store(&work->queued, false);
        run(data);
    }
}

/* -- quiescence ------------------------------------------------------------ */

void softirq_cpu_init(unsigned int cpu)
{
    atomic_store(&core_cpus[cpu]->quiesced, atomic_load(&quiesce.generation));
}

void call_after_quiesce(struct quiesce_call *call)
{
    unsigned long flags = spin_lock_irqsave(&quiesce.lock);

    call->next = NULL;
    call->generation = atomic_fetch_add(&quiesce.generation, 1) + 1;
    if (quiesce.last == NULL) {
        quiesce.first = call;
    } else {
        quiesce.last->next = call;
    }
    quiesce.last = call;
    spin_unlock_irqrestore(&quiesce.lock, flags);

    /* Those not online yet too: they do it before they do anything else. One
     * created after this starts at a generation that includes it. */
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        softirq_raise_on(cpu, SOFTIRQ_QUIESCE);
    }
}

/* The generation that every CPU online has seen. */
static uint64_t quiesced_everywhere(void)
{
    uint64_t oldest = UINT64_MAX;
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        uint64_t seen = atomic_load(&core_cpus[cpu]->quiesced);

        if (seen < oldest) {
            oldest = seen;
        }
    }
    return oldest;
}

static struct quiesce_call *quiesce_take(uint64_t generation)
{
    unsigned long flags = spin_lock_irqsave(&quiesce.lock);
    struct quiesce_call *call = quiesce.first;

    if (call != NULL && call->generation <= generation) {
        quiesce.first = call->next;
        if (quiesce.first == NULL) {
            quiesce.last = NULL;
        }
    } else {
        call = NULL;
    }
    spin_unlock_irqrestore(&quiesce.lock, flags);
    return call;
}

static void quiesce_softirq(void)
{
    struct quiesce_call *call;
    uint64_t generation = atomic_load(&quiesce.generation);

    atomic_store(&machine_this_cpu()->quiesced, generation);
    generation = quiesced_everywhere();
    while ((call = quiesce_take(generation)) != NULL) {
        call->run(call->data);
    }
}

/* -- running them ---------------------------------------------------------- */

static void (*const softirq_handlers[SOFTIRQ_COUNT])(void) = {
    [SOFTIRQ_TIMER] = timer_softirq,
    [SOFTIRQ_SCHEDULE] = schedule,
    [SOFTIRQ_WORK] = work_softirq,
    [SOFTIRQ_QUIESCE] = quiesce_softirq,
};

/* SOFTIRQ_SCHEDULE may not return, so it comes when nothing else is due. */
static unsigned int softirq_choose(unsigned int pending)
{
    unsigned int others = pending & ~(1U << SOFTIRQ_SCHEDULE);

    return (unsigned int)__builtin_ctz(others != 0 ? others : pending);
}

void softirq_run(void)
{
    unsigned int pending;

    while ((pending = atomic_load(&machine_this_cpu()->softirqs)) != 0) {
        unsigned int which = softirq_choose(pending);

        atomic_fetch_and(&machine_this_cpu()->softirqs, ~(1U << which));
        softirq_handlers[which]();
    }
}

void softirq_reset(void)
{
    spin_init(&quiesce.lock, LOCK_TIMER);
    quiesce.first = NULL;
    quiesce.last = NULL;
    atomic_store(&quiesce.generation, 0);
}
