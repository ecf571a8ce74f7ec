/* SPDX-License-Identifier: MIT */
/*
 * Between entry.S and C: what each entry stub calls, and the vectors.
 * Every frame is a struct cpu_user_regs; es to gs of it exist only in the
 * frame of a guest, which lies in cpu_info. From a guest means (cs & 3) != 0.
 */
#ifndef XEN_LITE_ENTRY_H
#define XEN_LITE_ENTRY_H

/* Vectors that we choose: devices from 0x20 up, our own at the top. */
#define VECTOR_DEVICE_FIRST    0x20
#define VECTOR_DEVICE_LAST     0xef
#define VECTOR_LEGACY_SPURIOUS 0xf0
#define VECTOR_UART            0xf9
#define VECTOR_CALL            0xfa
#define VECTOR_FLUSH           0xfb
#define VECTOR_EVENT_CHECK     0xfc
#define VECTOR_APIC_ERROR      0xfd
#define VECTOR_TIMER           0xfe
#define VECTOR_SPURIOUS        0xff
/* entry_vector of a frame made by SYSCALL; bit 9 in compatibility mode. */
#define ENTRY_SYSCALL   0x100
#define ENTRY_SYSCALL32 0x200
#define ENTRY_SYSENTER  0x400

#define TRAP_DE  0
#define TRAP_DB  1
#define TRAP_NMI 2
#define TRAP_BP  3
#define TRAP_OF  4
#define TRAP_BR  5
#define TRAP_UD  6
#define TRAP_NM  7
#define TRAP_DF  8
#define TRAP_TS  10
#define TRAP_NP  11
#define TRAP_SS  12
#define TRAP_GP  13
#define TRAP_PF  14
#define TRAP_MF  16
#define TRAP_AC  17
#define TRAP_MC  18
#define TRAP_XM  19

/* IST numbers in the TSS; 0 is "none". */
#define IST_NMI 1
#define IST_MC  2
#define IST_DB  3
#define IST_DF  4

#ifndef __ASSEMBLER__
#    include "types.h"

/* Exceptions 0 to 31, interrupts off. Of a guest's #DB too. */
void trap_exception(struct cpu_user_regs *regs);
/* NMI, #MC and #DF: on their own stacks, whatever was interrupted. */
void trap_nmi(struct cpu_user_regs *regs);
void trap_machine_check(struct cpu_user_regs *regs);
void trap_double_fault(struct cpu_user_regs *regs);
/* Vectors 0x20 to 0xff, interrupts off. */
void trap_interrupt(struct cpu_user_regs *regs);
/* SYSCALL or SYSENTER of a guest, interrupts off. */
void trap_syscall(struct cpu_user_regs *regs);
/*
 * Last thing before every return to a guest: run softirqs, deliver events.
 * Returns with interrupts off, and with nothing pending.
 */
void trap_exit(struct cpu_user_regs *regs);
/* IRETQ to the guest faulted: @regs is the guest's frame as it was. */
void trap_iret_failed(struct cpu_user_regs *regs);

/* Continue with cpu_info()->guest_regs through the exit path. */
_Noreturn void entry_exit_to_guest(void);
/* Forget this stack and call @fn at its top. */
_Noreturn void entry_reset_stack(void (*fn)(void));

extern const uint64_t entry_stubs[256];
extern const char entry_guest_iret[];
extern const char entry_syscall[], entry_syscall32[], entry_sysenter[];
#endif

#endif
