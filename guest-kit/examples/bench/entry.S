/* SPDX-License-Identifier: MIT */
/*
 * The shortest handlers there can be, so that what is measured is the
 * hypervisor's part. Frames: guest-kit/entry.S.
 */
#include <xen/xen.h>

.text

/* RCX, R11 on top of the interrupt frame: leave by iret at once. */
.macro iret_now flags
    popq %rcx
    popq %r11
    pushq $\flags
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2
.endm

/* System calls go straight back until bench_left is used up. */
.balign 64
.globl bench_syscall
bench_syscall:
    decq bench_left(%rip)
    js callback_syscall
    iret_now 0

.balign 64
.globl bench_syscall_fast
bench_syscall_fast:
    decq bench_left(%rip)
    js callback_syscall
    iret_now VGCF_in_syscall

/* Page fault (has an error code): RBX is where to go on. */
.balign 64
.globl bench_page_fault
bench_page_fault:
    popq %rcx
    popq %r11
    movq %rbx, 8(%rsp)
    movq $0, (%rsp)
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2

/* #UD and #BP: the same without error code. */
.balign 64
.globl bench_invalid
bench_invalid:
    movq %rbx, 16(%rsp)
    iret_now 0

/* Events: note the time, clear what is pending of vCPU 0, go back. */
.balign 64
.globl bench_event
bench_event:
    pushq %rax
    pushq %rdx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, bench_event_tsc(%rip)
    movq bench_info(%rip), %rdx
    movb $0, 0(%rdx)
    xorl %eax, %eax
    xchgq %rax, 8(%rdx)
    movq bench_pending(%rip), %rdx
    movq bench_pending_mask(%rip), %rax
    lock andq %rax, (%rdx)
    popq %rdx
    popq %rax
    iret_now 0

/*
 * void bench_iret(unsigned long count): @count irets, each to the next
 * instruction. RAX, RCX and R11 come from the frame.
 */
.balign 64
.globl bench_iret
bench_iret:
    pushq %rbx
    movq %rdi, %rbx
1:
    movq %rsp, %rdx
    movl %ss, %eax
    pushq %rax
    pushq %rdx
    pushq $0x202
    movl $FLAT_KERNEL_CS & ~3, %eax
    pushq %rax
    leaq 2f(%rip), %rax
    pushq %rax
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2
2:
    decq %rbx
    jnz 1b
    popq %rbx
    ret

.section .note.GNU-stack, "", @progbits
