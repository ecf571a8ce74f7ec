/* SPDX-License-Identifier: MIT */
/*
 * A vCPU that waits for an event or polls ports, and what ends that. No lock:
 * who waits sets its flags and then looks, who sends makes its event pending
 * and then looks at the flags.
 */
#include "sched.h"

#include "core.h"
#include "domain.h"
#include "evtchn.h"
#include "machine.h"
#include "pv.h"
#include "softirq.h"

void sched_block_current(void)
{
    struct vcpu *v = machine_this_cpu()->current;

    atomic_fetch_or(&v->sched.pause_flags, VCPU_BLOCKED);
    /* Flag first, then look: a sender makes its event (or NMI) pending first,
     * then looks at the flag. */
    if (pv_delivery_due(v)) {
        atomic_fetch_and(&v->sched.pause_flags, ~VCPU_BLOCKED);
        return;
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
}

static unsigned int take_blocked(struct vcpu *v)
{
    return atomic_fetch_and(&v->sched.pause_flags,
                            ~(VCPU_BLOCKED | VCPU_POLLING));
}

void vcpu_unblock(struct vcpu *v)
{
    unsigned int before = take_blocked(v);

    /* It may be polling anew by now, and nobody would wake it: once more. */
    if ((before & VCPU_POLLING) != 0 && evtchn_poller_remove(v)) {
        before |= take_blocked(v);
    }
    if ((before & VCPU_BLOCKED) != 0) {
        sched_wake(v);
    }
}

void vcpu_kick(struct vcpu *v)
{
    unsigned int cpu;

    vcpu_unblock(v);
    cpu = atomic_load(&v->sched.cpu);
    /* A guest that runs notices on its next way out of the hypervisor. */
    if (atomic_load(&v->sched.running) && cpu != machine_this_cpu()->id) {
        machine_kick(cpu);
    }
}
