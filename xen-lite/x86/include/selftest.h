/* SPDX-License-Identifier: MIT */
/*
 * Tests of the machine half on the machine itself: fault=NAME makes a
 * deliberate fault, selftest=NAME runs a test and prints its verdict
 * (docs/debugging.md lists the names).
 */
#ifndef XEN_LITE_SELFTEST_H
#define XEN_LITE_SELFTEST_H

#include "types.h"

/* Do what fault= and selftest= ask; returns if they ask nothing. */
void selftest_run(void);

/* Is a test running code at the guest's privilege level on this CPU? */
bool selftest_running(void);
/* An exception or SYSCALL from the guest's privilege level: the test's? */
bool selftest_guest_trap(struct cpu_user_regs *regs);
void selftest_nmi(const struct cpu_user_regs *regs);

#endif
