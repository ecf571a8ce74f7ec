/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions of the freestanding code. Those with C library
 * names keep their C11 contracts (7.24); on the host the C library supplies
 * them instead of lib/string.c. The string_* helpers are our own everywhere.
 */
#ifndef XEN_LITE_STRING_H
#define XEN_LITE_STRING_H

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
void *memchr(const void *in, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/*
 * Copy @from, cut to fit, into the @n bytes at @to, always ended by a NUL
 * (nothing is written when @n is 0).
 * Returns strlen(@from): a result >= @n says that it was cut.
 */
size_t string_copy(char *to, const char *from, size_t n);

/*
 * Read an unsigned number at @s: decimal, 0x hexadecimal or 0 octal when
 * @base is 0, else in @base (2 to 36). No sign and no leading space.
 * @end    where reading stopped; @s when there is no number; may be NULL
 * @value  the number; UINT64_MAX when it does not fit 64 bits
 * Returns 0, -XEN_EINVAL (no digits), -XEN_ERANGE (does not fit).
 */
int string_to_u64(const char *s, unsigned int base, const char **end,
                  uint64_t *value);

/* As string_to_u64(), base 0, then one of k, m, g, t (either case): 2^10... */
int string_to_bytes(const char *s, const char **end, uint64_t *value);

#endif
