/* SPDX-License-Identifier: MIT */
/* The console: the serial line, and a ring of all that was printed. */
#ifndef XEN_LITE_CONSOLE_H
#define XEN_LITE_CONSOLE_H

#include "types.h"

/* From now on print without locks: the machine is about to stop. */
void console_panic_mode(void);
/* Bytes that the UART received, taken in its interrupt or timer. */
void console_poll_input(void);
/* Called (interrupts off) when input arrived: raises dom0's VIRQ_CONSOLE. */
extern void (*console_input_ready)(void);

#endif
