// SPDX-License-Identifier: MIT
/*
 * The frames of a guest under construction. Memory is asked for in 2 MiB
 * extents while the hypervisor has them, then page by page.
 */
#include "builder/guest_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#define SUPER_ORDER 9U
/* Frames of one call: dom0's kernel runs nothing else on that CPU meanwhile. */
#define BATCH_PAGES  1024U
#define WINDOW_PAGES 2048U /* frames mapped at a time */

static int no_memory(const struct guest_memory *m, struct build_error *e)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(m->xch, &info) < 0) {
        return build_fail(e, BUILD_NO_MEMORY, "not enough free memory");
    }
    return build_fail(
        e, BUILD_NO_MEMORY,
        "the guest needs %llu MiB, but only %llu MiB are free; lower 'memory' "
        "or give dom0 less with dom0_mem=",
        (unsigned long long)(m->nr_pages >> (20 - XC_PAGE_SHIFT)),
        (unsigned long long)(info.free_pages >> (20 - XC_PAGE_SHIFT)));
}

/* One call for extents from @pfn on; returns how many the guest got. */
static uint64_t populate_batch(struct guest_memory *m, uint64_t pfn,
                               unsigned int order, uint64_t wanted)
{
    xen_pfn_t extents[BATCH_PAGES];
    uint64_t most = BATCH_PAGES >> order;
    uint64_t count = wanted < most ? wanted : most;
    int got;

    for (uint64_t i = 0; i < count; i++) {
        extents[i] = pfn + (i << order);
    }
    got =
        xc_domain_populate_physmap(m->xch, m->domid, count, order, 0, extents);
    for (int i = 0; i < got; i++) {
        for (uint64_t j = 0; j < 1UL << order; j++) {
            m->p2m[pfn + ((uint64_t)i << order) + j] = extents[i] + j;
        }
    }
    return got < 0 ? 0 : (uint64_t)got;
}

static uint64_t populate_order(struct guest_memory *m, uint64_t pfn,
                               unsigned int order)
{
    while (m->nr_pages - pfn >= 1UL << order) {
        uint64_t got =
            populate_batch(m, pfn, order, (m->nr_pages - pfn) >> order);

        if (got == 0) {
            break;
        }
        pfn += got << order;
    }
    return pfn;
}

int guest_memory_populate(struct guest_memory *m, uint64_t nr_pages,
                          struct build_error *e)
{
    uint64_t done;

    m->nr_pages = nr_pages;
    m->p2m = calloc(nr_pages, sizeof(*m->p2m));
    if (m->p2m == NULL) {
        return build_fail(e, BUILD_FAILED, "out of memory in dom0");
    }
    /* A claim fails now rather than half way, if memory is short. */
    if (xc_domain_claim_pages(m->xch, m->domid, nr_pages) < 0) {
        return no_memory(m, e);
    }
    done = populate_order(m, 0, SUPER_ORDER);
    done = populate_order(m, done, 0);
    (void)xc_domain_claim_pages(m->xch, m->domid, 0);
    return done == nr_pages ? 0 : no_memory(m, e);
}

void guest_memory_free(struct guest_memory *m)
{
    free(m->p2m);
    m->p2m = NULL;
}

void *guest_memory_map(const struct guest_memory *m, uint64_t pfn,
                       uint64_t count, struct build_error *e)
{
    void *window =
        xenforeignmemory_map(xc_interface_fmem_handle(m->xch), m->domid,
                             PROT_READ | PROT_WRITE, count, m->p2m + pfn, NULL);

    if (window == NULL) {
        (void)build_fail(e, BUILD_FAILED,
                         "cannot map frames %#llx to %#llx of domain %u: %s",
                         (unsigned long long)pfn,
                         (unsigned long long)(pfn + count - 1), m->domid,
                         strerror(errno));
    }
    return window;
}

void guest_memory_unmap(const struct guest_memory *m, void *window,
                        uint64_t count)
{
    (void)xenforeignmemory_unmap(xc_interface_fmem_handle(m->xch), window,
                                 count);
}

/* The part of a write that falls into one window of @room bytes. */
static void fill_window(uint8_t *to, uint64_t room, struct bytes *data,
                        uint64_t *size)
{
    uint64_t part = room < *size ? room : *size;
    uint64_t copied = data->size < part ? data->size : part;

    if (copied != 0) {
        memcpy(to, data->data, copied);
    }
    memset(to + copied, 0, part - copied);
    data->data += copied;
    data->size -= copied;
    *size -= part;
}

int guest_memory_write(const struct guest_memory *m, uint64_t offset,
                       struct bytes data, uint64_t size, struct build_error *e)
{
    uint64_t pfn = offset / PAGE_BYTES;
    uint64_t skip = offset % PAGE_BYTES;

    while (size > 0) {
        uint64_t count = (skip + size + PAGE_BYTES - 1) / PAGE_BYTES;
        uint8_t *window;

        if (count > WINDOW_PAGES) {
            count = WINDOW_PAGES;
        }
        window = guest_memory_map(m, pfn, count, e);
        if (window == NULL) {
            return -1;
        }
        fill_window(window + skip, count * PAGE_BYTES - skip, &data, &size);
        guest_memory_unmap(m, window, count);
        pfn += count;
        skip = 0;
    }
    return 0;
}
