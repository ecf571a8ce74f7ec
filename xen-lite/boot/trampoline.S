/* SPDX-License-Identifier: MIT */
/*
 * Where the other CPUs start: in real mode, in a page below 1 MiB to which
 * smp.c copied this, and from there to start_other_cpu() on their stacks.
 * CS:0 is the page's start; 32-bit code finds itself by %ebp.
 */
#include "layout.h"

#define AP_CS64 0x08
#define AP_DS   0x10
#define AP_CS32 0x18
/* PE, MP, ET, NE, WP, PG */
#define CR0_ON  0x80010033
#define CR4_PAE 0x20
#define EFER    0xc0000080
#define EFER_ON 0x00000901

/* Offset within the page. */
#define O(sym) ((sym) - ap_trampoline)

    .section .rodata, "a"
    .balign 16
    .global ap_trampoline, ap_trampoline_end
ap_trampoline:
    .code16
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    xorl %ebp, %ebp
    movw %ax, %bp
    shll $4, %ebp
    /* The table of descriptors and the jumps want linear addresses. */
    leal O(ap_gdt)(%ebp), %eax
    movl %eax, O(ap_gdtr) + 2
    leal O(ap_32)(%ebp), %eax
    movl %eax, O(ap_far32)
    lgdtl O(ap_gdtr)
    movl $0x11, %eax
    movl %eax, %cr0
    ljmpl *O(ap_far32)

    .code32
ap_32:
    movl $AP_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl O(ap_boot_l4)(%ebp), %eax
    movl %eax, %cr3
    movl $EFER, %ecx
    rdmsr
    orl $EFER_ON, %eax
    wrmsr
    movl $CR0_ON, %eax
    movl %eax, %cr0
    leal O(ap_64)(%ebp), %eax
    movl %eax, O(ap_far64)(%ebp)
    ljmpl *O(ap_far64)(%ebp)

    .code64
ap_64:
    movq O(ap_hv_l4)(%rbp), %rbx
    movq O(ap_stack)(%rbp), %rcx
    movabsq $ap_high, %rax
    jmpq *%rax

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0x00cf9b000000ffff
ap_gdtr:
    .word . - ap_gdt - 1
    .long 0
ap_far32:
    .long 0
    .word AP_CS32
ap_far64:
    .long 0
    .word AP_CS64

/* struct ap_parameters of smp.c. */
    .balign 8
    .global ap_boot_l4, ap_hv_l4, ap_stack
ap_boot_l4:
    .quad 0
ap_hv_l4:
    .quad 0
ap_stack:
    .quad 0
ap_trampoline_end:

    .section .text.entry, "ax"
/* In the image, which both tables map: change to ours. */
ap_high:
    movq %rbx, %cr3
    movq %rcx, %rsp
    xorl %ebp, %ebp
    call start_other_cpu
    ud2
