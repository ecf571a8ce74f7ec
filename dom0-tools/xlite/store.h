/* SPDX-License-Identifier: MIT */
/*
 * A guest's entries in xenstore, laid out as libxl does, so that the stock
 * xenstored, xenconsoled and xl know it.
 */
#ifndef XEN_LITE_XLITE_STORE_H
#define XEN_LITE_XLITE_STORE_H

#include "config.h"
#include "device.h"
#include "xlite.h"

struct store_guest {
    uint32_t domid;
    const struct guest_config *config;
    xen_pfn_t xenstore_mfn;
    evtchn_port_t xenstore_port;
    xen_pfn_t console_mfn;
    evtchn_port_t console_port;
};

/*
 * Write the guest's entries and introduce it to xenstored. Returns 0, or -1
 * with errno; what was written stays until store_remove().
 */
int store_add(struct xs_handle *xsh, const struct store_guest *g);

/*
 * Remove every entry of @domid; missing ones are fine. What is kept by uuid
 * goes only if @domid's own entries were still there: a guest that was started
 * again has the same.
 */
void store_remove(struct xs_handle *xsh, uint32_t domid);

/*
 * Where the nodes of a device are: the guest's side, dom0's, those that only
 * the tools see, and what dom0's kernel had to complain about. Freed.
 */
enum device_place { PLACE_FRONT, PLACE_BACK, PLACE_KEPT, PLACE_ERROR };
char *store_device_path(uint32_t domid, enum device_kind kind, uint32_t devid,
                        enum device_place place);

/*
 * Write the nodes of @d, which begins in state 1 on both sides. Returns 0, or
 * -1 with errno; EEXIST if @domid has a device of that number.
 */
int store_add_device(struct xs_handle *xsh, uint32_t domid,
                     const struct device *d);

/* Remove them, and directories that held nothing else. */
void store_remove_device(struct xs_handle *xsh, uint32_t domid,
                         enum device_kind kind, uint32_t devid);

#endif
