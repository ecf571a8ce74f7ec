/* SPDX-License-Identifier: MIT */
/* Event channels within this domain: IPI, loopback, masks, poll, block. */
#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "pvbasic.h"
#include "start.h"
#include "string.h"
#include "traps.h"
#include "vcpu.h"

static volatile unsigned int hits;
static volatile evtchn_port_t last_port;

static void count_hit(evtchn_port_t port)
{
    hits++;
    last_port = port;
}

static void check_ipi(evtchn_port_t *port)
{
    check_eq("ipi-bind", evtchn_bind_ipi(0, port), 0);
    check_true("ipi-port", *port != 0 && *port < 4096, *port);
    check_eq("ipi-pending-at-start", evtchn_is_pending(*port), 0);
    evtchn_set_handler(*port, count_hit);
    check_eq("ipi-unmask", evtchn_unmask(*port), 0);
    events_enable();
    hits = 0;
    check_eq("ipi-send", evtchn_send(*port), 0);
    check_eq("ipi-delivered-on-return", hits, 1);
    check_eq("ipi-port-delivered", last_port, *port);
    check_eq("ipi-mask-after", events_masked(), 0);
}

/* With the upcall mask set the event waits; block clears the mask. */
static void check_upcall_mask(evtchn_port_t port)
{
    const struct vcpu_info *info = this_vcpu()->info;

    events_disable();
    hits = 0;
    evtchn_send(port);
    check_eq("masked-upcall-waits", hits, 0);
    check_eq("masked-upcall-pending", info->evtchn_upcall_pending, 1);
    check_hex("masked-upcall-selector",
              (info->evtchn_pending_sel >> (port / 64)) & 1, 1);
    check_eq("masked-upcall-bit", evtchn_is_pending(port), 1);
    events_enable();
    check_eq("unmask-delivers", hits, 1);
    events_disable();
    evtchn_send(port);
    check_eq("block-with-event", hc_sched_op(SCHEDOP_block, NULL), 0);
    check_eq("block-delivers", hits, 2);
    check_eq("block-unmasks", events_masked(), 0);
}

static void check_port_mask(evtchn_port_t port)
{
    const struct vcpu_info *info = this_vcpu()->info;

    evtchn_mask(port);
    hits = 0;
    evtchn_send(port);
    check_eq("masked-port-no-upcall", hits, 0);
    check_eq("masked-port-pending", evtchn_is_pending(port), 1);
    check_eq("masked-port-no-upcall-pending", info->evtchn_upcall_pending, 0);
    check_eq("unmask-port", evtchn_unmask(port), 0);
    check_eq("unmask-port-delivers", hits, 1);
    check_eq("unmask-port-clears-mask", evtchn_is_masked(port), 0);
    check_eq("unmask-port-again", evtchn_unmask(port), 0);
    check_eq("unmask-without-pending", hits, 1);
}

static struct trap_frame upcall_frame;
static uint8_t upcall_mask_seen;

static void record_upcall(struct trap_frame *frame)
{
    upcall_frame = *frame;
    upcall_mask_seen = this_vcpu()->info->evtchn_upcall_mask;
    evtchn_upcall();
}

static void check_upcall_frame(evtchn_port_t port)
{
    trap_set_handler(VECTOR_EVENT, record_upcall);
    evtchn_send(port);
    trap_set_handler(VECTOR_EVENT, NULL);
    check_eq("upcall-masks-events", upcall_mask_seen, 1);
    check_eq("upcall-saved-mask", upcall_frame.saved_upcall_mask, 0);
    check_hex("upcall-rflags-if", upcall_frame.rflags & 0x200, 0x200);
    check_hex("upcall-cs", upcall_frame.cs, FLAT_KERNEL_CS & ~3);
    check_hex("upcall-rax-is-result", upcall_frame.rax, 0);
}

static void check_status(evtchn_port_t port, unsigned int want)
{
    struct evtchn_status status;

    check_eq("status", evtchn_status(port, &status), 0);
    check_eq("status-value", status.status, want);
}

/* Two ports of this domain bound to each other. */
static void check_loopback(void)
{
    evtchn_port_t a;
    evtchn_port_t b;

    check_eq("loop-alloc-unbound",
             evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &a), 0);
    check_status(a, EVTCHNSTAT_unbound);
    check_eq("loop-bind", evtchn_bind_interdomain(DOMID_SELF, a, &b), 0);
    check_status(a, EVTCHNSTAT_interdomain);
    check_status(b, EVTCHNSTAT_interdomain);
    check_eq("loop-bind-sets-pending", evtchn_is_pending(b), 1);
    check_eq("loop-bind-leaves-remote", evtchn_is_pending(a), 0);
    evtchn_clear_pending(b);
    check_eq("loop-send", evtchn_send(b), 0);
    check_eq("loop-send-reaches-remote", evtchn_is_pending(a), 1);
    check_eq("loop-send-not-self", evtchn_is_pending(b), 0);
    check_eq("loop-bind-twice", evtchn_bind_interdomain(DOMID_SELF, a, &b),
             -XEN_EINVAL);
    check_eq("loop-close", evtchn_close(a), 0);
    check_eq("loop-close-clears-pending", evtchn_is_pending(a), 0);
}

/* What is left of a pair when one side closes, and a port's reuse. */
static void check_close(void)
{
    struct evtchn_status status;
    evtchn_port_t a;
    evtchn_port_t b;
    evtchn_port_t again;

    evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &a);
    evtchn_bind_interdomain(DOMID_SELF, a, &b);
    check_eq("close-one-side", evtchn_close(a), 0);
    check_status(a, EVTCHNSTAT_closed);
    check_status(b, EVTCHNSTAT_unbound);
    check_eq("close-unbound-remote", evtchn_status(b, &status), 0);
    check_eq("send-to-unbound-is-lost", evtchn_send(b), 0);
    check_eq("close-other-side", evtchn_close(b), 0);
    check_eq("close-twice", evtchn_close(b), -XEN_EINVAL);
    check_eq("alloc-reuses", evtchn_alloc_unbound(DOMID_SELF, 0, &again), 0);
    check_eq("alloc-lowest-free", again, a < b ? a : b);
    evtchn_close(again);
}

static void check_virq(void)
{
    evtchn_port_t port;
    evtchn_port_t other;

    check_eq("virq-bind", evtchn_bind_virq(VIRQ_DEBUG, 0, &port), 0);
    check_eq("virq-bind-twice", evtchn_bind_virq(VIRQ_DEBUG, 0, &other),
             -XEN_EEXIST);
    check_eq("virq-bad", evtchn_bind_virq(NR_VIRQS, 0, &other), -XEN_EINVAL);
    check_eq("virq-bad-vcpu", evtchn_bind_virq(VIRQ_TIMER, 99, &other),
             -XEN_ENOENT);
    check_eq("virq-global-on-vcpu-1", evtchn_bind_virq(VIRQ_DOM_EXC, 1, &other),
             -XEN_EINVAL);
    check_eq("virq-send", evtchn_send(port), -XEN_EINVAL);
    check_eq("virq-close", evtchn_close(port), 0);
}

static long poll_port(evtchn_port_t port, uint64_t timeout_ns)
{
    struct sched_poll poll = {.nr_ports = 1, .timeout = timeout_ns};

    poll.ports.p = &port;
    return hc_sched_op(SCHEDOP_poll, &poll);
}

static void check_poll(evtchn_port_t port)
{
    uint64_t start;

    events_disable();
    evtchn_mask(port);
    evtchn_clear_pending(port);
    start = clock_ns();
    check_eq("poll-timeout", poll_port(port, start + 2000000), 0);
    check_true("poll-waited", clock_ns() - start >= 2000000,
               clock_ns() - start);
    evtchn_send(port);
    start = clock_ns();
    check_eq("poll-pending", poll_port(port, start + 5000000000UL), 0);
    check_true("poll-at-once", clock_ns() - start < 2000000000UL,
               clock_ns() - start);
    check_eq("poll-leaves-pending", evtchn_is_pending(port), 1);
    evtchn_clear_pending(port);
    check_eq("poll-bad-port", poll_port(4096, start), -XEN_EINVAL);
    events_disable();
    evtchn_unmask(port);
}

static void check_poll_limit(void)
{
    static evtchn_port_t ports[129];
    struct sched_poll poll = {.nr_ports = 129, .timeout = 1};

    poll.ports.p = ports;
    check_eq("poll-too-many", hc_sched_op(SCHEDOP_poll, &poll), -XEN_EINVAL);
    check_eq("yield", hc_sched_op(SCHEDOP_yield, NULL), 0);
    check_eq("sched-unknown", hc_sched_op(99, NULL), -XEN_ENOSYS);
}

void pvbasic_events(void)
{
    evtchn_port_t port;

    check_ipi(&port);
    check_upcall_mask(port);
    check_port_mask(port);
    check_upcall_frame(port);
    check_loopback();
    check_close();
    check_virq();
    check_poll(port);
    check_poll_limit();
    check_eq("ipi-close", evtchn_close(port), 0);
    events_disable();
}
