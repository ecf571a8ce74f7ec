/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl: dispatch, the console ring, lists of domains and CPUs,
 * the scheduler as a whole. <xen/sysctl.h>.
 */
#include "hypercall.h"

#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "sched.h"

struct sysctl_command {
    sysctl_fn_t *run;
    bool back;
    int error; /* of those not offered */
};

static const struct sysctl_command sysctl_commands[] = {
#define X(name, back_)  [XEN_SYSCTL_##name] = {sysctl_##name, back_, 0},
#define N(name, error_) [XEN_SYSCTL_##name] = {NULL, false, error_},
    SYSCTL_LIST(X, N)
#undef X
#undef N
};

/* -- console --------------------------------------------------------------- */

/* In pieces; the ring is cleared when all are out. */
int sysctl_readconsole(struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *request = &op->u.readconsole;
    guest_va_t to = GUEST_HANDLE_VA(request->buffer);
    uint32_t index = request->index;
    bool incremental = request->incremental != 0;
    uint32_t done = 0;
    char piece[256];

    while (done < request->count) {
        size_t left = request->count - done;
        size_t got = machine_console_ring_read(
            piece, left < sizeof(piece) ? left : sizeof(piece), &index, false,
            incremental);

        if (got == 0) {
            break;
        }
        if (copy_to_guest(guest_va_make(to.address + done), piece, got) != 0) {
            return -XEN_EFAULT;
        }
        done += (uint32_t)got;
        incremental = true;
    }
    request->index = index;
    request->count = done;
    if (request->clear != 0) {
        (void)machine_console_ring_read(piece, 0, &index, true, true);
    }
    return 0;
}

/* -- domains --------------------------------------------------------------- */

int sysctl_getdomaininfolist(struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *request = &op->u.getdomaininfolist;
    guest_va_t to = GUEST_HANDLE_VA(request->buffer);
    domid_t next = request->first_domain;
    uint32_t count = 0;
    struct domain *d;

    while (count < request->max_domains &&
           (d = domain_get_at_or_after(next)) != NULL) {
        struct xen_domctl_getdomaininfo info;
        int rc;

        control_domain_info(d, &info);
        next = (domid_t)(d->domid + 1);
        domain_put(d);
        rc = write_guest_index(to, count, &info);
        if (rc != 0) {
            return rc;
        }
        count++;
    }
    request->num_domains = count;
    return 0;
}

/* -- CPUs and memory ------------------------------------------------------- */

/* Highest number of a CPU online, plus one. */
static uint32_t cpu_limit(void)
{
    uint32_t limit = 0;
    unsigned int cpu;

    for_each_cpu_in(cpu, &cpus_online)
    {
        limit = cpu + 1;
    }
    return limit;
}

int sysctl_getcpuinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *request = &op->u.getcpuinfo;
    guest_va_t to = GUEST_HANDLE_VA(request->info);
    uint32_t count = cpu_limit();

    if (count > request->max_cpus) {
        count = request->max_cpus;
    }
    for (uint32_t cpu = 0; cpu < count; cpu++) {
        struct xen_sysctl_cpuinfo info = {0};

        if (core_cpus[cpu] != NULL) {
            info.idletime = sched_idle_time_ns(cpu);
        }
        if (write_guest_index(to, cpu, &info) != 0) {
            return -XEN_EFAULT;
        }
    }
    request->nr_cpus = count;
    return 0;
}

/* Free memory of a zone alone is not known; all of it is. */
int sysctl_availheap(struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *request = &op->u.availheap;

    if (request->node < -1 || request->node > 0) {
        return -XEN_EINVAL;
    }
    if (request->min_bitwidth != 0 || request->max_bitwidth != 0) {
        return -XEN_EOPNOTSUPP;
    }
    request->avail_bytes = (uint64_t)frame_free_count() << PAGE_SHIFT;
    return 0;
}

/* -- scheduler ------------------------------------------------------------- */

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
    if (request->cpupool_id != 0) {
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

static int cpupool_info(struct xen_sysctl_cpupool_op *request)
{
    domid_t next = 0;
    struct domain *d;

    if (request->cpupool_id != 0 &&
        request->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        return -XEN_ENOENT;
    }
    request->cpupool_id = 0;
    request->sched_id = CONTROL_SCHEDULER;
    request->n_dom = 0;
    while ((d = domain_get_at_or_after(next)) != NULL) {
        request->n_dom++;
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
    return control_write_cpumask(&request->cpumap, &cpus_online);
}

static int cpupool_free_info(const struct xen_sysctl_cpupool_op *request)
{
    struct cpumask none;

    cpumask_clear_all(&none);
    return control_write_cpumask(&request->cpumap, &none);
}

static int cpupool_move(const struct xen_sysctl_cpupool_op *request)
{
    struct domain *d;

    if (request->domid == 0 || request->domid >= DOMID_FIRST_RESERVED) {
        return -XEN_EINVAL;
    }
    d = domain_get((domid_t)request->domid);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    domain_put(d);
    return request->cpupool_id == 0 ? 0 : -XEN_ENOENT;
}

/* There is one pool, number 0, and every CPU is in it. */
int sysctl_cpupool_op(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *request = &op->u.cpupool_op;

    switch (request->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return cpupool_info(request);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return cpupool_free_info(request);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return cpupool_move(request);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return request->cpupool_id == 0 ? -XEN_EBUSY : -XEN_ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return request->cpupool_id == 0 ? -XEN_ENODEV : -XEN_ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}

/* -- dispatch -------------------------------------------------------------- */

static int sysctl_run(struct xen_sysctl *op)
{
    const struct sysctl_command *command;

    if (op->cmd >= ARRAY_COUNT(sysctl_commands)) {
        return -XEN_ENOSYS;
    }
    command = &sysctl_commands[op->cmd];
    if (command->run != NULL) {
        return command->run(op);
    }
    return -(command->error != 0 ? command->error : XEN_ENOSYS);
}

long hc_sysctl(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t arg = guest_va_make(args->a[0]);
    struct xen_sysctl op;
    int rc;

    if (read_guest(&op, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    if (!v->domain->privileged) {
        return -XEN_EPERM;
    }
    rc = sysctl_run(&op);
    if ((rc == 0 || rc == -XEN_ENOBUFS) && sysctl_commands[op.cmd].back &&
        write_guest(arg, &op) != 0) {
        return -XEN_EFAULT;
    }
    return rc;
}
