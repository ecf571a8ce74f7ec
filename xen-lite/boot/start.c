/* SPDX-License-Identifier: MIT */
/* The order in which everything is started. */
#include "boot_info.h"
#include "cmdline.h"
#include "console.h"
#include "layout.h"
#include "printk.h"
#include "serial.h"
#include "x86.h"

static struct boot_info boot_info;

_Noreturn void start_first_cpu(uint32_t info_phys, uint64_t image_phys);

static void print_memory_map(const struct e820_map *map)
{
    static const char *const types[] = {"?",    "usable",   "reserved",
                                        "ACPI", "ACPI NVS", "unusable"};

    log_info("Memory map:\n");
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        log_info("  %016lx - %016lx %s\n", r->start, r->start + r->bytes,
                 types[r->type]);
    }
    log_info("System RAM: %lu MiB (%lu KiB)\n", e820_ram_bytes(map) >> 20,
             e820_ram_bytes(map) >> 10);
}

_Noreturn void start_first_cpu(uint32_t info_phys, uint64_t image_phys)
{
    int rc;

    boot_info.image_phys = image_phys;
    rc = multiboot_parse(&boot_info, info_phys);
    /* In silence, for com1=; and again when there is a console to warn on. */
    cmdline_parse(boot_info.command_line, false);
    if (serial_init(options.com1[0] != '\0' ? options.com1 : NULL) ==
        -XEN_EINVAL) {
        (void)serial_init(NULL);
        log_warning("Option com1 has a bad value\n");
    }
    printk(LOG_ALWAYS, "xen-lite: a small PV hypervisor, Xen 4.17 ABI\n");
    log_info("Loader: %s; image at %lx; multiboot %d\n",
             boot_info.loader_name, image_phys, rc);
    log_info("Command line: %s\n", boot_info.command_line);
    cmdline_parse(boot_info.command_line, true);
    print_memory_map(&boot_info.map);
    for (unsigned int i = 0; i < boot_info.module_count; i++) {
        log_info("Module %u: %lx, %lu bytes: %s\n", i,
                 boot_info.module[i].start, boot_info.module[i].bytes,
                 boot_info.module[i].command_line);
    }
    cpu_stop();
}
