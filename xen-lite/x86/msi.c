/* SPDX-License-Identifier: MIT */
/*
 * MSI and MSI-X (PCI Local Bus 3.0, 6.8). Only the hypervisor programs them:
 * the pages of MSI-X tables are read-only to guests.
 */
#include "msi.h"

#include "hv_map.h"
#include "pci.h"
#include "spinlock.h"

#define CAPABILITY_MSI  0x05U
#define CAPABILITY_MSIX 0x11U

/* MSI capability. */
#define MSI_CONTROL         2U
#define MSI_ADDRESS         4U
#define MSI_CONTROL_ENABLE  0x0001U
#define MSI_CONTROL_CAPABLE 0x000eU /* vectors, as a power of two */
#define MSI_CONTROL_COUNT   0x0070U
#define MSI_CONTROL_64BIT   0x0080U
#define MSI_CONTROL_MASKS   0x0100U

/* MSI-X capability, and its table. */
#define MSIX_CONTROL        2U
#define MSIX_TABLE          4U
#define MSIX_CONTROL_SIZE   0x07ffU
#define MSIX_CONTROL_ALL    0x4000U /* all masked */
#define MSIX_CONTROL_ENABLE 0x8000U
#define MSIX_ENTRY_BYTES    16U
#define MSIX_ENTRY_ADDRESS  0U
#define MSIX_ENTRY_DATA     2U
#define MSIX_ENTRY_CONTROL  3U
#define MSIX_ENTRY_MASKED   1U

#define PCI_COMMAND        4U
#define PCI_COMMAND_MEMORY 2U
#define PCI_BAR_FIRST      0x10U
#define BAR_IO             1U
#define BAR_64BIT          4U

#define MESSAGE_ADDRESS 0xfee00000U

/* Pages with MSI-X tables in use, each mapped once and counted. */
#define TABLE_PAGES_MAX 256U

static struct table_page {
    unsigned long mfn;
    uint8_t *mapped;
    unsigned int users;
} table_pages[TABLE_PAGES_MAX];

/* Guards table_pages. IRQ-safe, innermost: hence the class. */
static struct spinlock table_lock = SPINLOCK_INIT(LOCK_CONSOLE);

/* -- table pages ----------------------------------------------------------- */

/* The slot for @mfn, or the first that was never mapped; NULL: none is left. */
static struct table_page *table_slot(unsigned long mfn)
{
    for (unsigned int i = 0; i < TABLE_PAGES_MAX; i++) {
        if (table_pages[i].mapped == NULL || table_pages[i].mfn == mfn) {
            return &table_pages[i];
        }
    }
    return NULL;
}

/* Mappings stay when the last user is gone: devices are few. */
static volatile uint32_t *table_map(uint64_t phys)
{
    unsigned long flags = spin_lock_irqsave(&table_lock);
    struct table_page *page = table_slot(phys >> PAGE_SHIFT);
    uint8_t *at = NULL;

    if (page != NULL && page->mapped == NULL) {
        page->mfn = phys >> PAGE_SHIFT;
        page->mapped = hv_map_io(phys & PTE_ADDRESS, PAGE_BYTES);
    }
    if (page != NULL && page->mapped != NULL) {
        page->users++;
        at = page->mapped + phys % PAGE_BYTES;
    }
    spin_unlock_irqrestore(&table_lock, flags);
    return (volatile uint32_t *)(void *)at;
}

static void table_unmap(volatile uint32_t *entry)
{
    unsigned long flags = spin_lock_irqsave(&table_lock);
    unsigned long at = (unsigned long)entry & ~(PAGE_BYTES - 1);

    for (unsigned int i = 0; i < TABLE_PAGES_MAX; i++) {
        if ((unsigned long)table_pages[i].mapped == at) {
            table_pages[i].users--;
        }
    }
    spin_unlock_irqrestore(&table_lock, flags);
}

bool msi_owns_frame(mfn_t mfn)
{
    for (unsigned int i = 0; i < TABLE_PAGES_MAX; i++) {
        if (table_pages[i].mapped != NULL && table_pages[i].mfn == mfn.number &&
            table_pages[i].users != 0) {
            return true;
        }
    }
    return false;
}

/* -- finding --------------------------------------------------------------- */

static int find_msi(const struct msi_source *source, struct msi *msi)
{
    unsigned int control;

    msi->capability = (uint8_t)pci_find_capability(source->bus, source->devfn,
                                                   CAPABILITY_MSI);
    if (msi->capability == 0) {
        return -XEN_ENODEV;
    }
    control = pci_read(msi->bus, msi->devfn, msi->capability + MSI_CONTROL, 2);
    msi->is_64bit = (control & MSI_CONTROL_64BIT) != 0;
    msi->maskable = (control & MSI_CONTROL_MASKS) != 0;
    if (source->count > 1U << ((control & MSI_CONTROL_CAPABLE) >> 1)) {
        return -XEN_EINVAL;
    }
    return 0;
}

/* The memory that BAR @index decodes, as programmed; 0: none. */
static uint64_t bar_address(const struct msi *msi, unsigned int index)
{
    unsigned int offset = PCI_BAR_FIRST + 4 * index;
    uint32_t low;
    uint64_t address;

    if (index > 5) {
        return 0;
    }
    low = pci_read(msi->bus, msi->devfn, offset, 4);
    address = low & ~0xfU;
    if ((low & BAR_IO) != 0) {
        return 0;
    }
    if ((low & BAR_64BIT) != 0 && index < 5) {
        address |= (uint64_t)pci_read(msi->bus, msi->devfn, offset + 4, 4)
                   << 32;
    }
    return address;
}

/*
 * dom0 names the table's address; the device's own registers decide. A virtual
 * function has no BARs of its own: there dom0's word is all there is.
 */
static int find_msix(const struct msi_source *source, struct msi *msi)
{
    unsigned int control, entries;
    uint64_t table, bar;
    uint32_t where;

    msi->capability = (uint8_t)pci_find_capability(source->bus, source->devfn,
                                                   CAPABILITY_MSIX);
    if (msi->capability == 0) {
        return -XEN_ENODEV;
    }
    control = pci_read(msi->bus, msi->devfn, msi->capability + MSIX_CONTROL, 2);
    entries = (control & MSIX_CONTROL_SIZE) + 1;
    if (source->entry >= entries || source->count != 1) {
        return -XEN_EINVAL;
    }
    where = pci_read(msi->bus, msi->devfn, msi->capability + MSIX_TABLE, 4);
    bar = bar_address(msi, where & 7U);
    table = bar != 0 ? bar + (where & ~7U) : source->table_base;
    if (table % MSIX_ENTRY_BYTES != 0 ||
        machine_mfn_valid(mfn_make(table >> PAGE_SHIFT))) {
        return -XEN_EINVAL;
    }
    msi->entry = table_map(table + source->entry * (uint64_t)MSIX_ENTRY_BYTES);
    return msi->entry == NULL ? -XEN_ENOMEM : 0;
}

int msi_find(const struct msi_source *source, struct msi *msi)
{
    /* Also for msi_release(), should this fail. */
    *msi = (struct msi){.bus = source->bus,
                        .devfn = source->devfn,
                        .is_msix = source->table_base != 0};
    if (source->segment != 0) {
        return -XEN_ENODEV;
    }
    return msi->is_msix ? find_msix(source, msi) : find_msi(source, msi);
}

/* -- programming ----------------------------------------------------------- */

static unsigned int msi_data_offset(const struct msi *msi)
{
    return msi->capability + (msi->is_64bit ? 12U : 8U);
}

void msi_write(const struct msi *msi, uint32_t apic_id, unsigned int vector)
{
    uint32_t address = MESSAGE_ADDRESS | apic_id << 12;

    if (msi->is_msix) {
        uint32_t control = msi->entry[MSIX_ENTRY_CONTROL];

        /* A masked entry may be changed in parts. */
        msi->entry[MSIX_ENTRY_CONTROL] = control | MSIX_ENTRY_MASKED;
        msi->entry[MSIX_ENTRY_ADDRESS] = address;
        msi->entry[MSIX_ENTRY_ADDRESS + 1] = 0;
        msi->entry[MSIX_ENTRY_DATA] = vector;
        msi->entry[MSIX_ENTRY_CONTROL] = control;
        return;
    }
    if (msi->index != 0) {
        return; /* the function adds the index to the first one's vector */
    }
    pci_write(msi->bus, msi->devfn, msi->capability + MSI_ADDRESS, 4, address);
    if (msi->is_64bit) {
        pci_write(msi->bus, msi->devfn, msi->capability + MSI_ADDRESS + 4, 4,
                  0);
    }
    pci_write(msi->bus, msi->devfn, msi_data_offset(msi), 2, vector);
}

void msi_enable(const struct msi *msi, bool on, unsigned int count)
{
    unsigned int offset = msi->capability + MSI_CONTROL;
    uint32_t control = pci_read(msi->bus, msi->devfn, offset, 2);

    if (msi->is_msix) {
        /* Other entries of the function may stay in use. */
        if (on) {
            control = (control | MSIX_CONTROL_ENABLE) & ~MSIX_CONTROL_ALL;
        }
    } else {
        control &= ~(MSI_CONTROL_ENABLE | MSI_CONTROL_COUNT);
        if (on) {
            control |= MSI_CONTROL_ENABLE | (uint32_t)__builtin_ctz(count) << 4;
        }
    }
    pci_write(msi->bus, msi->devfn, offset, 2, control);
}

/* An MSI that cannot be masked alone is turned off as a whole. */
void msi_mask(const struct msi *msi, bool masked)
{
    unsigned int offset, size;
    uint32_t bits;

    if (msi->is_msix) {
        bits = msi->entry[MSIX_ENTRY_CONTROL] & ~MSIX_ENTRY_MASKED;
        msi->entry[MSIX_ENTRY_CONTROL] =
            bits | (masked ? MSIX_ENTRY_MASKED : 0);
        /* Read back: the write has arrived when this returns. */
        (void)msi->entry[MSIX_ENTRY_CONTROL];
        return;
    }
    offset = msi->maskable ? msi_data_offset(msi) + 4
                           : msi->capability + MSI_CONTROL;
    size = msi->maskable ? 4 : 2;
    bits = msi->maskable ? 1U << msi->index : MSI_CONTROL_ENABLE;
    if (masked == msi->maskable) {
        bits |= pci_read(msi->bus, msi->devfn, offset, size);
    } else {
        bits = pci_read(msi->bus, msi->devfn, offset, size) & ~bits;
    }
    pci_write(msi->bus, msi->devfn, offset, size, bits);
}

void msi_release(struct msi *msi)
{
    if (msi->is_msix && msi->entry != NULL) {
        msi_mask(msi, true);
        table_unmap(msi->entry);
        msi->entry = NULL;
    }
}
