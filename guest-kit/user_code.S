/* SPDX-License-Identifier: MIT */
/*
 * Code for user mode: copied to a page of its own, so position independent.
 * Each routine ends in a trap that brings user_run() back.
 */
.section .rodata
.balign 16

.macro routine name
    .balign 16
    .globl \name
\name:
.endm

.globl user_code_start
user_code_start:

routine user_syscall
    syscall
    ud2

routine user_syscall_loop
    syscall
    jmp user_syscall_loop

routine user_sysenter
    sysenter
    ud2

routine user_int80
    int $0x80
    ud2

routine user_int81
    int $0x81
    ud2

/* Spin until bit 0 of the data page (RDI) is set, then system call. */
routine user_spin
    pause
    testb $1, (%rdi)
    jz user_spin
    syscall

routine user_load
    movq (%rdi), %rax
    syscall

routine user_store
    movq %rax, (%rdi)
    syscall

routine user_divide
    xorl %edx, %edx
    xorl %ecx, %ecx
    movl $1, %eax
    divl %ecx
    ud2

routine user_ud2
    ud2

routine user_int3
    int3
    ud2

routine user_cli
    cli
    ud2

routine user_hlt
    hlt
    ud2

routine user_in
    inb $0x80, %al
    ud2

routine user_gs_load
    movq %gs:0, %rax
    syscall

routine user_fs_load
    movq %fs:0, %rax
    syscall

routine user_fpu
    fninit
    syscall

.globl user_code_end
user_code_end:

.section .note.GNU-stack, "", @progbits
