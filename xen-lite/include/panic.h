/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: other CPUs are stopped by NMI, registers and a
 * symbolised backtrace are printed by polling, without locks; then the
 * machine reboots, or stops when `noreboot` was given.
 */
#ifndef XEN_LITE_PANIC_H
#define XEN_LITE_PANIC_H

#include "types.h"

_Noreturn void panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* The same, showing the state that an exception interrupted. */
_Noreturn void panic_regs(const struct cpu_user_regs *regs, const char *format,
                          ...) __attribute__((format(printf, 2, 3)));

/* Called by the NMI handler: says so when it interrupted a panic. */
void panic_nmi(const struct cpu_user_regs *regs);

/* Print the registers, and the functions called, as of @regs. */
void panic_show_regs(const struct cpu_user_regs *regs);

#endif
