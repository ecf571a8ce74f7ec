/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's address layout: L4 slots 256 to 271, which the Xen ABI
 * reserves (HYPERVISOR_VIRT_START in xen/arch-x86/xen-x86_64.h). Shared by C,
 * assembly and the link map, so plain constants only.
 *
 * slot     start               what                                  rights
 * 256      0xffff800000000000  machine-to-physical, as guests see it  R, user
 * 257      0xffff808000000000  the same frames, for us                RW
 * 258      0xffff810000000000  frame table (struct page)              RW
 * 259      0xffff818000000000  device registers and other mappings    RW, UC
 * 260      0xffff820000000000  per-domain: descriptor table windows   RW
 * 261      0xffff82d040000000  image: text RX, rodata R, data RW
 *          0xffff82d080000000  per-CPU areas, 64 KiB each
 * 262-271  0xffff830000000000  direct map of RAM, 2 MiB and 1 GiB     RW
 */
#ifndef XEN_LITE_LAYOUT_H
#define XEN_LITE_LAYOUT_H

#ifdef __ASSEMBLER__
#    define HV_CONST(x) x
#else
#    define HV_CONST(x) x##UL
#endif

#define HV_SLOT_FIRST 256
#define HV_SLOT_LAST  271

#define HV_M2P_RO         HV_CONST(0xffff800000000000)
#define HV_M2P_RW         HV_CONST(0xffff808000000000)
#define HV_FRAME_TABLE    HV_CONST(0xffff810000000000)
#define HV_VMAP           HV_CONST(0xffff818000000000)
#define HV_PERDOMAIN      HV_CONST(0xffff820000000000)
#define HV_IMAGE          HV_CONST(0xffff82d040000000)
#define HV_CPU_AREAS      HV_CONST(0xffff82d080000000)
#define HV_DIRECT_MAP     HV_CONST(0xffff830000000000)
#define HV_DIRECT_END     HV_CONST(0xffff880000000000)
#define HV_PERDOMAIN_SLOT 260

/* Where the image is linked to sit in physical memory; GRUB may move it. */
#define HV_IMAGE_PHYS  0x200000
#define HV_IMAGE_ALIGN 0x200000
#define HV_IMAGE_MAX   0x1000000

/*
 * One CPU's area: its stacks with unmapped pages between them. The top of
 * every stack is found from any stack pointer in the area, so per-CPU data
 * (struct cpu_info) sits at the end of the area.
 *
 * page 1, 3, 5, 7: IST stacks of NMI, #MC, #DB, #DF; 8: SYSCALL trampolines;
 * 9: descriptor table and TSS; 11 to 15: the stack, with cpu_info at its top.
 */
#define CPU_AREA_SHIFT      16
#define CPU_AREA_BYTES      0x10000
#define CPU_PAGE_NMI        1
#define CPU_PAGE_MC         3
#define CPU_PAGE_DB         5
#define CPU_PAGE_DF         7
#define CPU_PAGE_TRAMPOLINE 8
#define CPU_PAGE_GDT        9
#define CPU_PAGE_STACK      11
/* One bit for each page there is: the others are guards. */
#define CPU_PAGES      0xfbaa
#define CPU_PAGE_COUNT 11
/* Which of them is CPU_PAGE_GDT, when only those that there are count. */
#define CPU_GDT_INDEX 5

/* Selectors of our own descriptors: page 14 of the 16-page GDT window. */
#define GDT_WINDOW_PAGES 16
#define GDT_HV_PAGE      14
#define GDT_HV_OFFSET    0xe000
#define GDT_WINDOW_LIMIT 0xefff
#define HV_CS            0xe008
#define HV_DS            0xe010
#define GUEST_CS32       0xe023
#define GUEST_DS         0xe02b
#define GUEST_CS64       0xe033
#define HV_TSS           0xe040
#define HV_LDT           0xe050
/* Where in the page of descriptors the TSS lies. */
#define CPU_TSS_OFFSET 0x800

/* Room for struct cpu_info, and where its guest registers begin in it. */
#define CPU_INFO_BYTES HV_CONST(512)
#define CPU_INFO_REGS  8

#endif
