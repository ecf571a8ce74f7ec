/* SPDX-License-Identifier: MIT */
/*
 * Pausing: counted reasons for which no vCPU of a domain, or one vCPU, may
 * run. The waiting forms return once it has left its CPU.
 */
#include "domain.h"

#include <limits.h>

#include "bug.h"
#include "core.h"

void vcpu_pause_nosync(struct vcpu *v)
{
    atomic_fetch_add(&v->sched.pause_count, 1);
    sched_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
    atomic_fetch_add(&v->sched.pause_count, 1);
    sched_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    int before = atomic_fetch_sub(&v->sched.pause_count, 1);

    BUG_ON(before <= 0);
    if (before == 1) {
        sched_wake(v);
    }
}

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;

    atomic_fetch_add(&d->pause_count, 1);
    for_each_vcpu (d, v) {
        sched_sleep_nosync(v);
    }
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    /* All are told to leave before any is waited for. */
    domain_pause_nosync(d);
    for_each_vcpu (d, v) {
        sched_sleep_sync(v);
    }
}

void domain_unpause(struct domain *d)
{
    int before = atomic_fetch_sub(&d->pause_count, 1);
    struct vcpu *v;

    BUG_ON(before <= 0);
    if (before != 1) {
        return;
    }
    for_each_vcpu (d, v) {
        sched_wake(v);
    }
}

int domain_pause_by_controller(struct domain *d)
{
    int count = atomic_load(&d->controller_pauses);

    do {
        if (count == INT_MAX) {
            return -XEN_EOVERFLOW;
        }
    } while (!atomic_compare_exchange_weak(&d->controller_pauses, &count,
                                           count + 1));
    domain_pause(d);
    return 0;
}

int domain_unpause_by_controller(struct domain *d)
{
    int count = atomic_load(&d->controller_pauses);

    do {
        if (count == 0) {
            return -XEN_EINVAL;
        }
    } while (!atomic_compare_exchange_weak(&d->controller_pauses, &count,
                                           count - 1));
    if (count == 1) {
        d->creation_finished = true;
    }
    domain_unpause(d);
    return 0;
}
