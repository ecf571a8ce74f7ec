/* SPDX-License-Identifier: MIT */
/* From boot modules and options to a running dom0. */
#ifndef XEN_LITE_LAUNCH_H
#define XEN_LITE_LAUNCH_H

#include "boot_info.h"

/*
 * Build dom0 from the first module (kernel) and the second (initrd) and let
 * it run; the CPUs' idle loops do the rest. All CPUs are up, all memory but
 * the modules' is with the allocator. Panics with the reason if it cannot.
 */
void launch_dom0(const struct boot_info *boot);

#endif
