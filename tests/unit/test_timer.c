/* SPDX-License-Identifier: MIT */
/*
 * Timers of each CPU (sched/timer.c): order, moving, stopping, and a long
 * random run against a plain array.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "softirq.h"
#include "timer.h"

#define MODEL_TIMERS 200U
#define MODEL_STEPS  20000U

static char order[64];

static void note(void *data)
{
    (void)strncat(order, data, 1);
}

static void name_timer(struct timer *timer, const char *name, unsigned int cpu)
{
    timer_init(timer, note, (void *)(uintptr_t)name, cpu);
}

/* Those of CPU 0 that most tests use. */
static struct timer a;
static struct timer b;
static struct timer c;

static int setup(void **state)
{
    order[0] = '\0';
    fake_start();
    fake_clear_softirqs();
    name_timer(&a, "a", 0);
    name_timer(&b, "b", 0);
    name_timer(&c, "c", 0);
    (void)state;
    return 0;
}

/* The interrupt, if it is due, and what it raises. */
static void run_at(uint64_t ns)
{
    uint64_t deadline = fake_timer_deadline(machine_this_cpu()->id);

    fake_set_now(ns);
    if (deadline != 0 && deadline <= ns) {
        timer_interrupt();
    }
    softirq_run();
}

#define T0 1000000000ULL

static void timers_expire_in_order(void **state)
{
    (void)state;
    timer_set(&c, T0 + 300);
    timer_set(&a, T0 + 100);
    timer_set(&b, T0 + 200);
    assert_int_equal(fake_timer_deadline(0), T0 + 100);
    run_at(T0 + 99);
    assert_string_equal(order, "");
    run_at(T0 + 200);
    assert_string_equal(order, "ab");
    assert_int_equal(fake_timer_deadline(0), T0 + 300);
    run_at(T0 + 300);
    assert_string_equal(order, "abc");
    assert_int_equal(fake_timer_deadline(0), 0);
    assert_false(timer_active(&a));
}

static void moved_timer_expires_at_its_new_time(void **state)
{
    (void)state;
    timer_set(&a, T0 + 100);
    timer_set(&a, T0 + 500);
    run_at(T0 + 200);
    assert_string_equal(order, "");
    assert_true(timer_active(&a));
    run_at(T0 + 500);
    assert_string_equal(order, "a");
}

static void moved_forward_timer_rearms_the_hardware(void **state)
{
    (void)state;
    timer_set(&a, T0 + 500);
    timer_set(&a, T0 + 100);
    assert_int_equal(fake_timer_deadline(0), T0 + 100);
}

static void stopped_timer_does_not_expire(void **state)
{
    (void)state;
    timer_set(&a, T0 + 100);
    timer_set(&b, T0 + 200);
    timer_stop(&a);
    timer_stop(&a);
    assert_false(timer_active(&a));
    run_at(T0 + 1000);
    assert_string_equal(order, "b");
}

static void past_deadline_runs_at_once(void **state)
{
    (void)state;
    timer_set(&a, T0 - 5);
    assert_true(softirq_pending());
    softirq_run();
    assert_string_equal(order, "a");
}

static void killed_timer_cannot_be_armed(void **state)
{
    (void)state;
    timer_set(&a, T0 + 100);
    timer_kill(&a);
    assert_false(timer_active(&a));
    timer_set(&a, T0 + 100);
    assert_false(timer_active(&a));
    run_at(T0 + 100);
    assert_string_equal(order, "");
}

static struct timer self;

static void rearm(void *data)
{
    note(data);
    if (strlen(order) < 3) {
        timer_set(&self, machine_now_ns() + 10);
    }
}

static void function_may_rearm_its_timer(void **state)
{
    (void)state;
    timer_init(&self, rearm, (void *)(uintptr_t) "r", 0);
    timer_set(&self, T0 + 10);
    run_at(T0 + 10);
    assert_string_equal(order, "r");
    assert_int_equal(fake_timer_deadline(0), T0 + 20);
    run_at(T0 + 20);
    run_at(T0 + 30);
    run_at(T0 + 40);
    assert_string_equal(order, "rrr");
}

static void rearm_for_now(void *data)
{
    note(data);
    timer_set(&self, machine_now_ns());
    if (strlen(order) == 3) {
        timer_stop(&self);
    }
}

static void rearm_later(void *data)
{
    note(data);
    timer_set(&self, machine_now_ns() + 1);
}

static void rearming_for_later_ends_the_round(void **state)
{
    (void)state;
    timer_init(&self, rearm_later, (void *)(uintptr_t) "l", 0);
    timer_set(&self, T0);
    run_at(T0);
    assert_string_equal(order, "l");
    timer_kill(&self);
    timer_init(&self, rearm_for_now, (void *)(uintptr_t) "n", 0);
    timer_set(&self, T0);
    run_at(T0);
    assert_string_equal(order, "lnn");
}

static void kill_self(void *data)
{
    note(data);
    timer_kill(&self);
    timer_set(&self, T0);
}

static void function_may_kill_its_timer(void **state)
{
    (void)state;
    timer_init(&self, kill_self, (void *)(uintptr_t) "k", 0);
    timer_set(&self, T0);
    run_at(T0);
    run_at(T0 + 10);
    assert_string_equal(order, "k");
}

static void timer_of_other_cpu_is_armed_there(void **state)
{
    (void)state;
    name_timer(&a, "a", 1);
    (void)fake_kicks(1);
    timer_set(&a, T0 + 100);
    assert_int_equal(fake_timer_deadline(0), 0);
    assert_int_equal(fake_kicks(1), 1);
    fake_set_cpu(1);
    softirq_run();
    assert_int_equal(fake_timer_deadline(1), T0 + 100);
    run_at(T0 + 100);
    assert_string_equal(order, "a");
}

static void migrated_timer_expires_on_its_new_cpu(void **state)
{
    (void)state;
    timer_set(&a, T0 + 100);
    timer_migrate(&a, 2);
    assert_true(timer_active(&a));
    run_at(T0 + 150);
    assert_string_equal(order, "");
    fake_set_cpu(2);
    softirq_run();
    assert_string_equal(order, "a");
}

static void migrating_an_inactive_timer_leaves_it_so(void **state)
{
    (void)state;
    timer_migrate(&a, 1);
    assert_false(timer_active(&a));
    timer_migrate(&a, 1);
    assert_int_equal(atomic_load(&a.cpu), 1);
}

static void spurious_interrupt_rearms(void **state)
{
    (void)state;
    timer_set(&a, T0 + 100);
    timer_set(&b, T0 + 200);
    timer_stop(&a);
    run_at(T0 + 100);
    assert_string_equal(order, "");
    assert_int_equal(fake_timer_deadline(0), T0 + 200);
}

static void equal_deadlines_all_expire(void **state)
{
    struct timer timers[26];
    char names[26][2];
    unsigned int seen = 0;

    (void)state;
    for (unsigned int i = 0; i < 26; i++) {
        names[i][0] = (char)('a' + i);
        names[i][1] = '\0';
        name_timer(&timers[i], names[i], 0);
        timer_set(&timers[i], T0 + 7);
    }
    run_at(T0 + 7);
    assert_int_equal(strlen(order), 26);
    for (unsigned int i = 0; i < 26; i++) {
        seen |= 1U << (order[i] - 'a');
    }
    assert_int_equal(seen, (1U << 26) - 1);
}

/* -- model ----------------------------------------------------------------- */

static struct timer model_timer[MODEL_TIMERS];
static uint64_t model_deadline[MODEL_TIMERS]; /* 0: not armed */
static uint64_t model_last;

static void model_expired(void *data)
{
    unsigned int i = (unsigned int)(uintptr_t)data;

    assert_true(model_deadline[i] != 0);
    assert_true(model_deadline[i] <= machine_now_ns());
    assert_true(model_deadline[i] >= model_last);
    model_last = model_deadline[i];
    model_deadline[i] = 0;
}

static uint64_t model_first(void)
{
    uint64_t first = UINT64_MAX;

    for (unsigned int i = 0; i < MODEL_TIMERS; i++) {
        if (model_deadline[i] != 0 && model_deadline[i] < first) {
            first = model_deadline[i];
        }
    }
    return first;
}

static void model_step(void)
{
    unsigned int i = (unsigned int)rand() % MODEL_TIMERS;
    uint64_t now = machine_now_ns();

    switch (rand() % 4) {
    case 0:
    case 1:
        model_deadline[i] = now + 1 + (uint64_t)(rand() % 5000);
        timer_set(&model_timer[i], model_deadline[i]);
        break;
    case 2:
        model_deadline[i] = 0;
        timer_stop(&model_timer[i]);
        break;
    default:
        model_last = 0;
        run_at(now + (uint64_t)(rand() % 300));
        assert_true(model_first() > machine_now_ns());
        break;
    }
    assert_int_equal(timer_active(&model_timer[i]), model_deadline[i] != 0);
}

static void random_operations_match_a_model(void **state)
{
    (void)state;
    srand(1);
    for (unsigned int i = 0; i < MODEL_TIMERS; i++) {
        timer_init(&model_timer[i], model_expired, (void *)(uintptr_t)i, 0);
        model_deadline[i] = 0;
    }
    for (unsigned int step = 0; step < MODEL_STEPS; step++) {
        model_step();
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(timers_expire_in_order),
        CASE(moved_timer_expires_at_its_new_time),
        CASE(moved_forward_timer_rearms_the_hardware),
        CASE(stopped_timer_does_not_expire),
        CASE(past_deadline_runs_at_once),
        CASE(killed_timer_cannot_be_armed),
        CASE(function_may_rearm_its_timer),
        CASE(rearming_for_later_ends_the_round),
        CASE(function_may_kill_its_timer),
        CASE(timer_of_other_cpu_is_armed_there),
        CASE(migrated_timer_expires_on_its_new_cpu),
        CASE(migrating_an_inactive_timer_leaves_it_so),
        CASE(spurious_interrupt_rearms),
        CASE(equal_deadlines_all_expire),
        CASE(random_operations_match_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
