/* SPDX-License-Identifier: MIT */
/*
 * Static asserts on the Xen ABI headers: a libxen-dev whose layouts or
 * numbers differ from those the code was written for fails the build here.
 */
#ifndef XEN_LITE_ABI_H
#define XEN_LITE_ABI_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#define NUMBER(name, value) _Static_assert((name) == (value), #name)
#define SIZE(type, bytes) \
    _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define OFFSET(type, member, bytes) \
    _Static_assert(offsetof(type, member) == (bytes), \
                   "offset of " #member " in " #type)

#endif
