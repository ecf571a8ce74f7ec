/* SPDX-License-Identifier: MIT */
/*
 * Offsets that assembly uses. Never linked: mk/hypervisor.mk turns the
 * assembly that the compiler writes for this file into asm_offsets.h.
 */
#include "machine.h"

#define DEFINE(name, value) \
    __asm__ volatile("/* @" #name " %0@ */" : : "i"(value))
#define REG(name, field) \
    DEFINE(REGS_##name, offsetof(struct cpu_user_regs, field))

_Static_assert(sizeof(struct cpu_info) <= CPU_INFO_BYTES, "see layout.h");
_Static_assert(offsetof(struct cpu_info, guest_regs) == CPU_INFO_REGS,
               "see layout.h");

void asm_offsets(void);

void asm_offsets(void)
{
    REG(rax, rax);
    REG(error_code, error_code);
    REG(rip, rip);
    REG(cs, cs);
    REG(rflags, rflags);
    REG(rsp, rsp);
    REG(ss, ss);
    REG(es, es);
    DEFINE(REGS_BYTES, sizeof(struct cpu_user_regs));
    DEFINE(CPU_INFO_HV_CR3, offsetof(struct cpu_info, hv_cr3));
    DEFINE(CPU_INFO_VERW, offsetof(struct cpu_info, verw_selector));
    DEFINE(CPU_INFO_EXIT_CR3, offsetof(struct cpu_info, exit_cr3));
}
