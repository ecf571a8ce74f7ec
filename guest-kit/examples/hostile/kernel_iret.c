/* SPDX-License-Identifier: MIT */
/* The iret hypercall to kernel mode with frames that cannot be loaded. */
#include "check.h"
#include "evtchn.h"
#include "hostile.h"
#include "hypercall.h"
#include "mm.h"
#include "traps.h"

#define NONCANONICAL 0x8000000000000000UL
#define RFLAGS_TF    0x100UL
#define RFLAGS_NT    0x4000UL
#define RFLAGS_VM    0x20000UL

/* What the breakpoint's handler puts into its frame, and the way home. */
static struct trap_frame wanted;
static struct trap_frame home;
static struct trap_frame seen;
static unsigned int fault_count;

static void break_frame(struct trap_frame *frame)
{
    home = *frame;
    frame->rip = wanted.rip != 0 ? wanted.rip : frame->rip;
    frame->cs = wanted.cs;
    frame->ss = wanted.ss;
    frame->rflags = wanted.rflags;
}

static void go_home(struct trap_frame *frame)
{
    seen = *frame;
    fault_count++;
    frame->rip = home.rip;
    frame->cs = home.cs;
    frame->ss = home.ss;
    frame->rflags = home.rflags;
    frame->rsp = home.rsp;
}

static const unsigned int watched[] = {1, 6, 10, 11, 12, 13, 14};

static void watch(trap_handler_t *handler)
{
    unsigned int i;

    for (i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
        trap_set_handler(watched[i], handler);
    }
}

static void prepare(void)
{
    wanted.rip = 0;
    wanted.cs = FLAT_KERNEL_CS & ~3;
    wanted.ss = FLAT_KERNEL_SS;
    wanted.rflags = 0x202;
    fault_count = 0;
}

static void go(void)
{
    trap_set_handler(3, break_frame);
    watch(go_home);
    __asm__ volatile("int3" : : : "memory", "cc");
    watch(NULL);
    trap_set_handler(3, NULL);
}

/* The frame as prepared must come back as @vector with @error_code. */
static void expect_fault(const char *name, unsigned int vector,
                         uint64_t error_code)
{
    go();
    check_eq(name, fault_count, 1);
    if (fault_count != 0) {
        check_eq(name, (int64_t)seen.vector, vector);
        check_hex(name, seen.error_code, error_code);
    }
}

static void expect_none(const char *name)
{
    go();
    check_eq(name, fault_count, 0);
}

static void check_addresses(void)
{
    prepare();
    wanted.rip = NONCANONICAL;
    expect_fault("iret-rip-noncanonical", 13, 0);
    prepare();
    wanted.rip = 0x0000800000000000UL;
    expect_fault("iret-rip-just-noncanonical", 13, 0);
    prepare();
    wanted.rip = HYPERVISOR_VIRT_START;
    expect_fault("iret-rip-hypervisor", 14, 0x11);
    check_hex("iret-rip-hypervisor-rip", seen.rip, HYPERVISOR_VIRT_START);
    prepare();
    wanted.rip = 0x10000;
    expect_fault("iret-rip-unmapped", 14, 0x10);
    check_hex("iret-rip-unmapped-rip", seen.rip, 0x10000);
}

static void check_selectors(void)
{
    prepare();
    wanted.cs = 0;
    expect_fault("iret-cs-null", 13, 0);
    prepare();
    wanted.cs = 0x10;
    expect_fault("iret-cs-not-in-gdt", 13, 0x10);
    prepare();
    wanted.cs = 0xe008;
    expect_fault("iret-cs-hypervisor", 13, 0xe008);
    prepare();
    wanted.cs = FLAT_KERNEL_SS & ~3;
    expect_fault("iret-cs-is-data", 13, FLAT_KERNEL_SS & ~3);
    prepare();
    wanted.ss = 0x18;
    expect_fault("iret-ss-not-in-gdt", 13, 0x18);
    prepare();
    wanted.ss = 0xe010;
    expect_fault("iret-ss-hypervisor", 13, 0xe010);
    prepare();
    wanted.ss = FLAT_KERNEL_CS;
    expect_fault("iret-ss-is-code", 13, FLAT_KERNEL_CS & ~3);
}

static void check_flags(void)
{
    prepare();
    wanted.rflags = 0x202 | RFLAGS_TF;
    expect_fault("iret-tf", 1, 0);
    prepare();
    wanted.rflags = 0x202 | RFLAGS_VM;
    expect_none("iret-vm-dropped");
    prepare();
    wanted.rflags = 0x202 | RFLAGS_NT;
    expect_none("iret-nt");
    __asm__ volatile("pushq $0x202; popfq" : : : "memory", "cc");
    prepare();
    wanted.rflags = ~0UL & ~(RFLAGS_TF | 0x40000UL);
    expect_none("iret-all-flags");
    __asm__ volatile("pushq $0x202; popfq; cld" : : : "memory", "cc");
    prepare();
    wanted.rflags = 0;
    expect_none("iret-no-flags");
    __asm__ volatile("pushq $0x202; popfq" : : : "memory", "cc");
}

void hostile_kernel_iret(void)
{
    check_addresses();
    check_selectors();
    check_flags();
    events_disable();
}
