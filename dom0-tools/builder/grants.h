/* SPDX-License-Identifier: MIT */
/* The two grants every guest starts with: console and xenstore. */
#ifndef XEN_LITE_BUILDER_GRANTS_H
#define XEN_LITE_BUILDER_GRANTS_H

#include <xenctrl.h>

#include "builder/error.h"

/*
 * Grant @console_mfn (entry 0) and @xenstore_mfn (entry 1) of @domid to the
 * domains that serve them. Returns 0, or -1 with @e.
 */
int grants_seed(xc_interface *xch, uint32_t domid, xen_pfn_t console_mfn,
                domid_t console_domid, xen_pfn_t xenstore_mfn,
                domid_t xenstore_domid, struct build_error *e);

#endif
