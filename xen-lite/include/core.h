/* SPDX-License-Identifier: MIT */
/*
 * The root of all core state, so that a test can reset it at once, and the
 * core's data of each CPU. Subsystems keep their own parts in their own files
 * as static structures registered by <name>_reset() in core_reset().
 */
#ifndef XEN_LITE_CORE_H
#define XEN_LITE_CORE_H

#include <stdatomic.h>

#include "cpumask.h"
#include "softirq.h"
#include "spinlock.h"
#include "timer.h"
#include "types.h"

struct vcpu;

/* Core's data of one CPU; machine_this_cpu() finds it. */
struct core_cpu {
    unsigned int id;
    uint32_t apic_id; /* set by the machine after core_cpu_create() */
    uint32_t acpi_id;
    struct vcpu *current; /* never NULL once the CPU is up */
    struct vcpu *idle;
    _Atomic unsigned int softirqs; /* bit per enum softirq */
    struct work *work_first;       /* interrupts off */
    struct work *work_last;
    struct timer_heap *timers;
    struct run_queue *queue;
    struct timer time_refresh;       /* next fresh clock record of its vCPU */
    _Atomic uint32_t tlb_flushed_at; /* tlb_clock of the last full flush */
    _Atomic uint64_t quiesced;       /* generation seen at the last QUIESCE */
    _Atomic uint64_t counters[128];  /* software counters: perf.h */
};

extern struct core_cpu *core_cpus[MAX_CPUS]; /* NULL: no such CPU */
extern struct cpumask cpus_online;

/* Forget everything: no CPUs, no domains. Frees nothing: the owner of the
 * memory under the heap takes that back whole. */
void core_reset(void);

/* Create core's data of CPU @id (heap must work; 0 or -XEN_ENOMEM). The
 * machine then makes machine_this_cpu() find it there. */
int core_cpu_create(unsigned int id);

#endif
