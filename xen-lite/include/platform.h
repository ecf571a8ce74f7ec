/* SPDX-License-Identifier: MIT */
/*
 * What boot code found out and the tools may ask for: filled once, before the
 * first guest runs (hypercall/platform_op.c, hypercall/version.c).
 */
#ifndef XEN_LITE_PLATFORM_H
#define XEN_LITE_PLATFORM_H

#include "types.h"

#define PLATFORM_VENDOR_CHARS 64U

struct platform_info {
    char command_line[1024]; /* the hypervisor's own */
    bool efi;
    uint32_t efi_version;      /* of the system table */
    uint64_t efi_config_table; /* machine address */
    uint32_t efi_config_count;
    uint32_t efi_vendor_revision;
    uint16_t efi_vendor[PLATFORM_VENDOR_CHARS]; /* ended by 0 */
    const uint8_t *efi_map;                     /* EFI memory descriptors */
    uint32_t efi_map_bytes;
    uint32_t efi_descriptor_bytes;
};

extern struct platform_info platform_info;

#endif
