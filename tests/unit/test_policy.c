/* SPDX-License-Identifier: MIT */
/*
 * In what proportion domains get CPU time: weights, caps and their limits, in
 * simulated time on one and two CPUs (sched/policy.c).
 */
#include "fake_world.h"

#include "sched.h"
#include "timer.h"

#define STEP 50000ULL

/* @part of @whole in thousandths. */
static uint64_t share(uint64_t part, uint64_t whole)
{
    return part * 1000 / whole;
}

static struct domain *weighted(domid_t domid, unsigned int vcpus,
                               uint16_t weight)
{
    struct domain *d = world_spinner(domid, vcpus);

    assert_int_equal(sched_set_params(d, weight, 0xffff), 0);
    return d;
}

/* Three domains of weights 1, 2 and 4 that always want to run, for 3 s: the
 * least and most CPU time each may get, in thousandths of one CPU. */
struct sharing {
    unsigned int cpus;
    unsigned int vcpus; /* of each domain */
    uint64_t least[3];
    uint64_t most[3];
};

static void weights_1_2_4(const struct sharing *want)
{
    struct domain *domain[3];

    world_limit_cpus(want->cpus);
    for (unsigned int i = 0; i < ARRAY_COUNT(domain); i++) {
        domain[i] =
            weighted((domid_t)(i + 1), want->vcpus, (uint16_t)(256U << i));
    }
    world_run(3 * WORLD_S, STEP);
    for (unsigned int i = 0; i < ARRAY_COUNT(domain); i++) {
        assert_in_range(share(world_cpu_time(domain[i]), 3 * WORLD_S),
                        want->least[i], want->most[i]);
    }
}

static void weights_1_2_4_on_one_cpu(void **state)
{
    (void)state;
    weights_1_2_4(&(struct sharing){1, 1, {128, 270, 555}, {158, 301, 587}});
}

static void weights_1_2_4_with_two_vcpus_each_on_two_cpus(void **state)
{
    (void)state;
    weights_1_2_4(&(struct sharing){2, 2, {240, 510, 1060}, {333, 633, 1225}});
}

/* One vCPU cannot use more than one CPU: the rest is shared by the others. */
static void weights_1_2_4_with_one_vcpu_each_on_two_cpus(void **state)
{
    (void)state;
    weights_1_2_4(&(struct sharing){2, 1, {300, 625, 960}, {375, 700, 1001}});
}

static void lightest_weight_still_runs(void **state)
{
    struct domain *a;
    struct domain *b;

    (void)state;
    world_limit_cpus(1);
    a = weighted(1, 1, 1);
    b = weighted(2, 1, 65535);
    world_run(2 * WORLD_S, STEP);
    assert_true(world_cpu_time(a) > 0);
    assert_true(world_cpu_time(b) > 1900 * WORLD_MS);
}

static void changed_weight_takes_effect(void **state)
{
    struct domain *a;
    struct domain *b;
    uint64_t before;

    (void)state;
    world_limit_cpus(1);
    a = weighted(1, 1, 256);
    b = weighted(2, 1, 256);
    world_run(1 * WORLD_S, STEP);
    assert_int_equal(sched_set_params(b, 768, 0xffff), 0);
    before = world_cpu_time(b);
    world_run(2 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(b) - before, 2 * WORLD_S), 710, 790);
    assert_in_range(share(world_cpu_time(a) + world_cpu_time(b), 3 * WORLD_S),
                    998, 1000);
}

static void new_domain_does_not_starve_the_old(void **state)
{
    struct domain *a;
    struct domain *b;
    uint64_t before;

    (void)state;
    world_limit_cpus(1);
    a = weighted(1, 1, 256);
    world_run(5 * WORLD_S, 1 * WORLD_MS);
    b = weighted(2, 1, 256);
    before = world_cpu_time(a);
    world_run(200 * WORLD_MS, STEP);
    assert_in_range(share(world_cpu_time(a) - before, 200 * WORLD_MS), 420,
                    580);
    assert_in_range(share(world_cpu_time(b), 200 * WORLD_MS), 420, 580);
}

static void long_sleeper_does_not_starve_the_awake(void **state)
{
    struct domain *a;
    struct domain *b;
    uint64_t before;

    (void)state;
    world_limit_cpus(1);
    a = weighted(1, 1, 256);
    b = weighted(2, 1, 256);
    domain_pause_nosync(b);
    world_run(5 * WORLD_S, 1 * WORLD_MS);
    domain_unpause(b);
    before = world_cpu_time(a);
    world_run(200 * WORLD_MS, STEP);
    assert_in_range(share(world_cpu_time(a) - before, 200 * WORLD_MS), 420,
                    580);
}

/* Who woke runs at once, and with no more right than the others soon after. */
static void boost_lasts_a_millisecond(void **state)
{
    struct domain *a;
    struct domain *b;

    (void)state;
    world_limit_cpus(1);
    a = weighted(1, 1, 256);
    b = weighted(2, 1, 256);
    domain_pause_nosync(b);
    world_run(1 * WORLD_S, 1 * WORLD_MS);
    domain_unpause(b);
    world_run(500000, STEP);
    assert_true(atomic_load(&b->vcpu[0]->sched.running));
    assert_true(b->vcpu[0]->sched.boosted);
    world_run(1 * WORLD_MS, STEP);
    assert_true(atomic_load(&b->vcpu[0]->sched.running)); /* still behind */
    assert_false(atomic_load(&a->vcpu[0]->sched.running));
    assert_false(b->vcpu[0]->sched.boosted);
}

/* -- caps ------------------------------------------------------------------ */

static struct domain *capped(domid_t domid, unsigned int vcpus, uint16_t cap)
{
    struct domain *d = world_spinner(domid, vcpus);

    assert_int_equal(sched_set_params(d, 0, cap), 0);
    return d;
}

static void cap_limits_a_lone_domain(void **state)
{
    struct domain *d;

    (void)state;
    world_limit_cpus(1);
    d = capped(1, 1, 25);
    world_run(2 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(d), 2 * WORLD_S), 235, 265);
}

/* A busy machine below us: CPUs come to their timers late, all of them. */
static void late_timers_do_not_eat_a_cap(void **state)
{
    struct domain *a;
    struct domain *b;

    (void)state;
    world_limit_cpus(1);
    a = capped(1, 1, 20);
    b = weighted(2, 1, 256);
    world_run(20 * WORLD_S, 13 * WORLD_MS);
    assert_in_range(share(world_cpu_time(a), 20 * WORLD_S), 170, 230);
    assert_in_range(share(world_cpu_time(b), 20 * WORLD_S), 770, 830);
}

static void cap_is_shared_by_vcpus(void **state)
{
    struct domain *d;

    (void)state;
    world_limit_cpus(2);
    d = capped(1, 2, 50);
    world_run(2 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(d), 2 * WORLD_S), 470, 530);
}

static void cap_above_100_uses_two_cpus(void **state)
{
    struct domain *d;

    (void)state;
    world_limit_cpus(2);
    d = capped(1, 2, 150);
    world_run(2 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(d), 2 * WORLD_S), 1440, 1560);
}

static void others_get_what_a_cap_leaves(void **state)
{
    struct domain *a;
    struct domain *b;

    (void)state;
    world_limit_cpus(1);
    a = capped(1, 1, 10);
    b = weighted(2, 1, 256);
    world_run(2 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(a), 2 * WORLD_S), 90, 110);
    assert_in_range(share(world_cpu_time(b), 2 * WORLD_S), 889, 911);
}

static void removed_cap_frees_a_parked_domain(void **state)
{
    struct domain *d;
    uint64_t before;

    (void)state;
    world_limit_cpus(1);
    d = capped(1, 1, 5);
    world_run(1 * WORLD_S, STEP);
    assert_int_equal(sched_set_params(d, 0, 0), 0);
    before = world_cpu_time(d);
    world_run(100 * WORLD_MS, STEP);
    assert_true(world_cpu_time(d) - before >= 99 * WORLD_MS);
}

static void capped_domain_can_be_paused_and_unpaused(void **state)
{
    struct domain *d;
    uint64_t before;

    (void)state;
    world_limit_cpus(1);
    d = capped(1, 1, 20);
    for (unsigned int i = 0; i < 50; i++) {
        world_run(7 * WORLD_MS, STEP);
        domain_pause_nosync(d);
        world_run(3 * WORLD_MS, STEP);
        domain_unpause(d);
    }
    before = world_cpu_time(d);
    world_run(1 * WORLD_S, STEP);
    assert_in_range(share(world_cpu_time(d) - before, 1 * WORLD_S), 185, 215);
}

/* -- parameters ------------------------------------------------------------ */

static void (*at_vcpu_end)(void);

void __real_machine_vcpu_destroy(struct vcpu *v);
void __wrap_machine_vcpu_destroy(struct vcpu *v);

void __wrap_machine_vcpu_destroy(struct vcpu *v)
{
    if (at_vcpu_end != NULL) {
        at_vcpu_end();
    }
    __real_machine_vcpu_destroy(v);
}

static void serve_timers(void *data)
{
    (void)data;
    timer_softirq();
}

/* The CPU with the timer that gives the domain its budgets. */
static void another_period_ends(void)
{
    fake_advance(WORLD_S);
    fake_on_cpu(0, serve_timers, NULL);
}

static void a_domain_that_goes_while_in_debt_gets_no_budgets(void **state)
{
    struct domain *d;

    (void)state;
    world_limit_cpus(2);
    d = capped(1, 2, 1);
    world_run(20 * WORLD_MS, STEP);
    domain_pause_nosync(d);
    world_run(1 * WORLD_MS, STEP);
    while (domain_kill(d) == -XEN_ERESTART) {
    }
    assert_true(timer_active(&d->sched.refill));
    at_vcpu_end = another_period_ends;
    world_settle();
    at_vcpu_end = NULL;
    assert_null(domain_get(1));
}

static void parameters_read_back(void **state)
{
    struct domain *d = world_spinner(1, 1);
    uint16_t weight;
    uint16_t cap;

    (void)state;
    sched_get_params(d, &weight, &cap);
    assert_int_equal(weight, SCHED_DEFAULT_WEIGHT);
    assert_int_equal(cap, 0);
    assert_int_equal(sched_set_params(d, 700, 40), 0);
    sched_get_params(d, &weight, &cap);
    assert_int_equal(weight, 700);
    assert_int_equal(cap, 40);
}

static void weight_0_and_cap_ffff_change_nothing(void **state)
{
    struct domain *d = world_spinner(1, 1);
    uint16_t weight;
    uint16_t cap;

    (void)state;
    assert_int_equal(sched_set_params(d, 700, 40), 0);
    assert_int_equal(sched_set_params(d, 0, 0xffff), 0);
    sched_get_params(d, &weight, &cap);
    assert_int_equal(weight, 700);
    assert_int_equal(cap, 40);
}

static void ratelimit_has_limits(void **state)
{
    (void)state;
    assert_int_equal(sched_get_ratelimit_us(), 1000);
    assert_int_equal(sched_set_ratelimit_us(99), -XEN_EINVAL);
    assert_int_equal(sched_set_ratelimit_us(500001), -XEN_EINVAL);
    assert_int_equal(sched_get_ratelimit_us(), 1000);
    assert_int_equal(sched_set_ratelimit_us(100), 0);
    assert_int_equal(sched_set_ratelimit_us(0), 0);
    assert_int_equal(sched_get_ratelimit_us(), 0);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(weights_1_2_4_on_one_cpu),
        CASE(weights_1_2_4_with_two_vcpus_each_on_two_cpus),
        CASE(weights_1_2_4_with_one_vcpu_each_on_two_cpus),
        CASE(lightest_weight_still_runs),
        CASE(changed_weight_takes_effect),
        CASE(new_domain_does_not_starve_the_old),
        CASE(long_sleeper_does_not_starve_the_awake),
        CASE(boost_lasts_a_millisecond),
        CASE(cap_limits_a_lone_domain),
        CASE(late_timers_do_not_eat_a_cap),
        CASE(cap_is_shared_by_vcpus),
        CASE(cap_above_100_uses_two_cpus),
        CASE(others_get_what_a_cap_leaves),
        CASE(removed_cap_frees_a_parked_domain),
        CASE(capped_domain_can_be_paused_and_unpaused),
        CASE(a_domain_that_goes_while_in_debt_gets_no_budgets),
        CASE(parameters_read_back),
        CASE(weight_0_and_cap_ffff_change_nothing),
        CASE(ratelimit_has_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
