/* SPDX-License-Identifier: MIT */
/*
 * A PV guest for tests of pv/: one domain, two vCPUs, real page tables in the
 * arena, kernel and user roots, and pages mapped for code, stacks and data.
 */
#ifndef XEN_LITE_PV_WORLD_H
#define XEN_LITE_PV_WORLD_H

#include "fake.h"

#include "pte.h"
#include "pv.h"

/* Guest addresses of pages mapped in both roots. */
#define PV_CODE_VA   0xffffffff80000000UL
#define PV_STACK_VA  0xffffffff80001000UL /* kernel stack: one page */
#define PV_DATA_VA   0xffffffff80002000UL
#define PV_GDT_VA    0xffffffff80003000UL /* mapped read-only */
#define PV_HOLE_VA   0xffffffff80100000UL /* not mapped */
#define PV_STACK_TOP (PV_STACK_VA + PAGE_BYTES)

struct pv_world {
    struct domain *d;
    struct vcpu *v;
    struct cpu_user_regs *regs;
    mfn_t code, stack, data, gdt;
    mfn_t kernel_root, user_root;
};

extern struct pv_world pv_world;

/* Fixtures: the guest is current on CPU 0, in kernel mode, events masked. */
int pv_world_setup(void **state);
int pv_world_teardown(void **state);

/* Bytes of a guest page, by the host. */
void *pv_page(mfn_t mfn);
/* Put @bytes of code at PV_CODE_VA and RIP there. */
void pv_code(const void *code, size_t bytes);
/* Word @index of the frame at the guest's RSP. */
uint64_t pv_stack_word(unsigned int index);
/* Install a handler for @vector at an address of its own. */
unsigned long pv_handler(unsigned int vector, unsigned int flags);

#endif
