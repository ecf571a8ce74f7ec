/* SPDX-License-Identifier: MIT */
/* Names of the hypervisor's functions, linked in by mk/hypervisor.mk. */
#ifndef XEN_LITE_SYMBOLS_H
#define XEN_LITE_SYMBOLS_H

#include "types.h"

/*
 * The function that holds @address, and how far in, or NULL.
 */
const char *symbols_find(unsigned long address, unsigned long *offset);

#endif
