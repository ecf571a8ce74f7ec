/* SPDX-License-Identifier: MIT */
/*
 * What the paths between guest and hypervisor cost. Each line
 * `bench NAME ticks` is a median in TSC ticks; under QEMU with
 * -icount shift=0,sleep=off one tick is one instruction.
 */
#include "bench.h"
#include "check.h"
#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "insn.h"
#include "start.h"

#define SAMPLES 101
#define ROUNDS  100

static uint64_t overhead;

static void sort(uint64_t *values, unsigned int count)
{
    unsigned int i;
    unsigned int j;

    for (i = 1; i < count; i++) {
        uint64_t value = values[i];

        for (j = i; j != 0 && values[j - 1] > value; j--) {
            values[j] = values[j - 1];
        }
        values[j] = value;
    }
}

static uint64_t median(uint64_t *values, unsigned int count)
{
    sort(values, count);
    return values[count / 2];
}

void bench_report(const char *name, uint64_t *values, unsigned int count)
{
    print("bench %s %lu\n", name, median(values, count));
}

static uint64_t measure(bench_loop_t *loop, unsigned long rounds)
{
    static uint64_t samples[SAMPLES];
    unsigned int i;
    uint64_t start;

    loop(rounds);
    for (i = 0; i < SAMPLES; i++) {
        start = rdtsc();
        loop(rounds);
        samples[i] = rdtsc() - start;
    }
    return median(samples, SAMPLES);
}

void bench_run_rounds(const char *name, bench_loop_t *loop,
                      unsigned long rounds)
{
    uint64_t total = measure(loop, rounds);

    print("bench %s %lu\n", name,
          (total > overhead ? total - overhead : 0) / rounds);
}

void bench_run(const char *name, bench_loop_t *loop)
{
    bench_run_rounds(name, loop, ROUNDS);
}

static void nothing(unsigned long count)
{
    (void)count;
}

void guest_main(void)
{
    overhead = measure(nothing, 1);
    print("bench tsc-hz %lu\n", clock_tsc_hz());
    print("bench rdtsc-pair %lu\n", overhead);
    hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    bench_calls();
    bench_traps();
    bench_memory();
    bench_events();
    bench_grants();
    check_true("bench-done", true, 0);
    check_finish(SHUTDOWN_reboot);
}
