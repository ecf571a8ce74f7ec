/* SPDX-License-Identifier: MIT */
/*
 * The machine under the core in host tests: RAM as an arena of host memory,
 * CPUs that a thread may be, lock-order checks, preemption and spin hooks, and
 * its life cycle. The rest of machine.h is in the other fake_*.c.
 */
#include "fake.h"
#include "fake_internal.h"

#include "../../xen-lite/mm/pt.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bug.h"
#include "softirq.h"
#include "spinlock.h"

_Thread_local struct core_cpu *fake_this_cpu;
_Thread_local bool fake_irqs_off;
struct page *fake_frame_table;
uint64_t *fake_m2p;
char *fake_arena;

struct fake_cpu fake_cpus[FAKE_CPUS];

_Thread_local void (*fake_relax_hook)(void);
_Thread_local void (*fake_preempt_hook)(void);
_Thread_local void (*fake_unlock_hook)(unsigned int class_of);

static _Thread_local unsigned int locks_held[LOCK_CLASS_COUNT];
static _Thread_local sigjmp_buf *bug_catcher;
static _Thread_local unsigned int preempt_period;
static _Thread_local unsigned int preempt_count;
static pthread_t test_thread;

/* -- failures -------------------------------------------------------------- */

_Noreturn void bug_at(const char *file, int line, const char *what)
{
    if (bug_catcher != NULL) {
        siglongjmp(*bug_catcher, 1);
    }
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    if (!pthread_equal(pthread_self(), test_thread)) {
        abort();
    }
    _fail(file, line);
    abort();
}

bool fake_catches_bug(void (*run)(void *data), void *data)
{
    sigjmp_buf here;
    bool caught = true;

    if (sigsetjmp(here, 0) == 0) {
        bug_catcher = &here;
        run(data);
        caught = false;
    }
    bug_catcher = NULL;
    return caught;
}

/* -- memory ---------------------------------------------------------------- */

bool fake_mfn_valid(unsigned long mfn)
{
    return (mfn >= FAKE_LOW_MFN && mfn < FAKE_LOW_MFN + FAKE_BANK_FRAMES) ||
           (mfn >= FAKE_HIGH_MFN && mfn < FAKE_END_MFN);
}

static void *reserve(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED) {
        perror("mmap");
        abort();
    }
    return at;
}

static void forget(void *at, size_t bytes)
{
    if (madvise(at, bytes, MADV_DONTNEED) != 0) {
        perror("madvise");
        abort();
    }
}

/* RAM after power-on holds anything: fill it with a pattern. */
static void memory_start(void)
{
    if (fake_arena == NULL) {
        fake_arena = reserve(FAKE_END_MFN << PAGE_SHIFT);
        fake_frame_table = reserve(FAKE_END_MFN * sizeof(struct page));
        fake_m2p = reserve(FAKE_END_MFN * sizeof(uint64_t));
    } else {
        forget(fake_arena, FAKE_END_MFN << PAGE_SHIFT);
        forget(fake_frame_table, FAKE_END_MFN * sizeof(struct page));
        forget(fake_m2p, FAKE_END_MFN * sizeof(uint64_t));
    }
}

/* -- CPUs ------------------------------------------------------------------ */

void fake_set_cpu(unsigned int cpu)
{
    if (cpu >= FAKE_CPUS || core_cpus[cpu] == NULL) {
        fail_msg("no such CPU: %u", cpu);
    }
    fake_this_cpu = core_cpus[cpu];
}

void fake_on_cpu(unsigned int cpu, void (*run)(void *data), void *data)
{
    struct core_cpu *before = fake_this_cpu;
    bool irqs_off = fake_irqs_off;

    fake_set_cpu(cpu);
    fake_irqs_off = false;
    run(data);
    fake_this_cpu = before;
    fake_irqs_off = irqs_off;
}

struct fake_cpu *fake_cpu(void)
{
    return &fake_cpus[fake_this_cpu->id];
}

struct cpu_user_regs *vcpu_regs(struct vcpu *v)
{
    return &v->regs;
}

void fake_enter(struct vcpu *v)
{
    struct vcpu *old = fake_this_cpu->current;

    if (old != NULL) {
        atomic_store(&old->sched.running, false);
    }
    fake_this_cpu->current = v;
    atomic_store(&v->sched.running, true);
    v->sched.cpu = fake_this_cpu->id;
    if (v->domain->is_idle) {
        fake_tlb_no_root();
        if (old != NULL && !old->domain->is_idle) {
            atomic_store(&old->dirty_cpu, VCPU_NOT_DIRTY);
            cpumask_clear(&old->domain->dirty_cpus, fake_this_cpu->id);
        }
        return;
    }
    cpumask_set(&v->domain->dirty_cpus, fake_this_cpu->id);
    atomic_store(&v->dirty_cpu, fake_this_cpu->id);
    machine_load_root(v);
    fake_tlb_flush_cpu(fake_this_cpu->id, MACHINE_FLUSH_ALL);
}

void fake_leave(void)
{
    fake_enter(fake_this_cpu->idle);
}

void machine_kick(unsigned int cpu)
{
    if (cpu < FAKE_CPUS) {
        atomic_fetch_add(&fake_cpus[cpu].kicks, 1);
    }
}

unsigned int fake_kicks(unsigned int cpu)
{
    return atomic_exchange(&fake_cpus[cpu].kicks, 0);
}

/* Unlike on hardware it returns: the caller goes on as the new vCPU. */
void machine_context_switch(struct vcpu *prev, struct vcpu *next)
{
    fake_this_cpu->current = next;
    if (next->domain->is_idle) {
        fake_tlb_no_root();
    } else {
        cpumask_set(&next->domain->dirty_cpus, fake_this_cpu->id);
        atomic_store(&next->dirty_cpu, fake_this_cpu->id);
        if (next->machine != NULL) {
            machine_load_root(next);
            fake_tlb_flush_cpu(fake_this_cpu->id, MACHINE_FLUSH_ALL);
        }
    }
    fake_cpu()->switches++;
    sched_switched(prev);
}

/* -- hooks ----------------------------------------------------------------- */

void fake_relax(void)
{
    if (fake_relax_hook != NULL) {
        fake_relax_hook();
    } else {
        sched_yield_thread();
    }
}

void sched_yield_thread(void)
{
    struct timespec pause = {.tv_nsec = 1000};

    nanosleep(&pause, NULL);
}

void fake_preempt_point(void)
{
    preempt_count++;
    if (preempt_period != 0 && preempt_count % preempt_period == 0) {
        atomic_fetch_or(&fake_this_cpu->softirqs, 1U << SOFTIRQ_SCHEDULE);
    }
    if (fake_preempt_hook != NULL) {
        fake_preempt_hook();
    }
}

void fake_preempt_every(unsigned int period)
{
    preempt_period = period;
    preempt_count = 0;
}

unsigned int fake_preempt_points(void)
{
    return preempt_count;
}

/* What is asked for but for work and quiescence is forgotten. */
void fake_clear_softirqs(void)
{
    unsigned int forgotten = 1U << SOFTIRQ_SCHEDULE | 1U << SOFTIRQ_TIMER;
    struct vcpu *before = fake_this_cpu->current;

    atomic_fetch_and(&fake_this_cpu->softirqs, ~forgotten);
    if (atomic_load(&fake_this_cpu->softirqs) != 0) {
        softirq_run();
        atomic_fetch_and(&fake_this_cpu->softirqs, ~forgotten);
    }
    if (fake_this_cpu->current != before) {
        fake_enter(before);
    }
}

static void clear_softirqs(void *data)
{
    (void)data;
    fake_clear_softirqs();
}

void fake_settle(void)
{
    /* Twice: what one CPU finishes may be what another waits for. */
    for (unsigned int i = 0; i < 2 * FAKE_CPUS; i++) {
        fake_on_cpu(i % FAKE_CPUS, clear_softirqs, NULL);
    }
}

/* -- lock order ------------------------------------------------------------ */

/* Two locks of a class are in order by domain or frame number, which cannot be
 * seen here: one more of the innermost held class is allowed. */
void fake_lock_acquired(unsigned int class_of)
{
    unsigned int inner;

    for (inner = class_of + 1; inner < LOCK_CLASS_COUNT; inner++) {
        if (locks_held[inner] != 0) {
            fprintf(stderr, "lock class %u taken inside %u\n", class_of, inner);
            bug_at(__FILE__, __LINE__, "lock order");
        }
    }
    locks_held[class_of]++;
}

void fake_lock_released(unsigned int class_of)
{
    if (locks_held[class_of] == 0) {
        bug_at(__FILE__, __LINE__, "lock released that this CPU does not hold");
    }
    locks_held[class_of]--;
    if (fake_unlock_hook != NULL) {
        fake_unlock_hook(class_of);
    }
}

unsigned int fake_locks_held(void)
{
    unsigned int held = 0;

    for (unsigned int i = 0; i < LOCK_CLASS_COUNT; i++) {
        held += locks_held[i];
    }
    return held;
}

/* -- life cycle ------------------------------------------------------------ */

static void cpus_start(void)
{
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        atomic_store(&fake_cpus[cpu].kicks, 0);
        fake_cpus[cpu].root = INVALID_MFN;
        fake_cpus[cpu].timer_deadline = 0;
        fake_cpus[cpu].switches = 0;
        if (core_cpu_create(cpu) != 0) {
            fail_msg("core_cpu_create(%u)", cpu);
        }
        cpumask_set(&cpus_online, cpu);
    }
}

static void core_start(void)
{
    fake_set_cpu(0);
    if (domain_init() != 0) {
        fail_msg("domain_init");
    }
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        struct vcpu *idle = idle_vcpu_create(cpu);

        if (idle == NULL) {
            fail_msg("idle_vcpu_create(%u)", cpu);
        }
        core_cpus[cpu]->idle = idle;
        core_cpus[cpu]->current = idle;
    }
}

void fake_start(void)
{
    test_thread = pthread_self();
    fake_irqs_off = false;
    fake_relax_hook = NULL;
    fake_preempt_hook = NULL;
    fake_unlock_hook = NULL;
    preempt_period = 0;
    preempt_count = 0;
    memset(locks_held, 0, sizeof(locks_held));
    fake_heap_reset();
    memory_start();
    fake_tlb_start();
    fake_registers_start();
    pt_limits.known = false; /* asked for again */
    fake_devices_start();
    core_reset();
    fake_this_cpu = NULL;
    frame_alloc_add(mfn_make(FAKE_LOW_MFN), FAKE_BANK_FRAMES);
    frame_alloc_add(mfn_make(FAKE_HIGH_MFN), FAKE_BANK_FRAMES);
    cpus_start();
    core_start();
}

void fake_stop(void)
{
    fake_preempt_hook = NULL;
    preempt_period = 0;
    assert_int_equal(fake_locks_held(), 0);
    assert_false(fake_irqs_off);
    core_reset();
    fake_heap_reset();
}

int fake_setup(void **state)
{
    (void)state;
    fake_start();
    return 0;
}

int fake_teardown(void **state)
{
    (void)state;
    fake_stop();
    return 0;
}
