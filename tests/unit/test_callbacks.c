/* SPDX-License-Identifier: MIT */
/*
 * What a PV kernel tells about itself: handlers, stacks, callbacks, segment
 * bases, assists, debug registers (pv/callbacks.c, segments.c, debugreg.c);
 * and the faults it then gets (pv/traps.c).
 */
#include "pv_world.h"

#include <string.h>

#include <xen/callback.h>
#include <xen/nmi.h>

#include "hypercall.h"

#define NON_CANONICAL 0x1000000000000000UL
#define HANDLER       0xffffffff81000000UL

static struct vcpu *v;

static int setup(void **state)
{
    int rc = pv_world_setup(state);

    v = pv_world.v;
    return rc;
}

/* A handler called with up to three arguments. */
static long call(hypercall_fn_t *handler, unsigned long a0, unsigned long a1,
                 unsigned long a2)
{
    struct hypercall_args args = {{a0, a1, a2, 0, 0, 0}};

    return handler(v, &args);
}

/* The guest's data page holds @object from its start. */
static unsigned long put_data(const void *object, size_t bytes)
{
    memcpy(pv_page(pv_world.data), object, bytes);
    return PV_DATA_VA;
}

/* -- trap table ------------------------------------------------------------ */

static void trap_table_is_taken_up_to_its_end(void **state)
{
    const struct trap_info table[] = {
        {.vector = 14, .flags = 4, .cs = 0x10, .address = HANDLER},
        {.vector = 128, .flags = 7, .cs = 0x33, .address = HANDLER + 16},
        {.vector = 0},
        {.vector = 3, .address = HANDLER},
    };

    (void)state;
    assert_int_equal(
        call(hc_set_trap_table, put_data(table, sizeof(table)), 0, 0), 0);
    assert_true(v->pv.traps[14].address == HANDLER);
    assert_int_equal(v->pv.traps[14].cs, 0x13);
    assert_int_equal(v->pv.traps[14].flags, 4);
    assert_true(v->pv.traps[128].address == HANDLER + 16);
    assert_int_equal(v->pv.traps[3].address, 0);
}

static void no_trap_table_clears_all_handlers(void **state)
{
    (void)state;
    (void)pv_handler(13, 0);
    assert_int_equal(call(hc_set_trap_table, 0, 0, 0), 0);
    assert_int_equal(v->pv.traps[13].address, 0);
}

static void bad_trap_tables_are_refused(void **state)
{
    const struct trap_info table[] = {
        {.vector = 1, .address = NON_CANONICAL},
    };
    struct trap_info endless[PAGE_BYTES / sizeof(struct trap_info)];

    (void)state;
    assert_int_equal(
        call(hc_set_trap_table, put_data(table, sizeof(table)), 0, 0),
        -XEN_EINVAL);
    assert_int_equal(call(hc_set_trap_table, PV_HOLE_VA, 0, 0), -XEN_EFAULT);
    for (unsigned int i = 0; i < ARRAY_COUNT(endless); i++) {
        endless[i] = (struct trap_info){.vector = 200, .address = HANDLER + i};
    }
    (void)put_data(endless, sizeof(endless));
    memcpy(pv_page(pv_world.gdt), endless, sizeof(endless));
    assert_int_equal(call(hc_set_trap_table, PV_DATA_VA, 0, 0), -XEN_EFAULT);
}

static void trap_table_goes_on_where_it_stopped(void **state)
{
    const struct trap_info table[] = {
        {.vector = 1, .address = HANDLER + 1},
        {.vector = 2, .address = HANDLER + 2},
        {.vector = 3, .address = HANDLER + 3},
        {.vector = 0},
    };
    struct hypercall_args args = {
        {put_data(table, sizeof(table)), 0, 0, 0, 0, 0}};
    unsigned int continued = 0;
    long rc;

    (void)state;
    fake_preempt_every(1);
    while ((rc = hc_set_trap_table(v, &args)) == -XEN_ERESTART) {
        fake_clear_softirqs();
        continued++;
    }
    fake_preempt_every(0);
    assert_int_equal(rc, 0);
    assert_int_equal(continued, 3);
    for (unsigned int i = 1; i <= 3; i++) {
        assert_true(v->pv.traps[i].address == HANDLER + i);
    }
}

/* -- callbacks ------------------------------------------------------------- */

static long do_register(uint16_t type, uint16_t flags, unsigned long address)
{
    struct callback_register reg = {
        .type = type, .flags = flags, .address = address};

    return call(hc_callback_op, CALLBACKOP_register,
                put_data(&reg, sizeof(reg)), 0);
}

static void each_callback_has_its_place(void **state)
{
    static const struct {
        uint16_t type;
        size_t offset;
    } places[] = {
        {CALLBACKTYPE_event, offsetof(struct vcpu, pv.event)},
        {CALLBACKTYPE_failsafe, offsetof(struct vcpu, pv.failsafe)},
        {CALLBACKTYPE_syscall, offsetof(struct vcpu, pv.syscall)},
        {CALLBACKTYPE_syscall32, offsetof(struct vcpu, pv.syscall32)},
        {CALLBACKTYPE_sysenter, offsetof(struct vcpu, pv.sysenter)},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(places); i++) {
        const struct pv_callback *callback =
            (const void *)((const char *)v + places[i].offset);

        assert_int_equal(do_register(places[i].type, 0, HANDLER + i), 0);
        assert_true(callback->address == HANDLER + i);
        assert_int_equal(callback->masks_events,
                         places[i].type == CALLBACKTYPE_event);
        assert_int_equal(
            do_register(places[i].type, CALLBACKF_mask_events, HANDLER), 0);
        assert_true(callback->masks_events);
    }
}

static void nmi_callback_is_a_trap_handler(void **state)
{
    struct callback_unregister unreg = {.type = CALLBACKTYPE_nmi};

    (void)state;
    assert_int_equal(do_register(CALLBACKTYPE_nmi, 0, HANDLER), 0);
    assert_true(v->pv.traps[2].address == HANDLER);
    assert_int_equal(v->pv.traps[2].flags & 4, 4);
    assert_int_equal(call(hc_callback_op, CALLBACKOP_unregister,
                          put_data(&unreg, sizeof(unreg)), 0),
                     0);
    assert_int_equal(v->pv.traps[2].address, 0);
}

static void nmi_op_sets_the_same_handler(void **state)
{
    struct xennmi_callback callback = {.handler_address = HANDLER};

    (void)state;
    assert_int_equal(call(hc_nmi_op, XENNMI_register_callback,
                          put_data(&callback, sizeof(callback)), 0),
                     0);
    assert_true(v->pv.traps[2].address == HANDLER);
    assert_int_equal(v->pv.traps[2].flags & 4, 4);
    callback.handler_address = NON_CANONICAL;
    assert_int_equal(call(hc_nmi_op, XENNMI_register_callback,
                          put_data(&callback, sizeof(callback)), 0),
                     -XEN_EINVAL);
    assert_int_equal(call(hc_nmi_op, XENNMI_register_callback, 16, 0),
                     -XEN_EFAULT);
    assert_true(v->pv.traps[2].address == HANDLER);
    assert_int_equal(call(hc_nmi_op, XENNMI_unregister_callback, 0, 0), 0);
    assert_int_equal(v->pv.traps[2].address, 0);
    assert_int_equal(call(hc_nmi_op, 2, 0, 0), -XEN_ENOSYS);
}

static void bad_callbacks_are_refused(void **state)
{
    struct callback_unregister unreg = {.type = CALLBACKTYPE_event};

    (void)state;
    assert_int_equal(do_register(CALLBACKTYPE_event, 0, NON_CANONICAL),
                     -XEN_EINVAL);
    assert_int_equal(do_register(CALLBACKTYPE_nmi, 0, NON_CANONICAL),
                     -XEN_EINVAL);
    assert_int_equal(do_register(3, 0, HANDLER), -XEN_ENOSYS);
    assert_int_equal(do_register(99, 0, HANDLER), -XEN_ENOSYS);
    assert_int_equal(call(hc_callback_op, 7, PV_DATA_VA, 0), -XEN_ENOSYS);
    assert_int_equal(call(hc_callback_op, CALLBACKOP_register, PV_HOLE_VA, 0),
                     -XEN_EFAULT);
    assert_int_equal(call(hc_callback_op, CALLBACKOP_unregister, PV_HOLE_VA, 0),
                     -XEN_EFAULT);
    assert_int_equal(call(hc_callback_op, CALLBACKOP_unregister,
                          put_data(&unreg, sizeof(unreg)), 0),
                     -XEN_EINVAL);
    unreg.type = 99;
    assert_int_equal(call(hc_callback_op, CALLBACKOP_unregister,
                          put_data(&unreg, sizeof(unreg)), 0),
                     -XEN_ENOSYS);
}

static void old_form_sets_three_callbacks(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_callbacks, HANDLER, HANDLER + 1, HANDLER + 2),
                     0);
    assert_true(v->pv.event.address == HANDLER);
    assert_true(v->pv.event.masks_events);
    assert_true(v->pv.failsafe.address == HANDLER + 1);
    assert_true(v->pv.syscall.address == HANDLER + 2);
    assert_int_equal(call(hc_set_callbacks, HANDLER, NON_CANONICAL, HANDLER),
                     -XEN_EINVAL);
    assert_int_equal(call(hc_set_callbacks, HANDLER, HANDLER, NON_CANONICAL),
                     -XEN_EINVAL);
    assert_true(v->pv.failsafe.address == HANDLER + 1);
}

static void stack_switch_keeps_ring_3(void **state)
{
    (void)state;
    assert_int_equal(call(hc_stack_switch, 0x18, PV_STACK_TOP, 0), 0);
    assert_int_equal(v->pv.kernel_ss, 0x1b);
    assert_true(v->pv.kernel_sp == PV_STACK_TOP);
}

/* -- segments, FPU, assists ------------------------------------------------ */

static void bases_reach_the_machine(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_segment_base, SEGBASE_FS, 0x1000, 0), 0);
    assert_int_equal(call(hc_set_segment_base, SEGBASE_GS_KERNEL, HANDLER, 0),
                     0);
    assert_int_equal(call(hc_set_segment_base, SEGBASE_GS_USER, 0x3000, 0), 0);
    assert_int_equal(v->machine->base[MACHINE_BASE_FS], 0x1000);
    assert_true(v->machine->base[MACHINE_BASE_GS] == HANDLER);
    assert_int_equal(v->machine->base[MACHINE_BASE_GS_OTHER], 0x3000);
    assert_int_equal(call(hc_set_segment_base, SEGBASE_GS_USER_SEL, 0x2b, 0),
                     0);
    assert_int_equal(v->machine->user_gs, 0x2b);
}

/* The processor finds no page there, and we cannot serve its fault. */
static void user_gs_of_the_ldt_finds_its_page(void **state)
{
    (void)state;
    assert_int_equal(pv_set_ldt(v, PV_GDT_VA, 16), 0);
    assert_int_equal(call(hc_set_segment_base, SEGBASE_GS_USER_SEL, 0x7b, 0),
                     0); /* the GDT's */
    assert_true(mfn_equal(v->machine->ldt[0], INVALID_MFN));
    assert_int_equal(call(hc_set_segment_base, SEGBASE_GS_USER_SEL, 0x7f, 0),
                     0);
    assert_true(mfn_equal(v->machine->ldt[0], pv_world.gdt));
    assert_int_equal(v->machine->user_gs, 0x7f);
}

static void bad_bases_are_refused(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_segment_base, SEGBASE_FS, NON_CANONICAL, 0),
                     -XEN_EINVAL);
    assert_int_equal(call(hc_set_segment_base, 4, 0, 0), -XEN_EINVAL);
}

static void fpu_taskswitch_sets_and_clears_ts(void **state)
{
    (void)state;
    assert_int_equal(call(hc_fpu_taskswitch, 1, 0, 0), 0);
    assert_true(v->machine->ts);
    assert_true((v->pv.cr0 & X86_CR0_TS) != 0);
    assert_int_equal(call(hc_fpu_taskswitch, 0, 0, 0), 0);
    assert_false(v->machine->ts);
    assert_true((v->pv.cr0 & X86_CR0_TS) == 0);
}

static void known_assists_switch(void **state)
{
    unsigned long bit = 1UL << VMASST_TYPE_architectural_iopl;

    (void)state;
    assert_int_equal(call(hc_vm_assist, VMASST_CMD_enable,
                          VMASST_TYPE_architectural_iopl, 0),
                     0);
    assert_true((atomic_load(&v->domain->vm_assist) & bit) != 0);
    assert_int_equal(call(hc_vm_assist, VMASST_CMD_disable,
                          VMASST_TYPE_architectural_iopl, 0),
                     0);
    assert_true((atomic_load(&v->domain->vm_assist) & bit) == 0);
    assert_int_equal(call(hc_vm_assist, 2, VMASST_TYPE_architectural_iopl, 0),
                     -XEN_ENOSYS);
    assert_int_equal(call(hc_vm_assist, VMASST_CMD_enable, 63, 0), -XEN_EINVAL);
    assert_int_equal(call(hc_vm_assist, VMASST_CMD_enable, 64, 0), -XEN_EINVAL);
    assert_int_equal(call(hc_vm_assist, VMASST_CMD_enable, ~0UL, 0),
                     -XEN_EINVAL);
}

/* -- debug registers ------------------------------------------------------- */

static void breakpoints_are_guest_addresses(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < 4; i++) {
        assert_int_equal(call(hc_set_debugreg, i, HANDLER + i, 0), 0);
        assert_true(call(hc_get_debugreg, i, 0, 0) == (long)(HANDLER + i));
        assert_true(v->machine->dr[i] == HANDLER + i);
    }
    assert_int_equal(call(hc_set_debugreg, 0, 0xffff800000000000UL, 0),
                     -XEN_EPERM);
    assert_int_equal(call(hc_set_debugreg, 0, NON_CANONICAL, 0), -XEN_EPERM);
    assert_true(call(hc_get_debugreg, 0, 0, 0) == (long)HANDLER);
}

static void dr4_and_dr5_are_aliases_without_de(void **state)
{
    (void)state;
    v->pv.cr4 &= ~X86_CR4_DE;
    assert_int_equal(call(hc_set_debugreg, 5, 0x400, 0), 0);
    assert_int_equal(call(hc_get_debugreg, 7, 0, 0),
                     call(hc_get_debugreg, 5, 0, 0));
    v->pv.cr4 |= X86_CR4_DE;
    assert_int_equal(call(hc_set_debugreg, 4, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(hc_get_debugreg, 4, 0, 0), -XEN_ENODEV);
}

/* Breakpoints on ports could fire in the hypervisor only: all accesses of a
 * guest are made there. */
static void dr7_lets_no_guest_detect_or_watch_ports(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_debugreg, 7, X86_DR7_GD, 0), -XEN_EPERM);
    v->pv.cr4 |= X86_CR4_DE;
    v->pv.iopl = 1;
    assert_int_equal(call(hc_set_debugreg, 7, 1UL | 2UL << 16, 0), -XEN_EPERM);
    v->pv.cr4 &= ~X86_CR4_DE;
    assert_int_equal(call(hc_set_debugreg, 7, 4UL | 2UL << 20, 0), -XEN_EPERM);
    /* watching data is fine, and undefined bits go */
    assert_int_equal(call(hc_set_debugreg, 7, 0xffffdfffUL, 0), 0);
    assert_true(v->pv.dr[7] == ((0xffff27ffUL & ~X86_DR7_GD) | X86_DR7_FIXED));
    assert_int_equal(call(hc_set_debugreg, 7, 0xffUL, 0), 0);
    assert_true((v->pv.dr[7] & X86_DR7_FIXED) == X86_DR7_FIXED);
}

static void upper_halves_of_dr6_and_dr7_are_reserved(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_debugreg, 7, 1UL << 32 | 0xff, 0),
                     -XEN_EINVAL);
    assert_int_equal(call(hc_set_debugreg, 6, 1UL << 63, 0), -XEN_EINVAL);
    assert_true(v->pv.dr[7] == X86_DR7_FIXED);
}

static void debug_registers_past_7_are_none(void **state)
{
    (void)state;
    assert_int_equal(call(hc_set_debugreg, 8, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(hc_get_debugreg, 8, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(hc_get_debugreg, ~0UL, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(hc_set_debugreg, 6, 0, 0), 0);
    assert_true(v->pv.dr[6] == X86_DR6_FIXED);
}

/* -- faults ---------------------------------------------------------------- */

static void page_fault_reaches_its_handler(void **state)
{
    unsigned long handler = pv_handler(14, 4);

    (void)state;
    pv_trap_page_fault(v, pv_world.regs, PV_HOLE_VA, 2);
    assert_true(pv_world.regs->rip == handler);
    assert_true(v->vcpu_info->arch.cr2 == PV_HOLE_VA);
    assert_int_equal(pv_stack_word(2), 2);
}

static void general_protection_reaches_its_handler(void **state)
{
    static const uint8_t lgdt[] = {0x0f, 0x01, 0x10};
    unsigned long handler = pv_handler(13, 0);

    (void)state;
    pv_code(lgdt, sizeof(lgdt));
    pv_trap_general_protection(v, pv_world.regs, 0x18);
    assert_true(pv_world.regs->rip == handler);
    assert_int_equal(pv_stack_word(2), 0x18);
}

static void no_fpu_clears_ts(void **state)
{
    unsigned long handler = pv_handler(7, 0);

    (void)state;
    assert_int_equal(call(hc_fpu_taskswitch, 1, 0, 0), 0);
    pv_trap_no_fpu(v, pv_world.regs);
    assert_true(pv_world.regs->rip == handler);
    assert_false(v->machine->ts);
    assert_true((v->pv.cr0 & X86_CR0_TS) == 0);
}

static void debug_trap_shows_in_dr6(void **state)
{
    unsigned long handler = pv_handler(1, 0);

    (void)state;
    v->pv.dr[6] = X86_DR6_FIXED;
    pv_trap_debug(v, pv_world.regs, X86_DR6_FIXED | 0x4001);
    assert_true(pv_world.regs->rip == handler);
    assert_true(v->pv.dr[6] == (X86_DR6_FIXED | 0x4001));
}

static void other_exceptions_carry_their_code(void **state)
{
    unsigned long handler = pv_handler(11, 0);

    (void)state;
    pv_trap_other(v, pv_world.regs, 11, 0x30);
    assert_true(pv_world.regs->rip == handler);
    assert_int_equal(pv_stack_word(2), 0x30);
}

int main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, setup, pv_world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(trap_table_is_taken_up_to_its_end),
        TEST(no_trap_table_clears_all_handlers),
        TEST(bad_trap_tables_are_refused),
        TEST(trap_table_goes_on_where_it_stopped),
        TEST(each_callback_has_its_place),
        TEST(nmi_callback_is_a_trap_handler),
        TEST(nmi_op_sets_the_same_handler),
        TEST(bad_callbacks_are_refused),
        TEST(old_form_sets_three_callbacks),
        TEST(stack_switch_keeps_ring_3),
        TEST(bases_reach_the_machine),
        TEST(user_gs_of_the_ldt_finds_its_page),
        TEST(bad_bases_are_refused),
        TEST(fpu_taskswitch_sets_and_clears_ts),
        TEST(known_assists_switch),
        TEST(breakpoints_are_guest_addresses),
        TEST(dr4_and_dr5_are_aliases_without_de),
        TEST(dr7_lets_no_guest_detect_or_watch_ports),
        TEST(upper_halves_of_dr6_and_dr7_are_reserved),
        TEST(debug_registers_past_7_are_none),
        TEST(page_fault_reaches_its_handler),
        TEST(general_protection_reaches_its_handler),
        TEST(no_fpu_clears_ts),
        TEST(debug_trap_shows_in_dr6),
        TEST(other_exceptions_carry_their_code),
    };

    return cmocka_run_group_tests_name("callbacks", tests, NULL, NULL);
}
