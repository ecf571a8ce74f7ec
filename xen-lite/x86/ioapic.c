/* SPDX-License-Identifier: MIT */
/* IO-APIC registers (Intel 82093AA data sheet; ACPI 6.4, 5.2.12.3). */
#include "ioapic.h"

#include "acpi.h"
#include "hv_map.h"
#include "printk.h"

enum {
    IOREGSEL = 0x00,
    IOWIN = 0x10,
};

enum {
    REG_ID = 0,
    REG_VERSION = 1,
    REG_ENTRY = 0x10,
};

#define ENTRY_MASKED     0x10000U
#define ENTRY_LEVEL      0x08000U
#define ENTRY_ACTIVE_LOW 0x02000U
#define PINS_MAX         240U
#define ISA_LINES        16U

/* MADT flags of an override (table 5.27). */
#define OVERRIDE_POLARITY(flags) ((flags)&3U)
#define OVERRIDE_TRIGGER(flags)  (((flags) >> 2) & 3U)
#define OVERRIDE_OPPOSITE        3U /* active low; level */

struct ioapic {
    volatile uint32_t *registers;
    uint64_t phys;
    uint32_t gsi_base;
    uint32_t pins;
};

static struct ioapic ioapics[ACPI_IOAPICS_MAX];
static unsigned int ioapic_count;
static unsigned int gsi_count = ISA_LINES;

/* -- registers ------------------------------------------------------------- */

static uint32_t read_reg(const struct ioapic *io, unsigned int reg)
{
    io->registers[IOREGSEL / 4] = reg;
    return io->registers[IOWIN / 4];
}

static void write_reg(const struct ioapic *io, unsigned int reg, uint32_t value)
{
    io->registers[IOREGSEL / 4] = reg;
    io->registers[IOWIN / 4] = value;
}

static const struct ioapic *find(unsigned int gsi, unsigned int *pin)
{
    for (unsigned int i = 0; i < ioapic_count; i++) {
        const struct ioapic *io = &ioapics[i];

        if (gsi >= io->gsi_base && gsi - io->gsi_base < io->pins) {
            *pin = gsi - io->gsi_base;
            return io;
        }
    }
    return NULL;
}

/* -- start ----------------------------------------------------------------- */

static void add_ioapic(const struct acpi_ioapic *from)
{
    struct ioapic *io = &ioapics[ioapic_count];

    io->registers = hv_map_io(from->phys, 0x20);
    if (io->registers == NULL) {
        log_error("IO-APIC %u cannot be mapped\n", from->id);
        return;
    }
    io->phys = from->phys;
    io->gsi_base = from->gsi_base;
    io->pins = ((read_reg(io, REG_VERSION) >> 16) & 0xffU) + 1;
    if (io->pins > PINS_MAX) {
        log_error("IO-APIC %u does not answer\n", from->id);
        return;
    }
    for (unsigned int pin = 0; pin < io->pins; pin++) {
        write_reg(io, REG_ENTRY + 2 * pin, ENTRY_MASKED);
        write_reg(io, REG_ENTRY + 2 * pin + 1, 0);
    }
    if (io->gsi_base + io->pins > gsi_count) {
        gsi_count = io->gsi_base + io->pins;
    }
    log_info("IO-APIC %u at %lx: GSI %u to %u\n", from->id, io->phys,
             io->gsi_base, io->gsi_base + io->pins - 1);
    ioapic_count++;
}

void ioapic_init(void)
{
    for (unsigned int i = 0; i < acpi.ioapic_count; i++) {
        add_ioapic(&acpi.ioapic[i]);
    }
}

unsigned int ioapic_gsi_count(void)
{
    return gsi_count;
}

/* -- wiring ---------------------------------------------------------------- */

unsigned int ioapic_gsi_of_isa(unsigned int isa)
{
    for (unsigned int i = 0; i < acpi.override_count; i++) {
        if (acpi.override[i].source == isa) {
            return acpi.override[i].gsi;
        }
    }
    return isa;
}

void ioapic_default_mode(unsigned int gsi, bool *level, bool *active_low)
{
    /* ISA lines are edges, active high; others are PCI's: levels, low. */
    *level = gsi >= ISA_LINES;
    *active_low = gsi >= ISA_LINES;
    for (unsigned int i = 0; i < acpi.override_count; i++) {
        const struct acpi_override *o = &acpi.override[i];

        if (o->gsi != gsi) {
            continue;
        }
        *level = OVERRIDE_TRIGGER(o->flags) == OVERRIDE_OPPOSITE;
        *active_low = OVERRIDE_POLARITY(o->flags) == OVERRIDE_OPPOSITE;
    }
}

void ioapic_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                  bool level, bool active_low, bool masked)
{
    unsigned int pin;
    const struct ioapic *io = find(gsi, &pin);
    uint32_t low = vector | (level ? ENTRY_LEVEL : 0) |
                   (active_low ? ENTRY_ACTIVE_LOW : 0);

    if (io == NULL) {
        return;
    }
    /* Masked while its halves do not fit each other. */
    write_reg(io, REG_ENTRY + 2 * pin, low | ENTRY_MASKED);
    write_reg(io, REG_ENTRY + 2 * pin + 1, apic_id << 24);
    if (!masked) {
        write_reg(io, REG_ENTRY + 2 * pin, low);
    }
}

void ioapic_mask(unsigned int gsi, bool masked)
{
    unsigned int pin;
    const struct ioapic *io = find(gsi, &pin);
    uint32_t low;

    if (io == NULL) {
        return;
    }
    low = read_reg(io, REG_ENTRY + 2 * pin) & ~ENTRY_MASKED;
    write_reg(io, REG_ENTRY + 2 * pin, low | (masked ? ENTRY_MASKED : 0));
}

/* -- for guests ------------------------------------------------------------ */

int ioapic_read(unsigned long phys, unsigned int reg, uint32_t *value)
{
    for (unsigned int i = 0; i < ioapic_count; i++) {
        if (ioapics[i].phys == phys && reg < REG_ENTRY + 2 * ioapics[i].pins) {
            *value = read_reg(&ioapics[i], reg);
            return 0;
        }
    }
    return -XEN_EINVAL;
}

bool ioapic_owns_frame(mfn_t mfn)
{
    for (unsigned int i = 0; i < ioapic_count; i++) {
        if (ioapics[i].phys >> PAGE_SHIFT == mfn.number) {
            return true;
        }
    }
    return false;
}
