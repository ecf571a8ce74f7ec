/* SPDX-License-Identifier: MIT */
/* PCI configuration accesses (PCI Local Bus 3.0, 3.2.2.3.2 and 6.7). */
#include "pci.h"

#include "cpu_features.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "x86.h"

#define PORT_ADDRESS      0xcf8U
#define PORT_DATA         0xcfcU
#define CONFIG_ENABLE     0x80000000U
#define COMMAND           0x04U
#define STATUS            0x06U
#define BASES_FIRST       0x10U
#define BASES_LAST        0x3cU
#define STATUS_HAS_LIST   0x10U
#define CAPABILITIES      0x34U
#define CAPABILITIES_MAX  48U
#define CAPABILITY_LOWEST 0x40U

/* Guards the pair of ports. IRQ-safe, innermost: hence the class. */
static struct spinlock pci_lock = SPINLOCK_INIT(LOCK_CONSOLE);

uint32_t machine_pci_read(uint32_t address, uint16_t port, unsigned int bytes)
{
    unsigned long flags = spin_lock_irqsave(&pci_lock);
    uint32_t value;

    outl(PORT_ADDRESS, address);
    value = machine_port_in(port, bytes);
    spin_unlock_irqrestore(&pci_lock, flags);
    return value;
}

struct pci_access {
    uint32_t address;
    uint16_t port;
    unsigned int bytes;
    uint32_t value;
};

static void write_config(void *data)
{
    const struct pci_access *access = data;
    unsigned long flags = spin_lock_irqsave(&pci_lock);

    outl(PORT_ADDRESS, access->address);
    machine_port_out(access->port, access->bytes, access->value);
    spin_unlock_irqrestore(&pci_lock, flags);
}

/* The command register, and what lies where bases and bridge windows do. */
static bool moves_memory(uint32_t address)
{
    uint32_t offset = address & 0xfcU;

    return offset == COMMAND || (offset >= BASES_FIRST && offset <= BASES_LAST);
}

/*
 * QEMU 7.2 crashes when one CPU moves a device's memory while another is in
 * the midst of an access to any device: under emulation the others pause.
 */
void machine_pci_write(uint32_t address, uint16_t port, unsigned int bytes,
                       uint32_t value)
{
    struct pci_access access = {address, port, bytes, value};

    if (features_emulated() && smp_cpu_count() > 1 && irq_enabled() &&
        moves_memory(address)) {
        smp_call_alone(write_config, &access);
    } else {
        write_config(&access);
    }
}

static uint32_t address_of(uint8_t bus, uint8_t devfn, unsigned int offset)
{
    return CONFIG_ENABLE | (uint32_t)bus << 16 | (uint32_t)devfn << 8 |
           (offset & 0xfcU);
}

uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned int offset,
                  unsigned int bytes)
{
    return machine_pci_read(address_of(bus, devfn, offset),
                            (uint16_t)(PORT_DATA + (offset & 3U)), bytes);
}

void pci_write(uint8_t bus, uint8_t devfn, unsigned int offset,
               unsigned int bytes, uint32_t value)
{
    machine_pci_write(address_of(bus, devfn, offset),
                      (uint16_t)(PORT_DATA + (offset & 3U)), bytes, value);
}

unsigned int pci_find_capability(uint8_t bus, uint8_t devfn, unsigned int id)
{
    unsigned int at;

    /* No function answers with all ones. */
    if (pci_read(bus, devfn, 0, 4) == UINT32_MAX ||
        (pci_read(bus, devfn, STATUS, 2) & STATUS_HAS_LIST) == 0) {
        return 0;
    }
    at = pci_read(bus, devfn, CAPABILITIES, 1) & 0xfcU;
    /* A list may be circular: a device is no more trusted than a guest. */
    for (unsigned int i = 0; i < CAPABILITIES_MAX && at >= CAPABILITY_LOWEST;
         i++) {
        if (pci_read(bus, devfn, at, 1) == id) {
            return at;
        }
        at = pci_read(bus, devfn, at + 1, 1) & 0xfcU;
    }
    return 0;
}
