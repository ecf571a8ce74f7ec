/* SPDX-License-Identifier: MIT */
/*
 * A guest stops: by itself, by a watchdog, or because it broke a rule. It is
 * paused and its code kept until the tools resume or destroy it. dom0's end is
 * the machine's. SHUTDOWN_* of <xen/sched.h>.
 */
#include "domain.h"

#include <xen/sched.h>

#include "bug.h"
#include "core.h"
#include "printk.h"

/* What the machine does when dom0 stops for @reason. */
static unsigned int machine_reason(unsigned int reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        return SHUTDOWN_poweroff;
    case SHUTDOWN_reboot:
    case SHUTDOWN_watchdog:
        return SHUTDOWN_reboot;
    default:
        return SHUTDOWN_crash;
    }
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
    /* SCHEDOP_shutdown_code came first? */
    if (d->shutdown_code != SHUTDOWN_CODE_NONE) {
        reason = d->shutdown_code;
    }
    if (d->privileged) {
        printk(LOG_INFO | LOG_ALWAYS, "Domain 0 shut down: reason %u\n",
               reason);
        machine_shutdown(machine_reason(reason));
    }
    if (atomic_exchange(&d->shutting_down, true)) {
        return;
    }
    d->shutdown_code = reason;
    domain_pause_nosync(d);
    atomic_store(&d->shut_down, true);
    virq_raise_global(VIRQ_DOM_EXC);
    if (reason == SHUTDOWN_suspend && atomic_load(&d->suspend_port) != 0) {
        (void)evtchn_send(d, atomic_load(&d->suspend_port));
    }
}

void domain_resume(struct domain *d)
{
    /* Nobody may run while the state changes; this also waits for vCPUs that
     * were still leaving when the shutdown was reported. */
    domain_pause(d);
    spin_lock(&d->lock);
    if (!atomic_load(&d->shut_down)) {
        spin_unlock(&d->lock);
        domain_unpause(d);
        return;
    }
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    atomic_store(&d->shut_down, false);
    atomic_store(&d->shutting_down, false);
    spin_unlock(&d->lock);
    domain_unpause(d); /* what the shutdown took */
    domain_unpause(d);
}

void domain_crash(struct domain *d, const char *why)
{
    BUG_ON(d->is_idle);
    printk(LOG_ERROR | LOG_ALWAYS, "d%u crashed: %s\n", d->domid, why);
    domain_shutdown(d, SHUTDOWN_crash);
}
