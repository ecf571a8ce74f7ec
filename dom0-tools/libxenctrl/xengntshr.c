// SPDX-License-Identifier: MIT
/*
 * <xengnttab.h>, the side that grants our own pages to another domain,
 * through /dev/xen/gntalloc (<xen/sys/gntalloc.h>).
 */
#include "private.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

#include "gnt_handle.h"

/* One request serves both devices. */
_Static_assert(IOCTL_GNTALLOC_SET_UNMAP_NOTIFY == IOCTL_GNTDEV_SET_UNMAP_NOTIFY,
               "xen/sys/gntalloc.h unmap notify");

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger,
                                 unsigned open_flags)
{
    return gnt_open(logger, "/dev/xen/gntalloc", open_flags);
}

int xengntshr_close(xengntshr_handle *xgs)
{
    return gnt_close(xgs);
}

int xengntshr_fd(xengntshr_handle *xgs)
{
    return xgs->fd;
}

/*
 * The grants live as long as the mapping: their index is given back at once,
 * whether or not the mapping succeeded.
 */
static void *map_grants(xengntshr_handle *xgs,
                        const struct ioctl_gntalloc_alloc_gref *grants,
                        uint32_t notify_offset, evtchn_port_t notify_port)
{
    struct ioctl_gntalloc_dealloc_gref release = {
        .index = grants->index,
        .count = grants->count,
    };
    size_t bytes = (size_t)grants->count * XC_PAGE_SIZE;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, xgs->fd,
                   (off_t)grants->index);
    int saved;

    if (p == MAP_FAILED) {
        p = NULL;
    } else if (gnt_set_notify(xgs, grants->index, notify_offset, notify_port) <
               0) {
        saved = errno;
        (void)munmap(p, bytes);
        errno = saved;
        p = NULL;
    }
    saved = errno;
    (void)ioctl(xgs->fd, IOCTL_GNTALLOC_DEALLOC_GREF, &release);
    errno = saved;
    return p;
}

static void *share(xengntshr_handle *xgs, uint32_t domid, uint32_t count,
                   uint32_t *refs, int writable, uint32_t notify_offset,
                   evtchn_port_t notify_port)
{
    struct ioctl_gntalloc_alloc_gref *grants;
    void *p = NULL;
    int saved;

    grants = calloc(1, sizeof(*grants) + count * sizeof(grants->gref_ids[0]));
    if (grants == NULL) {
        return NULL;
    }
    grants->domid = (uint16_t)domid;
    grants->flags = writable ? GNTALLOC_FLAG_WRITABLE : 0;
    grants->count = count;
    if (ioctl(xgs->fd, IOCTL_GNTALLOC_ALLOC_GREF, grants) == 0) {
        p = map_grants(xgs, grants, notify_offset, notify_port);
    }
    if (p != NULL) {
        memcpy(refs, grants->gref_ids, count * sizeof(*refs));
    }
    saved = errno;
    free(grants);
    errno = saved;
    return p;
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count,
                            uint32_t *refs, int writable)
{
    if (count <= 0) {
        errno = EINVAL;
        return NULL;
    }
    return share(xgs, domid, (uint32_t)count, refs, writable, UINT32_MAX,
                 UINT32_MAX);
}

void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid,
                                  uint32_t *ref, int writable,
                                  uint32_t notify_offset,
                                  evtchn_port_t notify_port)
{
    return share(xgs, domid, 1, ref, writable, notify_offset, notify_port);
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address,
                      uint32_t count)
{
    (void)xgs;
    return munmap(start_address, (size_t)count * XC_PAGE_SIZE);
}
