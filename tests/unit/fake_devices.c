/* SPDX-License-Identifier: MIT */
/*
 * Clock, timers, console, interrupt lines and the power switch of the fake
 * machine. Time stands still unless a test moves it. The TSC runs at 1 GHz.
 */
#include "fake.h"
#include "fake_internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bug.h"

#define CONSOLE_BYTES (1U << 20)

static _Atomic uint64_t now_ns;
static char console[CONSOLE_BYTES];
static size_t console_used;
static pthread_mutex_t console_lock = PTHREAD_MUTEX_INITIALIZER;
static char console_input[4096];
static size_t console_input_used;
static struct fake_irq irqs[FAKE_IRQS];
static int shutdown_reason;
static sigjmp_buf *shutdown_catcher;
static struct {
    bool asked;
    uint32_t state;
    uint16_t val_a;
    uint16_t val_b;
} acpi_sleep;
static const struct e820_range memory_map[] = {
    {FAKE_LOW_MFN << PAGE_SHIFT, FAKE_BANK_FRAMES << PAGE_SHIFT, 1},
    {FAKE_HIGH_MFN << PAGE_SHIFT, FAKE_BANK_FRAMES << PAGE_SHIFT, 1},
};

/* -- time ------------------------------------------------------------------ */

void fake_set_now(uint64_t ns)
{
    atomic_store(&now_ns, ns);
}

void fake_advance(uint64_t ns)
{
    atomic_fetch_add(&now_ns, ns);
}

uint64_t machine_now_ns(void)
{
    return atomic_load(&now_ns);
}

uint64_t machine_tsc(void)
{
    return atomic_load(&now_ns);
}

uint32_t machine_tsc_khz(void)
{
    return 1000000;
}

void machine_time_scale(struct time_scale *out)
{
    memset(out, 0, sizeof(*out));
    out->tsc = machine_tsc();
    out->system_ns = machine_now_ns();
    out->mul = 0x80000000U;
    out->shift = 1;
}

void machine_set_timer(uint64_t deadline_ns)
{
    atomic_store(&fake_cpu()->timer_deadline, deadline_ns);
}

uint64_t fake_timer_deadline(unsigned int cpu)
{
    return atomic_load(&fake_cpus[cpu].timer_deadline);
}

void machine_boot_wallclock(uint64_t *seconds, uint32_t *nanoseconds)
{
    *seconds = 1700000000;
    *nanoseconds = 5;
}

/* -- console --------------------------------------------------------------- */

void machine_console_write(const char *text, size_t bytes, bool keep)
{
    (void)keep; /* one buffer is all there is */
    pthread_mutex_lock(&console_lock);
    if (bytes > CONSOLE_BYTES - 1 - console_used) {
        console_used = 0;
        bytes = bytes < CONSOLE_BYTES - 1 ? bytes : CONSOLE_BYTES - 1;
    }
    memcpy(console + console_used, text, bytes);
    console_used += bytes;
    console[console_used] = '\0';
    pthread_mutex_unlock(&console_lock);
}

const char *fake_console(void)
{
    return console;
}

void fake_console_input(const char *text)
{
    console_input_used = strnlen(text, sizeof(console_input));
    memcpy(console_input, text, console_input_used);
}

size_t machine_console_read(char *buffer, size_t max)
{
    size_t bytes = console_input_used < max ? console_input_used : max;

    memcpy(buffer, console_input, bytes);
    memmove(console_input, console_input + bytes, console_input_used - bytes);
    console_input_used -= bytes;
    return bytes;
}

size_t machine_console_ring_read(char *buffer, size_t max, uint32_t *index,
                                 bool clear, bool incremental)
{
    size_t from = incremental ? *index : 0;
    size_t bytes = from < console_used ? console_used - from : 0;

    bytes = bytes < max ? bytes : max;
    memcpy(buffer, console + from, bytes);
    *index = (uint32_t)(from + bytes);
    if (clear) {
        console_used = 0;
        console[0] = '\0';
    }
    return bytes;
}

/* -- interrupt lines ------------------------------------------------------- */

struct fake_irq *fake_irq(unsigned int irq)
{
    if (irq >= FAKE_IRQS) {
        bug_at(__FILE__, __LINE__, "interrupt line does not exist");
    }
    return &irqs[irq];
}

unsigned int machine_gsi_count(void)
{
    return FAKE_GSIS;
}

int machine_gsi_setup(unsigned int gsi, bool level, bool active_low)
{
    if (gsi >= FAKE_GSIS) {
        return -XEN_EINVAL;
    }
    if (irqs[gsi].setup) {
        return -XEN_EEXIST;
    }
    irqs[gsi].setup = true;
    irqs[gsi].level = level;
    irqs[gsi].active_low = active_low;
    return 0;
}

int machine_irq_enable(unsigned int irq, unsigned int cpu)
{
    struct fake_irq *line = fake_irq(irq);

    if (line->enabled) {
        return -XEN_EBUSY;
    }
    line->enabled = true;
    line->masked = true;
    line->cpu = cpu;
    return 0;
}

void machine_irq_disable(unsigned int irq)
{
    fake_irq(irq)->enabled = false;
}

void machine_irq_mask(unsigned int irq, bool mask)
{
    fake_irq(irq)->masked = mask;
}

void machine_irq_eoi(unsigned int irq)
{
    fake_irq(irq)->eois++;
}

bool machine_irq_is_level(unsigned int irq)
{
    return fake_irq(irq)->level;
}

int machine_irq_set_cpu(unsigned int irq, unsigned int cpu)
{
    fake_irq(irq)->cpu = cpu;
    return 0;
}

int machine_msi_setup(const struct msi_source *source, unsigned int *irq)
{
    (void)source;
    for (unsigned int i = FAKE_GSIS; i < FAKE_IRQS; i++) {
        if (!irqs[i].setup) {
            irqs[i] = (struct fake_irq){.setup = true, .msi = true};
            *irq = i;
            return 0;
        }
    }
    return -XEN_ENOSPC;
}

void machine_msi_teardown(unsigned int irq)
{
    memset(fake_irq(irq), 0, sizeof(struct fake_irq));
}

int machine_ioapic_read(unsigned long base, unsigned int reg, uint32_t *value)
{
    if (base != 0xfec00000UL) {
        return -XEN_EINVAL;
    }
    *value = reg == 1 ? ((FAKE_GSIS - 1) << 16) | 0x20 : 0;
    return 0;
}

/* -- frames that are not RAM ----------------------------------------------- */

/* The table is no RAM here: nobody can map it. */
mfn_t machine_m2p_frame(unsigned long index)
{
    return mfn_make(FAKE_LOW_MFN + index * 512);
}

bool machine_mmio_reserved(mfn_t mfn)
{
    return mfn.number == FAKE_MMIO_RESERVED_MFN;
}

bool machine_mmio_readonly(mfn_t mfn)
{
    return mfn.number == FAKE_MMIO_READONLY_MFN ||
           mfn.number == FAKE_MMIO_MSIX_MFN;
}

bool machine_mmio_readonly_since_boot(mfn_t mfn)
{
    return mfn.number == FAKE_MMIO_READONLY_MFN;
}

struct fake_mmio_write fake_mmio_write;

void machine_mmio_write(mfn_t mfn, unsigned int offset, unsigned int bytes,
                        uint64_t value)
{
    fake_mmio_write = (struct fake_mmio_write){mfn, offset, bytes, value};
}

struct fake_caches fake_caches;

void machine_flush_cache(void)
{
    fake_caches.local++;
}

void machine_flush_cache_all(void)
{
    fake_caches.all++;
}

void machine_flush_frame(mfn_t mfn)
{
    fake_caches.frames++;
    fake_caches.frame = mfn;
}

/* -- power ----------------------------------------------------------------- */

_Noreturn void machine_shutdown(unsigned int reason)
{
    shutdown_reason = (int)reason;
    if (shutdown_catcher != NULL) {
        siglongjmp(*shutdown_catcher, 1);
    }
    bug_at(__FILE__, __LINE__, "machine shut down");
}

int fake_shutdown_reason(void)
{
    return shutdown_reason;
}

bool fake_catches_shutdown(void (*run)(void *data), void *data)
{
    sigjmp_buf here;
    bool caught = true;

    if (sigsetjmp(here, 0) == 0) {
        shutdown_catcher = &here;
        run(data);
        caught = false;
    }
    shutdown_catcher = NULL;
    return caught;
}

int machine_acpi_sleep(uint32_t state, uint16_t val_a, uint16_t val_b)
{
    acpi_sleep.asked = true;
    acpi_sleep.state = state;
    acpi_sleep.val_a = val_a;
    acpi_sleep.val_b = val_b;
    return 0;
}

bool fake_acpi_sleep_asked(uint32_t *state, uint16_t *val_a, uint16_t *val_b)
{
    *state = acpi_sleep.state;
    *val_a = acpi_sleep.val_a;
    *val_b = acpi_sleep.val_b;
    return acpi_sleep.asked;
}

unsigned int machine_memory_map(const struct e820_range **ranges)
{
    *ranges = memory_map;
    return ARRAY_COUNT(memory_map);
}

void fake_devices_start(void)
{
    atomic_store(&now_ns, 1000000000);
    console_used = 0;
    console[0] = '\0';
    console_input_used = 0;
    memset(irqs, 0, sizeof(irqs));
    memset(&acpi_sleep, 0, sizeof(acpi_sleep));
    shutdown_reason = -1;
}
