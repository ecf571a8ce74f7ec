/* SPDX-License-Identifier: MIT */
/*
 * Ticket spin locks. Each lock names its class, which fixes its place in the
 * one lock order (docs/locking.md); debug builds of the machine check the
 * order through lock_order_acquire() and lock_order_release().
 */
#ifndef XEN_LITE_SPINLOCK_H
#define XEN_LITE_SPINLOCK_H

#include <stdatomic.h>

#include "machine.h"
#include "types.h"

/* Outer to inner: a lock may be taken while holding only smaller classes. */
enum lock_class {
    LOCK_DOMCTL, /* one domctl or sysctl at a time */
    LOCK_DOMAIN_LIST,
    LOCK_DOMAIN,
    LOCK_PAGE_LIST, /* domain's page list and reservations */
    LOCK_PIRQ,      /* domain's pirqs: mapping and binding */
    LOCK_IRQ,
    LOCK_EVENT,       /* domain's event ports */
    LOCK_EVENT_PORT,  /* one port; interrupts off */
    LOCK_EVENT_QUEUE, /* one FIFO queue of a vCPU; interrupts off */
    LOCK_GRANT,
    LOCK_MAPTRACK,
    LOCK_RUN_QUEUE,
    LOCK_TIMER,
    LOCK_HEAP_OBJECTS, /* outer to the frame allocator's */
    LOCK_HEAP,
    LOCK_CONSOLE,
    LOCK_CLASS_COUNT,
};

struct spinlock {
    _Atomic uint16_t next;    /* ticket the next taker draws */
    _Atomic uint16_t serving; /* ticket that holds the lock */
    uint8_t class_of;         /* enum lock_class */
};

#define SPINLOCK_INIT(class_) \
    { \
        .class_of = (class_) \
    }

static inline void spin_init(struct spinlock *lock, enum lock_class class_of)
{
    atomic_init(&lock->next, 0);
    atomic_init(&lock->serving, 0);
    lock->class_of = (uint8_t)class_of;
}

static inline void spin_lock(struct spinlock *lock)
{
    uint16_t ticket =
        atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

    while (atomic_load_explicit(&lock->serving, memory_order_acquire) !=
           ticket) {
        machine_relax();
    }
    machine_lock_acquired(lock->class_of);
}

static inline bool spin_trylock(struct spinlock *lock)
{
    uint16_t ticket =
        atomic_load_explicit(&lock->serving, memory_order_acquire);

    if (!atomic_compare_exchange_strong(&lock->next, &ticket,
                                        (uint16_t)(ticket + 1))) {
        return false;
    }
    machine_lock_acquired(lock->class_of);
    return true;
}

static inline void spin_unlock(struct spinlock *lock)
{
    uint16_t serving =
        atomic_load_explicit(&lock->serving, memory_order_relaxed);

    machine_lock_released(lock->class_of);
    atomic_store_explicit(&lock->serving, (uint16_t)(serving + 1),
                          memory_order_release);
}

static inline unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    unsigned long flags = machine_irq_save();

    spin_lock(lock);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock,
                                          unsigned long flags)
{
    spin_unlock(lock);
    machine_irq_restore(flags);
}

#endif
