/* SPDX-License-Identifier: MIT */
/*
 * Time as a guest sees it (sched/vcpu_time.c): the clock records in its shared
 * pages, and the timers of a vCPU.
 */
#ifndef XEN_LITE_VCPU_TIME_H
#define XEN_LITE_VCPU_TIME_H

#include "types.h"

struct domain;
struct vcpu;

/* Parts of core_cpu_create() and core_reset(). */
void vcpu_time_cpu_init(unsigned int cpu);
void wallclock_reset(void);

void vcpu_timers_init(struct vcpu *v, unsigned int cpu);
void vcpu_timers_kill(struct vcpu *v);

/* Write the clock record of @v, current here, for this CPU's TSC. */
void vcpu_time_publish(struct vcpu *v);
/* The same, if @v is a guest's, and again every second from then on. */
void vcpu_time_switched_in(struct vcpu *v);
/* @v leaves its CPU: its periodic timer rests meanwhile. */
void vcpu_time_switched_out(struct vcpu *v);

/* VCPUOP_set_singleshot_timer; @deadline_ns 0 stops it. @v is current. */
void vcpu_set_singleshot(struct vcpu *v, uint64_t deadline_ns);
/* VCPUOP_set_periodic_timer; @period_ns 0 stops it. */
void vcpu_set_periodic(struct vcpu *v, uint64_t period_ns);

/* UTC at system time 0 into the shared_info of @d, of all domains. */
void domain_publish_wallclock(struct domain *d);
void wallclock_set(uint64_t seconds, uint32_t nanoseconds,
                   uint64_t system_time_ns);

/* What RDTSC gives in @d when it is trapped (d->vtsc). */
uint64_t domain_vtsc_read(const struct domain *d);

#endif
