/* SPDX-License-Identifier: MIT */
/*
 * Selectors that were good when loaded and are not when the hypervisor has
 * to load them again: after a descriptor, or the whole GDT, went away.
 */
#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hostile.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "traps.h"

#define DESC_DATA 0x00cff3000000ffffUL
#define SELECTOR  (5 * 8 + 3)

static unsigned int failsafe_count;

static void count_failsafe(struct trap_frame *frame)
{
    (void)frame;
    failsafe_count++;
}

static uint16_t read_fs(void)
{
    uint16_t selector;

    __asm__ volatile("movw %%fs, %0" : "=r"(selector));
    return selector;
}

static void load_all(uint16_t selector)
{
    __asm__ volatile("movw %0, %%ds; movw %0, %%es; movw %0, %%fs"
                     :
                     : "r"(selector));
}

/* Sleep, so that this vCPU is switched out and in again. */
static void sleep_a_little(void)
{
    evtchn_port_t port;
    unsigned int i;

    evtchn_bind_virq(VIRQ_TIMER, 0, &port);
    evtchn_unmask(port);
    for (i = 0; i < 3; i++) {
        clock_set_timer(clock_ns() + 3000000);
        hc_sched_op(SCHEDOP_block, NULL);
    }
    events_disable();
    evtchn_close(port);
}

/*
 * On one CPU alone the hypervisor may come back to us without a reload:
 * then the selectors are still there and no failsafe call came.
 */
static void check_stale(void)
{
    uint64_t *gdt = mm_page_alloc();
    uint64_t frame = mm_va_to_mfn(gdt);

    gdt[5] = DESC_DATA;
    check_eq("stale-gdt-readonly", mm_set_readonly(gdt), 0);
    check_eq("stale-gdt-set", hc_set_gdt(&frame, 512), 0);
    load_all(SELECTOR);
    check_eq("stale-clear", hc_update_descriptor(mm_va_to_maddr(&gdt[5]), 0),
             0);
    trap_set_handler(VECTOR_FAILSAFE, count_failsafe);
    sleep_a_little();
    trap_set_handler(VECTOR_FAILSAFE, NULL);
    if (read_fs() == 0) {
        check_eq("stale-failsafe-called", failsafe_count, 1);
    } else {
        check_eq("stale-kept-without-failsafe", failsafe_count, 0);
    }
    load_all(0);
    check_eq("stale-gdt-drop", hc_set_gdt(NULL, 0), 0);
    check_eq("stale-gdt-back", mm_set_writable(gdt), 0);
    mm_page_free(gdt);
}

/* Selectors of a GDT that is gone altogether. */
static void check_gone(void)
{
    uint64_t *gdt = mm_page_alloc();
    uint64_t frame = mm_va_to_mfn(gdt);

    gdt[5] = DESC_DATA;
    mm_set_readonly(gdt);
    check_eq("gone-gdt-set", hc_set_gdt(&frame, 512), 0);
    load_all(SELECTOR);
    check_eq("gone-gdt-drop", hc_set_gdt(NULL, 0), 0);
    failsafe_count = 0;
    trap_set_handler(VECTOR_FAILSAFE, count_failsafe);
    sleep_a_little();
    trap_set_handler(VECTOR_FAILSAFE, NULL);
    check_true("gone-failsafe-or-kept",
               read_fs() == 0 ? failsafe_count == 1 : failsafe_count == 0,
               failsafe_count);
    load_all(0);
    mm_set_writable(gdt);
    mm_page_free(gdt);
}

void hostile_segments(void)
{
    check_stale();
    check_gone();
    fault_clear();
    load_fixup(0x10000);
    check_eq("faults-still-work", fault_vector(), 14);
}
