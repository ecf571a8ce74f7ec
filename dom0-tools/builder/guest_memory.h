/* SPDX-License-Identifier: MIT */
/* The frames of a guest under construction, and windows onto them. */
#ifndef XEN_LITE_BUILDER_GUEST_MEMORY_H
#define XEN_LITE_BUILDER_GUEST_MEMORY_H

#include <xenctrl.h>

#include "builder/bytes.h"
#include "builder/error.h"
#include "builder/layout.h"

struct guest_memory {
    xc_interface *xch;
    uint32_t domid;
    uint64_t nr_pages;
    xen_pfn_t *p2m; /* machine frame of each guest frame; owned */
};

/*
 * Give the domain @nr_pages frames. All zero is an empty guest_memory, so
 * that guest_memory_free() may run at any time.
 * Returns 0, or -1 with @e: BUILD_NO_MEMORY when the machine has too few.
 */
int guest_memory_populate(struct guest_memory *m, uint64_t nr_pages,
                          struct build_error *e);
void guest_memory_free(struct guest_memory *m);

/* A writable window of @count frames. Returns NULL with @e. */
void *guest_memory_map(const struct guest_memory *m, uint64_t pfn,
                       uint64_t count, struct build_error *e);
void guest_memory_unmap(const struct guest_memory *m, void *window,
                        uint64_t count);

/*
 * Copy @data to byte @offset of guest memory, and zero what remains of
 * @size bytes. Returns 0, or -1 with @e.
 */
int guest_memory_write(const struct guest_memory *m, uint64_t offset,
                       struct bytes data, uint64_t size, struct build_error *e);

#endif
