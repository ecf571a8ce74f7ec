/* SPDX-License-Identifier: MIT */
/* Event channels and the timer. */
#include "bench.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "insn.h"
#include "start.h"
#include "traps.h"
#include "vcpu.h"

#define LATENCY_SAMPLES 31
#define TIMER_DELAY_NS  2000000UL

volatile uint64_t bench_event_tsc;
void *bench_info;
void *bench_pending;
uint64_t bench_pending_mask;

static evtchn_port_t port;

static void set_event_callback(const uint8_t *address)
{
    struct callback_register cb = {
        .type = CALLBACKTYPE_event,
        .flags = CALLBACKF_mask_events,
        .address = (uint64_t)address,
    };

    if (hc_callback_op(CALLBACKOP_register, &cb) != 0) {
        guest_panic("cannot set the event callback");
    }
}

/* Let the short handler clear the pending bit of @p. */
static void watch_port(evtchn_port_t p)
{
    port = p;
    bench_info = this_vcpu()->info;
    bench_pending = &shared_info->evtchn_pending[p / 64];
    bench_pending_mask = ~(1UL << (p % 64));
}

/* Already pending: the call finds nothing to do. */
static void send_pending(unsigned long count)
{
    while (count-- != 0) {
        evtchn_send(port);
    }
}

static void send_masked(unsigned long count)
{
    while (count-- != 0) {
        evtchn_clear_pending(port);
        evtchn_send(port);
    }
}

static void unmask(unsigned long count)
{
    while (count-- != 0) {
        evtchn_unmask(port);
    }
}

static void bench_ipi(void)
{
    evtchn_port_t ipi;

    if (evtchn_bind_ipi(0, &ipi) != 0) {
        guest_panic("no IPI");
    }
    watch_port(ipi);
    events_disable();
    evtchn_mask(ipi);
    bench_run("event-send-masked", send_masked);
    bench_run("event-send-already-pending", send_pending);
    evtchn_clear_pending(ipi);
    bench_run("event-unmask", unmask);
    events_enable();
    bench_run("event-send-delivered", send_pending);
    events_disable();
    evtchn_close(ipi);
}

/* From the deadline, in ticks of our clock, to our handler. */
static uint64_t timer_latency(void)
{
    uint64_t hz = clock_tsc_hz();
    uint64_t start = rdtsc();
    uint64_t deadline = start + TIMER_DELAY_NS * (hz / 1000) / 1000000;

    bench_event_tsc = 0;
    clock_set_timer(clock_ns() + TIMER_DELAY_NS);
    while (bench_event_tsc == 0) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
    return bench_event_tsc > deadline ? bench_event_tsc - deadline : 0;
}

static void bench_timer(void)
{
    static uint64_t values[LATENCY_SAMPLES];
    evtchn_port_t timer;
    unsigned int i;

    if (evtchn_bind_virq(VIRQ_TIMER, 0, &timer) != 0) {
        guest_panic("no timer");
    }
    watch_port(timer);
    evtchn_unmask(timer);
    for (i = 0; i < LATENCY_SAMPLES; i++) {
        values[i] = timer_latency();
    }
    bench_report("timer-block-latency", values, LATENCY_SAMPLES);
    events_disable();
    evtchn_close(timer);
}

void bench_events(void)
{
    set_event_callback(bench_event);
    bench_ipi();
    bench_timer();
    set_event_callback(callback_event);
}
