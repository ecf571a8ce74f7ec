/* SPDX-License-Identifier: MIT */
/*
 * The platform clock (HPET, else the ACPI PM timer; the PIT only to measure
 * the TSC) and the time of each CPU, which is its TSC scaled, and corrected
 * against the platform clock once a second without ever going back.
 */
#include "clock.h"

#include "acpi.h"
#include "apic.h"
#include "cmdline.h"
#include "cpu_features.h"
#include "hv_map.h"
#include "panic.h"
#include "printk.h"
#include "spinlock.h"
#include "string.h"
#include "time_scale.h"
#include "timer.h"
#include "x86.h"

#define NS_PER_SECOND 1000000000UL
#define PM_TIMER_HZ   3579545U
#define PIT_HZ        1193182U
#define MEASURE_NS    20000000UL
#define MEASURE_PIT   59659U /* PIT ticks of 50 ms */

enum {
    HPET_CAPABILITIES = 0x000,
    HPET_CONFIG = 0x010,
    HPET_COUNTER = 0x0f0,
};

struct platform {
    const char *name;
    uint64_t hz;
    uint32_t mask;
    uint32_t (*read)(void);
};

/* Guards platform_ticks and platform_last. IRQ-safe, innermost. */
static struct spinlock platform_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static uint64_t platform_ticks;
static uint32_t platform_last;
static struct platform platform;
static struct tick_scale platform_scale;
static volatile uint32_t *hpet;

/* Written by its own CPU only, interrupts off. */
struct cpu_clock {
    uint64_t tsc; /* at ... */
    uint64_t ns;  /* ... this system time */
    struct tick_scale scale;
    uint64_t last_tsc; /* at the last comparison with the platform */
    uint64_t last_platform_ns;
};

static struct cpu_clock cpu_clocks[MAX_CPUS];
static struct tick_scale tsc_scale;
static uint32_t tsc_khz;
static uint32_t apic_khz;
static struct tick_scale apic_scale; /* ns to ticks */
static uint64_t wallclock_seconds;
static uint32_t wallclock_ns;

/* -- platform clocks ------------------------------------------------------- */

static uint32_t hpet_read(void)
{
    return hpet[HPET_COUNTER / 4];
}

static bool hpet_start(void)
{
    uint32_t period_fs;

    if (acpi.hpet_phys == 0 || options.hpet == OPTION_OFF) {
        return false;
    }
    hpet = hv_map_io(acpi.hpet_phys, 1024);
    if (hpet == NULL) {
        return false;
    }
    period_fs = hpet[HPET_CAPABILITIES / 4 + 1];
    /* 100 ns is the slowest that the specification allows. */
    if (period_fs == 0 || period_fs > 100000000U) {
        return false;
    }
    /* Count; no legacy replacement of the PIT and RTC interrupts. */
    hpet[HPET_CONFIG / 4] = (hpet[HPET_CONFIG / 4] & ~2U) | 1U;
    platform = (struct platform){.name = "HPET",
                                 .hz = 1000000000000000UL / period_fs,
                                 .mask = UINT32_MAX,
                                 .read = hpet_read};
    return true;
}

static uint32_t pm_timer_read(void)
{
    return inl(acpi.pm_timer_port);
}

static bool pm_timer_start(void)
{
    if (acpi.pm_timer_port == 0) {
        return false;
    }
    /* 24 bits are sure on every chip set, and enough at 1 Hz polling. */
    platform = (struct platform){.name = "ACPI PM timer",
                                 .hz = PM_TIMER_HZ,
                                 .mask = 0xffffffU,
                                 .read = pm_timer_read};
    return true;
}

static void platform_start(void)
{
    bool want_pm = strcmp(options.clocksource, "acpi") == 0;
    bool want_pit = strcmp(options.clocksource, "pit") == 0;

    if (want_pit || (!(want_pm && pm_timer_start()) && !hpet_start() &&
                     !pm_timer_start())) {
        platform.name = "TSC (measured by PIT)";
        return;
    }
    platform_scale = tick_scale_make(platform.hz, NS_PER_SECOND);
    platform_last = platform.read() & platform.mask;
}

/*
 * Nanoseconds since platform_start(). Some CPU must call this more often than
 * the counter wraps.
 */
static uint64_t platform_ns(void)
{
    unsigned long flags = spin_lock_irqsave(&platform_lock);
    uint32_t now = platform.read() & platform.mask;
    uint64_t ticks;

    platform_ticks += (now - platform_last) & platform.mask;
    platform_last = now;
    ticks = platform_ticks;
    spin_unlock_irqrestore(&platform_lock, flags);
    return tick_scale(ticks, platform_scale);
}

/* -- measuring at boot ----------------------------------------------------- */

struct sample {
    uint64_t tsc;
    uint64_t ns;
};

#define SAMPLE_TRIES 5U

/* TSC and platform time at one moment: the least disturbed of some tries. */
static struct sample sample_take(void)
{
    struct sample best = {0, 0};
    uint64_t best_width = UINT64_MAX;

    for (unsigned int i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t before = rdtsc_ordered();
        uint64_t ns = platform_ns();
        uint64_t after = rdtsc_ordered();

        if (after - before < best_width) {
            best_width = after - before;
            best.tsc = before + (after - before) / 2;
            best.ns = ns;
        }
    }
    return best;
}

/* Let @apic_ticks and @tsc_ticks be what passes in the time returned, in ns. */
static uint64_t measure_by_platform(uint64_t *tsc_ticks, uint32_t *apic_ticks)
{
    struct sample first, last;

    apic_timer_start(UINT32_MAX);
    first = sample_take();
    *apic_ticks = apic_timer_count();
    do {
        machine_relax();
        last = sample_take();
    } while (last.ns - first.ns < MEASURE_NS);
    *apic_ticks -= apic_timer_count();
    *tsc_ticks = last.tsc - first.tsc;
    return last.ns - first.ns;
}

/* The same by channel 2 of the PIT, whose output port 0x61 shows. */
static uint64_t measure_by_pit(uint64_t *tsc_ticks, uint32_t *apic_ticks)
{
    uint64_t first;
    uint8_t gate = (uint8_t)((inb(0x61) & ~3U) | 1U);

    outb(0x61, gate);
    outb(0x43, 0xb0);
    apic_timer_start(UINT32_MAX);
    outb(0x42, MEASURE_PIT & 0xff);
    outb(0x42, MEASURE_PIT >> 8);
    first = rdtsc_ordered();
    *apic_ticks = apic_timer_count();
    while ((inb(0x61) & 0x20) == 0) {
        machine_relax();
    }
    *tsc_ticks = rdtsc_ordered() - first;
    *apic_ticks -= apic_timer_count();
    return MEASURE_PIT * NS_PER_SECOND / PIT_HZ;
}

static void measure(void)
{
    uint32_t apic_ticks;
    uint64_t tsc_ticks, ns;

    ns = platform.read != NULL ? measure_by_platform(&tsc_ticks, &apic_ticks)
                               : measure_by_pit(&tsc_ticks, &apic_ticks);
    apic_timer_start(0);
    tsc_khz = (uint32_t)(tsc_ticks * 1000000UL / ns);
    apic_khz = (uint32_t)(apic_ticks * 1000000UL / ns);
    if (tsc_khz == 0 || apic_khz == 0) {
        panic("Clocks stand still: TSC %u kHz, APIC timer %u kHz\n", tsc_khz,
              apic_khz);
    }
    tsc_scale = tick_scale_make(tsc_ticks * NS_PER_SECOND / ns, NS_PER_SECOND);
    apic_scale = tick_scale_make(NS_PER_SECOND, apic_khz * 1000UL);
}

/* -- CMOS clock ------------------------------------------------------------ */

#define CMOS_UPDATING 0x80U
#define CMOS_BINARY   0x04U
#define CMOS_24_HOURS 0x02U

static uint8_t cmos_read(uint8_t index)
{
    outb(0x70, index);
    return inb(0x71);
}

static unsigned int from_bcd(unsigned int value)
{
    return (value >> 4) * 10 + (value & 0xfU);
}

/* Seconds since 1970 of a date in the Gregorian calendar. */
static uint64_t seconds_of(unsigned int year, unsigned int month,
                           unsigned int day, unsigned int hour,
                           unsigned int minute, unsigned int second)
{
    uint64_t days;

    /* Years that start in March: the leap day comes last. */
    if (month <= 2) {
        month += 12;
        year--;
    }
    days = 365UL * year + year / 4 - year / 100 + year / 400 +
           (153UL * (month - 3) + 2) / 5 + day - 1 - 719468UL;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

static uint64_t cmos_seconds_once(void)
{
    static const uint8_t indices[] = {0, 2, 4, 7, 8, 9};
    unsigned int v[6];
    uint8_t mode = cmos_read(0x0b);
    bool pm;

    for (size_t i = 0; i < ARRAY_COUNT(indices); i++) {
        v[i] = cmos_read(indices[i]);
    }
    pm = (mode & CMOS_24_HOURS) == 0 && (v[2] & 0x80U) != 0;
    v[2] &= (mode & CMOS_24_HOURS) == 0 ? 0x7fU : 0xffU;
    for (size_t i = 0; (mode & CMOS_BINARY) == 0 && i < ARRAY_COUNT(v); i++) {
        v[i] = from_bcd(v[i]);
    }
    if ((mode & CMOS_24_HOURS) == 0) {
        v[2] = v[2] % 12 + (pm ? 12 : 0);
    }
    return seconds_of(v[5] + (v[5] < 70 ? 2000 : 1900), v[4], v[3], v[2], v[1],
                      v[0]);
}

/* Read until two readings agree and no update was under way. */
static uint64_t cmos_seconds(void)
{
    uint64_t a, b;
    unsigned int tries = 0;

    do {
        for (unsigned int i = 0;
             i < 100000 && (cmos_read(0x0a) & CMOS_UPDATING) != 0; i++) {
            machine_relax();
        }
        a = cmos_seconds_once();
        b = cmos_seconds_once();
    } while (a != b && tries++ < 10);
    return b;
}

/* -- each CPU's time ------------------------------------------------------- */

static uint64_t clock_ns_at(const struct cpu_clock *c, uint64_t tsc)
{
    int64_t delta = (int64_t)(tsc - c->tsc);

    return c->ns + (delta > 0 ? tick_scale((uint64_t)delta, c->scale) : 0);
}

void clock_init(void)
{
    uint64_t ns;

    platform_start();
    measure();
    clock_init_cpu();
    wallclock_seconds = cmos_seconds();
    ns = machine_now_ns();
    wallclock_ns = (uint32_t)(NS_PER_SECOND - ns % NS_PER_SECOND);
    wallclock_seconds -= ns / NS_PER_SECOND + 1;
    if (wallclock_ns == NS_PER_SECOND) {
        wallclock_ns = 0;
        wallclock_seconds++;
    }
    log_info("Platform clock: %s; TSC %u.%03u MHz, APIC timer %u.%03u MHz\n",
             platform.name, tsc_khz / 1000, tsc_khz % 1000, apic_khz / 1000,
             apic_khz % 1000);
}

void clock_init_cpu(void)
{
    struct cpu_clock *c = &cpu_clocks[cpu_info()->cpu];
    struct sample s = {rdtsc_ordered(), 0};

    if (platform.read != NULL) {
        s = sample_take();
    } else if (cpu_info()->cpu != 0) {
        /* No clock but the TSC: it must be in step on all CPUs. */
        s.ns = clock_ns_at(&cpu_clocks[0], s.tsc);
    }
    *c = (struct cpu_clock){.tsc = s.tsc,
                            .ns = s.ns,
                            .scale = tsc_scale,
                            .last_tsc = s.tsc,
                            .last_platform_ns = s.ns};
    apic_timer_enable();
}

/* An error is made good within a second, but time's rate bends this little. */
#define SLEW_MAX_NS 1000000L
/* Errors from here on are not drift: someone stopped the whole machine. */
#define STEP_NS 1000000000L
/* Times 10^6 this fits 64 bits: 4 seconds at 4 GHz. */
#define TICKS_MAX (1UL << 34)

bool clock_calibrate(void)
{
    struct cpu_clock *c = &cpu_clocks[cpu_info()->cpu];
    unsigned long flags;
    struct sample s;
    uint64_t ticks, ns, hz, now;
    int64_t error;

    if (platform.read == NULL) {
        return false;
    }
    flags = machine_irq_save();
    s = sample_take();
    ticks = s.tsc - c->last_tsc;
    ns = s.ns - c->last_platform_ns;
    /* Too short to measure, or so long that the sums overflow. */
    if (ns < NS_PER_SECOND / 10 || ticks == 0 || ticks > TICKS_MAX) {
        if (ticks > TICKS_MAX) {
            c->last_tsc = s.tsc;
            c->last_platform_ns = s.ns;
        }
        machine_irq_restore(flags);
        return false;
    }
    hz = (uint64_t)(ticks * (NS_PER_SECOND / 1000) / (ns / 1000));
    now = clock_ns_at(c, s.tsc);
    error = (int64_t)(s.ns - now);
    if (error > STEP_NS) {
        now = s.ns;
        error = 0;
    }
    error = error > SLEW_MAX_NS    ? SLEW_MAX_NS
            : error < -SLEW_MAX_NS ? -SLEW_MAX_NS
                                   : error;
    c->ns = now;
    c->tsc = s.tsc;
    /* A second will then last error ns longer or shorter. */
    hz -= (uint64_t)((int64_t)(hz / 1000) * error / 1000000);
    c->scale = tick_scale_make(hz, NS_PER_SECOND);
    c->last_tsc = s.tsc;
    c->last_platform_ns = s.ns;
    machine_irq_restore(flags);
    return true;
}

static struct timer calibration_timers[MAX_CPUS];

static void calibration_due(void *data)
{
    struct timer *timer = data;

    (void)clock_calibrate();
    timer_set(timer, machine_now_ns() + NS_PER_SECOND);
}

void clock_start_calibration(unsigned int cpu)
{
    struct timer *timer = &calibration_timers[cpu];

    timer_init(timer, calibration_due, timer, cpu);
    timer_set(timer, machine_now_ns() + NS_PER_SECOND);
}

uint64_t machine_now_ns(void)
{
    struct cpu_info *info = cpu_info();
    uint64_t now = clock_ns_at(&cpu_clocks[info->cpu], rdtsc_ordered());

    if (now < info->time_last_ns) {
        return info->time_last_ns;
    }
    info->time_last_ns = now;
    return now;
}

void machine_time_scale(struct time_scale *out)
{
    unsigned long flags = machine_irq_save();
    const struct cpu_clock *c = &cpu_clocks[cpu_info()->cpu];
    /* Else each CPU is corrected by itself, and may be behind another. */
    bool same_on_all = platform.read == NULL && feature(FEATURE_TSC_INVARIANT);

    *out = (struct time_scale){
        .tsc = c->tsc,
        .system_ns = c->ns,
        .mul = c->scale.mul,
        .shift = c->scale.shift,
        .flags = same_on_all ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
    };
    machine_irq_restore(flags);
}

uint32_t machine_tsc_khz(void)
{
    return tsc_khz;
}

uint64_t machine_tsc(void)
{
    return rdtsc();
}

/*
 * What is set already and comes no later serves: it finds nothing due and sets
 * the timer again. Deadlines move back at each switch, and the timer's register
 * is slow.
 */
void machine_set_timer(uint64_t deadline_ns)
{
    struct cpu_info *info = cpu_info();
    uint64_t now, ticks;

    if (deadline_ns == 0 ||
        (info->timer_due_ns != 0 && info->timer_due_ns <= deadline_ns)) {
        return;
    }
    now = machine_now_ns();
    ticks = deadline_ns > now ? deadline_ns - now : 0;
    /* Later than the counter reaches: it fires early and is set again. */
    ticks = ticks > NS_PER_SECOND ? NS_PER_SECOND : ticks;
    info->timer_due_ns = now + ticks;
    ticks = tick_scale(ticks, apic_scale) + 1;
    apic_timer_start(ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void clock_timer_interrupt(void)
{
    cpu_info()->timer_due_ns = 0;
    timer_interrupt();
}

void machine_boot_wallclock(uint64_t *seconds, uint32_t *nanoseconds)
{
    *seconds = wallclock_seconds;
    *nanoseconds = wallclock_ns;
}

void clock_delay_us(unsigned int us)
{
    uint64_t end = rdtsc() + (uint64_t)us * tsc_khz / 1000;

    while ((int64_t)(end - rdtsc()) > 0) {
        machine_relax();
    }
}

bool clock_owns_frame(mfn_t mfn)
{
    return hpet != NULL && mfn.number == acpi.hpet_phys >> PAGE_SHIFT;
}
