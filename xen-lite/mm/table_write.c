/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables: a guest kernel writes to one of its L1 tables as if
 * that were memory; the read-only mapping faults, and the write is done here
 * as an update of the entry it lies in. What does not pass is left to the
 * guest as the page fault it was.
 */
#include "mm.h"

#include "domain.h"
#include "guest_copy.h"
#include "perf.h"
#include "pt.h"
#include "pv.h"
#include "write_decode.h"

#define DR6_SINGLE_STEP (1UL << 14)

/* The instruction at @rip, as far as it can be read; number of bytes. */
static unsigned int fetch(unsigned long rip, uint8_t *code)
{
    unsigned long in_page = PAGE_BYTES - rip % PAGE_BYTES;
    unsigned int first =
        in_page < INSTRUCTION_MAX ? (unsigned int)in_page : INSTRUCTION_MAX;

    if (copy_from_guest(code, guest_va_make(rip), INSTRUCTION_MAX) == 0) {
        return INSTRUCTION_MAX;
    }
    return copy_from_guest(code, guest_va_make(rip), first) == 0 ? first : 0;
}

/* @value of @size bytes in place of those at @offset in @entry. */
static pte_t merge(pte_t entry, unsigned long offset, unsigned int size,
                   uint64_t value)
{
    uint64_t mask = size == 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;

    return (entry & ~(mask << (8 * offset))) | (value & mask) << (8 * offset);
}

/*
 * Do what the instruction does, as one atomic step: another CPU's write, or
 * an A or D bit set meanwhile, makes it start over with the registers of
 * before. 0 or what pt_update_if() says of the new entry.
 */
static int write_entry(struct vcpu *v, struct cpu_user_regs *regs,
                       const struct write_instruction *in, pte_t *at,
                       unsigned long offset)
{
    struct cpu_user_regs changed;
    uint64_t value;
    int rc;

    do {
        pte_t old = pt_read(at);

        changed = *regs;
        rc = 0;
        if (write_execute(in, &changed, old >> (8 * offset), &value)) {
            rc = pt_update_if(v->domain, at, old,
                              merge(old, offset, in->size, value));
        }
    } while (rc == -XEN_EAGAIN);
    if (rc == 0) {
        *regs = changed;
    }
    return rc;
}

static void finish_instruction(struct vcpu *v, struct cpu_user_regs *regs,
                               unsigned int bytes)
{
    regs->rip += bytes;
    regs->rflags &= ~X86_FLAG_RF;
    if ((regs->rflags & X86_FLAG_TF) != 0) {
        pv_trap_debug(v, regs, DR6_SINGLE_STEP);
    }
}

/* Registers that even their owner may only read: MSI-X tables, PCI
 * configuration space. */
static bool is_readonly_mmio(mfn_t mfn)
{
    return !machine_mfn_valid(mfn) && machine_mmio_readonly(mfn);
}

/* dom0's moves are the machine's to judge; all else is dropped. */
static void write_registers(struct vcpu *v, struct cpu_user_regs *regs,
                            const struct write_instruction *in, mfn_t mfn,
                            unsigned long va)
{
    uint64_t value;

    if (v->domain->privileged && in->operation == WRITE_MOV &&
        write_execute(in, regs, 0, &value)) {
        machine_mmio_write(mfn, (unsigned int)(va % PAGE_BYTES), in->size,
                           value);
    }
}

bool mm_emulate_table_write(struct vcpu *v, struct cpu_user_regs *regs,
                            unsigned long va)
{
    pte_t mapping = mm_read_guest_pte(v, va);
    unsigned long offset = va % sizeof(pte_t);
    struct write_instruction in;
    uint8_t code[INSTRUCTION_MAX];
    struct pt_slot slot = {NULL, NULL};
    bool done = false;

    if ((mapping & (PTE_PRESENT | PTE_WRITABLE)) != PTE_PRESENT) {
        return false;
    }
    /* Most faults are not ours: see that before any instruction is read. */
    if (!pt_slot_get_at(v->domain,
                        (mapping & PTE_FRAME) | (va % PAGE_BYTES - offset),
                        &slot) &&
        !is_readonly_mmio(pte_mfn(mapping))) {
        return false;
    }
    if (write_decode(code, fetch(regs->rip, code), &in) &&
        offset % in.size == 0 && write_is_aligned(&in, regs)) {
        if (slot.page == NULL) {
            write_registers(v, regs, &in, pte_mfn(mapping), va);
        }
        done = slot.page == NULL ||
               write_entry(v, regs, &in, slot.entry, offset) == 0;
    }
    if (slot.page != NULL) {
        pt_slot_put(&slot);
    }
    if (done) {
        perf_count(PERF_TABLE_WRITES);
        finish_instruction(v, regs, in.bytes);
    }
    return done;
}
