/* SPDX-License-Identifier: MIT */
/*
 * What an example guest says: one line a check, a last line for all, then
 * the machine stops.
 */
#ifndef GUEST_KIT_CHECK_H
#define GUEST_KIT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers as signed decimals (return codes and counts). */
bool check_eq(const char *name, int64_t got, int64_t want);

/* Numbers in hexadecimal (addresses, registers, table entries). */
bool check_hex(const char *name, uint64_t got, uint64_t want);

/* A condition; @detail is printed when it fails. */
bool check_true(const char *name, bool holds, uint64_t detail);

/* A return code that may be one of two. */
bool check_either(const char *name, int64_t got, int64_t want, int64_t other);

/* Say that a check cannot be made here, and why; counts as neither. */
void check_skip(const char *name, const char *why);

/* Checks failed so far. */
unsigned int check_failures(void);

/* Print the RESULT line and ask for SHUTDOWN_poweroff or SHUTDOWN_reboot. */
_Noreturn void check_finish(unsigned int shutdown_reason);

#endif
