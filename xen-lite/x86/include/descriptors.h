/* SPDX-License-Identifier: MIT */
/* Our own GDT, TSS and IDT, and the per-CPU SYSCALL trampolines. */
#ifndef XEN_LITE_DESCRIPTORS_H
#define XEN_LITE_DESCRIPTORS_H

#include "machine.h"

/*
 * Fill the descriptor page, TSS and trampolines of @cpu, through @pages: its
 * area's pages by their number in the area, as mapped now.
 */
void descriptors_build(unsigned int cpu, uint8_t *const pages[16]);

/* Load them on this CPU, which is on its stack already; and the IDT. */
void descriptors_load(unsigned int cpu);

/* Fill the IDT that all CPUs share. */
void idt_build(void);

/* The frame to map as page 14 of a vCPU's GDT window while it runs on @cpu. */
mfn_t descriptors_gdt_frame(unsigned int cpu);
void descriptors_set_gdt_frame(unsigned int cpu, mfn_t mfn);

/* GDTR := a 16-page window at @base; the CPU's own page when @base is 0. */
void descriptors_load_gdt(unsigned long base);

/* LDTR := @entries descriptors at @base, or null; writes the CPU's GDT. */
void descriptors_load_ldt(unsigned long base, unsigned int entries);

/* MSRs of SYSCALL and SYSENTER, pointing at this CPU's trampolines. */
void syscall_init(unsigned int cpu);
/* Is @rip in a trampoline, where RSP may still be the guest's? */
bool syscall_in_trampoline(unsigned long rip);

#endif
