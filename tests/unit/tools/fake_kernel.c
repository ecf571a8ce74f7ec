// SPDX-License-Identifier: MIT
/* The kernel's Xen devices, played by functions of the test. */
#include "fake_kernel.h"

#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xen/xen.h>

#include <xen/sys/privcmd.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long number, ...);
void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd,
                  off_t offset);
void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd,
                  off_t offset);
int __wrap_munmap(void *addr, size_t length);
int __real_munmap(void *addr, size_t length);

struct fake_kernel fake_kernel;
xc_interface *xch;

#define MAPS_MAX 64

/* Device mappings that are open, and whether they show foreign frames. */
static struct {
    void *p;
    bool window;
} maps[MAPS_MAX];
static int buffer_fd = -1; /* /dev/xen/hypercall: plain buffers */

void fake_kernel_reset(void)
{
    memset(&fake_kernel, 0, sizeof(fake_kernel));
    memset(maps, 0, sizeof(maps));
}

int fake_kernel_open(void **state)
{
    (void)state;
    fake_kernel_reset();
    xch = xc_interface_open(NULL, NULL, 0);
    assert_non_null(xch);
    return 0;
}

/* Every buffer and mapping must have been given back by now. */
int fake_kernel_close(void **state)
{
    (void)state;
    assert_int_equal(xc_interface_close(xch), 0);
    assert_int_equal(fake_kernel.maps_open, 0);
    return 0;
}

static void add_map(void *p, bool window)
{
    for (unsigned int i = 0; i < MAPS_MAX; i++) {
        if (maps[i].p == NULL) {
            maps[i].p = p;
            maps[i].window = window;
            break;
        }
    }
    fake_kernel.maps_open++;
    fake_kernel.windows_open += window;
}

static void remove_map(const void *p)
{
    for (unsigned int i = 0; i < MAPS_MAX; i++) {
        if (p != NULL && maps[i].p == p) {
            fake_kernel.maps_open--;
            fake_kernel.windows_open -= maps[i].window;
            maps[i].p = NULL;
        }
    }
}

/* A real descriptor, so that close() works. */
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    if (strncmp(path, "/dev/xen/", 9) == 0) {
        int fd = __real_open("/dev/null", O_RDWR | (flags & O_CLOEXEC));

        buffer_fd = strcmp(path, "/dev/xen/hypercall") == 0 ? fd : buffer_fd;
        return fd;
    }
    va_start(args, flags);
    if ((flags & O_CREAT) != 0) {
        mode = va_arg(args, mode_t);
    }
    va_end(args);
    return __real_open(path, flags, mode);
}

static int as_ioctl(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (int)result;
}

/* A multicall entry is a hypercall whose whole result counts. */
static long hypercall(uint64_t op, const uint64_t args[5])
{
    multicall_entry_t *entry = (multicall_entry_t *)(uintptr_t)args[0];
    uint64_t inner[5];

    if (op != __HYPERVISOR_multicall) {
        fake_kernel.last_op = op;
        return fake_kernel.hypercall(op, args);
    }
    for (unsigned int i = 0; i < 5; i++) {
        inner[i] = entry->args[i];
    }
    fake_kernel.last_op = entry->op;
    entry->result = (xen_ulong_t)fake_kernel.hypercall(entry->op, inner);
    return 0;
}

int __wrap_ioctl(int fd, unsigned long number, ...)
{
    privcmd_hypercall_t *call;
    va_list args;
    uint64_t copy[5];
    void *arg;

    (void)fd;
    va_start(args, number);
    arg = va_arg(args, void *);
    va_end(args);
    fake_kernel.calls++;
    if (number != (unsigned long)IOCTL_PRIVCMD_HYPERCALL) {
        return as_ioctl(fake_kernel.request(number, arg));
    }
    call = arg;
    for (unsigned int i = 0; i < 5; i++) {
        copy[i] = call->arg[i];
    }
    return as_ioctl(hypercall(call->op, copy));
}

void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd,
                  off_t offset)
{
    void *p;

    (void)offset;
    if (fd < 0) {
        return __real_mmap(addr, length, prot, flags, fd, offset);
    }
    p = __real_mmap(addr, length, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED) {
        add_map(p, fd != buffer_fd);
    }
    return p;
}

int __wrap_munmap(void *addr, size_t length)
{
    remove_map(addr);
    return __real_munmap(addr, length);
}
