/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, interrupts and SYSCALL: save a struct cpu_user_regs, call C,
 * and go back. Nothing here touches GS or its base: both are the guest's.
 * Per-CPU data is found from the stack pointer (machine_arch.h).
 */
#include "asm_offsets.h"
#include "asm_macros.h"
#include "entry.h"
#include "layout.h"

#define ERROR_CODE_VECTORS 0x60227d00
#define X86_FLAGS_IF_BIT   0x200
#define X86_FLAGS_NONE     0x2

    .section .text.entry, "ax"
    .balign 64

/* Registers below the error code, and a clean slate for C. */
.macro save_registers
    cld
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
.endm

/* The reverse, and the error code dropped: leaves an IRETQ frame. */
.macro restore_registers
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $8, %rsp
.endm

/* A frame is at 8 modulo 16: see machine_arch.h. */
.macro call_c function
    movq %rsp, %rdi
    subq $8, %rsp
    call \function
    addq $8, %rsp
.endm

    .section .rodata, "a"
    .balign 8
    .global entry_stubs
entry_stubs:
    .previous

/*
 * Page-table isolation (xpti.c): guests run on tables that hold little of us.
 * From a guest, RSP is its frame in cpu_info: load the whole tables. hv_cr3
 * and exit_cr3 are 0 while isolation is off.
 */
.macro leave_guest_tables
    movq CPU_INFO_HV_CR3 - CPU_INFO_REGS(%rsp), %rcx
    testq %rcx, %rcx
    jz .Lwhole\@
    movq %rcx, %cr3
.Lwhole\@:
.endm

.macro enter_guest_tables
    movq CPU_INFO_EXIT_CR3 - CPU_INFO_REGS(%rsp), %rcx
    testq %rcx, %rcx
    jz .Lwhole\@
    movq %rcx, %cr3
.Lwhole\@:
.endm

/* VERW also empties the processor's buffers where MD_CLEAR says so (MDS). */
.macro clear_buffers
    cmpw $0, CPU_INFO_VERW - CPU_INFO_REGS(%rsp)
    je .Lclear\@
    verw CPU_INFO_VERW - CPU_INFO_REGS(%rsp)
.Lclear\@:
.endm

/*
 * On an IST stack either tables may be loaded, whatever was interrupted:
 * look, and go back to the same. R12 is C's to keep.
 */
.macro ist_call_c function
    movq %rsp, %rbx
    orq $(CPU_AREA_BYTES - 1), %rbx
    subq $(CPU_INFO_BYTES - 1), %rbx
    movq %cr3, %r12
    cmpq CPU_INFO_EXIT_CR3(%rbx), %r12
    jne .Lwhole\@
    movq CPU_INFO_HV_CR3(%rbx), %rcx
    movq %rcx, %cr3
.Lwhole\@:
    call_c \function
    movq %cr3, %rcx
    cmpq %rcx, %r12
    je .Lsame\@
    movq %r12, %cr3
.Lsame\@:
.endm

/* One stub for each vector, all of one form: error code, vector, and away. */
entry_stub:
    .set vector, 0
    .rept 256
    .section .rodata, "a"
    .quad 1f
    .previous
1:
    .if (vector >= 32) || !((ERROR_CODE_VECTORS >> (vector & 31)) & 1)
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    .if vector == TRAP_NMI
    jmp entry_nmi
    .elseif vector == TRAP_MC
    jmp entry_machine_check
    .elseif vector == TRAP_DF
    jmp entry_double_fault
    .elseif vector == TRAP_DB
    jmp entry_debug
    .elseif vector < 32
    jmp entry_exception
    .else
    jmp entry_interrupt
    .endif
    .set vector, vector + 1
    .endr

    .global entry_exception
entry_exception:
    save_registers
    smap_clac
    testb $3, REGS_cs(%rsp)
    jz exception_ours
exception_saved:
    leave_guest_tables
    call_c trap_exception
    jmp exit_to_guest

/* Our own code faults with the guest's tables loaded in one place only. */
exception_ours:
    leaq entry_guest_iret(%rip), %rax
    cmpq %rax, REGS_rip(%rsp)
    jne 1f
    movq %rsp, %rax
    orq $(CPU_AREA_BYTES - 1), %rax
    movq CPU_INFO_HV_CR3 - CPU_INFO_BYTES + 1(%rax), %rcx
    testq %rcx, %rcx
    jz 1f
    movq %rcx, %cr3
1:  call_c trap_exception
    jmp exit_to_hypervisor

    .global entry_interrupt
entry_interrupt:
    save_registers
    smap_clac
    testb $3, REGS_cs(%rsp)
    jz 1f
    leave_guest_tables
    call_c trap_interrupt
    jmp exit_to_guest
1:  call_c trap_interrupt

exit_to_hypervisor:
    restore_registers
    iretq

/* From an IST stack to where guests' frames belong, with the frame. */
.macro move_guest_frame
    movq %rsp, %rsi
    movq %rsp, %rdi
    orq $(CPU_AREA_BYTES - 1), %rdi
    subq $(CPU_INFO_BYTES - CPU_INFO_REGS - 1), %rdi
    movq %rdi, %rdx
    movl $(REGS_es / 8), %ecx
    rep movsq
    movq %rdx, %rsp
    xorl %ebp, %ebp
.endm

/* #DB has a stack of its own, for one between SYSCALL and its stack switch. */
entry_debug:
    save_registers
    smap_clac
    testb $3, REGS_cs(%rsp)
    jz 1f
    move_guest_frame
    jmp exception_saved
1:  ist_call_c trap_exception
    jmp exit_to_hypervisor

/*
 * These three assume nothing, touch no guest state, and go straight back: to
 * a guest by the IRETQ that may fault, for another vCPU may have changed the
 * descriptor of its code meanwhile.
 */
entry_nmi:
    save_registers
    smap_clac
    testb $3, REGS_cs(%rsp)
    jz 1f
    move_guest_frame
    leave_guest_tables
    call_c trap_nmi
    jmp exit_quietly
1:  ist_call_c trap_nmi
    jmp exit_to_hypervisor

entry_machine_check:
    save_registers
    smap_clac
    ist_call_c trap_machine_check
    jmp exit_to_hypervisor

entry_double_fault:
    save_registers
    smap_clac
    ist_call_c trap_double_fault
    jmp exit_to_hypervisor

/*
 * From the CPU's trampoline (gdt.c), which put the guest's RSP in its place
 * in the frame and made RSP point there. RCX is RIP, R11 is RFLAGS.
 */
    .balign 64
    .global entry_syscall, entry_syscall32
entry_syscall:
    movq $GUEST_DS, 8(%rsp)
    pushq %r11
    pushq $GUEST_CS64
    pushq %rcx
    pushq $0
    movl $ENTRY_SYSCALL, 4(%rsp)
1:  save_registers
    leave_guest_tables
    call_c trap_syscall
    jmp exit_to_guest

entry_syscall32:
    movq $GUEST_DS, 8(%rsp)
    pushq %r11
    pushq $GUEST_CS32
    pushq %rcx
    pushq $0
    movl $ENTRY_SYSCALL32, 4(%rsp)
    jmp 1b

/*
 * SYSENTER comes with a stack (its MSR is the CPU's, as RSP0 of the TSS), and
 * without a word of where it came from: the guest's kernel knows. It leaves
 * most flags as they were: with NT our IRETQs would fault, to whichever guest,
 * and with AC we could reach guest memory anywhere.
 */
    .global entry_sysenter
entry_sysenter:
    pushq $GUEST_DS
    pushq $0
    pushfq
    orl $X86_FLAGS_IF_BIT, (%rsp)
    pushq $X86_FLAGS_NONE
    popfq
    pushq $GUEST_CS32
    pushq $0
    pushq $0
    movl $ENTRY_SYSENTER, 4(%rsp)
    jmp 1b

/* The one way to a guest. */
    .global entry_exit_to_guest
entry_exit_to_guest:
    movq %rsp, %rax
    orq $(CPU_AREA_BYTES - 1), %rax
    leaq -(CPU_INFO_BYTES - CPU_INFO_REGS - 1)(%rax), %rsp
    xorl %ebp, %ebp
exit_to_guest:
    call_c trap_exit
exit_quietly:
    clear_buffers
    enter_guest_tables
    restore_registers
    .global entry_guest_iret
entry_guest_iret:
    iretq
    extable entry_guest_iret, guest_iret_failed

/*
 * The guest's frame was bad (#GP, #SS, #NP from IRETQ). The fault's handler
 * came back here with the registers as restored: save them again in place.
 */
guest_iret_failed:
    pushq $0
    movl $TRAP_GP, 4(%rsp)
    save_registers
    call_c trap_iret_failed
    jmp exit_to_guest

    .global entry_reset_stack
entry_reset_stack:
    movq %rsp, %rax
    orq $(CPU_AREA_BYTES - 1), %rax
    leaq -(CPU_INFO_BYTES - 1)(%rax), %rsp
    xorl %ebp, %ebp
    callq call_rdi
    ud2

/* As the compiler makes indirect calls (HV_RETPOLINE): what is predicted of
 * the return is the loop. */
call_rdi:
    callq 2f
1:  pause
    lfence
    jmp 1b
2:  movq %rdi, (%rsp)
    ret
