/* SPDX-License-Identifier: MIT */
/* From boot modules and options to a running dom0. */
#include "launch.h"

#include "cmdline.h"
#include "core.h"
#include "cpumask.h"
#include "dom0.h"
#include "domain.h"
#include "machine.h"
#include "mm.h"
#include "panic.h"
#include "printk.h"

/* Kept for the hypervisor and for guests when dom0_mem= is not given. */
#define RESERVE_FRACTION 16UL
#define RESERVE_MAX      ((128UL << 20) / PAGE_BYTES)
/* What dom0's grant tables, vCPUs and page tables of ours need besides. */
#define OVERHEAD_PAGES 1024UL
#define MSI_LINES      256U
#define DOM0_VCPUS_MAX 32U

static unsigned long bytes_to_pages(uint64_t bytes, bool negative,
                                    unsigned long available)
{
    unsigned long pages = bytes / PAGE_BYTES;

    if (!negative) {
        return pages;
    }
    return pages < available ? available - pages : 0;
}

static unsigned long default_pages(unsigned long available)
{
    unsigned long reserve = available / RESERVE_FRACTION;

    return available - (reserve < RESERVE_MAX ? reserve : RESERVE_MAX);
}

static void choose_memory(struct dom0_config *config)
{
    const struct option_memory *mem = &options.dom0_mem;
    unsigned long available = frame_free_count() - OVERHEAD_PAGES;
    unsigned long min;

    config->pages =
        mem->bytes == 0
            ? default_pages(available)
            : bytes_to_pages(mem->bytes, mem->bytes_negative, available);
    min = bytes_to_pages(mem->min_bytes, mem->min_negative, available);
    if (config->pages < min) {
        config->pages = min;
    }
    config->max_pages = ~0U;
    if (mem->max_bytes != 0) {
        config->max_pages =
            bytes_to_pages(mem->max_bytes, mem->max_negative, available);
    }
    if (config->pages > config->max_pages) {
        config->pages = config->max_pages;
    }
    if (config->pages > available) {
        log_warning("dom0_mem= asks for %lu MiB, only %lu MiB are free: "
                    "giving dom0 those\n",
                    config->pages >> 8, available >> 8);
        config->pages = available;
    }
}

static unsigned int choose_vcpus(void)
{
    unsigned int vcpus = cpumask_count(&cpus_online);

    if (options.dom0_vcpus_max != 0 && vcpus > options.dom0_vcpus_max) {
        vcpus = options.dom0_vcpus_max;
    }
    if (vcpus < options.dom0_vcpus_min) {
        vcpus = options.dom0_vcpus_min;
    }
    return vcpus < DOM0_VCPUS_MAX ? vcpus : DOM0_VCPUS_MAX;
}

/* The whole frames of a module: their number, the first one in *first. */
static unsigned long module_frames(const struct boot_module *module,
                                   unsigned long *first)
{
    unsigned long end = (module->start + module->bytes) / PAGE_BYTES;

    *first = (module->start + PAGE_BYTES - 1) / PAGE_BYTES;
    return *first < end ? end - *first : 0;
}

static void own_modules(const struct boot_info *boot)
{
    for (unsigned int i = 0; i < boot->module_count; i++) {
        unsigned long first;
        unsigned long count = module_frames(&boot->module[i], &first);

        if (count != 0) {
            frame_alloc_own(mfn_make(first), count);
        }
    }
}

static void free_modules(const struct boot_info *boot)
{
    for (unsigned int i = 0; i < boot->module_count; i++) {
        unsigned long first;
        unsigned long count = module_frames(&boot->module[i], &first);

        frame_free_unowned(page_of(mfn_make(first)), count);
    }
}

static void choose_initrd(struct dom0_config *config,
                          const struct boot_module *module)
{
    config->initrd = (const char *)machine_map(mfn_make(0)) + module->start;
    config->initrd_bytes = module->bytes;
    if (module->start % PAGE_BYTES == 0) {
        config->initrd_frames = page_of(mfn_make(module->start / PAGE_BYTES));
    }
}

void launch_dom0(const struct boot_info *boot)
{
    struct dom0_config config = {
        .vcpus = choose_vcpus(),
        .irq_count = machine_gsi_count() + MSI_LINES,
    };
    struct domain *d = NULL;
    int rc;

    if (boot->module_count == 0) {
        panic("No dom0 kernel: GRUB must load it as the first module "
              "(module2 /boot/vmlinuz...)\n");
    }
    config.kernel = machine_map(mfn_make(0));
    config.kernel = (const char *)config.kernel + boot->module[0].start;
    config.kernel_bytes = boot->module[0].bytes;
    config.command_line = boot->module[0].command_line;
    if (boot->module_count > 1) {
        choose_initrd(&config, &boot->module[1]);
    } else {
        log_warning("No initrd module for dom0: going on without\n");
    }
    choose_memory(&config);
    own_modules(boot);
    log_info("dom0: %lu MiB, %u vCPUs\n", config.pages >> 8, config.vcpus);
    rc = dom0_build(&config, &d);
    if (rc != 0) {
        panic("dom0 cannot be built: error %d, see the message above\n", rc);
    }
    free_modules(boot);
    log_info("dom0: starting\n");
    (void)domain_unpause_by_controller(d);
}
