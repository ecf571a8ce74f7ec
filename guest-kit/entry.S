/* SPDX-License-Identifier: MIT */
/*
 * First instructions, and every way the hypervisor calls us: exceptions,
 * event and system-call callbacks, and the way back by the iret hypercall.
 * Frame layouts: <xen/arch-x86/xen-x86_64.h>; struct trap_frame in traps.h
 * mirrors what is pushed here.
 */
#include <xen/xen.h>

#include "layout.h"

.text
.globl _start
.type _start, @function
_start:
    movq %rax, entry_state + 0(%rip)
    movq %rbx, entry_state + 8(%rip)
    movq %rcx, entry_state + 16(%rip)
    movq %rdx, entry_state + 24(%rip)
    movq %rsi, entry_state + 32(%rip)
    movq %rdi, entry_state + 40(%rip)
    movq %rbp, entry_state + 48(%rip)
    movq %rsp, entry_state + 56(%rip)
    movq %r8, entry_state + 64(%rip)
    movq %r9, entry_state + 72(%rip)
    movq %r10, entry_state + 80(%rip)
    movq %r11, entry_state + 88(%rip)
    movq %r12, entry_state + 96(%rip)
    movq %r13, entry_state + 104(%rip)
    movq %r14, entry_state + 112(%rip)
    movq %r15, entry_state + 120(%rip)
    pushfq
    popq entry_state + 128(%rip)
    movw %cs, entry_state + 136(%rip)
    movw %ss, entry_state + 138(%rip)
    movw %ds, entry_state + 140(%rip)
    movw %es, entry_state + 142(%rip)
    movw %fs, entry_state + 144(%rip)
    movw %gs, entry_state + 146(%rip)
    cld
    leaq boot_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    movq %rsi, %rdi
    call guest_start
    ud2

/* void vcpu_entry(void): a secondary vCPU; RDI and RSP come from its context */
.globl vcpu_entry
vcpu_entry:
    cld
    xorl %ebp, %ebp
    call vcpu_start
    ud2

.macro push_registers
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro pop_registers
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
.endm

/*
 * Entered with RCX, R11 and (for some vectors) an error code on top of the
 * interrupt frame.
 */
.macro trap_entry vector, has_error
    .balign 16
    popq %rcx
    popq %r11
    .if !\has_error
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
.endm

.balign 16
.globl trap_stubs
trap_stubs:
.set vector, 0
.rept 256
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || \
        vector == 21
    trap_entry vector, 1
    .else
    trap_entry vector, 0
    .endif
    .set vector, vector + 1
.endr
.balign 16
.globl callback_event, callback_syscall, callback_sysenter, callback_nmi
callback_event:
    trap_entry VECTOR_EVENT, 0
callback_syscall:
    trap_entry VECTOR_SYSCALL, 0
callback_sysenter:
    trap_entry VECTOR_SYSENTER, 0
callback_nmi:
    trap_entry VECTOR_NMI_CALLBACK, 0

/* RCX, R11, DS, ES, FS, GS: the selectors that failed are not needed. */
.globl callback_failsafe
callback_failsafe:
    popq %rcx
    popq %r11
    addq $32, %rsp
    pushq $0
    pushq $VECTOR_FAILSAFE
    jmp trap_common

trap_common:
    push_registers
    cld
    movq %rsp, %rdi
    call trap_dispatch

/* Leave by the frame at RSP, with iret's flags word \flags. */
.macro return_by_iret flags
    pop_registers
    addq $16, %rsp
    pushq $\flags
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2
.endm

trap_return:
    return_by_iret 0

trap_return_in_syscall:
    return_by_iret VGCF_in_syscall

/*
 * void user_enter(const struct trap_frame *frame, uint64_t *kernel_rsp,
 *                 uint64_t iret_flags)
 * Leaves by @frame; comes back when user_leave() is called with the value
 * stored at @kernel_rsp.
 */
.globl user_enter
user_enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rsi)
    subq $TRAP_FRAME_BYTES, %rsp
    movq %rdi, %rsi
    movq %rsp, %rdi
    movl $(TRAP_FRAME_BYTES / 8), %ecx
    rep movsq
    testl $VGCF_in_syscall, %edx
    jnz trap_return_in_syscall
    jmp trap_return

/* void user_leave(uint64_t kernel_rsp) */
.globl user_leave
user_leave:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

.bss
.balign 4096
    .skip BOOT_STACK_BYTES
.globl boot_stack_top
boot_stack_top:

.section .note.GNU-stack, "", @progbits
