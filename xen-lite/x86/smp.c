/* SPDX-License-Identifier: MIT */
/*
 * Starts the other CPUs by INIT and STARTUP (SDM 3A 9.4.4), and sends requests
 * between CPUs: run a function, drop translations, stop.
 */
#include "smp.h"

#include "acpi.h"
#include "apic.h"
#include "bug.h"
#include "clock.h"
#include "cmdline.h"
#include "core.h"
#include "cpu_features.h"
#include "descriptors.h"
#include "domain.h"
#include "entry.h"
#include "hv_map.h"
#include "idle.h"
#include "irq.h"
#include "machine_vcpu.h"
#include "mm.h"
#include "printk.h"
#include "speculation.h"
#include "spinlock.h"
#include "string.h"
#include "x86.h"
#include "xpti.h"

#define INIT_DELAY_US    10000U
#define STARTUP_DELAY_US 200U
#define START_TRIES      2U
#define START_WAIT_US    1000000U

struct ap_parameters {
    uint64_t boot_l4;
    uint64_t hv_l4;
    uint64_t stack;
};

extern const uint8_t ap_trampoline[], ap_trampoline_end[];
extern const struct ap_parameters ap_boot_l4;
extern uint64_t boot_l4[];

static struct cpumask cpus_started;
static unsigned int cpu_count = 1;
static uint32_t acpi_ids[MAX_CPUS];
/* The CPU being started: read by start_other_cpu(). */
static unsigned int starting_cpu;

_Noreturn void start_other_cpu(void);

unsigned int smp_cpu_count(void)
{
    return cpu_count;
}

/* -- starting -------------------------------------------------------------- */

void start_other_cpu(void)
{
    unsigned int cpu = starting_cpu;

    memset(cpu_info(), 0, sizeof(*cpu_info()));
    descriptors_load(cpu);
    features_init_cpu();
    fpu_init_cpu();
    syscall_init(cpu);
    speculation_init_cpu();
    apic_init_cpu();
    clock_init_cpu();
    cpu_info()->core = core_cpus[cpu];
    cpu_info()->root = hv_l4_phys();
    cpumask_set(&cpus_online, cpu);
    cpumask_set(&cpus_started, cpu);
    entry_reset_stack(idle_loop);
}

static bool wait_started(unsigned int cpu)
{
    for (unsigned int us = 0; us < START_WAIT_US; us += 50) {
        if (cpumask_test(&cpus_started, cpu)) {
            return true;
        }
        clock_delay_us(50);
    }
    return false;
}

static bool start_cpu(unsigned int cpu, uint32_t apic_id_to, uint64_t page)
{
    unsigned long offset =
        (unsigned long)&ap_boot_l4 - (unsigned long)ap_trampoline;
    struct ap_parameters *p = (void *)(HV_DIRECT_MAP + page + offset);

    starting_cpu = cpu;
    *p = (struct ap_parameters){
        .boot_l4 = image_phys_of(boot_l4),
        .hv_l4 = hv_l4_phys(),
        .stack = (unsigned long)cpu_info_of(cpu),
    };
    apic_send_init(apic_id_to);
    clock_delay_us(INIT_DELAY_US);
    for (unsigned int i = 0; i < START_TRIES; i++) {
        apic_send_startup(apic_id_to, (unsigned int)(page >> PAGE_SHIFT));
        clock_delay_us(STARTUP_DELAY_US);
    }
    return wait_started(cpu);
}

/* Areas of all CPUs must exist while the boot allocator does. */
void smp_prepare(void)
{
    uint32_t self = apic_id();
    unsigned int limit = options.max_cpus != 0 ? options.max_cpus : MAX_CPUS;

    xpti_cpu_init(0);
    for (unsigned int i = 0; i < acpi.cpu_count; i++) {
        uint8_t *pages[16];

        if (acpi.cpu[i].apic_id == self) {
            acpi_ids[0] = acpi.cpu[i].acpi_id;
        } else if (cpu_count < limit) {
            hv_map_cpu_area(cpu_count, pages);
            descriptors_build(cpu_count, pages);
            xpti_cpu_init(cpu_count);
            descriptors_set_gdt_frame(cpu_count,
                                      machine_mfn_of(pages[CPU_PAGE_GDT]));
            acpi_ids[cpu_count] = acpi.cpu[i].acpi_id;
            /* Kept here until the CPU itself is up and says the same. */
            cpu_info_of(cpu_count)->apic_id = acpi.cpu[i].apic_id;
            cpu_count++;
        }
    }
}

int smp_create_cpu(unsigned int cpu)
{
    int rc = core_cpu_create(cpu);
    struct vcpu *idle;

    if (rc == 0) {
        rc = irq_create_cpu(cpu);
    }
    if (rc != 0) {
        return rc;
    }
    idle = idle_vcpu_create(cpu);
    if (idle == NULL) {
        return -XEN_ENOMEM;
    }
    core_cpus[cpu]->apic_id = cpu_info_of(cpu)->apic_id;
    core_cpus[cpu]->acpi_id = acpi_ids[cpu];
    core_cpus[cpu]->idle = idle;
    core_cpus[cpu]->current = idle;
    return 0;
}

void smp_start_cpus(uint64_t low_page)
{
    unsigned int wanted = cpu_count;

    cpumask_set(&cpus_started, 0);
    if (wanted > 1 && low_page == 0) {
        log_warning("No memory below 1 MiB to start other CPUs from\n");
        wanted = 1;
    }
    if (wanted > 1) {
        memcpy((void *)(HV_DIRECT_MAP + low_page), ap_trampoline,
               /* cppcheck-suppress comparePointers ; one by the link map */
               (size_t)(ap_trampoline_end - ap_trampoline));
    }
    cpu_count = 1;
    for (unsigned int cpu = 1; cpu < wanted; cpu++) {
        uint32_t id = cpu_info_of(cpu)->apic_id;

        if (smp_create_cpu(cpu) != 0 || !start_cpu(cpu, id, low_page)) {
            log_error("CPU with APIC id %u does not start\n", id);
            break;
        }
        clock_start_calibration(cpu);
        cpu_count++;
    }
    clock_start_calibration(0);
    /* The loader's identity map has served. */
    boot_l4[0] = 0;
    log_info("%u CPUs online\n", cpu_count);
}

/* -- requests -------------------------------------------------------------- */

/*
 * One request at a time: the lock is held until all have answered. Taken with
 * interrupts on, so that a CPU that waits for it answers others meanwhile.
 */
static struct spinlock request_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct cpumask request_pending;
static void (*request_fn)(void *);
static void *request_data;
static bool request_waits; /* for the function's end, not its beginning */
static unsigned long request_va;

static void send_to(const struct cpumask *cpus, unsigned int vector)
{
    unsigned int cpu;

    for_each_cpu_in (cpu, cpus) {
        apic_send(cpu_info_of(cpu)->apic_id, vector);
    }
}

/* @cpus less this CPU and those that are not up become request_pending. */
static void request_begin(const struct cpumask *cpus, unsigned int vector)
{
    struct cpumask targets;

    cpumask_copy(&targets, cpus);
    cpumask_and(&targets, &cpus_started);
    cpumask_clear(&targets, cpu_info()->cpu);
    cpumask_copy(&request_pending, &targets);
    send_to(&targets, vector);
}

static void request_end(void)
{
    while (!cpumask_empty(&request_pending)) {
        machine_relax();
    }
}

static void request_send(const struct cpumask *cpus, unsigned int vector)
{
    request_begin(cpus, vector);
    request_end();
}

void smp_call(const struct cpumask *cpus, void (*fn)(void *), void *data)
{
    spin_lock(&request_lock);
    request_fn = fn;
    request_data = data;
    request_waits = true;
    request_send(cpus, VECTOR_CALL);
    spin_unlock(&request_lock);
}

void smp_post(unsigned int cpu, void (*fn)(void *), void *data)
{
    struct cpumask one;

    cpumask_clear_all(&one);
    cpumask_set(&one, cpu);
    spin_lock(&request_lock);
    request_fn = fn;
    request_data = data;
    request_waits = false;
    request_send(&one, VECTOR_CALL);
    spin_unlock(&request_lock);
}

static struct {
    _Atomic unsigned int waiting;
    _Atomic bool over;
} alone;

static void wait_alone(void *data)
{
    (void)data;
    atomic_fetch_add(&alone.waiting, 1);
    while (!atomic_load(&alone.over)) {
        machine_relax();
    }
}

void smp_call_alone(void (*fn)(void *), void *data)
{
    unsigned int others;

    ASSERT(irq_enabled());
    spin_lock(&request_lock);
    atomic_store(&alone.waiting, 0);
    atomic_store(&alone.over, false);
    request_fn = wait_alone;
    request_data = NULL;
    request_waits = true;
    request_begin(&cpus_started, VECTOR_CALL);
    others = cpumask_count(&request_pending);
    while (atomic_load(&alone.waiting) < others) {
        machine_relax();
    }
    fn(data);
    atomic_store(&alone.over, true);
    request_end();
    spin_unlock(&request_lock);
}

void smp_call_interrupt(void)
{
    unsigned int cpu = cpu_info()->cpu;

    if (cpumask_test(&request_pending, cpu)) {
        void (*fn)(void *) = request_fn;
        void *data = request_data;
        bool waits = request_waits;

        /* Once cleared, the next request may replace this one. */
        if (!waits) {
            cpumask_clear(&request_pending, cpu);
        }
        fn(data);
        if (waits) {
            cpumask_clear(&request_pending, cpu);
        }
    }
}

void machine_flush_tlb_local(unsigned long va)
{
    bool noted = machine_this_cpu() != NULL;
    unsigned long flags, cr4;
    uint32_t stamp = 0;

    if (va != MACHINE_FLUSH_ALL) {
        invlpg(va);
        return;
    }
    /* A change of CR4.PGE drops global translations too (SDM 3A 4.10.4.1). */
    flags = machine_irq_save();
    if (noted) {
        stamp = tlb_flush_begin();
    }
    cr4 = read_cr4();
    if ((cr4 & CR4_PGE) != 0) {
        write_cr4(cr4 & ~CR4_PGE);
        write_cr4(cr4);
    } else {
        write_cr3(read_cr3());
    }
    if (noted) {
        tlb_flush_end(stamp);
    }
    machine_irq_restore(flags);
}

void smp_flush_interrupt(void)
{
    unsigned int cpu = cpu_info()->cpu;

    if (cpumask_test(&request_pending, cpu)) {
        machine_flush_tlb_local(request_va);
        context_forget_kept();
        cpu_info()->flush_count++;
        cpumask_clear(&request_pending, cpu);
    }
}

static void flush_others(const struct cpumask *cpus, unsigned long va)
{
    ASSERT(irq_enabled());
    spin_lock(&request_lock);
    request_va = va;
    request_send(cpus, VECTOR_FLUSH);
    spin_unlock(&request_lock);
}

/*
 * @cpu idles in an address space that it will have to load anew. A processor
 * may look at page tables ahead of need, and so at freed ones: it must leave
 * them. An emulator does not, and need not be woken.
 */
static bool note_stale(unsigned int cpu)
{
    uint32_t fresh = KEPT_FRESH;

    return features_emulated() &&
           (atomic_compare_exchange_strong(&cpu_info_of(cpu)->keeps, &fresh,
                                           KEPT_STALE) ||
            fresh == KEPT_STALE);
}

void machine_flush_tlb(const struct cpumask *cpus, unsigned long va)
{
    unsigned int self = cpu_info()->cpu;
    struct cpumask others;
    bool any = false;
    unsigned int cpu;

    cpumask_clear_all(&others);
    for_each_cpu_in (cpu, cpus) {
        if (cpu != self && cpumask_test(&cpus_started, cpu) &&
            !note_stale(cpu)) {
            cpumask_set(&others, cpu);
            any = true;
        }
    }
    if (cpumask_test(cpus, self)) {
        machine_flush_tlb_local(va);
    }
    if (any) {
        flush_others(&others, va);
    }
}

void machine_root_unused(mfn_t root)
{
    struct cpumask keepers;
    unsigned int cpu;

    cpumask_clear_all(&keepers);
    for_each_cpu_in (cpu, &cpus_started) {
        const struct cpu_info *info = cpu_info_of(cpu);

        if (__atomic_load_n(&info->root, __ATOMIC_RELAXED) !=
            root.number << PAGE_SHIFT) {
            continue;
        }
        if (cpu != cpu_info()->cpu) {
            cpumask_set(&keepers, cpu);
        } else {
            unsigned long flags = machine_irq_save();

            context_forget_kept();
            machine_irq_restore(flags);
        }
    }
    if (!cpumask_empty(&keepers)) {
        flush_others(&keepers, MACHINE_FLUSH_ALL);
    }
}

static void flush_this_cache(void *unused)
{
    (void)unused;
    machine_flush_cache();
}

void machine_flush_cache_all(void)
{
    machine_flush_cache();
    smp_call(&cpus_online, flush_this_cache, NULL);
}

void machine_kick(unsigned int cpu)
{
    apic_send(cpu_info_of(cpu)->apic_id, VECTOR_EVENT_CHECK);
}

/* -- stopping -------------------------------------------------------------- */

#define STOP_WAIT_US 100000U
#define NO_CPU       UINT32_MAX

/* The CPU that stays when all others stop. */
static _Atomic uint32_t stopping_cpu = NO_CPU;

void smp_stop_others(void)
{
    uint32_t self = cpu_info()->cpu;
    unsigned int cpu;

    atomic_store(&stopping_cpu, self);
    for_each_cpu_in (cpu, &cpus_started) {
        if (cpu != self) {
            apic_send_nmi(cpu_info_of(cpu)->apic_id);
        }
    }
    for (unsigned int us = 0; us < STOP_WAIT_US; us += 10) {
        if (cpumask_count(&cpus_started) <= 1) {
            return;
        }
        clock_delay_us(10);
    }
}

void smp_nmi(void)
{
    uint32_t by = atomic_load(&stopping_cpu);

    if (by != NO_CPU && by != cpu_info()->cpu) {
        cpumask_clear(&cpus_started, cpu_info()->cpu);
        cpu_stop();
    }
}
