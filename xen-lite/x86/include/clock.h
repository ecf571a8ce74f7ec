/* SPDX-License-Identifier: MIT */
/* System time: the platform's clock, each CPU's TSC, the APIC timer's rate. */
#ifndef XEN_LITE_CLOCK_H
#define XEN_LITE_CLOCK_H

#include "machine.h"

/* Choose the platform clock, measure TSC and APIC timer. First CPU. */
void clock_init(void);
/* This CPU's system time from now on follows the platform's. */
void clock_init_cpu(void);
/*
 * Compare this CPU's time with the platform's and correct its rate. About
 * once a second on each CPU. Returns true if the scale changed.
 */
bool clock_calibrate(void);
/* Have @cpu, whose core data exists, do that by a timer from now on. */
void clock_start_calibration(unsigned int cpu);
/* What the timer was set for is over. */
void clock_timer_interrupt(void);
/* Busy-wait. */
void clock_delay_us(unsigned int us);
/* Does dom0 have to keep off this frame / port: the clock is ours. */
bool clock_owns_frame(mfn_t mfn);

#endif
