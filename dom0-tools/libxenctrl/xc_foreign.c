// SPDX-License-Identifier: MIT
/*
 * The older names for foreign mappings (<xenctrl_compat.h>), and small copies
 * into a domain's pages.
 */
#include "private.h"

#include <stdlib.h>
#include <sys/mman.h>

void *xc_map_foreign_pages(xc_interface *xch, uint32_t dom, int prot,
                           const xen_pfn_t *arr, int num)
{
    if (num <= 0) {
        errno = EINVAL;
        return NULL;
    }
    return xenforeignmemory_map(xch->fmem, dom, prot, (size_t)num, arr, NULL);
}

void *xc_map_foreign_bulk(xc_interface *xch, uint32_t dom, int prot,
                          const xen_pfn_t *arr, int *err, unsigned int num)
{
    return xenforeignmemory_map(xch->fmem, dom, prot, num, arr, err);
}

void *xc_map_foreign_range(xc_interface *xch, uint32_t dom, int size, int prot,
                           unsigned long mfn)
{
    size_t pages = ((size_t)size + XC_PAGE_SIZE - 1) >> XC_PAGE_SHIFT;
    xen_pfn_t *frames = calloc(pages, sizeof(*frames));
    void *p;

    if (frames == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < pages; i++) {
        frames[i] = mfn + i;
    }
    p = xenforeignmemory_map(xch->fmem, dom, prot, pages, frames, NULL);
    free(frames);
    return p;
}

int xc_copy_to_domain_page(xc_interface *xch, uint32_t domid,
                           unsigned long dst_pfn, const char *src_page)
{
    void *p = xc_map_foreign_range(xch, domid, (int)XC_PAGE_SIZE, PROT_WRITE,
                                   dst_pfn);

    if (p == NULL) {
        return -1;
    }
    memcpy(p, src_page, XC_PAGE_SIZE);
    return munmap(p, XC_PAGE_SIZE);
}

int xc_clear_domain_pages(xc_interface *xch, uint32_t domid,
                          unsigned long dst_pfn, int num)
{
    size_t bytes = (size_t)num * XC_PAGE_SIZE;
    void *p = xc_map_foreign_range(xch, domid, (int)bytes, PROT_WRITE, dst_pfn);

    if (p == NULL) {
        return -1;
    }
    memset(p, 0, bytes);
    return munmap(p, bytes);
}

void *xc_memalign(xc_interface *xch, size_t alignment, size_t size)
{
    void *p = NULL;
    int rc = posix_memalign(&p, alignment, size);

    (void)xch;
    if (rc != 0) {
        errno = rc;
        return NULL;
    }
    return p;
}
