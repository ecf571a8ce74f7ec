/* SPDX-License-Identifier: MIT */
/*
 * Link map: text, read-only data and data each in their own pages, so that
 * hv_map.c can give each its rights. The symbol table that panic.c reads is
 * linked last of the read-only data: its size moves no function.
 */
#include "layout.h"

#define PHYS(sec) (ADDR(sec) - HV_IMAGE + HV_IMAGE_PHYS)

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
}

SECTIONS
{
    . = HV_IMAGE;
    image_start = .;
    .text : AT(PHYS(.text)) {
        *(.boot.header)
        *(.boot.text)
        /* Pages of their own: also mapped while guests run (xpti.c). */
        . = ALIGN(4096);
        text_start = .;
        entry_text_start = .;
        *(.text.entry)
        . = ALIGN(4096);
        entry_text_end = .;
        *(.text .text.*)
        text_end = .;
    } :text

    . = ALIGN(4096);
    rodata_start = .;
    .rodata : AT(PHYS(.rodata)) {
        *(.rodata .rodata.*)
        . = ALIGN(8);
        extable_start = .;
        KEEP(*(.extable))
        extable_end = .;
        smap_sites_start = .;
        KEEP(*(.smap_sites))
        smap_sites_end = .;
        *(.symbols)
    } :rodata
    . = ALIGN(4096);
    rodata_end = .;

    data_start = .;
    .data : AT(PHYS(.data)) {
        *(.data .data.*)
    } :data
    .bss : AT(PHYS(.bss)) {
        . = ALIGN(4096);
        *(.bss.boot)
        *(.bss .bss.*)
        *(COMMON)
        . = ALIGN(4096);
    } :data
    image_end = .;

    ASSERT(image_end - image_start <= HV_IMAGE_MAX, "image too large")
    /DISCARD/ : { *(.note .note.* .comment .eh_frame .eh_frame_hdr) }
}
