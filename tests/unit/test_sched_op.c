/* SPDX-License-Identifier: MIT */
/*
 * sched_op: yield, block, poll, shutdown, watchdogs, pinning
 * (hypercall/sched_op.c).
 */
#include "fake_world.h"

#include <string.h>

#include <xen/sched.h>
#include <xen/vcpu.h>

#include "evtchn.h"
#include "hypercall.h"
#include "sched.h"
#include "softirq.h"

#define PORTS 256U

static struct vcpu *self(void)
{
    return world_dom0->v;
}

static long sched_op(int cmd, unsigned long arg)
{
    return fake_hypercall(self(), __HYPERVISOR_sched_op, (unsigned long)cmd,
                          arg, 0, 0);
}

static long sched_op_with(int cmd, const void *argument, size_t bytes)
{
    memcpy(world_arg(0), argument, bytes);
    return sched_op(cmd, world_arg_va(0));
}

static evtchn_port_t new_port(void)
{
    evtchn_bind_ipi_t bind = {.vcpu = 0};

    memcpy(world_arg(0), &bind, sizeof(bind));
    assert_int_equal(fake_hypercall(self(), __HYPERVISOR_event_channel_op,
                                    EVTCHNOP_bind_ipi, world_arg_va(0), 0, 0),
                     0);
    memcpy(&bind, world_arg(0), sizeof(bind));
    return bind.port;
}

static void make_pending(evtchn_port_t port)
{
    assert_int_equal(evtchn_send(world_dom0->d, port), 0);
}

static bool blocked(void)
{
    return (atomic_load(&self()->sched.pause_flags) & VCPU_BLOCKED) != 0;
}

/* Poll @count ports with an absolute @timeout. */
static long poll(const evtchn_port_t *ports, unsigned int count,
                 uint64_t timeout)
{
    struct sched_poll argument = {.nr_ports = count, .timeout = timeout};

    argument.ports.p = (evtchn_port_t *)world_arg_va(PORTS);
    if (count != 0) {
        memcpy(world_arg(PORTS), ports, count * sizeof(*ports));
    }
    return sched_op_with(SCHEDOP_poll, &argument, sizeof(argument));
}

static int setup(void **state)
{
    (void)world_dom0_setup(state);
    atomic_store(&self()->sched.pause_flags, 0);
    self()->vcpu_info->evtchn_upcall_mask = 1;
    return 0;
}

/* -- yield and block ------------------------------------------------------- */

static void yield_asks_for_a_choice(void **state)
{
    (void)state;
    assert_int_equal(sched_op(SCHEDOP_yield, 0), 0);
    assert_true(softirq_pending());
    assert_true(self()->sched.yielding);
}

static void block_unmasks_and_sleeps(void **state)
{
    (void)state;
    assert_int_equal(sched_op(SCHEDOP_block, 0), 0);
    assert_int_equal(self()->vcpu_info->evtchn_upcall_mask, 0);
    assert_true(blocked());
}

/* It came after the vCPU's last way out of the hypervisor. */
static void block_with_an_nmi_due_returns(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    assert_int_equal(
        fake_hypercall(self(), __HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0, 0),
        0);
    assert_int_equal(sched_op(SCHEDOP_block, 0), 0);
    assert_false(blocked());
    assert_int_equal(poll(&port, 1, 0), 0);
    assert_false(blocked());
    self()->pv.nmi_masked = true; /* its handler runs */
    assert_int_equal(sched_op(SCHEDOP_block, 0), 0);
    assert_true(blocked());
}

static void block_with_an_event_returns(void **state)
{
    (void)state;
    self()->vcpu_info->evtchn_upcall_pending = 1;
    assert_int_equal(sched_op(SCHEDOP_block, 0), 0);
    assert_false(blocked());
    assert_false(softirq_pending());
}

static void unknown_command_is_enosys(void **state)
{
    (void)state;
    assert_int_equal(sched_op(8, 0), -XEN_ENOSYS);
    assert_int_equal(sched_op(-1, 0), -XEN_ENOSYS);
}

/* -- poll ------------------------------------------------------------------ */

static void poll_sleeps_until_its_port(void **state)
{
    evtchn_port_t port = new_port();
    evtchn_port_t other = new_port();

    (void)state;
    /* As spin locks do it: masked, so that the port causes no upcall. */
    world_dom0->d->shared->evtchn_mask[0] |= 1UL << port | 1UL << other;
    assert_int_equal(poll(&port, 1, 0), 0);
    assert_true(blocked());
    assert_int_equal(self()->vcpu_info->evtchn_upcall_mask, 1);
    make_pending(other);
    assert_true(blocked());
    make_pending(port);
    assert_false(blocked());
    assert_int_equal(atomic_load(&self()->sched.pause_flags), 0);
    assert_int_equal(atomic_load(&world_dom0->d->polling_vcpus[0]), 0);
}

/* The port that the vCPU polls anew while it is being woken; 0: it does not. */
static evtchn_port_t polled_meanwhile;

bool __real_evtchn_poller_remove(struct vcpu *v);
bool __wrap_evtchn_poller_remove(struct vcpu *v);
bool __wrap_evtchn_poller_remove(struct vcpu *v)
{
    evtchn_port_t port = polled_meanwhile;

    polled_meanwhile = 0;
    if (port != 0) {
        assert_int_equal(poll(&port, 1, 0), 0);
    }
    return __real_evtchn_poller_remove(v);
}

/* Woken by an event, it polls once more before the waker is through. */
static void poll_again_while_woken_is_not_lost(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    world_dom0->d->shared->evtchn_mask[0] |= 1UL << port;
    assert_int_equal(poll(&port, 1, 0), 0);
    assert_true(blocked());
    polled_meanwhile = port;
    vcpu_unblock(self());
    make_pending(port);
    assert_false(blocked());
}

static void poll_of_a_pending_port_returns(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    make_pending(port);
    fake_clear_softirqs();
    assert_int_equal(poll(&port, 1, 0), 0);
    assert_false(blocked());
    assert_int_equal(atomic_load(&world_dom0->d->polling_vcpus[0]), 0);
    assert_false(softirq_pending());
}

static void poll_of_several_wakes_by_any(void **state)
{
    evtchn_port_t ports[3] = {new_port(), new_port(), new_port()};

    (void)state;
    assert_int_equal(poll(ports, 3, 0), 0);
    assert_true(blocked());
    make_pending(ports[2]);
    assert_false(blocked());
}

static void poll_with_an_upcall_due_returns(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    self()->vcpu_info->evtchn_upcall_mask = 0;
    self()->vcpu_info->evtchn_upcall_pending = 1;
    assert_int_equal(poll(&port, 1, 0), 0);
    assert_false(blocked());
}

static void poll_times_out(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    assert_int_equal(poll(&port, 1, machine_now_ns() + 1000), 0);
    assert_true(blocked());
    fake_advance(1000);
    timer_softirq();
    assert_false(blocked());
    assert_int_equal(atomic_load(&world_dom0->d->polling_vcpus[0]), 0);
}

static void stale_poll_timeout_does_not_wake_a_blocked_vcpu(void **state)
{
    evtchn_port_t port = new_port();

    (void)state;
    assert_int_equal(poll(&port, 1, machine_now_ns() + 1000), 0);
    make_pending(port);
    assert_false(blocked());
    self()->vcpu_info->evtchn_upcall_pending = 0;
    assert_int_equal(sched_op(SCHEDOP_block, 0), 0);
    fake_advance(1000);
    timer_softirq();
    assert_true(blocked());
}

static void poll_of_no_ports_waits_for_time(void **state)
{
    (void)state;
    assert_int_equal(poll(NULL, 0, machine_now_ns() + 5), 0);
    assert_true(blocked());
    fake_advance(5);
    timer_softirq();
    assert_false(blocked());
}

static void bad_polls_do_not_sleep(void **state)
{
    evtchn_port_t port = 1000;
    struct sched_poll argument = {.nr_ports = 129};

    (void)state;
    assert_int_equal(sched_op(SCHEDOP_poll, WORLD_BAD_VA), -XEN_EFAULT);
    assert_int_equal(sched_op_with(SCHEDOP_poll, &argument, sizeof(argument)),
                     -XEN_EINVAL);
    argument.nr_ports = 2;
    argument.ports.p = (evtchn_port_t *)WORLD_BAD_VA;
    assert_int_equal(sched_op_with(SCHEDOP_poll, &argument, sizeof(argument)),
                     -XEN_EFAULT);
    argument.ports.p = (evtchn_port_t *)0xffff830000000000UL;
    assert_int_equal(sched_op_with(SCHEDOP_poll, &argument, sizeof(argument)),
                     -XEN_EFAULT);
    assert_int_equal(poll(&port, 1, 0), -XEN_EINVAL);
    assert_false(blocked());
    assert_int_equal(atomic_load(&world_dom0->d->polling_vcpus[0]), 0);
    assert_int_equal(atomic_load(&self()->sched.pause_flags), 0);
}

/* -- shutdown -------------------------------------------------------------- */

static void call_shutdown(void *reason)
{
    struct sched_shutdown shutdown = {(unsigned int)(uintptr_t)reason};

    (void)sched_op_with(SCHEDOP_shutdown, &shutdown, sizeof(shutdown));
}

static void shutdown_of_dom0_stops_the_machine(void **state)
{
    (void)state;
    assert_int_equal(sched_op(SCHEDOP_shutdown, WORLD_BAD_VA), -XEN_EFAULT);
    assert_int_equal(fake_shutdown_reason(), -1);
    assert_true(fake_catches_shutdown(call_shutdown,
                                      (void *)(uintptr_t)SHUTDOWN_reboot));
    assert_int_equal(fake_shutdown_reason(), SHUTDOWN_reboot);
}

static void code_set_before_wins(void **state)
{
    struct domain *d = world_spinner(5, 1);
    struct sched_shutdown shutdown = {SHUTDOWN_watchdog};

    (void)state;
    assert_int_equal(
        sched_op_with(SCHEDOP_shutdown_code, &shutdown, sizeof(shutdown)), 0);
    assert_int_equal(world_dom0->d->shutdown_code, SHUTDOWN_watchdog);
    assert_int_equal(sched_op(SCHEDOP_shutdown_code, WORLD_BAD_VA),
                     -XEN_EFAULT);
    d->shutdown_code = SHUTDOWN_suspend;
    domain_shutdown(d, SHUTDOWN_poweroff);
    assert_int_equal(d->shutdown_code, SHUTDOWN_suspend);
}

static void remote_shutdown_is_for_dom0(void **state)
{
    struct domain *d = world_spinner(5, 1);
    struct sched_remote_shutdown remote = {.domain_id = 5,
                                           .reason = SHUTDOWN_poweroff};

    (void)state;
    assert_int_equal(sched_op(SCHEDOP_remote_shutdown, WORLD_BAD_VA),
                     -XEN_EFAULT);
    world_dom0->d->privileged = false;
    assert_int_equal(
        sched_op_with(SCHEDOP_remote_shutdown, &remote, sizeof(remote)),
        -XEN_EPERM);
    world_dom0->d->privileged = true;
    assert_false(atomic_load(&d->shut_down));
    assert_int_equal(
        sched_op_with(SCHEDOP_remote_shutdown, &remote, sizeof(remote)), 0);
    assert_true(atomic_load(&d->shut_down));
    assert_int_equal(d->shutdown_code, SHUTDOWN_poweroff);
    assert_int_equal(atomic_load(&d->refs), 1);
    remote.domain_id = 6;
    assert_int_equal(
        sched_op_with(SCHEDOP_remote_shutdown, &remote, sizeof(remote)),
        -XEN_ESRCH);
}

/* -- watchdog -------------------------------------------------------------- */

static long watchdog(uint32_t id, uint32_t timeout)
{
    struct sched_watchdog argument = {id, timeout};

    return sched_op_with(SCHEDOP_watchdog, &argument, sizeof(argument));
}

static void watchdogs_are_two(void **state)
{
    (void)state;
    assert_int_equal(watchdog(0, 10), 1);
    assert_int_equal(watchdog(0, 10), 2);
    assert_int_equal(watchdog(0, 10), -XEN_ENOSPC);
    assert_int_equal(watchdog(1, 0), 0);
    assert_int_equal(watchdog(0, 10), 1);
}

static void bad_watchdogs_are_refused(void **state)
{
    (void)state;
    assert_int_equal(watchdog(1, 10), -XEN_EINVAL);
    assert_int_equal(watchdog(3, 10), -XEN_EINVAL);
    assert_int_equal(watchdog(0xffffffff, 10), -XEN_EINVAL);
    assert_int_equal(sched_op(SCHEDOP_watchdog, WORLD_BAD_VA), -XEN_EFAULT);
}

static void run_timers(void *unused)
{
    (void)unused;
    timer_softirq();
}

static void fed_watchdog_is_quiet_a_hungry_one_bites(void **state)
{
    (void)state;
    assert_int_equal(watchdog(0, 2), 1);
    fake_advance(1 * WORLD_S);
    assert_int_equal(watchdog(1, 2), 0);
    fake_advance(2 * WORLD_S - 1);
    timer_softirq();
    assert_int_equal(fake_shutdown_reason(), -1);
    fake_advance(1);
    assert_true(fake_catches_shutdown(run_timers, NULL));
    assert_int_equal(fake_shutdown_reason(), SHUTDOWN_reboot);
}

static void a_watchdog_without_time_bites_at_once(void **state)
{
    (void)state;
    assert_int_equal(watchdog(0, 0), 1);
    assert_true(fake_catches_shutdown(run_timers, NULL));
    assert_int_equal(fake_shutdown_reason(), SHUTDOWN_reboot);
}

/* -- pin ------------------------------------------------------------------- */

static void pin_override_is_for_dom0(void **state)
{
    struct sched_pin_override pin = {.pcpu = 2};

    (void)state;
    world_dom0->d->privileged = false;
    assert_int_equal(sched_op_with(SCHEDOP_pin_override, &pin, sizeof(pin)),
                     -XEN_EPERM);
    world_dom0->d->privileged = true;
    assert_int_equal(sched_op(SCHEDOP_pin_override, WORLD_BAD_VA), -XEN_EFAULT);
    assert_int_equal(sched_op_with(SCHEDOP_pin_override, &pin, sizeof(pin)), 0);
    pin.pcpu = 100;
    assert_int_equal(sched_op_with(SCHEDOP_pin_override, &pin, sizeof(pin)),
                     -XEN_EINVAL);
    pin.pcpu = -1;
    assert_int_equal(sched_op_with(SCHEDOP_pin_override, &pin, sizeof(pin)), 0);
    assert_int_equal(sched_op_with(SCHEDOP_pin_override, &pin, sizeof(pin)),
                     -XEN_EINVAL);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(yield_asks_for_a_choice),
        CASE(block_unmasks_and_sleeps),
        CASE(block_with_an_nmi_due_returns),
        CASE(block_with_an_event_returns),
        CASE(unknown_command_is_enosys),
        CASE(poll_sleeps_until_its_port),
        CASE(poll_again_while_woken_is_not_lost),
        CASE(poll_of_a_pending_port_returns),
        CASE(poll_of_several_wakes_by_any),
        CASE(poll_with_an_upcall_due_returns),
        CASE(poll_times_out),
        CASE(stale_poll_timeout_does_not_wake_a_blocked_vcpu),
        CASE(poll_of_no_ports_waits_for_time),
        CASE(bad_polls_do_not_sleep),
        CASE(shutdown_of_dom0_stops_the_machine),
        CASE(code_set_before_wins),
        CASE(remote_shutdown_is_for_dom0),
        CASE(watchdogs_are_two),
        CASE(bad_watchdogs_are_refused),
        CASE(fed_watchdog_is_quiet_a_hungry_one_bites),
        CASE(a_watchdog_without_time_bites_at_once),
        CASE(pin_override_is_for_dom0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
