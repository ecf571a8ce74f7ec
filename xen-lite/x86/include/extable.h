/* SPDX-License-Identifier: MIT */
/* Where a fault of the hypervisor's own code may continue. */
#ifndef XEN_LITE_EXTABLE_H
#define XEN_LITE_EXTABLE_H

/* The address to continue at after a fault at @rip; 0 when there is none. */
unsigned long extable_find(unsigned long rip);

/* For inline assembly: a fault at label @from continues at label @to. */
#define EXTABLE(from, to) \
    ".section .extable, \"a\"\n\t" \
    ".balign 4\n\t" \
    ".long " #from " - ., " #to " - .\n\t" \
    ".previous\n\t"

#endif
