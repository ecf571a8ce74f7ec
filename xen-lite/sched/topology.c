/* SPDX-License-Identifier: MIT */
/*
 * Threads, cores and sockets. An APIC id is socket, core and thread number
 * side by side; how many bits each has is in CPUID: leaf 0xb, else leaf 4 on
 * Intel, 0x80000008 on AMD, else leaf 1 (SDM 3A 9.9, APM 3 E.4).
 */
#include "topology.h"

#include "core.h"
#include "cpu_policy.h"

#define LEAF1_EDX_HTT (1U << 28)

struct topology_shifts {
    unsigned int core;   /* bits of the thread number */
    unsigned int socket; /* bits of thread and core number */
};

/* Bits that hold numbers below @count. */
static unsigned int bits_for(uint32_t count)
{
    unsigned int bits = 0;

    while (bits < 31 && 1U << bits < count) {
        bits++;
    }
    return bits;
}

static struct topology_shifts topology_shifts(void)
{
    const struct cpu_policy *raw = cpu_policy_get(CPU_POLICY_RAW);
    struct topology_shifts shifts = {0, 0};
    uint32_t logical = 1;
    uint32_t cores = 1;

    if (raw->basic[0].eax >= 0xb && raw->topology[1].ebx != 0) {
        shifts.core = raw->topology[0].eax & 0x1fU;
        shifts.socket = raw->topology[1].eax & 0x1fU;
        return shifts;
    }
    if ((raw->basic[1].edx & LEAF1_EDX_HTT) != 0) {
        logical = raw->basic[1].ebx >> 16 & 0xffU;
    }
    if ((raw->cache[0].eax & 0x1fU) != 0) {
        cores = (raw->cache[0].eax >> 26) + 1;
    } else if (raw->extended[8].ecx != 0) {
        cores = (raw->extended[8].ecx & 0xffU) + 1;
    }
    if (cores > logical) {
        logical = cores;
    }
    shifts.socket = bits_for(logical);
    shifts.core = shifts.socket - bits_for(cores);
    return shifts;
}

uint32_t topology_core(unsigned int cpu)
{
    struct topology_shifts shifts = topology_shifts();
    uint32_t within = core_cpus[cpu]->apic_id & ((1U << shifts.socket) - 1);

    return within >> shifts.core;
}

uint32_t topology_socket(unsigned int cpu)
{
    return core_cpus[cpu]->apic_id >> topology_shifts().socket;
}

/* CPUs online that share @cpu's socket, and with @core its core as well. */
static uint32_t count_like(unsigned int like, bool core)
{
    uint32_t count = 0;
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        if (topology_socket(cpu) == topology_socket(like) &&
            (!core || topology_core(cpu) == topology_core(like))) {
            count++;
        }
    }
    return count != 0 ? count : 1;
}

uint32_t topology_threads_per_core(void)
{
    return count_like(cpumask_next(&cpus_online, 0), true);
}

uint32_t topology_cores_per_socket(void)
{
    unsigned int first = cpumask_next(&cpus_online, 0);

    return count_like(first, false) / count_like(first, true);
}
