/* SPDX-License-Identifier: MIT */
/* Panic, registers and backtraces. Prints without locks once it has begun. */
#include "panic.h"

#include <stdarg.h>

#include "bug.h"
#include "cmdline.h"
#include "console.h"
#include "core.h"
#include "domain.h"
#include "machine.h"
#include "printk.h"
#include "smp.h"
#include "symbols.h"
#include "x86.h"

#include <xen/sched.h>

#define BACKTRACE_MAX 24U
#define NO_CPU        UINT32_MAX

/* The CPU that panics: the first to come stays the only one. */
static _Atomic uint32_t panic_cpu = NO_CPU;
/* It panicked while it panicked. */
static bool panic_again;

/* Is @address in a page of this CPU's area that exists? */
static bool on_stack(unsigned long address)
{
    unsigned long offset =
        address -
        (HV_CPU_AREAS + cpu_info()->cpu * (unsigned long)CPU_AREA_BYTES);

    return offset < CPU_AREA_BYTES &&
           ((CPU_PAGES >> (offset / PAGE_BYTES)) & 1) != 0 &&
           address % sizeof(long) == 0;
}

static void show_address(unsigned long address, char mark)
{
    unsigned long offset;
    const char *name = symbols_find(address, &offset);

    if (name != NULL) {
        printk(LOG_ALWAYS, " %c [<%016lx>] %s+0x%lx\n", mark, address, name,
               offset);
    } else {
        printk(LOG_ALWAYS, " %c [<%016lx>]\n", mark, address);
    }
}

/*
 * A function that calls none may have no frame: its caller is then the word
 * that the stack pointer points at, if that looks like code.
 */
static void show_leaf_caller(const struct cpu_user_regs *regs)
{
    unsigned long offset, address;

    if (!on_stack(regs->rsp)) {
        return;
    }
    address = *(const unsigned long *)regs->rsp;
    if (symbols_find(address, &offset) != NULL && offset != 0) {
        show_address(address, '?');
    }
}

static void show_frames(unsigned long frame)
{
    for (unsigned int i = 0; i < BACKTRACE_MAX; i++) {
        const unsigned long *at = (const unsigned long *)frame;

        if (!on_stack(frame) || !on_stack(frame + sizeof(long)) || at[1] == 0) {
            return;
        }
        show_address(at[1], ' ');
        /* Frames only go up: no loop, and none leads to another stack. */
        if (at[0] <= frame) {
            return;
        }
        frame = at[0];
    }
}

void panic_show_regs(const struct cpu_user_regs *regs)
{
    unsigned long offset = 0;
    const char *name = symbols_find(regs->rip, &offset);

    printk(LOG_ALWAYS, "CPU:    %u\n", cpu_info()->cpu);
    printk(LOG_ALWAYS, "RIP:    %04x:[<%016lx>] %s+0x%lx\n", regs->cs,
           regs->rip, name != NULL ? name : "?", offset);
    printk(LOG_ALWAYS, "RFLAGS: %016lx   ERROR: %08x   VECTOR: %u\n",
           regs->rflags, regs->error_code, regs->entry_vector);
    printk(LOG_ALWAYS, "rax: %016lx   rbx: %016lx   rcx: %016lx\n", regs->rax,
           regs->rbx, regs->rcx);
    printk(LOG_ALWAYS, "rdx: %016lx   rsi: %016lx   rdi: %016lx\n", regs->rdx,
           regs->rsi, regs->rdi);
    printk(LOG_ALWAYS, "rbp: %016lx   rsp: %016lx   r8:  %016lx\n", regs->rbp,
           regs->rsp, regs->r8);
    printk(LOG_ALWAYS, "r9:  %016lx   r10: %016lx   r11: %016lx\n", regs->r9,
           regs->r10, regs->r11);
    printk(LOG_ALWAYS, "r12: %016lx   r13: %016lx   r14: %016lx\n", regs->r12,
           regs->r13, regs->r14);
    printk(LOG_ALWAYS, "r15: %016lx   cr0: %016lx   cr4: %016lx\n", regs->r15,
           read_cr0(), read_cr4());
    printk(LOG_ALWAYS, "cr3: %016lx   cr2: %016lx\n", read_cr3(), read_cr2());
    if ((regs->cs & 3) == 0) {
        printk(LOG_ALWAYS, "Xen call trace:\n");
        show_address(regs->rip, ' ');
        show_leaf_caller(regs);
        show_frames(regs->rbp);
    }
}

/* What the guest on this CPU was doing: last, for it trusts more pointers. */
static void show_guest(void)
{
    const struct cpu_user_regs *regs = &cpu_info()->guest_regs;
    const struct core_cpu *cpu = machine_this_cpu();

    if (cpu == NULL || cpu->current == NULL || cpu->current->domain->is_idle) {
        return;
    }
    printk(LOG_ALWAYS, "Guest: d%uv%u, entered by vector %u\n",
           cpu->current->domain->domid, cpu->current->id, regs->entry_vector);
    printk(LOG_ALWAYS, "rip: %04x:%016lx   rsp: %04x:%016lx\n", regs->cs,
           regs->rip, regs->ss, regs->rsp);
    printk(LOG_ALWAYS, "rax: %016lx   rdi: %016lx   rsi: %016lx\n", regs->rax,
           regs->rdi, regs->rsi);
    printk(LOG_ALWAYS, "rdx: %016lx   r10: %016lx   rflags: %016lx\n",
           regs->rdx, regs->r10, regs->rflags);
}

/* Become the one CPU that prints; others never return from here. */
static void panic_begin(unsigned long rip)
{
    uint32_t none = NO_CPU;

    irq_disable();
    if (!atomic_compare_exchange_strong(&panic_cpu, &none, cpu_info()->cpu)) {
        if (none != cpu_info()->cpu) {
            cpu_stop();
        }
        /* A fault while panicking: say no more than can fail again. */
        if (panic_again) {
            cpu_stop();
        }
        panic_again = true;
        printk(LOG_ALWAYS, "Panic on CPU %u: fault while panicking\n",
               cpu_info()->cpu);
        show_address(rip, ' ');
        machine_shutdown(SHUTDOWN_crash);
    }
    console_panic_mode();
    smp_stop_others();
}

static _Noreturn void panic_end(const char *format, va_list args)
{
    printk(LOG_ALWAYS, "\n");
    printk(LOG_ALWAYS, "****************************************\n");
    printk(LOG_ALWAYS, "Panic on CPU %u:\n", cpu_info()->cpu);
    vprintk(LOG_ALWAYS, format, args);
    printk(LOG_ALWAYS, "****************************************\n");
    printk(LOG_ALWAYS, "\n");
    show_guest();
    if (options.noreboot) {
        printk(LOG_ALWAYS, "Manual reset required ('noreboot' specified)\n");
        for (;;) {
            __asm__ volatile("cli; hlt" : : : "memory");
        }
    }
    printk(LOG_ALWAYS, "Reboot now\n");
    machine_shutdown(SHUTDOWN_crash);
}

void panic(const char *format, ...)
{
    va_list args;

    panic_begin((unsigned long)__builtin_return_address(0));
    printk(LOG_ALWAYS, "Xen call trace:\n");
    show_frames((unsigned long)__builtin_frame_address(0));
    va_start(args, format);
    panic_end(format, args);
    /* cppcheck-suppress va_end_missing ; it does not return */
}

void panic_regs(const struct cpu_user_regs *regs, const char *format, ...)
{
    va_list args;

    panic_begin(regs->rip);
    panic_show_regs(regs);
    va_start(args, format);
    panic_end(format, args);
    /* cppcheck-suppress va_end_missing ; it does not return */
}

void panic_nmi(const struct cpu_user_regs *regs)
{
    uint32_t by = atomic_load(&panic_cpu);
    unsigned long offset = 0;
    const char *name;

    if (by != cpu_info()->cpu) {
        return;
    }
    name = symbols_find(regs->rip, &offset);
    printk(LOG_ALWAYS, "NMI during panic at %016lx %s+0x%lx\n", regs->rip,
           name != NULL ? name : "?", offset);
}

void bug_at(const char *file, int line, const char *what)
{
    panic("%s at %s:%d\n", what, file, line);
}
