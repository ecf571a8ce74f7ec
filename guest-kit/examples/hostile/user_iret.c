/* SPDX-License-Identifier: MIT */
/* Entering user mode with frames that cannot be loaded, both ways. */
#include "check.h"
#include "evtchn.h"
#include "hostile.h"
#include "hypercall.h"
#include "mm.h"
#include "user.h"
#include "vcpu.h"

#define NONCANONICAL 0x8000000000000000UL
#define RFLAGS_TF    0x100UL
#define RFLAGS_IOPL  0x3000UL
#define RFLAGS_VM    0x20000UL

static struct trap_frame in;

static const struct trap_frame *prepare(void)
{
    user_frame_init(&in, user_address(user_syscall));
    return &in;
}

static void expect(const char *name, const struct trap_frame *f,
                   unsigned int vector, uint64_t error_code)
{
    check_eq(name, (int64_t)f->vector, vector);
    check_hex(name, f->error_code, error_code);
    check_hex(name, f->cs & 3, 3);
}

static void check_addresses(void)
{
    prepare();
    in.rip = NONCANONICAL;
    expect("user-rip-noncanonical", user_run(&in), 13, 0);
    expect("user-rip-noncanonical-sysret", user_run_in_syscall(&in), 13, 0);
    in.rip = 0x0000800000000000UL;
    expect("user-rip-just-noncanonical", user_run(&in), 13, 0);
    expect("user-rip-just-noncanonical-sysret", user_run_in_syscall(&in), 13,
           0);
    in.rip = HYPERVISOR_VIRT_START;
    expect("user-rip-hypervisor", user_run(&in), 14, 0x15);
    in.rip = 0x10000;
    expect("user-rip-unmapped", user_run(&in), 14, 0x14);
    prepare();
    in.rsp = HYPERVISOR_VIRT_START + 8;
    expect("user-rsp-hypervisor", user_run(&in), VECTOR_SYSCALL, 0);
    in.rsp = NONCANONICAL;
    expect("user-rsp-noncanonical", user_run(&in), VECTOR_SYSCALL, 0);
    expect("user-rsp-noncanonical-sysret", user_run_in_syscall(&in),
           VECTOR_SYSCALL, 0);
}

static void check_selectors(void)
{
    prepare();
    in.cs = 3;
    expect("user-cs-null", user_run(&in), 13, 0);
    in.cs = 0x33;
    expect("user-cs-not-in-gdt", user_run(&in), 13, 0x30);
    in.cs = 0xe00b;
    expect("user-cs-hypervisor", user_run(&in), 13, 0xe008);
    prepare();
    in.ss = 0x2b;
    expect("user-ss-not-in-gdt", user_run(&in), 13, 0x28);
    in.ss = 0xe013;
    expect("user-ss-hypervisor", user_run(&in), 13, 0xe010);
    in.ss = FLAT_USER_CS;
    expect("user-ss-is-code", user_run(&in), 13, FLAT_USER_CS & ~3);
}

/* 32-bit code segment: int 0x80 has the same bytes there. */
static void check_compatibility(void)
{
    prepare();
    in.rip = user_address(user_int80);
    in.cs = FLAT_USER_CS32;
    expect("user-cs32", user_run(&in), 0x80, 0);
    check_hex("user-cs32-cs", this_vcpu()->user_frame.cs, FLAT_USER_CS32);
    check_hex("user-cs32-rip", this_vcpu()->user_frame.rip,
              user_address(user_int80) + 2);
}

static void check_flags(void)
{
    prepare();
    in.rflags |= RFLAGS_TF;
    in.rip = user_address(user_load);
    in.rdi = USER_DATA_VA;
    expect("user-tf", user_run(&in), 1, 0);
    prepare();
    in.rflags |= RFLAGS_IOPL | RFLAGS_VM;
    expect("user-iopl-vm", user_run(&in), VECTOR_SYSCALL, 0);
    check_hex("user-iopl-vm-dropped",
              this_vcpu()->user_frame.rflags & (RFLAGS_IOPL | RFLAGS_VM), 0);
    in.rip = user_address(user_in);
    expect("user-iopl-in", user_run(&in), 13, 0);
    prepare();
    in.rflags = 0;
    expect("user-no-if", user_run(&in), VECTOR_SYSCALL, 0);
    check_eq("user-no-if-means-masked",
             this_vcpu()->user_frame.saved_upcall_mask, 1);
    check_hex("user-no-if-rflags", this_vcpu()->user_frame.rflags & 0x200, 0);
}

void hostile_user_iret(void)
{
    check_addresses();
    check_selectors();
    check_compatibility();
    check_flags();
    events_disable();
}
