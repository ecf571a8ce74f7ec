/* SPDX-License-Identifier: MIT */
/* Software counters of hot events, one set a CPU, read by debug keys, xenperf
 * and the tests. A counter is only ever added to by its own CPU. */
#ifndef XEN_LITE_PERF_H
#define XEN_LITE_PERF_H

#include <stdatomic.h>

#include "core.h"
#include "machine.h"

#define PERF_HYPERCALLS 64U

enum perf_event {
    PERF_EXCEPTIONS = PERF_HYPERCALLS, /* bounced to a guest */
    PERF_PAGE_FAULTS,
    PERF_UPCALLS,
    PERF_EMULATED,
    PERF_TABLE_WRITES,
    PERF_CONTINUATIONS,
    PERF_CONTEXT_SWITCHES,
    PERF_TLB_SHOOTDOWNS,
    PERF_SYSCALL_BOUNCES,
    PERF_COUNT,
};

static inline void perf_count(unsigned int event)
{
    _Atomic uint64_t *counter = &machine_this_cpu()->counters[event];

    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
        memory_order_relaxed);
}

static inline void perf_count_hypercall(unsigned long number)
{
    if (number < PERF_HYPERCALLS) {
        perf_count((unsigned int)number);
    }
}

#endif
