/* SPDX-License-Identifier: MIT */
/* Assembler macros that emit one note of owner "Xen". */
#ifndef GUEST_KIT_ELFNOTE_H
#define GUEST_KIT_ELFNOTE_H

#include <xen/elfnote.h>

.macro elfnote_begin type
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4
    .long 8f - 7f
    .long \type
    .asciz "Xen"
    .balign 4
7:
.endm

.macro elfnote_end
8:
    .balign 4
    .popsection
.endm

.macro elfnote_number type, value
    elfnote_begin \type
    .quad \value
    elfnote_end
.endm

.macro elfnote_string type, value
    elfnote_begin \type
    .asciz "\value"
    elfnote_end
.endm

#endif
