/* SPDX-License-Identifier: MIT */
/* One-shot timers in a heap of each CPU (sched/timer.c). */
#ifndef XEN_LITE_TIMER_H
#define XEN_LITE_TIMER_H

#include "types.h"

struct timer {
    uint64_t deadline_ns;
    void (*expired)(void *data); /* SOFTIRQ_TIMER, no lock held */
    void *data;
    unsigned int cpu;        /* whose heap; guarded by that heap's lock */
    unsigned int heap_index; /* 1-based place, 0 when inactive */
    bool dead;               /* no more arming */
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
