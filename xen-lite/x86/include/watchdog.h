/* SPDX-License-Identifier: MIT */
/* `watchdog`: panic with a backtrace when a CPU no longer takes interrupts. */
#ifndef XEN_LITE_WATCHDOG_H
#define XEN_LITE_WATCHDOG_H

#include "types.h"

/* Called in every CPU's timer interrupt: looks after its neighbour. */
void watchdog_tick(void);
/* Called in every NMI: if the watchdog sent it, panics. */
void watchdog_nmi(const struct cpu_user_regs *regs);

#endif
