/* SPDX-License-Identifier: MIT */
/* One-shot timers in a heap of each CPU (sched/timer.c). */
#ifndef XEN_LITE_TIMER_H
#define XEN_LITE_TIMER_H

#include <stdatomic.h>

#include "types.h"

/*
 * A timer is a node of a pairing heap, so that arming never allocates and so
 * never fails. All fields but @cpu are guarded by the lock of @cpu's heap;
 * @cpu changes only with that lock held, and is read again after taking it.
 */
struct timer {
    uint64_t deadline_ns;
    void (*expired)(void *data); /* SOFTIRQ_TIMER, no lock held */
    void *data;
    _Atomic unsigned int cpu;
    bool active;
    bool dead;             /* no more arming */
    struct timer *child;   /* first child */
    struct timer *sibling; /* next child of the same parent */
    struct timer *back;    /* previous sibling, or the parent; NULL: top */
};

void timer_init(struct timer *timer, void (*expired)(void *), void *data,
                unsigned int cpu);
/* Arm, or move, to absolute @deadline_ns. Takes the heap lock. */
void timer_set(struct timer *timer, uint64_t deadline_ns);
void timer_stop(struct timer *timer);
/* Stop for good; waits while the function runs elsewhere. */
void timer_kill(struct timer *timer);
void timer_migrate(struct timer *timer, unsigned int cpu);
bool timer_active(const struct timer *timer);

/* The machine's timer interrupt calls this (interrupts off). */
void timer_interrupt(void);
/* SOFTIRQ_TIMER. */
void timer_softirq(void);
int timer_cpu_init(unsigned int cpu);

#endif
