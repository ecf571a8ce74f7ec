/* SPDX-License-Identifier: MIT */
/* A lock for data that two vCPUs touch; yields so that one CPU is enough. */
#ifndef GUEST_KIT_SPINLOCK_H
#define GUEST_KIT_SPINLOCK_H

#include <stdatomic.h>

#include "hypercall.h"
#include "xen_abi.h"

struct spinlock {
    atomic_flag taken;
};

static inline void spin_lock(struct spinlock *lock)
{
    while (
        atomic_flag_test_and_set_explicit(&lock->taken, memory_order_acquire)) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static inline void spin_unlock(struct spinlock *lock)
{
    atomic_flag_clear_explicit(&lock->taken, memory_order_release);
}

#endif
