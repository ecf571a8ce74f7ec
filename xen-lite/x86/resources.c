/* SPDX-License-Identifier: MIT */
/* What of the machine dom0 may not touch, and its memory as dom0 sees it. */
#include "resources.h"
#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "hv_map.h"
#include "ioapic.h"
#include "machine.h"
#include "mmcfg.h"
#include "msi.h"
#include "serial.h"

#define M2P_CHUNK (2UL << 20)

static const struct e820_map *memory_map;

void resources_init(const struct e820_map *map)
{
    memory_map = map;
}

unsigned int machine_memory_map(const struct e820_range **ranges)
{
    *ranges = memory_map->range;
    return memory_map->count;
}

mfn_t machine_m2p_frame(unsigned long index)
{
    return hv_map_find(HV_M2P_RW + index * M2P_CHUNK);
}

/* Ranges of ports: the interrupt controllers, the PIT, resets. */
static const struct {
    uint16_t first;
    uint16_t last;
} reserved_ports[] = {
    {0x20, 0x21}, {0xa0, 0xa1}, {0x40, 0x43}, {0x61, 0x61}, {0x4d0, 0x4d1},
};

bool machine_port_reserved(uint16_t port)
{
    for (size_t i = 0; i < ARRAY_COUNT(reserved_ports); i++) {
        if (port >= reserved_ports[i].first && port <= reserved_ports[i].last) {
            return true;
        }
    }
    return serial_owns_port(port);
}

bool machine_mmio_reserved(mfn_t mfn)
{
    return mfn.number == apic_phys() >> PAGE_SHIFT;
}

bool machine_mmio_readonly_since_boot(mfn_t mfn)
{
    /* Firmware's AML reads the HPET to see whether there is one. */
    return ioapic_owns_frame(mfn) || mmcfg_owns_frame(mfn) ||
           clock_owns_frame(mfn);
}

bool machine_mmio_readonly(mfn_t mfn)
{
    return machine_mmio_readonly_since_boot(mfn) || msi_owns_frame(mfn);
}

void machine_mmio_write(mfn_t mfn, unsigned int offset, unsigned int bytes,
                        uint64_t value)
{
    if (mmcfg_owns_frame(mfn)) {
        mmcfg_write(mfn, offset, bytes, value);
    }
}
