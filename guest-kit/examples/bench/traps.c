/* SPDX-License-Identifier: MIT */
/* iret, bounces of exceptions and of guest system calls, emulation. */
#include "traps.h"
#include "bench.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "start.h"
#include "user.h"

#define UNMAPPED_VA 0x10000UL

uint64_t bench_left;

static void set_vector(uint8_t vector, const uint8_t *address)
{
    struct trap_info table[2] = {
        {
            .vector = vector,
            .flags = vector == 3 ? 7 : 4,
            .cs = FLAT_KERNEL_CS,
            .address = (uint64_t)address,
        },
    };

    if (hc_set_trap_table(table) != 0) {
        guest_panic("cannot set a vector");
    }
}

static void set_syscall_callback(const uint8_t *address)
{
    struct callback_register cb = {
        .type = CALLBACKTYPE_syscall,
        .flags = CALLBACKF_mask_events,
        .address = (uint64_t)address,
    };

    if (hc_callback_op(CALLBACKOP_register, &cb) != 0) {
        guest_panic("cannot set the system call callback");
    }
}

/* Fault @count times at one load; the handler goes on at RBX. */
static void page_fault(unsigned long count)
{
    while (count-- != 0) {
        __asm__ volatile("leaq 1f(%%rip), %%rbx; movq (%0), %%rax; 1:"
                         :
                         : "r"(UNMAPPED_VA)
                         : "rax", "rbx", "rcx", "r11", "memory");
    }
}

static void invalid_opcode(unsigned long count)
{
    while (count-- != 0) {
        __asm__ volatile("leaq 1f(%%rip), %%rbx; ud2; 1:"
                         :
                         :
                         : "rax", "rbx", "rcx", "r11", "memory");
    }
}

static void breakpoint(unsigned long count)
{
    while (count-- != 0) {
        __asm__ volatile("leaq 1f(%%rip), %%rbx; int3; 1:"
                         :
                         :
                         : "rax", "rbx", "rcx", "r11", "memory");
    }
}

static void forced_cpuid(unsigned long count)
{
    while (count-- != 0) {
        cpuid_forced(0x40000001, 0);
    }
}

static void cli(unsigned long count)
{
    while (count-- != 0) {
        __asm__ volatile("cli");
    }
}

static void read_fs_base(unsigned long count)
{
    while (count-- != 0) {
        rdmsr_fixup(0xc0000100);
    }
}

static void port_in(unsigned long count)
{
    uint8_t value;

    while (count-- != 0) {
        __asm__ volatile("inb $0x80, %0" : "=a"(value));
    }
}

static void user_syscalls(unsigned long count)
{
    struct trap_frame frame;

    bench_left = count;
    user_frame_init(&frame, user_address(user_syscall_loop));
    user_run(&frame);
}

static void user_trip(unsigned long count)
{
    struct trap_frame frame;

    while (count-- != 0) {
        user_frame_init(&frame, user_address(user_syscall));
        user_run(&frame);
    }
}

static void bench_exceptions(void)
{
    set_vector(14, bench_page_fault);
    bench_run("page-fault-bounce", page_fault);
    set_vector(14, (const uint8_t *)trap_stub(14));
    set_vector(6, bench_invalid);
    bench_run("invalid-opcode-bounce", invalid_opcode);
    set_vector(6, (const uint8_t *)trap_stub(6));
    set_vector(3, bench_invalid);
    bench_run("breakpoint-bounce", breakpoint);
    set_vector(3, (const uint8_t *)trap_stub(3));
}

static void bench_emulation(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};

    bench_run("emulate-cpuid", forced_cpuid);
    hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
    bench_run("emulate-cli", cli);
    bench_run("emulate-rdmsr", read_fs_base);
    if (guest_is_dom0()) {
        bench_run("emulate-in", port_in);
    }
}

static void bench_user(void)
{
    if (user_init() != 0) {
        guest_panic("no user mode");
    }
    bench_run("user-trip", user_trip);
    set_syscall_callback(bench_syscall);
    bench_run("user-syscall-bounce", user_syscalls);
    set_syscall_callback(bench_syscall_fast);
    bench_run("user-syscall-bounce-sysret", user_syscalls);
    set_syscall_callback(callback_syscall);
    mm_ext(MMUEXT_NEW_USER_BASEPTR, NULL);
}

void bench_traps(void)
{
    bench_run("iret", bench_iret);
    bench_exceptions();
    bench_emulation();
    bench_user();
}
