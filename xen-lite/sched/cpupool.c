/* SPDX-License-Identifier: MIT */
/*
 * Pools of CPUs: each CPU serves the domains of one pool, or none. Pool 0 is
 * there from the start, with all CPUs and dom0. Changes are made with
 * LOCK_DOMCTL held; the scheduler only reads pool_of_cpu[] and d->cpupool.
 */
#include "sched.h"

#include "core.h"
#include "domain.h"
#include "run_queue.h"

#define POOLS_MAX 64U

static uint32_t pool_ids[POOLS_MAX]; /* of those in use, rising; [0] is 0 */
static unsigned int pool_count = 1;
static _Atomic uint32_t pool_of_cpu[MAX_CPUS]; /* or CPUPOOL_NONE */

/* -- looking --------------------------------------------------------------- */

bool cpupool_allows(const struct domain *d, unsigned int cpu)
{
    return atomic_load(&pool_of_cpu[cpu]) == atomic_load(&d->cpupool);
}

/* Position of the first pool with an id of at least @id. */
static unsigned int pool_position(uint32_t id)
{
    unsigned int i = 0;

    while (i < pool_count && pool_ids[i] < id) {
        i++;
    }
    return i;
}

uint32_t cpupool_at_or_after(uint32_t id)
{
    unsigned int i = pool_position(id);

    return i < pool_count ? pool_ids[i] : CPUPOOL_NONE;
}

bool cpupool_exists(uint32_t id)
{
    return id != CPUPOOL_NONE && cpupool_at_or_after(id) == id;
}

void cpupool_cpus(uint32_t id, struct cpumask *cpus)
{
    unsigned int cpu;

    cpumask_clear_all(cpus);
    for_each_cpu_in (cpu, &cpus_online) {
        if (atomic_load(&pool_of_cpu[cpu]) == id) {
            cpumask_set(cpus, cpu);
        }
    }
}

/* Next domain of pool @id from *next on, with a reference. */
static struct domain *pool_domain(uint32_t id, domid_t *next)
{
    struct domain *d;

    while ((d = domain_get_at_or_after(*next)) != NULL) {
        *next = (domid_t)(d->domid + 1);
        if (atomic_load(&d->cpupool) == id) {
            return d;
        }
        domain_put(d);
    }
    return NULL;
}

unsigned int cpupool_domain_count(uint32_t id)
{
    unsigned int count = 0;
    domid_t next = 0;
    struct domain *d;

    while ((d = pool_domain(id, &next)) != NULL) {
        count++;
        domain_put(d);
    }
    return count;
}

/* -- pools ----------------------------------------------------------------- */

int cpupool_create(uint32_t *id)
{
    unsigned int i;

    if (*id == CPUPOOL_NONE) {
        for (*id = 0; cpupool_exists(*id); (*id)++) {
        }
    } else if (cpupool_exists(*id)) {
        return -XEN_EEXIST;
    }
    if (pool_count == POOLS_MAX) {
        return -XEN_ENOMEM;
    }
    for (i = pool_count++; i > 0 && pool_ids[i - 1] > *id; i--) {
        pool_ids[i] = pool_ids[i - 1];
    }
    pool_ids[i] = *id;
    return 0;
}

int cpupool_destroy(uint32_t id)
{
    struct cpumask cpus;
    unsigned int i = pool_position(id);

    if (!cpupool_exists(id)) {
        return -XEN_ENOENT;
    }
    cpupool_cpus(id, &cpus);
    if (!cpumask_empty(&cpus) || cpupool_domain_count(id) != 0) {
        return -XEN_EBUSY;
    }
    for (pool_count--; i < pool_count; i++) {
        pool_ids[i] = pool_ids[i + 1];
    }
    return 0;
}

/* -- CPUs and domains ------------------------------------------------------ */

int cpupool_add_cpu(uint32_t id, unsigned int cpu)
{
    if (!cpupool_exists(id)) {
        return -XEN_ENOENT;
    }
    if (cpu >= MAX_CPUS || !cpumask_test(&cpus_online, cpu)) {
        return -XEN_EINVAL;
    }
    if (atomic_load(&pool_of_cpu[cpu]) != CPUPOOL_NONE) {
        return -XEN_ENODEV;
    }
    atomic_store(&pool_of_cpu[cpu], id);
    softirq_raise_on(cpu, SOFTIRQ_SCHEDULE); /* it may find work */
    return 0;
}

/* Is a vCPU of pool @id held to @cpu by SCHEDOP_pin_override? */
static bool pool_pinned_to(uint32_t id, unsigned int cpu)
{
    bool found = false;
    domid_t next = 0;
    struct domain *d;

    while ((d = pool_domain(id, &next)) != NULL) {
        struct vcpu *v;

        for_each_vcpu (d, v) {
            found |= v->sched.pinned && v->sched.pinned_cpu == cpu;
        }
        domain_put(d);
    }
    return found;
}

/* @d has other CPUs now: who cannot run on any of them may on all. */
static void pool_settle_domain(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        struct cpumask hard;
        struct cpumask soft;
        struct cpumask cpus;

        cpupool_cpus(atomic_load(&d->cpupool), &cpus);
        sched_get_affinity(v, &hard, &soft);
        cpumask_and(&cpus, &hard);
        if (cpumask_empty(&cpus)) {
            cpumask_set_all(&hard);
        }
        affinity_set(v, &hard, NULL);
    }
}

int cpupool_remove_cpu(uint32_t id, unsigned int cpu)
{
    struct cpumask cpus;
    struct domain *d;
    domid_t next = 0;

    if (!cpupool_exists(id)) {
        return -XEN_ENOENT;
    }
    if (cpu >= MAX_CPUS || !cpumask_test(&cpus_online, cpu)) {
        return -XEN_EINVAL;
    }
    cpupool_cpus(id, &cpus);
    if (!cpumask_test(&cpus, cpu)) {
        return -XEN_ENODEV;
    }
    cpumask_clear(&cpus, cpu);
    if (cpumask_empty(&cpus) && cpupool_domain_count(id) != 0) {
        return -XEN_EBUSY;
    }
    if (pool_pinned_to(id, cpu)) {
        return -XEN_EADDRNOTAVAIL;
    }
    atomic_store(&pool_of_cpu[cpu], CPUPOOL_NONE);
    while ((d = pool_domain(id, &next)) != NULL) {
        pool_settle_domain(d);
        domain_put(d);
    }
    return 0;
}

int cpupool_move_domain(struct domain *d, uint32_t id)
{
    struct cpumask cpus;
    struct cpumask all;
    struct vcpu *v;

    if (atomic_load(&d->cpupool) == id) {
        return 0;
    }
    cpupool_cpus(id, &cpus);
    if (!cpupool_exists(id) || cpumask_empty(&cpus)) {
        return -XEN_ENOENT;
    }
    for_each_vcpu (d, v) {
        if (v->sched.pinned) {
            return -XEN_EBUSY;
        }
    }
    cpumask_set_all(&all);
    atomic_store(&d->cpupool, id);
    for_each_vcpu (d, v) {
        affinity_set(v, &all, &all);
    }
    return 0;
}

void cpupool_reset(void)
{
    pool_count = 1;
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        atomic_store(&pool_of_cpu[cpu], 0);
    }
}
