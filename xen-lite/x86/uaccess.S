/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from guest memory: size_t machine_copy_*(to, from, bytes).
 * Returns what was not copied. Faults on guest addresses end the copy.
 */
#include "asm_macros.h"

    .text
    .global machine_copy_from_guest, machine_copy_to_guest
    .balign 16
machine_copy_from_guest:
machine_copy_to_guest:
    smap_stac
    movl %edx, %eax
    andl $7, %eax
    movq %rdx, %rcx
    shrq $3, %rcx
1:  rep movsq
    movl %eax, %ecx
2:  rep movsb
    movq %rcx, %rax
    smap_clac
    ret

/* RCX words and RAX bytes are left. */
3:  leaq (%rax,%rcx,8), %rax
    smap_clac
    ret
/* RCX bytes are left. */
4:  movq %rcx, %rax
    smap_clac
    ret

    extable 1b, 3b
    extable 2b, 4b
