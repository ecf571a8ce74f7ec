/* SPDX-License-Identifier: MIT */
/* The Xen ABI headers that guests use, in an order in which they compile. */
#ifndef GUEST_KIT_XEN_ABI_H
#define GUEST_KIT_XEN_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#endif
