/* SPDX-License-Identifier: MIT */
/* What the loader told us, in one place (boot/multiboot.c fills it). */
#ifndef XEN_LITE_BOOT_INFO_H
#define XEN_LITE_BOOT_INFO_H

#include "e820.h"
#include "types.h"

#define BOOT_MODULES_MAX 8U

struct boot_module {
    uint64_t start;
    uint64_t bytes;
    const char *command_line; /* first word (file name) dropped */
};

struct boot_info {
    uint64_t image_phys;
    uint64_t info_phys; /* the loader's own structure */
    uint32_t info_bytes;
    const char *loader_name;
    const char *command_line; /* first word dropped */
    unsigned int module_count;
    struct boot_module module[BOOT_MODULES_MAX];
    struct e820_map map; /* as the firmware gave it, normalised */
    uint64_t rsdp_phys;  /* copy in the loader's structure; 0: search */
    uint64_t efi_system_table;
    const uint8_t *efi_map; /* EFI memory descriptors */
    uint32_t efi_map_bytes;
    uint32_t efi_descriptor_bytes;
};

/*
 * Read the multiboot2 information at @info_phys (below 4 GiB, mapped).
 * Returns 0, -XEN_EINVAL (malformed), -XEN_ENOENT (no memory map).
 */
int multiboot_parse(struct boot_info *boot, uint64_t info_phys);

/* The text after the first word and the spaces behind it. */
const char *cmdline_skip_word(const char *text);

#endif
