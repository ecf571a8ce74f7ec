// SPDX-License-Identifier: MIT
/* The PV guest of pv_world.h. */
#include "pv_world.h"

#include <string.h>

#include "guest_copy.h"

struct pv_world pv_world;

#define DOMID       5
#define GUEST_PAGES 64U

static mfn_t new_page(void)
{
    struct page *page;

    assert_int_equal(domain_alloc_pages(pv_world.d, 0, 64, &page), 0);
    return page_mfn(page);
}

void *pv_page(mfn_t mfn)
{
    return machine_map(mfn);
}

static void set_entry(mfn_t table, unsigned int index, mfn_t mfn,
                      uint64_t flags)
{
    pte_t *entries = pv_page(table);

    entries[index] = pte_make(mfn, flags);
}

/* An L4 whose last slot leads to @l1. */
static mfn_t new_root(mfn_t l1)
{
    mfn_t l2 = new_page();
    mfn_t l3 = new_page();
    mfn_t l4 = new_page();
    uint64_t flags = PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED;

    set_entry(l2, pt_index(PV_CODE_VA, 2), l1, flags);
    set_entry(l3, pt_index(PV_CODE_VA, 3), l2, flags);
    set_entry(l4, pt_index(PV_CODE_VA, 4), l3, flags);
    return l4;
}

static void build_tables(void)
{
    uint64_t rw = PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_DIRTY;
    mfn_t l1 = new_page();

    pv_world.code = new_page();
    pv_world.stack = new_page();
    pv_world.data = new_page();
    pv_world.gdt = new_page();
    set_entry(l1, pt_index(PV_CODE_VA, 1), pv_world.code, rw);
    set_entry(l1, pt_index(PV_STACK_VA, 1), pv_world.stack, rw);
    set_entry(l1, pt_index(PV_DATA_VA, 1), pv_world.data, rw);
    set_entry(l1, pt_index(PV_GDT_VA, 1), pv_world.gdt,
              PTE_PRESENT | PTE_ACCESSED);
    pv_world.kernel_root = new_root(l1);
    pv_world.user_root = new_root(l1);
}

static void start_vcpu(void)
{
    struct vcpu_guest_context context;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = PV_CODE_VA;
    context.user_regs.rsp = PV_STACK_TOP;
    context.user_regs.cs = GUEST_SELECTOR_CS64;
    context.user_regs.ss = GUEST_SELECTOR_DS;
    context.kernel_sp = PV_STACK_TOP;
    context.ctrlreg[3] = xen_pfn_to_cr3(pv_world.kernel_root.number);
    context.ctrlreg[1] = xen_pfn_to_cr3(pv_world.user_root.number);
    context.debugreg[6] = X86_DR6_FIXED;
    context.debugreg[7] = X86_DR7_FIXED;
    assert_int_equal(vcpu_set_context(pv_world.v, &context), 0);
    atomic_store(&pv_world.v->sched.pause_flags, 0);
}

int pv_world_setup(void **state)
{
    struct xen_domctl_createdomain config = {.max_vcpus = 2,
                                             .max_evtchn_port = 1023,
                                             .max_grant_frames = 4,
                                             .max_maptrack_frames = 4,
                                             .grant_opts = 1};

    (void)state;
    fake_start();
    assert_int_equal(domain_create(DOMID, &config, false, &pv_world.d), 0);
    pv_world.d->max_pages = GUEST_PAGES;
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(vcpu_create(pv_world.d, i, i), 0);
    }
    pv_world.v = pv_world.d->vcpu[0];
    build_tables();
    start_vcpu();
    fake_enter(pv_world.v);
    pv_world.regs = vcpu_regs(pv_world.v);
    return 0;
}

int pv_world_teardown(void **state)
{
    (void)state;
    fake_stop();
    return 0;
}

void pv_code(const void *code, size_t bytes)
{
    memcpy(pv_page(pv_world.code), code, bytes);
    pv_world.regs->rip = PV_CODE_VA;
}

uint64_t pv_stack_word(unsigned int index)
{
    uint64_t word = 0;
    guest_va_t va =
        guest_va_make(pv_world.regs->rsp + index * sizeof(uint64_t));

    assert_int_equal(read_guest(&word, va), 0);
    return word;
}

unsigned long pv_handler(unsigned int vector, unsigned int flags)
{
    unsigned long address = 0xffffffff81000000UL + vector * 0x100;

    pv_world.v->pv.traps[vector] = (struct trap_info){.vector = (uint8_t)vector,
                                                      .flags = (uint8_t)flags,
                                                      .cs = GUEST_SELECTOR_CS64,
                                                      .address = address};
    return address;
}
