/* SPDX-License-Identifier: MIT */
/* Finds and reads the firmware's tables; every length in them is checked. */
#include "acpi.h"

#include "printk.h"
#include "string.h"

#define MAPPED_END (4UL << 30)
#define TABLE_MAX  (1UL << 20)

struct acpi_info acpi;

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t checksum_all;
    uint8_t reserved[3];
} __attribute__((packed));

#define RSDP_OLD_BYTES 20U

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem[14];
    uint32_t oem_revision;
    uint32_t creator;
    uint32_t creator_revision;
} __attribute__((packed));

_Static_assert(sizeof(struct header) == 36, "ACPI 5.2.6");

struct address {
    uint8_t space;
    uint8_t bits;
    uint8_t offset;
    uint8_t size;
    uint64_t value;
} __attribute__((packed));

static uint8_t sum(const void *at, size_t bytes)
{
    const uint8_t *p = at;
    uint8_t total = 0;

    while (bytes-- != 0) {
        total = (uint8_t)(total + *p++);
    }
    return total;
}

static const void *mapped(uint64_t phys, uint64_t bytes)
{
    if (phys == 0 || phys >= MAPPED_END || bytes > MAPPED_END - phys) {
        return NULL;
    }
    return (const void *)(HV_DIRECT_MAP + phys);
}

/* A field of a table by its offset; 0 when the table is too short. */
static uint64_t field(const struct header *h, size_t offset, size_t bytes)
{
    uint64_t value = 0;

    if (offset + bytes <= h->length) {
        memcpy(&value, (const uint8_t *)h + offset, bytes);
    }
    return value;
}

static const struct header *table_at(uint64_t phys)
{
    const struct header *h = mapped(phys, sizeof(*h));

    if (h == NULL || h->length < sizeof(*h) || h->length > TABLE_MAX ||
        mapped(phys, h->length) == NULL || sum(h, h->length) != 0) {
        return NULL;
    }
    return h;
}

/* -- MADT: processors and interrupt controllers (5.2.12) ------------------- */

enum {
    MADT_LOCAL_APIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_APIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};

#define MADT_ENABLED 1U

static uint64_t part(const uint8_t *entry, size_t offset, size_t bytes)
{
    uint64_t value = 0;

    if (offset + bytes <= entry[1]) {
        memcpy(&value, entry + offset, bytes);
    }
    return value;
}

static void add_cpu(uint32_t apic_id, uint32_t acpi_id, uint64_t flags)
{
    if ((flags & MADT_ENABLED) == 0) {
        return;
    }
    for (unsigned int i = 0; i < acpi.cpu_count; i++) {
        if (acpi.cpu[i].apic_id == apic_id) {
            return;
        }
    }
    if (acpi.cpu_count == MAX_CPUS) {
        log_warning("More than %u CPUs: the rest is not used\n", MAX_CPUS);
        return;
    }
    acpi.cpu[acpi.cpu_count++] =
        (struct acpi_cpu){.apic_id = apic_id, .acpi_id = acpi_id};
}

static void add_ioapic(const uint8_t *e)
{
    if (acpi.ioapic_count < ACPI_IOAPICS_MAX) {
        acpi.ioapic[acpi.ioapic_count++] = (struct acpi_ioapic){
            .id = (uint8_t)part(e, 2, 1),
            .phys = part(e, 4, 4),
            .gsi_base = (uint32_t)part(e, 8, 4),
        };
    }
}

static void add_override(const uint8_t *e)
{
    if (acpi.override_count < ACPI_OVERRIDES_MAX) {
        acpi.override[acpi.override_count++] = (struct acpi_override){
            .source = (uint8_t)part(e, 3, 1),
            .gsi = (uint32_t)part(e, 4, 4),
            .flags = (uint16_t)part(e, 8, 2),
        };
    }
}

static void read_madt_entry(const uint8_t *e)
{
    switch (e[0]) {
    case MADT_LOCAL_APIC:
        if (part(e, 3, 1) != 0xff) {
            add_cpu((uint32_t)part(e, 3, 1), (uint32_t)part(e, 2, 1),
                    part(e, 4, 4));
        }
        break;
    case MADT_X2APIC:
        add_cpu((uint32_t)part(e, 4, 4), (uint32_t)part(e, 12, 4),
                part(e, 8, 4));
        break;
    case MADT_IOAPIC:
        add_ioapic(e);
        break;
    case MADT_OVERRIDE:
        add_override(e);
        break;
    case MADT_APIC_ADDRESS:
        acpi.apic_phys = part(e, 4, 8);
        break;
    default:
        break;
    }
}

static void read_madt(const struct header *h)
{
    const uint8_t *start = (const uint8_t *)h;
    size_t at = 44;

    acpi.apic_phys = field(h, 36, 4);
    while (at + 2 <= h->length) {
        const uint8_t *e = start + at;

        if (e[1] < 2 || at + e[1] > h->length) {
            log_warning("ACPI: MADT is malformed\n");
            return;
        }
        read_madt_entry(e);
        at += e[1];
    }
}

/* -- the other tables ------------------------------------------------------ */

static void read_hpet(const struct header *h)
{
    /* Generic address at 40: must be in memory space. */
    if (field(h, 40, 1) == 0) {
        acpi.hpet_phys = field(h, 44, 8);
    }
}

static void read_mcfg(const struct header *h)
{
    for (size_t at = 44; at + 16 <= h->length; at += 16) {
        if (acpi.mcfg_count == ACPI_MCFG_MAX) {
            return;
        }
        acpi.mcfg[acpi.mcfg_count++] = (struct acpi_mcfg){
            .phys = field(h, at, 8),
            .segment = (uint16_t)field(h, at + 8, 2),
            .bus_first = (uint8_t)field(h, at + 10, 1),
            .bus_last = (uint8_t)field(h, at + 11, 1),
        };
    }
}

#define FADT_TIMER_32BIT (1UL << 8)
#define FADT_RESET       (1UL << 10)

/* FADT (5.2.9): the power management ports and the reset register. */
static void read_fadt(const struct header *h)
{
    uint64_t flags = field(h, 112, 4);

    acpi.sci = (uint16_t)field(h, 46, 2);
    acpi.pm1a_event = (uint16_t)field(h, 56, 4);
    acpi.pm1a_control = (uint16_t)field(h, 64, 4);
    acpi.pm1b_control = (uint16_t)field(h, 68, 4);
    acpi.pm_timer_port = (uint16_t)field(h, 76, 4);
    acpi.pm_timer_32bit = (flags & FADT_TIMER_32BIT) != 0;
    acpi.has_reset = (flags & FADT_RESET) != 0 && h->length >= 129;
    acpi.reset_space = (uint8_t)field(h, 116, 1);
    acpi.reset_address = field(h, 120, 8);
    acpi.reset_value = (uint8_t)field(h, 128, 1);
}

static const struct {
    char signature[5];
    void (*read)(const struct header *h);
} readers[] = {
    {"APIC", read_madt},
    {"HPET", read_hpet},
    {"MCFG", read_mcfg},
    {"FACP", read_fadt},
};

static void read_table(uint64_t phys)
{
    const struct header *h = table_at(phys);

    if (h == NULL) {
        log_warning("ACPI: bad table at %lx\n", phys);
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(readers); i++) {
        if (memcmp(h->signature, readers[i].signature, 4) == 0) {
            readers[i].read(h);
        }
    }
}

/* -- the root -------------------------------------------------------------- */

static const struct rsdp *rsdp_at(uint64_t phys)
{
    const struct rsdp *r = mapped(phys, sizeof(*r));

    if (r == NULL || memcmp(r->signature, "RSD PTR ", 8) != 0 ||
        sum(r, RSDP_OLD_BYTES) != 0) {
        return NULL;
    }
    return r;
}

/* On 16-byte boundaries of the first KiB of the EBDA and of the BIOS. */
static uint64_t search(uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end; at += 16) {
        if (rsdp_at(at) != NULL) {
            return at;
        }
    }
    return 0;
}

static uint64_t find_rsdp(void)
{
    uint16_t ebda_segment;
    uint64_t ebda, found = 0;

    memcpy(&ebda_segment, mapped(0x40e, 2), sizeof(ebda_segment));
    ebda = (uint64_t)ebda_segment << 4;
    if (ebda >= 0x80000 && ebda < 0xa0000) {
        found = search(ebda, ebda + 1024);
    }
    return found != 0 ? found : search(0xe0000, 0x100000);
}

void acpi_init(uint64_t rsdp_phys)
{
    const struct rsdp *r;
    const struct header *root;
    size_t entry_bytes = 4;
    uint64_t root_phys;

    /* The loader's pointer is to a copy: dom0 wants the original. */
    acpi.rsdp_phys = find_rsdp();
    r = rsdp_at(rsdp_phys != 0 ? rsdp_phys : acpi.rsdp_phys);
    if (r == NULL) {
        log_warning("ACPI: no tables found\n");
        return;
    }
    root_phys = r->rsdt;
    if (r->revision >= 2 && r->xsdt != 0) {
        root_phys = r->xsdt;
        entry_bytes = 8;
    }
    root = table_at(root_phys);
    if (root == NULL) {
        log_warning("ACPI: bad root table at %lx\n", root_phys);
        return;
    }
    for (size_t at = sizeof(*root); at + entry_bytes <= root->length;
         at += entry_bytes) {
        read_table(field(root, at, entry_bytes));
    }
    log_info("ACPI: %u CPUs, %u IO-APICs, HPET %lx, PM timer 0x%x\n",
             acpi.cpu_count, acpi.ioapic_count, acpi.hpet_phys,
             acpi.pm_timer_port);
}
