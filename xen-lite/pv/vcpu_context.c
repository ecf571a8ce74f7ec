// SPDX-License-Identifier: MIT
/*
 * A whole vCPU at once: VCPUOP_initialise, domctl setvcpucontext and
 * getvcpucontext (struct vcpu_guest_context of <xen/arch-x86/xen.h>). All
 * checks come first; then page tables, which may need several visits; then
 * what cannot fail.
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "mm.h"
#include "pv.h"
#include "string.h"

#define LOADABLE_FLAGS (0x4dd5UL | X86_FLAG_RF | X86_FLAG_AC | X86_FLAG_ID)

static int check_traps(const struct vcpu_guest_context *context)
{
    for (unsigned int i = 0; i < GUEST_TRAP_COUNT; i++) {
        if (!address_is_canonical(context->trap_ctxt[i].address)) {
            return -XEN_EINVAL;
        }
    }
    return 0;
}

static int check_context(const struct vcpu_guest_context *context)
{
    if (!address_is_canonical(context->user_regs.rip) ||
        !address_is_canonical(context->event_callback_eip) ||
        !address_is_canonical(context->failsafe_callback_eip) ||
        !address_is_canonical(context->syscall_callback_eip) ||
        !address_is_canonical(context->fs_base) ||
        !address_is_canonical(context->gs_base_kernel) ||
        !address_is_canonical(context->gs_base_user) ||
        context->gdt_ents > FIRST_RESERVED_GDT_ENTRY) {
        return -XEN_EINVAL;
    }
    return check_traps(context);
}

/*
 * A vCPU that has run keeps its tables: only what libxc may change after a
 * cancelled suspend is loaded, the rest must be as it is.
 */
static int check_unchanged(const struct vcpu *v,
                           const struct vcpu_guest_context *context)
{
    unsigned long user = mfn_equal(v->pv.user_root, INVALID_MFN)
                             ? 0
                             : xen_pfn_to_cr3(v->pv.user_root.number);

    if (context->ctrlreg[3] != xen_pfn_to_cr3(v->pv.kernel_root.number) ||
        (context->ctrlreg[1] != 0 && context->ctrlreg[1] != user) ||
        context->gdt_ents != v->pv.gdt_entries ||
        context->ldt_ents != v->pv.ldt_entries) {
        return -XEN_EINVAL;
    }
    for (unsigned int i = 0; i < (context->gdt_ents + 511) / 512; i++) {
        if (context->gdt_frames[i] != v->pv.gdt_frames[i].number) {
            return -XEN_EINVAL;
        }
    }
    return 0;
}

/*
 * Hold the page tables. Preempted between the two: the first is kept in
 * pv.kernel_root, and found there by the next visit.
 */
static int take_roots(struct vcpu *v, const struct vcpu_guest_context *context)
{
    mfn_t kernel = mfn_make(xen_cr3_to_pfn(context->ctrlreg[3]));
    mfn_t user = mfn_make(xen_cr3_to_pfn(context->ctrlreg[1]));
    int rc;

    if (!mfn_equal(v->pv.kernel_root, kernel)) {
        if (!mfn_equal(v->pv.kernel_root, INVALID_MFN)) {
            rc = mm_drop_roots(v);
            if (rc != 0) {
                return rc;
            }
        }
        rc = page_get_root(kernel, v->domain);
        if (rc != 0) {
            return rc;
        }
        v->pv.kernel_root = kernel;
    }
    if (context->ctrlreg[1] != 0 && !mfn_equal(v->pv.user_root, user)) {
        rc = page_get_root(user, v->domain);
        if (rc != 0) {
            return rc;
        }
        v->pv.user_root = user;
    }
    return 0;
}

/* A vCPU in user mode runs on its user tables. */
static int check_mode(const struct vcpu *v,
                      const struct vcpu_guest_context *context)
{
    return (context->flags & VGCF_in_kernel) == 0 &&
                   mfn_equal(v->pv.user_root, INVALID_MFN)
               ? -XEN_EINVAL
               : 0;
}

static void load_registers(struct vcpu *v,
                           const struct vcpu_guest_context *context)
{
    v->regs = context->user_regs;
    v->regs.cs = (uint16_t)selector_ring3(v->regs.cs);
    v->regs.ss = (uint16_t)selector_ring3(v->regs.ss);
    v->regs.rflags =
        (v->regs.rflags & LOADABLE_FLAGS) | X86_FLAG_IF | X86_FLAG_FIXED;
    v->regs.error_code = 0;
    v->regs.entry_vector = 0;
    v->pv.kernel_mode = (context->flags & VGCF_in_kernel) != 0;
    /* One that goes on after a suspend keeps its extended states. */
    if (!v->initialised || (context->flags & VGCF_i387_valid) == 0) {
        machine_vcpu_reset_fpu(v);
    }
    if ((context->flags & VGCF_i387_valid) != 0) {
        machine_vcpu_set_fpu(v, &context->fpu_ctxt);
    }
}

static void load_entry_points(struct vcpu *v,
                              const struct vcpu_guest_context *context)
{
    for (unsigned int i = 0; i < GUEST_TRAP_COUNT; i++) {
        v->pv.traps[i] = context->trap_ctxt[i];
        v->pv.traps[i].vector = (uint8_t)i;
        v->pv.traps[i].cs = (uint16_t)selector_ring3(v->pv.traps[i].cs);
    }
    v->pv.kernel_ss = selector_ring3((uint16_t)context->kernel_ss);
    v->pv.kernel_sp = context->kernel_sp;
    v->pv.event = (struct pv_callback){context->event_callback_eip, true};
    v->pv.failsafe = (struct pv_callback){
        context->failsafe_callback_eip,
        (context->flags & VGCF_failsafe_disables_events) != 0};
    v->pv.syscall = (struct pv_callback){
        context->syscall_callback_eip,
        (context->flags & VGCF_syscall_disables_events) != 0};
}

static void load_debug_registers(struct vcpu *v,
                                 const struct vcpu_guest_context *context)
{
    static const uint8_t index[] = {0, 1, 2, 3, 6, 7};

    for (unsigned int i = 0; i < sizeof(index); i++) {
        /* What is not allowed stays at its default, as on Xen. */
        (void)pv_set_debugreg(v, index[i], context->debugreg[index[i]]);
    }
}

static void load_fixed(struct vcpu *v, const struct vcpu_guest_context *context)
{
    struct vcpu_bases bases = {.fs = context->fs_base,
                               .gs_kernel = context->gs_base_kernel,
                               .gs_user = context->gs_base_user};

    v->pv.cr0 = PV_CR0_DEFAULT | (context->ctrlreg[0] & X86_CR0_TS);
    v->pv.cr4 = PV_CR4_DEFAULT | (context->ctrlreg[4] & pv_cr4_bits(v->domain));
    v->pv.iopl = (context->user_regs.rflags & X86_FLAG_IOPL) >> 12;
    load_entry_points(v, context);
    load_debug_registers(v, context);
    machine_vcpu_set_bases(v, &bases);
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context)
{
    int rc = check_context(context);

    if (rc != 0) {
        return rc;
    }
    if (v->initialised) {
        rc = check_unchanged(v, context);
        if (rc == 0) {
            rc = check_mode(v, context);
        }
        if (rc == 0) {
            load_registers(v, context);
            load_entry_points(v, context);
        }
        return rc;
    }
    rc = pv_set_gdt(v, context->gdt_frames, (unsigned int)context->gdt_ents);
    if (rc != 0) {
        return rc;
    }
    rc = pv_set_ldt(v, context->ldt_base, (unsigned int)context->ldt_ents);
    if (rc == 0) {
        rc = take_roots(v, context);
    }
    if (rc == 0) {
        rc = check_mode(v, context);
    }
    if (rc != 0) {
        pv_drop_gdt(v);
        return rc;
    }
    load_registers(v, context);
    load_fixed(v, context);
    if (v->id == 0) {
        atomic_store(&v->domain->vm_assist, context->vm_assist);
    }
    v->initialised = true;
    return 0;
}

/* Context flags are the inverse of the fields above. */
static unsigned long context_flags(const struct vcpu *v)
{
    unsigned long flags = VGCF_i387_valid;

    if (v->pv.kernel_mode) {
        flags |= VGCF_in_kernel;
    }
    if (v->pv.failsafe.masks_events) {
        flags |= VGCF_failsafe_disables_events;
    }
    if (v->pv.syscall.masks_events) {
        flags |= VGCF_syscall_disables_events;
    }
    if ((atomic_load(&v->sched.pause_flags) & VCPU_DOWN) == 0) {
        flags |= VGCF_online;
    }
    return flags;
}

static void save_registers(struct vcpu *v, struct vcpu_guest_context *context)
{
    unsigned long flags;

    context->user_regs = v->regs;
    context->user_regs.error_code = 0;
    context->user_regs.entry_vector = 0;
    flags = v->regs.rflags & ~(X86_FLAG_IF | X86_FLAG_IOPL);
    if (v->vcpu_info->evtchn_upcall_mask == 0) {
        flags |= X86_FLAG_IF;
    }
    context->user_regs.rflags = flags | (unsigned long)v->pv.iopl << 12;
    machine_vcpu_get_fpu(v, &context->fpu_ctxt);
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *context)
{
    struct vcpu_bases bases;

    memset(context, 0, sizeof(*context));
    if (v != current_vcpu()) {
        machine_sync_vcpu(v);
    }
    context->flags = context_flags(v);
    save_registers(v, context);
    memcpy(context->trap_ctxt, v->pv.traps, sizeof(context->trap_ctxt));
    context->ldt_base = v->pv.ldt_base;
    context->ldt_ents = v->pv.ldt_entries;
    context->gdt_ents = v->pv.gdt_entries;
    for (unsigned int i = 0; i < (v->pv.gdt_entries + 511) / 512; i++) {
        context->gdt_frames[i] = v->pv.gdt_frames[i].number;
    }
    context->kernel_ss = v->pv.kernel_ss;
    context->kernel_sp = v->pv.kernel_sp;
    context->ctrlreg[0] = v->pv.cr0;
    context->ctrlreg[3] = xen_pfn_to_cr3(v->pv.kernel_root.number);
    if (!mfn_equal(v->pv.user_root, INVALID_MFN)) {
        context->ctrlreg[1] = xen_pfn_to_cr3(v->pv.user_root.number);
    }
    context->ctrlreg[4] = v->pv.cr4;
    for (unsigned int i = 0; i < 8; i++) {
        context->debugreg[i] = v->pv.dr[i];
    }
    context->event_callback_eip = v->pv.event.address;
    context->failsafe_callback_eip = v->pv.failsafe.address;
    context->syscall_callback_eip = v->pv.syscall.address;
    context->vm_assist = atomic_load(&v->domain->vm_assist);
    machine_vcpu_get_bases(v, &bases);
    context->fs_base = bases.fs;
    context->gs_base_kernel = bases.gs_kernel;
    context->gs_base_user = bases.gs_user;
}

int vcpu_reset(struct vcpu *v)
{
    int rc;

    /* Nobody may bring it up between two steps. */
    v->initialised = false;
    rc = mm_drop_roots(v);
    if (rc != 0) {
        return rc;
    }
    (void)pv_drop_ldt(v);
    v->pv.ldt_base = 0;
    v->pv.ldt_entries = 0;
    pv_drop_gdt(v);
    v->runstate_va = guest_va_make(0);
    v->time_va = guest_va_make(0);
    return 0;
}
