/* SPDX-License-Identifier: MIT */
/* The process that stays behind a guest and acts when it stops. */
#ifndef XEN_LITE_XLITE_MONITOR_H
#define XEN_LITE_XLITE_MONITOR_H

#include "config.h"
#include "xlite.h"

/*
 * Start a background process that watches @domid: it removes a guest that
 * stopped, or starts it again, as its configuration says. The process ends
 * with the guest. Returns 0, or an exit code after a message.
 */
int monitor_start(struct xlite *x, struct guest_config *c, uint32_t domid);

/* The same in this process; returns when the guest is gone. */
int monitor_run(struct xlite *x, struct guest_config *c, uint32_t domid);

#endif
