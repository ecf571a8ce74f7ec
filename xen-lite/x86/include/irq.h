/* SPDX-License-Identifier: MIT */
/* Vectors of devices on each CPU, and the lines behind them. */
#ifndef XEN_LITE_IRQ_H
#define XEN_LITE_IRQ_H

#include "types.h"

/* Mask the old interrupt controllers; find the IO-APICs and mask them. */
void irq_init(void);

/* What @cpu needs for lines: 0, -XEN_ENOMEM. */
int irq_create_cpu(unsigned int cpu);

/* Let the UART interrupt CPU 0 when something is typed. */
void irq_start_console(void);

/* A device vector arrived on this CPU, interrupts off. */
void irq_device_interrupt(unsigned int vector);

#endif
