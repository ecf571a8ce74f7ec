/* SPDX-License-Identifier: MIT */
/* Which parts of the machine are ours alone (x86/resources.c). */
#ifndef XEN_LITE_RESOURCES_H
#define XEN_LITE_RESOURCES_H

#include "e820.h"

/* @map, kept, is the machine's memory map for dom0. */
void resources_init(const struct e820_map *map);

#endif
