/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space in memory (PCI Firmware Specification 3.2, 4.1.2):
 * a function has one frame; its first 256 bytes can be had by ports, too.
 */
#include "mmcfg.h"

#include "acpi.h"
#include "hv_map.h"
#include "machine.h"
#include "pci.h"
#include "spinlock.h"
#include "x86.h"

#define BY_PORTS      256U /* bytes of a function that ports reach */
#define FUNCTION_BITS 8U   /* of a frame's number: device and function */

/* One page of addresses, for whichever function is written to. */
static uint8_t *window;
static struct spinlock window_lock = SPINLOCK_INIT(LOCK_CONSOLE);

void mmcfg_init(void)
{
    if (acpi.mcfg_count != 0) {
        window = hv_map_io(acpi.mcfg[0].phys, PAGE_BYTES);
    }
}

/* The part that @mfn is in; *@function counts from its bus 0, there or not. */
static const struct acpi_mcfg *find(mfn_t mfn, uint64_t *function)
{
    for (unsigned int i = 0; i < acpi.mcfg_count; i++) {
        const struct acpi_mcfg *m = &acpi.mcfg[i];

        *function = mfn.number - (m->phys >> PAGE_SHIFT);
        if (mfn.number >= m->phys >> PAGE_SHIFT &&
            *function >> FUNCTION_BITS >= m->bus_first &&
            *function >> FUNCTION_BITS <= m->bus_last) {
            return m;
        }
    }
    return NULL;
}

bool mmcfg_owns_frame(mfn_t mfn)
{
    uint64_t function;

    return find(mfn, &function) != NULL;
}

/*
 * The window's translation is dropped before each use on the CPU that uses it:
 * others may keep an old one, which they drop before they use theirs.
 */
static void write_by_window(mfn_t mfn, unsigned int offset, unsigned int bytes,
                            uint64_t value)
{
    unsigned long flags = spin_lock_irqsave(&window_lock);
    volatile uint8_t *at = window + offset;

    hv_map_range((unsigned long)window, mfn.number << PAGE_SHIFT, PAGE_BYTES,
                 MAP_IO);
    invlpg((unsigned long)window);
    switch (bytes) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)(volatile void *)at = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)(volatile void *)at = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)(volatile void *)at = value;
        break;
    }
    spin_unlock_irqrestore(&window_lock, flags);
}

void mmcfg_write(mfn_t mfn, unsigned int offset, unsigned int bytes,
                 uint64_t value)
{
    uint64_t function;
    const struct acpi_mcfg *m = find(mfn, &function);

    if (m == NULL || window == NULL) {
        return;
    }
    /* Ports, where they reach: what moves memory needs care (pci.c). */
    if (m->segment == 0 && offset < BY_PORTS && bytes <= 4) {
        pci_write((uint8_t)(function >> FUNCTION_BITS), (uint8_t)function,
                  offset, bytes, (uint32_t)value);
    } else {
        write_by_window(mfn, offset, bytes, value);
    }
}
