/* SPDX-License-Identifier: MIT */
/*
 * The pirqs of a domain (pirq.c): numbers under which it knows interrupt lines
 * of the machine. For physdev_op and the tools' calls. GSI n is dom0's pirq n;
 * numbers from machine_gsi_count() on are given to MSIs.
 */
#ifndef XEN_LITE_PIRQ_H
#define XEN_LITE_PIRQ_H

#include "domain.h"
#include "machine.h"
#include "types.h"

#define PIRQ_ANY (~0U)

/*
 * Let @d know GSI @gsi as *pirq, or any free number if that is PIRQ_ANY. The
 * GSI is added to what @d may use. @caller must be allowed to use it.
 * Returns 0 and *pirq (also when it was so before), -XEN_EINVAL (bad number or
 * @d is dying), -XEN_EPERM, -XEN_EEXIST (either is mapped otherwise),
 * -XEN_ENOSPC (no number is free), -XEN_ENOMEM.
 */
int pirq_map_gsi(struct domain *caller, struct domain *d, unsigned int gsi,
                 unsigned int *pirq);
/*
 * Program the MSI, MSI-X entry or group of MSIs @source and let @d know it
 * under *pirq and the source->count - 1 numbers behind it.
 * Returns as pirq_map_gsi(), or what machine_msi_setup() returns.
 */
int pirq_map_msi(struct domain *d, const struct msi_source *source,
                 unsigned int *pirq);
/* Undo either, unbinding the line first; a group goes as a whole, by its first
 * number. 0 or -XEN_EINVAL. */
int pirq_unmap(struct domain *d, unsigned int pirq);
/* Keep a free number for the guest to map later: 0 or -XEN_ENOSPC. */
int pirq_reserve(struct domain *d, bool msi, unsigned int *pirq);

/* The guest has served @pirq: 0 or -XEN_EINVAL (no such pirq, not bound). */
int pirq_eoi(struct domain *d, unsigned int pirq);
/* XENIRQSTAT_* of @pirq: 0 or -XEN_EINVAL. */
int pirq_status(struct domain *d, unsigned int pirq, uint32_t *flags);
/*
 * Keep a bit for each pirq that needs EOIs in frame @mfn of @d, from now until
 * @d is gone; @unmasks: an EOI unmasks the port as well.
 * Returns 0, -XEN_EINVAL (not a page that @d can write), -XEN_EBUSY (done
 * before).
 */
int pirq_set_eoi_map(struct domain *d, mfn_t mfn, bool unmasks);

/* The machine's line behind @pirq of @d: 0 or -XEN_EINVAL. */
int pirq_to_irq(struct domain *d, unsigned int pirq, unsigned int *irq);

#endif
