/* SPDX-License-Identifier: MIT */
/* The processor's instructions that machine.h offers. */
#include "extable.h"
#include "machine.h"
#include "x86.h"

#define CACHE_LINE 64U /* of every x86-64 processor */

void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *out)
{
    __asm__ volatile("cpuid"
                     : "=a"(out->eax), "=b"(out->ebx), "=c"(out->ecx),
                       "=d"(out->edx)
                     : "a"(leaf), "c"(subleaf));
}

int machine_rdmsr(uint32_t msr, uint64_t *value)
{
    uint32_t low, high;
    int failed = 1;

    __asm__ volatile("1: rdmsr\n\t"
                     "xorl %[failed], %[failed]\n"
                     "2:\n\t" EXTABLE(1b, 2b)
                     : "=a"(low), "=d"(high), [failed] "+r"(failed)
                     : "c"(msr), "a"(0), "d"(0));
    *value = (uint64_t)high << 32 | low;
    return failed != 0 ? -XEN_EINVAL : 0;
}

uint32_t machine_port_in(uint16_t port, unsigned int bytes)
{
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

void machine_port_out(uint16_t port, unsigned int bytes, uint32_t value)
{
    if (bytes == 1) {
        outb(port, (uint8_t)value);
    } else if (bytes == 2) {
        outw(port, (uint16_t)value);
    } else {
        outl(port, value);
    }
}

void machine_flush_cache(void)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

/* Fences on both sides: CLFLUSH is ordered by nothing less (SDM 2A). */
void machine_flush_frame(mfn_t mfn)
{
    const char *line = machine_map(mfn);

    __asm__ volatile("mfence" : : : "memory");
    for (const char *end = line + PAGE_BYTES; line < end; line += CACHE_LINE) {
        __asm__ volatile("clflush %0" : : "m"(*line) : "memory");
    }
    __asm__ volatile("mfence" : : : "memory");
}
