/* SPDX-License-Identifier: MIT */
/* The order in which everything is started. */
#include "acpi.h"
#include "apic.h"
#include "boot_info.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "core.h"
#include "cpu_features.h"
#include "cpu_policy.h"
#include "descriptors.h"
#include "domain.h"
#include "efi.h"
#include "entry.h"
#include "evtchn.h"
#include "hv_map.h"
#include "idle.h"
#include "irq.h"
#include "launch.h"
#include "machine_vcpu.h"
#include "mmcfg.h"
#include "panic.h"
#include "platform.h"
#include "printk.h"
#include "resources.h"
#include "selftest.h"
#include "serial.h"
#include "shutdown.h"
#include "smp.h"
#include "softirq.h"
#include "speculation.h"
#include "string.h"
#include "x86.h"
#include "xpti.h"

#define LOW_BYTES (1UL << 20)
#define RAM_LIMIT (4UL << 40)

static struct boot_info boot_info;
/* RAM that nothing occupies yet. */
static struct e820_map free_map;

extern const char image_end[];

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

static void start_console(void)
{
    const char *com1 = options.com1[0] != '\0' ? options.com1 : NULL;

    if (serial_init(com1) == -XEN_EINVAL) {
        (void)serial_init(NULL);
        log_warning("Option com1 has a bad value: %s\n", com1);
    }
    printk(LOG_ALWAYS, "xen-lite: a small PV hypervisor, Xen 4.17 ABI\n");
}

/* Our own exceptions are caught from here on. */
static void start_descriptors(void)
{
    uint8_t *pages[16];

    for (unsigned int page = 0; page < ARRAY_COUNT(pages); page++) {
        pages[page] = (uint8_t *)(HV_CPU_AREAS + page * PAGE_BYTES);
    }
    idt_build();
    descriptors_build(0, pages);
    descriptors_load(0);
}

static void read_loader(uint32_t info_phys)
{
    int rc = multiboot_parse(&boot_info, info_phys);

    /* In silence, for com1=; and again when there is a console to warn on. */
    cmdline_parse(boot_info.command_line, false);
    start_console();
    if (rc != 0) {
        panic("The loader's information is malformed: error %d\n", rc);
    }
    log_info("Loader: %s; image at %lx\n", boot_info.loader_name,
             boot_info.image_phys);
    log_info("Command line: %s\n", boot_info.command_line);
    (void)string_copy(platform_info.command_line, boot_info.command_line,
                      sizeof(platform_info.command_line));
    cmdline_parse(boot_info.command_line, true);
    for (unsigned int i = 0; i < boot_info.module_count; i++) {
        log_info("Module %u: %lx, %lu bytes: %s\n", i,
                 boot_info.module[i].start, boot_info.module[i].bytes,
                 boot_info.module[i].command_line);
    }
}

static void occupy(uint64_t start, uint64_t bytes)
{
    uint64_t first = start & ~(PAGE_BYTES - 1);
    uint64_t end = (start + bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);

    if (e820_reserve(&free_map, first, end - first, E820_RESERVED) != 0) {
        panic("Memory map too long\n");
    }
}

static void start_memory(void)
{
    uint64_t limit = options.mem_limit != 0 && options.mem_limit < RAM_LIMIT
                         ? options.mem_limit
                         : RAM_LIMIT;
    uint64_t lost = e820_clip(&boot_info.map, limit);

    if (lost != 0) {
        log_warning("%lu MiB of RAM above %lx are not used\n", lost >> 20,
                    limit);
    }
    print_memory_map(&boot_info.map);
    free_map = boot_info.map;
    occupy(boot_info.image_phys, (unsigned long)image_end - HV_IMAGE);
    occupy(boot_info.info_phys, boot_info.info_bytes);
    for (unsigned int i = 0; i < boot_info.module_count; i++) {
        occupy(boot_info.module[i].start, boot_info.module[i].bytes);
    }
    boot_alloc_init(&free_map);
    hv_map_init(&boot_info.map, boot_info.image_phys);
    hv_map_frame_tables(&boot_info.map);
    resources_init(&boot_info.map);
}

static void start_processor(void)
{
    features_init_cpu();
    fpu_init_cpu();
    cpu_policy_init_default();
    syscall_init(0);
    speculation_init_cpu();
    descriptors_set_gdt_frame(
        0, mfn_make((image_phys_of(boot_area) >> PAGE_SHIFT) + CPU_GDT_INDEX));
    cpu_info()->root = hv_l4_phys();
    apic_init(acpi.apic_phys);
    irq_init();
    mmcfg_init();
    apic_init_cpu();
    clock_init();
    shutdown_prepare();
}

/* Hand the memory over, and give the core its first CPU. */
static void start_core(void)
{
    uint64_t low_page;
    int rc;

    smp_prepare();
    low_page = boot_alloc_low();
    occupy(0, LOW_BYTES);
    boot_alloc_finish();
    rc = domain_init();
    if (rc == 0) {
        rc = smp_create_cpu(0);
    }
    if (rc != 0) {
        panic("The core does not start: error %d\n", rc);
    }
    cpu_info()->core = core_cpus[0];
    cpumask_set(&cpus_online, 0);
    irq_enable();
    smp_start_cpus(low_page);
}

/* In SOFTIRQ_WORK: a VIRQ is not sent from under the console's lock. */
static void tell_of_input(void *data)
{
    (void)data;
    virq_raise_global(VIRQ_CONSOLE);
}

static struct work input_work = {.run = tell_of_input};

static void input_ready(void)
{
    work_queue(&input_work);
}

/* On the empty stack, with everything up. */
static void start_finish(void)
{
    irq_enable();
    console_input_ready = input_ready;
    irq_start_console();
    selftest_run();
    launch_dom0(&boot_info);
    idle_loop();
}

void start_first_cpu(uint32_t info_phys, uint64_t image_phys)
{
    boot_info.image_phys = image_phys;
    read_loader(info_phys);
    start_descriptors();
    features_detect();
    features_print();
    features_patch();
    xpti_detect();
    acpi_init(boot_info.rsdp_phys);
    efi_init(&boot_info);
    start_memory();
    start_processor();
    start_core();
    entry_reset_stack(start_finish);
}
