/* SPDX-License-Identifier: MIT */
/* Time from vcpu_info, and the timers of one vCPU. */
#ifndef GUEST_KIT_CLOCK_H
#define GUEST_KIT_CLOCK_H

#include <stdint.h>

#include "xen_abi.h"

/* Nanoseconds since the hypervisor started, by @time and the TSC. */
uint64_t clock_from(const struct vcpu_time_info *time);

/* The same by this vCPU's own record. */
uint64_t clock_ns(void);

/* TSC ticks a second by this vCPU's scale. */
uint64_t clock_tsc_hz(void);

/* VCPUOP_set_singleshot_timer and VCPUOP_stop_singleshot_timer. */
long clock_set_timer(uint64_t deadline_ns);
long clock_stop_timer(void);

/* Spin, yielding, for @ns. */
void clock_delay(uint64_t ns);

#endif
