// SPDX-License-Identifier: MIT
/*
 * Port I/O of guests. A domain reaches the ports in its range set; of the
 * others it reads all ones, and its writes are dropped. Three devices are
 * virtual because the hypervisor shares them: the PIT, the CMOS index latch
 * and the PCI configuration address.
 */
#include "domain.h"
#include "guest_copy.h"
#include "pv.h"

#define PORT_PIT_CHANNEL2 0x42
#define PORT_PIT_FIRST    0x40
#define PORT_PIT_CONTROL  0x43
#define PORT_SYSTEM_B     0x61
#define PORT_CMOS_INDEX   0x70
#define PORT_CMOS_DATA    0x71
#define PORT_PCI_ADDRESS  0xcf8
#define PORT_PCI_DATA     0xcfc
#define PORT_PCI_LAST     0xcff

#define PIT_HZ 1193182ULL

static bool bitmap_allows(const struct vcpu *v, uint16_t port,
                          unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        unsigned int bit = port + i;
        uint8_t byte;

        if (bit >= v->pv.io_bitmap_ports ||
            copy_from_guest(&byte,
                            guest_va_make(v->pv.io_bitmap.address + bit / 8),
                            1) != 0 ||
            ((byte >> (bit % 8)) & 1) != 0) {
            return false;
        }
    }
    return true;
}

bool pv_port_allowed(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    bool allowed;

    if (v->pv.iopl >= pv_ring(v)) {
        return true;
    }
    if (v->pv.io_bitmap_ports == 0) {
        return false;
    }
    /* The bitmap is in the guest kernel's memory. */
    if (v->pv.kernel_mode) {
        return bitmap_allows(v, port, bytes);
    }
    pv_toggle_mode(v);
    allowed = bitmap_allows(v, port, bytes);
    pv_toggle_mode(v);
    return allowed;
}

static uint32_t all_ones(unsigned int bytes)
{
    return bytes == 4 ? ~0U : (1U << (bytes * 8)) - 1U;
}

static bool owns_ports(struct domain *d, unsigned int port, unsigned int bytes)
{
    if (port + bytes - 1 > 0xffff ||
        !rangeset_contains(&d->ioports, port, port + bytes - 1)) {
        return false;
    }
    for (unsigned int i = 0; i < bytes; i++) {
        if (machine_port_reserved((uint16_t)(port + i))) {
            return false;
        }
    }
    return true;
}

/* -- virtual PIT, channel 2: enough for a kernel to calibrate its TSC ------ */

static struct vpit *pit_of(struct vcpu *v)
{
    return &v->domain->pit;
}

static uint64_t pit_ticks(const struct vpit *pit)
{
    uint64_t ns = machine_now_ns() - pit->start_ns;

    /* 1193182 Hz without overflow for some hours. */
    return ns / 1000000000ULL * PIT_HZ +
           ns % 1000000000ULL * PIT_HZ / 1000000000ULL;
}

/* Never 0, even if another vCPU writes it meanwhile: one divides by it. */
static uint32_t pit_reload(const struct vpit *pit)
{
    return ((pit->reload - 1U) & 0xffffU) + 1U;
}

static uint8_t pit_read_channel2(struct vpit *pit)
{
    uint32_t count =
        pit_reload(pit) - (uint32_t)(pit_ticks(pit) % pit_reload(pit));
    uint8_t byte = (uint8_t)(pit->read_high ? count >> 8 : count);

    pit->read_high = !pit->read_high;
    return byte;
}

static void pit_write_channel2(struct vpit *pit, uint8_t value)
{
    if (!pit->write_high) {
        pit->reload = value;
    } else {
        pit->reload = (uint16_t)(pit->reload | value << 8);
        pit->start_ns = machine_now_ns();
    }
    pit->write_high = !pit->write_high;
}

/* Bit 5: OUT2 has gone high; bits 0 and 1: gate and speaker. */
static uint8_t pit_read_system_b(const struct vpit *pit)
{
    uint8_t value = pit->system_b & 3;

    if (pit_ticks(pit) >= pit_reload(pit)) {
        value |= 0x20;
    }
    return value;
}

static void pit_write_system_b(struct vpit *pit, uint8_t value)
{
    if ((value & 1) != 0 && (pit->system_b & 1) == 0) {
        pit->start_ns = machine_now_ns();
    }
    pit->system_b = value & 3;
}

static bool is_pit(uint16_t port)
{
    return (port >= PORT_PIT_FIRST && port <= PORT_PIT_CONTROL) ||
           port == PORT_SYSTEM_B;
}

static uint8_t pit_in(struct vcpu *v, uint16_t port)
{
    switch (port) {
    case PORT_PIT_CHANNEL2:
        return pit_read_channel2(pit_of(v));
    case PORT_SYSTEM_B:
        return pit_read_system_b(pit_of(v));
    default:
        return 0xff;
    }
}

static void pit_out(struct vcpu *v, uint16_t port, uint8_t value)
{
    switch (port) {
    case PORT_PIT_CHANNEL2:
        pit_write_channel2(pit_of(v), value);
        break;
    case PORT_PIT_CONTROL:
        if (value >> 6 == 2) {
            pit_of(v)->write_high = false;
            pit_of(v)->read_high = false;
        }
        break;
    case PORT_SYSTEM_B:
        pit_write_system_b(pit_of(v), value);
        break;
    default:
        break;
    }
}

/* -- CMOS and PCI configuration -------------------------------------------- */

static struct spinlock cmos_lock = SPINLOCK_INIT(LOCK_IRQ);

static uint32_t cmos_access(const struct domain *d, bool write, uint8_t value)
{
    unsigned long flags = spin_lock_irqsave(&cmos_lock);
    uint32_t result = 0;

    machine_port_out(PORT_CMOS_INDEX, 1, d->cmos_index & 0x7fU);
    if (write) {
        machine_port_out(PORT_CMOS_DATA, 1, value);
    } else {
        result = machine_port_in(PORT_CMOS_DATA, 1);
    }
    spin_unlock_irqrestore(&cmos_lock, flags);
    return result;
}

static bool is_pci_data(uint16_t port, unsigned int bytes)
{
    return port >= PORT_PCI_DATA && port + bytes - 1 <= PORT_PCI_LAST;
}

/* -- the two entry points -------------------------------------------------- */

uint32_t pv_port_in(struct vcpu *v, uint16_t port, unsigned int bytes)
{
    struct domain *d = v->domain;

    if (bytes == 1 && is_pit(port)) {
        return pit_in(v, port);
    }
    if (port == PORT_PCI_ADDRESS && bytes == 4 && d->privileged) {
        return d->pci_config_address;
    }
    if (!owns_ports(d, port, bytes)) {
        return all_ones(bytes);
    }
    if (bytes == 1 && port == PORT_CMOS_INDEX) {
        return d->cmos_index;
    }
    if (bytes == 1 && port == PORT_CMOS_DATA) {
        return cmos_access(d, false, 0);
    }
    if (is_pci_data(port, bytes)) {
        return machine_pci_read(d->pci_config_address, port, bytes);
    }
    return machine_port_in(port, bytes);
}

void pv_port_out(struct vcpu *v, uint16_t port, unsigned int bytes,
                 uint32_t value)
{
    struct domain *d = v->domain;

    if (bytes == 1 && is_pit(port)) {
        pit_out(v, port, (uint8_t)value);
    } else if (port == PORT_PCI_ADDRESS && bytes == 4 && d->privileged) {
        d->pci_config_address = value;
    } else if (!owns_ports(d, port, bytes)) {
        return;
    } else if (bytes == 1 && port == PORT_CMOS_INDEX) {
        d->cmos_index = (uint8_t)value;
    } else if (bytes == 1 && port == PORT_CMOS_DATA) {
        (void)cmos_access(d, true, (uint8_t)value);
    } else if (is_pci_data(port, bytes)) {
        machine_pci_write(d->pci_config_address, port, bytes, value);
    } else {
        machine_port_out(port, bytes, value);
    }
}
