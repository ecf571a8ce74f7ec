/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: of our own code, fixed up or the end; of a guest, handed to
 * pv/traps.c with interrupts on.
 */
#include "apic.h"
#include "clock.h"
#include "descriptors.h"
#include "domain.h"
#include "entry.h"
#include "extable.h"
#include "hypercall.h"
#include "irq.h"
#include "machine.h"
#include "panic.h"
#include "printk.h"
#include "pv.h"
#include "selftest.h"
#include "smp.h"
#include "softirq.h"
#include "watchdog.h"
#include "x86.h"

static const char *const trap_names[32] = {
    "divide error",
    "debug",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    "reserved",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
    "virtualization",
    "control protection",
};

static const char *trap_name(unsigned int vector)
{
    return vector < ARRAY_COUNT(trap_names) && trap_names[vector] != NULL
               ? trap_names[vector]
               : "unknown";
}

static unsigned long read_dr6(void)
{
    unsigned long value;

    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static void write_dr6(unsigned long value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

/* DR6 as it reads when nothing is reported. */
#define DR6_NOTHING 0xffff0ff0UL

/*
 * A breakpoint that a guest set may fire in our accesses to its memory, and
 * single-stepping over SYSCALL in our entry: neither concerns us.
 */
static void hypervisor_debug(struct cpu_user_regs *regs)
{
    write_dr6(DR6_NOTHING);
    regs->rflags &= ~X86_FLAG_TF;
}

/* What IRETQ to a guest answered: trap_iret_failed() delivers it. */
static void note_iret_fault(const struct cpu_user_regs *regs,
                            unsigned long address)
{
    struct cpu_info *info = cpu_info();

    info->iret_vector = regs->entry_vector;
    info->iret_error = regs->error_code;
    info->iret_address = address;
}

static void hypervisor_trap(struct cpu_user_regs *regs, unsigned long address)
{
    unsigned long fixup;

    /* First: between two steps of a copy RIP is where one may fault. */
    if (regs->entry_vector == TRAP_DB) {
        hypervisor_debug(regs);
        return;
    }
    fixup = extable_find(regs->rip);
    if (fixup != 0) {
        if (regs->rip == (unsigned long)entry_guest_iret) {
            note_iret_fault(regs, address);
        }
        regs->rip = fixup;
        return;
    }
    if (regs->entry_vector == TRAP_PF) {
        panic_regs(regs, "FATAL page fault at %016lx, error 0x%x (%s %s)\n",
                   address, regs->error_code,
                   (regs->error_code & PF_PRESENT) != 0 ? "rights of"
                                                        : "no page for",
                   (regs->error_code & PF_FETCH) != 0   ? "fetch"
                   : (regs->error_code & PF_WRITE) != 0 ? "write"
                                                        : "read");
    }
    panic_regs(regs, "FATAL TRAP: vector %u (%s), error 0x%x\n",
               regs->entry_vector, trap_name(regs->entry_vector),
               regs->error_code);
}

static void guest_trap(struct cpu_user_regs *regs, unsigned long address,
                       unsigned long dr6)
{
    struct vcpu *v = current_vcpu();

    switch (regs->entry_vector) {
    case TRAP_PF:
        pv_trap_page_fault(v, regs, address, regs->error_code);
        break;
    case TRAP_GP:
        pv_trap_general_protection(v, regs, regs->error_code);
        break;
    case TRAP_UD:
        pv_trap_invalid_opcode(v, regs);
        break;
    case TRAP_NM:
        pv_trap_no_fpu(v, regs);
        break;
    case TRAP_DB:
        pv_trap_debug(v, regs, dr6);
        break;
    default:
        pv_trap_other(v, regs, regs->entry_vector, regs->error_code);
        break;
    }
}

void trap_exception(struct cpu_user_regs *regs)
{
    /* Read before anything can fault again. */
    unsigned long address = regs->entry_vector == TRAP_PF ? read_cr2() : 0;
    unsigned long dr6 = regs->entry_vector == TRAP_DB ? read_dr6() : 0;

    if ((regs->cs & 3) == 0) {
        hypervisor_trap(regs, address);
        return;
    }
    if (regs->entry_vector == TRAP_DB) {
        write_dr6(DR6_NOTHING);
    }
    if (selftest_guest_trap(regs)) {
        return;
    }
    irq_enable();
    guest_trap(regs, address, dr6);
}

void trap_syscall(struct cpu_user_regs *regs)
{
    struct vcpu *v;

    if (selftest_guest_trap(regs)) {
        return;
    }
    irq_enable();
    v = current_vcpu();
    if (regs->entry_vector == ENTRY_SYSCALL && v->pv.kernel_mode) {
        hypercall_dispatch(v, regs);
    } else if (regs->entry_vector == ENTRY_SYSENTER) {
        pv_bounce_sysenter(v, regs);
    } else {
        pv_bounce_syscall(v, regs, regs->entry_vector == ENTRY_SYSCALL32);
    }
}

void trap_exit(struct cpu_user_regs *regs)
{
    irq_disable();
    if (selftest_running()) {
        return;
    }
    for (;;) {
        struct vcpu *v = current_vcpu();

        if (softirq_pending()) {
            irq_enable();
            softirq_run();
        } else if (pv_delivery_due(v)) {
            irq_enable();
            pv_deliver(v, regs);
        } else {
            return;
        }
        irq_disable();
    }
}

/* A page of the guest's LDT that was never used is mapped now, and IRETQ tried
 * again; nothing else of the windows concerns the guest. */
static void iret_page_fault(struct vcpu *v, struct cpu_user_regs *regs,
                            unsigned long address, uint32_t error)
{
    unsigned long ldt = machine_ldt_window(v);

    if (address >= ldt && address - ldt < LDT_GUEST_PAGES * PAGE_BYTES) {
        pv_trap_page_fault(v, regs, address, error);
    } else {
        pv_trap_other(v, regs, TRAP_GP, 0);
    }
}

void trap_iret_failed(struct cpu_user_regs *regs)
{
    const struct cpu_info *info = cpu_info();
    uint32_t vector = info->iret_vector;
    uint32_t error = info->iret_error;
    unsigned long address = info->iret_address;

    irq_enable();
    if (vector == TRAP_PF) {
        iret_page_fault(current_vcpu(), regs, address, error);
    } else {
        pv_trap_other(current_vcpu(), regs, vector, error);
    }
}

void trap_nmi(struct cpu_user_regs *regs)
{
    cpu_info()->nmi_count++;
    smp_nmi();
    panic_nmi(regs);
    selftest_nmi(regs);
    watchdog_nmi(regs);
}

/* IA32_MCG_CAP and the banks' status registers (SDM 3B 16.3). */
#define MSR_MCG_CAP     0x179U
#define MSR_MC0_STATUS  0x401U
#define MC_BANK_STRIDE  4U
#define MC_STATUS_VALID (1UL << 63)

/* Corrected errors are signalled by no exception: this one is the end. */
void trap_machine_check(struct cpu_user_regs *regs)
{
    uint64_t banks = rdmsr(MSR_MCG_CAP) & 0xffU;

    for (uint32_t i = 0; i < banks; i++) {
        uint64_t status = rdmsr(MSR_MC0_STATUS + i * MC_BANK_STRIDE);

        if ((status & MC_STATUS_VALID) != 0) {
            printk(LOG_ALWAYS, "Machine check bank %u: status %016lx\n", i,
                   status);
        }
    }
    panic_regs(regs, "MACHINE CHECK\n");
}

void trap_interrupt(struct cpu_user_regs *regs)
{
    switch (regs->entry_vector) {
    case VECTOR_TIMER:
        apic_eoi();
        cpu_info()->timer_count++;
        watchdog_tick();
        clock_timer_interrupt();
        break;
    case VECTOR_EVENT_CHECK:
        apic_eoi();
        cpu_info()->event_check_count++;
        break;
    case VECTOR_FLUSH:
        apic_eoi();
        smp_flush_interrupt();
        break;
    case VECTOR_CALL:
        apic_eoi();
        smp_call_interrupt();
        break;
    case VECTOR_SPURIOUS:
        break;
    case VECTOR_APIC_ERROR:
        apic_eoi();
        apic_error();
        break;
    default:
        irq_device_interrupt(regs->entry_vector);
        break;
    }
}

void trap_double_fault(struct cpu_user_regs *regs)
{
    panic_regs(regs, "DOUBLE FAULT (stack overflow?)\n");
}
