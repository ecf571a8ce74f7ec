/* SPDX-License-Identifier: MIT */
/*
 * On which CPUs a vCPU may run (hard affinity, or the one it is pinned to),
 * where it likes to (soft affinity), and which is best now.
 */
#include "run_queue.h"

#include "core.h"

struct cpumask sched_idle_cpus;

bool affinity_allows(const struct vcpu *v, unsigned int cpu)
{
    if (v->sched.pinned) {
        return cpu == v->sched.pinned_cpu;
    }
    return cpupool_allows(v->domain, cpu) &&
           cpumask_test(&v->sched.hard_affinity, cpu);
}

bool affinity_prefers(const struct vcpu *v, unsigned int cpu)
{
    return affinity_allows(v, cpu) &&
           cpumask_test(&v->sched.soft_affinity, cpu);
}

typedef bool affinity_test_t(const struct vcpu *v, unsigned int cpu);

/* Take @cpu out of the idle ones: it has found its work. */
static bool claim_idle(unsigned int cpu)
{
    uint64_t bit = 1ULL << (cpu % 64);

    return (atomic_fetch_and(&sched_idle_cpus.word[cpu / 64], ~bit) & bit) != 0;
}

/* An idle CPU that passes @test, the last one first. MAX_CPUS: none. */
static unsigned int choose_idle(const struct vcpu *v, affinity_test_t *test)
{
    unsigned int last = atomic_load(&v->sched.cpu);
    unsigned int cpu;

    if (cpumask_test(&cpus_online, last) && test(v, last) && claim_idle(last)) {
        return last;
    }
    for_each_cpu_in (cpu, &sched_idle_cpus) {
        if (cpumask_test(&cpus_online, cpu) && test(v, cpu) &&
            claim_idle(cpu)) {
            return cpu;
        }
    }
    return MAX_CPUS;
}

/* The CPU with the shortest queue that passes @test. MAX_CPUS: none. */
static unsigned int choose_shortest(const struct vcpu *v, affinity_test_t *test)
{
    unsigned int best = MAX_CPUS;
    unsigned int best_count = 0;
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        unsigned int count = atomic_load(&core_cpus[cpu]->queue->count);

        if (test(v, cpu) && (best == MAX_CPUS || count < best_count)) {
            best = cpu;
            best_count = count;
        }
    }
    return best;
}

unsigned int affinity_choose(const struct vcpu *v)
{
    unsigned int last = atomic_load(&v->sched.cpu);
    unsigned int cpu = choose_idle(v, affinity_prefers);

    if (cpu == MAX_CPUS) {
        cpu = choose_idle(v, affinity_allows);
    }
    if (cpu == MAX_CPUS && affinity_prefers(v, last) &&
        cpumask_test(&cpus_online, last)) {
        cpu = last;
    }
    if (cpu == MAX_CPUS) {
        cpu = choose_shortest(v, affinity_prefers);
    }
    if (cpu == MAX_CPUS) {
        cpu = choose_shortest(v, affinity_allows);
    }
    return cpu != MAX_CPUS ? cpu : last;
}

/* -- changing it ----------------------------------------------------------- */

/* @v may be where it must not be: have it go. */
static void affinity_changed(struct vcpu *v)
{
    unsigned int cpu = atomic_load(&v->sched.cpu);

    if (!affinity_allows(v, cpu)) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
        sched_relocate(v, false);
    }
}

void affinity_set(struct vcpu *v, const struct cpumask *hard,
                  const struct cpumask *soft)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);

    if (hard != NULL) {
        cpumask_copy(&v->sched.hard_affinity, hard);
    }
    if (soft != NULL) {
        cpumask_copy(&v->sched.soft_affinity, soft);
    }
    queue_unlock(queue, flags);
    affinity_changed(v);
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *hard,
                       const struct cpumask *soft)
{
    if (hard != NULL) {
        struct cpumask usable;

        cpupool_cpus(atomic_load(&v->domain->cpupool), &usable);
        cpumask_and(&usable, hard);
        if (cpumask_empty(&usable)) {
            return -XEN_EINVAL;
        }
    }
    if (v->sched.pinned) {
        return -XEN_EBUSY;
    }
    affinity_set(v, hard, soft);
    return 0;
}

void sched_get_affinity(struct vcpu *v, struct cpumask *hard,
                        struct cpumask *soft)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);

    cpumask_copy(hard, &v->sched.hard_affinity);
    cpumask_copy(soft, &v->sched.soft_affinity);
    queue_unlock(queue, flags);
}

int sched_pin_override(struct vcpu *v, int cpu)
{
    unsigned long flags;
    struct run_queue *queue;
    int rc = 0;

    if (cpu >= 0 && (cpu >= (int)MAX_CPUS ||
                     !cpumask_test(&cpus_online, (unsigned int)cpu) ||
                     !cpupool_allows(v->domain, (unsigned int)cpu))) {
        return -XEN_EINVAL;
    }
    queue = queue_lock_of(v, &flags);
    if (cpu < 0) {
        rc = v->sched.pinned ? 0 : -XEN_EINVAL;
        v->sched.pinned = false;
    } else if (v->sched.pinned) {
        rc = -XEN_EBUSY;
    } else {
        v->sched.pinned = true;
        v->sched.pinned_cpu = (unsigned int)cpu;
    }
    queue_unlock(queue, flags);
    affinity_changed(v);
    return rc;
}
