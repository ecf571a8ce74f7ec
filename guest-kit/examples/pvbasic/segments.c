/* SPDX-License-Identifier: MIT */
/* Segment bases, our own GDT and LDT, descriptors changed by hypercall. */
#include "check.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "pvbasic.h"
#include "traps.h"
#include "vcpu.h"

/* 64-bit code, data, data with base: DPL 3, present */
#define DESC_CODE64   0x00affb000000ffffUL
#define DESC_DATA     0x00cff3000000ffffUL
#define DESC_DPL_MASK (3UL << 45)

#define NONCANONICAL 0x8000000000000000UL

#define SELECTOR(index)     (uint16_t)((index)*8 + 3)
#define SELECTOR_LDT(index) (uint16_t)((index)*8 + 7)

static uint64_t probe_value = 0xfeedf00d;

static uint64_t load_fs(void)
{
    uint64_t value = 0;

    __asm__ volatile(FIXUP("movq %%fs:0, %0") : "+r"(value));
    return value;
}

static void check_bases(void)
{
    check_eq("segbase-fs",
             hc_set_segment_base(SEGBASE_FS, (uint64_t)&probe_value), 0);
    check_hex("segbase-fs-works", load_fs(), probe_value);
    check_eq("segbase-fs-noncanonical",
             hc_set_segment_base(SEGBASE_FS, NONCANONICAL), -XEN_EINVAL);
    check_eq("segbase-gs-kernel",
             hc_set_segment_base(SEGBASE_GS_KERNEL, (uint64_t)this_vcpu()), 0);
    check_eq("segbase-gs-kernel-noncanonical",
             hc_set_segment_base(SEGBASE_GS_KERNEL, NONCANONICAL), -XEN_EINVAL);
    check_eq("segbase-gs-user", hc_set_segment_base(SEGBASE_GS_USER, 0x1000),
             0);
    check_hex("segbase-gs-user-read", rdmsr_fixup(0xc0000102), 0x1000);
    check_hex("segbase-gs-kernel-kept", rdmsr_fixup(0xc0000101),
              (uint64_t)this_vcpu());
    check_eq("segbase-gs-user-selector",
             hc_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    check_eq("segbase-gs-user-bad-selector",
             hc_set_segment_base(SEGBASE_GS_USER_SEL, 0x1233), 0);
    check_eq("segbase-unknown", hc_set_segment_base(4, 0), -XEN_EINVAL);
    check_eq("segbase-fs-zero", hc_set_segment_base(SEGBASE_FS, 0), 0);
}

/* Load FS with @selector; returns the vector of the fault, or -1. */
static int load_fs_selector(uint16_t selector)
{
    fault_clear();
    __asm__ volatile(FIXUP("movw %w0, %%fs") : : "r"((uint32_t)selector));
    return fault_vector();
}

static uint64_t data_descriptor(uint64_t base)
{
    return DESC_DATA | ((base & 0xffffff) << 16) | ((base >> 24) << 56);
}

static uint64_t *make_gdt(void)
{
    uint64_t *gdt = mm_page_alloc();

    gdt[1] = DESC_CODE64 & ~DESC_DPL_MASK;
    gdt[2] = DESC_DATA;
    return gdt;
}

static void check_gdt(uint64_t *gdt)
{
    uint64_t frame = mm_va_to_mfn(gdt);

    check_eq("gdt-writable-page", hc_set_gdt(&frame, 16), -XEN_EINVAL);
    check_eq("gdt-make-readonly", mm_set_readonly(gdt), 0);
    check_eq("gdt-set", hc_set_gdt(&frame, 16), 0);
    check_eq("gdt-load-data", load_fs_selector(SELECTOR(2)), -1);
    check_eq("gdt-load-empty", load_fs_selector(SELECTOR(5)), 13);
    check_hex("gdt-load-empty-error", fault_last()->error_code, 5 * 8);
    check_hex("gdt-dpl-raised", gdt[1] & DESC_DPL_MASK, DESC_DPL_MASK);
    check_true("gdt-page-not-writable", mm_set_writable(gdt) != 0, 0);
    check_eq("gdt-too-many", hc_set_gdt(&frame, 7169), -XEN_EINVAL);
}

static void check_update_descriptor(uint64_t *gdt)
{
    uint64_t maddr = mm_va_to_maddr(&gdt[5]);

    check_eq("descriptor-update",
             hc_update_descriptor(maddr, data_descriptor(0x400)), 0);
    check_eq("descriptor-load", load_fs_selector(SELECTOR(5)), -1);
    check_hex("descriptor-base", rdmsr_fixup(0xc0000100), 0x400);
    check_eq("descriptor-unaligned", hc_update_descriptor(maddr + 1, DESC_DATA),
             -XEN_EINVAL);
    check_eq("descriptor-tss",
             hc_update_descriptor(maddr, 0x0000890000000067UL), -XEN_EINVAL);
    check_hex("descriptor-refused-left-alone", gdt[5] & ~(1UL << 40),
              data_descriptor(0x400) & ~(1UL << 40));
    check_eq("descriptor-clear", hc_update_descriptor(maddr, 0), 0);
    load_fs_selector(0);
}

static void set_ldt(const void *page, unsigned int entries, const char *name,
                    int64_t want)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_SET_LDT,
        .arg1.linear_addr = (uint64_t)page,
        .arg2.nr_ents = entries,
    };

    check_eq(name, hc_mmuext_op(&op, 1, NULL, DOMID_SELF), want);
}

static void check_ldt(void)
{
    uint64_t *ldt = mm_page_alloc();

    ldt[1] = DESC_DATA;
    check_eq("ldt-make-readonly", mm_set_readonly(ldt), 0);
    set_ldt((const uint8_t *)ldt + 8, 8, "ldt-unaligned", -XEN_EINVAL);
    set_ldt(ldt, 8193, "ldt-too-many", -XEN_EINVAL);
    set_ldt(ldt, 512, "ldt-set", 0);
    check_eq("ldt-load", load_fs_selector(SELECTOR_LDT(1)), -1);
    check_eq("ldt-load-empty", load_fs_selector(SELECTOR_LDT(2)), 13);
    check_hex("ldt-load-empty-error", fault_last()->error_code, 2 * 8 + 4);
    check_true("ldt-page-not-writable", mm_set_writable(ldt) != 0, 0);
    load_fs_selector(0);
    set_ldt(NULL, 0, "ldt-drop", 0);
    check_eq("ldt-load-dropped", load_fs_selector(SELECTOR_LDT(1)), 13);
    check_eq("ldt-page-writable-again", mm_set_writable(ldt), 0);
    mm_page_free(ldt);
}

/* Reserved selectors work before and after any GDT of ours. */
static void check_reserved(void)
{
    check_eq("selector-reserved-data", load_fs_selector(FLAT_RING3_DS32), -1);
    check_eq("selector-null", load_fs_selector(0), -1);
}

void pvbasic_segments(void)
{
    uint64_t *gdt = make_gdt();

    check_bases();
    check_reserved();
    check_gdt(gdt);
    check_update_descriptor(gdt);
    check_ldt();
    check_reserved();
    check_eq("gdt-drop", hc_set_gdt(NULL, 0), 0);
    check_eq("gdt-page-writable-again", mm_set_writable(gdt), 0);
    mm_page_free(gdt);
}
