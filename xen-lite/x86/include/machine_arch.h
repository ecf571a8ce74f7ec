/* SPDX-License-Identifier: MIT */
/*
 * The inline part of machine.h on hardware, and struct cpu_info, the per-CPU
 * data at the top of every CPU's area (layout.h).
 */
#ifndef XEN_LITE_MACHINE_ARCH_H
#define XEN_LITE_MACHINE_ARCH_H

#include "layout.h"
#include "page.h"
#include "types.h"

struct core_cpu;

/*
 * Found from any stack pointer of the CPU. guest_regs lies where the CPU
 * pushes a guest's frame (TSS RSP0 is &guest_regs.es), hence at 8 modulo 16.
 */
struct cpu_info {
    uint64_t spare;
    struct cpu_user_regs guest_regs;
    struct core_cpu *core;
    struct vcpu *running; /* whose state the hardware holds */
    /* With page-table isolation: CR3 for us, and for the way to the guest. */
    unsigned long hv_cr3;
    unsigned long exit_cr3;
    /* For VERW on the way to a guest; 0: not needed. */
    uint64_t verw_selector;
    /* Whose guest ran here last. */
    uint64_t last_domain; /* its number, or 0 */
    /* The last fault of IRETQ to a guest. */
    unsigned long iret_address;
    uint32_t iret_vector;
    uint32_t iret_error;
    unsigned long root;     /* CR3 as last written */
    struct vcpu *kept;      /* idle: whose address space is still loaded */
    _Atomic uint32_t keeps; /* enum kept_state */
    uint64_t time_last_ns;  /* what machine_now_ns() returned last */
    uint64_t timer_due_ns;  /* what the timer is set to; 0: nothing */
    uint32_t cpu;
    uint32_t apic_id;
    uint32_t icr_target;  /* that its high half has, plus 1; 0: not known */
    uint32_t timer_count; /* interrupts taken, by kind */
    uint32_t nmi_count;
    uint32_t event_check_count;
    uint32_t flush_count;
};

/*
 * An idle CPU keeps the last vCPU's address space: most often that one is the
 * next to run. Others may tell it that its translations are stale.
 */
enum kept_state { KEPT_NONE, KEPT_FRESH, KEPT_STALE };

static inline struct cpu_info *cpu_info(void)
{
    unsigned long sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    sp |= CPU_AREA_BYTES - 1;
    return (struct cpu_info *)(sp + 1 - CPU_INFO_BYTES);
}

/* Another CPU's: only of CPUs that were started. */
static inline struct cpu_info *cpu_info_of(unsigned int cpu)
{
    return (struct cpu_info *)(HV_CPU_AREAS + (cpu + 1UL) * CPU_AREA_BYTES -
                               CPU_INFO_BYTES);
}

static inline struct core_cpu *machine_this_cpu(void)
{
    return cpu_info()->core;
}

static inline struct page *machine_frame_table(void)
{
    return (struct page *)HV_FRAME_TABLE;
}

/* One bit for each 2 MiB of machine memory that has frame table entries. */
extern uint64_t *frame_valid_map;
extern unsigned long frame_valid_end;

static inline bool machine_mfn_valid(mfn_t mfn)
{
    unsigned long chunk = mfn.number >> 9;

    if (mfn.number >= frame_valid_end ||
        ((frame_valid_map[chunk / 64] >> (chunk % 64)) & 1U) == 0) {
        return false;
    }
    /* In a chunk with RAM, frames that are not RAM are marked. */
    return page_owner(&machine_frame_table()[mfn.number]) != DOMID_IO;
}

static inline void *machine_map(mfn_t mfn)
{
    return (void *)(HV_DIRECT_MAP + (mfn.number << PAGE_SHIFT));
}

static inline mfn_t machine_mfn_of(const void *direct)
{
    return mfn_make(((unsigned long)direct - HV_DIRECT_MAP) >> PAGE_SHIFT);
}

static inline uint64_t *machine_m2p(void)
{
    return (uint64_t *)HV_M2P_RW;
}

#define X86_FLAGS_IF 0x200UL

static inline unsigned long machine_irq_save(void)
{
    unsigned long flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void machine_irq_restore(unsigned long flags)
{
    if ((flags & X86_FLAGS_IF) != 0) {
        __asm__ volatile("sti" : : : "memory");
    } else {
        __asm__ volatile("cli" : : : "memory");
    }
}

static inline void machine_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline void machine_lock_acquired(unsigned int class_of)
{
    (void)class_of;
}

static inline void machine_lock_released(unsigned int class_of)
{
    (void)class_of;
}

static inline void machine_preempt_point(void)
{
}

#endif
