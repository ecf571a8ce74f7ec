/* SPDX-License-Identifier: MIT */
/* Privileged instructions that the hypervisor carries out for us. */
#include "check.h"
#include "evtchn.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "pvbasic.h"
#include "start.h"
#include "traps.h"

#define CR0_TS 8UL

static uint8_t inb(uint16_t port)
{
    uint8_t value = 0x5a;

    __asm__ volatile(FIXUP("inb %1, %0") : "+a"(value) : "d"(port));
    return value;
}

static uint32_t inl(uint16_t port)
{
    uint32_t value = 0x5a5a5a5a;

    __asm__ volatile(FIXUP("inl %1, %0") : "+a"(value) : "d"(port));
    return value;
}

static void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile(FIXUP("outb %0, %1") : : "a"(value), "d"(port));
}

static void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile(FIXUP("outl %0, %1") : : "a"(value), "d"(port));
}

static void set_iopl(uint32_t iopl, int64_t want)
{
    struct physdev_set_iopl op = {.iopl = iopl};

    check_eq("set-iopl", hc_physdev_op(PHYSDEVOP_set_iopl, &op), want);
}

static void check_iopl(void)
{
    set_iopl(4, -XEN_EINVAL);
    set_iopl(0, 0);
    fault_clear();
    inb(0x80);
    check_eq("in-iopl-0", fault_vector(), 13);
    set_iopl(1, 0);
    fault_clear();
    inb(0x80);
    check_eq("in-iopl-1", fault_vector(), -1);
}

static void check_pci_config(void)
{
    outl(0xcf8, 0x80000000);
    check_hex("out-in-cf8", inl(0xcf8), 0x80000000);
    check_hex("in-pci-host-bridge-vendor", inl(0xcfc) & 0xffff, 0x8086);
    check_hex("in-pci-vendor-high-byte", inb(0xcfd), 0x80);
    outl(0xcf8, 0);
    check_hex("in-cf8-zero", inl(0xcf8), 0);
}

static void check_ports_dom0(void)
{
    uint8_t minutes;

    fault_clear();
    outb(0x70, 2);
    check_hex("out-cmos-index", inb(0x70) & 0x7f, 2);
    minutes = inb(0x71);
    check_true("in-cmos-minutes", (minutes & 0xf) < 10 && minutes < 0x60,
               minutes);
    check_hex("in-master-pic-denied", inb(0x21), 0xff);
    outb(0x21, 0);
    check_hex("in-console-uart-denied", inb(0x3f8 + 5), 0xff);
    check_pci_config();
    check_eq("in-out-no-fault", fault_vector(), -1);
}

/* A domU has no port: ones are read, no fault with the level set. */
static void check_ports_domu(void)
{
    fault_clear();
    check_hex("in-no-port", inb(0x71), 0xff);
    check_hex("in-no-port-long", inl(0xcfc), 0xffffffff);
    check_eq("in-out-no-fault", fault_vector(), -1);
}

static void check_string_io(void)
{
    static const char bytes[4] = {1, 2, 3, 4};
    uint8_t in[4] = {0, 0, 0, 0};
    const char *from = bytes;
    uint8_t *to = in;
    uint64_t out_left = 4;
    uint64_t in_left = 4;

    fault_clear();
    __asm__ volatile(FIXUP("rep outsb")
                     : "+S"(from), "+c"(out_left)
                     : "d"((uint16_t)0x80)
                     : "memory");
    check_eq("rep-outs-count", (int64_t)out_left, 0);
    check_eq("rep-outs-pointer", from - bytes, 4);
    __asm__ volatile(FIXUP("rep insb")
                     : "+D"(to), "+c"(in_left)
                     : "d"((uint16_t)0x21)
                     : "memory");
    check_eq("rep-ins-count", (int64_t)in_left, 0);
    check_eq("rep-ins-pointer", to - in, 4);
    check_hex("rep-ins-denied-port-ones", in[3], 0xff);
    check_eq("rep-string-io-no-fault", fault_vector(), -1);
}

static void check_cr0(void)
{
    uint64_t cr0 = read_cr0();

    check_hex("cr0", cr0 & ~CR0_TS, 0x80050033);
    fault_clear();
    __asm__ volatile(FIXUP("movq %0, %%cr0") : : "r"(cr0 | CR0_TS));
    check_hex("cr0-set-ts", read_cr0(), cr0 | CR0_TS);
    __asm__ volatile(FIXUP("clts"));
    check_hex("cr0-clts", read_cr0(), cr0);
    check_eq("cr0-ts-no-fault", fault_vector(), -1);
    __asm__ volatile(FIXUP("movq %0, %%cr0") : : "r"(cr0 & ~0x10000UL));
    check_eq("cr0-clear-wp", fault_vector(), 13);
    check_hex("cr0-unchanged", read_cr0(), cr0);
}

static void check_cr2_cr3(void)
{
    uint64_t cr3 = read_cr3();

    fault_clear();
    __asm__ volatile(FIXUP("movq %0, %%cr2") : : "r"(0x1234567000UL));
    check_hex("cr2-write", read_cr2(), 0x1234567000UL);
    __asm__ volatile(FIXUP("movq %0, %%cr3") : : "r"(cr3) : "memory");
    check_eq("cr3-write-same-no-fault", fault_vector(), -1);
    check_hex("cr3-same", read_cr3(), cr3);
}

static void check_cr4(void)
{
    uint64_t cr4 = read_cr4();

    check_hex("cr4-pae-and-fxsr", cr4 & 0x620, 0x620);
    check_hex("cr4-hidden-bits", cr4 & 0x182093, 0);
    fault_clear();
    __asm__ volatile(FIXUP("movq %0, %%cr4") : : "r"(cr4));
    check_eq("cr4-write-same", fault_vector(), -1);
    __asm__ volatile(FIXUP("movq %0, %%cr4") : : "r"(cr4 | 0x2000));
    check_eq("cr4-write-vmxe-ignored", fault_vector(), -1);
    check_hex("cr4-unchanged", read_cr4(), cr4);
    fault_clear();
    __asm__ volatile(FIXUP("movq %%cr8, %%rax") : : : "rax");
    check_eq("cr8-read", fault_vector(), 13);
}

static void check_interrupt_flag(void)
{
    uint64_t rflags;

    events_disable();
    fault_clear();
    __asm__ volatile(FIXUP("cli"));
    check_eq("cli-skipped", fault_vector(), -1);
    check_eq("cli-leaves-mask", events_masked(), 1);
    __asm__ volatile(FIXUP("sti"));
    check_eq("sti-skipped", fault_vector(), -1);
    check_eq("sti-leaves-mask", events_masked(), 1);
    events_enable();
    __asm__ volatile(FIXUP("cli"));
    check_eq("cli-leaves-unmasked", events_masked(), 0);
    events_disable();
    __asm__ volatile("pushq $2; popfq; pushfq; popq %0"
                     : "=r"(rflags)
                     :
                     : "memory", "cc");
    check_hex("popf-keeps-if", rflags & 0x200, 0x200);
}

static void check_others(void)
{
    uint32_t low;
    uint32_t high;

    fault_clear();
    __asm__ volatile(FIXUP("invlpg (%0)") : : "r"(&fault_last()->frame));
    check_eq("invlpg", fault_vector(), 13);
    fault_clear();
    __asm__ volatile(FIXUP("wbinvd"));
    check_eq("wbinvd", fault_vector(), -1);
    fault_clear();
    __asm__ volatile(FIXUP("rdpmc") : "=a"(low), "=d"(high) : "c"(0));
    check_eq("rdpmc", fault_vector(), 13);
    fault_clear();
    __asm__ volatile(FIXUP("ltr %w0") : : "r"(0x40));
    check_eq("ltr", fault_vector(), 13);
    fault_clear();
    __asm__ volatile(FIXUP("lldt %w0") : : "r"(0));
    check_eq("lldt", fault_vector(), 13);
    fault_clear();
    __asm__ volatile(FIXUP("lmsw %w0") : : "r"(0x33));
    check_eq("lmsw", fault_vector(), 13);
    fault_clear();
    __asm__ volatile(FIXUP("vmcall"));
    check_eq("vmcall", fault_vector(), 6);
}

void pvbasic_emulation(void)
{
    check_iopl();
    if (guest_is_dom0()) {
        check_ports_dom0();
    } else {
        check_ports_domu();
    }
    check_string_io();
    check_cr0();
    check_cr2_cr3();
    check_cr4();
    check_interrupt_flag();
    check_others();
}
