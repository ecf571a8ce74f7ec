/* SPDX-License-Identifier: MIT */
/* Exceptions in kernel mode: which vector, and every field of the frame. */
#include "check.h"
#include "evtchn.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "pvbasic.h"
#include "traps.h"
#include "vcpu.h"

#define RFLAGS_TF 0x100UL
#define RFLAGS_IF 0x200UL

/* In no table of this guest */
#define UNMAPPED_VA  0x123456789000UL
#define NONCANONICAL 0x8000000000000000UL

#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_FETCH   16

static void check_fault(const char *name, unsigned int vector,
                        uint64_t error_code)
{
    if (check_eq(name, fault_vector(), (int)vector)) {
        check_hex(name, fault_last()->error_code, error_code);
    }
}

/* #DE with everything that the bounce frame holds. */
static void check_frame(void)
{
    uint64_t rip;
    uint64_t rsp;
    const struct trap_frame *f = &fault_last()->frame;

    events_disable();
    fault_clear();
    __asm__ volatile("movq %%rsp, %1; xorl %%edx, %%edx; movl $0xabc, %%eax;"
                     "xorl %%ecx, %%ecx; movl $0xdef, %%r11d;" FIXUP(
                         "divl %%ecx") "leaq 1b(%%rip), %0"
                     : "=&r"(rip), "=&r"(rsp)
                     :
                     : "rax", "rcx", "rdx", "r11", "cc");
    check_fault("de", 0, 0);
    check_hex("de-rip", f->rip, rip);
    check_hex("de-rsp", f->rsp, rsp);
    check_hex("de-cs-ring-0", f->cs, FLAT_KERNEL_CS & ~3);
    check_hex("de-ss", f->ss & 0xffff, FLAT_KERNEL_SS);
    check_hex("de-rax", f->rax, 0xabc);
    check_hex("de-rcx", f->rcx, 0);
    check_hex("de-r11", f->r11, 0xdef);
    check_eq("de-saved-mask", f->saved_upcall_mask, 1);
    check_hex("de-rflags-if-clear", f->rflags & RFLAGS_IF, 0);
}

static void divide_by_zero(void)
{
    fault_clear();
    __asm__ volatile(FIXUP("divl %1") : : "a"(1), "r"(0), "d"(0) : "cc");
}

/* The upcall mask: set by entries that ask for it, saved and restored. */
static void check_mask(void)
{
    events_enable();
    divide_by_zero();
    check_eq("de-unmasked-saved-mask", fault_last()->frame.saved_upcall_mask,
             0);
    check_hex("de-unmasked-rflags-if", fault_last()->frame.rflags & RFLAGS_IF,
              RFLAGS_IF);
    check_eq("de-masks-events", fault_last()->events_masked, 1);
    check_eq("de-mask-restored", events_masked(), 0);
    check_eq("trap-table-one-entry", traps_set_vector(0, 0), 0);
    divide_by_zero();
    check_eq("de-leaves-mask-without-flag", fault_last()->events_masked, 0);
    check_eq("trap-table-entry-back", traps_set_vector(0, 4), 0);
    events_disable();
}

static void check_software(void)
{
    uint64_t rip;

    fault_clear();
    __asm__ volatile("int3; leaq 0(%%rip), %0" : "=r"(rip));
    check_fault("bp", 3, 0);
    check_hex("bp-rip-after", fault_last()->frame.rip, rip - 7);
    fault_clear();
    __asm__ volatile("int $4");
    check_fault("of", 4, 0);
    fault_clear();
    __asm__ volatile("int $0x80");
    check_fault("int80-kernel", 0x80, 0);
    fault_clear();
    __asm__ volatile(FIXUP("int $0x81"));
    /* 2 + 8 * vector by the manual, 2 + 16 * vector on QEMU 7.2 */
    check_eq("int81-no-gate", fault_vector(), 13);
    check_either("int81-error-code", (int64_t)fault_last()->error_code,
                 0x81 * 8 + 2, 0x81 * 16 + 2);
}

static void check_invalid(void)
{
    fault_clear();
    __asm__ volatile(FIXUP("ud2"));
    check_fault("ud", 6, 0);
    fault_clear();
    __asm__ volatile(FIXUP("ud2a; .ascii \"xen\"; nop"));
    check_fault("ud-forced-emulation-of-nop", 6, 0);
}

static void check_protection(void)
{
    fault_clear();
    __asm__ volatile(FIXUP("movw %w0, %%es") : : "r"(0x1233));
    check_fault("gp-selector-beyond-gdt", 13, 0x1230);
    fault_clear();
    load_fixup(NONCANONICAL);
    check_fault("gp-noncanonical", 13, 0);
    fault_clear();
    __asm__ volatile(FIXUP("lgdt (%0)") : : "r"(&fault_last()->frame));
    check_fault("gp-lgdt", 13, 0);
    fault_clear();
    __asm__ volatile(FIXUP("hlt"));
    check_fault("gp-hlt", 13, 0);
    fault_clear();
    __asm__ volatile(FIXUP("swapgs"));
    check_fault("gp-swapgs", 13, 0);
    fault_clear();
    __asm__ volatile(FIXUP("sysretq") : : : "rcx", "r11");
    check_fault("gp-sysret", 13, 0);
}

static void check_page_fault_at(const char *name, uint64_t va,
                                uint64_t error_code)
{
    check_fault(name, 14, error_code);
    check_hex(name, fault_last()->cr2, va);
}

static void check_page_fault(void)
{
    uint64_t *page = mm_page_alloc();

    fault_clear();
    load_fixup(UNMAPPED_VA + 8);
    check_page_fault_at("pf-read", UNMAPPED_VA + 8, 0);
    check_hex("pf-cr2-read", read_cr2(), UNMAPPED_VA + 8);
    fault_clear();
    store_fixup(UNMAPPED_VA + 0x7f8, 1);
    check_page_fault_at("pf-write", UNMAPPED_VA + 0x7f8, PF_WRITE);
    check_eq("pf-make-readonly", mm_set_readonly(page), 0);
    fault_clear();
    store_fixup((uint64_t)page + 16, 1);
    check_page_fault_at("pf-write-readonly", (uint64_t)page + 16,
                        PF_WRITE | PF_PRESENT);
    check_hex("pf-write-had-no-effect", page[2], 0);
    fault_clear();
    load_fixup(HYPERVISOR_VIRT_END - 8);
    check_eq("pf-read-hypervisor", fault_vector(), 14);
    check_hex("pf-read-hypervisor-cr2", fault_last()->cr2,
              HYPERVISOR_VIRT_END - 8);
    check_eq("pf-make-writable", mm_set_writable(page), 0);
    mm_page_free(page);
}

static uint64_t fetch_error;
static uint64_t fetch_rip;

/* Return to the caller of the page that cannot be run. */
static void fetch_handler(struct trap_frame *frame)
{
    fetch_error = frame->error_code;
    fetch_rip = frame->rip;
    frame->rip = *(const uint64_t *)frame->rsp;
    frame->rsp += 8;
}

static void check_no_execute(void)
{
    uint8_t *page = mm_page_alloc();
    uint64_t maddr = mm_va_to_maddr(page);

    page[0] = 0xc3;
    check_eq("nx-map", mm_map(page, maddr, PTE_KERNEL_RW | PTE_NX), 0);
    trap_set_handler(14, fetch_handler);
    __asm__ volatile("call *%0" : : "r"(page) : "memory");
    trap_set_handler(14, NULL);
    check_hex("nx-fetch-error", fetch_error, PF_FETCH | PF_PRESENT);
    check_hex("nx-fetch-rip", fetch_rip, (uint64_t)page);
    check_eq("nx-unmap", mm_map(page, maddr, PTE_KERNEL_RW), 0);
    mm_page_free(page);
}

static unsigned int step_count;
static uint64_t step_rflags;

static void step_handler(struct trap_frame *frame)
{
    step_count++;
    step_rflags = frame->rflags;
    frame->rflags &= ~RFLAGS_TF;
}

static void check_single_step(void)
{
    trap_set_handler(1, step_handler);
    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq; nop; nop"
                     :
                     : "i"(RFLAGS_TF)
                     : "memory", "cc");
    trap_set_handler(1, NULL);
    check_eq("db-single-step-once", step_count, 1);
    check_hex("db-frame-tf", step_rflags & RFLAGS_TF, RFLAGS_TF);
    check_hex("db-dr6-single-step", (uint64_t)hc_get_debugreg(6) & 0x4000,
              0x4000);
    check_eq("db-dr6-clear", hc_set_debugreg(6, 0xffff0ff0), 0);
}

static void check_device_not_available(void)
{
    check_eq("nm-set-ts", hc_fpu_taskswitch(1), 0);
    check_hex("nm-cr0-ts", read_cr0() & 8, 8);
    fault_clear();
    __asm__ volatile(FIXUP("fninit"));
    check_fault("nm", 7, 0);
    check_hex("nm-cr0-ts-cleared-by-bounce", read_cr0() & 8, 0);
    check_eq("nm-clear-ts", hc_fpu_taskswitch(0), 0);
    fault_clear();
    __asm__ volatile(FIXUP("fninit"));
    check_eq("nm-not-after-clear", fault_vector(), -1);
    check_hex("nm-cr0-ts-clear", read_cr0() & 8, 0);
}

void pvbasic_exceptions(void)
{
    check_frame();
    check_mask();
    check_software();
    check_invalid();
    check_protection();
    check_page_fault();
    check_no_execute();
    check_single_step();
    check_device_not_available();
}
