/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op: a vCPU gives up its CPU, or its domain stops.
 * <xen/sched.h>.
 */
#include "hypercall.h"

#include <xen/sched.h>

#include "core.h"
#include "domain.h"
#include "guest_copy.h"
#include "pv.h"
#include "sched.h"

#define POLL_PORTS_MAX 128U
#define NS_PER_S       1000000000ULL

static long sched_yield_op(void)
{
    sched_yield_current();
    return 0;
}

static long sched_block_op(struct vcpu *v)
{
    __atomic_store_n(&v->vcpu_info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    sched_block_current();
    return 0;
}

/* -- poll ------------------------------------------------------------------ */

static void poll_begin(struct vcpu *v)
{
    __atomic_store_n(&v->poll_port, 0, __ATOMIC_RELAXED);
    atomic_fetch_or(&v->sched.pause_flags, VCPU_BLOCKED | VCPU_POLLING);
    /* From here on a sender that makes a port pending wakes us; those that
     * were before are seen below. */
    evtchn_poller_add(v);
}

static void poll_cancel(struct vcpu *v)
{
    (void)evtchn_poller_remove(v);
    atomic_fetch_and(&v->sched.pause_flags, ~(VCPU_BLOCKED | VCPU_POLLING));
}

/* 1: one of the ports is pending; 0: none; or -XEN_EFAULT, -XEN_EINVAL. */
static int poll_look(struct vcpu *v, const struct sched_poll *poll,
                     evtchn_port_t *last)
{
    guest_va_t ports = GUEST_HANDLE_VA(poll->ports);

    for (unsigned int i = 0; i < poll->nr_ports; i++) {
        if (read_guest_index(last, ports, i) != 0) {
            return -XEN_EFAULT;
        }
        if (!evtchn_port_is_valid(v->domain, *last)) {
            return -XEN_EINVAL;
        }
        if (evtchn_port_is_pending(v->domain, *last)) {
            return 1;
        }
    }
    return 0;
}

static long sched_poll_op(struct vcpu *v, guest_va_t arg)
{
    struct sched_poll poll;
    evtchn_port_t port = 0;
    int rc;

    if (read_guest(&poll, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (poll.nr_ports > POLL_PORTS_MAX) {
        return -XEN_EINVAL;
    }
    if (!guest_range_ok(GUEST_HANDLE_VA(poll.ports),
                        poll.nr_ports * sizeof(port))) {
        return -XEN_EFAULT;
    }
    poll_begin(v);
    rc = pv_delivery_due(v) ? 1 : poll_look(v, &poll, &port);
    if (rc != 0) {
        poll_cancel(v);
        return rc < 0 ? rc : 0;
    }
    if (poll.nr_ports == 1) {
        __atomic_store_n(&v->poll_port, port, __ATOMIC_SEQ_CST);
    }
    if (poll.timeout != 0) {
        timer_migrate(&v->poll_timer, machine_this_cpu()->id);
        timer_set(&v->poll_timer, poll.timeout);
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
    return 0;
}

/* -- shutdown -------------------------------------------------------------- */

static long sched_shutdown_op(struct vcpu *v, guest_va_t arg)
{
    struct sched_shutdown shutdown;

    if (read_guest(&shutdown, arg) != 0) {
        return -XEN_EFAULT;
    }
    domain_shutdown(v->domain, shutdown.reason & XEN_DOMINF_shutdownmask);
    return 0;
}

/* What the tools will be told if the domain is shut down later. */
static long sched_shutdown_code_op(struct vcpu *v, guest_va_t arg)
{
    struct sched_shutdown shutdown;
    struct domain *d = v->domain;

    if (read_guest(&shutdown, arg) != 0) {
        return -XEN_EFAULT;
    }
    spin_lock(&d->lock);
    d->shutdown_code = shutdown.reason & XEN_DOMINF_shutdownmask;
    spin_unlock(&d->lock);
    return 0;
}

static long sched_remote_shutdown_op(struct vcpu *v, guest_va_t arg)
{
    struct sched_remote_shutdown remote;
    struct domain *d;

    if (read_guest(&remote, arg) != 0) {
        return -XEN_EFAULT;
    }
    d = domain_get(remote.domain_id);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    if (!v->domain->privileged) {
        domain_put(d);
        return -XEN_EPERM;
    }
    domain_shutdown(d, remote.reason & XEN_DOMINF_shutdownmask);
    domain_put(d);
    return 0;
}

/* -- watchdog -------------------------------------------------------------- */

static void watchdog_expired(void *data)
{
    domain_shutdown(data, SHUTDOWN_watchdog);
}

static void watchdog_arm(struct domain *d, unsigned int index, uint32_t seconds)
{
    if (d->watchdog[index].expired == NULL) {
        timer_init(&d->watchdog[index], watchdog_expired, d,
                   machine_this_cpu()->id);
    }
    timer_set(&d->watchdog[index],
              machine_now_ns() + (uint64_t)seconds * NS_PER_S);
}

/* The id of a watchdog that was free, or -XEN_ENOSPC. Lock held. */
static long watchdog_start(struct domain *d, uint32_t seconds)
{
    for (unsigned int i = 0; i < ARRAY_COUNT(d->watchdog); i++) {
        if ((d->watchdog_inuse & (1U << i)) == 0) {
            d->watchdog_inuse |= 1U << i;
            watchdog_arm(d, i, seconds);
            return (long)i + 1;
        }
    }
    return -XEN_ENOSPC;
}

static long watchdog_change(struct domain *d, unsigned int index,
                            uint32_t seconds)
{
    if ((d->watchdog_inuse & (1U << index)) == 0) {
        return -XEN_EINVAL;
    }
    if (seconds == 0) {
        timer_stop(&d->watchdog[index]);
        d->watchdog_inuse &= ~(1U << index);
    } else {
        watchdog_arm(d, index, seconds);
    }
    return 0;
}

static long sched_watchdog_op(struct vcpu *v, guest_va_t arg)
{
    struct domain *d = v->domain;
    struct sched_watchdog watchdog;
    unsigned long flags;
    long rc;

    if (read_guest(&watchdog, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (watchdog.id > ARRAY_COUNT(d->watchdog)) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&d->watchdog_lock);
    if (watchdog.id == 0) {
        rc = watchdog_start(d, watchdog.timeout);
    } else {
        rc = watchdog_change(d, watchdog.id - 1, watchdog.timeout);
    }
    spin_unlock_irqrestore(&d->watchdog_lock, flags);
    return rc;
}

/* -- pin ------------------------------------------------------------------- */

static long sched_pin_override_op(struct vcpu *v, guest_va_t arg)
{
    struct sched_pin_override override;

    if (!v->domain->privileged) {
        return -XEN_EPERM;
    }
    if (read_guest(&override, arg) != 0) {
        return -XEN_EFAULT;
    }
    return sched_pin_override(v, override.pcpu);
}

long hc_sched_op(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t arg = guest_va_make(args->a[1]);

    switch ((int)args->a[0]) {
    case SCHEDOP_yield:
        return sched_yield_op();
    case SCHEDOP_block:
        return sched_block_op(v);
    case SCHEDOP_shutdown:
        return sched_shutdown_op(v, arg);
    case SCHEDOP_poll:
        return sched_poll_op(v, arg);
    case SCHEDOP_remote_shutdown:
        return sched_remote_shutdown_op(v, arg);
    case SCHEDOP_shutdown_code:
        return sched_shutdown_code_op(v, arg);
    case SCHEDOP_watchdog:
        return sched_watchdog_op(v, arg);
    case SCHEDOP_pin_override:
        return sched_pin_override_op(v, arg);
    default:
        return -XEN_ENOSYS;
    }
}
