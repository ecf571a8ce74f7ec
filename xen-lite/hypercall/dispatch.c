// SPDX-License-Identifier: MIT
/*
 * From a guest's SYSCALL to the handler of its hypercall and back. Register
 * use: RAX number and result; RDI, RSI, RDX, R10, R8, R9 arguments
 * (<xen/arch-x86/xen-x86_64.h>). A continuation writes the handler's changed
 * arguments back, leaves the number in RAX and steps RIP back over SYSCALL,
 * so that the guest makes the same call again once its events are served.
 */
#include "hypercall.h"

#include <xen/xen.h>

#include "core.h"
#include "domain.h"
#include "nospec.h"
#include "perf.h"
#include "trace.h"

#define SYSCALL_BYTES 2

static hypercall_fn_t *const handlers[] = {
#define X(name_, nargs_, who_) [__HYPERVISOR_##name_] = hc_##name_,
    HYPERCALL_LIST(X)
#undef X
};

long hypercall_call(struct vcpu *v, unsigned long number,
                    struct hypercall_args *args)
{
    hypercall_fn_t *handler;

    if (number >= ARRAY_COUNT(handlers)) {
        return -XEN_ENOSYS;
    }
    handler = handlers[index_nospec(number, ARRAY_COUNT(handlers))];
    if (handler == NULL) {
        return -XEN_ENOSYS;
    }
    perf_count_hypercall(number);
    TRACE(TRC_PV_HYPERCALL_V2, (uint32_t)number);
    return handler(v, args);
}

void hypercall_dispatch(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct hypercall_args args = {
        {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9}};
    unsigned long number = regs->rax;
    long rc;

    if (number == __HYPERVISOR_iret) {
        /* Loads every register itself: there is no result to store. */
        perf_count_hypercall(number);
        (void)hc_iret(v, &args);
        return;
    }
    rc = hypercall_call(v, number, &args);
    if (rc != -XEN_ERESTART) {
        regs->rax = (unsigned long)rc;
        return;
    }
    regs->rdi = args.a[0];
    regs->rsi = args.a[1];
    regs->rdx = args.a[2];
    regs->r10 = args.a[3];
    regs->r8 = args.a[4];
    regs->r9 = args.a[5];
    regs->rip -= SYSCALL_BYTES;
}
