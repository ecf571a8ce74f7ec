/* SPDX-License-Identifier: MIT */
/*
 * Page-table isolation (Xen's name: XPTI), against reading through the
 * user bit (Meltdown, XSA-254). While a guest runs, its CPU uses a copy of the
 * guest's L4 that maps, of us, only the entry code, the IDT, the CPU's own
 * area, and what the guest may see. entry.S changes tables both ways.
 */
#ifndef XEN_LITE_XPTI_H
#define XEN_LITE_XPTI_H

#include "machine.h"

/* Decide by option and processor; once, after features_detect(). */
void xpti_detect(void);
bool xpti_on(void);
/* Make the tables of @cpu, whose area is mapped. Boot only. */
void xpti_cpu_init(unsigned int cpu);

/* @root is now loaded on this CPU for its guest: copy it. */
void xpti_load(mfn_t root);

#endif
