// SPDX-License-Identifier: MIT
/*
 * <xengnttab.h>, the side that maps other domains' grants, through
 * /dev/xen/gntdev (<xen/sys/gntdev.h>).
 */
#include "private.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sys/gntdev.h>

#include "gnt_handle.h"

/* The two structures are the same on both sides of the ioctl. */
_Static_assert(sizeof(xengnttab_grant_copy_segment_t) ==
                   sizeof(struct ioctl_gntdev_grant_copy_segment),
               "xen/sys/gntdev.h grant copy segment");

struct xengntdev_handle *gnt_open(xentoollog_logger *logger, const char *path,
                                  unsigned int open_flags)
{
    struct xengntdev_handle *handle;

    if (open_flags != 0) {
        errno = EINVAL;
        return NULL;
    }
    handle = calloc(1, sizeof(*handle));
    if (handle == NULL) {
        return NULL;
    }
    handle->logger = logger;
    handle->fd = open_device(path);
    if (handle->fd < 0) {
        logger_message(logger, errno, "xengnttab", "cannot open %s", path);
        free(handle);
        return NULL;
    }
    return handle;
}

int gnt_close(struct xengntdev_handle *handle)
{
    int rc;

    if (handle == NULL) {
        return 0;
    }
    rc = close(handle->fd);
    free(handle);
    return rc;
}

int gnt_set_notify(struct xengntdev_handle *handle, uint64_t index,
                   uint32_t offset, uint32_t port)
{
    struct ioctl_gntdev_unmap_notify notify = {.index = index};

    if (offset < XC_PAGE_SIZE) {
        notify.index += offset;
        notify.action |= UNMAP_NOTIFY_CLEAR_BYTE;
    }
    if (port != UINT32_MAX) {
        notify.event_channel_port = port;
        notify.action |= UNMAP_NOTIFY_SEND_EVENT;
    }
    if (notify.action == 0) {
        return 0;
    }
    return ioctl(handle->fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &notify);
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned open_flags)
{
    return gnt_open(logger, "/dev/xen/gntdev", open_flags);
}

int xengnttab_close(xengnttab_handle *xgt)
{
    return gnt_close(xgt);
}

int xengnttab_fd(xengnttab_handle *xgt)
{
    return xgt->fd;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    struct ioctl_gntdev_set_max_grants request = {.count = nr_grants};

    return ioctl(xgt->fd, IOCTL_GNTDEV_SET_MAX_GRANTS, &request);
}

static int release_index(xengnttab_handle *xgt, uint64_t index, uint32_t count)
{
    struct ioctl_gntdev_unmap_grant_ref request = {
        .index = index,
        .count = count,
    };

    return ioctl(xgt->fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &request);
}

/* A request carries its references behind the fixed part. */
static struct ioctl_gntdev_map_grant_ref *
new_map_request(uint32_t count, const uint32_t *domids, unsigned int step,
                const uint32_t *refs)
{
    struct ioctl_gntdev_map_grant_ref *request;

    request = calloc(1, sizeof(*request) + count * sizeof(request->refs[0]));
    if (request == NULL) {
        return NULL;
    }
    request->count = count;
    for (uint32_t i = 0; i < count; i++) {
        request->refs[i].domid = domids[(size_t)i * step];
        request->refs[i].ref = refs[i];
    }
    return request;
}

/* The kernel answers EAGAIN while a granted page is being brought back. */
static void *map_index(xengnttab_handle *xgt, uint64_t index, uint32_t count,
                       int prot)
{
    void *p;

    do {
        p = mmap(NULL, (size_t)count * XC_PAGE_SIZE, prot, MAP_SHARED, xgt->fd,
                 (off_t)index);
        if (p == MAP_FAILED && errno == EAGAIN) {
            (void)usleep(1000);
        }
    } while (p == MAP_FAILED && errno == EAGAIN);
    return p == MAP_FAILED ? NULL : p;
}

static void *map_refs(xengnttab_handle *xgt, uint32_t count,
                      const uint32_t *domids, unsigned int step,
                      const uint32_t *refs, int prot, uint32_t notify_offset,
                      evtchn_port_t notify_port)
{
    struct ioctl_gntdev_map_grant_ref *request;
    void *p = NULL;
    int saved;

    request = new_map_request(count, domids, step, refs);
    if (request == NULL) {
        return NULL;
    }
    if (ioctl(xgt->fd, IOCTL_GNTDEV_MAP_GRANT_REF, request) < 0) {
        goto out;
    }
    p = map_index(xgt, request->index, count, prot);
    if (p != NULL &&
        gnt_set_notify(xgt, request->index, notify_offset, notify_port) < 0) {
        saved = errno;
        (void)munmap(p, (size_t)count * XC_PAGE_SIZE);
        errno = saved;
        p = NULL;
    }
    if (p == NULL) {
        saved = errno;
        (void)release_index(xgt, request->index, count);
        errno = saved;
    }
out:
    saved = errno;
    free(request);
    errno = saved;
    return p;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
                              uint32_t ref, int prot)
{
    return map_refs(xgt, 1, &domid, 0, &ref, prot, UINT32_MAX, UINT32_MAX);
}

void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count,
                               uint32_t *domids, uint32_t *refs, int prot)
{
    return map_refs(xgt, count, domids, 1, refs, prot, UINT32_MAX, UINT32_MAX);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    return map_refs(xgt, count, &domid, 0, refs, prot, UINT32_MAX, UINT32_MAX);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid,
                                     uint32_t ref, int prot,
                                     uint32_t notify_offset,
                                     evtchn_port_t notify_port)
{
    return map_refs(xgt, 1, &domid, 0, &ref, prot, notify_offset, notify_port);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
    struct ioctl_gntdev_get_offset_for_vaddr request = {
        .vaddr = (uintptr_t)start_address,
    };

    if (start_address == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (ioctl(xgt->fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &request) < 0) {
        return -1;
    }
    if (request.count != count) {
        errno = EINVAL;
        return -1;
    }
    if (munmap(start_address, (size_t)count * XC_PAGE_SIZE) < 0) {
        return -1;
    }
    return release_index(xgt, request.offset, count);
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
                         xengnttab_grant_copy_segment_t *segs)
{
    struct ioctl_gntdev_grant_copy request = {
        .count = count,
        .segments = (struct ioctl_gntdev_grant_copy_segment *)(void *)segs,
    };

    return ioctl(xgt->fd, IOCTL_GNTDEV_GRANT_COPY, &request);
}

int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *xgt, uint32_t domid,
                                   uint32_t flags, uint32_t count,
                                   const uint32_t *refs, uint32_t *fd)
{
    struct ioctl_gntdev_dmabuf_exp_from_refs *request;
    int rc;

    request = calloc(1, sizeof(*request) + count * sizeof(*refs));
    if (request == NULL) {
        return -1;
    }
    request->flags = flags;
    request->count = count;
    request->domid = domid;
    memcpy(request->refs, refs, count * sizeof(*refs));
    rc = ioctl(xgt->fd, IOCTL_GNTDEV_DMABUF_EXP_FROM_REFS, request);
    if (rc == 0) {
        *fd = request->fd;
    }
    free(request);
    return rc;
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *xgt, uint32_t fd,
                                       uint32_t wait_to_ms)
{
    struct ioctl_gntdev_dmabuf_exp_wait_released request = {
        .fd = fd,
        .wait_to_ms = wait_to_ms,
    };

    return ioctl(xgt->fd, IOCTL_GNTDEV_DMABUF_EXP_WAIT_RELEASED, &request);
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *xgt, uint32_t domid,
                                 uint32_t fd, uint32_t count, uint32_t *refs)
{
    struct ioctl_gntdev_dmabuf_imp_to_refs *request;
    int rc;

    request = calloc(1, sizeof(*request) + count * sizeof(*refs));
    if (request == NULL) {
        return -1;
    }
    request->fd = fd;
    request->count = count;
    request->domid = domid;
    rc = ioctl(xgt->fd, IOCTL_GNTDEV_DMABUF_IMP_TO_REFS, request);
    if (rc == 0) {
        memcpy(refs, request->refs, count * sizeof(*refs));
    }
    free(request);
    return rc;
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *xgt, uint32_t fd)
{
    struct ioctl_gntdev_dmabuf_imp_release request = {.fd = fd};

    return ioctl(xgt->fd, IOCTL_GNTDEV_DMABUF_IMP_RELEASE, &request);
}
