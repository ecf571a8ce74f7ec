/* SPDX-License-Identifier: MIT */
/*
 * How long each vCPU has been in which state, and the copy that its guest
 * reads without a hypercall. struct vcpu_runstate_info of <xen/vcpu.h>.
 */
#include "run_queue.h"

#include "core.h"
#include "guest_area.h"
#include "guest_copy.h"
#include "trace.h"

void runstate_change(struct vcpu *v, int state, uint64_t now_ns)
{
    struct vcpu_runstate_info *info = &v->sched.runstate;

    if (info->state == state) {
        return;
    }
    TRACE(TRC_SCHED_RUNSTATE_CHANGE | (uint32_t)info->state << 8 |
              (uint32_t)state << 4,
          v->id | (uint32_t)v->domain->domid << 16);
    /* Clocks of two CPUs may differ a little: time does not run back. */
    if (now_ns > info->state_entry_time) {
        info->time[info->state] += now_ns - info->state_entry_time;
        info->state_entry_time = now_ns;
    }
    info->state = state;
}

void sched_get_runstate(struct vcpu *v, struct vcpu_runstate_info *out)
{
    unsigned long flags;
    struct run_queue *queue = queue_lock_of(v, &flags);
    uint64_t now_ns = machine_now_ns();

    *out = v->sched.runstate;
    queue_unlock(queue, flags);
    if (now_ns > out->state_entry_time) {
        out->time[out->state] += now_ns - out->state_entry_time;
    }
}

uint64_t sched_cpu_time_ns(const struct vcpu *v)
{
    struct vcpu_runstate_info info;

    /* Only the queue's lock is written to. */
    sched_get_runstate((struct vcpu *)(uintptr_t)v, &info);
    return info.time[RUNSTATE_running];
}

uint64_t sched_idle_time_ns(unsigned int cpu)
{
    const struct vcpu *idle = core_cpus[cpu]->idle;

    return idle != NULL ? sched_cpu_time_ns(idle) : 0;
}

/* x86 keeps the order of stores (SDM 3A 8.2.2); the compiler must as well. */
static void write_order(void)
{
    atomic_signal_fence(memory_order_release);
}

/*
 * With the update flag on, a guest that reads the copy from another vCPU sees
 * by the top bit of state_entry_time that it is being written.
 */
static void publish_flagged(guest_va_t va, struct vcpu_runstate_info *info)
{
    const size_t offset = offsetof(struct vcpu_runstate_info, state_entry_time);
    guest_va_t entry_time = guest_va_make(va.address + offset);
    uint64_t flagged = info->state_entry_time | XEN_RUNSTATE_UPDATE;

    if (write_guest(entry_time, &flagged) != 0) {
        return;
    }
    write_order();
    info->state_entry_time = flagged;
    if (write_guest(va, info) != 0) {
        return;
    }
    write_order();
    flagged &= ~XEN_RUNSTATE_UPDATE;
    (void)!write_guest(entry_time, &flagged);
}

void runstate_publish(struct vcpu *v)
{
    struct vcpu_runstate_info info = {0};
    struct guest_area_access access;

    if (v->runstate_va.address == 0) {
        return;
    }
    /* As of the last change: the guest adds what has passed since. */
    info.state = v->sched.runstate.state;
    info.state_entry_time = v->sched.runstate.state_entry_time;
    for (unsigned int i = 0; i < ARRAY_COUNT(info.time); i++) {
        info.time[i] = v->sched.runstate.time[i];
    }
    guest_area_begin(v, &access);
    if ((atomic_load(&v->domain->vm_assist) &
         (1UL << VMASST_TYPE_runstate_update_flag)) != 0) {
        publish_flagged(v->runstate_va, &info);
    } else {
        /* A guest that took the page away loses the copy, nothing else. */
        (void)!write_guest(v->runstate_va, &info);
    }
    guest_area_end(v, &access);
}
