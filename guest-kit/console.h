/* SPDX-License-Identifier: MIT */
/* Text out: the hypervisor's console for dom0, the console ring for a domU. */
#ifndef GUEST_KIT_CONSOLE_H
#define GUEST_KIT_CONSOLE_H

#include <stddef.h>

#include "xen_abi.h"

/* Choose the way out that @si gives. Before this, nothing is printed. */
void console_init(const struct start_info *si);

/* Write @bytes of @text; may be called on any vCPU. */
void console_write(const char *text, size_t bytes);

/*
 * Print with %c %s %d %u %x, the l modifier, %p, field width, and flags
 * 0 and '-'. One call prints without interruption by another vCPU.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As print() into @to, cut at @bytes with a closing NUL; returns length. */
size_t format_text(char *to, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
