// SPDX-License-Identifier: MIT
/* Frames on the guest kernel's stack, and iret back. */
#include "pv_world.h"

#include <string.h>

#include "hypercall.h"

#define USER_RIP 0x400000UL
#define USER_RSP 0x7fff0000UL

static struct vcpu *v(void)
{
    return pv_world.v;
}

static struct cpu_user_regs *regs(void)
{
    return pv_world.regs;
}

static void enter_user(void)
{
    pv_toggle_mode(v());
    regs()->rip = USER_RIP;
    regs()->rsp = USER_RSP;
    regs()->cs = 0x33;
    regs()->ss = 0x2b;
}

static bool crashed(void)
{
    return atomic_load(&pv_world.d->shutting_down) ||
           atomic_load(&pv_world.d->shut_down);
}

static void kernel_exception_frame_has_all_words(void **state)
{
    unsigned long handler = pv_handler(VECTOR_GP, 4);
    unsigned long rsp = PV_STACK_TOP - 0x18;

    (void)state;
    v()->vcpu_info->evtchn_upcall_mask = 0;
    regs()->rsp = rsp;
    regs()->rcx = 0x1111;
    regs()->r11 = 0x2222;
    regs()->rflags = X86_FLAG_IF | X86_FLAG_FIXED;
    pv_inject(v(), regs(), VECTOR_GP, 0x48);
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(regs()->rsp, (rsp & ~0xfUL) - 8 * 8);
    assert_int_equal(pv_stack_word(0), 0x1111);
    assert_int_equal(pv_stack_word(1), 0x2222);
    assert_int_equal(pv_stack_word(2), 0x48);
    assert_int_equal(pv_stack_word(3), PV_CODE_VA);
    /* Ring 0 says "kernel"; the mask of before is in the upper half. */
    assert_int_equal(pv_stack_word(4), 0xe030);
    assert_int_equal(pv_stack_word(5), X86_FLAG_IF | X86_FLAG_FIXED);
    assert_int_equal(pv_stack_word(6), rsp);
    assert_int_equal(pv_stack_word(7), GUEST_SELECTOR_DS);
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 1);
    assert_int_equal(regs()->cs, GUEST_SELECTOR_CS64);
    assert_int_equal(regs()->ss, GUEST_SELECTOR_DS);
}

static void vectors_without_error_code_push_none(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_UD, 0);
    regs()->rcx = 7;
    pv_inject(v(), regs(), VECTOR_UD, 0);
    assert_int_equal(pv_stack_word(0), 7);
    assert_int_equal(pv_stack_word(2), PV_CODE_VA);
    assert_int_equal(regs()->rsp % 16, (PV_STACK_TOP - 7 * 8) % 16);
}

static void flags_without_mask_bit_leave_the_mask(void **state)
{
    (void)state;
    v()->vcpu_info->evtchn_upcall_mask = 0;
    (void)pv_handler(VECTOR_BP, 3);
    pv_inject(v(), regs(), VECTOR_BP, 0);
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 0);
}

static void masked_events_show_as_interrupts_off(void **state)
{
    (void)state;
    v()->vcpu_info->evtchn_upcall_mask = 1;
    regs()->rflags = X86_FLAG_IF | X86_FLAG_FIXED;
    (void)pv_handler(VECTOR_UD, 0);
    pv_inject(v(), regs(), VECTOR_UD, 0);
    assert_int_equal(pv_stack_word(3), 0xe030 | 1UL << 32);
    assert_int_equal(pv_stack_word(4), X86_FLAG_FIXED);
}

static void user_exception_takes_kernel_stack_and_table(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_GP, 4);
    enter_user();
    assert_true(mfn_equal(v()->machine->root, pv_world.user_root));
    pv_inject(v(), regs(), VECTOR_GP, 0);
    assert_true(v()->pv.kernel_mode);
    assert_true(mfn_equal(v()->machine->root, pv_world.kernel_root));
    assert_int_equal(regs()->rsp, PV_STACK_TOP - 8 * 8);
    assert_int_equal(pv_stack_word(3), USER_RIP);
    assert_int_equal(pv_stack_word(4) & 0xffff, 0x33);
    assert_int_equal(pv_stack_word(6), USER_RSP);
    assert_int_equal(pv_stack_word(7), 0x2b);
}

static void trap_clears_dangerous_flags(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_DB, 0);
    regs()->rflags = X86_FLAG_TF | X86_FLAG_NT | X86_FLAG_RF | X86_FLAG_AC |
                     X86_FLAG_IF | X86_FLAG_FIXED;
    pv_inject(v(), regs(), VECTOR_DB, 0);
    assert_int_equal(regs()->rflags & (X86_FLAG_TF | X86_FLAG_NT | X86_FLAG_RF |
                                       X86_FLAG_AC),
                     0);
    assert_int_not_equal(regs()->rflags & X86_FLAG_IF, 0);
}

static void page_fault_reports_address_and_mode(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_PF, 4);
    pv_inject_page_fault(v(), regs(), 0xdead000, PF_USER | PF_WRITE);
    assert_int_equal(v()->vcpu_info->arch.cr2, 0xdead000);
    assert_int_equal(pv_stack_word(2), PF_WRITE);
    enter_user();
    pv_inject_page_fault(v(), regs(), 0xbeef000, PF_PRESENT);
    assert_int_equal(pv_stack_word(2), PF_PRESENT | PF_USER);
}

static void missing_handler_crashes_the_domain(void **state)
{
    (void)state;
    pv_inject(v(), regs(), VECTOR_GP, 0);
    assert_true(crashed());
    assert_int_equal(pv_world.d->shutdown_code, SHUTDOWN_crash);
}

static void unmapped_stack_crashes_the_domain(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_GP, 0);
    regs()->rsp = PV_HOLE_VA;
    pv_inject(v(), regs(), VECTOR_GP, 0);
    assert_true(crashed());
}

/* XSA-7 and its kin: a stack inside the hypervisor must never be written. */
static void hypervisor_stack_crashes_the_domain(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_GP, 0);
    regs()->rsp = 0xffff820000001000UL;
    pv_inject(v(), regs(), VECTOR_GP, 0);
    assert_true(crashed());
}

static void read_only_stack_crashes_the_domain(void **state)
{
    (void)state;
    (void)pv_handler(VECTOR_GP, 0);
    regs()->rsp = PV_GDT_VA + PAGE_BYTES;
    pv_inject(v(), regs(), VECTOR_GP, 0);
    assert_true(crashed());
}

static void user_syscall_goes_to_its_callback(void **state)
{
    (void)state;
    v()->pv.syscall = (struct pv_callback){0xffffffff81234000UL, true};
    enter_user();
    regs()->rflags = X86_FLAG_DF | X86_FLAG_IF | X86_FLAG_FIXED;
    pv_bounce_syscall(v(), regs(), false);
    assert_int_equal(regs()->rip, 0xffffffff81234000UL);
    assert_int_equal(regs()->rflags & X86_FLAG_DF, 0);
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 1);
    assert_int_equal(pv_stack_word(2), USER_RIP);
}

static void syscall_without_callback_is_undefined(void **state)
{
    unsigned long handler = pv_handler(VECTOR_UD, 0);

    (void)state;
    enter_user();
    regs()->rip = USER_RIP + 2;
    pv_bounce_syscall(v(), regs(), true);
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(pv_stack_word(2), USER_RIP);
}

static void sysenter_without_callback_is_gp(void **state)
{
    unsigned long handler = pv_handler(VECTOR_GP, 0);

    (void)state;
    enter_user();
    pv_bounce_sysenter(v(), regs());
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(pv_stack_word(2), 0);
}

static void failsafe_frame_carries_segments(void **state)
{
    const uint16_t segments[4] = {0x23, 0x2b, 0x63, 0x6b};

    (void)state;
    v()->pv.failsafe = (struct pv_callback){0xffffffff81230000UL, true};
    regs()->rcx = 1;
    regs()->r11 = 2;
    pv_bounce_failsafe(v(), regs(), segments);
    assert_int_equal(pv_stack_word(0), 1);
    assert_int_equal(pv_stack_word(1), 2);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(pv_stack_word(2 + i), segments[i]);
    }
    assert_int_equal(pv_stack_word(6), PV_CODE_VA);
}

static void failsafe_without_callback_crashes(void **state)
{
    const uint16_t segments[4] = {0};

    (void)state;
    pv_bounce_failsafe(v(), regs(), segments);
    assert_true(crashed());
}

static void upcall_is_due_only_when_pending_and_unmasked(void **state)
{
    (void)state;
    v()->vcpu_info->evtchn_upcall_pending = 1;
    v()->vcpu_info->evtchn_upcall_mask = 1;
    assert_false(pv_delivery_due(v()));
    v()->vcpu_info->evtchn_upcall_mask = 0;
    assert_true(pv_delivery_due(v()));
    v()->pv.event = (struct pv_callback){0xffffffff81111000UL, true};
    pv_deliver(v(), regs());
    assert_int_equal(regs()->rip, 0xffffffff81111000UL);
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 1);
    assert_false(pv_delivery_due(v()));
}

static void nmi_comes_first_and_once_until_iret(void **state)
{
    unsigned long handler = pv_handler(VECTOR_NMI, 4);

    (void)state;
    v()->pv.nmi_pending = true;
    v()->vcpu_info->evtchn_upcall_pending = 1;
    v()->vcpu_info->evtchn_upcall_mask = 0;
    pv_deliver(v(), regs());
    assert_int_equal(regs()->rip, handler);
    v()->pv.nmi_pending = true;
    assert_false(pv_delivery_due(v()));
}

/* -- iret ------------------------------------------------------------------ */

static void put_iret_frame(const struct iret_context *frame)
{
    regs()->rsp = PV_STACK_TOP - sizeof(*frame);
    memcpy((char *)pv_page(pv_world.stack) + PAGE_BYTES - sizeof(*frame), frame,
           sizeof(*frame));
}

static void do_iret(void)
{
    struct hypercall_args args = {{0}};

    (void)hc_iret(v(), &args);
}

static void iret_to_kernel_restores_everything(void **state)
{
    const struct iret_context frame = {.rax = 1,
                                       .r11 = 2,
                                       .rcx = 3,
                                       .rip = PV_CODE_VA + 8,
                                       .cs = 0xe030,
                                       .rflags = X86_FLAG_IF,
                                       .rsp = PV_STACK_VA + 0x100,
                                       .ss = 0xe028};

    (void)state;
    put_iret_frame(&frame);
    v()->vcpu_info->evtchn_upcall_mask = 1;
    do_iret();
    assert_true(v()->pv.kernel_mode);
    assert_int_equal(regs()->rax, 1);
    assert_int_equal(regs()->r11, 2);
    assert_int_equal(regs()->rcx, 3);
    assert_int_equal(regs()->rip, PV_CODE_VA + 8);
    assert_int_equal(regs()->cs, 0xe033);
    assert_int_equal(regs()->ss, 0xe02b);
    assert_int_equal(regs()->rsp, PV_STACK_VA + 0x100);
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 0);
}

static void iret_to_user_switches_table(void **state)
{
    const struct iret_context frame = {
        .rip = USER_RIP, .cs = 0x33, .rsp = USER_RSP, .ss = 0x2b};

    (void)state;
    put_iret_frame(&frame);
    do_iret();
    assert_false(v()->pv.kernel_mode);
    assert_true(mfn_equal(v()->machine->root, pv_world.user_root));
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 1);
    /* Real interrupts stay on whatever the guest says. */
    assert_int_not_equal(regs()->rflags & X86_FLAG_IF, 0);
}

static void iret_cannot_raise_iopl_or_vm(void **state)
{
    const struct iret_context frame = {.rip = PV_CODE_VA,
                                       .cs = 0xe030,
                                       .rflags = ~0UL,
                                       .rsp = PV_STACK_TOP,
                                       .ss = 0xe028};

    (void)state;
    put_iret_frame(&frame);
    do_iret();
    assert_int_equal(regs()->rflags & (X86_FLAG_IOPL | X86_FLAG_VM), 0);
    assert_int_equal(regs()->rflags >> 22, 0);
    assert_int_equal(v()->pv.iopl, 0);
}

/* Frames have the virtual IOPL then, and it comes back with them. */
static void iret_loads_iopl_by_assist(void **state)
{
    const struct iret_context frame = {.rip = PV_CODE_VA,
                                       .cs = 0xe030,
                                       .rflags = 2UL << 12,
                                       .rsp = PV_STACK_TOP,
                                       .ss = 0xe028};

    (void)state;
    atomic_store(&pv_world.d->vm_assist, 1UL << VMASST_TYPE_architectural_iopl);
    put_iret_frame(&frame);
    do_iret();
    assert_int_equal(regs()->rflags & X86_FLAG_IOPL, 0);
    assert_int_equal(v()->pv.iopl, 2);
}

static void iret_in_syscall_keeps_rcx_and_r11(void **state)
{
    const struct iret_context frame = {.r11 = 2,
                                       .rcx = 3,
                                       .flags = VGCF_in_syscall,
                                       .rip = USER_RIP,
                                       .cs = 0x33,
                                       .rsp = USER_RSP,
                                       .ss = 0x2b};

    (void)state;
    put_iret_frame(&frame);
    regs()->rcx = 77;
    do_iret();
    assert_int_equal(regs()->rcx, 77);
}

static void iret_to_user_without_table_crashes(void **state)
{
    const struct iret_context frame = {.rip = USER_RIP, .cs = 0x33};

    (void)state;
    put_iret_frame(&frame);
    v()->pv.user_root = INVALID_MFN;
    do_iret();
    assert_true(crashed());
    v()->pv.user_root = pv_world.user_root;
}

static void iret_from_unmapped_stack_crashes(void **state)
{
    (void)state;
    regs()->rsp = PV_HOLE_VA;
    do_iret();
    assert_true(crashed());
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, pv_world_setup, pv_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(kernel_exception_frame_has_all_words),
        CASE(vectors_without_error_code_push_none),
        CASE(flags_without_mask_bit_leave_the_mask),
        CASE(masked_events_show_as_interrupts_off),
        CASE(user_exception_takes_kernel_stack_and_table),
        CASE(trap_clears_dangerous_flags),
        CASE(page_fault_reports_address_and_mode),
        CASE(missing_handler_crashes_the_domain),
        CASE(unmapped_stack_crashes_the_domain),
        CASE(hypervisor_stack_crashes_the_domain),
        CASE(read_only_stack_crashes_the_domain),
        CASE(user_syscall_goes_to_its_callback),
        CASE(syscall_without_callback_is_undefined),
        CASE(sysenter_without_callback_is_gp),
        CASE(failsafe_frame_carries_segments),
        CASE(failsafe_without_callback_crashes),
        CASE(upcall_is_due_only_when_pending_and_unmasked),
        CASE(nmi_comes_first_and_once_until_iret),
        CASE(iret_to_kernel_restores_everything),
        CASE(iret_to_user_switches_table),
        CASE(iret_cannot_raise_iopl_or_vm),
        CASE(iret_loads_iopl_by_assist),
        CASE(iret_in_syscall_keeps_rcx_and_r11),
        CASE(iret_to_user_without_table_crashes),
        CASE(iret_from_unmapped_stack_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
