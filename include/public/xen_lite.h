/* SPDX-License-Identifier: MIT */
/*
 * What guests and tools may know of xen-lite beyond the Xen ABI, whose headers
 * are libxen-dev's <xen/...>: its limits.
 */
#ifndef XEN_LITE_H
#define XEN_LITE_H

/* Physical CPUs; more stay unused, with a message at boot. */
#define XEN_LITE_MAX_CPUS 256U
/* Virtual CPUs of one domain. */
#define XEN_LITE_MAX_VCPUS 128U
/* Machine memory used; what lies above is left out, with a message. */
#define XEN_LITE_MAX_MEMORY_BYTES (4UL << 40)
/* Event channels of a domain: by the 2-level ABI, by the FIFO ABI. */
#define XEN_LITE_EVENTS_2L   4096U
#define XEN_LITE_EVENTS_FIFO 131072U

#endif
