/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl: dispatch, the console ring, lists of domains and CPUs.
 * <xen/sysctl.h>.
 */
#include "hypercall.h"

#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "nospec.h"
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

int sysctl_getcpuinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *request = &op->u.getcpuinfo;
    guest_va_t to = GUEST_HANDLE_VA(request->info);
    uint32_t count = cpumask_limit(&cpus_online);

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
        request->avail_bytes = 0; /* there is nothing in no node */
        return 0;
    }
    if (request->min_bitwidth != 0 || request->max_bitwidth != 0) {
        return -XEN_EOPNOTSUPP;
    }
    request->avail_bytes = (uint64_t)frame_free_count() << PAGE_SHIFT;
    return 0;
}

/* -- dispatch -------------------------------------------------------------- */

static int sysctl_run(struct xen_sysctl *op)
{
    const struct sysctl_command *command;
    int rc;

    if (op->cmd >= ARRAY_COUNT(sysctl_commands)) {
        return -XEN_ENOSYS;
    }
    command =
        &sysctl_commands[index_nospec(op->cmd, ARRAY_COUNT(sysctl_commands))];
    if (command->run == NULL) {
        return -(command->error != 0 ? command->error : XEN_ENOSYS);
    }
    if (!control_begin()) {
        return -XEN_ERESTART;
    }
    rc = command->run(op);
    control_end();
    return rc;
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
