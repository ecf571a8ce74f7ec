/* SPDX-License-Identifier: MIT */
/* Fill a fresh domain with a PV guest, ready to be unpaused. */
#ifndef XEN_LITE_BUILDER_BUILD_H
#define XEN_LITE_BUILDER_BUILD_H

#include <xenctrl.h>

#include "builder/kernel.h"
#include "builder/layout.h"

struct pv_guest {
    /* what the caller gives */
    xc_interface *xch;
    uint32_t domid;
    const struct kernel *kernel;
    struct bytes initrd; /* empty if none */
    const char *cmdline;
    uint64_t nr_pages;
    evtchn_port_t xenstore_port;
    evtchn_port_t console_port;
    domid_t xenstore_domid;
    domid_t console_domid;
    /* what pv_build() finds out */
    xen_pfn_t xenstore_mfn;
    xen_pfn_t console_mfn;
};

/* The layout that pv_build() will use; fails early where it would. */
int pv_layout(const struct pv_guest *g, struct layout *l,
              struct build_error *e);

/*
 * Give the domain its memory, load it, and set its first vCPU. The domain
 * exists, has its vCPUs and its maximum memory. Returns 0, or -1 with @e;
 * then the caller destroys the domain.
 */
int pv_build(struct pv_guest *g, struct build_error *e);

#endif
