/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space in memory, as ACPI's MCFG table places it. dom0
 * reads it itself; its writes fault and are done here.
 */
#ifndef XEN_LITE_MMCFG_H
#define XEN_LITE_MMCFG_H

#include "types.h"

/* Once, before dom0 runs. */
void mmcfg_init(void);
bool mmcfg_owns_frame(mfn_t mfn);
/* Write to a frame of it; @offset is aligned to @bytes, which is 1, 2, 4, 8. */
void mmcfg_write(mfn_t mfn, unsigned int offset, unsigned int bytes,
                 uint64_t value);

#endif
