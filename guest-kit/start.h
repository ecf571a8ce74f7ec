/* SPDX-License-Identifier: MIT */
/* From the first instruction to guest_main(), and the way out. */
#ifndef GUEST_KIT_START_H
#define GUEST_KIT_START_H

#include <stdbool.h>
#include <stdint.h>

#include "xen_abi.h"

/* Registers as they were at the first instruction; layout in entry.S. */
struct entry_state {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags;
    uint16_t cs, ss, ds, es, fs, gs;
};

extern struct entry_state entry_state;
extern struct start_info *start_info;
extern struct shared_info *shared_info;

/* Each example's own: runs with traps, events and console set up. */
void guest_main(void);

/* Called from entry.S. */
void guest_start(struct start_info *si);

/* Whether @word is one of the space-separated words of the command line. */
bool guest_option(const char *word);

/* Whether this guest is the initial domain. */
bool guest_is_dom0(void);

/* SCHEDOP_shutdown with @reason (SHUTDOWN_*); does not come back. */
_Noreturn void guest_shutdown(unsigned int reason);

/* Say what went wrong, and SHUTDOWN_crash. */
_Noreturn void guest_panic(const char *why);

#endif
