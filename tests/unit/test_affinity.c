/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs may run and like to, in simulated time (sched/affinity.c).
 */
#include "fake_world.h"

#include "sched.h"

#define STEP 50000ULL

static struct vcpu *running_on(unsigned int cpu)
{
    return core_cpus[cpu]->current;
}

static struct cpumask mask_of(unsigned int cpu)
{
    struct cpumask mask;

    cpumask_clear_all(&mask);
    cpumask_set(&mask, cpu);
    return mask;
}

static void hard_affinity_moves_a_running_vcpu(void **state)
{
    struct domain *d = world_spinner(1, 1);
    struct cpumask mask = mask_of(2);

    (void)state;
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
    assert_int_equal(sched_set_affinity(d->vcpu[0], &mask, NULL), 0);
    world_settle();
    assert_ptr_equal(running_on(2), d->vcpu[0]);
    world_run(50 * WORLD_MS, STEP);
    assert_ptr_equal(running_on(2), d->vcpu[0]);
}

static void hard_affinity_holds_against_idle_cpus(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    struct cpumask mask = mask_of(1);

    (void)state;
    assert_int_equal(sched_set_affinity(a->vcpu[0], &mask, NULL), 0);
    assert_int_equal(sched_set_affinity(b->vcpu[0], &mask, NULL), 0);
    world_run(200 * WORLD_MS, STEP);
    assert_in_range(world_cpu_time(a), 85 * WORLD_MS, 115 * WORLD_MS);
    assert_in_range(world_cpu_time(b), 85 * WORLD_MS, 115 * WORLD_MS);
}

/* It waits on CPU 0 behind another; its new CPU is busy too. */
static void hard_affinity_moves_a_waiting_vcpu(void **state)
{
    struct cpumask first = mask_of(0);
    struct cpumask second = mask_of(1);
    struct domain *a;
    struct domain *b;
    struct domain *c;

    (void)state;
    world_limit_cpus(2);
    a = world_spinner(1, 1);
    b = world_spinner(2, 1);
    c = world_spinner(3, 1);
    assert_int_equal(sched_set_affinity(a->vcpu[0], &first, NULL), 0);
    assert_int_equal(sched_set_affinity(b->vcpu[0], &first, NULL), 0);
    assert_int_equal(sched_set_affinity(c->vcpu[0], &second, NULL), 0);
    world_run(20 * WORLD_MS, STEP);
    if (running_on(0)->domain == b) {
        b = a;
    }
    assert_true(b->vcpu[0]->sched.queued);
    assert_int_equal(sched_set_affinity(b->vcpu[0], &second, NULL), 0);
    assert_int_equal(atomic_load(&b->vcpu[0]->sched.cpu), 1);
    assert_true(b->vcpu[0]->sched.queued);
    world_run(20 * WORLD_MS, STEP);
    assert_true(world_cpu_time(b) > 0);
    assert_int_equal(atomic_load(&b->vcpu[0]->sched.cpu), 1);
}

static void affinity_without_cpus_online_is_refused(void **state)
{
    struct domain *d = world_spinner(1, 1);
    struct cpumask mask = mask_of(FAKE_CPUS + 5);

    (void)state;
    assert_int_equal(sched_set_affinity(d->vcpu[0], &mask, NULL), -XEN_EINVAL);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void soft_affinity_is_preferred_when_free(void **state)
{
    struct domain *d = world_domain_paused(1, 1);
    struct cpumask mask = mask_of(3);

    (void)state;
    assert_int_equal(sched_set_affinity(d->vcpu[0], NULL, &mask), 0);
    atomic_store(&d->vcpu[0]->sched.pause_flags, 0);
    assert_int_equal(domain_unpause_by_controller(d), 0);
    world_settle();
    assert_ptr_equal(running_on(3), d->vcpu[0]);
}

static void soft_affinity_gives_way_to_idle_cpus(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    struct cpumask mask = mask_of(1);

    (void)state;
    assert_int_equal(sched_set_affinity(a->vcpu[0], NULL, &mask), 0);
    assert_int_equal(sched_set_affinity(b->vcpu[0], NULL, &mask), 0);
    world_run(100 * WORLD_MS, STEP);
    assert_true(world_cpu_time(a) + world_cpu_time(b) >= 199 * WORLD_MS);
}

static void affinity_reads_back(void **state)
{
    struct domain *d = world_spinner(1, 1);
    struct cpumask mask = mask_of(2);
    struct cpumask hard;
    struct cpumask soft;

    (void)state;
    assert_int_equal(sched_set_affinity(d->vcpu[0], &mask, NULL), 0);
    sched_get_affinity(d->vcpu[0], &hard, &soft);
    assert_int_equal(cpumask_count(&hard), 1);
    assert_true(cpumask_test(&hard, 2));
    assert_int_equal(cpumask_count(&soft), MAX_CPUS);
}

static void pin_override_holds_until_undone(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    assert_int_equal(sched_pin_override(d->vcpu[0], -1), -XEN_EINVAL);
    assert_int_equal(sched_pin_override(d->vcpu[0], (int)FAKE_CPUS),
                     -XEN_EINVAL);
    assert_int_equal(sched_pin_override(d->vcpu[0], 3), 0);
    assert_int_equal(sched_pin_override(d->vcpu[0], 2), -XEN_EBUSY);
    world_settle();
    assert_ptr_equal(running_on(3), d->vcpu[0]);
    assert_int_equal(sched_pin_override(d->vcpu[0], -1), 0);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(hard_affinity_moves_a_running_vcpu),
        CASE(hard_affinity_holds_against_idle_cpus),
        CASE(hard_affinity_moves_a_waiting_vcpu),
        CASE(affinity_without_cpus_online_is_refused),
        CASE(soft_affinity_is_preferred_when_free),
        CASE(soft_affinity_gives_way_to_idle_cpus),
        CASE(affinity_reads_back),
        CASE(pin_override_holds_until_undone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
