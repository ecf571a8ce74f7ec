/* SPDX-License-Identifier: MIT */
/* What the host tests of dom0-tools include first. */
#ifndef XEN_LITE_TESTS_UNIT_TOOLS_H
#define XEN_LITE_TESTS_UNIT_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
