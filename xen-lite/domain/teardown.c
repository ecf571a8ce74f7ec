/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: everything it holds is given back, in steps that can
 * be interrupted and resumed. What others hold of it stays until they let go:
 * the domain is freed with its last reference (domain.c).
 */
#include "domain.h"

#include "bug.h"
#include "core.h"
#include "mm.h"
#include "vcpu_time.h"

/* Each step can be run again until it says that it is done. */
enum teardown_step {
    TEARDOWN_EVENTS,
    TEARDOWN_PIRQS,
    TEARDOWN_GRANTS,
    TEARDOWN_VCPUS,
    TEARDOWN_MEMORY,
    TEARDOWN_DONE,
};

static int teardown_pirqs(struct domain *d)
{
    pirq_domain_destroy(d);
    return 0;
}

static int teardown_vcpu(struct vcpu *v)
{
    int rc = vcpu_reset(v);

    if (rc == 0) {
        vcpu_timers_kill(v);
        vcpu_info_unregister(v); /* all ports are closed: nobody writes there */
    }
    return rc;
}

/* Page tables, descriptor tables and registered pages of every vCPU. Those
 * done are not done again: each call gets at least one step further. */
static int teardown_vcpus(struct domain *d)
{
    while (d->teardown_vcpu < d->max_vcpus) {
        struct vcpu *v = d->vcpu[d->teardown_vcpu];
        int rc = v != NULL ? teardown_vcpu(v) : 0;

        if (rc != 0) {
            return rc;
        }
        d->teardown_vcpu++;
        if (d->teardown_vcpu < d->max_vcpus && softirq_pending()) {
            return -XEN_ERESTART;
        }
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(d->watchdog); i++) {
        if (d->watchdog[i].expired != NULL) {
            timer_kill(&d->watchdog[i]);
        }
    }
    return 0;
}

static int (*const teardown_steps[TEARDOWN_DONE])(struct domain *d) = {
    [TEARDOWN_EVENTS] = evtchn_domain_destroy,
    [TEARDOWN_PIRQS] = teardown_pirqs,
    [TEARDOWN_GRANTS] = grant_table_release_maps,
    [TEARDOWN_VCPUS] = teardown_vcpus,
    [TEARDOWN_MEMORY] = domain_relinquish_memory,
};

/* For the first time: no vCPU runs from here on, and nobody gives it more. */
static void teardown_begin(struct domain *d)
{
    domain_pause(d);
    spin_lock(&d->lock);
    if (atomic_load(&d->dying) == DOMAIN_ALIVE) {
        d->teardown_step = TEARDOWN_EVENTS;
        atomic_store(&d->dying, DOMAIN_DYING);
    }
    spin_unlock(&d->lock);
}

/* The caller holds a reference, and sees to it that it is called on one CPU at
 * a time. */
int domain_kill(struct domain *d)
{
    BUG_ON(d->privileged || d->is_idle);
    if (atomic_load(&d->dying) == DOMAIN_ALIVE) {
        teardown_begin(d);
    }
    if (atomic_load(&d->dying) == DOMAIN_DEAD) {
        return 0;
    }
    while (d->teardown_step != TEARDOWN_DONE) {
        int rc = teardown_steps[d->teardown_step](d);

        if (rc != 0) {
            return rc;
        }
        d->teardown_step++;
        if (d->teardown_step != TEARDOWN_DONE && softirq_pending()) {
            return -XEN_ERESTART;
        }
    }
    atomic_store(&d->dying, DOMAIN_DEAD);
    virq_raise_global(VIRQ_DOM_EXC);
    domain_put(d); /* the one that domain_create() took */
    return 0;
}
