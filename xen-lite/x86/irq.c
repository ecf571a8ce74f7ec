/* SPDX-License-Identifier: MIT */
/* Device interrupts: vectors, lines, and who serves them. */
#include "irq.h"

#include "apic.h"
#include "entry.h"
#include "printk.h"
#include "x86.h"

void irq_device_interrupt(unsigned int vector)
{
    apic_eoi();
    log_debug("Interrupt of vector 0x%x, which nobody uses\n", vector);
}

/* Ports of the two 8259s (Intel 8259A data sheet). */
#define PIC_FIRST_COMMAND  0x20
#define PIC_FIRST_DATA     0x21
#define PIC_SECOND_COMMAND 0xa0
#define PIC_SECOND_DATA    0xa1

/*
 * The old interrupt controllers are masked for good. They get vectors of
 * their own all the same: a spurious interrupt may come even so.
 */
static void mask_8259(void)
{
    outb(PIC_FIRST_DATA, 0xff);
    outb(PIC_SECOND_DATA, 0xff);
    outb(PIC_FIRST_COMMAND, 0x11);
    outb(PIC_SECOND_COMMAND, 0x11);
    outb(PIC_FIRST_DATA, VECTOR_LEGACY_SPURIOUS);
    outb(PIC_SECOND_DATA, VECTOR_LEGACY_SPURIOUS);
    outb(PIC_FIRST_DATA, 0x04);
    outb(PIC_SECOND_DATA, 0x02);
    outb(PIC_FIRST_DATA, 0x01);
    outb(PIC_SECOND_DATA, 0x01);
    outb(PIC_FIRST_DATA, 0xff);
    outb(PIC_SECOND_DATA, 0xff);
}

void irq_init(void)
{
    mask_8259();
}
