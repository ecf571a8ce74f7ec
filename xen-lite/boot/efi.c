/* SPDX-License-Identifier: MIT */
/*
 * What dom0 is told of UEFI firmware (UEFI 2.9, 4.3: the system table). Boot
 * services are over when we are entered; runtime services are not called.
 */
#include "efi.h"

#include "layout.h"
#include "platform.h"
#include "printk.h"
#include "string.h"

#define MAPPED_END       (4UL << 30)
#define SYSTEM_SIGNATURE 0x5453595320494249UL /* "IBI SYST" */

struct efi_system_table {
    uint64_t signature;
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t crc32;
    uint32_t reserved;
    uint64_t vendor; /* UTF-16 text */
    uint32_t vendor_revision;
    uint32_t padding;
    uint64_t console[6];
    uint64_t runtime_services;
    uint64_t boot_services;
    uint64_t table_count;
    uint64_t tables;
};

_Static_assert(sizeof(struct efi_system_table) == 120, "UEFI 2.9, 4.3");

static const void *mapped(uint64_t phys, uint64_t bytes)
{
    if (phys == 0 || phys >= MAPPED_END || bytes > MAPPED_END - phys) {
        return NULL;
    }
    return (const void *)(HV_DIRECT_MAP + phys);
}

static void copy_vendor(uint64_t phys)
{
    const uint16_t *from = mapped(phys, sizeof(platform_info.efi_vendor));

    for (unsigned int i = 0;
         from != NULL && i < PLATFORM_VENDOR_CHARS - 1 && from[i] != 0; i++) {
        platform_info.efi_vendor[i] = from[i];
    }
}

void efi_init(const struct boot_info *boot)
{
    const struct efi_system_table *table =
        mapped(boot->efi_system_table, sizeof(*table));

    if (table == NULL || table->signature != SYSTEM_SIGNATURE ||
        table->table_count > UINT32_MAX) {
        return;
    }
    platform_info.efi = true;
    platform_info.efi_version = table->revision;
    platform_info.efi_config_table = table->tables;
    platform_info.efi_config_count = (uint32_t)table->table_count;
    platform_info.efi_vendor_revision = table->vendor_revision;
    copy_vendor(table->vendor);
    platform_info.efi_map = boot->efi_map;
    platform_info.efi_map_bytes = boot->efi_map_bytes;
    platform_info.efi_descriptor_bytes = boot->efi_descriptor_bytes;
    log_info("UEFI %u.%u, %u configuration tables at %lx\n",
             table->revision >> 16, (table->revision & 0xffffU) / 10,
             platform_info.efi_config_count, table->tables);
}
