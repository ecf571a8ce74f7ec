/* SPDX-License-Identifier: MIT */
/* Areas of the vCPUs and the context a second one starts from. */
#include "vcpu.h"

#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "string.h"
#include "xen_abi.h"

static struct vcpu_area areas[VCPU_MAX];
static uint8_t stacks[VCPU_MAX][VCPU_STACK_BYTES]
    __attribute__((aligned(4096)));

/* Serves vCPU 0 until shared_info is mapped. */
static struct vcpu_info early_info;

void vcpu_init_boot(void)
{
    unsigned int id;

    for (id = 0; id < VCPU_MAX; id++) {
        areas[id].self = &areas[id];
        areas[id].id = id;
        areas[id].info = &early_info;
    }
    hc_set_segment_base(SEGBASE_GS_KERNEL, (uint64_t)&areas[0]);
}

void vcpu_use_shared_info(void)
{
    unsigned int id;

    for (id = 0; id < VCPU_MAX; id++) {
        areas[id].info = &shared_info->vcpu_info[id];
    }
}

struct vcpu_area *vcpu_area(unsigned int id)
{
    return &areas[id];
}

void vcpu_make_context(unsigned int id, struct vcpu_guest_context *context)
{
    uint64_t stack_top = (uint64_t)(stacks[id] + VCPU_STACK_BYTES);

    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel;
    context->user_regs.rip = (uint64_t)vcpu_entry;
    context->user_regs.rsp = stack_top;
    context->user_regs.rdi = (uint64_t)&areas[id];
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    traps_copy_table(context->trap_ctxt, sizeof(context->trap_ctxt));
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = stack_top;
    context->gs_base_kernel = (uint64_t)&areas[id];
    context->event_callback_eip = (uint64_t)callback_event;
    context->failsafe_callback_eip = (uint64_t)callback_failsafe;
    context->syscall_callback_eip = (uint64_t)callback_syscall;
    context->ctrlreg[3] = xen_pfn_to_cr3(mm_va_to_mfn(mm_root()));
}

long vcpu_run(unsigned int id, void (*main)(void *arg), void *arg)
{
    static struct vcpu_guest_context context;
    long rc;

    areas[id].main = main;
    areas[id].main_arg = arg;
    vcpu_make_context(id, &context);
    rc = hc_vcpu_op(VCPUOP_initialise, id, &context);
    if (rc != 0) {
        return rc;
    }
    return hc_vcpu_op(VCPUOP_up, id, NULL);
}

unsigned int vcpu_count(void)
{
    unsigned int id = 0;

    while (id < VCPU_MAX && hc_vcpu_op(VCPUOP_is_up, id, NULL) >= 0) {
        id++;
    }
    return id;
}

_Noreturn void vcpu_stop(void)
{
    for (;;) {
        hc_vcpu_op(VCPUOP_down, this_vcpu()->id, NULL);
    }
}

void vcpu_start(struct vcpu_area *v)
{
    v->main(v->main_arg);
    vcpu_stop();
}
