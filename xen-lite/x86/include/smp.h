/* SPDX-License-Identifier: MIT */
/* Starting CPUs, and asking things of them by interrupt. */
#ifndef XEN_LITE_SMP_H
#define XEN_LITE_SMP_H

#include "cpumask.h"
#include "types.h"

/* Make the areas of all CPUs of the MADT, at most options.max_cpus. */
void smp_prepare(void);
/* Start them; @low_page is free memory below 1 MiB, 0: there is none. */
void smp_start_cpus(uint64_t low_page);
/* Core's data of @cpu, and the idle vCPU that it starts with. */
int smp_create_cpu(unsigned int cpu);
unsigned int smp_cpu_count(void);

/*
 * Run @fn(data) on the CPUs in @cpus (not this one), interrupts off there,
 * and wait until all have. Interrupts must be on.
 */
void smp_call(const struct cpumask *cpus, void (*fn)(void *), void *data);

/* The same on one other CPU, without waiting for the end. */
void smp_post(unsigned int cpu, void (*fn)(void *), void *data);

/*
 * Run @fn(data) here while all other CPUs wait with interrupts off, touching
 * nothing. Interrupts must be on.
 */
void smp_call_alone(void (*fn)(void *), void *data);

/* Interrupt handlers of the vectors of entry.h. */
void smp_call_interrupt(void);
void smp_flush_interrupt(void);

/* This CPU idles, interrupts off: give up the address space that it keeps. */
void context_forget_kept(void);

/* Stop all other CPUs by NMI, for good: panic and shutdown. */
void smp_stop_others(void);
/* Called by the NMI handler: does not return if this CPU is to stop. */
void smp_nmi(void);

#endif
