/* SPDX-License-Identifier: MIT */
/*
 * What the tests of vcpu_op and of a vCPU's time share: dom0's first vCPU runs
 * and asks, for itself or for the second.
 */
#ifndef XEN_LITE_VCPU_WORLD_H
#define XEN_LITE_VCPU_WORLD_H

#include "fake_world.h"

#include <string.h>

#include "hypercall.h"
#include "sched.h"
#include "softirq.h"
#include "vcpu_time.h"

#define AREA 1024U

static inline struct vcpu *self(void)
{
    return world_dom0->v;
}

static inline struct vcpu *other(void)
{
    return world_dom0->d->vcpu[1];
}

static inline long vcpu_op(int cmd, unsigned long id, unsigned long arg)
{
    return fake_hypercall(self(), __HYPERVISOR_vcpu_op, (unsigned long)cmd, id,
                          arg, 0);
}

/* With @bytes of @argument in the argument page. */
static inline long vcpu_op_with(int cmd, unsigned long id, const void *argument,
                                size_t bytes)
{
    memcpy(world_arg(0), argument, bytes);
    return vcpu_op(cmd, id, world_arg_va(0));
}

/* Those of CPU 0 that are due by now. */
static inline void run_timers(void)
{
    uint64_t deadline = fake_timer_deadline(0);

    if (deadline != 0 && deadline <= machine_now_ns()) {
        timer_interrupt();
    }
    if (softirq_pending()) {
        timer_softirq();
    }
    fake_clear_softirqs();
}

static inline int setup(void **state)
{
    (void)world_dom0_setup(state);
    atomic_store(&self()->sched.pause_flags, 0);
    return 0;
}

#endif
