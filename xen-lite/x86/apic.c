/* SPDX-License-Identifier: MIT */
/* Local APIC (SDM 3A chapter 11). x2APIC is not yet run on hardware. */
#include "apic.h"

#include "cpu_features.h"
#include "entry.h"
#include "hv_map.h"
#include "panic.h"
#include "printk.h"
#include "x86.h"

enum {
    REG_ID = 0x020,
    REG_VERSION = 0x030,
    REG_TPR = 0x080,
    REG_EOI = 0x0b0,
    REG_LDR = 0x0d0,
    REG_DFR = 0x0e0,
    REG_SPURIOUS = 0x0f0,
    REG_ISR = 0x100,
    REG_ESR = 0x280,
    REG_ICR = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT_TIMER = 0x320,
    REG_LVT_THERMAL = 0x330,
    REG_LVT_PERF = 0x340,
    REG_LVT_LINT0 = 0x350,
    REG_LVT_LINT1 = 0x360,
    REG_LVT_ERROR = 0x370,
    REG_TIMER_COUNT = 0x380,
    REG_TIMER_NOW = 0x390,
    REG_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_ENABLE 0x800UL
#define APIC_BASE_X2APIC 0x400UL
#define SPURIOUS_ENABLE  0x100U
#define LVT_MASKED       0x10000U
#define LVT_NMI          0x400U
#define DIVIDE_BY_1      0xbU
#define ICR_PENDING      0x1000U
#define ICR_ASSERT       0x4000U
#define ICR_NMI          0x400U
#define ICR_INIT         0x500U
#define ICR_STARTUP      0x600U
#define ICR_SELF         0x40000U

static volatile uint32_t *registers;
static uint64_t registers_phys;
static bool x2apic;

static uint32_t apic_read(unsigned int reg)
{
    if (x2apic) {
        return (uint32_t)rdmsr(MSR_X2APIC_FIRST + reg / 16);
    }
    return registers[reg / sizeof(uint32_t)];
}

static void apic_write(unsigned int reg, uint32_t value)
{
    if (x2apic) {
        wrmsr(MSR_X2APIC_FIRST + reg / 16, value);
    } else {
        registers[reg / sizeof(uint32_t)] = value;
    }
}

void apic_init(uint64_t phys)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    registers_phys = phys != 0 ? phys : base & PTE_ADDRESS;
    /* What the firmware turned on cannot simply be turned off. */
    x2apic = (base & APIC_BASE_X2APIC) != 0 || feature(FEATURE_X2APIC);
    if (!x2apic) {
        registers = hv_map_io(registers_phys, PAGE_BYTES);
        if (registers == NULL) {
            panic("No room to map the local APIC\n");
        }
    }
    log_info("Local APIC at %lx, %s mode\n", registers_phys,
             x2apic ? "x2APIC" : "xAPIC");
}

void apic_init_cpu(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

    wrmsr(MSR_APIC_BASE, base);
    if (x2apic) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    } else {
        apic_write(REG_DFR, 0xffffffffU);
        apic_write(REG_LDR, 0);
    }
    apic_write(REG_TPR, 0);
    apic_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    apic_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(REG_LVT_PERF, LVT_MASKED);
    apic_write(REG_LVT_LINT0, LVT_MASKED);
    apic_write(REG_LVT_LINT1, LVT_NMI);
    apic_write(REG_LVT_ERROR, VECTOR_APIC_ERROR);
    apic_write(REG_ESR, 0);
    apic_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(REG_EOI, 0);
    cpu_info()->apic_id = apic_id();
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(REG_ID);

    return x2apic ? id : id >> 24;
}

uint64_t apic_phys(void)
{
    return registers_phys;
}

void apic_eoi(void)
{
    apic_write(REG_EOI, 0);
}

/* The two halves of the command must not be torn: NMIs send nothing. */
static void send(uint32_t target, uint32_t command)
{
    unsigned long flags = machine_irq_save();

    if (x2apic) {
        /* Unlike a store to the page, WRMSR does not wait for stores. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        wrmsr(MSR_X2APIC_FIRST + REG_ICR / 16,
              (uint64_t)target << 32 | command);
    } else {
        /* An emulator's is never busy; each access leaves the emulation. */
        while (!features_emulated() &&
               (apic_read(REG_ICR) & ICR_PENDING) != 0) {
            machine_relax();
        }
        if (cpu_info()->icr_target != target + 1) {
            cpu_info()->icr_target = target + 1;
            apic_write(REG_ICR_HIGH, target << 24);
        }
        apic_write(REG_ICR, command);
    }
    machine_irq_restore(flags);
}

void apic_send(uint32_t apic_id_to, unsigned int vector)
{
    send(apic_id_to, ICR_ASSERT | vector);
}

void apic_send_nmi(uint32_t apic_id_to)
{
    send(apic_id_to, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(uint32_t apic_id_to)
{
    send(apic_id_to, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t apic_id_to, unsigned int page)
{
    send(apic_id_to, ICR_ASSERT | ICR_STARTUP | page);
}

void apic_timer_enable(void)
{
    apic_write(REG_LVT_TIMER, VECTOR_TIMER);
}

void apic_timer_start(uint32_t ticks)
{
    apic_write(REG_TIMER_COUNT, ticks);
}

uint32_t apic_timer_count(void)
{
    return apic_read(REG_TIMER_NOW);
}

void apic_error(void)
{
    apic_write(REG_ESR, 0);
    log_warning("CPU %u: APIC error 0x%x\n", cpu_info()->cpu,
                apic_read(REG_ESR));
}

bool apic_in_service(unsigned int vector)
{
    return (apic_read(REG_ISR + vector / 32 * 16) >> (vector % 32)) & 1U;
}
