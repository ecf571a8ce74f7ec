/* SPDX-License-Identifier: MIT */
/*
 * A small world for the tests of event channels, pirqs and grants: domains
 * and vCPUs without a scheduler, guest memory that is the test's own, a
 * machine of interrupt lines, a heap that can fail, and locks whose order is
 * checked. The sources under test are linked unchanged.
 */
#ifndef XEN_LITE_EVENT_WORLD_H
#define XEN_LITE_EVENT_WORLD_H

/* The C library's name for one of ours. */
#define sched_yield posix_sched_yield
#include <pthread.h>
#undef sched_yield

#include "unit.h"

#include "domain.h"
#include "evtchn.h"
#include "hypercall.h"

#define WORLD_DOMAINS 10U

/* Start with nothing / check that no lock is held and all is freed. */
void world_start(void);
void world_stop(void);
int world_setup(void **state);
int world_teardown(void **state);

/* A domain with @vcpus vCPUs, event table of 4096 ports at most. */
struct domain *world_domain(domid_t domid, unsigned int vcpus, bool privileged);
/* Close its ports and whatever else it has; it stays in the world. */
void world_kill(struct domain *d);

/* How often @v was kicked, and unblocked, since last asked. */
unsigned int world_kicks(struct vcpu *v);
unsigned int world_unblocks(struct vcpu *v);

/* From the @n-th heap_alloc() on all fail; ~0: none. */
void world_heap_fail_after(unsigned long n);
unsigned long world_heap_objects(void);
/* Every @period-th softirq_pending() says yes; 0: never. */
void world_preempt_every(unsigned int period);
/* Call once, when softirq_pending() is asked next. */
void world_at_preempt_check(void (*call)(void));
/* Copies to or from the guest fail from the @n-th on; ~0: none. */
void world_copy_fail_after(unsigned long n);
/* All that guests can address from now on. */
void world_guest_window(const void *window, size_t bytes);
/* How often a CPU waited in a loop since the start. */
unsigned int world_spins(void);
/* Let other threads run whenever a domain's event lock has been taken, or that
 * of a queue given back. */
void world_yield_in_locks(bool yield);
/* Call once, before the next queue's lock is given back. */
void world_at_queue_release(void (*call)(void));
/* What was printed, NUL-ended. */
const char *world_console(void);
void world_console_input(const char *text);

/* Move the clock on, and run the timers that are due. */
void world_advance(uint64_t ns);

/* Make a hypercall as @v and continue it until it ends. */
long world_call(struct vcpu *v, hypercall_fn_t *call, unsigned long a0,
                unsigned long a1, unsigned long a2);
#define WORLD_VA(object) ((unsigned long)(void *)(object))

/* -- frames (event_world_mm.c) --------------------------------------------- */

#define WORLD_FIRST_MFN 0x100UL
#define WORLD_FRAMES    0x400UL

/* A page of @d; its numbers are never used again. */
mfn_t world_page(const struct domain *d);
/* Give it back: it is gone with its last reference. */
void world_release_page(mfn_t mfn);
unsigned int world_page_refs(mfn_t mfn);
/* Call when a frame has become a domain's, which other CPUs then know. */
void world_at_assign(void (*call)(mfn_t mfn));
unsigned int world_page_type_refs(mfn_t mfn);

/*
 * Each domain has WORLD_PTES page-table entries: entry i is at guest address
 * (i + 1) << 12 and at machine address WORLD_PTE_BASE + 8 * i. An entry holds
 * the references of what it maps.
 */
#define WORLD_PTES      64U
#define WORLD_PTE_BASE  0x10000000UL
#define WORLD_PTE_VA(i) (((uint64_t)(i) + 1) << PAGE_SHIFT)
#define WORLD_PTE_MA(i) (WORLD_PTE_BASE + 8 * (uint64_t)(i))
uint64_t world_pte(const struct domain *d, unsigned int i);
/* The guest writes 0 to its entry. */
/* A CPU uses the entry. */
void world_use_pte(struct domain *d, unsigned int i);
void world_drop_pte(struct domain *d, unsigned int i);
/* Give up all entries, as teardown does. */
void world_drop_ptes(struct domain *d);
/* TLB flushes asked for since the start. */
unsigned int world_flushes(void);
extern unsigned int world_cache_flushes;

void world_frames_start(void);
void world_frames_stop(void);

/* -- interrupt lines of the machine ---------------------------------------- */

#define WORLD_GSIS 24U
#define WORLD_IRQS 64U

struct world_irq {
    bool setup;
    bool level;
    bool active_low;
    bool enabled;
    bool masked;
    bool msi;
    unsigned int cpu;
    unsigned int eois;
    unsigned int msi_group;
    struct msi_source source;
};
struct world_irq *world_irq(unsigned int irq);
/* Fire @irq, as the machine would: nothing if masked or not enabled. */
bool world_fire(unsigned int irq);
void world_fail_irq_enable(bool fail);
void world_fail_msi(bool fail);
void world_irqs_start(void);

#endif
