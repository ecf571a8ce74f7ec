/* SPDX-License-Identifier: MIT */
/*
 * From GRUB to 64-bit C: the multiboot2 header and the 32-bit entry. GRUB
 * enters the same way from BIOS and, with boot services ended, from UEFI
 * (Multiboot2 specification 3.1, 3.2). The image may have been moved, so all
 * 32-bit code addresses memory relative to %ebp, the image's physical base.
 */
#include "layout.h"

#define MB2_HEADER_MAGIC 0xe85250d6
#define MB2_BOOT_MAGIC   0x36d76289
#define MB2_ARCH_I386    0
#define MB2_TAG_END      0
#define MB2_TAG_REQUEST  1
#define MB2_TAG_ALIGN    6
#define MB2_TAG_RELOC    10
#define MB2_OPTIONAL     1

/* Offset of a symbol from the image's base, for %ebp-relative use. */
#define OFFS(sym) ((sym) - HV_IMAGE)

#define CR0_PE  0x00000001
#define CR0_MP  0x00000002
#define CR0_ET  0x00000010
#define CR0_NE  0x00000020
#define CR0_WP  0x00010000
#define CR0_PG  0x80000000
#define CR4_PAE 0x00000020
#define EFER    0xc0000080
#define CR0_ON  (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG)
/* SCE, LME, NXE */
#define EFER_ON 0x00000901
/* CPUID 0x80000001 EDX: long mode, no-execute pages */
#define CPUID_LM_NX 0x20100000
#define BOOT_CS 0x08
#define BOOT_DS 0x10

#define L4_INDEX(va) (((va) >> 39) & 511)
#define L3_INDEX(va) (((va) >> 30) & 511)

#define PTE_TABLE 0x03
#define PTE_2M    0x83

    .section .boot.header, "a"
    .balign 8
mb2_header:
    .long MB2_HEADER_MAGIC
    .long MB2_ARCH_I386
    .long mb2_header_end - mb2_header
    .long -(MB2_HEADER_MAGIC + MB2_ARCH_I386 + (mb2_header_end - mb2_header))

    .balign 8
    .short MB2_TAG_REQUEST, 0
    .long 24
    /* Command line, modules, memory map, image base. */
    .long 1, 3, 6, 21

    .balign 8
    .short MB2_TAG_ALIGN, MB2_OPTIONAL
    .long 8

    .balign 8
    .short MB2_TAG_RELOC, MB2_OPTIONAL
    .long 24
    /* Lowest and highest address, alignment, preference: lowest. */
    .long HV_IMAGE_PHYS, 0xffffffff, HV_IMAGE_ALIGN, 1

    .balign 8
    .short MB2_TAG_END, 0
    .long 8
mb2_header_end:

    .section .boot.text, "ax"
    .code32
    .global boot_entry
boot_entry:
    cli
    cld
    cmpl $MB2_BOOT_MAGIC, %eax
    jne boot_hang
    /* No stack yet: the reserved word of the loader's information is one. */
    leal 8(%ebx), %esp
    call 1f
1:  popl %ebp
    subl $OFFS(1b), %ebp
    leal OFFS(boot_area_end)(%ebp), %esp

    movl %ebx, %edi

    movl $0x80000001, %eax
    cpuid
    /* Long mode and no-execute are the least we run on. */
    andl $CPUID_LM_NX, %edx
    cmpl $CPUID_LM_NX, %edx
    jne boot_old_cpu

    call boot_fill_tables
    call boot_enable_paging
    leal OFFS(boot_gdt)(%ebp), %eax
    movl %eax, OFFS(boot_gdtr + 2)(%ebp)
    lgdtl OFFS(boot_gdtr)(%ebp)
    pushl $BOOT_CS
    leal OFFS(boot_64)(%ebp), %eax
    pushl %eax
    lretl

boot_old_cpu:
    leal OFFS(boot_old_cpu_text)(%ebp), %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz boot_hang
    outb %al, %dx
    jmp 1b
boot_hang:
    hlt
    jmp boot_hang

/*
 * Map the first 4 GiB at 0 and at the direct map, the image at its address,
 * and the first CPU's stack, all writable: hv_map.c replaces these tables.
 */
boot_fill_tables:
    leal OFFS(boot_l2_low)(%ebp), %ecx
    movl $PTE_2M, %eax
    movl $2048, %edx
1:  movl %eax, (%ecx)
    addl $0x200000, %eax
    addl $8, %ecx
    decl %edx
    jnz 1b

    leal OFFS(boot_l2_low + PTE_TABLE)(%ebp), %eax
    leal OFFS(boot_l3_low)(%ebp), %ecx
    movl $4, %edx
1:  movl %eax, (%ecx)
    addl $0x1000, %eax
    addl $8, %ecx
    decl %edx
    jnz 1b

    leal PTE_2M(%ebp), %eax
    leal OFFS(boot_l2_image)(%ebp), %ecx
    movl $(HV_IMAGE_MAX >> 21), %edx
1:  movl %eax, (%ecx)
    addl $0x200000, %eax
    addl $8, %ecx
    decl %edx
    jnz 1b

    /* The bits of CPU_PAGES say which pages of the area there are. */
    leal OFFS(boot_area + PTE_TABLE)(%ebp), %eax
    leal OFFS(boot_l1_cpu)(%ebp), %ecx
    movl $CPU_PAGES, %edx
1:  shrl %edx
    jnc 2f
    movl %eax, (%ecx)
    addl $0x1000, %eax
2:  addl $8, %ecx
    testl %edx, %edx
    jnz 1b

    leal OFFS(boot_l3_low + PTE_TABLE)(%ebp), %eax
    movl %eax, OFFS(boot_l4)(%ebp)
    movl %eax, OFFS(boot_l4 + 8 * L4_INDEX(HV_DIRECT_MAP))(%ebp)
    leal OFFS(boot_l3_image + PTE_TABLE)(%ebp), %eax
    movl %eax, OFFS(boot_l4 + 8 * L4_INDEX(HV_IMAGE))(%ebp)
    leal OFFS(boot_l2_image + PTE_TABLE)(%ebp), %eax
    movl %eax, OFFS(boot_l3_image + 8 * L3_INDEX(HV_IMAGE))(%ebp)
    leal OFFS(boot_l2_cpu + PTE_TABLE)(%ebp), %eax
    movl %eax, OFFS(boot_l3_image + 8 * L3_INDEX(HV_CPU_AREAS))(%ebp)
    leal OFFS(boot_l1_cpu + PTE_TABLE)(%ebp), %eax
    movl %eax, OFFS(boot_l2_cpu)(%ebp)
    ret

boot_enable_paging:
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    leal OFFS(boot_l4)(%ebp), %eax
    movl %eax, %cr3
    movl $EFER, %ecx
    rdmsr
    orl $EFER_ON, %eax
    wrmsr
    movl $CR0_ON, %eax
    movl %eax, %cr0
    ret

    .code64
boot_64:
    movl $BOOT_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    /* The upper halves are undefined after the mode switch. */
    movl %edi, %edi
    movl %ebp, %esi
    movabsq $(HV_CPU_AREAS + CPU_AREA_BYTES - CPU_INFO_BYTES), %rsp
    xorl %ebp, %ebp
    movabsq $start_first_cpu, %rax
    /* start_first_cpu(loader's information, physical base of the image) */
    callq *%rax
    ud2

boot_old_cpu_text:
    .asciz "xen-lite: this CPU lacks long mode or no-execute pages\r\n"

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
boot_gdtr:
    .word . - boot_gdt - 1
    .long 0

    .section .bss.boot, "aw", @nobits
    .balign 4096
    .global boot_l4, boot_area
boot_l4:
    .skip 4096
boot_l3_low:
    .skip 4096
boot_l2_low:
    .skip 4 * 4096
boot_l3_image:
    .skip 4096
boot_l2_image:
    .skip 4096
boot_l2_cpu:
    .skip 4096
boot_l1_cpu:
    .skip 4096
boot_area:
    .skip CPU_PAGE_COUNT * 4096
boot_area_end:
