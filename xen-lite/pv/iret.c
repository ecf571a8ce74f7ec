// SPDX-License-Identifier: MIT
/*
 * __HYPERVISOR_iret: the guest kernel returns to what was interrupted, or to
 * its user mode. The only way into user mode. The frame is struct iret_context
 * at the guest's RSP (<xen/arch-x86/xen-x86_64.h>).
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pv.h"

/* What a guest may load: all but IF and IOPL, VM and the virtual-8086 bits. */
#define LOADABLE_FLAGS \
    (0x4dd5UL | X86_FLAG_DF | X86_FLAG_RF | X86_FLAG_AC | X86_FLAG_ID)

static void load_frame(struct vcpu *v, struct cpu_user_regs *regs,
                       const struct iret_context *frame)
{
    regs->rip = frame->rip;
    regs->cs = (uint16_t)selector_ring3((uint16_t)frame->cs);
    regs->rflags =
        (frame->rflags & LOADABLE_FLAGS) | X86_FLAG_IF | X86_FLAG_FIXED;
    regs->rsp = frame->rsp;
    regs->ss = (uint16_t)selector_ring3((uint16_t)frame->ss);
    regs->rax = frame->rax;
    if ((frame->flags & VGCF_in_syscall) == 0) {
        regs->entry_vector = 0;
        regs->r11 = frame->r11;
        regs->rcx = frame->rcx;
    } else {
        regs->entry_vector = VECTOR_SYSCALL;
    }
    if ((atomic_load(&v->domain->vm_assist) &
         (1UL << VMASST_TYPE_architectural_iopl)) != 0) {
        v->pv.iopl = (frame->rflags & X86_FLAG_IOPL) >> 12;
    }
    v->vcpu_info->evtchn_upcall_mask =
        (frame->rflags & X86_FLAG_IF) == 0 ? 1 : 0;
}

/* No result: every register comes from the frame. */
long hc_iret(struct vcpu *v, struct hypercall_args *args)
{
    struct cpu_user_regs *regs = vcpu_regs(v);
    struct iret_context frame;

    (void)args;
    if (read_guest(&frame, guest_va_make(regs->rsp)) != 0) {
        domain_crash(v->domain, "its iret frame cannot be read");
        return 0;
    }
    if ((frame.cs & 3) == 3) {
        if (mfn_equal(v->pv.user_root, INVALID_MFN)) {
            domain_crash(v->domain, "iret to user mode without a user table");
            return 0;
        }
        pv_toggle_mode(v);
    }
    load_frame(v, regs, &frame);
    v->pv.nmi_masked = false;
    return 0;
}
