/* SPDX-License-Identifier: MIT */
/* fault= and selftest=: deliberate faults, and tests on the machine. */
#include "selftest.h"

#include <xen/sched.h>

#include "apic.h"
#include "bug.h"
#include "clock.h"
#include "cmdline.h"
#include "core.h"
#include "descriptors.h"
#include "entry.h"
#include "hv_map.h"
#include "machine.h"
#include "panic.h"
#include "printk.h"
#include "smp.h"
#include "softirq.h"
#include "string.h"
#include "timer.h"
#include "x86.h"

#define NS_PER_SECOND 1000000000UL

/* -- deliberate faults ----------------------------------------------------- */

/* Not inlined, so that backtraces show who called whom. */
#define FAULT static __attribute__((noinline)) void

FAULT fault_page(void)
{
    *(volatile unsigned long *)0x123456789000UL = 1;
}

FAULT fault_text(void)
{
    *(volatile uint8_t *)(unsigned long)fault_page = 0x90;
}

FAULT fault_nx(void)
{
    static uint8_t code[] = {0xc3};

    ((void (*)(void))(unsigned long)code)();
}

FAULT fault_ud(void)
{
    __asm__ volatile("ud2");
}

FAULT fault_divide(void)
{
    __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0) : "cc");
}

FAULT fault_gp(void)
{
    *(volatile unsigned long *)0x8000000000000000UL = 1;
}

/* Deeper and deeper, until the stack meets its guard page: #DF. */
static unsigned int stack_depth = UINT32_MAX;

/* NOLINTNEXTLINE(misc-no-recursion): what the test is about */
FAULT fault_stack(void)
{
    volatile char fill[256];

    fill[0] = 1;
    if (stack_depth-- != 0) {
        fault_stack();
    }
    fill[1] = fill[0];
}

FAULT fault_bug(void)
{
    BUG_ON(options.fault[0] != '\0');
}

FAULT fault_panic(void)
{
    panic("Asked for by the command line\n");
}

FAULT fault_hang(void)
{
    irq_disable();
    for (;;) {
        machine_relax();
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    {"page", fault_page},   {"text", fault_text},     {"nx", fault_nx},
    {"ud", fault_ud},       {"divide", fault_divide}, {"gp", fault_gp},
    {"stack", fault_stack}, {"bug", fault_bug},       {"panic", fault_panic},
    {"hang", fault_hang},
};

/* -- timers: ten seconds, in order, no later than they may be -------------- */

#define TIMER_COUNT   100U
#define TIMER_STEP_NS (NS_PER_SECOND / 10)
/* Under emulation the host may take the processor away for long. */
#define TIMER_LATE_NS 50000000UL

static struct {
    _Atomic unsigned int fired;
    _Atomic unsigned int early;
    _Atomic unsigned int late;
    uint64_t start_ns;
    uint64_t worst_ns;
} timer_test;

static void timer_fired(void *data)
{
    uint64_t want =
        timer_test.start_ns + (uint64_t)(unsigned long)data * TIMER_STEP_NS;
    uint64_t now = machine_now_ns();

    atomic_fetch_add(&timer_test.fired, 1);
    if (now < want) {
        atomic_fetch_add(&timer_test.early, 1);
        return;
    }
    if (now - want > TIMER_LATE_NS) {
        atomic_fetch_add(&timer_test.late, 1);
    }
    if (now - want > timer_test.worst_ns) {
        timer_test.worst_ns = now - want;
    }
}

static bool test_timers(void)
{
    static struct timer timers[TIMER_COUNT];
    unsigned int cpus = smp_cpu_count();
    uint64_t end;

    timer_test.start_ns = machine_now_ns();
    for (unsigned int i = 0; i < TIMER_COUNT; i++) {
        timer_init(&timers[i], timer_fired, (void *)(unsigned long)(i + 1),
                   i % cpus);
        timer_set(&timers[i], timer_test.start_ns + (i + 1UL) * TIMER_STEP_NS);
    }
    end = timer_test.start_ns + TIMER_COUNT * TIMER_STEP_NS + NS_PER_SECOND;
    while (machine_now_ns() < end) {
        softirq_run();
        machine_relax();
    }
    log_info("selftest timers: %u fired, %u early, %u late, worst %lu us\n",
             atomic_load(&timer_test.fired), atomic_load(&timer_test.early),
             atomic_load(&timer_test.late), timer_test.worst_ns / 1000);
    return atomic_load(&timer_test.fired) == TIMER_COUNT &&
           atomic_load(&timer_test.early) == 0 &&
           atomic_load(&timer_test.late) < TIMER_COUNT / 2;
}

/* -- IPIs and shootdowns --------------------------------------------------- */

#define IPI_ROUNDS 100000U

static _Atomic uint32_t call_count;

static void count_call(void *data)
{
    (void)data;
    atomic_fetch_add(&call_count, 1);
}

static uint32_t total_flushes(void)
{
    uint32_t total = 0;

    for (unsigned int cpu = 1; cpu < smp_cpu_count(); cpu++) {
        total += cpu_info_of(cpu)->flush_count;
    }
    return total;
}

static bool test_ipi(void)
{
    uint32_t others = smp_cpu_count() - 1;
    uint64_t start = machine_now_ns();
    uint32_t flushes = total_flushes();

    for (unsigned int i = 0; i < IPI_ROUNDS; i++) {
        smp_call(&cpus_online, count_call, NULL);
        machine_flush_tlb(&cpus_online,
                          i % 64 == 0 ? MACHINE_FLUSH_ALL : HV_PERDOMAIN);
    }
    flushes = total_flushes() - flushes;
    log_info("selftest ipi: %u rounds on %u CPUs, %u calls, %u flushes, "
             "%lu ns a round\n",
             IPI_ROUNDS, others + 1, atomic_load(&call_count), flushes,
             (machine_now_ns() - start) / IPI_ROUNDS);
    return others != 0 && atomic_load(&call_count) == others * IPI_ROUNDS &&
           flushes == others * IPI_ROUNDS;
}

/* -- NMIs in the middle of SYSCALL ----------------------------------------- */

#define SYSCALL_ROUNDS 200000U
/* Go on until an NMI hit the trampoline, but not for ever. */
#define SYSCALL_LIMIT 50000000U
#define USER_VA       0x400000UL

/*
 * Ring 3 code with a stack pointer that nobody can use: SYSCALL forever, RAX
 * counting. Another CPU sends NMIs meanwhile.
 */
static const uint8_t user_code[] = {
    0x48, 0xff, 0xc0, /* inc %rax */
    0x0f, 0x05,       /* syscall */
    0xeb, 0xf9,       /* jmp back */
};

#define USER_RSP 0x0badbad0badbad08UL

static struct {
    _Atomic bool running;
    _Atomic bool bad;
    unsigned int cpu;
    uint64_t syscalls;
    _Atomic uint32_t nmis;
    _Atomic uint32_t nmis_in_trampoline;
} syscall_test;

static uint64_t test_l4[512] __attribute__((aligned(4096)));
static uint64_t test_l3[512] __attribute__((aligned(4096)));
static uint64_t test_l2[512] __attribute__((aligned(4096)));
static uint64_t test_l1[512] __attribute__((aligned(4096)));
static uint8_t test_page[4096] __attribute__((aligned(4096)));

static void syscall_test_end(void);

bool selftest_running(void)
{
    return atomic_load_explicit(&syscall_test.running, memory_order_relaxed) &&
           cpu_info()->cpu == syscall_test.cpu;
}

bool selftest_guest_trap(struct cpu_user_regs *regs)
{
    if (!selftest_running()) {
        return false;
    }
    if (regs->entry_vector != ENTRY_SYSCALL || regs->rsp != USER_RSP ||
        regs->cs != GUEST_CS64 || regs->rip != USER_VA + 5 ||
        regs->rax != syscall_test.syscalls + 1) {
        panic_show_regs(regs);
        atomic_store(&syscall_test.bad, true);
        entry_reset_stack(syscall_test_end);
    }
    syscall_test.syscalls++;
    if ((syscall_test.syscalls >= SYSCALL_ROUNDS &&
         atomic_load(&syscall_test.nmis_in_trampoline) != 0) ||
        syscall_test.syscalls == SYSCALL_LIMIT) {
        entry_reset_stack(syscall_test_end);
    }
    return true;
}

void selftest_nmi(const struct cpu_user_regs *regs)
{
    if (!selftest_running()) {
        return;
    }
    atomic_fetch_add(&syscall_test.nmis, 1);
    if ((regs->cs & 3) == 0 && syscall_in_trampoline(regs->rip)) {
        atomic_fetch_add(&syscall_test.nmis_in_trampoline, 1);
    }
}

/* The other CPU's part, in a call: NMIs at uneven distances. */
static void send_nmis(void *data)
{
    uint32_t random = 12345;

    (void)data;
    while (atomic_load(&syscall_test.running)) {
        apic_send_nmi(cpu_info_of(syscall_test.cpu)->apic_id);
        random = random * 1664525U + 1013904223U;
        for (uint32_t i = 0; i < (random >> 22); i++) {
            machine_relax();
        }
    }
}

static void map_user_code(void)
{
    const unsigned long flags = PTE_P | PTE_RW | PTE_US;

    memcpy(test_page, user_code, sizeof(user_code));
    memcpy(test_l4, hv_l4, sizeof(test_l4));
    test_l1[(USER_VA >> 12) % 512] = image_phys_of(test_page) | flags;
    test_l2[(USER_VA >> 21) % 512] = image_phys_of(test_l1) | flags;
    test_l3[0] = image_phys_of(test_l2) | flags;
    test_l4[0] = image_phys_of(test_l3) | flags;
    write_cr3(image_phys_of(test_l4));
}

static _Noreturn void start_user_code(void)
{
    struct cpu_user_regs *regs = &cpu_info()->guest_regs;

    memset(regs, 0, sizeof(*regs));
    regs->rip = USER_VA;
    regs->cs = GUEST_CS64;
    regs->ss = GUEST_DS;
    regs->rsp = USER_RSP;
    regs->rflags = 0x202;
    entry_exit_to_guest();
}

static bool syscall_test_over(void)
{
    uint32_t nmis = atomic_load(&syscall_test.nmis);
    uint32_t inside = atomic_load(&syscall_test.nmis_in_trampoline);

    log_info("selftest nmi: %lu SYSCALLs, %u NMIs, %u of them before RSP was "
             "ours\n",
             syscall_test.syscalls, nmis, inside);
    return !atomic_load(&syscall_test.bad) &&
           syscall_test.syscalls >= SYSCALL_ROUNDS && nmis != 0 && inside != 0;
}

static void say(const char *name, bool passed)
{
    printk(LOG_ALWAYS, "selftest %s: %s\n", name, passed ? "PASS" : "FAIL");
}

/* The test's code has no stack to return on: it ends here, and for good. */
static void syscall_test_end(void)
{
    atomic_store(&syscall_test.running, false);
    write_cr3(hv_l4_phys());
    say("nmi", syscall_test_over());
    printk(LOG_ALWAYS, "selftest: done\n");
    machine_shutdown(SHUTDOWN_reboot);
}

/* Needs a second CPU, to send the NMIs from. */
static bool test_nmi(void)
{
    if (smp_cpu_count() < 2) {
        return false;
    }
    syscall_test.cpu = cpu_info()->cpu;
    atomic_store(&syscall_test.running, true);
    smp_post(1, send_nmis, NULL);
    map_user_code();
    start_user_code();
}

static const struct {
    const char *name;
    bool (*run)(void);
} tests[] = {
    {"timers", test_timers},
    {"ipi", test_ipi},
    {"nmi", test_nmi}, /* the last: it does not return when it can run */
};

void selftest_run(void)
{
    bool all = strcmp(options.selftest, "all") == 0;

    for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
        if (strcmp(options.fault, faults[i].name) == 0) {
            printk(LOG_ALWAYS, "Deliberate fault: %s\n", options.fault);
            faults[i].run();
        }
    }
    if (options.selftest[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(tests); i++) {
        if (all || strcmp(options.selftest, tests[i].name) == 0) {
            say(tests[i].name, tests[i].run());
        }
    }
    printk(LOG_ALWAYS, "selftest: done\n");
    machine_shutdown(SHUTDOWN_reboot);
}
