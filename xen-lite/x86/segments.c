/* SPDX-License-Identifier: MIT */
/*
 * Segment registers of guests. The hypervisor uses none of DS, ES, FS and GS,
 * so the guest's values stay loaded while its hypercalls run. Loading one may
 * fault on what the guest put in its tables: null is loaded then.
 */
#include "domain.h"
#include "extable.h"
#include "machine_vcpu.h"
#include "x86.h"

#define LAR_CODE_64BIT (1U << 21)
#define LAR_CODE_32BIT (1U << 22)
#define SELECTOR_LDT   4U

#define SAVE_SELECTOR(name, to) \
    __asm__ volatile("mov %%" #name ", %w0" : "=r"(to))

/* Sets @ok to false when the load faulted. */
#define LOAD_SELECTOR(name, value, ok) \
    do { \
        unsigned int loaded_ = 1; \
        __asm__ volatile("1: mov %w[sel], %%" #name "\n\t" \
                         "jmp 3f\n" \
                         "2: xor %[ok_], %[ok_]\n\t" \
                         "mov %[ok_], %%" #name "\n" \
                         "3:\n\t" EXTABLE(1b, 2b) \
                         : [ok_] "+r"(loaded_) \
                         : [sel] "r"((unsigned int)(value)) \
                         : "memory"); \
        if (loaded_ == 0) { \
            (ok) = false; \
        } \
    } while (0)

static const uint32_t base_msr[] = {
    [MACHINE_BASE_FS] = MSR_FS_BASE,
    [MACHINE_BASE_GS] = MSR_GS_BASE,
    [MACHINE_BASE_GS_OTHER] = MSR_KERNEL_GS_BASE,
};

unsigned long machine_get_base(enum machine_segment_base which)
{
    return rdmsr(base_msr[which]);
}

void machine_set_base(enum machine_segment_base which, unsigned long base)
{
    wrmsr(base_msr[which], base);
}

void machine_swap_gs(void)
{
    __asm__ volatile("swapgs" : : : "memory");
}

/* The selector belongs to user mode: load it with the bases exchanged. */
void machine_load_user_gs(unsigned int selector)
{
    unsigned long flags = machine_irq_save();
    bool ok = true;

    machine_swap_gs();
    LOAD_SELECTOR(gs, selector, ok);
    machine_swap_gs();
    machine_irq_restore(flags);
    (void)ok;
}

unsigned int machine_code_bits(unsigned int selector)
{
    unsigned int rights = 0;

    __asm__ volatile("lar %1, %0\n\t"
                     "jz 1f\n\t"
                     "xor %0, %0\n"
                     "1:"
                     : "=r"(rights)
                     : "r"(selector)
                     : "cc");
    if ((rights & LAR_CODE_64BIT) != 0) {
        return 64;
    }
    /* A kernel's own are flat; a program's, in an LDT, may not be. */
    return (rights & LAR_CODE_32BIT) != 0 && (selector & SELECTOR_LDT) == 0 ? 32
                                                                            : 0;
}

void segments_save(struct vcpu *v)
{
    struct machine_vcpu *m = v->machine;

    SAVE_SELECTOR(ds, m->ds);
    SAVE_SELECTOR(es, m->es);
    SAVE_SELECTOR(fs, m->fs);
    SAVE_SELECTOR(gs, m->gs);
    m->fs_base = rdmsr(MSR_FS_BASE);
    m->gs_base = rdmsr(MSR_GS_BASE);
    m->gs_other = rdmsr(MSR_KERNEL_GS_BASE);
    v->regs.ds = m->ds;
    v->regs.es = m->es;
    v->regs.fs = m->fs;
    v->regs.gs = m->gs;
}

bool segments_restore(struct vcpu *v)
{
    struct machine_vcpu *m = v->machine;
    bool ok = true;

    LOAD_SELECTOR(ds, m->ds, ok);
    LOAD_SELECTOR(es, m->es, ok);
    LOAD_SELECTOR(fs, m->fs, ok);
    LOAD_SELECTOR(gs, m->gs, ok);
    wrmsr(MSR_FS_BASE, m->fs_base);
    wrmsr(MSR_GS_BASE, m->gs_base);
    wrmsr(MSR_KERNEL_GS_BASE, m->gs_other);
    return ok;
}

void machine_vcpu_set_bases(struct vcpu *v, const struct vcpu_bases *bases)
{
    struct machine_vcpu *m = v->machine;
    bool kernel = v->pv.kernel_mode;

    m->ds = v->regs.ds;
    m->es = v->regs.es;
    m->fs = v->regs.fs;
    m->gs = v->regs.gs;
    m->fs_base = bases->fs;
    m->gs_base = kernel ? bases->gs_kernel : bases->gs_user;
    m->gs_other = kernel ? bases->gs_user : bases->gs_kernel;
}

void machine_vcpu_get_bases(struct vcpu *v, struct vcpu_bases *bases)
{
    struct machine_vcpu *m = v->machine;
    bool kernel = v->pv.kernel_mode;

    if (v == current_vcpu()) {
        segments_save(v);
    }
    bases->fs = m->fs_base;
    bases->gs_kernel = kernel ? m->gs_base : m->gs_other;
    bases->gs_user = kernel ? m->gs_other : m->gs_base;
}
