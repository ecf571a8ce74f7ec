// SPDX-License-Identifier: MIT
/*
 * Exceptions that guest code raises: what the hypervisor does itself (page
 * table writes, lazy LDT pages, privileged instructions, software interrupts)
 * and what it reflects to the guest kernel.
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "mm.h"
#include "pv.h"

/* Bits of a selector-style error code. */
#define ERROR_EXTERNAL (1U << 0)
#define ERROR_IDT      (1U << 1)
#define ERROR_LDT      (1U << 2)

#define OPCODE_INT       0xcdU
#define INT_OPCODE_BYTES 2

/*
 * Where the processor looks for a guest's LDT: an access that finds no page
 * there says so by a fault whose address is in the per-vCPU LDT window.
 */
static bool fault_in_ldt_window(struct vcpu *v, unsigned long va,
                                unsigned long *offset)
{
    unsigned long base = machine_ldt_window(v);

    if (va < base || va >= base + LDT_GUEST_PAGES * PAGE_BYTES) {
        return false;
    }
    *offset = va - base;
    return true;
}

static bool fault_is_table_write(const struct vcpu *v, unsigned long va,
                                 uint32_t error_code)
{
    return v->pv.kernel_mode &&
           (error_code & (PF_PRESENT | PF_WRITE | PF_RESERVED)) ==
               (PF_PRESENT | PF_WRITE) &&
           guest_address_ok(va);
}

void pv_trap_page_fault(struct vcpu *v, struct cpu_user_regs *regs,
                        unsigned long va, uint32_t error_code)
{
    unsigned long offset;

    if (fault_is_table_write(v, va, error_code) &&
        mm_emulate_table_write(v, regs, va)) {
        return;
    }
    if (fault_in_ldt_window(v, va, &offset)) {
        if (pv_map_ldt_page(v, offset)) {
            return;
        }
        /* The guest sees the address in its own LDT. */
        va = v->pv.ldt_base + offset;
    }
    pv_inject_page_fault(v, regs, va, error_code);
}

/*
 * The vector of the INT n at regs->rip. The error code names it too, but the
 * instruction is what the guest ran: some emulators report a wrong index.
 */
static bool software_interrupt(const struct cpu_user_regs *regs,
                               uint32_t error_code, unsigned int *vector)
{
    uint8_t opcode[INT_OPCODE_BYTES];

    if ((error_code & (ERROR_IDT | ERROR_EXTERNAL)) != ERROR_IDT) {
        return false;
    }
    if (copy_from_guest(opcode, guest_va_make(regs->rip), sizeof(opcode)) !=
            0 ||
        opcode[0] != OPCODE_INT) {
        return false;
    }
    *vector = opcode[1];
    return true;
}

unsigned int pv_ring(const struct vcpu *v)
{
    unsigned long assists = atomic_load(&v->domain->vm_assist);

    if (!v->pv.kernel_mode) {
        return 3;
    }
    return (assists & (1UL << VMASST_TYPE_architectural_iopl)) != 0 ? 0 : 1;
}

static void trap_software_interrupt(struct vcpu *v, struct cpu_user_regs *regs,
                                    unsigned int vector)
{
    const struct trap_info *trap = &v->pv.traps[vector];

    if (trap->address == 0 || TI_GET_DPL(trap) < pv_ring(v)) {
        pv_inject(v, regs, VECTOR_GP, vector << 3 | ERROR_IDT);
        return;
    }
    regs->rip += INT_OPCODE_BYTES;
    pv_inject(v, regs, vector, 0);
}

void pv_trap_general_protection(struct vcpu *v, struct cpu_user_regs *regs,
                                uint32_t error_code)
{
    unsigned int vector;

    if (software_interrupt(regs, error_code, &vector)) {
        trap_software_interrupt(v, regs, vector);
        return;
    }
    if (error_code == 0 && pv_emulate_privileged(v, regs)) {
        return;
    }
    pv_inject(v, regs, VECTOR_GP, error_code);
}

void pv_trap_invalid_opcode(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (!pv_emulate_forced(v, regs)) {
        pv_inject(v, regs, VECTOR_UD, 0);
    }
}

void pv_trap_no_fpu(struct vcpu *v, struct cpu_user_regs *regs)
{
    pv_inject(v, regs, VECTOR_NM, 0);
    /* As on Xen: delivery clears TS, so that the handler may use the FPU. */
    v->pv.cr0 &= ~X86_CR0_TS;
    machine_set_ts(false);
}

void pv_trap_debug(struct vcpu *v, struct cpu_user_regs *regs,
                   unsigned long dr6)
{
    v->pv.dr[6] |= dr6 & ~X86_DR6_FIXED;
    v->pv.dr[6] &= ~X86_DR6_RESERVED_ZERO;
    pv_inject(v, regs, VECTOR_DB, 0);
}

void pv_trap_other(struct vcpu *v, struct cpu_user_regs *regs,
                   unsigned int vector, uint32_t error_code)
{
    pv_inject(v, regs, vector, error_code);
}
