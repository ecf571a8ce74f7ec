// SPDX-License-Identifier: MIT
/* Privileged instructions of a PV kernel: what is done, what is refused. */
#include "emulate_world.h"

#include <string.h>

#include "cpu_policy.h"

static void cli_and_sti_leave_the_mask_alone(void **state)
{
    (void)state;
    iopl(1);
    v()->vcpu_info->evtchn_upcall_mask = 0;
    ASSERT_EMULATED("\xfa");
    assert_int_equal(v()->vcpu_info->evtchn_upcall_mask, 0);
    ASSERT_EMULATED("\xfb");
}

static void cli_without_iopl_is_the_guests_fault(void **state)
{
    (void)state;
    iopl(0);
    assert_false(RUN("\xfa"));
    assert_int_equal(regs()->rip, PV_CODE_VA);
}

/* With this assist the kernel is ring 0: no IOPL and no gate stops it. */
static void architectural_iopl_makes_the_kernel_ring_0(void **state)
{
    unsigned long handler = pv_handler(0x80, 0);

    (void)state;
    atomic_store(&pv_world.d->vm_assist, 1UL << VMASST_TYPE_architectural_iopl);
    iopl(0);
    ASSERT_EMULATED("\xfa");
    ASSERT_EMULATED("\xec");
    pv_code("\xcd\x80", 2);
    pv_trap_general_protection(v(), regs(), 0x80 << 3 | 2);
    assert_int_equal(regs()->rip, handler);
    pv_toggle_mode(v());
    assert_false(RUN("\xec"));
}

static void control_registers_read_virtual_values(void **state)
{
    (void)state;
    ASSERT_EMULATED("\x0f\x20\xc0"); /* mov %cr0, %rax */
    assert_int_equal(regs()->rax, PV_CR0_DEFAULT);
    v()->vcpu_info->arch.cr2 = 0x1234;
    ASSERT_EMULATED("\x0f\x20\xd3"); /* mov %cr2, %rbx */
    assert_int_equal(regs()->rbx, 0x1234);
    ASSERT_EMULATED("\x41\x0f\x20\xdf"); /* mov %cr3, %r15 */
    assert_int_equal(regs()->r15, pv_world.kernel_root.number << PAGE_SHIFT);
    ASSERT_EMULATED("\x0f\x20\xe1"); /* mov %cr4, %rcx */
    assert_int_equal(regs()->rcx, PV_CR4_DEFAULT);
}

static void cr0_changes_only_task_switched(void **state)
{
    (void)state;
    regs()->rax = PV_CR0_DEFAULT | X86_CR0_TS;
    ASSERT_EMULATED("\x0f\x22\xc0");
    assert_true(v()->machine->ts);
    ASSERT_EMULATED("\x0f\x06"); /* clts */
    assert_false(v()->machine->ts);
    regs()->rax = PV_CR0_DEFAULT & ~0x80000000UL; /* paging off */
    assert_false(RUN("\x0f\x22\xc0"));
    assert_int_equal(v()->pv.cr0, PV_CR0_DEFAULT);
}

static void cr4_keeps_fixed_bits(void **state)
{
    (void)state;
    regs()->rax = X86_CR4_TSD | 1UL << 20; /* SMEP is not the guest's */
    ASSERT_EMULATED("\x0f\x22\xe0");
    assert_int_equal(v()->pv.cr4, PV_CR4_DEFAULT | X86_CR4_TSD);
}

static void cr3_refuses_what_is_no_l4(void **state)
{
    (void)state;
    regs()->rax = pv_world.data.number << PAGE_SHIFT;
    assert_false(RUN("\x0f\x22\xd8"));
    assert_true(mfn_equal(v()->pv.kernel_root, pv_world.kernel_root));
}

static void cr3_is_tried_again_after_preemption(void **state)
{
    mfn_t root = pv_world.user_root;
    unsigned int visits = 0;

    (void)state;
    assert_int_equal(page_put_root(v()->pv.user_root), 0);
    v()->pv.user_root = INVALID_MFN;
    ((pte_t *)pv_page(root))[0] = ((pte_t *)pv_page(root))[511];
    regs()->rax = xen_pfn_to_cr3(root.number);
    do {
        fake_clear_softirqs();
        fake_preempt_every(visits == 0 ? 1 : 0);
        assert_true(RUN("\x0f\x22\xd8"));
        visits++;
    } while (regs()->rip == PV_CODE_VA);
    assert_true(visits > 1);
    assert_true(mfn_equal(v()->pv.kernel_root, root));
}

static void cr8_is_not_emulated(void **state)
{
    (void)state;
    assert_false(RUN("\x44\x0f\x20\xc0"));
}

static void debug_registers_pass_their_checks(void **state)
{
    (void)state;
    regs()->rax = 0x7000;
    ASSERT_EMULATED("\x0f\x23\xc0"); /* mov %rax, %dr0 */
    assert_int_equal(v()->pv.dr[0], 0x7000);
    ASSERT_EMULATED("\x0f\x21\xc3"); /* mov %dr0, %rbx */
    assert_int_equal(regs()->rbx, 0x7000);
    regs()->rax = 0xffff820000000000UL; /* would watch the hypervisor */
    assert_false(RUN("\x0f\x23\xc0"));
    assert_int_equal(v()->pv.dr[0], 0x7000);
    regs()->rax = X86_DR7_GD;
    assert_false(RUN("\x0f\x23\xf8"));
    assert_false(RUN("\x44\x0f\x21\xc0")); /* there is no %dr8 */
}

static void known_msrs_answer(void **state)
{
    (void)state;
    regs()->rcx = 0x277;
    ASSERT_EMULATED("\x0f\x32");
    assert_int_equal(regs()->rax, 0x00070406);
    assert_int_equal(regs()->rdx, 0x501);
    regs()->rcx = 0xc0000101;
    regs()->rax = 0x81000000;
    regs()->rdx = 0xffffffff;
    ASSERT_EMULATED("\x0f\x30");
    assert_int_equal(v()->machine->base[MACHINE_BASE_GS], 0xffffffff81000000UL);
}

static void unknown_msrs_are_gp(void **state)
{
    unsigned long handler = pv_handler(VECTOR_GP, 0);

    (void)state;
    regs()->rcx = 0x34;
    assert_true(RUN("\x0f\x32"));
    assert_int_equal(regs()->rip, handler);
    pv_world_teardown(NULL);
    pv_world_setup(NULL);
    handler = pv_handler(VECTOR_GP, 0);
    regs()->rcx = 0x12345;
    assert_true(RUN("\x0f\x30"));
    assert_int_equal(regs()->rip, handler);
}

static void early_rdmsr_without_handler_reads_zero(void **state)
{
    (void)state;
    regs()->rcx = 0x34;
    regs()->rax = 5;
    ASSERT_EMULATED("\x0f\x32");
    assert_int_equal(regs()->rax, 0);
}

static void non_canonical_base_is_gp(void **state)
{
    unsigned long handler = pv_handler(VECTOR_GP, 0);

    (void)state;
    regs()->rcx = 0xc0000100;
    regs()->rax = 0;
    regs()->rdx = 0x00800000;
    assert_true(RUN("\x0f\x30"));
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(v()->machine->base[MACHINE_BASE_FS], 0);
}

/* A CPU policy with XSAVE for @states; freed with the domain. */
static void offer_states(uint32_t states)
{
    struct cpu_policy *policy = heap_alloc(sizeof(*policy));

    assert_non_null(policy);
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->basic[1].ecx |= 1U << 26;
    policy->xstate[0].eax = states;
    pv_world.d->policy = policy;
    v()->pv.cr4 |= X86_CR4_OSXSAVE;
}

/* AVX, which the machine has and the domain's policy may have not. */
static void xsetbv_turns_on_what_the_policy_offers(void **state)
{
    (void)state;
    regs()->rax = 7;
    regs()->rcx = 0;
    regs()->rdx = 0;
    offer_states(3);
    assert_false(RUN("\x0f\x01\xd1"));
    assert_int_equal(v()->pv.xcr0, 0);
    pv_world.d->policy->xstate[0].eax = 7;
    ASSERT_EMULATED("\x0f\x01\xd1");
    assert_int_equal(v()->pv.xcr0, 7);
}

/* Only the kernel sets XCR0, which the processor would refuse it. */
static void xsetbv_is_for_the_kernel(void **state)
{
    (void)state;
    offer_states(7);
    regs()->rax = 3;
    regs()->rcx = 0;
    regs()->rdx = 0;
    ASSERT_EMULATED("\x0f\x01\xd1");
    assert_int_equal(v()->pv.xcr0, 3);
    regs()->rax = 2; /* not without the FPU */
    assert_false(RUN("\x0f\x01\xd1"));
    regs()->rax = 1;
    pv_toggle_mode(v());
    assert_false(RUN("\x0f\x01\xd1"));
    assert_int_equal(v()->pv.xcr0, 3);
}

/* A 32-bit program under a virtual TSC, or with ports of its own. */
static void instructions_of_32_bit_code_have_no_rex(void **state)
{
    (void)state;
    iopl(3);
    regs()->cs = GUEST_SELECTOR_CS32;
    pv_toggle_mode(v());
    ASSERT_EMULATED("\x0f\x31");   /* rdtsc */
    ASSERT_EMULATED("\xec");       /* in */
    assert_false(RUN("\x48\xec")); /* dec %eax */
    assert_false(RUN("\x6e"));     /* outsb: its segment may start anywhere */
}

static void forced_cpuid_names_the_hypervisor(void **state)
{
    static const char code[] = "\x0f\x0bxen\x0f\xa2";

    (void)state;
    cpu_policy_init_default();
    pv_code(code, sizeof(code) - 1);
    regs()->rax = 0x40000000;
    assert_true(pv_emulate_forced(v(), regs()));
    assert_int_equal(regs()->rip, PV_CODE_VA + 7);
    assert_int_equal(regs()->rbx, 0x566e6558);
    assert_int_equal(regs()->rcx, 0x65584d4d);
    assert_int_equal(regs()->rdx, 0x4d4d566e);
}

static void plain_ud2_is_not_forced_cpuid(void **state)
{
    (void)state;
    pv_code("\x0f\x0bxem\x0f\xa2", 7);
    assert_false(pv_emulate_forced(v(), regs()));
    assert_int_equal(regs()->rip, PV_CODE_VA);
}

static void instruction_at_the_page_end_is_read_alone(void **state)
{
    (void)state;
    iopl(1);
    /* The GDT page is the last one mapped: nothing follows it. */
    memcpy((char *)pv_page(pv_world.gdt) + PAGE_BYTES - 1, "\xfa", 1);
    regs()->rip = PV_GDT_VA + PAGE_BYTES - 1;
    assert_true(pv_emulate_privileged(v(), regs()));
    /* A longer one, cut off there, is not emulated. */
    memcpy((char *)pv_page(pv_world.gdt) + PAGE_BYTES - 1, "\x0f", 1);
    regs()->rip = PV_GDT_VA + PAGE_BYTES - 1;
    assert_false(pv_emulate_privileged(v(), regs()));
}

static void prefixes_alone_never_run_away(void **state)
{
    char code[15];

    (void)state;
    memset(code, 0x66, sizeof(code));
    assert_false(run_code(code, sizeof(code)));
}

static void single_step_traps_after_emulation(void **state)
{
    unsigned long handler = pv_handler(VECTOR_DB, 0);

    (void)state;
    iopl(1);
    regs()->rflags |= X86_FLAG_TF;
    assert_true(RUN("\xfa"));
    assert_int_equal(regs()->rip, handler);
    assert_int_not_equal(v()->pv.dr[6] & (1UL << 14), 0);
}

static void user_mode_may_not_use_kernel_instructions(void **state)
{
    static const char *const codes[] = {
        "\x0f\x06",     "\x0f\x09",     "\x0f\x30", "\x0f\x32",
        "\x0f\x20\xc0", "\x0f\x22\xc0", "\xfa"};

    (void)state;
    iopl(3);
    pv_toggle_mode(v());
    for (unsigned int i = 0; i < ARRAY_COUNT(codes); i++) {
        assert_false(run_code(codes[i], strlen(codes[i])));
    }
}

static void hlt_and_unknown_opcodes_are_the_guests_fault(void **state)
{
    static const char *const codes[] = {"\xf4", "\x0f\x33", "\x0f\xff", "\x90",
                                        "\x0f\x01\xf8"};

    (void)state;
    iopl(3);
    for (unsigned int i = 0; i < ARRAY_COUNT(codes); i++) {
        assert_false(run_code(codes[i], strlen(codes[i])));
    }
}

/* -- software interrupts: by the #GP that they cause ----------------------- */

static void software_interrupt_needs_the_gates_privilege(void **state)
{
    unsigned long handler = pv_handler(0x80, 3);
    unsigned long gp = pv_handler(VECTOR_GP, 0);

    (void)state;
    pv_code("\xcd\x80", 2);
    pv_trap_general_protection(v(), regs(), 0x80 << 3 | 2);
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(pv_stack_word(2), PV_CODE_VA + 2);
    (void)pv_handler(0x80, 1);
    pv_toggle_mode(v());
    pv_code("\xcd\x80", 2);
    pv_trap_general_protection(v(), regs(), 0x80 << 3 | 2);
    assert_int_equal(regs()->rip, gp);
    assert_int_equal(pv_stack_word(2), 0x80 << 3 | 2);
}

/* QEMU reports vector * 16 + 2: the instruction is what counts. */
static void software_interrupt_trusts_the_instruction(void **state)
{
    unsigned long handler = pv_handler(0x80, 3);

    (void)state;
    pv_code("\xcd\x80", 2);
    pv_trap_general_protection(v(), regs(), 0x80 << 4 | 2);
    assert_int_equal(regs()->rip, handler);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, pv_world_setup, pv_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cli_and_sti_leave_the_mask_alone),
        CASE(cli_without_iopl_is_the_guests_fault),
        CASE(architectural_iopl_makes_the_kernel_ring_0),
        CASE(control_registers_read_virtual_values),
        CASE(cr0_changes_only_task_switched),
        CASE(cr4_keeps_fixed_bits),
        CASE(cr3_refuses_what_is_no_l4),
        CASE(cr3_is_tried_again_after_preemption),
        CASE(cr8_is_not_emulated),
        CASE(debug_registers_pass_their_checks),
        CASE(known_msrs_answer),
        CASE(unknown_msrs_are_gp),
        CASE(early_rdmsr_without_handler_reads_zero),
        CASE(non_canonical_base_is_gp),
        CASE(xsetbv_turns_on_what_the_policy_offers),
        CASE(xsetbv_is_for_the_kernel),
        CASE(instructions_of_32_bit_code_have_no_rex),
        CASE(forced_cpuid_names_the_hypervisor),
        CASE(plain_ud2_is_not_forced_cpuid),
        CASE(instruction_at_the_page_end_is_read_alone),
        CASE(prefixes_alone_never_run_away),
        CASE(single_step_traps_after_emulation),
        CASE(user_mode_may_not_use_kernel_instructions),
        CASE(hlt_and_unknown_opcodes_are_the_guests_fault),
        CASE(software_interrupt_needs_the_gates_privilege),
        CASE(software_interrupt_trusts_the_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
