// SPDX-License-Identifier: MIT
/*
 * Frames on the guest kernel's stack: how exceptions, events and user system
 * calls reach a PV kernel. From low to high address a frame holds
 *   rcx, r11, [error code], rip, cs | saved upcall mask << 32, rflags, rsp, ss
 * (<xen/arch-x86/xen-x86_64.h>); failsafe frames have ds, es, fs, gs after r11.
 * The kernel starts with flat selectors, and with rcx and r11 free to clobber,
 * so that the exit path may leave by SYSRET.
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "perf.h"
#include "printk.h"
#include "pv.h"
#include "trace.h"

#define FRAME_WORDS_MAX 12U
#define STACK_ALIGN     16UL

struct frame {
    uint64_t word[FRAME_WORDS_MAX];
    unsigned int count;
};

static void frame_push(struct frame *frame, uint64_t word)
{
    frame->word[frame->count++] = word;
}

void pv_toggle_mode(struct vcpu *v)
{
    v->pv.kernel_mode = !v->pv.kernel_mode;
    machine_swap_gs();
    machine_load_root(v);
}

/* RFLAGS as the guest is to see them: IF is its upcall mask. */
static unsigned long frame_flags(const struct vcpu *v,
                                 const struct cpu_user_regs *regs)
{
    unsigned long flags = regs->rflags & ~(X86_FLAG_IF | X86_FLAG_IOPL);

    if (v->vcpu_info->evtchn_upcall_mask == 0) {
        flags |= X86_FLAG_IF;
    }
    if ((v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl)) != 0) {
        flags |= (unsigned long)v->pv.iopl << 12;
    }
    return flags;
}

static void frame_push_return(struct frame *frame, const struct vcpu *v,
                              const struct cpu_user_regs *regs, bool from_user)
{
    uint64_t cs = regs->cs;

    if (!from_user) {
        cs &= ~3ULL; /* the frame says ring 0 for the kernel */
    }
    frame_push(frame, regs->rip);
    frame_push(frame, cs | (uint64_t)v->vcpu_info->evtchn_upcall_mask << 32);
    frame_push(frame, frame_flags(v, regs));
    frame_push(frame, regs->rsp);
    frame_push(frame, regs->ss);
}

/*
 * Enter the guest kernel at @handler with @frame, whose return part is built
 * from @regs here. false: the domain has been crashed.
 */
static bool enter_kernel(struct vcpu *v, struct cpu_user_regs *regs,
                         struct frame *frame, unsigned long handler,
                         bool mask_events)
{
    bool from_user = !v->pv.kernel_mode;
    unsigned long sp = from_user ? v->pv.kernel_sp : regs->rsp;

    frame_push_return(frame, v, regs, from_user);
    if (from_user) {
        pv_toggle_mode(v);
    }
    sp = (sp & ~(STACK_ALIGN - 1)) - frame->count * sizeof(uint64_t);
    if (copy_to_guest(guest_va_make(sp), frame->word,
                      frame->count * sizeof(uint64_t)) != 0) {
        domain_crash(v->domain, "its kernel stack cannot take a frame");
        return false;
    }
    if (mask_events) {
        v->vcpu_info->evtchn_upcall_mask = 1;
    }
    regs->rip = handler;
    regs->cs = GUEST_SELECTOR_CS64;
    regs->rsp = sp;
    regs->ss = GUEST_SELECTOR_DS;
    regs->rflags &=
        ~(X86_FLAG_TF | X86_FLAG_NT | X86_FLAG_RF | X86_FLAG_VM | X86_FLAG_AC);
    regs->entry_vector = VECTOR_SYSCALL;
    return true;
}

static bool vector_has_error_code(unsigned int vector)
{
    return vector == VECTOR_DF ||
           (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

void pv_inject(struct vcpu *v, struct cpu_user_regs *regs, unsigned int vector,
               uint32_t error_code)
{
    const struct trap_info *trap = &v->pv.traps[vector];
    struct frame frame = {.word = {regs->rcx, regs->r11}, .count = 2};

    if (trap->address == 0) {
        printk(LOG_GUEST | LOG_ERROR,
               "d%uv%u: exception %u (error 0x%x) at rip 0x%lx: no handler\n",
               v->domain->domid, v->id, vector, error_code,
               (unsigned long)regs->rip);
        domain_crash(v->domain, "an exception has no handler");
        return;
    }
    perf_count(PERF_EXCEPTIONS);
    TRACE(TRC_PV_TRAP | TRC_64_FLAG, TRACE_LOW(regs->rip),
          TRACE_HIGH(regs->rip),
          vector | (vector_has_error_code(vector) ? 1U << 15 : 0U) |
              error_code << 16);
    if (vector_has_error_code(vector)) {
        frame_push(&frame, error_code);
    }
    (void)enter_kernel(v, regs, &frame, trap->address, TI_GET_IF(trap) != 0);
}

void pv_inject_page_fault(struct vcpu *v, struct cpu_user_regs *regs,
                          unsigned long va, uint32_t error_code)
{
    perf_count(PERF_PAGE_FAULTS);
    TRACE(TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRACE_LOW(regs->rip),
          TRACE_HIGH(regs->rip), TRACE_LOW(va), TRACE_HIGH(va), error_code);
    error_code &= ~PF_USER;
    if (!v->pv.kernel_mode) {
        error_code |= PF_USER;
    }
    v->vcpu_info->arch.cr2 = va;
    pv_inject(v, regs, VECTOR_PF, error_code);
}

static void bounce_callback(struct vcpu *v, struct cpu_user_regs *regs,
                            const struct pv_callback *callback)
{
    struct frame frame = {.word = {regs->rcx, regs->r11}, .count = 2};

    (void)enter_kernel(v, regs, &frame, callback->address,
                       callback->masks_events);
}

void pv_bounce_syscall(struct vcpu *v, struct cpu_user_regs *regs, bool from32)
{
    const struct pv_callback *callback =
        from32 ? &v->pv.syscall32 : &v->pv.syscall;

    if (callback->address == 0) {
        regs->rip -= 2; /* SYSCALL itself faults */
        pv_inject(v, regs, VECTOR_UD, 0);
        return;
    }
    perf_count(PERF_SYSCALL_BOUNCES);
    bounce_callback(v, regs, callback);
    regs->rflags &= ~X86_FLAG_DF;
}

void pv_bounce_sysenter(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (v->pv.sysenter.address == 0) {
        pv_inject(v, regs, VECTOR_GP, 0);
        return;
    }
    bounce_callback(v, regs, &v->pv.sysenter);
}

void pv_bounce_failsafe(struct vcpu *v, struct cpu_user_regs *regs,
                        const uint16_t segments[4])
{
    struct frame frame = {.word = {regs->rcx, regs->r11, segments[0],
                                   segments[1], segments[2], segments[3]},
                          .count = 6};

    if (v->pv.failsafe.address == 0) {
        domain_crash(v->domain, "a segment fault has no failsafe callback");
        return;
    }
    (void)enter_kernel(v, regs, &frame, v->pv.failsafe.address,
                       v->pv.failsafe.masks_events);
}

static bool nmi_due(const struct vcpu *v)
{
    return v->pv.nmi_pending && !v->pv.nmi_masked;
}

bool pv_delivery_due(const struct vcpu *v)
{
    return nmi_due(v) || vcpu_upcall_pending(v);
}

static void deliver_nmi(struct vcpu *v, struct cpu_user_regs *regs)
{
    v->pv.nmi_pending = false;
    if (v->pv.traps[VECTOR_NMI].address == 0) {
        return;
    }
    v->pv.nmi_masked = true;
    pv_inject(v, regs, VECTOR_NMI, 0);
}

void pv_deliver(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (nmi_due(v)) {
        deliver_nmi(v, regs);
        return;
    }
    if (!vcpu_upcall_pending(v)) {
        return;
    }
    if (v->pv.event.address == 0) {
        domain_crash(v->domain, "an event is due and there is no callback");
        return;
    }
    perf_count(PERF_UPCALLS);
    bounce_callback(v, regs, &v->pv.event);
}
