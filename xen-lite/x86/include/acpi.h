/* SPDX-License-Identifier: MIT */
/*
 * What we need of the firmware's ACPI tables (ACPI 6.4, chapter 5), copied out
 * once at boot. dom0 reads and interprets the tables themselves.
 */
#ifndef XEN_LITE_ACPI_H
#define XEN_LITE_ACPI_H

#include "machine.h"

#define ACPI_IOAPICS_MAX   16U
#define ACPI_OVERRIDES_MAX 32U
#define ACPI_MCFG_MAX      8U

struct acpi_cpu {
    uint32_t apic_id;
    uint32_t acpi_id;
};

struct acpi_ioapic {
    uint8_t id;
    uint64_t phys;
    uint32_t gsi_base;
};

/* ISA interrupt @source is wired to @gsi; flags as the MADT has them. */
struct acpi_override {
    uint8_t source;
    uint32_t gsi;
    uint16_t flags;
};

struct acpi_mcfg {
    uint64_t phys;
    uint16_t segment;
    uint8_t bus_first;
    uint8_t bus_last;
};

struct acpi_info {
    uint64_t rsdp_phys; /* 0: no ACPI */
    uint64_t apic_phys;
    unsigned int cpu_count;
    struct acpi_cpu cpu[MAX_CPUS];
    unsigned int ioapic_count;
    struct acpi_ioapic ioapic[ACPI_IOAPICS_MAX];
    unsigned int override_count;
    struct acpi_override override[ACPI_OVERRIDES_MAX];
    unsigned int mcfg_count;
    struct acpi_mcfg mcfg[ACPI_MCFG_MAX];
    uint64_t hpet_phys;
    uint16_t pm_timer_port; /* 0: none */
    bool pm_timer_32bit;
    uint16_t pm1a_control, pm1b_control;
    uint16_t pm1a_event;
    uint8_t reset_space; /* 0 memory, 1 port */
    uint64_t reset_address;
    uint8_t reset_value;
    bool has_reset;
    uint16_t sci;
};

extern struct acpi_info acpi;

/*
 * Fill acpi from the tables; @rsdp_phys from the loader, 0 to search. Needs
 * the loader's map of the first 4 GiB: call before hv_map_init().
 */
void acpi_init(uint64_t rsdp_phys);

#endif
