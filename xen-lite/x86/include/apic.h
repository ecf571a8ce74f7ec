/* SPDX-License-Identifier: MIT */
/* The local APIC, by its page (xAPIC) or its MSRs (x2APIC). */
#ifndef XEN_LITE_APIC_H
#define XEN_LITE_APIC_H

#include "types.h"

/* Find the mode and map the registers; once, on the first CPU. */
void apic_init(uint64_t phys);
/* Set up this CPU's APIC. */
void apic_init_cpu(void);
uint32_t apic_id(void);
uint64_t apic_phys(void);

void apic_eoi(void);
/* Fixed interrupt @vector, or the other kinds, to the CPU with @apic_id. */
void apic_send(uint32_t apic_id, unsigned int vector);
void apic_send_nmi(uint32_t apic_id);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned int page);

/* One-shot timer: count down from @ticks; 0 stops it. It interrupts at the end
 * once apic_timer_enable() was called on the CPU. */
void apic_timer_start(uint32_t ticks);
void apic_timer_enable(void);
uint32_t apic_timer_count(void);
/* The error interrupt: log and clear. */
void apic_error(void);
/* Is @vector being served by this CPU's APIC? */
bool apic_in_service(unsigned int vector);

#endif
