/* SPDX-License-Identifier: MIT */
/* What the parts of the fake machine share. */
#ifndef XEN_LITE_FAKE_INTERNAL_H
#define XEN_LITE_FAKE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "fake.h"

#define FAKE_TLB_ENTRIES  4096U
#define FAKE_WALK_ENTRIES 64U

/* One translation, as a CPU caches it. */
struct fake_tlb_entry {
    bool valid;
    bool writable;
    bool dirty; /* D is known to be set in the table */
    bool global;
    bool leaf_is_ram;
    domid_t owner; /* of the frame, when it was cached */
    unsigned long page;
    unsigned long mfn;
};

/* One entry of the paging-structure caches: the next table of a walk. */
struct fake_walk_entry {
    bool valid;
    bool writable;
    unsigned long tag;
    unsigned long mfn;
};

struct fake_cpu {
    pthread_mutex_t tlb_lock; /* the three below: other CPUs flush them */
    mfn_t root;
    struct fake_tlb_entry tlb[FAKE_TLB_ENTRIES];
    struct fake_walk_entry walk[3][FAKE_WALK_ENTRIES]; /* [level - 2] */

    _Atomic unsigned int kicks;
    _Atomic uint64_t timer_deadline;
    unsigned int switches;
    uint32_t fault_code;
};

extern struct fake_cpu fake_cpus[FAKE_CPUS];

/* This thread's. */
struct fake_cpu *fake_cpu(void);
void sched_yield_thread(void);

void core_reset(void);
void fake_heap_reset(void);
void fake_tlb_start(void);
void fake_registers_start(void);
void fake_devices_start(void);
/* This CPU runs on no guest's tables: everything cached goes. */
void fake_tlb_no_root(void);
/* A flush of @cpu, with the core's clock as the machine has to move it. */
void fake_tlb_flush_cpu(unsigned int cpu, unsigned long va);

#endif
