/* SPDX-License-Identifier: MIT */
/* Hypercalls that do little: entry, dispatch and exit. */
#include "bench.h"
#include "clock.h"
#include "hypercall.h"
#include "mm.h"
#include "vcpu.h"

static void null_call(unsigned long count)
{
    while (count-- != 0) {
        hc_xen_version(XENVER_version, NULL);
    }
}

static void unknown_call(unsigned long count)
{
    while (count-- != 0) {
        hypercall1(63, 0);
    }
}

static void stack_switch(unsigned long count)
{
    while (count-- != 0) {
        hc_stack_switch(FLAT_KERNEL_SS, 0x10000);
    }
}

static void segment_base(unsigned long count)
{
    while (count-- != 0) {
        hc_set_segment_base(SEGBASE_FS, 0x10000);
    }
}

static void task_switch(unsigned long count)
{
    while (count-- != 0) {
        hc_fpu_taskswitch(0);
    }
}

static void set_timer(unsigned long count)
{
    while (count-- != 0) {
        clock_set_timer(~0UL >> 1);
    }
}

static void yield(unsigned long count)
{
    while (count-- != 0) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static void multicall(unsigned long count)
{
    struct multicall_entry calls[8];
    unsigned int i;

    while (count-- != 0) {
        for (i = 0; i < 8; i++) {
            calls[i].op = __HYPERVISOR_xen_version;
            calls[i].args[0] = XENVER_version;
            calls[i].args[1] = 0;
        }
        hc_multicall(calls, 8);
    }
}

void bench_calls(void)
{
    bench_run("null-hypercall", null_call);
    bench_run("unknown-hypercall", unknown_call);
    bench_run("multicall-8-null", multicall);
    bench_run("stack-switch", stack_switch);
    bench_run("set-segment-base-fs", segment_base);
    bench_run("fpu-taskswitch", task_switch);
    bench_run("set-singleshot-timer", set_timer);
    clock_stop_timer();
    bench_run("yield", yield);
}
