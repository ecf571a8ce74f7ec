/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_set_timer_op: the single-shot timer in the old form, absolute
 * nanoseconds of system time; 0 stops it.
 */
#include "hypercall.h"

#include "domain.h"
#include "vcpu_time.h"

/* So far ahead that it must be a mistake: guests that compute with 32-bit
 * ticks do that when they mean "soon". */
#define DELTA_MAX_NS  (1ULL << 50)
#define DELTA_SOON_NS 100000000ULL

long hc_set_timer_op(struct vcpu *v, struct hypercall_args *args)
{
    uint64_t deadline_ns = args->a[0];
    uint64_t now_ns = machine_now_ns();

    if (deadline_ns > now_ns && deadline_ns - now_ns > DELTA_MAX_NS) {
        deadline_ns = now_ns + DELTA_SOON_NS;
    }
    vcpu_set_singleshot(v, deadline_ns);
    return 0;
}
