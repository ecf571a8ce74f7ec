/* SPDX-License-Identifier: MIT */
/*
 * domctl commands on the vCPUs of a domain: creation, context, where they run
 * and how much.
 */
#include "control.h"

#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "pv.h"
#include "sched.h"
#include "vcpu_time.h"

/* -- creation -------------------------------------------------------------- */

/* The @n-th CPU online, round and round. */
static unsigned int nth_cpu(unsigned int n)
{
    unsigned int left = n % cpumask_count(&cpus_online);
    unsigned int cpu = cpumask_next(&cpus_online, 0);

    while (left-- != 0) {
        cpu = cpumask_next(&cpus_online, cpu + 1);
    }
    return cpu;
}

int domctl_max_vcpus(struct vcpu *caller, struct domain *d,
                     struct xen_domctl *op)
{
    int rc = 0;

    if (d == caller->domain || op->u.max_vcpus.max != d->max_vcpus) {
        return -XEN_EINVAL;
    }
    if (domain_is_dying(d)) {
        return -XEN_ESRCH;
    }
    spin_lock(&d->lock);
    for (unsigned int id = 0; id < d->max_vcpus && rc == 0; id++) {
        if (d->vcpu[id] == NULL) {
            rc = vcpu_create(d, id, nth_cpu(id));
        }
    }
    spin_unlock(&d->lock);
    return rc;
}

/* -- state ----------------------------------------------------------------- */

static void vcpu_set_online(struct vcpu *v, bool online)
{
    if (online) {
        atomic_fetch_and(&v->sched.pause_flags, ~VCPU_DOWN);
    } else {
        atomic_fetch_or(&v->sched.pause_flags, VCPU_DOWN);
    }
}

/* @v's domain is paused. */
static int set_context(struct vcpu *v, guest_va_t from)
{
    struct vcpu_guest_context *context = heap_alloc(sizeof(*context));
    int rc;

    if (context == NULL) {
        return -XEN_ENOMEM;
    }
    rc = read_guest(context, from);
    if (rc == 0) {
        rc = vcpu_set_context(v, context);
    }
    if (rc == 0) {
        vcpu_set_online(v, (context->flags & VGCF_online) != 0);
        /* The builder has cleared the page since it was last written. */
        if (v->id == 0) {
            domain_publish_wallclock(v->domain);
        }
    }
    heap_free(context);
    return rc;
}

/* Preemptible: page tables validated so far stay so. No context: forget all
 * that the guest set up. */
int domctl_setvcpucontext(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    struct vcpu *v = control_vcpu(d, op->u.vcpucontext.vcpu);
    guest_va_t from = GUEST_HANDLE_VA(op->u.vcpucontext.ctxt);
    int rc;

    if (d == caller->domain || v == NULL) {
        return -XEN_EINVAL;
    }
    if (domain_is_dying(d)) {
        return -XEN_ESRCH;
    }
    domain_pause(d);
    if (from.address == 0) {
        /* Down first: between two steps it has no tables to run on. */
        vcpu_set_online(v, false);
        vcpu_unblock(v);
        rc = vcpu_reset(v);
    } else {
        rc = set_context(v, from);
    }
    domain_unpause(d);
    return rc;
}

int domctl_getvcpucontext(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    struct vcpu *v = control_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context *context;
    int rc;

    if (v == NULL || v == caller) {
        return -XEN_EINVAL;
    }
    if (!v->initialised) {
        return -XEN_ENODATA;
    }
    context = heap_alloc(sizeof(*context));
    if (context == NULL) {
        return -XEN_ENOMEM;
    }
    vcpu_pause(v);
    vcpu_get_context(v, context);
    vcpu_unpause(v);
    rc = write_guest(GUEST_HANDLE_VA(op->u.vcpucontext.ctxt), context);
    heap_free(context);
    return rc;
}

int domctl_sendtrigger(struct vcpu *caller, struct domain *d,
                       struct xen_domctl *op)
{
    struct vcpu *v = control_vcpu(d, op->u.sendtrigger.vcpu);

    (void)caller;
    if (v == NULL) {
        return -XEN_ESRCH;
    }
    switch (op->u.sendtrigger.trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        break;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -XEN_EINVAL; /* buttons that only emulated machines have */
    default:
        return -XEN_ENOSYS;
    }
    if (!__atomic_exchange_n(&v->pv.nmi_pending, true, __ATOMIC_SEQ_CST)) {
        vcpu_kick(v);
    }
    return 0;
}

/* -- where and how much ---------------------------------------------------- */

static int affinity_checks(struct domain *d,
                           const struct xen_domctl_vcpuaffinity *request,
                           struct vcpu **v)
{
    uint32_t flags = request->flags;

    if (request->vcpu >= d->max_vcpus) {
        return -XEN_EINVAL;
    }
    *v = control_vcpu(d, request->vcpu);
    if (*v == NULL) {
        return -XEN_ESRCH;
    }
    if (flags == 0 ||
        ((flags & XEN_VCPUAFFINITY_HARD) != 0 &&
         GUEST_HANDLE_VA(request->cpumap_hard.bitmap).address == 0) ||
        ((flags & XEN_VCPUAFFINITY_SOFT) != 0 &&
         GUEST_HANDLE_VA(request->cpumap_soft.bitmap).address == 0)) {
        return -XEN_EINVAL;
    }
    return 0;
}

/* The tools are told what of their wish can come true. */
static int affinity_write_effective(struct vcpu *v,
                                    struct xen_domctl_vcpuaffinity *request)
{
    struct cpumask cpus;
    struct cpumask hard;
    struct cpumask soft;
    int rc = 0;

    sched_get_affinity(v, &hard, &soft);
    cpupool_cpus(atomic_load(&v->domain->cpupool), &cpus);
    cpumask_and(&hard, &cpus);
    cpumask_and(&soft, &hard);
    if ((request->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        rc = control_write_cpumask(&request->cpumap_hard, &hard);
    }
    if (rc == 0 && (request->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        rc = control_write_cpumask(&request->cpumap_soft, &soft);
    }
    return rc;
}

int domctl_setvcpuaffinity(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *request = &op->u.vcpuaffinity;
    bool set_hard = (request->flags & XEN_VCPUAFFINITY_HARD) != 0;
    bool set_soft = (request->flags & XEN_VCPUAFFINITY_SOFT) != 0;
    struct cpumask hard;
    struct cpumask soft;
    struct vcpu *v;
    int rc = affinity_checks(d, request, &v);

    (void)caller;
    if (rc == 0 && set_hard) {
        rc = control_read_cpumask(&hard, &request->cpumap_hard);
    }
    if (rc == 0 && set_soft) {
        rc = control_read_cpumask(&soft, &request->cpumap_soft);
    }
    if (rc == 0 && (request->flags & XEN_VCPUAFFINITY_FORCE) != 0) {
        (void)sched_pin_override(v, -1);
    }
    if (rc == 0) {
        rc = sched_set_affinity(v, set_hard ? &hard : NULL,
                                set_soft ? &soft : NULL);
    }
    return rc == 0 ? affinity_write_effective(v, request) : rc;
}

int domctl_getvcpuaffinity(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *request = &op->u.vcpuaffinity;
    struct cpumask hard;
    struct cpumask soft;
    struct vcpu *v;
    int rc = affinity_checks(d, request, &v);

    (void)caller;
    if (rc != 0) {
        return rc;
    }
    sched_get_affinity(v, &hard, &soft);
    if ((request->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        rc = control_write_cpumask(&request->cpumap_hard, &hard);
    }
    if (rc == 0 && (request->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        rc = control_write_cpumask(&request->cpumap_soft, &soft);
    }
    return rc;
}

int domctl_scheduler_op(struct vcpu *caller, struct domain *d,
                        struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *request = &op->u.scheduler_op;

    (void)caller;
    if (request->sched_id != CONTROL_SCHEDULER) {
        return -XEN_EINVAL;
    }
    switch (request->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        return sched_set_params(d, request->u.credit2.weight,
                                request->u.credit2.cap);
    case XEN_DOMCTL_SCHEDOP_getinfo:
        sched_get_params(d, &request->u.credit2.weight,
                         &request->u.credit2.cap);
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

/* One node: number 0. */
int domctl_setnodeaffinity(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    struct cpumask nodes;
    int rc = control_read_cpumask(&nodes, &op->u.nodeaffinity.nodemap);

    (void)caller;
    (void)d;
    if (rc != 0) {
        return rc;
    }
    return cpumask_test(&nodes, 0) ? 0 : -XEN_EINVAL;
}

int domctl_getnodeaffinity(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    struct cpumask nodes;

    (void)caller;
    (void)d;
    cpumask_clear_all(&nodes);
    cpumask_set(&nodes, 0);
    return control_write_cpumask(&op->u.nodeaffinity.nodemap, &nodes);
}
