// SPDX-License-Identifier: MIT
/*
 * <xencall.h>: hypercalls through IOCTL_PRIVCMD_HYPERCALL of
 * /dev/xen/privcmd (<xen/sys/privcmd.h>).
 */
#include "private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sys/privcmd.h>

int open_device(const char *path)
{
    return open(path, O_RDWR | O_CLOEXEC);
}

xencall_handle *xencall_open(struct xentoollog_logger *logger,
                             unsigned open_flags)
{
    struct xencall_handle *xcall = calloc(1, sizeof(*xcall));

    if (xcall == NULL) {
        return NULL;
    }
    xcall->logger = logger;
    xcall->flags = open_flags;
    xcall->fd = open_device("/dev/xen/privcmd");
    if (xcall->fd < 0) {
        logger_message(logger, errno, "xencall",
                       "cannot open /dev/xen/privcmd: is this a dom0 with "
                       "the xen-privcmd module loaded?");
        free(xcall);
        return NULL;
    }
    xcall->buffer_fd = open_device("/dev/xen/hypercall");
    (void)pthread_mutex_init(&xcall->cache_lock, NULL);
    return xcall;
}

int xencall_close(xencall_handle *xcall)
{
    int rc = 0;

    if (xcall == NULL) {
        return 0;
    }
    while (xcall->cache_count > 0) {
        xcall->cache_count--;
        (void)munmap(xcall->cache[xcall->cache_count], XC_PAGE_SIZE);
    }
    if (xcall->buffer_fd >= 0) {
        (void)close(xcall->buffer_fd);
    }
    rc = close(xcall->fd);
    (void)pthread_mutex_destroy(&xcall->cache_lock);
    free(xcall);
    return rc;
}

int xencall_fd(xencall_handle *xcall)
{
    return xcall->fd;
}

static int call(xencall_handle *xcall, unsigned int op, uint64_t arg1,
                uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
    privcmd_hypercall_t request = {
        .op = op,
        .arg = {arg1, arg2, arg3, arg4, arg5},
    };

    return ioctl(xcall->fd, IOCTL_PRIVCMD_HYPERCALL, &request);
}

int xencall0(xencall_handle *xcall, unsigned int op)
{
    return call(xcall, op, 0, 0, 0, 0, 0);
}

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    return call(xcall, op, arg1, 0, 0, 0, 0);
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    return call(xcall, op, arg1, arg2, 0, 0, 0);
}

int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3)
{
    return call(xcall, op, arg1, arg2, arg3, 0, 0);
}

int xencall4(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4)
{
    return call(xcall, op, arg1, arg2, arg3, arg4, 0);
}

int xencall5(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
    return call(xcall, op, arg1, arg2, arg3, arg4, arg5);
}

/*
 * The ioctl returns an int, but some results (frame numbers) need a long. A
 * multicall entry carries the whole register.
 */
int do_multicall_op(struct xencall_handle *xcall, unsigned int op,
                    const uint64_t args[], unsigned int arg_count, long *result)
{
    multicall_entry_t *entry = xencall_alloc_buffer(xcall, sizeof(*entry));
    int rc;

    if (entry == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memset(entry, 0, sizeof(*entry));
    entry->op = op;
    for (unsigned int i = 0; i < arg_count; i++) {
        entry->args[i] = args[i];
    }
    rc = call(xcall, __HYPERVISOR_multicall, (uintptr_t)entry, 1, 0, 0, 0);
    *result = (long)entry->result;
    xencall_free_buffer(xcall, entry);
    return rc;
}

long xencall2L(xencall_handle *xcall, unsigned int op, uint64_t arg1,
               uint64_t arg2)
{
    const uint64_t args[] = {arg1, arg2};
    long result = 0;

    if (do_multicall_op(xcall, op, args, 2, &result) < 0) {
        return -1;
    }
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
