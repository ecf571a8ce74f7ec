/* SPDX-License-Identifier: MIT */
/* The handle that <xengnttab.h> uses for both mapping and sharing. */
#ifndef XEN_LITE_GNT_HANDLE_H
#define XEN_LITE_GNT_HANDLE_H

#include <stdint.h>

#include <xentoollog.h>

struct xengntdev_handle {
    xentoollog_logger *logger;
    int fd;
};

/* Open @path (gntdev or gntalloc). Returns NULL with errno on failure. */
struct xengntdev_handle *gnt_open(xentoollog_logger *logger, const char *path,
                                  unsigned int open_flags);
int gnt_close(struct xengntdev_handle *handle);

/*
 * What to tell the peer when the mapping at @index goes: a byte of the page to
 * clear, if @offset is in it, and an event, if @port is one.
 */
int gnt_set_notify(struct xengntdev_handle *handle, uint64_t index,
                   uint32_t offset, uint32_t port);

#endif
