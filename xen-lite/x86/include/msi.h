/* SPDX-License-Identifier: MIT */
/* Programming MSI and MSI-X of PCI functions. */
#ifndef XEN_LITE_MSI_H
#define XEN_LITE_MSI_H

#include "machine.h"

/* What one interrupt of a function is programmed through. */
struct msi {
    uint8_t bus;
    uint8_t devfn;
    uint8_t capability; /* offset in configuration space */
    bool is_msix;
    bool is_64bit;            /* MSI: the address has 64 bits */
    bool maskable;            /* MSI: has a mask register */
    uint8_t index;            /* MSI: which of the function's vectors */
    volatile uint32_t *entry; /* MSI-X: entry of the table, mapped */
};

/*
 * Find the capability that @source means, and for MSI-X map the entry.
 * Returns 0, -XEN_ENODEV (no such function or capability), -XEN_EINVAL (no
 * such entry, table elsewhere, too many vectors), -XEN_ENOMEM.
 */
int msi_find(const struct msi_source *source, struct msi *msi);
/* Write address and data: vector @vector on @apic_id. Stays masked or not. */
void msi_write(const struct msi *msi, uint32_t apic_id, unsigned int vector);
/* Let the function send messages at all; @count vectors (power of two). */
void msi_enable(const struct msi *msi, bool on, unsigned int count);
void msi_mask(const struct msi *msi, bool masked);
/* Is @mfn a page with an MSI-X table that we program? */
bool msi_owns_frame(mfn_t mfn);
void msi_release(struct msi *msi);

#endif
