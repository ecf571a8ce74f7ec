/* SPDX-License-Identifier: MIT */
/* GDT frames and single descriptors that must be refused. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"

#define DESC_DATA         0x00cff3000000ffffUL
#define DESC_CODE64       0x00affb000000ffffUL
#define DESC_CALL_GATE    0x0000ec0000330000UL
#define DESC_CALL_GATE_HV 0x0000ec00e0080000UL
#define DESC_LDT          0x0000820000000067UL
#define DESC_TSS          0x0000890000000067UL
#define DESC_INT_GATE     0x0000ee0000330000UL
#define DESC_TRAP_GATE    0x0000ef0000330000UL
#define DESC_ABSENT       0x00cf73000000ffffUL

struct descriptor_case {
    const char *name;
    uint64_t descriptor;
    int64_t want;
};

static const struct descriptor_case cases[] = {
    {"descriptor-empty", 0, 0},
    {"descriptor-data", DESC_DATA, 0},
    {"descriptor-code64", DESC_CODE64, 0},
    {"descriptor-not-present", DESC_ABSENT, 0},
    {"descriptor-not-present-tss", DESC_TSS & ~(1UL << 47), 0},
    {"descriptor-ldt", DESC_LDT, -XEN_EINVAL},
    {"descriptor-tss", DESC_TSS, -XEN_EINVAL},
    {"descriptor-interrupt-gate", DESC_INT_GATE, -XEN_EINVAL},
    {"descriptor-trap-gate", DESC_TRAP_GATE, -XEN_EINVAL},
    {"descriptor-call-gate-reserved-bits", DESC_CALL_GATE | (1UL << 32),
     -XEN_EINVAL},
    {"descriptor-call-gate-hypervisor-code", DESC_CALL_GATE_HV, -XEN_EINVAL},
};

#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

static void check_updates(void)
{
    uint64_t entry = mm_va_to_maddr(&fx.descriptors[20]);
    unsigned int i;

    for (i = 0; i < CASE_COUNT; i++) {
        check_eq(cases[i].name,
                 hc_update_descriptor(entry, cases[i].descriptor),
                 cases[i].want);
    }
    check_eq("descriptor-clear", hc_update_descriptor(entry, 0), 0);
}

/* The same in a frame that set_gdt has to take as a whole. */
static void check_frames(void)
{
    uint64_t *page = mm_page_alloc();
    uint64_t frame = mm_va_to_mfn(page);
    unsigned int i;

    for (i = 0; i < CASE_COUNT; i++) {
        page[300] = cases[i].descriptor;
        mm_set_readonly(page);
        check_eq(cases[i].name, hc_set_gdt(&frame, 512), cases[i].want);
        frame = mm_va_to_mfn(fx.descriptors);
        check_eq("gdt-own-back", hc_set_gdt(&frame, 512), 0);
        frame = mm_va_to_mfn(page);
        check_eq("gdt-page-back", mm_set_writable(page), 0);
    }
    mm_page_free(page);
}

static void check_bad_frames(void)
{
    uint64_t frame = mm_va_to_mfn(fx.data);

    check_eq("gdt-of-writable-page", hc_set_gdt(&frame, 8), -XEN_EINVAL);
    frame = mm_va_to_mfn(fx.l1);
    check_eq("gdt-of-table", hc_set_gdt(&frame, 8), -XEN_EINVAL);
    frame = fx.hypervisor_mfn;
    check_eq("gdt-of-hypervisor", hc_set_gdt(&frame, 8), -XEN_EINVAL);
    frame = ~0UL;
    check_eq("gdt-of-nothing", hc_set_gdt(&frame, 8), -XEN_EINVAL);
    check_eq("gdt-bad-pointer", hc_set_gdt((void *)HYPERVISOR_VIRT_START, 8),
             -XEN_EFAULT);
    check_eq("gdt-into-reserved", hc_set_gdt(&frame, 7169), -XEN_EINVAL);
    check_eq("descriptor-in-data",
             hc_update_descriptor(mm_va_to_maddr(fx.data), DESC_DATA), 0);
    check_eq("descriptor-in-table",
             hc_update_descriptor(mm_va_to_maddr(fx.l1), DESC_DATA),
             -XEN_EINVAL);
    check_eq("descriptor-in-hypervisor",
             hc_update_descriptor(fx.hypervisor_mfn << PAGE_SHIFT, DESC_DATA),
             -XEN_EINVAL);
    check_eq(
        "descriptor-unaligned",
        hc_update_descriptor(mm_va_to_maddr(fx.descriptors) + 4, DESC_DATA),
        -XEN_EINVAL);
}

static void set_ldt(const char *name, uint64_t va, unsigned int entries,
                    int64_t want)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_SET_LDT,
        .arg1.linear_addr = va,
        .arg2.nr_ents = entries,
    };

    check_eq(name, hc_mmuext_op(&op, 1, NULL, DOMID_SELF), want);
}

static void check_ldt(void)
{
    set_ldt("ldt-unaligned", (uint64_t)fx.data + 8, 1, -XEN_EINVAL);
    set_ldt("ldt-too-many", (uint64_t)fx.data, 8193, -XEN_EINVAL);
    set_ldt("ldt-hypervisor", HYPERVISOR_VIRT_START, 1, -XEN_EINVAL);
    set_ldt("ldt-noncanonical", 0x8000000000000000UL, 1, -XEN_EINVAL);
    set_ldt("ldt-none", 0, 0, 0);
}

void denials_descriptors(void)
{
    check_updates();
    check_frames();
    check_bad_frames();
    check_ldt();
}
