/* SPDX-License-Identifier: MIT */
/* Single instructions that examples need, those that fault with FIXUP(). */
#ifndef GUEST_KIT_INSN_H
#define GUEST_KIT_INSN_H

#include <stdint.h>

#include "traps.h"

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

static inline uint64_t rdtsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((uint64_t)high << 32) | low;
}

/* CPUID as the hypervisor answers it: forced emulation prefix. */
static inline struct cpuid_result cpuid_forced(uint32_t leaf, uint32_t sub)
{
    struct cpuid_result r;

    __asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "0"(leaf), "2"(sub));
    return r;
}

static inline struct cpuid_result cpuid_native(uint32_t leaf, uint32_t sub)
{
    struct cpuid_result r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "0"(leaf), "2"(sub));
    return r;
}

static inline uint64_t read_cr0(void)
{
    uint64_t value;

    __asm__ volatile("movq %%cr0, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;

    __asm__ volatile("movq %%cr3, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr4(void)
{
    uint64_t value;

    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    return value;
}

/* May fault: look at fault_vector(). The result is 0 then. */
static inline uint64_t rdmsr_fixup(uint32_t msr)
{
    uint32_t low = 0;
    uint32_t high = 0;

    __asm__ volatile(FIXUP("rdmsr") : "+a"(low), "+d"(high) : "c"(msr));
    return ((uint64_t)high << 32) | low;
}

static inline void wrmsr_fixup(uint32_t msr, uint64_t value)
{
    __asm__ volatile(FIXUP("wrmsr")
                     :
                     : "c"(msr), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint64_t load_fixup(uint64_t va)
{
    uint64_t value = 0;

    __asm__ volatile(FIXUP("movq (%1), %0") : "+r"(value) : "r"(va) : "memory");
    return value;
}

static inline void store_fixup(uint64_t va, uint64_t value)
{
    __asm__ volatile(FIXUP("movq %0, (%1)") : : "r"(value), "r"(va) : "memory");
}

#endif
