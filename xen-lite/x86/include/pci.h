/* SPDX-License-Identifier: MIT */
/* PCI configuration space of segment 0, by ports 0xcf8 and 0xcfc. */
#ifndef XEN_LITE_PCI_H
#define XEN_LITE_PCI_H

#include "types.h"

/* @bytes is 1, 2 or 4, @offset aligned to it. IRQ-safe lock inside. */
uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned int offset,
                  unsigned int bytes);
void pci_write(uint8_t bus, uint8_t devfn, unsigned int offset,
               unsigned int bytes, uint32_t value);
/* Offset of capability @id, or 0. */
unsigned int pci_find_capability(uint8_t bus, uint8_t devfn, unsigned int id);

#endif
