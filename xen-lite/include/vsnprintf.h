/* SPDX-License-Identifier: MIT */
/*
 * Formatted text into a bounded buffer; the base of printk().
 *
 * %[-][0][width][.precision][hh|h|l|ll|z|j|t] then one of d i u x X o p s c %.
 * Width and precision may be *. %p is 0x and 16 digits; %s of NULL is
 * "(null)". Anything else is copied to the output as it stands.
 */
#ifndef XEN_LITE_VSNPRINTF_H
#define XEN_LITE_VSNPRINTF_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Format into the @n bytes at @buf: cut to fit and always ended by a NUL
 * (nothing is written when @n is 0).
 * Returns the length of the whole text: a result >= @n says that it was cut.
 */
int xl_vsnprintf(char *buf, size_t n, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same with its arguments in line. */
int xl_snprintf(char *buf, size_t n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
