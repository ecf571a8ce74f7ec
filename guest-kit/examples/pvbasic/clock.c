/* SPDX-License-Identifier: MIT */
/* vCPU time, wall clock, runstate. */
#include "clock.h"
#include "check.h"
#include "evtchn.h"
#include "hypercall.h"
#include "pvbasic.h"
#include "start.h"
#include "vcpu.h"

#define READS       20000
#define MILLISECOND 1000000UL

static void check_monotonic(void)
{
    uint64_t last = clock_ns();
    unsigned int backwards = 0;
    unsigned int i;
    uint64_t now;

    for (i = 0; i < READS; i++) {
        now = clock_ns();
        backwards += now < last;
        last = now;
    }
    check_eq("clock-never-backwards", backwards, 0);
    check_true("clock-tsc-rate",
               clock_tsc_hz() > 10000000UL && clock_tsc_hz() < 20000000000UL,
               clock_tsc_hz());
}

/* Calls and sleeps in between must not step the clock back either. */
static void check_monotonic_calls(void)
{
    uint64_t start = clock_ns();
    uint64_t last = start;
    unsigned int backwards = 0;
    uint64_t now;

    while (last < start + 300 * MILLISECOND) {
        hc_sched_op(SCHEDOP_yield, NULL);
        now = clock_ns();
        backwards += now < last;
        last = now;
    }
    check_eq("clock-never-backwards-across-calls", backwards, 0);
}

static void check_runstate(void)
{
    struct vcpu_runstate_info info;
    uint64_t sum;

    check_eq("runstate-get", hc_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    check_eq("runstate-running", info.state, RUNSTATE_running);
    sum = info.time[0] + info.time[1] + info.time[2] + info.time[3];
    check_true("runstate-time-running", info.time[RUNSTATE_running] != 0, 0);
    check_true("runstate-sum-plausible", sum <= clock_ns(), sum);
    check_true("runstate-entry-time", info.state_entry_time <= clock_ns(),
               info.state_entry_time);
}

static struct vcpu_runstate_info area __attribute__((aligned(64)));

static void check_runstate_area(void)
{
    struct vcpu_register_runstate_memory_area op;
    evtchn_port_t port;
    uint64_t blocked;

    evtchn_bind_virq(VIRQ_TIMER, 0, &port);
    evtchn_unmask(port);
    op.addr.v = &area;
    area.state = 99;
    check_eq("runstate-area-register",
             hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op), 0);
    check_eq("runstate-area-state", area.state, RUNSTATE_running);
    blocked = area.time[RUNSTATE_blocked];
    /* A slow host may let the timer fire before we block. */
    for (uint64_t ns = 5 * MILLISECOND;
         area.time[RUNSTATE_blocked] == blocked && ns < 1000 * MILLISECOND;
         ns *= 2) {
        clock_set_timer(clock_ns() + ns);
        hc_sched_op(SCHEDOP_block, NULL);
    }
    check_true("runstate-area-counts-blocked",
               area.time[RUNSTATE_blocked] > blocked,
               area.time[RUNSTATE_blocked] - blocked);
    check_eq("runstate-area-running-again", area.state, RUNSTATE_running);
    check_eq("runstate-update-flag",
             hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag),
             0);
    evtchn_close(port);
    events_disable();
}

static void check_wall_clock(void)
{
    uint32_t version = shared_info->wc_version;
    uint64_t seconds = shared_info->wc_sec + clock_ns() / 1000000000UL;

    check_true("wall-clock-now",
               seconds > 1577836800UL && seconds < 4102444800UL, seconds);
    check_eq("wall-clock-version", version & 1, 0);
}

static void check_time_area(void)
{
    static struct vcpu_time_info copy __attribute__((aligned(64)));
    struct vcpu_register_time_memory_area op;

    op.addr.v = &copy;
    check_eq("time-area-register",
             hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op), 0);
    check_hex("time-area-scale", copy.tsc_to_system_mul,
              this_vcpu()->info->time.tsc_to_system_mul);
    check_eq("time-area-version-even", copy.version & 1, 0);
}

void pvbasic_clock(void)
{
    check_monotonic();
    check_monotonic_calls();
    check_wall_clock();
    check_runstate();
    check_runstate_area();
    check_time_area();
}
