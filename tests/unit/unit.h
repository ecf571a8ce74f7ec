/* SPDX-License-Identifier: MIT */
/*
 * cmocka with the headers that it wants before its own.
 */
#ifndef XEN_LITE_UNIT_H
#define XEN_LITE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
