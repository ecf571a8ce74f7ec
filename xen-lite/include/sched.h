/* SPDX-License-Identifier: MIT */
/*
 * Which vCPU runs where (sched/schedule.c), and in what proportion
 * (sched/policy.c).
 */
#ifndef XEN_LITE_SCHED_H
#define XEN_LITE_SCHED_H

#include <stdatomic.h>
#include <stdint.h>

#include <xen/vcpu.h>

#include "cpumask.h"
#include "timer.h"
#include "types.h"

struct vcpu;
struct domain;

/* Why a vCPU may not run: sched_vcpu.pause_flags. */
#define VCPU_BLOCKED 1U /* SCHEDOP_block */
#define VCPU_DOWN    2U /* not brought up, or VCPUOP_down */
#define VCPU_POLLING 4U /* SCHEDOP_poll; VCPU_BLOCKED is set too */

/* One vCPU as the scheduler sees it. The run queue's lock guards all but the
 * atomics. */
struct sched_vcpu {
    _Atomic unsigned int pause_flags;
    _Atomic int pause_count;
    _Atomic unsigned int cpu; /* whose run queue it is on, or runs on */
    _Atomic bool running;     /* its registers are on a CPU's stack */
    bool queued;              /* on that queue, or on the way to it */
    bool in_transit;          /* on the way: between two queues */
    struct vcpu *queue_next;  /* run queue, most deserving first */
    struct vcpu *queue_prev;
    uint64_t virtual_ns;   /* weighted time used: the least runs first */
    uint64_t run_start_ns; /* when it was last put on a CPU */
    uint64_t charged_ns;   /* up to when its use is in virtual_ns */
    bool boosted;          /* woke lately: goes ahead */
    bool yielding;
    bool parked; /* its domain has used up its cap */
    bool pinned; /* SCHEDOP_pin_override: only on pinned_cpu */
    unsigned int pinned_cpu;
    struct cpumask hard_affinity;
    struct cpumask soft_affinity;
    struct vcpu_runstate_info runstate; /* state, entry time, time[4] */
};

/* Weights and caps of a domain, in credit2's terms. */
#define SCHED_DEFAULT_WEIGHT 256U

/* Part of struct domain. */
struct sched_domain {
    _Atomic uint32_t weight;
    _Atomic uint32_t cap;      /* percent of one CPU; 0: none */
    _Atomic int64_t budget_ns; /* left of this period; may be overdrawn */
    _Atomic bool refill_armed;
    uint64_t refill_due_ns; /* the end of the period, while armed */
    struct timer refill;
};

/* LOCK_DOMAIN is not needed: called once, before the domain can be found. */
void sched_domain_init(struct domain *d);
void sched_domain_destroy(struct domain *d);

int sched_vcpu_init(struct vcpu *v, unsigned int cpu);
void sched_vcpu_destroy(struct vcpu *v);
int sched_cpu_init(unsigned int cpu);
/* Part of core_reset(). */
void sched_reset(void);

/* A reason not to run is gone: queue it if it is runnable, preempt if due. */
void sched_wake(struct vcpu *v);
/* A reason not to run has appeared; sync waits until it has left its CPU. */
void sched_sleep_nosync(struct vcpu *v);
void sched_sleep_sync(struct vcpu *v);
/* Let others of this CPU go first, once. */
void sched_yield_current(void);
/* Block the current vCPU unless an event or an NMI is due. */
void sched_block_current(void);
/* Clear VCPU_BLOCKED and VCPU_POLLING, and wake. Any context. */
void vcpu_unblock(struct vcpu *v);
/* Make @v notice new events: kick its CPU if it runs, unblock it if not. */
void vcpu_kick(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);

/* SOFTIRQ_SCHEDULE. */
void schedule(void);
/* The machine calls this, on the new stack, when @prev's state is saved. */
void sched_switched(struct vcpu *prev);

/* Write @v's runstate where its guest asked for it; @v is current and its
 * page tables are loaded. (sched/runstate.c) */
void runstate_publish(struct vcpu *v);
/* Runstate of @v as of now. */
void sched_get_runstate(struct vcpu *v, struct vcpu_runstate_info *out);
uint64_t sched_cpu_time_ns(const struct vcpu *v);
uint64_t sched_idle_time_ns(unsigned int cpu);
/* How many vCPUs wait for @cpu, which exists. */
unsigned int sched_waiting(unsigned int cpu);
/* Returns 0, -XEN_EINVAL (no usable CPU), -XEN_EBUSY (pinned). */
int sched_set_affinity(struct vcpu *v, const struct cpumask *hard,
                       const struct cpumask *soft);
/* The CPUs that @v may run on and prefers, as set. */
void sched_get_affinity(struct vcpu *v, struct cpumask *hard,
                        struct cpumask *soft);
/* SCHEDOP_pin_override: only on @cpu from now on, or -1: as set before.
 * 0, -XEN_EINVAL (no such CPU, not pinned), -XEN_EBUSY (pinned already). */
int sched_pin_override(struct vcpu *v, int cpu);
/* @weight 0 and @cap 0xffff leave what is. 0 or -XEN_EINVAL. */
int sched_set_params(struct domain *d, uint16_t weight, uint16_t cap);
void sched_get_params(struct domain *d, uint16_t *weight, uint16_t *cap);
/* How long a vCPU runs before another of its rank may take over; 0: the
 * shortest. -XEN_EINVAL if out of range. */
int sched_set_ratelimit_us(uint32_t us);
uint32_t sched_get_ratelimit_us(void);

/* -- pools of CPUs (sched/cpupool.c); one control command at a time ---------
 */

#define CPUPOOL_NONE (~0U) /* the "pool" of CPUs that serve nobody */

/* Does @cpu serve @d's pool? */
bool cpupool_allows(const struct domain *d, unsigned int cpu);
/* First pool whose id is at least @id, or CPUPOOL_NONE. */
uint32_t cpupool_at_or_after(uint32_t id);
bool cpupool_exists(uint32_t id);
/* CPUs online of pool @id, or of none. */
void cpupool_cpus(uint32_t id, struct cpumask *cpus);
unsigned int cpupool_domain_count(uint32_t id);
/* @id: the one wanted, or CPUPOOL_NONE, and then the one given.
 * 0, -XEN_EEXIST, -XEN_ENOMEM. */
int cpupool_create(uint32_t *id);
/* 0, -XEN_ENOENT, -XEN_EBUSY (has CPUs or domains). */
int cpupool_destroy(uint32_t id);
/* 0, -XEN_ENOENT, -XEN_EINVAL (no such CPU), -XEN_ENODEV (not free). */
int cpupool_add_cpu(uint32_t id, unsigned int cpu);
/* vCPUs that could run only there may then run on all of the pool's. 0,
 * -XEN_EINVAL, -XEN_ENOENT, -XEN_ENODEV (not in the pool), -XEN_EBUSY (the
 * last, and there are domains), -XEN_EADDRNOTAVAIL (a vCPU is pinned to it). */
int cpupool_remove_cpu(uint32_t id, unsigned int cpu);
/* Its vCPUs forget their affinities. 0, -XEN_ENOENT (no pool, or one without
 * CPUs), -XEN_EBUSY (a vCPU is pinned). */
int cpupool_move_domain(struct domain *d, uint32_t id);
void cpupool_reset(void);

#endif
