/* SPDX-License-Identifier: MIT */
/* Giving frames back, getting them, exchanging them; what RAM there is. */
#include "check.h"
#include "hypercall.h"
#include "mm.h"
#include "pvbasic.h"
#include "start.h"
#include "string.h"

#define EXCHANGE_ORDER 2
#define EXCHANGE_PAGES (1U << EXCHANGE_ORDER)

static long reservation(unsigned int cmd, xen_pfn_t *frames,
                        unsigned long count)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = frames;
    return hc_memory_op(cmd, &r);
}

static long current_pages(void)
{
    domid_t self = DOMID_SELF;

    return hc_memory_op(XENMEM_current_reservation, &self);
}

/* A frame goes, another comes, for the same pseudo-physical place. */
static void check_balloon(void)
{
    uint8_t *page = mm_page_alloc();
    xen_pfn_t mfn = mm_va_to_mfn(page);
    xen_pfn_t frame = mfn;
    long before = current_pages();

    memset(page, 0xa5, PAGE_BYTES);
    check_true("balloon-pages", before >= (long)start_info->nr_pages, 0);
    check_eq("decrease-mapped",
             reservation(XENMEM_decrease_reservation, &frame, 1), 1);
    check_eq("decrease-mapped-keeps-contents", page[100], 0xa5);
    check_eq("decrease-unmap", mm_map(page, 0, 0), 0);
    check_eq("decrease-counted", current_pages(), before - 1);
    frame = mm_va_to_pfn(page);
    check_eq("populate", reservation(XENMEM_populate_physmap, &frame, 1), 1);
    check_true("populate-gave-frame", frame != 0, frame);
    check_hex("populate-set-m2p", mm_mfn_to_pfn(frame), mm_va_to_pfn(page));
    check_eq("populate-map", mm_map(page, frame << PAGE_SHIFT, PTE_KERNEL_RW),
             0);
    check_eq("populate-counted", current_pages(), before);
    mm_set_frame(page, frame);
    mm_page_free(page);
}

static void check_decrease_foreign(void)
{
    xen_pfn_t frame = 0x10;

    check_eq("decrease-not-owned",
             reservation(XENMEM_decrease_reservation, &frame, 1), 0);
    frame = ~0UL;
    check_eq("decrease-no-frame",
             reservation(XENMEM_decrease_reservation, &frame, 1), 0);
}

static void exchange_init(struct xen_memory_exchange *x, xen_pfn_t *in,
                          unsigned long in_count, xen_pfn_t *out,
                          unsigned int out_order)
{
    memset(x, 0, sizeof(*x));
    x->in.nr_extents = in_count;
    x->in.domid = DOMID_SELF;
    x->in.extent_start.p = in;
    x->out.nr_extents = in_count >> out_order;
    x->out.extent_order = out_order;
    x->out.mem_flags = XENMEMF_address_bits(32);
    x->out.domid = DOMID_SELF;
    x->out.extent_start.p = out;
}

static void take_away(uint8_t *const *pages, xen_pfn_t *frames)
{
    unsigned int i;

    for (i = 0; i < EXCHANGE_PAGES; i++) {
        frames[i] = mm_va_to_mfn(pages[i]);
        check_eq("exchange-unmap", mm_map(pages[i], 0, 0), 0);
    }
}

/* Map the frames that came, and free the pages. */
static void put_back(uint8_t *const *pages, xen_pfn_t first_mfn,
                     uint64_t first_pfn)
{
    unsigned int i;

    for (i = 0; i < EXCHANGE_PAGES; i++) {
        check_hex("exchange-m2p", mm_mfn_to_pfn(first_mfn + i), first_pfn + i);
        check_eq("exchange-map",
                 mm_map(pages[i], (first_mfn + i) << PAGE_SHIFT, PTE_KERNEL_RW),
                 0);
        mm_set_frame(pages[i], first_mfn + i);
    }
}

/* Four single frames for four in a row below 4 GiB. */
static void check_exchange(void)
{
    uint8_t *pages[EXCHANGE_PAGES];
    xen_pfn_t in[EXCHANGE_PAGES];
    struct xen_memory_exchange x;
    xen_pfn_t out;
    unsigned int i;
    uint64_t pfn;

    for (i = 0; i < EXCHANGE_PAGES; i++) {
        pages[i] = mm_page_alloc();
    }
    pfn = mm_va_to_pfn(pages[0]);
    take_away(pages, in);
    out = pfn;
    exchange_init(&x, in, EXCHANGE_PAGES, &out, EXCHANGE_ORDER);
    check_eq("exchange", hc_memory_op(XENMEM_exchange, &x), 0);
    check_eq("exchange-count", (int64_t)x.nr_exchanged, EXCHANGE_PAGES);
    check_hex("exchange-aligned", out & (EXCHANGE_PAGES - 1), 0);
    check_true("exchange-below-4g", out < 0x100000, out);
    put_back(pages, out, pfn);
    for (i = 0; i < EXCHANGE_PAGES; i++) {
        mm_page_free(pages[i]);
    }
}

static void check_exchange_bad(void)
{
    xen_pfn_t in[EXCHANGE_PAGES] = {0x10, 0x11, 0x12, 0x13};
    struct xen_memory_exchange x;
    xen_pfn_t out = 1;

    exchange_init(&x, in, EXCHANGE_PAGES, &out, EXCHANGE_ORDER);
    x.out.nr_extents = 2;
    check_eq("exchange-sizes-differ", hc_memory_op(XENMEM_exchange, &x),
             -XEN_EINVAL);
    exchange_init(&x, in, EXCHANGE_PAGES, &out, EXCHANGE_ORDER);
    check_eq("exchange-not-owned", hc_memory_op(XENMEM_exchange, &x),
             -XEN_EINVAL);
    exchange_init(&x, in, EXCHANGE_PAGES, &out, EXCHANGE_ORDER);
    x.in.domid = 5;
    check_eq("exchange-two-domains", hc_memory_op(XENMEM_exchange, &x),
             -XEN_EINVAL);
}

static void check_memory_map(void)
{
    static uint8_t entries[128 * 20];
    struct xen_memory_map map = {.nr_entries = 128};
    long rc;

    map.buffer.p = entries;
    rc = hc_memory_op(XENMEM_machine_memory_map, &map);
    if (!guest_is_dom0()) {
        check_eq("machine-memory-map-domu", rc, -XEN_EPERM);
        return;
    }
    check_eq("machine-memory-map", rc, 0);
    check_true("machine-memory-map-entries",
               map.nr_entries > 1 && map.nr_entries <= 128, map.nr_entries);
    map.nr_entries = 1;
    check_eq("machine-memory-map-short",
             hc_memory_op(XENMEM_machine_memory_map, &map), -XEN_EINVAL);
}

static void check_limits(void)
{
    struct xen_machphys_mapping mapping;
    domid_t self = DOMID_SELF;
    uint64_t ram_end = (uint64_t)hc_memory_op(XENMEM_maximum_ram_page, NULL);

    check_true("maximum-ram-page", ram_end > mm_va_to_mfn(start_info), ram_end);
    check_true(
        "maximum-reservation",
        hc_memory_op(XENMEM_maximum_reservation, &self) >= current_pages(), 0);
    check_eq("machphys-mapping",
             hc_memory_op(XENMEM_machphys_mapping, &mapping), 0);
    check_hex("machphys-start", mapping.v_start, MACH2PHYS_VIRT_START);
    check_true("machphys-max-mfn", mapping.max_mfn >= ram_end - 1,
               mapping.max_mfn);
    check_eq("memory-op-unknown", hc_memory_op(63, NULL), -XEN_ENOSYS);
    check_eq(
        "memory-op-bad-pointer",
        hc_memory_op(XENMEM_populate_physmap, (void *)HYPERVISOR_VIRT_START),
        0);
}

void pvbasic_memory(void)
{
    check_balloon();
    check_decrease_foreign();
    check_exchange();
    check_exchange_bad();
    check_memory_map();
    check_limits();
}
