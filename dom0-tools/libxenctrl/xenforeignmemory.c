// SPDX-License-Identifier: MIT
/*
 * <xenforeignmemory.h>: another domain's frames and resources in our address
 * space, through IOCTL_PRIVCMD_MMAPBATCH_V2 and IOCTL_PRIVCMD_MMAP_RESOURCE.
 */
#include "private.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sys/privcmd.h>

struct xenforeignmemory_handle {
    xentoollog_logger *logger;
    int fd;
};

struct xenforeignmemory_resource_handle {
    void *addr;
    size_t bytes;
};

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                               unsigned open_flags)
{
    struct xenforeignmemory_handle *fmem;

    if (open_flags != 0) {
        errno = EINVAL;
        return NULL;
    }
    fmem = calloc(1, sizeof(*fmem));
    if (fmem == NULL) {
        return NULL;
    }
    fmem->logger = logger;
    fmem->fd = open_device("/dev/xen/privcmd");
    if (fmem->fd < 0) {
        logger_message(logger, errno, "xenforeignmemory",
                       "cannot open /dev/xen/privcmd");
        free(fmem);
        return NULL;
    }
    return fmem;
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    int rc;

    if (fmem == NULL) {
        return 0;
    }
    rc = close(fmem->fd);
    free(fmem);
    return rc;
}

/*
 * The kernel answers ENOENT when some frame is paged out; then those frames
 * are tried again, one by one, until the pager has brought them back.
 */
static int map_paged_frame(int fd, domid_t dom, char *addr, xen_pfn_t frame,
                           int *err)
{
    privcmd_mmapbatch_v2_t batch = {
        .num = 1,
        .dom = dom,
        .addr = (uintptr_t)addr,
        .arr = &frame,
        .err = err,
    };
    int rc;

    do {
        (void)usleep(100);
        rc = ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch);
    } while (rc < 0 && errno == ENOENT && *err == -ENOENT);
    return rc < 0 && errno == ENOENT ? 0 : rc;
}

static int retry_paged(int fd, domid_t dom, char *addr, size_t pages,
                       const xen_pfn_t frames[], int err[])
{
    int rc = 0;

    for (size_t i = 0; i < pages && rc == 0; i++) {
        if (err[i] == -ENOENT) {
            rc = map_paged_frame(fd, dom, addr + i * XC_PAGE_SIZE, frames[i],
                                 &err[i]);
        }
    }
    return rc;
}

/* The kernel reports negative numbers; the header promises errno values. */
static int first_error(size_t pages, int err[])
{
    int first = 0;

    for (size_t i = 0; i < pages; i++) {
        err[i] = err[i] < 0 ? -err[i] : err[i];
        if (first == 0) {
            first = err[i];
        }
    }
    return first;
}

static int map_frames(xenforeignmemory_handle *fmem, uint32_t dom, char *addr,
                      size_t pages, const xen_pfn_t frames[], int err[])
{
    privcmd_mmapbatch_v2_t batch = {
        .num = (unsigned int)pages,
        .dom = (domid_t)dom,
        .addr = (uintptr_t)addr,
        .arr = frames,
        .err = err,
    };
    int rc = ioctl(fmem->fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch);

    if (rc < 0 && errno == ENOENT) {
        rc = retry_paged(fmem->fd, (domid_t)dom, addr, pages, frames, err);
    }
    return rc;
}

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t arr[], int err[])
{
    int *errors = err;
    void *p = MAP_FAILED;
    void *result = NULL;
    int saved = 0;

    if (pages == 0 || pages > UINT32_MAX) {
        errno = EINVAL;
        return NULL;
    }
    if (errors == NULL) {
        errors = calloc(pages, sizeof(*errors));
    }
    if (errors == NULL) {
        return NULL;
    }
    p = mmap(addr, pages * XC_PAGE_SIZE, prot, flags | MAP_SHARED, fmem->fd, 0);
    if (p == MAP_FAILED) {
        saved = errno;
        goto out;
    }
    if (map_frames(fmem, dom, p, pages, arr, errors) < 0) {
        saved = errno;
    } else if (err == NULL) {
        saved = first_error(pages, errors);
    } else {
        (void)first_error(pages, errors);
    }
    if (saved != 0) {
        (void)munmap(p, pages * XC_PAGE_SIZE);
        goto out;
    }
    result = p;
out:
    if (err == NULL) {
        free(errors);
    }
    if (saved != 0) {
        errno = saved;
    }
    return result;
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom,
                           int prot, size_t pages, const xen_pfn_t arr[],
                           int err[])
{
    return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages)
{
    (void)fmem;
    return munmap(addr, pages * XC_PAGE_SIZE);
}

int xenforeignmemory_restrict(xenforeignmemory_handle *fmem, domid_t domid)
{
    return ioctl(fmem->fd, IOCTL_PRIVCMD_RESTRICT, &domid);
}

/* A kernel without the call says ENOTTY or EINVAL: not supported. */
static int resource_ioctl(xenforeignmemory_handle *fmem,
                          privcmd_mmap_resource_t *request)
{
    int rc = ioctl(fmem->fd, IOCTL_PRIVCMD_MMAP_RESOURCE, request);

    if (rc < 0 && (errno == ENOTTY || errno == EINVAL)) {
        errno = EOPNOTSUPP;
    }
    return rc;
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid,
                              unsigned int type, unsigned int id,
                              unsigned long frame, unsigned long nr_frames,
                              void **paddr, int prot, int flags)
{
    xenforeignmemory_resource_handle *fres = calloc(1, sizeof(*fres));
    privcmd_mmap_resource_t request = {
        .dom = domid,
        .type = type,
        .id = id,
        .idx = (uint32_t)frame,
        .num = nr_frames,
    };
    int saved;

    if (fres == NULL) {
        return NULL;
    }
    if (frame > UINT32_MAX) {
        errno = EINVAL;
        goto fail;
    }
    fres->bytes = nr_frames * XC_PAGE_SIZE;
    fres->addr =
        mmap(*paddr, fres->bytes, prot, flags | MAP_SHARED, fmem->fd, 0);
    if (fres->addr == MAP_FAILED) {
        goto fail;
    }
    request.addr = (uintptr_t)fres->addr;
    if (resource_ioctl(fmem, &request) < 0) {
        goto unmap;
    }
    *paddr = fres->addr;
    return fres;

unmap:
    saved = errno;
    (void)munmap(fres->addr, fres->bytes);
    errno = saved;
fail:
    saved = errno;
    free(fres);
    errno = saved;
    return NULL;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
                                    xenforeignmemory_resource_handle *fres)
{
    int rc = munmap(fres->addr, fres->bytes);

    (void)fmem;
    free(fres);
    return rc;
}

int xenforeignmemory_resource_size(xenforeignmemory_handle *fmem, domid_t domid,
                                   unsigned int type, unsigned int id,
                                   size_t *size)
{
    privcmd_mmap_resource_t request = {.dom = domid, .type = type, .id = id};

    if (resource_ioctl(fmem, &request) < 0) {
        return -1;
    }
    *size = (size_t)request.num << XC_PAGE_SHIFT;
    return 0;
}
