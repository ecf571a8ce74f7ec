/* SPDX-License-Identifier: MIT */
/*
 * Debug key 'a': stop every vCPU but the one that asks, and count all
 * references, grants and event channels again. For tests; slow.
 */
#include "control.h"
#include "evtchn.h"
#include "grant_table.h"
#include "mm.h"
#include "printk.h"

/* One audit at a time: two would wait for each other's vCPU to stop. */
static _Atomic bool audit_runs;

static void for_other_vcpus(void (*run)(struct vcpu *v))
{
    struct domain *d;
    domid_t next = 0;

    while ((d = domain_get_at_or_after(next)) != NULL) {
        struct vcpu *v;

        for_each_vcpu (d, v) {
            if (v != current_vcpu()) {
                run(v);
            }
        }
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
}

static unsigned int audit_domains(void)
{
    unsigned int bad = 0;
    struct domain *d;
    domid_t next = 0;

    while ((d = domain_get_at_or_after(next)) != NULL) {
        bad += grant_audit(d) + evtchn_audit(d);
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
    return bad;
}

void control_audit(void)
{
    unsigned int bad;

    if (atomic_exchange(&audit_runs, true)) {
        printk(LOG_INFO | LOG_ALWAYS, "audit: one is running\n");
        return;
    }
    for_other_vcpus(vcpu_pause);
    bad = mm_audit() + audit_domains();
    for_other_vcpus(vcpu_unpause);
    printk(LOG_INFO | LOG_ALWAYS, "audit: %u violations\n", bad);
    atomic_store(&audit_runs, false);
}
