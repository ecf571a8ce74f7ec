/* SPDX-License-Identifier: MIT */
/* Builds the hypervisor's own page tables. */
#include "hv_map.h"

#include "bug.h"
#include "core.h"
#include "cpu_features.h"
#include "panic.h"
#include "printk.h"
#include "string.h"
#include "x86.h"

#define TABLE_FLAGS     (PTE_P | PTE_RW | PTE_A | PTE_D)
#define BYTES_2M        (1UL << 21)
#define BYTES_1G        (1UL << 30)
#define ENTRIES         512U
#define VMAP_BYTES      (64UL << 20)
#define AREA_PAGE_COUNT 16U

uint64_t hv_l4[512] __attribute__((aligned(4096)));
uint64_t *frame_valid_map;
unsigned long frame_valid_end;

extern const char image_start[], rodata_start[], data_start[], image_end[];

static uint64_t image_base;
static uint64_t direct_end;
static unsigned long vmap_next = HV_VMAP;

uint64_t image_phys_of(const void *in_image)
{
    return (unsigned long)in_image - HV_IMAGE + image_base;
}

uint64_t hv_l4_phys(void)
{
    return image_phys_of(hv_l4);
}

uint64_t hv_map_direct_end(void)
{
    return direct_end;
}

static void *phys_to_direct(uint64_t phys)
{
    return (void *)(HV_DIRECT_MAP + phys);
}

/* The table that @entry points at; made when there is none. */
static uint64_t *next_table(uint64_t *entry, unsigned long flags)
{
    if ((*entry & PTE_P) == 0) {
        *entry = boot_alloc(PAGE_BYTES, PAGE_BYTES) | TABLE_FLAGS;
    }
    /* A user page needs the bit on the whole way down. */
    *entry |= flags & PTE_US;
    return phys_to_direct(*entry & PTE_ADDRESS);
}

/*
 * One entry, as large as alignment and size allow.
 * Returns how much it maps.
 */
static uint64_t map_one(unsigned long va, uint64_t phys, uint64_t bytes,
                        unsigned long flags)
{
    uint64_t *table = next_table(&hv_l4[(va >> 39) % ENTRIES], flags);
    uint64_t *entry = &table[(va >> 30) % ENTRIES];

    if (feature(FEATURE_GB_PAGES) && bytes >= BYTES_1G &&
        (va | phys) % BYTES_1G == 0) {
        *entry = phys | flags | PTE_PS;
        return BYTES_1G;
    }
    entry = &next_table(entry, flags)[(va >> 21) % ENTRIES];
    if (bytes >= BYTES_2M && (va | phys) % BYTES_2M == 0) {
        *entry = phys | flags | PTE_PS;
        return BYTES_2M;
    }
    entry = &next_table(entry, flags)[(va >> 12) % ENTRIES];
    *entry = phys | flags;
    return PAGE_BYTES;
}

void hv_map_range(unsigned long va, uint64_t phys, uint64_t bytes,
                  unsigned long flags)
{
    while (bytes != 0) {
        uint64_t done = map_one(va, phys, bytes, flags);

        va += done;
        phys += done;
        bytes -= done;
    }
}

static void map_image(void)
{
    const char *const starts[] = {image_start, rodata_start, data_start,
                                  image_end};
    static const unsigned long flags[] = {MAP_RX, MAP_RO, MAP_RW};

    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        for (const char *p = starts[i]; p < starts[i + 1]; p += PAGE_BYTES) {
            hv_map_range((unsigned long)p, image_phys_of(p), PAGE_BYTES,
                         flags[i]);
        }
    }
}

/* Direct map of [start, end), read-only where the image's constants are. */
static void map_direct(uint64_t start, uint64_t end)
{
    uint64_t fixed_start = image_phys_of(image_start);
    uint64_t fixed_end = image_phys_of(data_start);

    while (start < end) {
        unsigned long flags = MAP_RW;
        uint64_t stop = end;

        if (start < fixed_start && stop > fixed_start) {
            stop = fixed_start;
        } else if (start >= fixed_start && start < fixed_end) {
            flags = MAP_RO;
            stop = stop < fixed_end ? stop : fixed_end;
        }
        hv_map_range(HV_DIRECT_MAP + start, start, stop - start, flags);
        start = stop;
    }
}

/* RAM, and what firmware left in RAM. */
static bool wants_direct(const struct e820_range *r)
{
    return r->type == E820_RAM || r->type == E820_ACPI || r->type == E820_NVS;
}

/* Returns the end of what was mapped. */
static uint64_t map_ram(const struct e820_map *map)
{
    uint64_t last = 0;

    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];
        uint64_t start = r->start & ~(PAGE_BYTES - 1);
        uint64_t end =
            (r->start + r->bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);

        if (!wants_direct(r)) {
            continue;
        }
        start = start > last ? start : last;
        if (start < end) {
            map_direct(start, end);
            last = end;
        }
    }
    return last;
}

/* The window for devices has all its tables from the start. */
static void prepare_vmap(void)
{
    for (unsigned long va = HV_VMAP; va < HV_VMAP + VMAP_BYTES;
         va += BYTES_2M) {
        (void)map_one(va, 0, PAGE_BYTES, 0);
    }
}

void *hv_map_io(uint64_t phys, uint64_t bytes)
{
    uint64_t offset = phys % PAGE_BYTES;
    uint64_t total = (offset + bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    unsigned long va = vmap_next;

    if (total > HV_VMAP + VMAP_BYTES - va) {
        return NULL;
    }
    vmap_next += total;
    for (uint64_t at = 0; at < total; at += PAGE_BYTES) {
        (void)map_one(va + at, phys - offset + at, PAGE_BYTES, MAP_IO);
    }
    return (void *)(va + offset);
}

static void map_area_page(unsigned int cpu, unsigned int page, uint64_t phys)
{
    unsigned long va =
        HV_CPU_AREAS + cpu * (unsigned long)CPU_AREA_BYTES + page * PAGE_BYTES;

    hv_map_range(va, phys, PAGE_BYTES,
                 page == CPU_PAGE_TRAMPOLINE ? MAP_RX : MAP_RW);
}

/* The first CPU runs on its area already: the same frames, mapped anew. */
static void map_first_area(void)
{
    unsigned int used = 0;

    for (unsigned int page = 0; page < AREA_PAGE_COUNT; page++) {
        if (((CPU_PAGES >> page) & 1) != 0) {
            map_area_page(0, page,
                          image_phys_of(boot_area) + used * PAGE_BYTES);
            used++;
        }
    }
}

void hv_map_cpu_area(unsigned int cpu, uint8_t *pages[16])
{
    for (unsigned int page = 0; page < AREA_PAGE_COUNT; page++) {
        uint64_t phys;

        pages[page] = NULL;
        if (((CPU_PAGES >> page) & 1) == 0) {
            continue;
        }
        phys = boot_alloc(PAGE_BYTES, PAGE_BYTES);
        pages[page] = phys_to_direct(phys);
        map_area_page(cpu, page, phys);
    }
}

void hv_map_init(const struct e820_map *map, uint64_t image_phys)
{
    uint64_t end;

    image_base = image_phys;
    map_image();
    map_first_area();
    end = map_ram(map);
    prepare_vmap();
    write_cr3(hv_l4_phys());
    direct_end = end;
}

mfn_t hv_map_find(unsigned long va)
{
    const uint64_t *table = hv_l4;
    unsigned int shift = 39;
    uint64_t entry;

    for (;;) {
        entry = table[(va >> shift) % ENTRIES];
        BUG_ON((entry & PTE_P) == 0);
        if (shift == PAGE_SHIFT || (entry & PTE_PS) != 0) {
            break;
        }
        table = phys_to_direct(entry & PTE_ADDRESS);
        shift -= 9;
    }
    return mfn_make((entry & PTE_ADDRESS) >> PAGE_SHIFT |
                    ((va & ((1UL << shift) - 1)) >> PAGE_SHIFT));
}

static bool chunk_valid(unsigned long chunk)
{
    return (frame_valid_map[chunk / 64] >> (chunk % 64)) & 1U;
}

/* How many chunks from @chunk on are valid, at most @max. */
static unsigned long valid_run(unsigned long chunk, unsigned long chunks,
                               unsigned long max)
{
    unsigned long run = 0;

    while (run < max && chunk + run < chunks && chunk_valid(chunk + run)) {
        run++;
    }
    return run;
}

static void back_frames(unsigned long chunk, unsigned long run)
{
    const uint64_t chunk_bytes = 512 * sizeof(struct page);
    unsigned long va = HV_FRAME_TABLE + chunk * chunk_bytes;
    uint64_t step = run * chunk_bytes == BYTES_2M ? BYTES_2M : PAGE_BYTES;

    for (uint64_t at = 0; at < run * chunk_bytes; at += step) {
        hv_map_range(va + at, boot_alloc(step, step), step, MAP_RW);
    }
}

/* Frame table entries where RAM is; by 2 MiB pages that are wanted whole. */
static void back_frame_table(unsigned long chunks)
{
    const unsigned long per_large = BYTES_2M / (512 * sizeof(struct page));
    unsigned long chunk = 0;

    while (chunk < chunks) {
        unsigned long run = 1;

        if (chunk_valid(chunk)) {
            if (chunk % per_large == 0 &&
                valid_run(chunk, chunks, per_large) == per_large) {
                run = per_large;
            }
            back_frames(chunk, run);
        }
        chunk += run;
    }
}

/*
 * The machine-to-physical table in pieces of 2 MiB: the tools map it so
 * (XENMEM_machphys_mfn_list). Each piece tells of 1 GiB.
 */
static void back_m2p(unsigned long chunks)
{
    const unsigned long per_piece = BYTES_1G / BYTES_2M;

    for (unsigned long first = 0; first < chunks; first += per_piece) {
        unsigned long va = first / per_piece * BYTES_2M;
        unsigned long at = first;
        uint64_t phys;

        while (at < chunks && at < first + per_piece && !chunk_valid(at)) {
            at++;
        }
        if (at == chunks || at == first + per_piece) {
            continue;
        }
        phys = boot_alloc(BYTES_2M, BYTES_2M);
        hv_map_range(HV_M2P_RW + va, phys, BYTES_2M, MAP_RW);
        hv_map_range(HV_M2P_RO + va, phys, BYTES_2M, MAP_RO | PTE_US);
        /* No frame has a number in a guest yet: M2P_INVALID. */
        memset((void *)(HV_M2P_RW + va), 0xff, BYTES_2M);
    }
}

/* Until someone allocates them, frames are ours, or a device's. */
static void own_frames(unsigned long first, unsigned long end, domid_t owner)
{
    struct page *table = machine_frame_table();

    for (unsigned long mfn = first; mfn < end; mfn++) {
        atomic_store_explicit(&table[mfn].count,
                              (uint64_t)owner << PAGE_OWNER_SHIFT,
                              memory_order_relaxed);
    }
}

static void own_all_frames(const struct e820_map *map, unsigned long chunks)
{
    for (unsigned long chunk = 0; chunk < chunks; chunk++) {
        if (chunk_valid(chunk)) {
            own_frames(chunk << 9, (chunk + 1) << 9, DOMID_IO);
        }
    }
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        if (r->type == E820_RAM) {
            own_frames((r->start + PAGE_BYTES - 1) >> PAGE_SHIFT,
                       (r->start + r->bytes) >> PAGE_SHIFT, DOMID_NOBODY);
        }
    }
}

/* The tools may map the table's frames, read-only, as DOMID_XEN's. */
static void share_m2p(unsigned long chunks)
{
    struct page *table = machine_frame_table();

    for (unsigned long c = 0; c < chunks; c++) {
        unsigned long mfn;

        if (!chunk_valid(c)) {
            continue;
        }
        mfn = hv_map_find(HV_M2P_RW + c * PAGE_BYTES).number & ~511UL;
        for (unsigned long i = 0; i < 512; i++) {
            atomic_store_explicit(&table[mfn + i].count,
                                  (uint64_t)DOMID_XEN << PAGE_OWNER_SHIFT |
                                      PAGE_COUNT_ALLOCATED | PAGE_COUNT_XEN |
                                      PAGE_COUNT_READONLY | 1,
                                  memory_order_relaxed);
        }
    }
}

void hv_map_frame_tables(const struct e820_map *map)
{
    unsigned long chunks = (e820_ram_end(map) + BYTES_2M - 1) >> 21;

    frame_valid_map = phys_to_direct(boot_alloc(chunks / 8 + 8, PAGE_BYTES));
    for (unsigned int i = 0; i < map->count; i++) {
        const struct e820_range *r = &map->range[i];

        if (r->type != E820_RAM) {
            continue;
        }
        for (unsigned long c = r->start >> 21;
             c < (r->start + r->bytes + BYTES_2M - 1) >> 21; c++) {
            frame_valid_map[c / 64] |= 1UL << (c % 64);
        }
    }
    back_frame_table(chunks);
    back_m2p(chunks);
    own_all_frames(map, chunks);
    share_m2p(chunks);
    frame_valid_end = chunks << 9;
}
