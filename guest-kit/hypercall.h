/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by SYSCALL: number in RAX, arguments in RDI, RSI, RDX, R10, R8,
 * result in RAX (<xen/arch-x86/xen-x86_64.h>). RCX and R11 are lost, and the
 * argument registers are not relied on afterwards.
 */
#ifndef GUEST_KIT_HYPERCALL_H
#define GUEST_KIT_HYPERCALL_H

#include <stdint.h>

#include "xen_abi.h"

static inline long hypercall5(unsigned int number, uint64_t a1, uint64_t a2,
                              uint64_t a3, uint64_t a4, uint64_t a5)
{
    register uint64_t r10 __asm__("r10") = a4;
    register uint64_t r8 __asm__("r8") = a5;
    uint64_t rax = number;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10),
                       "+r"(r8)
                     :
                     : "rcx", "r11", "memory");
    return (long)rax;
}

static inline long hypercall1(unsigned int number, uint64_t a1)
{
    return hypercall5(number, a1, 0, 0, 0, 0);
}

static inline long hypercall2(unsigned int number, uint64_t a1, uint64_t a2)
{
    return hypercall5(number, a1, a2, 0, 0, 0);
}

static inline long hypercall3(unsigned int number, uint64_t a1, uint64_t a2,
                              uint64_t a3)
{
    return hypercall5(number, a1, a2, a3, 0, 0);
}

static inline long hypercall4(unsigned int number, uint64_t a1, uint64_t a2,
                              uint64_t a3, uint64_t a4)
{
    return hypercall5(number, a1, a2, a3, a4, 0);
}

static inline long hc_set_trap_table(const struct trap_info *table)
{
    return hypercall1(__HYPERVISOR_set_trap_table, (uint64_t)table);
}

static inline long hc_mmu_update(struct mmu_update *reqs, unsigned int count,
                                 unsigned int *done, unsigned int foreign)
{
    return hypercall4(__HYPERVISOR_mmu_update, (uint64_t)reqs, count,
                      (uint64_t)done, foreign);
}

static inline long hc_set_gdt(const uint64_t *frames, unsigned int entries)
{
    return hypercall2(__HYPERVISOR_set_gdt, (uint64_t)frames, entries);
}

static inline long hc_stack_switch(uint64_t ss, uint64_t sp)
{
    return hypercall2(__HYPERVISOR_stack_switch, ss, sp);
}

static inline long hc_fpu_taskswitch(int set)
{
    return hypercall1(__HYPERVISOR_fpu_taskswitch, (uint64_t)set);
}

static inline long hc_set_debugreg(int reg, uint64_t value)
{
    return hypercall2(__HYPERVISOR_set_debugreg, (uint64_t)reg, value);
}

static inline long hc_get_debugreg(int reg)
{
    return hypercall1(__HYPERVISOR_get_debugreg, (uint64_t)reg);
}

static inline long hc_update_descriptor(uint64_t maddr, uint64_t value)
{
    return hypercall2(__HYPERVISOR_update_descriptor, maddr, value);
}

static inline long hc_memory_op(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_memory_op, cmd, (uint64_t)arg);
}

static inline long hc_multicall(struct multicall_entry *calls,
                                unsigned int count)
{
    return hypercall2(__HYPERVISOR_multicall, (uint64_t)calls, count);
}

static inline long hc_update_va_mapping(uint64_t va, uint64_t pte,
                                        uint64_t flags)
{
    return hypercall3(__HYPERVISOR_update_va_mapping, va, pte, flags);
}

static inline long hc_set_timer_op(uint64_t deadline_ns)
{
    return hypercall1(__HYPERVISOR_set_timer_op, deadline_ns);
}

static inline long hc_xen_version(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_xen_version, cmd, (uint64_t)arg);
}

static inline long hc_console_io(unsigned int cmd, unsigned int count,
                                 const char *text)
{
    return hypercall3(__HYPERVISOR_console_io, cmd, count, (uint64_t)text);
}

static inline long hc_physdev_op(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_physdev_op, cmd, (uint64_t)arg);
}

static inline long hc_grant_table_op(unsigned int cmd, void *ops,
                                     unsigned int count)
{
    return hypercall3(__HYPERVISOR_grant_table_op, cmd, (uint64_t)ops, count);
}

static inline long hc_vm_assist(unsigned int cmd, unsigned int type)
{
    return hypercall2(__HYPERVISOR_vm_assist, cmd, type);
}

static inline long hc_update_va_mapping_otherdomain(uint64_t va, uint64_t pte,
                                                    uint64_t flags,
                                                    unsigned int domid)
{
    return hypercall4(__HYPERVISOR_update_va_mapping_otherdomain, va, pte,
                      flags, domid);
}

static inline long hc_vcpu_op(unsigned int cmd, unsigned int vcpu, void *arg)
{
    return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, (uint64_t)arg);
}

static inline long hc_set_segment_base(unsigned int which, uint64_t base)
{
    return hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static inline long hc_mmuext_op(struct mmuext_op *ops, unsigned int count,
                                unsigned int *done, unsigned int foreign)
{
    return hypercall4(__HYPERVISOR_mmuext_op, (uint64_t)ops, count,
                      (uint64_t)done, foreign);
}

static inline long hc_sched_op(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_sched_op, cmd, (uint64_t)arg);
}

static inline long hc_callback_op(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_callback_op, cmd, (uint64_t)arg);
}

static inline long hc_event_channel_op(unsigned int cmd, void *arg)
{
    return hypercall2(__HYPERVISOR_event_channel_op, cmd, (uint64_t)arg);
}

#endif
