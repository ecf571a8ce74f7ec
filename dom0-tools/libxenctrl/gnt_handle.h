/* SPDX-License-Identifier: MIT */
/* The handle that <xengnttab.h> uses for both mapping and sharing. */
#ifndef XEN_LITE_GNT_HANDLE_H
#define XEN_LITE_GNT_HANDLE_H

#include <xentoollog.h>

struct xengntdev_handle {
    xentoollog_logger *logger;
    int fd;
};

/* Open @path (gntdev or gntalloc). Returns NULL with errno on failure. */
struct xengntdev_handle *gnt_open(xentoollog_logger *logger, const char *path,
                                  unsigned int open_flags);
int gnt_close(struct xengntdev_handle *handle);

#endif
