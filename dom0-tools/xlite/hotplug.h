/* SPDX-License-Identifier: MIT */
/* Hot-plug scripts, called as libxl calls those of xen-utils-common. */
#ifndef XEN_LITE_XLITE_HOTPLUG_H
#define XEN_LITE_XLITE_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "device.h"

struct hotplug {
    const char *script;
    enum device_kind kind;
    uint32_t domid;
    uint32_t devid;
    const char *path;   /* of the backend's nodes */
    const char *netdev; /* an interface's gatewaydev=, or NULL */
    bool add;           /* it comes, or goes */
};

/*
 * Begin to run a script; several may run at once. What it came to is
 * hotplug_wait()'s, which must follow: 0, or what hotplug_message() explains.
 */
pid_t hotplug_start(const struct hotplug *h);
int hotplug_wait(pid_t pid);

const char *hotplug_message(int rc);

#endif
