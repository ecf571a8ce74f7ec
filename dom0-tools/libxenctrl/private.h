/* SPDX-License-Identifier: MIT */
/*
 * What the files of this library share: handles, hypercall buffers, and the
 * one place that turns a failed hypercall into -1 and errno.
 *
 * The library implements Debian's own <xenctrl.h>, <xencall.h>,
 * <xenforeignmemory.h>, <xenevtchn.h> and <xengnttab.h>. Functions return -1
 * with errno set on failure, unless those headers say otherwise.
 */
#ifndef XEN_LITE_LIBXENCTRL_PRIVATE_H
#define XEN_LITE_LIBXENCTRL_PRIVATE_H

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#define XC_WANT_COMPAT_EVTCHN_API
#define XC_WANT_COMPAT_GNTTAB_API

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <xenctrl.h>

#include <xencall.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#define BUFFER_CACHE_PAGES 4U

/* An open /dev/xen/privcmd, and the buffers that go with it. */
struct xencall_handle {
    xentoollog_logger *logger;
    int fd;        /* /dev/xen/privcmd */
    int buffer_fd; /* /dev/xen/hypercall, or -1 on an old kernel */
    unsigned int flags;
    pthread_mutex_t cache_lock; /* guards cache and cache_count */
    void *cache[BUFFER_CACHE_PAGES];
    unsigned int cache_count;
};

struct xc_interface_core {
    xentoollog_logger *logger;
    unsigned int flags;
    struct xencall_handle *xcall;
    struct xenforeignmemory_handle *fmem;
    xc_error last_error;
    char error_text[64]; /* for xc_strerror of an unknown number */
};

enum buf_direction {
    BUF_NONE = 0, /* allocated by the caller, never copied */
    BUF_IN = 1,   /* copied to the hypervisor */
    BUF_OUT = 2,  /* copied back on success or failure */
    BUF_BOTH = 3,
};

/*
 * A copy of the caller's memory that the hypervisor can always reach. All
 * zero is "nothing", so that buf_put() may run at any time.
 */
struct buf {
    void *p;
    void *user;
    size_t bytes;
    enum buf_direction direction;
};

/*
 * Make @b a hypercall buffer of @bytes for @user. A NULL @user or no bytes
 * give a NULL buffer, which the hypervisor reads as a NULL handle.
 * Returns 0, or -1 with errno ENOMEM.
 */
int buf_get(xc_interface *xch, struct buf *b, void *user, size_t bytes,
            enum buf_direction direction);

/* As buf_get() for memory that is only read. */
int buf_get_const(xc_interface *xch, struct buf *b, const void *user,
                  size_t bytes);

/* Copy back what buf_get() asked for, and free the buffer. Keeps errno. */
void buf_put(xc_interface *xch, struct buf *b);

/* Prepare a command with the interface version these headers speak. */
void domctl_init(struct xen_domctl *domctl, uint32_t cmd, uint32_t domid);
void sysctl_init(struct xen_sysctl *sysctl, uint32_t cmd);

/* Issue a command; the structure is copied in and out. */
int do_domctl(xc_interface *xch, struct xen_domctl *domctl);
int do_sysctl(xc_interface *xch, struct xen_sysctl *sysctl);
int do_platform_op(xc_interface *xch, struct xen_platform_op *op);
int do_physdev_op(xc_interface *xch, int cmd, void *arg, size_t bytes);
int do_evtchn_op(xc_interface *xch, int cmd, void *arg, size_t bytes);
int do_multicall_op(struct xencall_handle *xcall, unsigned int op,
                    const uint64_t args[], unsigned int arg_count,
                    long *result);

/* A domctl without arguments. */
int domctl_simple(xc_interface *xch, uint32_t cmd, uint32_t domid);

/* Bytes of a bitmap of @bits bits, as the xc_*map_alloc() functions count. */
size_t bitmap_bytes(int bits);

/* Tell the logger (or stderr), and remember for xc_get_last_error(). */
void report(xc_interface *xch, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void logger_message(xentoollog_logger *logger, int errnoval,
                    const char *context, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Open a device node close-on-exec. Returns the descriptor or -1. */
int open_device(const char *path);

#endif
