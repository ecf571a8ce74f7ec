/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_vcpu_op: a guest manages its virtual CPUs. <xen/vcpu.h>. The one
 * named must exist, whatever the command.
 */
#include "hypercall.h"

#include <xen/vcpu.h>

#include "core.h"
#include "domain.h"
#include "guest_copy.h"
#include "mm.h"
#include "nospec.h"
#include "sched.h"
#include "vcpu_time.h"

#define PERIOD_MIN_NS 1000000ULL
#define PERIOD_MAX_NS (1ULL << 56)

/* Preemptible: what is validated of the page tables stays so. */
static long vcpu_initialise(struct vcpu *v, guest_va_t arg)
{
    struct domain *d = v->domain;
    struct vcpu_guest_context *context;
    long rc;

    if (v->vcpu_info == d->dummy_vcpu_info) {
        return -XEN_EINVAL; /* it could not be told of events */
    }
    context = heap_alloc(sizeof(*context));
    if (context == NULL) {
        return -XEN_ENOMEM;
    }
    rc = read_guest(context, arg);
    if (rc == 0) {
        spin_lock(&d->lock);
        rc = v->initialised ? -XEN_EEXIST : vcpu_set_context(v, context);
        spin_unlock(&d->lock);
    }
    heap_free(context);
    return rc;
}

static long vcpu_up(struct vcpu *v)
{
    if (!v->initialised) {
        return -XEN_EINVAL;
    }
    if ((atomic_fetch_and(&v->sched.pause_flags, ~VCPU_DOWN) & VCPU_DOWN) !=
        0) {
        sched_wake(v);
    }
    return 0;
}

static bool others_are_down(const struct vcpu *v)
{
    const struct vcpu *other;

    for_each_vcpu (v->domain, other) {
        if (other != v &&
            (atomic_load(&other->sched.pause_flags) & VCPU_DOWN) == 0) {
            return false;
        }
    }
    return true;
}

/* With the last one the domain stops: nobody could bring one up again. */
static long vcpu_down(struct vcpu *v)
{
    if (others_are_down(v)) {
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
        return 0;
    }
    if ((atomic_fetch_or(&v->sched.pause_flags, VCPU_DOWN) & VCPU_DOWN) == 0) {
        sched_sleep_nosync(v);
    }
    return 0;
}

static long vcpu_is_up(const struct vcpu *v)
{
    return (atomic_load(&v->sched.pause_flags) & VCPU_DOWN) == 0;
}

static long vcpu_get_runstate(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_runstate_info info = {0};

    sched_get_runstate(v, &info);
    return write_guest(arg, &info);
}

/* -- timers ---------------------------------------------------------------- */

static long vcpu_set_periodic_op(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_set_periodic_timer periodic;

    if (read_guest(&periodic, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (periodic.period_ns < PERIOD_MIN_NS ||
        periodic.period_ns > PERIOD_MAX_NS) {
        return -XEN_EINVAL;
    }
    vcpu_set_periodic(v, periodic.period_ns);
    return 0;
}

static long vcpu_stop_periodic(struct vcpu *v)
{
    vcpu_set_periodic(v, 0);
    return 0;
}

/* A deadline that has passed fires at once, whatever the flags say: a guest
 * kernel cannot do with a failure here. */
static long vcpu_set_singleshot_op(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_set_singleshot_timer singleshot;

    if (v != current_vcpu()) {
        return -XEN_EINVAL;
    }
    if (read_guest(&singleshot, arg) != 0) {
        return -XEN_EFAULT;
    }
    vcpu_set_singleshot(
        v, singleshot.timeout_abs_ns != 0 ? singleshot.timeout_abs_ns : 1);
    return 0;
}

static long vcpu_stop_singleshot(struct vcpu *v)
{
    if (v != current_vcpu()) {
        return -XEN_EINVAL;
    }
    vcpu_set_singleshot(v, 0);
    return 0;
}

/* -- areas the hypervisor writes ------------------------------------------- */

static long vcpu_register_info(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_register_vcpu_info info;
    struct domain *d = v->domain;
    int rc;

    if (read_guest(&info, arg) != 0) {
        return -XEN_EFAULT;
    }
    spin_lock(&d->lock);
    rc = vcpu_info_register(v, mfn_make(info.mfn), info.offset);
    spin_unlock(&d->lock);
    if (rc == 0 && v == current_vcpu()) {
        vcpu_time_publish(v);
    }
    return rc;
}

static long vcpu_register_runstate(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_register_runstate_memory_area area;
    guest_va_t va;

    if (read_guest(&area, arg) != 0) {
        return -XEN_EFAULT;
    }
    va = GUEST_HANDLE_VA(area.addr.h);
    if (!guest_range_ok(va, sizeof(struct vcpu_runstate_info))) {
        return -XEN_EFAULT;
    }
    v->runstate_va = va;
    if (v == current_vcpu()) {
        runstate_publish(v);
        return 0;
    }
    if (va.address != 0) {
        /* By the caller's tables, once; if it fails there, so be it. */
        (void)vcpu_get_runstate(v, va);
    }
    return 0;
}

static long vcpu_register_time(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_register_time_memory_area area;
    guest_va_t va;

    if (read_guest(&area, arg) != 0) {
        return -XEN_EFAULT;
    }
    va = GUEST_HANDLE_VA(area.addr.h);
    if (!guest_range_ok(va, sizeof(struct vcpu_time_info))) {
        return -XEN_EFAULT;
    }
    v->time_va = va;
    if (v == current_vcpu()) {
        vcpu_time_publish(v);
    }
    return 0;
}

/* -- the rest -------------------------------------------------------------- */

static long vcpu_send_nmi(struct vcpu *v, guest_va_t arg)
{
    if (arg.address != 0) {
        return -XEN_EINVAL;
    }
    if (!__atomic_exchange_n(&v->pv.nmi_pending, true, __ATOMIC_SEQ_CST)) {
        vcpu_kick(v);
    }
    return 0;
}

/* Which CPU a vCPU of dom0 is on is of use only if it can be on no other. */
static long vcpu_get_physid(struct vcpu *v, guest_va_t arg)
{
    struct vcpu_get_physid out;
    struct cpumask hard;
    struct cpumask soft;
    unsigned int cpu;

    sched_get_affinity(v, &hard, &soft);
    cpumask_and(&hard, &cpus_online);
    if (!v->domain->privileged || cpumask_count(&hard) != 1) {
        return -XEN_EINVAL;
    }
    cpu = cpumask_next(&hard, 0);
    out.phys_id = core_cpus[cpu]->apic_id | (uint64_t)core_cpus[cpu]->acpi_id
                                                << 32;
    return write_guest(arg, &out);
}

long hc_vcpu_op(struct vcpu *caller, struct hypercall_args *args)
{
    struct domain *d = caller->domain;
    unsigned int id = (unsigned int)args->a[1];
    guest_va_t arg = guest_va_make(args->a[2]);
    struct vcpu *v;

    if (id >= d->max_vcpus) {
        return -XEN_ENOENT;
    }
    v = d->vcpu[index_nospec(id, d->max_vcpus)];
    if (v == NULL) {
        return -XEN_ENOENT;
    }
    switch ((int)args->a[0]) {
    case VCPUOP_initialise:
        return vcpu_initialise(v, arg);
    case VCPUOP_up:
        return vcpu_up(v);
    case VCPUOP_down:
        return vcpu_down(v);
    case VCPUOP_is_up:
        return vcpu_is_up(v);
    case VCPUOP_get_runstate_info:
        return vcpu_get_runstate(v, arg);
    case VCPUOP_register_runstate_memory_area:
        return vcpu_register_runstate(v, arg);
    case VCPUOP_set_periodic_timer:
        return vcpu_set_periodic_op(v, arg);
    case VCPUOP_stop_periodic_timer:
        return vcpu_stop_periodic(v);
    case VCPUOP_set_singleshot_timer:
        return vcpu_set_singleshot_op(v, arg);
    case VCPUOP_stop_singleshot_timer:
        return vcpu_stop_singleshot(v);
    case VCPUOP_register_vcpu_info:
        return vcpu_register_info(v, arg);
    case VCPUOP_send_nmi:
        return vcpu_send_nmi(v, arg);
    case VCPUOP_get_physid:
        return vcpu_get_physid(v, arg);
    case VCPUOP_register_vcpu_time_memory_area:
        return vcpu_register_time(v, arg);
    default:
        return -XEN_ENOSYS;
    }
}
