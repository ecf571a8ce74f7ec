/* SPDX-License-Identifier: MIT */
/*
 * How hypercalls are dispatched (hypercall/dispatch.c). A handler copies each
 * guest structure in once, checks the copy, acts. It returns the guest's RAX:
 * a result or a negative XEN_E*. A long one does bounded steps; when
 * hypercall_preempt_check() says so it writes its progress into args (or where
 * its comment says) and returns -XEN_ERESTART.
 */
#ifndef XEN_LITE_HYPERCALL_H
#define XEN_LITE_HYPERCALL_H

#include "hypercall_list.h"
#include "softirq.h"
#include "types.h"

struct cpu_user_regs;
struct vcpu;

struct hypercall_args {
    unsigned long a[6];
};

typedef long hypercall_fn_t(struct vcpu *v, struct hypercall_args *args);

#define X(name, nargs, who) hypercall_fn_t hc_##name;
HYPERCALL_LIST(X)
#undef X

/* Should a long operation of the current vCPU stop and continue later? */
static inline bool hypercall_preempt_check(void)
{
    return softirq_pending();
}

/*
 * Serve the hypercall in @regs (RAX, RDI, RSI, RDX, R10, R8, R9) of the
 * current vCPU: sets RAX, or steps RIP back for a continuation.
 */
void hypercall_dispatch(struct vcpu *v, struct cpu_user_regs *regs);

/* One call by number, for multicall: -XEN_ENOSYS for unknown ones. */
long hypercall_call(struct vcpu *v, unsigned long number,
                    struct hypercall_args *args);

#endif
