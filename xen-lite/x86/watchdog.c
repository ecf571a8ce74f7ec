/* SPDX-License-Identifier: MIT */
/*
 * CPUs watch each other: in its timer interrupt each looks at whether the next
 * one has taken timer interrupts of late, and if not sends it an NMI in which
 * it panics and shows what it hangs in.
 */
#include "watchdog.h"

#include "apic.h"
#include "cmdline.h"
#include "core.h"
#include "machine.h"
#include "panic.h"

#define WATCHDOG_NS 5000000000UL

/* Of each CPU: what its watcher saw last, and when that changed. */
static struct {
    uint64_t since_ns;
    uint32_t seen;
    _Atomic bool hung;
} watched[MAX_CPUS];

static unsigned int neighbour(unsigned int cpu)
{
    unsigned int next = cpumask_next(&cpus_online, cpu + 1);

    return next < MAX_CPUS ? next : cpumask_next(&cpus_online, 0);
}

void watchdog_tick(void)
{
    unsigned int cpu = neighbour(cpu_info()->cpu);
    uint64_t now;

    if (!options.watchdog || cpu >= MAX_CPUS || cpu == cpu_info()->cpu) {
        return;
    }
    now = machine_now_ns();
    if (watched[cpu].seen != cpu_info_of(cpu)->timer_count ||
        watched[cpu].since_ns == 0) {
        watched[cpu].seen = cpu_info_of(cpu)->timer_count;
        watched[cpu].since_ns = now;
    } else if (now - watched[cpu].since_ns > WATCHDOG_NS &&
               !atomic_exchange(&watched[cpu].hung, true)) {
        apic_send_nmi(cpu_info_of(cpu)->apic_id);
    }
}

void watchdog_nmi(const struct cpu_user_regs *regs)
{
    if (atomic_load(&watched[cpu_info()->cpu].hung)) {
        panic_regs(regs, "Watchdog: CPU %u hangs\n", cpu_info()->cpu);
    }
}
