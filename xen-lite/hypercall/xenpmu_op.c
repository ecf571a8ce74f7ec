/* SPDX-License-Identifier: MIT */
/*
 * The xenpmu_op hypercall. There is no virtual PMU; guests are told so the way
 * Xen does without its vpmu option, and go without. <xen/pmu.h>.
 */
#include "hypercall.h"

long hc_xenpmu_op(struct vcpu *v, struct hypercall_args *args)
{
    (void)v;
    (void)args;
    return -XEN_EOPNOTSUPP;
}
