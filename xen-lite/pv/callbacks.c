// SPDX-License-Identifier: MIT
/*
 * Where a PV kernel wants to be entered: trap table, callbacks, kernel stack.
 */
#include "types.h"

#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pv.h"

/*
 * Progress: args 0 moves along the table. A null table clears every entry.
 */
long hc_set_trap_table(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t table = guest_va_make(args->a[0]);

    if (table.address == 0) {
        for (unsigned int i = 0; i < GUEST_TRAP_COUNT; i++) {
            v->pv.traps[i] = (struct trap_info){0};
        }
        return 0;
    }
    for (unsigned long done = 0;; done++) {
        struct trap_info trap;

        if (done != 0 && hypercall_preempt_check()) {
            args->a[0] = guest_va_index(table, done, sizeof(trap)).address;
            return -XEN_ERESTART;
        }
        if (read_guest_index(&trap, table, done) != 0) {
            return -XEN_EFAULT;
        }
        if (trap.address == 0) {
            return 0;
        }
        if (!address_is_canonical(trap.address)) {
            return -XEN_EINVAL;
        }
        trap.cs = (uint16_t)selector_ring3(trap.cs);
        v->pv.traps[trap.vector] = trap;
    }
}

long hc_stack_switch(struct vcpu *v, struct hypercall_args *args)
{
    v->pv.kernel_ss = selector_ring3((uint16_t)args->a[0]);
    v->pv.kernel_sp = args->a[1];
    return 0;
}

static struct pv_callback *callback_slot(struct vcpu *v, unsigned int type)
{
    switch (type) {
    case CALLBACKTYPE_event:
        return &v->pv.event;
    case CALLBACKTYPE_failsafe:
        return &v->pv.failsafe;
    case CALLBACKTYPE_syscall:
        return &v->pv.syscall;
    case CALLBACKTYPE_syscall32:
        return &v->pv.syscall32;
    case CALLBACKTYPE_sysenter:
        return &v->pv.sysenter;
    default:
        return NULL;
    }
}

static long set_nmi_handler(struct vcpu *v, unsigned long address)
{
    if (!address_is_canonical(address)) {
        return -XEN_EINVAL;
    }
    v->pv.traps[VECTOR_NMI] = (struct trap_info){.vector = VECTOR_NMI,
                                                 .flags = 4,
                                                 .cs = GUEST_SELECTOR_CS64,
                                                 .address = address};
    return 0;
}

static long callback_register(struct vcpu *v,
                              const struct callback_register *reg)
{
    struct pv_callback *callback;

    if (reg->type == CALLBACKTYPE_nmi) {
        return set_nmi_handler(v, reg->address);
    }
    callback = callback_slot(v, reg->type);
    if (callback == NULL) {
        return -XEN_ENOSYS;
    }
    if (!address_is_canonical(reg->address)) {
        return -XEN_EINVAL;
    }
    callback->address = reg->address;
    /* Events are always masked on the way into their own handler. */
    callback->masks_events = reg->type == CALLBACKTYPE_event ||
                             (reg->flags & CALLBACKF_mask_events) != 0;
    return 0;
}

static long callback_unregister(struct vcpu *v,
                                const struct callback_unregister *unreg)
{
    if (unreg->type == CALLBACKTYPE_nmi) {
        return set_nmi_handler(v, 0);
    }
    return callback_slot(v, unreg->type) == NULL ? -XEN_ENOSYS : -XEN_EINVAL;
}

long hc_callback_op(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t argument = guest_va_make(args->a[1]);
    struct callback_register reg;
    struct callback_unregister unreg;

    switch (args->a[0]) {
    case CALLBACKOP_register:
        return read_guest(&reg, argument) != 0 ? -XEN_EFAULT
                                               : callback_register(v, &reg);
    case CALLBACKOP_unregister:
        return read_guest(&unreg, argument) != 0
                   ? -XEN_EFAULT
                   : callback_unregister(v, &unreg);
    default:
        return -XEN_ENOSYS;
    }
}

/* The older form of callback_op: event, failsafe and system call at once. */
long hc_set_callbacks(struct vcpu *v, struct hypercall_args *args)
{
    for (unsigned int i = 0; i < 3; i++) {
        if (!address_is_canonical(args->a[i])) {
            return -XEN_EINVAL;
        }
    }
    v->pv.event = (struct pv_callback){args->a[0], true};
    v->pv.failsafe = (struct pv_callback){args->a[1], false};
    v->pv.syscall = (struct pv_callback){args->a[2], false};
    return 0;
}

/* The older form of CALLBACKTYPE_nmi. */
long hc_nmi_op(struct vcpu *v, struct hypercall_args *args)
{
    struct xennmi_callback callback;

    switch ((unsigned int)args->a[0]) {
    case XENNMI_register_callback:
        return read_guest(&callback, guest_va_make(args->a[1])) != 0
                   ? -XEN_EFAULT
                   : set_nmi_handler(v, callback.handler_address);
    case XENNMI_unregister_callback:
        return set_nmi_handler(v, 0);
    default:
        return -XEN_ENOSYS;
    }
}
