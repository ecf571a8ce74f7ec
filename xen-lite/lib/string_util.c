/* SPDX-License-Identifier: MIT */
/*
 * Bounded string copy and number parsing, for command lines and options.
 */
#include "string.h"

#include <xen/errno.h>

size_t string_copy(char *to, const char *from, size_t n)
{
    size_t len = strlen(from);
    size_t fit;

    if (n == 0) {
        return len;
    }
    fit = len < n ? len : n - 1;
    memcpy(to, from, fit);
    to[fit] = '\0';
    return len;
}

/* The value of a digit in any base up to 36, or 255 when it is none. */
static unsigned int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned int)(c - '0');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned int)(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'Z') {
        return (unsigned int)(c - 'A') + 10;
    }
    return 255;
}

/* Settle base 0 by the prefix, and step over "0x" when digits follow it. */
static unsigned int settle_base(const char **s, unsigned int base)
{
    const char *p = *s;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
        (base == 0 || base == 16) && digit_value(p[2]) < 16) {
        *s = p + 2;
        return 16;
    }
    if (base == 0) {
        return p[0] == '0' ? 8 : 10;
    }
    return base;
}

int string_to_u64(const char *s, unsigned int base, const char **end,
                  uint64_t *value)
{
    const char *p = s;
    uint64_t sum = 0;
    int rc = -XEN_EINVAL;

    base = settle_base(&p, base);
    for (; digit_value(*p) < base; p++) {
        if (rc == -XEN_ERANGE) {
            continue;
        }
        rc = 0;
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit_value(*p), &sum)) {
            rc = -XEN_ERANGE;
        }
    }
    *value = rc == -XEN_ERANGE ? UINT64_MAX : sum;
    if (end != NULL) {
        *end = p;
    }
    return rc;
}

/* How far a size suffix shifts its number; 0 when there is none. */
static unsigned int suffix_shift(char c)
{
    switch (c) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    case 't':
    case 'T':
        return 40;
    default:
        return 0;
    }
}

int string_to_bytes(const char *s, const char **end, uint64_t *value)
{
    const char *p;
    unsigned int shift;
    int rc;

    rc = string_to_u64(s, 0, &p, value);
    if (rc != -XEN_EINVAL) {
        shift = suffix_shift(*p);
        p += shift != 0;
        if (rc == 0 && *value > UINT64_MAX >> shift) {
            rc = -XEN_ERANGE;
        }
        *value = rc == 0 ? *value << shift : UINT64_MAX;
    }
    if (end != NULL) {
        *end = p;
    }
    return rc;
}
