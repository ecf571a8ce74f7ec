/* SPDX-License-Identifier: MIT */
/* A second vCPU: start it, talk with it by IPI, stop it, start it again. */
#include <stdatomic.h>

#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "pvbasic.h"
#include "vcpu.h"

#define SECOND        1000000000UL
#define ROUNDS        200
#define MOVING_ROUNDS 20

static atomic_uint other_state;
static atomic_uint other_id;
static atomic_uint other_hits;
static atomic_uint own_hits;
static evtchn_port_t to_other;
static evtchn_port_t to_self;
static volatile uint64_t *shared_page;
static atomic_ulong seen_value;

/* A port that moves between the vCPUs, and the one to send by. */
static evtchn_port_t moving;
static evtchn_port_t moving_sender;
static atomic_uint moving_hits[2]; /* by vCPU */

static void wait_until(atomic_uint *what, unsigned int at_least)
{
    uint64_t end = clock_ns() + 20 * SECOND;

    while (atomic_load(what) < at_least && clock_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static void answer(evtchn_port_t port)
{
    (void)port;
    other_hits++;
    seen_value = *shared_page;
    evtchn_send(to_self);
}

static void count_answer(evtchn_port_t port)
{
    (void)port;
    own_hits++;
}

/* What the other vCPU does: says who it is, then serves its IPI. */
static void other_main(void *arg)
{
    other_id = this_vcpu()->id;
    fault_clear();
    load_fixup(0x10000);
    if (fault_vector() == 14 && fault_last()->cr2 == 0x10000 &&
        arg == &other_state) {
        other_state = 1;
    }
    events_enable();
    while (other_state < 2) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
    events_disable();
    hc_vcpu_op(VCPUOP_down, 1, NULL);
    other_state = 3;
}

static void check_errors(void)
{
    static struct vcpu_guest_context context;

    check_eq("vcpu-is-up-self", hc_vcpu_op(VCPUOP_is_up, 0, NULL), 1);
    check_eq("vcpu-is-up-none", hc_vcpu_op(VCPUOP_is_up, 999, NULL),
             -XEN_ENOENT);
    check_eq("vcpu-is-up-none-high", hc_vcpu_op(VCPUOP_is_up, 0xffffffff, NULL),
             -XEN_ENOENT);
    check_eq("vcpu-initialise-self", hc_vcpu_op(VCPUOP_initialise, 0, &context),
             -XEN_EEXIST);
    check_eq("vcpu-up-self", hc_vcpu_op(VCPUOP_up, 0, NULL), 0);
}

static void check_bad_contexts(void)
{
    static struct vcpu_guest_context context;

    check_eq("vcpu-is-up-before", hc_vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    check_eq("vcpu-up-before-initialise", hc_vcpu_op(VCPUOP_up, 1, NULL),
             -XEN_EINVAL);
    check_eq("vcpu-initialise-bad-pointer",
             hc_vcpu_op(VCPUOP_initialise, 1, (void *)HYPERVISOR_VIRT_START),
             -XEN_EFAULT);
    vcpu_make_context(1, &context);
    context.ctrlreg[3] = xen_pfn_to_cr3(mm_va_to_mfn(&context));
    check_eq("vcpu-initialise-bad-cr3",
             hc_vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
    vcpu_make_context(1, &context);
    context.gdt_ents = 8192;
    check_eq("vcpu-initialise-bad-gdt",
             hc_vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
}

static void check_start(void)
{
    check_eq("vcpu-run", vcpu_run(1, other_main, &other_state), 0);
    wait_until(&other_state, 1);
    check_eq("vcpu-runs-and-faults", other_state, 1);
    check_eq("vcpu-id", other_id, 1);
    check_eq("vcpu-is-up", hc_vcpu_op(VCPUOP_is_up, 1, NULL), 1);
    check_eq("vcpu-initialise-twice", vcpu_run(1, other_main, &other_state),
             -XEN_EEXIST);
}

static void check_ipis(void)
{
    unsigned int i;

    check_eq("ipi-bind-other", evtchn_bind_ipi(1, &to_other), 0);
    check_eq("ipi-bind-self", evtchn_bind_ipi(0, &to_self), 0);
    evtchn_set_handler(to_other, answer);
    evtchn_set_handler(to_self, count_answer);
    evtchn_unmask(to_other);
    evtchn_unmask(to_self);
    events_enable();
    for (i = 1; i <= ROUNDS; i++) {
        evtchn_send(to_other);
        wait_until(&own_hits, i);
    }
    check_eq("ipi-rounds-other", other_hits, ROUNDS);
    check_eq("ipi-rounds-self", own_hits, ROUNDS);
}

/* A remapping with UVMF_ALL is seen by the other vCPU's next access. */
static void check_remap(void)
{
    uint64_t *a = mm_page_alloc();
    uint64_t *b = mm_page_alloc();
    uint64_t maddr_a = mm_va_to_maddr(a);
    unsigned int wrong = 0;
    unsigned int i;

    a[0] = 1;
    b[0] = 2;
    shared_page = a;
    for (i = 0; i < 20; i++) {
        mm_map(a, i % 2 == 0 ? mm_va_to_maddr(b) : maddr_a, PTE_KERNEL_RW);
        evtchn_send(to_other);
        wait_until(&own_hits, ROUNDS + i + 1);
        wrong += seen_value != (i % 2 == 0 ? 2 : 1);
    }
    check_eq("remap-seen-by-other", wrong, 0);
    shared_page = b;
    mm_map(a, maddr_a, PTE_KERNEL_RW);
    mm_page_free(a);
}

static void flush_others(unsigned int cmd, const char *name)
{
    unsigned long mask = 3;
    struct mmuext_op op = {.cmd = cmd, .arg1.linear_addr = 0x1000};

    op.arg2.vcpumask.p = &mask;
    check_eq(name, hc_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
}

static void check_flushes(void)
{
    flush_others(MMUEXT_TLB_FLUSH_MULTI, "flush-multi");
    flush_others(MMUEXT_INVLPG_MULTI, "invlpg-multi");
    check_eq("flush-local", mm_ext(MMUEXT_TLB_FLUSH_LOCAL, NULL), 0);
    check_eq("flush-all", mm_ext(MMUEXT_TLB_FLUSH_ALL, NULL), 0);
}

static void count_on_vcpu(evtchn_port_t port)
{
    (void)port;
    moving_hits[this_vcpu()->id]++;
}

static void bind_to(const char *name, unsigned int vcpu)
{
    struct evtchn_bind_vcpu op = {.port = moving, .vcpu = vcpu};
    struct evtchn_status status;

    check_eq(name, hc_event_channel_op(EVTCHNOP_bind_vcpu, &op), 0);
    evtchn_status(moving, &status);
    check_eq(name, status.vcpu, vcpu);
}

/* How many events each has served: a stray one would be one too many. */
static void check_served(const char *name, unsigned int vcpu,
                         unsigned int served, unsigned int served_by_other)
{
    wait_until(&moving_hits[vcpu], served);
    check_eq(name, moving_hits[vcpu], served);
    check_eq(name, moving_hits[1 - vcpu], served_by_other);
}

static void send_moving(unsigned int vcpu)
{
    unsigned int before = moving_hits[vcpu];
    unsigned int i;

    for (i = 0; i < MOVING_ROUNDS && moving_hits[vcpu] == before + i; i++) {
        evtchn_send(moving_sender);
        wait_until(&moving_hits[vcpu], before + i + 1);
    }
}

/* Masked and pending, it goes to the vCPU that it belongs to by then. */
static void check_move_pending(void)
{
    bind_to("move-pending-from", 0);
    evtchn_mask(moving);
    check_eq("move-pending-send", evtchn_send(moving_sender), 0);
    bind_to("move-pending-to", 1);
    check_eq("move-pending-unmask", evtchn_unmask(moving), 0);
    check_served("move-pending-served", 1, MOVING_ROUNDS + 1,
                 2 * MOVING_ROUNDS);
}

static void check_move(void)
{
    check_eq("move-alloc",
             evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &moving), 0);
    check_eq("move-bind",
             evtchn_bind_interdomain(DOMID_SELF, moving, &moving_sender), 0);
    evtchn_set_handler(moving, count_on_vcpu);
    check_eq("move-unmask", evtchn_unmask(moving), 0);
    send_moving(0);
    check_served("move-at-start", 0, MOVING_ROUNDS, 0);
    bind_to("move-to-other", 1);
    send_moving(1);
    check_served("move-served-by-other", 1, MOVING_ROUNDS, MOVING_ROUNDS);
    bind_to("move-back", 0);
    send_moving(0);
    check_served("move-served-again", 0, 2 * MOVING_ROUNDS, MOVING_ROUNDS);
    check_move_pending();
    check_eq("move-close", evtchn_close(moving), 0);
    check_eq("move-close-sender", evtchn_close(moving_sender), 0);
}

static void check_virq_of_other(void)
{
    evtchn_port_t port;

    check_eq("virq-bind-other", evtchn_bind_virq(VIRQ_TIMER, 1, &port), 0);
    check_eq("virq-close-other", evtchn_close(port), 0);
}

static void wait_for_down(void)
{
    uint64_t end = clock_ns() + 20 * SECOND;

    while (hc_vcpu_op(VCPUOP_is_up, 1, NULL) != 0 && clock_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

/* Down, then up again: it goes on behind its own VCPUOP_down. */
static void check_stop(void)
{
    other_state = 2;
    evtchn_send(to_other);
    wait_for_down();
    check_eq("vcpu-down", hc_vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    check_eq("vcpu-down-state", other_state, 2);
    check_eq("vcpu-up-again", hc_vcpu_op(VCPUOP_up, 1, NULL), 0);
    wait_until(&other_state, 3);
    check_eq("vcpu-went-on", other_state, 3);
    wait_for_down();
    check_eq("vcpu-down-again", hc_vcpu_op(VCPUOP_is_up, 1, NULL), 0);
}

void pvbasic_smp(void)
{
    check_errors();
    if (vcpu_count() < 2) {
        check_skip("smp", "this domain has one vCPU");
        return;
    }
    shared_page = mm_page_alloc();
    check_bad_contexts();
    check_start();
    check_ipis();
    check_move();
    check_remap();
    check_flushes();
    check_virq_of_other();
    check_stop();
    events_disable();
}
