/* SPDX-License-Identifier: MIT */
/* Hot-plug scripts, called as libxl calls those of xen-utils-common. */
#ifndef XEN_LITE_XLITE_HOTPLUG_H
#define XEN_LITE_XLITE_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"

/*
 * Run @script for a device whose backend has its nodes below @path, when it
 * comes (@add) or goes. Returns 0, or what hotplug_message() explains.
 */
int hotplug_run(const char *script, enum device_kind kind, uint32_t domid,
                uint32_t devid, const char *path, bool add);

const char *hotplug_message(int rc);

#endif
