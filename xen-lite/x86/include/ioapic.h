/* SPDX-License-Identifier: MIT */
/* IO-APICs: routing entries by global system interrupt (GSI). */
#ifndef XEN_LITE_IOAPIC_H
#define XEN_LITE_IOAPIC_H

#include "machine.h"

/* Map all that the MADT names, and mask every entry. */
void ioapic_init(void);
/* Highest GSI + 1. */
unsigned int ioapic_gsi_count(void);
/* The GSI that ISA interrupt @isa is wired to. */
unsigned int ioapic_gsi_of_isa(unsigned int isa);

/* Trigger and polarity of @gsi as firmware says; the reset value of a line. */
void ioapic_default_mode(unsigned int gsi, bool *level, bool *active_low);
/* Write the routing entry of @gsi, masked or not. Caller's lock. */
void ioapic_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                  bool level, bool active_low, bool masked);
void ioapic_mask(unsigned int gsi, bool masked);

/* The register as a guest may see it; -XEN_EINVAL if there is none. */
int ioapic_read(unsigned long phys, unsigned int reg, uint32_t *value);
bool ioapic_owns_frame(mfn_t mfn);

#endif
