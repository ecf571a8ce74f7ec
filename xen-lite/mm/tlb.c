/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs must flush before a frame's new use may begin. A clock ticks with
 * each full flush of any CPU; each CPU notes its last. A frame notes the clock
 * when its last mapped use ends: only CPUs that have not flushed since can
 * still hold translations of it.
 *
 * The clock is 32 bits and wraps. While it stands at 0 every stamp counts as
 * "flush", until all CPUs have flushed once more and it starts again at 2.
 */
#include "mm.h"

#include "core.h"
#include "perf.h"
#include "pt.h"
#include "softirq.h"

#define CLOCK_WRAPPED 0U
#define STAMP_NEVER   0U
#define STAMP_WRAPPED 1U /* given out while the clock stands at 0 */
#define CLOCK_FIRST   2U

static _Atomic uint32_t tlb_clock = CLOCK_FIRST;

/* All CPUs flush, then nothing can hold what an old stamp tells of. */
static void restart_clock(void *data)
{
    (void)data;
    machine_flush_tlb(&cpus_online, MACHINE_FLUSH_ALL);
    atomic_store(&tlb_clock, CLOCK_FIRST);
}

static struct work restart_work = {.run = restart_clock};

uint32_t tlb_clock_now(void)
{
    uint32_t now = atomic_load(&tlb_clock);

    return now != CLOCK_WRAPPED ? now : STAMP_WRAPPED;
}

uint32_t tlb_flush_begin(void)
{
    uint32_t now = atomic_load(&tlb_clock);

    do {
        if (now == CLOCK_WRAPPED) {
            return STAMP_WRAPPED;
        }
    } while (!atomic_compare_exchange_weak(&tlb_clock, &now, now + 1));
    if (now + 1 == CLOCK_WRAPPED) {
        work_queue(&restart_work);
        return STAMP_WRAPPED;
    }
    return now + 1;
}

void tlb_flush_end(uint32_t stamp)
{
    atomic_store(&machine_this_cpu()->tlb_flushed_at, stamp);
}

/*
 * A stamp above the clock is from before it wrapped: all have flushed since.
 * Otherwise the CPU is clean if its last flush began after the stamp.
 */
static bool must_flush(const struct core_cpu *cpu, uint32_t stamp, uint32_t now)
{
    if (now == CLOCK_WRAPPED) {
        return true;
    }
    return stamp <= now && atomic_load(&cpu->tlb_flushed_at) <= stamp;
}

void tlb_filter(struct cpumask *cpus, uint32_t stamp)
{
    uint32_t now = atomic_load(&tlb_clock);
    unsigned int cpu;

    if (stamp == STAMP_NEVER) {
        cpumask_clear_all(cpus);
        return;
    }
    for_each_cpu_in (cpu, cpus) {
        if (core_cpus[cpu] == NULL || !must_flush(core_cpus[cpu], stamp, now)) {
            cpumask_clear(cpus, cpu);
        }
    }
}

uint32_t tlb_stamp_later(uint32_t a, uint32_t b)
{
    uint32_t now = atomic_load(&tlb_clock);

    if (now != CLOCK_WRAPPED) {
        a = a > now ? STAMP_NEVER : a;
        b = b > now ? STAMP_NEVER : b;
    }
    return a > b ? a : b;
}

void tlb_flush_cpus(const struct cpumask *cpus)
{
    tlb_flush_va_cpus(cpus, MACHINE_FLUSH_ALL);
}

void tlb_flush_va_cpus(const struct cpumask *cpus, unsigned long va)
{
    if (!cpumask_empty(cpus)) {
        perf_count(PERF_TLB_SHOOTDOWNS);
        machine_flush_tlb(cpus, va);
    }
}

void tlb_flush_local(void)
{
    tlb_flush_va_local(MACHINE_FLUSH_ALL);
}

void tlb_flush_va_local(unsigned long va)
{
    machine_flush_tlb_local(va);
}

void tlb_set_clock(uint32_t now)
{
    atomic_store(&tlb_clock, now);
}

void tlb_reset(void)
{
    atomic_store(&tlb_clock, CLOCK_FIRST);
    atomic_store(&restart_work.queued, false);
    restart_work.next = NULL;
}
