/* SPDX-License-Identifier: MIT */
/*
 * Included before every file of the hypervisor: all symbols are linked into
 * one image, so that none needs the indirection of a shared library's.
 */
#pragma GCC visibility push(hidden)
