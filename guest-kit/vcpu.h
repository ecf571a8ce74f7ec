/* SPDX-License-Identifier: MIT */
/* Per-vCPU data, found through the kernel GS base, and starting vCPUs. */
#ifndef GUEST_KIT_VCPU_H
#define GUEST_KIT_VCPU_H

#include <stdint.h>

#include "traps.h"
#include "xen_abi.h"

#define VCPU_MAX         4
#define VCPU_STACK_BYTES 16384

struct vcpu_area {
    struct vcpu_area *self; /* at %gs:0 */
    unsigned int id;
    struct vcpu_info *info;
    struct fault fault;
    uint64_t user_kernel_rsp; /* where user_enter() was left, 0 outside */
    struct trap_frame user_frame;
    uint64_t user_frame_at; /* where on the trap stack it was */
    void (*main)(void *arg);
    void *main_arg;
};

static inline struct vcpu_area *this_vcpu(void)
{
    struct vcpu_area *v;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(v));
    return v;
}

/* Set up vCPU 0's area. */
void vcpu_init_boot(void);

/* Point all areas at shared_info's vcpu_info; before that, a dummy serves. */
void vcpu_use_shared_info(void);

/* Area of vCPU @id. */
struct vcpu_area *vcpu_area(unsigned int id);

/* Fill @context for @id to run vcpu_start() on a stack of its own. */
void vcpu_make_context(unsigned int id, struct vcpu_guest_context *context);

/*
 * VCPUOP_initialise and VCPUOP_up of @id, to run @main(@arg).
 * Returns the first failing call's error.
 */
long vcpu_run(unsigned int id, void (*main)(void *arg), void *arg);

/* Number of vCPUs that this domain may have, by VCPUOP_is_up. */
unsigned int vcpu_count(void);

/* Take this vCPU down for good. */
_Noreturn void vcpu_stop(void);

/* Called from entry.S. */
void vcpu_entry(void);
void vcpu_start(struct vcpu_area *v);

#endif
