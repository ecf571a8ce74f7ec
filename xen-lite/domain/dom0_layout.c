// SPDX-License-Identifier: MIT
/* Where everything of dom0 lies: see dom0_layout.h. */
#include "dom0_layout.h"

#define MAPPING_ALIGN_BYTES (4UL << 20)
#define MAPPING_SPARE_BYTES (512UL << 10)
#define L4_PAGES            1UL

static unsigned long pages_of(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

unsigned long tables_for_range(unsigned long first_va, unsigned long last_va,
                               unsigned int level)
{
    unsigned int shift = PAGE_SHIFT + 9 * level;

    return (last_va >> shift) - (first_va >> shift) + 1;
}

/* All tables, the L4 too, that map [va, va + pages). */
static unsigned long tables_for(unsigned long va, unsigned long pages)
{
    unsigned long last = va + pages * PAGE_BYTES - 1;
    unsigned long count = L4_PAGES;

    for (unsigned int level = 1; level <= 3; level++) {
        count += tables_for_range(va, last, level);
    }
    return count;
}

/* Size of the mapping that holds @pages and leaves room after the stack. */
static unsigned long padded_pages(unsigned long virt_base, unsigned long pages)
{
    unsigned long end = virt_base + pages * PAGE_BYTES;
    unsigned long padded =
        (end + MAPPING_ALIGN_BYTES - 1) & ~(MAPPING_ALIGN_BYTES - 1);

    if (padded - end < MAPPING_SPARE_BYTES) {
        padded += MAPPING_ALIGN_BYTES;
    }
    return (padded - virt_base) / PAGE_BYTES;
}

/* How many tables there are depends on the mapping, which holds them. */
static void layout_tables(struct dom0_layout *layout)
{
    unsigned long tables = 0;
    unsigned long needed = 1;

    while (tables < needed) {
        tables = needed;
        layout->stack_pfn = layout->tables_pfn + tables;
        layout->mapped_pages =
            padded_pages(layout->virt_base, layout->stack_pfn + 1);
        needed = tables_for(layout->virt_base, layout->mapped_pages);
    }
    layout->table_pages = tables;
}

static void layout_p2m_tables(struct dom0_layout *layout)
{
    unsigned long last = layout->p2m_va + layout->p2m_pages * PAGE_BYTES - 1;

    for (unsigned int level = 1; level <= 3; level++) {
        layout->p2m_table_pages +=
            tables_for_range(layout->p2m_va, last, level);
    }
}

int dom0_layout(struct dom0_layout *layout, const struct pv_kernel *kernel,
                unsigned long pages, size_t initrd_bytes)
{
    unsigned long next = kernel->end_pfn;

    *layout = (struct dom0_layout){
        .virt_base = kernel->virt_base,
        .kernel_end_pfn = kernel->end_pfn,
        .initrd_pages = pages_of(initrd_bytes),
        .initrd_mapped = !kernel->mod_start_pfn,
        .p2m_pages = pages_of(pages * sizeof(uint64_t)),
        .p2m_mapped = !kernel->has_init_p2m,
        .p2m_va = kernel->init_p2m,
    };
    if (layout->initrd_mapped) {
        layout->initrd_pfn = next;
        next += layout->initrd_pages;
    }
    if (layout->p2m_mapped) {
        layout->p2m_pfn = next;
        layout->p2m_va = layout->virt_base + next * PAGE_BYTES;
        next += layout->p2m_pages;
    }
    layout->start_info_pfn = next;
    layout->tables_pfn = next + 1;
    layout_tables(layout);
    next = layout->mapped_pages;
    if (!layout->initrd_mapped) {
        layout->initrd_pfn = next;
        next += layout->initrd_pages;
    }
    if (!layout->p2m_mapped) {
        layout->p2m_pfn = next;
        layout_p2m_tables(layout);
        layout->p2m_tables_pfn = next + layout->p2m_pages;
        next = layout->p2m_tables_pfn + layout->p2m_table_pages;
    }
    layout->used_pages = next;
    return next <= pages ? 0 : -XEN_ENOMEM;
}
