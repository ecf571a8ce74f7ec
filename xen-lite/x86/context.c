/* SPDX-License-Identifier: MIT */
/*
 * From one vCPU to another. A CPU has one stack and no threads: a vCPU that
 * is not running is its saved registers, nothing else, so a switch copies
 * them, resets the stack and leaves through the exit path or the idle loop.
 */
#include "core.h"
#include "cpu_features.h"
#include "descriptors.h"
#include "domain.h"
#include "entry.h"
#include "hv_map.h"
#include "idle.h"
#include "machine_vcpu.h"
#include "mm.h"
#include "perf.h"
#include "pv.h"
#include "smp.h"
#include "softirq.h"
#include "speculation.h"
#include "x86.h"
#include "xpti.h"

/* CR4 of this CPU without what a guest may choose; read once it is final. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_FSGSBASE)

/*
 * Without global pages this drops everything, and the TLB clock is told. On
 * hardware it does not tick for that: this is too frequent for a word that all
 * CPUs share. With interrupts on the clock might start anew between the two,
 * and the stamp of its end would count as later than all that follow.
 */
static void load_cr3(unsigned long root)
{
    unsigned long flags = machine_irq_save();
    uint32_t stamp = features_emulated() ? tlb_flush_begin() : tlb_clock_now();

    write_cr3(root);
    /* Not before: machine_root_unused() looks at it. */
    __atomic_store_n(&cpu_info()->root, root, __ATOMIC_RELEASE);
    if (!features_global_pages()) {
        tlb_flush_end(stamp);
    }
    machine_irq_restore(flags);
}

/* Translations of the last address space that are global must go, too. */
static void flush_globals(void)
{
    if (features_global_pages()) {
        tlb_flush_local();
    }
}

void machine_load_root(struct vcpu *v)
{
    mfn_t root = v->pv.kernel_mode ? v->pv.kernel_root : v->pv.user_root;

    load_cr3(root.number << PAGE_SHIFT);
    xpti_load(root);
}

void machine_update_cr4(struct vcpu *v)
{
    unsigned long old = read_cr4();
    unsigned long cr4 = (old & ~CR4_GUEST) | (v->pv.cr4 & CR4_GUEST);

    if (v->domain->vtsc) {
        cr4 |= CR4_TSD;
    }
    if (cr4 != old) {
        write_cr4(cr4);
    }
}

struct cpu_user_regs *vcpu_regs(struct vcpu *v)
{
    return v == current_vcpu() ? &cpu_info()->guest_regs : &v->regs;
}

void machine_sync_vcpu(struct vcpu *v)
{
    /* Nothing is left in a CPU when its vCPU is switched out. */
    (void)v;
}

static void save_vcpu(struct vcpu *v)
{
    v->regs = cpu_info()->guest_regs;
    segments_save(v);
    debug_save(v);
    fpu_save(v);
}

/*
 * The CPU's own table serves until CR3 is loaded: the window of the last
 * vCPU vanishes with its L4, and an NMI must find its code segment.
 */
static void load_address_space(struct vcpu *v)
{
    unsigned int cpu = machine_this_cpu()->id;

    cpumask_set(&v->domain->dirty_cpus, cpu);
    atomic_store(&v->dirty_cpu, cpu);
    v->machine->window_changed = false;
    window_map_cpu(v);
    machine_load_root(v);
    flush_globals();
    descriptors_load_gdt(window_of(v->id));
    machine_load_ldt(v);
}

/* A selector could not be loaded. It may lie in a page of the LDT that was
 * dropped since, with CR3; else the guest's kernel is told. */
static void segments_failed(struct vcpu *v)
{
    const uint16_t segments[4] = {v->machine->ds, v->machine->es,
                                  v->machine->fs, v->machine->gs};

    for (unsigned int i = 0; i < ARRAY_COUNT(segments); i++) {
        pv_map_ldt_of(v, segments[i]);
    }
    if (!segments_restore(v)) {
        pv_bounce_failsafe(v, &cpu_info()->guest_regs, segments);
    }
}

/* @prev may run on another CPU already, if it was kept here. */
static void leave_address_space(struct vcpu *prev, const struct domain *next)
{
    unsigned int cpu = machine_this_cpu()->id;
    unsigned int expected = cpu;

    (void)atomic_compare_exchange_strong(&prev->dirty_cpu, &expected,
                                         VCPU_NOT_DIRTY);
    if (prev->domain != next) {
        cpumask_clear(&prev->domain->dirty_cpus, cpu);
    }
}

void context_forget_kept(void)
{
    struct cpu_info *info = cpu_info();
    struct vcpu *kept = info->kept;

    if (kept == NULL) {
        return;
    }
    load_cr3(hv_l4_phys());
    flush_globals();
    info->kept = NULL;
    atomic_store(&info->keeps, KEPT_NONE);
    leave_address_space(kept, NULL);
}

/* Interrupts are off until its registers are saved, and it is known as kept. */
_Noreturn static void run_idle(struct vcpu *prev)
{
    cpu_info()->kept = prev;
    atomic_store(&cpu_info()->keeps, KEPT_FRESH);
    if (xpti_on()) {
        context_forget_kept();
    }
    sched_switched(prev);
    irq_enable();
    entry_reset_stack(idle_loop);
}

/*
 * Does this CPU, idle until now, still have all of @v's address space? Not if
 * @v has run elsewhere since, and not if another vCPU changed its root or its
 * window.
 */
static bool take_kept(struct vcpu *v)
{
    struct cpu_info *info = cpu_info();
    mfn_t root = v->pv.kernel_mode ? v->pv.kernel_root : v->pv.user_root;

    return atomic_exchange(&info->keeps, KEPT_NONE) == KEPT_FRESH &&
           info->kept == v && atomic_load(&v->dirty_cpu) == info->cpu &&
           !v->machine->window_changed &&
           info->root == root.number << PAGE_SHIFT;
}

static void enter_address_space(struct vcpu *prev, struct vcpu *next)
{
    struct cpu_info *info = cpu_info();
    struct vcpu *last = prev->domain->is_idle ? info->kept : prev;

    if (take_kept(next)) {
        descriptors_load_gdt(window_of(next->id));
        machine_load_ldt(next);
    } else {
        load_address_space(next);
    }
    if (last != NULL && last != next) {
        leave_address_space(last, next->domain);
    }
    info->kept = NULL;
}

_Noreturn static void run_guest(struct vcpu *prev, struct vcpu *next)
{
    bool segments_ok;

    speculation_enter_domain(next->domain);
    enter_address_space(prev, next);
    cpu_info()->guest_regs = next->regs;
    fpu_restore(next);
    machine_update_cr4(next);
    debug_restore(next);
    segments_ok = segments_restore(next);
    sched_switched(prev);
    irq_enable();
    if (!segments_ok) {
        segments_failed(next);
    }
    entry_exit_to_guest();
}

void machine_context_switch(struct vcpu *prev, struct vcpu *next)
{
    perf_count(PERF_CONTEXT_SWITCHES);
    if (!prev->domain->is_idle) {
        save_vcpu(prev);
    }
    descriptors_load_ldt(0, 0);
    descriptors_load_gdt(0);
    cpu_info()->running = next;
    if (next->domain->is_idle) {
        run_idle(prev);
    }
    run_guest(prev, next);
}
