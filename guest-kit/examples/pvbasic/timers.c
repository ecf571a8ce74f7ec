/* SPDX-License-Identifier: MIT */
/* VIRQ_TIMER by every way there is to arm it. */
#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "pvbasic.h"
#include "vcpu.h"

#define MILLISECOND 1000000UL
#define SECOND      1000000000UL

static volatile unsigned int ticks;
static volatile uint64_t tick_ns;

static void count_tick(evtchn_port_t port)
{
    (void)port;
    ticks++;
    tick_ns = clock_ns();
}

/* Sleep by SCHEDOP_block until @count ticks came or @ns are over. */
static void wait_ticks(unsigned int count, uint64_t ns)
{
    uint64_t end = clock_ns() + ns;

    while (ticks < count && clock_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static void check_singleshot(void)
{
    uint64_t deadline = clock_ns() + 5 * MILLISECOND;

    ticks = 0;
    check_eq("singleshot-set", clock_set_timer(deadline), 0);
    while (ticks == 0 && clock_ns() < deadline + 10 * SECOND) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
    check_eq("singleshot-fires-once", ticks, 1);
    check_true("singleshot-not-early", tick_ns >= deadline, deadline - tick_ns);
    check_true("singleshot-not-late", tick_ns < deadline + SECOND,
               tick_ns - deadline);
}

static void check_past(void)
{
    ticks = 0;
    check_eq("singleshot-past", clock_set_timer(1), 0);
    wait_ticks(1, SECOND);
    check_eq("singleshot-past-fires", ticks, 1);
}

static void check_stop(void)
{
    ticks = 0;
    clock_set_timer(clock_ns() + 20 * MILLISECOND);
    check_eq("singleshot-stop", clock_stop_timer(), 0);
    wait_ticks(1, 50 * MILLISECOND);
    check_eq("singleshot-stopped", ticks, 0);
}

static void check_rearm(void)
{
    uint64_t deadline = clock_ns() + 2 * MILLISECOND;

    ticks = 0;
    clock_set_timer(clock_ns() + 60 * SECOND);
    check_eq("singleshot-rearm", clock_set_timer(deadline), 0);
    wait_ticks(1, 5 * SECOND);
    check_eq("singleshot-rearm-fires", ticks, 1);
    check_true("singleshot-rearm-not-early", tick_ns >= deadline, 0);
}

static void check_timer_op(void)
{
    uint64_t deadline = clock_ns() + 3 * MILLISECOND;

    ticks = 0;
    check_eq("timer-op-set", hc_set_timer_op(deadline), 0);
    wait_ticks(1, 5 * SECOND);
    check_eq("timer-op-fires", ticks, 1);
    check_true("timer-op-not-early", tick_ns >= deadline, deadline - tick_ns);
    ticks = 0;
    hc_set_timer_op(clock_ns() + 20 * MILLISECOND);
    check_eq("timer-op-cancel", hc_set_timer_op(0), 0);
    wait_ticks(1, 50 * MILLISECOND);
    check_eq("timer-op-cancelled", ticks, 0);
}

static long set_periodic(uint64_t period_ns)
{
    struct vcpu_set_periodic_timer timer = {.period_ns = period_ns};

    return hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &timer);
}

static void check_periodic(void)
{
    uint64_t start = clock_ns();
    unsigned int seen;

    check_eq("periodic-too-short", set_periodic(999999), -XEN_EINVAL);
    ticks = 0;
    check_eq("periodic-set", set_periodic(10 * MILLISECOND), 0);
    wait_ticks(5, 10 * SECOND);
    check_true("periodic-fires", ticks >= 5, ticks);
    check_true("periodic-not-early", clock_ns() - start >= 40 * MILLISECOND,
               clock_ns() - start);
    check_eq("periodic-stop", hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL),
             0);
    seen = ticks;
    wait_ticks(seen + 1, 50 * MILLISECOND);
    check_eq("periodic-stopped", ticks, seen);
}

static void check_errors(void)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = 1};

    check_eq("singleshot-bad-vcpu",
             hc_vcpu_op(VCPUOP_set_singleshot_timer, 999, &timer), -XEN_ENOENT);
    check_eq("singleshot-other-vcpu",
             hc_vcpu_op(VCPUOP_set_singleshot_timer, 1, &timer),
             vcpu_count() > 1 ? -XEN_EINVAL : -XEN_ENOENT);
    check_eq("singleshot-bad-pointer",
             hc_vcpu_op(VCPUOP_set_singleshot_timer, 0,
                        (void *)HYPERVISOR_VIRT_START),
             -XEN_EFAULT);
    check_eq("vcpu-op-unknown", hc_vcpu_op(99, 0, NULL), -XEN_ENOSYS);
}

void pvbasic_timers(void)
{
    evtchn_port_t port;

    check_eq("timer-virq-bind", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
    hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    evtchn_set_handler(port, count_tick);
    evtchn_unmask(port);
    events_enable();
    check_singleshot();
    check_past();
    check_stop();
    check_rearm();
    check_timer_op();
    check_periodic();
    check_errors();
    events_disable();
    check_eq("timer-virq-close", evtchn_close(port), 0);
}
