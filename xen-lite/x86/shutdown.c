/* SPDX-License-Identifier: MIT */
/* The end of the machine: reset, power off, or halt. */
#include <stdint.h>

#include <xen/sched.h>

#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "hv_map.h"
#include "machine.h"
#include "printk.h"
#include "shutdown.h"
#include "smp.h"
#include "x86.h"

#define SLEEP_ENABLE   0x2000U
#define SLEEP_TYPE     0x1c00U
#define SLEEP_STATE_S5 5U

static volatile uint8_t *reset_register;

/* Mapping may not be possible any more when it is wanted. */
void shutdown_prepare(void)
{
    if (acpi.has_reset && acpi.reset_space == 0 && acpi.reset_address != 0) {
        reset_register = hv_map_io(acpi.reset_address, 1);
    }
}

static void reset_by_acpi(void)
{
    if (!acpi.has_reset) {
        return;
    }
    if (acpi.reset_space == 1 && acpi.reset_address <= UINT16_MAX) {
        outb((uint16_t)acpi.reset_address, acpi.reset_value);
    } else if (reset_register != NULL) {
        *reset_register = acpi.reset_value;
    }
}

static void reset_by_keyboard(void)
{
    for (unsigned int i = 0; i < 0x10000 && (inb(0x64) & 2) != 0; i++) {
        machine_relax();
    }
    outb(0x64, 0xfe);
}

static void reset_by_triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = {0, 0};

    __asm__ volatile("lidt %0; int3" : : "m"(none));
}

static _Noreturn void reset(void)
{
    for (;;) {
        reset_by_acpi();
        clock_delay_us(50000);
        reset_by_keyboard();
        clock_delay_us(50000);
        outb(0xcf9, 0x02);
        outb(0xcf9, 0x06);
        clock_delay_us(50000);
        reset_by_triple_fault();
    }
}

void machine_shutdown(unsigned int reason)
{
    irq_disable();
    smp_stop_others();
    console_panic_mode();
    if (reason == SHUTDOWN_reboot ||
        (reason == SHUTDOWN_crash && !options.noreboot)) {
        printk(LOG_ALWAYS, "Restarting the machine\n");
        reset();
    }
    printk(LOG_ALWAYS, "The machine is halted\n");
    cpu_stop();
}

int machine_acpi_sleep(uint32_t state, uint16_t val_a, uint16_t val_b)
{
    if (state != SLEEP_STATE_S5) {
        return -XEN_EOPNOTSUPP;
    }
    if (acpi.pm1a_control == 0) {
        return -XEN_ENODEV;
    }
    printk(LOG_ALWAYS, "Entering ACPI S5\n");
    irq_disable();
    smp_stop_others();
    outw(acpi.pm1a_control, (uint16_t)((val_a & ~SLEEP_ENABLE)));
    if (acpi.pm1b_control != 0) {
        outw(acpi.pm1b_control, (uint16_t)((val_b & ~SLEEP_ENABLE)));
    }
    outw(acpi.pm1a_control, (uint16_t)(val_a | SLEEP_ENABLE));
    if (acpi.pm1b_control != 0) {
        outw(acpi.pm1b_control, (uint16_t)(val_b | SLEEP_ENABLE));
    }
    clock_delay_us(1000000);
    printk(LOG_ALWAYS, "The machine is halted\n");
    cpu_stop();
}
