/* SPDX-License-Identifier: MIT */
/*
 * The C library functions that the compiler calls by itself and our code
 * uses. Built with -fno-builtin: gcc would turn the loop of a memcpy() into a
 * call of memcpy(). The string instructions move eight bytes a step, for an
 * emulated CPU pays for each step; real ones run both forms at full width.
 * Not linked into the host tests under these names.
 */
#include "string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *di = to;
    const void *si = from;
    size_t words = n / 8;
    size_t bytes = n % 8;

    __asm__ volatile("rep movsq\n\t"
                     "mov %3, %2\n\t"
                     "rep movsb"
                     : "+D"(di), "+S"(si), "+c"(words)
                     : "r"(bytes)
                     : "memory");
    return to;
}

/* Descending copy with the direction flag, which is clear again after. */
static void copy_backward(char *to, const char *from, size_t n)
{
    char *di = to + n - 1;
    const char *si = from + n - 1;

    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(di), "+S"(si), "+c"(n)
                     :
                     : "memory", "cc");
}

void *memmove(void *to, const void *from, size_t n)
{
    if ((uintptr_t)to - (uintptr_t)from >= n) {
        return memcpy(to, from, n);
    }
    copy_backward(to, from, n);
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    uint64_t pattern = 0x0101010101010101 * (uint64_t)(unsigned char)byte;
    void *di = to;
    size_t words = n / 8;
    size_t bytes = n % 8;

    __asm__ volatile("rep stosq\n\t"
                     "mov %2, %1\n\t"
                     "rep stosb"
                     : "+D"(di), "+c"(words)
                     : "r"(bytes), "a"(pattern)
                     : "memory");
    return to;
}

void *memchr(const void *in, int byte, size_t n)
{
    const unsigned char *p = in;
    size_t i;

    for (i = 0; i < n; i++) {
        if (p[i] == (unsigned char)byte) {
            return (void *)(uintptr_t)(p + i);
        }
    }
    return NULL;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    size_t i;

    for (i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0') {
        n++;
    }
    return n;
}

size_t strlen(const char *s)
{
    return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
        if (a[i] == '\0') {
            return 0;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++) {
        if (*s == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)s;
}
