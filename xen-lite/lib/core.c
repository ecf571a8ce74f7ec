/* SPDX-License-Identifier: MIT */
/*
 * The root of the core's state: its data of each CPU, and the one function
 * that forgets everything.
 */
#include "core.h"

#include "control.h"
#include "domain.h"
#include "mm.h"
#include "sched.h"
#include "softirq.h"
#include "timer.h"
#include "trace.h"
#include "vcpu_time.h"

struct core_cpu *core_cpus[MAX_CPUS];
struct cpumask cpus_online;

int core_cpu_create(unsigned int id)
{
    struct core_cpu *cpu;
    int rc;

    if (id >= MAX_CPUS || core_cpus[id] != NULL) {
        return -XEN_EINVAL;
    }
    cpu = heap_alloc(sizeof(*cpu));
    if (cpu == NULL) {
        return -XEN_ENOMEM;
    }
    cpu->id = id;
    core_cpus[id] = cpu;
    softirq_cpu_init(id);
    rc = timer_cpu_init(id);
    if (rc != 0) {
        goto free_cpu;
    }
    rc = sched_cpu_init(id);
    if (rc != 0) {
        goto free_timers;
    }
    vcpu_time_cpu_init(id);
    return 0;

free_timers:
    heap_free(cpu->timers);
free_cpu:
    core_cpus[id] = NULL;
    heap_free(cpu);
    return rc;
}

void core_reset(void)
{
    for (unsigned int id = 0; id < MAX_CPUS; id++) {
        core_cpus[id] = NULL;
    }
    cpumask_clear_all(&cpus_online);
    frame_alloc_reset();
    heap_reset();
    tlb_reset();
    frame_alloc_reset();
    heap_reset();
    tlb_reset();
    softirq_reset();
    sched_reset();
    wallclock_reset();
    trace_reset();
    control_reset();
    virq_reset();
    irq_line_reset();
    domain_reset();
}
