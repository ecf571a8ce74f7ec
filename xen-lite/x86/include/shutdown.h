/* SPDX-License-Identifier: MIT */
/* Preparing for machine_shutdown(), which must not fail when it comes. */
#ifndef XEN_LITE_SHUTDOWN_H
#define XEN_LITE_SHUTDOWN_H

/* Map what a reset needs. Once, at boot. */
void shutdown_prepare(void);

#endif
