/* SPDX-License-Identifier: MIT */
/*
 * The nmi_op hypercall: the old way to set what CALLBACKTYPE_nmi sets.
 * <xen/nmi.h>.
 */
#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"

#include <xen/nmi.h>

static long nmi_register(struct vcpu *v, guest_va_t va)
{
    struct xennmi_callback callback;

    if (read_guest(&callback, va) != 0) {
        return -XEN_EFAULT;
    }
    if (!guest_address_ok(callback.handler_address)) {
        return -XEN_EINVAL;
    }
    v->pv.nmi_callback = callback.handler_address;
    return 0;
}

long hc_nmi_op(struct vcpu *v, struct hypercall_args *args)
{
    switch ((unsigned int)args->a[0]) {
    case XENNMI_register_callback:
        return nmi_register(v, guest_va_make(args->a[1]));
    case XENNMI_unregister_callback:
        v->pv.nmi_callback = 0;
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}
