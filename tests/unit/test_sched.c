/* SPDX-License-Identifier: MIT */
/*
 * The scheduler in simulated time: who runs, where, how fast after waking, and
 * what the accounts say (sched/schedule.c, sched/affinity.c,
 * sched/runstate.c).
 */
#include "fake_world.h"

#include "sched.h"
#include "softirq.h"

#define STEP 50000ULL

static struct vcpu *running_on(unsigned int cpu)
{
    return core_cpus[cpu]->current;
}

static void block_current_on(unsigned int cpu)
{
    fake_set_cpu(cpu);
    sched_block_current();
    softirq_run();
    fake_set_cpu(0);
}

static void runnable_vcpu_runs_on_an_idle_cpu(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
    assert_true(atomic_load(&d->vcpu[0]->sched.running));
}

static void vcpus_spread_over_idle_cpus(void **state)
{
    struct domain *d = world_spinner(1, FAKE_CPUS);
    bool seen[FAKE_CPUS] = {false};

    (void)state;
    world_settle();
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        assert_ptr_equal(running_on(cpu)->domain, d);
        seen[running_on(cpu)->id] = true;
    }
    for (unsigned int i = 0; i < FAKE_CPUS; i++) {
        assert_true(seen[i]);
    }
}

static void nothing_runnable_leaves_cpus_idle(void **state)
{
    struct domain *d = world_domain_paused(1, 1);

    (void)state;
    world_settle();
    assert_true(running_on(0)->domain->is_idle);
    assert_false(atomic_load(&d->vcpu[0]->sched.running));
}

static void paused_domain_leaves_its_cpu(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    domain_pause_nosync(d);
    world_settle();
    assert_true(running_on(0)->domain->is_idle);
    domain_unpause(d);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void pause_of_a_queued_vcpu_takes_it_off(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b;

    (void)state;
    world_settle();
    b = world_spinner(2, 1);
    assert_true(b->vcpu[0]->sched.queued || a->vcpu[0]->sched.queued);
    world_settle();
    domain_pause(running_on(0)->domain == a ? b : a);
    assert_false(a->vcpu[0]->sched.queued || b->vcpu[0]->sched.queued);
    world_run(20 * WORLD_MS, STEP);
    assert_false(running_on(0)->domain->is_idle);
}

static void pauses_nest(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    domain_pause_nosync(d);
    vcpu_pause_nosync(d->vcpu[0]);
    domain_unpause(d);
    world_settle();
    assert_true(running_on(0)->domain->is_idle);
    vcpu_unpause(d->vcpu[0]);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void leave_now(void)
{
    unsigned int cpu = machine_this_cpu()->id;

    fake_set_cpu(1);
    softirq_run();
    fake_set_cpu(cpu);
}

static void pause_waits_until_the_vcpu_is_off(void **state)
{
    struct domain *d = world_spinner(1, 2);

    (void)state;
    world_settle();
    assert_ptr_equal(running_on(1)->domain, d);
    fake_relax_hook = leave_now;
    vcpu_pause(running_on(1));
    fake_relax_hook = NULL;
    assert_true(running_on(1)->domain->is_idle);
}

static void blocked_vcpu_wakes_by_unblock(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    block_current_on(0);
    assert_true(running_on(0)->domain->is_idle);
    vcpu_unblock(d->vcpu[0]);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void block_with_a_pending_event_goes_on(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 0;
    d->vcpu[0]->vcpu_info->evtchn_upcall_pending = 1;
    block_current_on(0);
    assert_ptr_equal(running_on(0), d->vcpu[0]);
    assert_int_equal(atomic_load(&d->vcpu[0]->sched.pause_flags), 0);
}

static void block_with_events_masked_sleeps(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 1;
    d->vcpu[0]->vcpu_info->evtchn_upcall_pending = 1;
    block_current_on(0);
    assert_true(running_on(0)->domain->is_idle);
}

static void kick_reaches_a_running_vcpu_on_another_cpu(void **state)
{
    struct domain *d = world_spinner(1, 2);

    (void)state;
    world_settle();
    assert_ptr_equal(running_on(1)->domain, d);
    (void)fake_kicks(1);
    vcpu_kick(running_on(1));
    assert_int_equal(fake_kicks(1), 1);
    (void)fake_kicks(0);
    vcpu_kick(running_on(0));
    assert_int_equal(fake_kicks(0), 0);
}

static void kick_wakes_a_blocked_vcpu(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    block_current_on(0);
    vcpu_kick(d->vcpu[0]);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void unblock_of_a_paused_vcpu_waits_for_unpause(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    block_current_on(0);
    vcpu_pause_nosync(d->vcpu[0]);
    vcpu_unblock(d->vcpu[0]);
    world_settle();
    assert_true(running_on(0)->domain->is_idle);
    vcpu_unpause(d->vcpu[0]);
    world_settle();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

/* -- order ----------------------------------------------------------------- */

static void two_spinners_take_turns(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    uint64_t time_a;
    uint64_t time_b;

    (void)state;
    world_run(200 * WORLD_MS, STEP);
    time_a = world_cpu_time(a);
    time_b = world_cpu_time(b);
    assert_in_range(time_a, 90 * WORLD_MS, 110 * WORLD_MS);
    assert_in_range(time_b, 90 * WORLD_MS, 110 * WORLD_MS);
}

static void yield_lets_the_other_run_at_once(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    struct vcpu *before;

    (void)state;
    (void)a;
    (void)b;
    world_run(20 * WORLD_MS, STEP);
    before = running_on(0);
    sched_yield_current();
    softirq_run();
    assert_ptr_not_equal(running_on(0), before);
    assert_false(running_on(0)->domain->is_idle);
}

static void yield_alone_goes_on(void **state)
{
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    sched_yield_current();
    softirq_run();
    assert_ptr_equal(running_on(0), d->vcpu[0]);
}

static void spurious_schedule_does_not_switch(void **state)
{
    struct vcpu *before;

    (void)state;
    (void)world_spinner(1, 1);
    (void)world_spinner(2, 1);
    world_run(20 * WORLD_MS, STEP);
    before = running_on(0);
    while (running_on(0) == before) {
        world_run(STEP, STEP);
    }
    /* At the start of a turn: nobody has run for the minimum yet. */
    before = running_on(0);
    for (unsigned int i = 0; i < 5; i++) {
        fake_advance(1000);
        softirq_raise(SOFTIRQ_SCHEDULE);
        softirq_run();
    }
    assert_ptr_equal(running_on(0), before);
}

/* One vCPU works 0.2 ms every 5 ms; the other never stops. */
static void waking_vcpu_preempts_a_spinner_at_once(void **state)
{
    struct domain *spinner = world_spinner(1, 1);
    struct domain *io = world_spinner(2, 1);
    struct vcpu *v = io->vcpu[0];

    (void)state;
    (void)spinner;
    world_run(50 * WORLD_MS, STEP);
    for (unsigned int i = 0; i < 50; i++) {
        while (running_on(0) != v) {
            world_run(STEP, STEP);
        }
        world_run(200000, STEP);
        assert_ptr_equal(running_on(0), v);
        block_current_on(0);
        world_run(5 * WORLD_MS, STEP);
        assert_ptr_equal(running_on(0)->domain, spinner);
        vcpu_unblock(v);
        softirq_run();
        assert_ptr_equal(running_on(0), v);
    }
}

static void vcpu_above_its_share_gets_no_boost(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    uint64_t time_b;

    (void)state;
    assert_int_equal(sched_set_params(a, 1024, 0), 0);
    assert_int_equal(sched_set_params(b, 256, 0), 0);
    /* b sleeps a moment each millisecond that it runs, hoping for a boost. */
    for (unsigned int i = 0; i < 20000; i++) {
        world_run(STEP, STEP);
        if (running_on(0)->domain == b && i % 20 == 0) {
            struct vcpu *v = running_on(0);

            block_current_on(0);
            vcpu_unblock(v);
        }
    }
    time_b = world_cpu_time(b);
    assert_true(time_b < world_cpu_time(a) / 2);
}

static void idle_cpu_takes_a_waiting_vcpu(void **state)
{
    struct domain *d = world_spinner(1, 3);

    (void)state;
    world_run(10 * WORLD_MS, STEP);
    /* Three on two CPUs; one of the running stops, the third must not wait. */
    vcpu_pause_nosync(running_on(0));
    world_run(2 * STEP, STEP);
    assert_ptr_equal(running_on(0)->domain, d);
    assert_ptr_equal(running_on(1)->domain, d);
}

static void three_spinners_on_two_cpus_share_alike(void **state)
{
    struct domain *d[3];

    (void)state;
    world_limit_cpus(2);
    for (unsigned int i = 0; i < 3; i++) {
        d[i] = world_spinner((domid_t)(i + 1), 1);
    }
    world_run(900 * WORLD_MS, STEP);
    for (unsigned int i = 0; i < 3; i++) {
        assert_in_range(world_cpu_time(d[i]), 540 * WORLD_MS, 660 * WORLD_MS);
    }
}

static void no_cpu_idles_while_somebody_waits(void **state)
{
    uint64_t total = 0;
    struct domain *d[5];

    (void)state;
    world_limit_cpus(3);
    for (unsigned int i = 0; i < 5; i++) {
        d[i] = world_spinner((domid_t)(i + 1), 1);
    }
    world_run(100 * WORLD_MS, STEP);
    for (unsigned int i = 0; i < 5; i++) {
        total += world_cpu_time(d[i]);
    }
    assert_true(total >= 299 * WORLD_MS);
}

/* -- accounts -------------------------------------------------------------- */

static void runstate_times_add_up(void **state)
{
    struct vcpu_runstate_info info;
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    uint64_t start = machine_now_ns();
    struct vcpu *v = a->vcpu[0];
    uint64_t sum = 0;

    (void)state;
    (void)b;
    world_run(40 * WORLD_MS, STEP);
    while (running_on(0) != v) {
        world_run(STEP, STEP);
    }
    block_current_on(0);
    world_run(10 * WORLD_MS, STEP);
    sched_get_runstate(v, &info);
    assert_int_equal(info.state, RUNSTATE_blocked);
    assert_true(info.time[RUNSTATE_blocked] >= 10 * WORLD_MS);
    assert_true(info.time[RUNSTATE_running] >= 15 * WORLD_MS);
    assert_true(info.time[RUNSTATE_runnable] >= 15 * WORLD_MS);
    for (unsigned int i = 0; i < 4; i++) {
        sum += info.time[i];
    }
    assert_int_equal(sum, machine_now_ns() - start);
}

static void paused_vcpu_counts_as_offline(void **state)
{
    struct vcpu_runstate_info info;
    struct domain *d = world_spinner(1, 1);

    (void)state;
    world_settle();
    vcpu_pause_nosync(d->vcpu[0]);
    world_settle();
    fake_advance(7 * WORLD_MS);
    sched_get_runstate(d->vcpu[0], &info);
    assert_int_equal(info.state, RUNSTATE_offline);
    assert_int_equal(info.time[RUNSTATE_offline], 7 * WORLD_MS);
}

static void idle_time_is_what_nobody_used(void **state)
{
    uint64_t before;

    (void)state;
    world_settle();
    before = sched_idle_time_ns(0);
    fake_advance(5 * WORLD_MS);
    assert_int_equal(sched_idle_time_ns(0) - before, 5 * WORLD_MS);
    (void)world_spinner(1, 1);
    world_settle();
    before = sched_idle_time_ns(0);
    fake_advance(5 * WORLD_MS);
    assert_int_equal(sched_idle_time_ns(0), before);
}

static void destroyed_vcpu_leaves_the_queue(void **state)
{
    struct domain *a = world_spinner(1, 1);
    struct domain *b = world_spinner(2, 1);
    int rc;

    (void)state;
    world_run(20 * WORLD_MS, STEP);
    if (running_on(0)->domain == b) {
        b = a;
    }
    do {
        rc = domain_kill(b);
    } while (rc == -XEN_ERESTART);
    assert_int_equal(rc, 0);
    world_run(20 * WORLD_MS, STEP);
    assert_false(running_on(0)->domain->is_idle);
}

static int setup_1(void **state)
{
    (void)state;
    fake_start();
    world_limit_cpus(1);
    return 0;
}

static int setup_2(void **state)
{
    (void)state;
    fake_start();
    world_limit_cpus(2);
    return 0;
}

#define CASE_CPUS(name, count) \
    cmocka_unit_test_setup_teardown(name, setup_##count, fake_teardown)
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(runnable_vcpu_runs_on_an_idle_cpu),
        CASE(vcpus_spread_over_idle_cpus),
        CASE(nothing_runnable_leaves_cpus_idle),
        CASE(paused_domain_leaves_its_cpu),
        CASE_CPUS(pause_of_a_queued_vcpu_takes_it_off, 1),
        CASE(pauses_nest),
        CASE(pause_waits_until_the_vcpu_is_off),
        CASE(blocked_vcpu_wakes_by_unblock),
        CASE(block_with_a_pending_event_goes_on),
        CASE(block_with_events_masked_sleeps),
        CASE(kick_reaches_a_running_vcpu_on_another_cpu),
        CASE(kick_wakes_a_blocked_vcpu),
        CASE(unblock_of_a_paused_vcpu_waits_for_unpause),
        CASE_CPUS(two_spinners_take_turns, 1),
        CASE_CPUS(yield_lets_the_other_run_at_once, 1),
        CASE(yield_alone_goes_on),
        CASE_CPUS(spurious_schedule_does_not_switch, 1),
        CASE_CPUS(waking_vcpu_preempts_a_spinner_at_once, 1),
        CASE_CPUS(vcpu_above_its_share_gets_no_boost, 1),
        CASE_CPUS(idle_cpu_takes_a_waiting_vcpu, 2),
        CASE(three_spinners_on_two_cpus_share_alike),
        CASE(no_cpu_idles_while_somebody_waits),
        CASE_CPUS(runstate_times_add_up, 1),
        CASE(paused_vcpu_counts_as_offline),
        CASE(idle_time_is_what_nobody_used),
        CASE_CPUS(destroyed_vcpu_leaves_the_queue, 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
