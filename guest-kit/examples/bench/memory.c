/* SPDX-License-Identifier: MIT */
/* Page-table work. */
#include "bench.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "string.h"

#define BATCH 32

static uint64_t *page;
static uint64_t *table;
static uint64_t *root;

static void map_same(unsigned long count)
{
    uint64_t value = mm_va_to_maddr(page) | PTE_KERNEL_RW;

    while (count-- != 0) {
        hc_update_va_mapping((uint64_t)page, value, 0);
    }
}

static void map_invlpg(unsigned long count)
{
    uint64_t value = mm_va_to_maddr(page) | PTE_KERNEL_RW;

    while (count-- != 0) {
        hc_update_va_mapping((uint64_t)page, value, UVMF_INVLPG);
    }
}

/* Read-only and back: two calls, each takes or drops a writable type. */
static void map_toggle(unsigned long count)
{
    uint64_t maddr = mm_va_to_maddr(page);

    while (count-- != 0) {
        hc_update_va_mapping((uint64_t)page, maddr | PTE_KERNEL_RO,
                             UVMF_INVLPG);
        hc_update_va_mapping((uint64_t)page, maddr | PTE_KERNEL_RW,
                             UVMF_INVLPG);
    }
}

static void update_one(unsigned long count)
{
    uint64_t value = mm_va_to_maddr(page) | PTE_KERNEL_RO;

    while (count-- != 0) {
        mm_write_entry(&table[5], count & 1 ? value : 0);
    }
}

static void update_batch(unsigned long count)
{
    struct mmu_update reqs[BATCH];
    uint64_t value = mm_va_to_maddr(page) | PTE_KERNEL_RO;
    unsigned int i;

    while (count-- != 0) {
        for (i = 0; i < BATCH; i++) {
            reqs[i].ptr = mm_va_to_maddr(&table[i]);
            reqs[i].val = count & 1 ? value : 0;
        }
        hc_mmu_update(reqs, BATCH, NULL, DOMID_SELF);
    }
}

static void plain_write(unsigned long count)
{
    uint64_t value = mm_va_to_maddr(page) | PTE_KERNEL_RO;

    while (count-- != 0) {
        *(volatile uint64_t *)&table[7] = count & 1 ? value : 0;
    }
}

static void exchange_write(unsigned long count)
{
    uint64_t value;

    while (count-- != 0) {
        value = 0;
        __asm__ volatile("xchgq %0, (%1)"
                         : "+r"(value)
                         : "r"(&table[7])
                         : "memory");
    }
}

static void pin_l1(unsigned long count)
{
    while (count-- != 0) {
        mm_ext(MMUEXT_UNPIN_TABLE, table);
        mm_ext(MMUEXT_PIN_L1_TABLE, table);
    }
}

static void pin_l4(unsigned long count)
{
    while (count-- != 0) {
        mm_ext(MMUEXT_UNPIN_TABLE, root);
        mm_ext(MMUEXT_PIN_L4_TABLE, root);
    }
}

static void switch_base(unsigned long count)
{
    while (count-- != 0) {
        mm_ext(MMUEXT_NEW_BASEPTR, root);
        mm_ext(MMUEXT_NEW_BASEPTR, mm_root());
    }
}

static void flush_all(unsigned long count)
{
    while (count-- != 0) {
        mm_ext(MMUEXT_TLB_FLUSH_ALL, NULL);
    }
}

static void prepare(void)
{
    unsigned int i;

    page = mm_page_alloc();
    table = mm_page_alloc();
    root = mm_page_alloc();
    for (i = 0; i < PT_ENTRIES; i++) {
        root[i] = i < 256 || i > 271 ? mm_root()[i] : 0;
    }
    if (mm_set_readonly(table) != 0 || mm_set_readonly(root) != 0 ||
        mm_ext(MMUEXT_PIN_L1_TABLE, table) != 0 ||
        mm_ext(MMUEXT_PIN_L4_TABLE, root) != 0) {
        guest_panic("cannot prepare tables");
    }
    hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
}

void bench_memory(void)
{
    prepare();
    bench_run("update-va-mapping", map_same);
    bench_run("update-va-mapping-invlpg", map_invlpg);
    bench_run("update-va-mapping-toggle", map_toggle);
    bench_run("mmu-update-1", update_one);
    bench_run("mmu-update-32", update_batch);
    bench_run("write-fault-mov", plain_write);
    bench_run("write-fault-xchg", exchange_write);
    bench_run_rounds("unpin-pin-l1", pin_l1, 20);
    bench_run_rounds("unpin-pin-l4", pin_l4, 20);
    bench_run("new-baseptr-twice", switch_base);
    bench_run("tlb-flush-all", flush_all);
}
