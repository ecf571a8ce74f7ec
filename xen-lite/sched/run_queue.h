/* SPDX-License-Identifier: MIT */
/*
 * Run queues, between the files of sched/. A vCPU that is runnable and not
 * running is on the queue of sched.cpu, most deserving first.
 */
#ifndef XEN_LITE_RUN_QUEUE_H
#define XEN_LITE_RUN_QUEUE_H

#include "domain.h"
#include "sched.h"
#include "spinlock.h"
#include "timer.h"

#define QUEUE_EMPTY UINT64_MAX

struct run_queue {
    struct spinlock lock; /* LOCK_RUN_QUEUE, interrupts off: all but atomics */
    unsigned int cpu;
    struct vcpu *running; /* chosen last; NULL: nothing yet, so idle */
    struct vcpu *first;
    struct vcpu *last;
    _Atomic unsigned int count;
    /* Of the first vCPU, for CPUs that look for work; or QUEUE_EMPTY. */
    _Atomic uint64_t first_virtual_ns;
    struct timer slice; /* asks for schedule() */
};

static inline bool queue_runs_guest(const struct run_queue *queue)
{
    return queue->running != NULL && !queue->running->domain->is_idle;
}

/* -- policy.c: who deserves a CPU ------------------------------------------ */

/* Time that @v has used since it was last charged, queue locked. */
void policy_charge(struct run_queue *queue, struct vcpu *v, uint64_t now_ns);
/* Does @a come before @b in a queue? */
bool policy_before(const struct vcpu *a, const struct vcpu *b);
/* @v joins @queue, locked: woken (or moved) it may be neither far behind nor
 * far ahead of those there. */
void policy_join(struct run_queue *queue, struct vcpu *v, bool woken,
                 uint64_t now_ns);
/* Should waiting @v replace @running, which began at its run_start_ns? */
bool policy_preempts(const struct vcpu *v, const struct vcpu *running,
                     uint64_t now_ns);
/* @v is given the CPU: note how far time has come. */
void policy_chosen(const struct vcpu *v);
/* How long may @v run before the next look? */
uint64_t policy_slice_ns(const struct run_queue *queue, const struct vcpu *v);
/* How much further must a CPU's own best be than another CPU's waiting vCPU,
 * for that one to be fetched? */
#define POLICY_STEAL_GAP_NS 6000000ULL
/* Has @v's domain used up its cap? */
bool policy_over_cap(const struct vcpu *v);
void policy_reset(void);

/* -- runstate.c ------------------------------------------------------------ */

/* @v's queue is locked, or @v is not yet known to any. */
void runstate_change(struct vcpu *v, int state, uint64_t now_ns);

/* -- schedule.c ------------------------------------------------------------ */

struct run_queue *queue_lock_of(struct vcpu *v, unsigned long *flags);
void queue_unlock(struct run_queue *queue, unsigned long flags);
/* Have @v, if it waits on a CPU that it must not use (or @anyway), wait on the
 * best one instead. */
void sched_relocate(struct vcpu *v, bool anyway);
/* Let @v run again if only its cap kept it from it. */
void sched_unpark(struct vcpu *v);

/* -- affinity.c ------------------------------------------------------------ */

/* May @v run on @cpu? */
bool affinity_allows(const struct vcpu *v, unsigned int cpu);
/* Does it also like to? */
bool affinity_prefers(const struct vcpu *v, unsigned int cpu);
/* The best CPU for @v to wait on, and an idle one (then no longer marked idle)
 * where there is one. */
unsigned int affinity_choose(const struct vcpu *v);
/* Where @v may run and likes to, NULL: as before. Some CPU of its pool is
 * allowed; one that is pinned goes by this when it is not any more. */
void affinity_set(struct vcpu *v, const struct cpumask *hard,
                  const struct cpumask *soft);
/* CPUs with nothing to run. */
extern struct cpumask sched_idle_cpus;

#endif
