/* SPDX-License-Identifier: MIT */
/*
 * Included before every file of the hypervisor: all symbols are linked into
 * one image, so that none needs the indirection of a shared library's.
 */
#ifndef XEN_LITE_HIDDEN_H
#define XEN_LITE_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif
