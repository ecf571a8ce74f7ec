/* SPDX-License-Identifier: MIT */
/*
 * Work that a CPU does before it returns to a guest or sleeps: raised from
 * anywhere, run with interrupts on and no lock held (sched/softirq.c).
 */
#ifndef XEN_LITE_SOFTIRQ_H
#define XEN_LITE_SOFTIRQ_H

#include <stdatomic.h>

#include "types.h"

enum softirq {
    SOFTIRQ_TIMER,    /* timers that are due */
    SOFTIRQ_SCHEDULE, /* choose a vCPU; must be the last to run */
    SOFTIRQ_WORK,     /* deferred work items of this CPU */
    SOFTIRQ_QUIESCE,  /* this CPU holds no lock-free domain pointer now */
    SOFTIRQ_COUNT,
};

/* Ask for @which on @cpu; kicks it if it is another CPU. Any context. */
void softirq_raise_on(unsigned int cpu, enum softirq which);
/* The same on this CPU, without a kick. */
void softirq_raise(enum softirq which);

/*
 * Run all that is pending here. Called by the machine's exit path and idle
 * loop, interrupts on, no lock held. On hardware SOFTIRQ_SCHEDULE may not
 * return (see machine_context_switch).
 */
void softirq_run(void);

/* Is anything pending on this CPU? Long operations preempt themselves then. */
bool softirq_pending(void);

/* A piece of work that some CPU does later in SOFTIRQ_WORK. */
struct work {
    void (*run)(void *data);
    void *data;
    struct work *next;
    _Atomic bool queued;
};

/* Queue @work on this CPU unless it is queued already. Any context. */
void work_queue(struct work *work);

/*
 * Something that lock-free readers may still look at: freed once every CPU
 * that is online has been at a point where it holds no such pointer.
 */
struct quiesce_call {
    void (*run)(void *data); /* SOFTIRQ_QUIESCE of some CPU, no lock held */
    void *data;
    uint64_t generation;
    struct quiesce_call *next;
};

/* Have @call->run called then. Kicks all CPUs; any context. */
void call_after_quiesce(struct quiesce_call *call);

/* Parts of core_cpu_create() and core_reset(). */
void softirq_cpu_init(unsigned int cpu);
void softirq_reset(void);

#endif
