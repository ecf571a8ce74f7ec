/* SPDX-License-Identifier: MIT */
/*
 * Linked into a guest that wants a hypercall page: the builder fills it
 * with one 32-byte stub for each call number.
 */
#include "elfnote.h"

.section .text.hypercall_page, "ax"
.balign 4096
.globl hypercall_page
hypercall_page:
    .fill 4096, 1, 0xcc

elfnote_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page

.section .note.GNU-stack, "", @progbits
