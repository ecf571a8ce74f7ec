/* SPDX-License-Identifier: MIT */
/*
 * Trace buffers (lib/trace.c): each CPU writes records of <xen/trace.h> into
 * a ring of its own that dom0's xentrace maps and empties. Off until a tool
 * turns it on; a trace point then costs one load and a branch not taken.
 */
#ifndef XEN_LITE_TRACE_H
#define XEN_LITE_TRACE_H

#include <stdatomic.h>
#include <stdint.h>

#include <xen/trace.h>

#include "cpumask.h"
#include "types.h"

/* Classes and subclasses wanted; 0 while tracing is off. */
extern _Atomic uint32_t trace_active;

/* As trace_event() does, but without the look whether anybody listens. */
void trace_write(uint32_t event, const uint32_t *words, unsigned int count);

/* A record with this CPU's TSC and @count (at most 7) words. Any context. */
static inline void trace_event(uint32_t event, const uint32_t *words,
                               unsigned int count)
{
    if (atomic_load_explicit(&trace_active, memory_order_relaxed) != 0) {
        trace_write(event, words, count);
    }
}

/* With words given one by one. */
#define TRACE(event, ...) \
    do { \
        const uint32_t trace_words_[] = {__VA_ARGS__}; \
        trace_event(event, trace_words_, ARRAY_COUNT(trace_words_)); \
    } while (0)
#define TRACE_LOW(x)  ((uint32_t)(x))
#define TRACE_HIGH(x) ((uint32_t)((uint64_t)(x) >> 32))

/* -- for sysctl tbuf_op ---------------------------------------------------- */

/*
 * Allocate rings of @pages for each CPU, fewer if their list would not fit in
 * its page. Only once. 0, -XEN_EINVAL (another size), -XEN_EBUSY (done
 * already), -XEN_ENOMEM.
 */
int trace_set_size(uint32_t pages);
/* Frame of the struct t_info; 0 without buffers. */
unsigned long trace_info_mfn(void);
uint32_t trace_get_events(void);
void trace_set_events(uint32_t events);
void trace_set_cpus(const struct cpumask *cpus);
/* 0, -XEN_EINVAL (no buffers). */
int trace_enable(void);
void trace_disable(void);
/* Part of core_reset(). */
void trace_reset(void);

#endif
