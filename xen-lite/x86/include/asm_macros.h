/* SPDX-License-Identifier: MIT */
/* Macros for assembly files: the exception table, and STAC and CLAC. */
#ifndef XEN_LITE_ASM_MACROS_H
#define XEN_LITE_ASM_MACROS_H

/* A fault at \from continues at \to (x86/extable.c). */
.macro extable from to
    .section .extable, "a"
    .balign 4
    .long \from - ., \to - .
    .previous
.endm

/* Three-byte places that smap_enable() turns into CLAC and STAC. */
.macro smap_clac
1990:
    .byte 0x0f, 0x1f, 0x00
    .section .smap_sites, "a"
    .balign 4
    .long 1990b - ., 0x00ca010f
    .previous
.endm

.macro smap_stac
1990:
    .byte 0x0f, 0x1f, 0x00
    .section .smap_sites, "a"
    .balign 4
    .long 1990b - ., 0x00cb010f
    .previous
.endm

#endif
