/* SPDX-License-Identifier: MIT */
/*
 * sysctl commands of the scheduler: its kind, its parameters, pools of CPUs
 * (sched/cpupool.c). <xen/sysctl.h>.
 */
#include "control.h"

#include "core.h"
#include "sched.h"

int sysctl_sched_id(struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = CONTROL_SCHEDULER;
    return 0;
}

int sysctl_scheduler_op(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *request = &op->u.scheduler_op;

    if (request->sched_id != CONTROL_SCHEDULER) {
        return -XEN_EINVAL;
    }
    if (!cpupool_exists(request->cpupool_id)) {
        return -XEN_ESRCH;
    }
    switch (request->cmd) {
    case XEN_SYSCTL_SCHEDOP_putinfo:
        return sched_set_ratelimit_us(request->u.sched_credit2.ratelimit_us);
    case XEN_SYSCTL_SCHEDOP_getinfo:
        request->u.sched_credit2.ratelimit_us = sched_get_ratelimit_us();
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

/* -- pools ----------------------------------------------------------------- */

static int pool_info(struct xen_sysctl_cpupool_op *request)
{
    struct cpumask cpus;
    uint32_t id = request->cpupool_id;

    id = cpupool_at_or_after(id != XEN_SYSCTL_CPUPOOL_PAR_ANY ? id : 0);
    if (id == CPUPOOL_NONE) {
        return -XEN_ENOENT;
    }
    request->cpupool_id = id;
    request->sched_id = CONTROL_SCHEDULER;
    request->n_dom = cpupool_domain_count(id);
    cpupool_cpus(id, &cpus);
    return control_write_cpumask(&request->cpumap, &cpus);
}

static int pool_free_info(const struct xen_sysctl_cpupool_op *request)
{
    struct cpumask cpus;

    cpupool_cpus(CPUPOOL_NONE, &cpus);
    return control_write_cpumask(&request->cpumap, &cpus);
}

static int pool_create(struct xen_sysctl_cpupool_op *request)
{
    uint32_t id = request->cpupool_id;

    _Static_assert(CPUPOOL_NONE == XEN_SYSCTL_CPUPOOL_PAR_ANY, "any id");
    if (cpupool_exists(id)) {
        return -XEN_EEXIST;
    }
    if (request->sched_id != CONTROL_SCHEDULER) {
        return -XEN_ENOENT;
    }
    return cpupool_create(&request->cpupool_id);
}

/* The CPU that @request names; for ANY, the last of pool @id. */
static unsigned int pool_cpu(const struct xen_sysctl_cpupool_op *request,
                             uint32_t id)
{
    struct cpumask cpus;
    unsigned int cpu;
    unsigned int last = MAX_CPUS;

    if (request->cpu != XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        return request->cpu;
    }
    cpupool_cpus(id, &cpus);
    for_each_cpu_in (cpu, &cpus) {
        last = cpu;
    }
    return last;
}

static int pool_add_cpu(const struct xen_sysctl_cpupool_op *request)
{
    unsigned int cpu = pool_cpu(request, CPUPOOL_NONE);

    if (cpu >= MAX_CPUS && request->cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        return -XEN_ENODEV; /* none is free */
    }
    return cpupool_add_cpu(request->cpupool_id, cpu);
}

static int pool_move(const struct xen_sysctl_cpupool_op *request)
{
    struct domain *d;
    int rc;

    if (request->domid >= DOMID_FIRST_RESERVED) {
        return -XEN_ESRCH;
    }
    d = domain_get((domid_t)request->domid);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    if (d == current_vcpu()->domain) {
        domain_put(d);
        return -XEN_EPERM;
    }
    rc = cpupool_move_domain(d, request->cpupool_id);
    domain_put(d);
    return rc;
}

int sysctl_cpupool_op(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *request = &op->u.cpupool_op;
    uint32_t id = request->cpupool_id;

    switch (request->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(request);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return pool_free_info(request);
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return pool_create(request);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return cpupool_destroy(id);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return pool_add_cpu(request);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return cpupool_remove_cpu(id, pool_cpu(request, id));
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return pool_move(request);
    default:
        return -XEN_ENOSYS;
    }
}
