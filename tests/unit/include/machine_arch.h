/* SPDX-License-Identifier: MIT */
/*
 * The inline part of machine.h on the host: an arena of host memory in place
 * of RAM, and modelled CPUs. A thread is one CPU at a time (fake_this_cpu).
 */
#ifndef XEN_LITE_MACHINE_ARCH_H
#define XEN_LITE_MACHINE_ARCH_H

#include "layout.h"
#include "page.h"
#include "types.h"

struct core_cpu;

extern _Thread_local struct core_cpu *fake_this_cpu;
extern _Thread_local bool fake_irqs_off;
extern struct page *fake_frame_table;
extern uint64_t *fake_m2p;
extern char *fake_arena;

/* Out of line parts, in fake_machine.c. */
bool fake_mfn_valid(unsigned long mfn);
void fake_relax(void);
void fake_lock_acquired(unsigned int class_of);
void fake_lock_released(unsigned int class_of);
void fake_preempt_point(void);

static inline struct core_cpu *machine_this_cpu(void)
{
    return fake_this_cpu;
}

static inline struct page *machine_frame_table(void)
{
    return fake_frame_table;
}

static inline bool machine_mfn_valid(mfn_t mfn)
{
    return fake_mfn_valid(mfn.number);
}

static inline void *machine_map(mfn_t mfn)
{
    return fake_arena + (mfn.number << PAGE_SHIFT);
}

static inline mfn_t machine_mfn_of(const void *direct)
{
    return mfn_make((unsigned long)((const char *)direct - fake_arena) >>
                    PAGE_SHIFT);
}

static inline uint64_t *machine_m2p(void)
{
    return fake_m2p;
}

static inline unsigned long machine_irq_save(void)
{
    unsigned long flags = fake_irqs_off ? 1 : 0;

    fake_irqs_off = true;
    return flags;
}

static inline void machine_irq_restore(unsigned long flags)
{
    fake_irqs_off = flags != 0;
}

static inline void machine_relax(void)
{
    fake_relax();
}

static inline void machine_lock_acquired(unsigned int class_of)
{
    fake_lock_acquired(class_of);
}

static inline void machine_lock_released(unsigned int class_of)
{
    fake_lock_released(class_of);
}

static inline void machine_preempt_point(void)
{
    fake_preempt_point();
}

#endif
