/* SPDX-License-Identifier: MIT */
/* Device interrupts: vectors, lines, and who serves them. */
#include "irq.h"

#include "apic.h"
#include "printk.h"
#include "x86.h"

void irq_device_interrupt(unsigned int vector)
{
    apic_eoi();
    log_debug("Interrupt of vector 0x%x, which nobody uses\n", vector);
}

void irq_init(void)
{
}
