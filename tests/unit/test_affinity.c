/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs may run and like to, in simulated time (sched/affinity.c).
 */
#include "fake_world.h"

#include "sched.h"
#include "softirq.h"

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

/* -- between two queues ---------------------------------------------------- */

static struct vcpu *woken;
static void (*meanwhile)(void);

/* Once, when @woken has left one queue and is not yet on the next. */
static void on_the_way(unsigned int class_of)
{
    if (class_of == LOCK_RUN_QUEUE && woken->sched.in_transit) {
        fake_unlock_hook = NULL;
        meanwhile();
    }
}

static void wake(struct vcpu *v, void (*then)(void))
{
    woken = v;
    meanwhile = then;
    fake_unlock_hook = on_the_way;
    vcpu_unblock(v);
    assert_null(fake_unlock_hook);
}

static void block_on(void *unused)
{
    (void)unused;
    sched_block_current();
    softirq_run();
}

static void forbid(void *unused)
{
    struct cpumask mask = mask_of(2);

    (void)unused;
    assert_int_equal(sched_set_affinity(woken, &mask, NULL), 0);
}

static void look_again(void *unused)
{
    (void)unused;
    softirq_run();
}

static void another_cpu_forbids(void)
{
    fake_on_cpu(3, forbid, NULL);
    fake_on_cpu(1, look_again, NULL);
}

static void affinity_that_changes_on_the_way_loses_no_vcpu(void **state)
{
    struct domain *d = world_spinner(1, 1);
    struct cpumask mask = mask_of(1);

    (void)state;
    world_settle();
    fake_on_cpu(0, block_on, NULL);
    assert_int_equal(sched_set_affinity(d->vcpu[0], &mask, NULL), 0);
    world_settle();
    wake(d->vcpu[0], another_cpu_forbids);
    world_run(1 * WORLD_S, 1 * WORLD_MS);
    assert_ptr_equal(running_on(2), d->vcpu[0]);
}

static void another_cpu_goes_idle(void)
{
    fake_on_cpu(1, block_on, NULL);
    assert_true(running_on(1)->domain->is_idle);
}

/* It has had its share, and so waits where it was. */
static void cpu_that_goes_idle_meanwhile_is_found(void **state)
{
    struct domain *d = world_spinner(1, 1);
    struct vcpu *v = d->vcpu[0];

    (void)state;
    world_limit_cpus(2);
    world_settle();
    assert_ptr_equal(running_on(0), v);
    fake_on_cpu(0, block_on, NULL);
    (void)world_spinner(2, 2);
    world_settle();
    v->sched.virtual_ns += 100 * WORLD_MS;
    wake(v, another_cpu_goes_idle);
    world_settle();
    assert_ptr_equal(running_on(1), v);
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
        CASE(affinity_that_changes_on_the_way_loses_no_vcpu),
        CASE(cpu_that_goes_idle_meanwhile_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
