/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of its processor: exceptions and events bounced to its
 * kernel, returns by iret, privileged instructions (pv/). The machine's entry
 * code calls the pv_trap_* functions with the guest's registers, which live at
 * the top of its CPU's stack; all run with interrupts on and no lock held.
 */
#ifndef XEN_LITE_PV_H
#define XEN_LITE_PV_H

#include "types.h"

struct cpu_user_regs;
struct cpuid_result;
struct domain;
struct pv_callback;
struct vcpu;

/* The register that instructions call @number (0-15); mm/write_decode.c. */
uint64_t *general_register(struct cpu_user_regs *regs, unsigned int number);

/* Selectors of the flat segments the ABI gives guests. */
#define GUEST_SELECTOR_CS64 0xe033U
#define GUEST_SELECTOR_DS   0xe02bU
#define GUEST_SELECTOR_CS32 0xe023U

#define X86_FLAG_TF   (1UL << 8)
#define X86_FLAG_IF   (1UL << 9)
#define X86_FLAG_DF   (1UL << 10)
#define X86_FLAG_IOPL (3UL << 12)
#define X86_FLAG_NT   (1UL << 14)
#define X86_FLAG_RF   (1UL << 16)
#define X86_FLAG_VM   (1UL << 17)
#define X86_FLAG_AC   (1UL << 18)
#define X86_FLAG_ID   (1UL << 21)
/* Bit 1 always reads as one. */
#define X86_FLAG_FIXED (1UL << 1)

#define X86_CR0_TS         (1UL << 3)
#define X86_CR4_TSD        (1UL << 2)
#define X86_CR4_DE         (1UL << 3)
#define X86_CR4_PAE        (1UL << 5)
#define X86_CR4_MCE        (1UL << 6)
#define X86_CR4_OSFXSR     (1UL << 9)
#define X86_CR4_OSXMMEXCPT (1UL << 10)
#define X86_CR4_FSGSBASE   (1UL << 16)
#define X86_CR4_OSXSAVE    (1UL << 18)
/* XCR0: x87, SSE, AVX, and the three of AVX-512. */
#define X86_XCR0_X87    1UL
#define X86_XCR0_SSE    2UL
#define X86_XCR0_AVX    4UL
#define X86_XCR0_AVX512 0xe0UL
/* What a guest reads in CR0 and CR4 at its start. */
#define PV_CR0_DEFAULT 0x80050033UL
#define PV_CR4_DEFAULT \
    (X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)
/* DR6 bits that read as one, and that read as zero (SDM 3B 17.2.3). */
#define X86_DR6_FIXED         0xffff0ff0UL
#define X86_DR6_RESERVED_ZERO (0xffffffff00000000UL | (1UL << 12))
#define X86_DR7_FIXED         0x400UL
#define X86_DR7_GD            (1UL << 13)

/* Is @value a set of states out of @mask that XSETBV takes (SDM 1 13.3)? */
static inline bool xcr0_valid(uint64_t value, uint64_t mask)
{
    uint64_t avx512 = value & X86_XCR0_AVX512;

    return (value & ~mask) == 0 && (value & X86_XCR0_X87) != 0 &&
           ((value & X86_XCR0_AVX) == 0 || (value & X86_XCR0_SSE) != 0) &&
           (avx512 == 0 ||
            (avx512 == X86_XCR0_AVX512 && (value & X86_XCR0_AVX) != 0));
}

enum x86_vector {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_MC = 18,
    VECTOR_XM = 19,
    VECTOR_SYSCALL = 0x100, /* entry_vector of a SYSCALL: see pv_bounce() */
};

#define PF_PRESENT  (1U << 0)
#define PF_WRITE    (1U << 1)
#define PF_USER     (1U << 2)
#define PF_RESERVED (1U << 3)
#define PF_FETCH    (1U << 4)

/* -- bounce.c: build the guest kernel's frame ------------------------------ */

/*
 * Deliver exception @vector to the current vCPU: through its trap table, with
 * @error_code where the vector has one. A missing handler or a bad kernel
 * stack crashes the domain, as on Xen.
 */
void pv_inject(struct vcpu *v, struct cpu_user_regs *regs, unsigned int vector,
               uint32_t error_code);
/* #PF at @va: also sets arch.cr2 and rewrites the user bit. */
void pv_inject_page_fault(struct vcpu *v, struct cpu_user_regs *regs,
                          unsigned long va, uint32_t error_code);
/* A guest user's SYSCALL (@from32: SYSCALL in compatibility mode), SYSENTER. */
void pv_bounce_syscall(struct vcpu *v, struct cpu_user_regs *regs, bool from32);
void pv_bounce_sysenter(struct vcpu *v, struct cpu_user_regs *regs);
/* A data segment faulted when the vCPU was loaded. */
void pv_bounce_failsafe(struct vcpu *v, struct cpu_user_regs *regs,
                        const uint16_t segments[4]);
/* Is an event upcall or an NMI due for @v, the current vCPU? */
bool pv_delivery_due(const struct vcpu *v);
/* Deliver it: on the exit path, interrupts on. */
void pv_deliver(struct vcpu *v, struct cpu_user_regs *regs);
/* Guest kernel <-> guest user: page-table root and GS base. */
void pv_toggle_mode(struct vcpu *v);

/* -- traps.c: exceptions raised by guest code ------------------------------ */

void pv_trap_page_fault(struct vcpu *v, struct cpu_user_regs *regs,
                        unsigned long va, uint32_t error_code);
void pv_trap_general_protection(struct vcpu *v, struct cpu_user_regs *regs,
                                uint32_t error_code);
void pv_trap_invalid_opcode(struct vcpu *v, struct cpu_user_regs *regs);
void pv_trap_no_fpu(struct vcpu *v, struct cpu_user_regs *regs);
/* @dr6: what the processor reported. */
void pv_trap_debug(struct vcpu *v, struct cpu_user_regs *regs,
                   unsigned long dr6);
/* The ring that @v is in for IOPL and gates: its kernel's is 1, or 0 by a VM
 * assist. */
unsigned int pv_ring(const struct vcpu *v);
/* All others, and int3, into: no emulation. */
void pv_trap_other(struct vcpu *v, struct cpu_user_regs *regs,
                   unsigned int vector, uint32_t error_code);

/* -- emulate.c: privileged instructions ------------------------------------ */

/*
 * Emulate the instruction at regs->rip if it is one that a guest may use.
 * true: done (registers moved on) or an exception was injected;
 * false: not one of ours, reflect the original fault.
 */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs);
/* ud2a "xen" cpuid: the same for #UD. */
bool pv_emulate_forced(struct vcpu *v, struct cpu_user_regs *regs);

/* -- io.c, msr.c, cpuid.c -------------------------------------------------- */

/* May @v touch ports [port, port + bytes)? By IOPL or the I/O bitmap. */
bool pv_port_allowed(struct vcpu *v, uint16_t port, unsigned int bytes);
uint32_t pv_port_in(struct vcpu *v, uint16_t port, unsigned int bytes);
void pv_port_out(struct vcpu *v, uint16_t port, unsigned int bytes,
                 uint32_t value);
/* 0, or -XEN_EINVAL: the guest gets #GP. */
int pv_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
int pv_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

/* CPUID as @v may see it: the domain's policy and the vCPU's own CR4. */
void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
              struct cpuid_result *out);
/* CR4 bits that a guest of @d may turn on. */
unsigned long pv_cr4_bits(const struct domain *d);
/* The TSC that @v sees: the machine's, or a virtual one. */
uint64_t pv_read_tsc(const struct vcpu *v);

/* -- descriptors.c --------------------------------------------------------- */

/*
 * May a guest have @descriptor in its GDT or LDT? Forces what can be forced
 * (privilege level 3) into *descriptor.
 */
bool descriptor_fix(uint64_t *descriptor);
/* Drop all GDT frames of @v, which is current or not running. */
void pv_drop_gdt(struct vcpu *v);
/* Install @count entries in @frames: 0, -XEN_EINVAL. */
int pv_set_gdt(struct vcpu *v, const unsigned long *frames,
               unsigned int entries);
/* Unmap all LDT pages; true if any was mapped. */
bool pv_drop_ldt(struct vcpu *v);
/* MMUEXT_SET_LDT. */
int pv_set_ldt(struct vcpu *v, unsigned long base, unsigned int entries);
/* The processor missed LDT page of offset @offset: map it if there is one. */
bool pv_map_ldt_page(struct vcpu *v, unsigned long offset);
/* The same for the page that @selector is in, if it is of the LDT: before we
 * load it for the guest, for then a fault is the end of it. */
void pv_map_ldt_of(struct vcpu *v, unsigned int selector);

/* -- debug registers ------------------------------------------------------- */

/* 0, -XEN_EINVAL, -XEN_EPERM, -XEN_ENODEV (no such register). */
int pv_set_debugreg(struct vcpu *v, unsigned int index, unsigned long value);

/* -- addresses ------------------------------------------------------------- */

/* Force privilege level 3 into a code or stack selector. */
static inline unsigned int selector_ring3(unsigned int selector)
{
    return selector | 3U;
}

#endif
