/* SPDX-License-Identifier: MIT */
/*
 * A xenstore client for a domU: one request at a time, over the ring of
 * <xen/io/xs_wire.h>. Paths are absolute, or relative to the domain's own.
 */
#ifndef GUEST_KIT_XENBUS_H
#define GUEST_KIT_XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connect to the ring that start_info names; false where there is none. */
bool xenbus_init(void);

/*
 * Value of @path into @to, with a closing NUL. Returns its length or a
 * negative XEN_E*: -XEN_ENOENT, -XEN_EACCES, -XEN_E2BIG (@bytes too few).
 */
long xenbus_read(const char *path, char *to, size_t bytes);

/* Names below @path, each ending in NUL; returns the bytes of all. */
long xenbus_directory(const char *path, char *to, size_t bytes);

/* 0 or a negative XEN_E*. */
long xenbus_write(const char *path, const char *value);
long xenbus_remove(const char *path);

#endif
