/* SPDX-License-Identifier: MIT */
/* User mode: two page tables, system calls, faults and events from there. */
#include "user.h"
#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "pvbasic.h"
#include "start.h"
#include "string.h"
#include "vcpu.h"

#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_USER    4

#define FLAG_NT (1UL << 14)

#define UNMAPPED_VA 0x123456789000UL

static struct trap_frame in;

static const struct trap_frame *run(const uint8_t *routine, uint64_t rdi)
{
    user_frame_init(&in, user_address(routine));
    in.rdi = rdi;
    in.rax = 0x1234;
    return user_run(&in);
}

static void check_syscall_registers(const struct trap_frame *f)
{
    const uint64_t *sent = in.registers;
    const uint64_t *got = f->registers;
    unsigned int wrong = 0;
    unsigned int i;

    for (i = 0; i < 15; i++) {
        if (got[i] != sent[i] && &got[i] != &f->rcx && &got[i] != &f->r11) {
            wrong++;
        }
    }
    check_eq("user-syscall-registers", wrong, 0);
}

static void check_syscall(void)
{
    const struct trap_frame *f;
    unsigned int i;

    user_frame_init(&in, user_address(user_syscall));
    for (i = 0; i < 15; i++) {
        in.registers[i] = 0x100 + i;
    }
    f = user_run(&in);
    check_eq("user-syscall-vector", (int64_t)f->vector, VECTOR_SYSCALL);
    check_hex("user-syscall-rip", f->rip, user_address(user_syscall) + 2);
    check_hex("user-syscall-rcx", f->rcx, f->rip);
    check_hex("user-syscall-r11", f->r11, f->rflags);
    check_hex("user-syscall-cs", f->cs, FLAT_USER_CS);
    check_hex("user-syscall-ss", f->ss & 0xffff, FLAT_USER_SS);
    check_hex("user-syscall-rsp", f->rsp, USER_STACK_TOP);
    check_hex("user-syscall-rflags", f->rflags & ~0xd5UL, 0x202);
    check_eq("user-syscall-saved-mask", f->saved_upcall_mask, 0);
    check_eq("user-syscall-masks-events", events_masked(), 1);
    check_hex("user-trap-stack", this_vcpu()->user_frame_at,
              user_trap_stack_top() - TRAP_FRAME_BYTES);
    check_syscall_registers(f);
}

static void check_in_syscall(void)
{
    const struct trap_frame *f;

    user_frame_init(&in, user_address(user_syscall));
    in.rax = 0x55;
    f = user_run_in_syscall(&in);
    check_eq("iret-in-syscall-vector", (int64_t)f->vector, VECTOR_SYSCALL);
    check_hex("iret-in-syscall-rax", f->rax, 0x55);
    check_hex("iret-in-syscall-rsp", f->rsp, USER_STACK_TOP);
    check_hex("iret-in-syscall-cs", f->cs, FLAT_USER_CS);
}

static void check_fault_at(const char *name, const struct trap_frame *f,
                           uint64_t va, uint64_t error_code)
{
    check_eq(name, (int64_t)f->vector, 14);
    check_hex(name, f->error_code, error_code);
    check_hex(name, fault_last()->cr2, va);
}

static void check_page_faults(void)
{
    uint64_t *data = user_data_page();
    const struct trap_frame *f;

    data[3] = 0xabcdef;
    f = run(user_load, USER_DATA_VA + 24);
    check_hex("user-load", f->rax, 0xabcdef);
    (void)run(user_store, USER_DATA_VA + 32);
    check_hex("user-store", data[4], 0x1234);
    f = run(user_load, UNMAPPED_VA);
    check_fault_at("user-pf-read", f, UNMAPPED_VA, PF_USER);
    check_hex("user-pf-rip", f->rip, user_address(user_load));
    check_hex("user-pf-cs", f->cs, FLAT_USER_CS);
    f = run(user_store, USER_CODE_VA);
    check_fault_at("user-pf-write-readonly", f, USER_CODE_VA,
                   PF_USER | PF_WRITE | PF_PRESENT);
    f = run(user_load, (uint64_t)start_info);
    check_fault_at("user-pf-kernel-address", f, (uint64_t)start_info, PF_USER);
    f = run(user_load, HYPERVISOR_VIRT_END - 8);
    check_eq("user-pf-hypervisor", (int64_t)f->vector, 14);
    check_hex("user-pf-hypervisor-user", f->error_code & PF_USER, PF_USER);
    f = run(user_load, 0x8000000000000000UL);
    check_eq("user-gp-noncanonical", (int64_t)f->vector, 13);
}

static void check_vector(const char *name, const uint8_t *routine,
                         unsigned int vector, uint64_t error_code)
{
    const struct trap_frame *f = run(routine, 0);

    if (check_eq(name, (int64_t)f->vector, (int64_t)vector)) {
        check_hex(name, f->error_code, error_code);
    }
}

static void check_exceptions(void)
{
    check_vector("user-de", user_divide, 0, 0);
    check_vector("user-ud", user_ud2, 6, 0);
    check_vector("user-bp", user_int3, 3, 0);
    check_hex("user-bp-rip", this_vcpu()->user_frame.rip,
              user_address(user_int3) + 1);
    check_vector("user-int80", user_int80, 0x80, 0);
    check_hex("user-int80-rip", this_vcpu()->user_frame.rip,
              user_address(user_int80) + 2);
    check_vector("user-gp-cli", user_cli, 13, 0);
    check_vector("user-gp-hlt", user_hlt, 13, 0);
    check_vector("user-gp-in", user_in, 13, 0);
    check_eq("user-int81-no-gate", (int64_t)run(user_int81, 0)->vector, 13);
    check_either("user-int81-error",
                 (int64_t)this_vcpu()->user_frame.error_code, 0x81 * 8 + 2,
                 0x81 * 16 + 2);
}

/* A gate of DPL 0: Xen 4.17's direct path for int 0x80 does not look. */
static void check_gate_dpl(void)
{
    check_eq("gate-dpl-0", traps_set_vector(0x80, 4), 0);
    check_either("user-int80-dpl-0", (int64_t)run(user_int80, 0)->vector, 13,
                 0x80);
    check_eq("gate-dpl-3", traps_set_vector(0x80, 7), 0);
    check_vector("user-int80-dpl-3", user_int80, 0x80, 0);
}

static void check_sysenter(void)
{
    struct callback_register cb = {
        .type = CALLBACKTYPE_sysenter,
        .flags = CALLBACKF_mask_events,
        .address = (uint64_t)callback_sysenter,
    };

    if ((cpuid_native(1, 0).edx & (1U << 11)) == 0 ||
        hc_callback_op(CALLBACKOP_register, &cb) != 0) {
        check_skip("user-sysenter", "no such callback on this CPU");
        return;
    }
    check_eq("user-sysenter", (int64_t)run(user_sysenter, 0)->vector,
             VECTOR_SYSENTER);
    check_hex("user-sysenter-cs-user", this_vcpu()->user_frame.cs & 3, 3);
    /* It leaves NT as it is, which no IRETQ of the hypervisor may meet. */
    user_frame_init(&in, user_address(user_sysenter));
    in.rflags |= FLAG_NT;
    check_eq("user-sysenter-nt", (int64_t)user_run(&in)->vector,
             VECTOR_SYSENTER);
}

static void check_segments(void)
{
    uint64_t *data = user_data_page();
    const struct trap_frame *f;

    data[0] = 0x1111;
    data[1] = 0x2222;
    check_eq("user-set-fs", hc_set_segment_base(SEGBASE_FS, USER_DATA_VA), 0);
    check_eq("user-set-gs",
             hc_set_segment_base(SEGBASE_GS_USER, USER_DATA_VA + 8), 0);
    f = run(user_fs_load, 0);
    check_hex("user-fs", f->rax, 0x1111);
    f = run(user_gs_load, 0);
    check_hex("user-gs", f->rax, 0x2222);
    check_hex("kernel-gs-after-user", (uint64_t)this_vcpu()->self,
              (uint64_t)vcpu_area(0));
    check_hex("kernel-gs-user-read", rdmsr_fixup(0xc0000102), USER_DATA_VA + 8);
    check_eq("user-gs-selector",
             hc_set_segment_base(SEGBASE_GS_USER_SEL, FLAT_USER_DS), 0);
    check_hex("user-gs-selector-base", rdmsr_fixup(0xc0000102), 0);
    hc_set_segment_base(SEGBASE_GS_USER_SEL, 0);
    hc_set_segment_base(SEGBASE_FS, 0);
}

static void check_fpu(void)
{
    hc_fpu_taskswitch(1);
    check_vector("user-nm", user_fpu, 7, 0);
    hc_fpu_taskswitch(0);
    check_eq("user-fpu", (int64_t)run(user_fpu, 0)->vector, VECTOR_SYSCALL);
}

static void release_user(evtchn_port_t port)
{
    uint64_t *data = user_data_page();

    (void)port;
    data[0] = 1;
}

static struct trap_frame event_frame;

static void record_event(struct trap_frame *frame)
{
    event_frame = *frame;
    evtchn_upcall();
}

/* A timer event arrives while user mode spins, and lets it go on. */
static void check_event(void)
{
    uint64_t *data = user_data_page();
    const struct trap_frame *f;
    evtchn_port_t port;

    evtchn_bind_virq(VIRQ_TIMER, 0, &port);
    evtchn_set_handler(port, release_user);
    evtchn_unmask(port);
    trap_set_handler(VECTOR_EVENT, record_event);
    data[0] = 0;
    clock_set_timer(clock_ns() + 3000000);
    f = run(user_spin, USER_DATA_VA);
    trap_set_handler(VECTOR_EVENT, NULL);
    check_eq("user-event-went-on", (int64_t)f->vector, VECTOR_SYSCALL);
    check_hex("user-event-cs", event_frame.cs, FLAT_USER_CS);
    check_hex("user-event-rsp", event_frame.rsp, USER_STACK_TOP);
    check_eq("user-event-saved-mask", event_frame.saved_upcall_mask, 0);
    check_true("user-event-rip", event_frame.rip - user_address(user_spin) < 16,
               event_frame.rip);
    evtchn_close(port);
}

static void check_tables(void)
{
    check_eq("user-init", user_init(), 0);
    check_eq("user-root-pin-again", mm_ext(MMUEXT_PIN_L4_TABLE, user_root()),
             -XEN_EINVAL);
}

void pvbasic_user(void)
{
    check_tables();
    check_syscall();
    check_in_syscall();
    check_page_faults();
    check_exceptions();
    check_gate_dpl();
    check_sysenter();
    check_segments();
    check_fpu();
    check_event();
    check_hex("user-mode-left-cr3", read_cr3(),
              mm_va_to_mfn(mm_root()) << PAGE_SHIFT);
    events_disable();
}
