/* SPDX-License-Identifier: MIT */
/* A second set of page tables for user mode, and trips into it. */
#ifndef GUEST_KIT_USER_H
#define GUEST_KIT_USER_H

#include <stdint.h>

#include "traps.h"

/* Where the one code page and the one stack page of user mode are mapped. */
#define USER_CODE_VA   0x400000UL
#define USER_DATA_VA   0x401000UL
#define USER_STACK_VA  0x402000UL
#define USER_STACK_TOP (USER_STACK_VA + 0x1000)

/*
 * Build, pin and install a user table whose code page holds the routines of
 * user_code.S. Returns 0 or the failing call's error.
 */
long user_init(void);

/* The user root table and the pages behind the three addresses. */
uint64_t *user_root(void);
void *user_data_page(void);

/* User address of a routine of user_code.S. */
uint64_t user_address(const uint8_t *routine);

/* A frame that enters user mode at @rip on the user stack. */
void user_frame_init(struct trap_frame *frame, uint64_t rip);

/*
 * Go to user mode by @frame, and come back at the first trap or system call
 * from there (events are served on the way). Returns the frame of that trap.
 */
const struct trap_frame *user_run(const struct trap_frame *frame);

/*
 * The same, entered with VGCF_in_syscall: RCX and R11 need not be what the
 * frame says.
 */
const struct trap_frame *user_run_in_syscall(const struct trap_frame *frame);

/* Top of the stack that entries from user mode of this vCPU start on. */
uint64_t user_trap_stack_top(void);

/* Called by trap_dispatch(). */
void user_trapped(const struct trap_frame *frame);

/* In entry.S. */
void user_enter(const struct trap_frame *frame, uint64_t *kernel_rsp,
                uint64_t iret_flags);
_Noreturn void user_leave(uint64_t kernel_rsp);

/* Routines in user_code.S, by their kernel address. */
extern uint8_t user_code_start[], user_code_end[];
extern uint8_t user_syscall[], user_int80[], user_int81[], user_spin[];
extern uint8_t user_load[], user_store[], user_divide[], user_ud2[];
extern uint8_t user_int3[], user_cli[], user_in[], user_gs_load[];
extern uint8_t user_fs_load[], user_fpu[], user_hlt[], user_sysenter[];
extern uint8_t user_syscall_loop[];

#endif
