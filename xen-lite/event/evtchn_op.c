/* SPDX-License-Identifier: MIT */
/*
 * The event_channel_op hypercall: each command copies its argument in, says
 * whose ports are meant, acts, and copies the argument back when it holds a
 * result. <xen/event_channel.h>.
 */
#include "domain.h"
#include "evtchn.h"
#include "fifo.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "port.h"

/* Continues EVTCHNOP_reset in Xen; the number is Xen's own. */
#define EVTCHNOP_RESET_CONT 14

static int op_alloc_unbound(struct vcpu *v, guest_va_t va)
{
    struct evtchn_alloc_unbound alloc;
    struct domain *d;
    int rc;

    if (read_guest(&alloc, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, alloc.dom, &d);
    if (rc != 0) {
        return rc;
    }
    if (alloc.remote_dom == DOMID_SELF) {
        alloc.remote_dom = v->domain->domid;
    }
    rc = evtchn_alloc_unbound(d, alloc.remote_dom, &alloc.port);
    domain_put(d);
    return rc != 0 ? rc : write_guest(va, &alloc);
}

static int op_bind_interdomain(struct vcpu *v, guest_va_t va)
{
    struct evtchn_bind_interdomain bind;
    int rc;

    if (read_guest(&bind, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = evtchn_bind_interdomain(v->domain, bind.remote_dom, bind.remote_port,
                                 &bind.local_port);
    return rc != 0 ? rc : write_guest(va, &bind);
}

static int op_bind_virq(struct vcpu *v, guest_va_t va)
{
    struct evtchn_bind_virq bind;
    int rc;

    if (read_guest(&bind, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = evtchn_bind_virq(v->domain, bind.virq, bind.vcpu, &bind.port);
    return rc != 0 ? rc : write_guest(va, &bind);
}

static int op_bind_ipi(struct vcpu *v, guest_va_t va)
{
    struct evtchn_bind_ipi bind;
    int rc;

    if (read_guest(&bind, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = evtchn_bind_ipi(v->domain, bind.vcpu, &bind.port);
    return rc != 0 ? rc : write_guest(va, &bind);
}

static int op_bind_pirq(struct vcpu *v, guest_va_t va)
{
    struct evtchn_bind_pirq bind;
    int rc;

    if (read_guest(&bind, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = evtchn_bind_pirq(v->domain, bind.pirq, bind.flags, &bind.port);
    return rc != 0 ? rc : write_guest(va, &bind);
}

static int op_close(struct vcpu *v, guest_va_t va)
{
    struct evtchn_close close;

    if (read_guest(&close, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_close(v->domain, close.port);
}

static int op_send(struct vcpu *v, guest_va_t va)
{
    struct evtchn_send send;

    if (read_guest(&send, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_send(v->domain, send.port);
}

static int op_status(struct vcpu *v, guest_va_t va)
{
    struct evtchn_status status;
    struct domain *d;
    int rc;

    if (read_guest(&status, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, status.dom, &d);
    if (rc != 0) {
        return rc;
    }
    rc = evtchn_status(d, &status);
    domain_put(d);
    return rc != 0 ? rc : write_guest(va, &status);
}

static int op_bind_vcpu(struct vcpu *v, guest_va_t va)
{
    struct evtchn_bind_vcpu bind;

    if (read_guest(&bind, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_bind_vcpu(v->domain, bind.port, bind.vcpu);
}

static int op_unmask(struct vcpu *v, guest_va_t va)
{
    struct evtchn_unmask unmask;

    if (read_guest(&unmask, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_unmask(v->domain, unmask.port);
}

/* Progress is what is closed: the call is made again as it is. */
static int op_reset(struct vcpu *v, guest_va_t va)
{
    struct evtchn_reset reset;
    struct domain *d;
    int rc;

    if (read_guest(&reset, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, reset.dom, &d);
    if (rc != 0) {
        return rc;
    }
    if (d != v->domain && atomic_load(&d->controller_pauses) == 0) {
        rc = -XEN_EINVAL;
    } else {
        rc = evtchn_reset(d);
    }
    domain_put(d);
    return rc;
}

static int op_init_control(struct vcpu *v, guest_va_t va)
{
    struct evtchn_init_control control;
    int rc;

    if (read_guest(&control, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = evtchn_fifo_init_control(v->domain, &control);
    return rc != 0 ? rc : write_guest(va, &control);
}

static int op_expand_array(struct vcpu *v, guest_va_t va)
{
    struct evtchn_expand_array expand;

    if (read_guest(&expand, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_fifo_expand_array(v->domain, expand.array_gfn);
}

static int op_set_priority(struct vcpu *v, guest_va_t va)
{
    struct evtchn_set_priority set;

    if (read_guest(&set, va) != 0) {
        return -XEN_EFAULT;
    }
    return evtchn_fifo_set_priority(v->domain, set.port, set.priority);
}

typedef int event_op_fn_t(struct vcpu *v, guest_va_t va);

static event_op_fn_t *const event_ops[] = {
    [EVTCHNOP_bind_interdomain] = op_bind_interdomain,
    [EVTCHNOP_bind_virq] = op_bind_virq,
    [EVTCHNOP_bind_pirq] = op_bind_pirq,
    [EVTCHNOP_close] = op_close,
    [EVTCHNOP_send] = op_send,
    [EVTCHNOP_status] = op_status,
    [EVTCHNOP_alloc_unbound] = op_alloc_unbound,
    [EVTCHNOP_bind_ipi] = op_bind_ipi,
    [EVTCHNOP_bind_vcpu] = op_bind_vcpu,
    [EVTCHNOP_unmask] = op_unmask,
    [EVTCHNOP_reset] = op_reset,
    [EVTCHNOP_init_control] = op_init_control,
    [EVTCHNOP_expand_array] = op_expand_array,
    [EVTCHNOP_set_priority] = op_set_priority,
    [EVTCHNOP_RESET_CONT] = op_reset,
};

long hc_event_channel_op(struct vcpu *v, struct hypercall_args *args)
{
    /* The ABI's command is an int: the upper half of the register is noise. */
    unsigned long command = (uint32_t)args->a[0];

    if (command >= ARRAY_COUNT(event_ops)) {
        return -XEN_ENOSYS;
    }
    command = index_nospec(command, ARRAY_COUNT(event_ops));
    return event_ops[command](v, guest_va_make(args->a[1]));
}
