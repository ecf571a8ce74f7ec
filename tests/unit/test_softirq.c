/* SPDX-License-Identifier: MIT */
/*
 * Softirqs, work items and quiescence (sched/softirq.c).
 */
#include "fake.h"

#include <string.h>

#include "softirq.h"

static char order[32];

static void note(void *data)
{
    (void)strncat(order, data, 1);
}

static struct work item(const char *name)
{
    return (struct work){.run = note, .data = (void *)(uintptr_t)name};
}

static int setup(void **state)
{
    order[0] = '\0';
    return fake_setup(state);
}

static void raised_softirq_is_pending_until_run(void **state)
{
    (void)state;
    fake_clear_softirqs();
    assert_false(softirq_pending());
    softirq_raise(SOFTIRQ_WORK);
    assert_true(softirq_pending());
    softirq_run();
    assert_false(softirq_pending());
}

static void raise_on_other_cpu_kicks_it_once(void **state)
{
    (void)state;
    (void)fake_kicks(2);
    softirq_raise_on(2, SOFTIRQ_WORK);
    softirq_raise_on(2, SOFTIRQ_WORK);
    assert_int_equal(fake_kicks(2), 1);
    softirq_raise_on(2, SOFTIRQ_TIMER);
    assert_int_equal(fake_kicks(2), 1);
    assert_false(softirq_pending());
    fake_set_cpu(2);
    assert_true(softirq_pending());
}

static void raise_on_own_cpu_does_not_kick(void **state)
{
    (void)state;
    (void)fake_kicks(0);
    softirq_raise_on(0, SOFTIRQ_WORK);
    assert_int_equal(fake_kicks(0), 0);
    assert_true(softirq_pending());
}

static void raise_on_missing_cpu_is_ignored(void **state)
{
    (void)state;
    softirq_raise_on(FAKE_CPUS, SOFTIRQ_WORK);
}

static void offline_cpu_is_not_kicked(void **state)
{
    (void)state;
    cpumask_clear(&cpus_online, 3);
    (void)fake_kicks(3);
    softirq_raise_on(3, SOFTIRQ_WORK);
    assert_int_equal(fake_kicks(3), 0);
    cpumask_set(&cpus_online, 3);
}

static void work_runs_in_order_once(void **state)
{
    struct work a = item("a");
    struct work b = item("b");

    (void)state;
    work_queue(&a);
    work_queue(&b);
    work_queue(&a);
    softirq_run();
    assert_string_equal(order, "ab");
    work_queue(&a);
    softirq_run();
    assert_string_equal(order, "aba");
}

static struct work again_item;
static int again_left;

static void again(void *data)
{
    note(data);
    if (--again_left > 0) {
        work_queue(&again_item);
    }
}

static void work_may_queue_itself(void **state)
{
    (void)state;
    again_left = 3;
    again_item = (struct work){.run = again, .data = (void *)(uintptr_t) "x"};
    work_queue(&again_item);
    softirq_run();
    assert_string_equal(order, "xxx");
}

static void work_runs_before_schedule(void **state)
{
    struct work a = item("a");

    (void)state;
    softirq_raise(SOFTIRQ_SCHEDULE);
    work_queue(&a);
    softirq_run();
    assert_string_equal(order, "a");
    assert_false(softirq_pending());
}

static void work_stays_on_its_cpu(void **state)
{
    struct work a = item("a");

    (void)state;
    work_queue(&a);
    fake_set_cpu(1);
    softirq_run();
    assert_string_equal(order, "");
    fake_set_cpu(0);
    softirq_run();
    assert_string_equal(order, "a");
}

/* -- quiescence ------------------------------------------------------------ */

static struct quiesce_call quiet(const char *name)
{
    return (struct quiesce_call){.run = note, .data = (void *)(uintptr_t)name};
}

static void run_cpu(unsigned int cpu)
{
    fake_set_cpu(cpu);
    softirq_run();
}

static void call_waits_for_every_cpu(void **state)
{
    struct quiesce_call a = quiet("a");

    (void)state;
    call_after_quiesce(&a);
    for (unsigned int cpu = 0; cpu + 1 < FAKE_CPUS; cpu++) {
        run_cpu(cpu);
        assert_string_equal(order, "");
    }
    run_cpu(FAKE_CPUS - 1);
    assert_string_equal(order, "a");
}

static void offline_cpus_are_not_waited_for(void **state)
{
    struct quiesce_call a = quiet("a");

    (void)state;
    cpumask_clear(&cpus_online, 3);
    call_after_quiesce(&a);
    run_cpu(0);
    run_cpu(1);
    run_cpu(2);
    assert_string_equal(order, "a");
    cpumask_set(&cpus_online, 3);
}

static void later_call_needs_another_round(void **state)
{
    struct quiesce_call a = quiet("a");
    struct quiesce_call b = quiet("b");

    (void)state;
    call_after_quiesce(&a);
    run_cpu(0);
    run_cpu(1);
    fake_set_cpu(0);
    call_after_quiesce(&b);
    run_cpu(2);
    run_cpu(3);
    assert_string_equal(order, "a");
    run_cpu(1);
    assert_string_equal(order, "a");
    run_cpu(0);
    assert_string_equal(order, "ab");
}

static void call_kicks_the_others(void **state)
{
    struct quiesce_call a = quiet("a");

    (void)state;
    for (unsigned int cpu = 1; cpu < FAKE_CPUS; cpu++) {
        (void)fake_kicks(cpu);
    }
    call_after_quiesce(&a);
    for (unsigned int cpu = 1; cpu < FAKE_CPUS; cpu++) {
        assert_int_equal(fake_kicks(cpu), 1);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(raised_softirq_is_pending_until_run),
        CASE(raise_on_other_cpu_kicks_it_once),
        CASE(raise_on_own_cpu_does_not_kick),
        CASE(raise_on_missing_cpu_is_ignored),
        CASE(offline_cpu_is_not_kicked),
        CASE(work_runs_in_order_once),
        CASE(work_may_queue_itself),
        CASE(work_runs_before_schedule),
        CASE(work_stays_on_its_cpu),
        CASE(call_waits_for_every_cpu),
        CASE(offline_cpus_are_not_waited_for),
        CASE(later_call_needs_another_round),
        CASE(call_kicks_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
