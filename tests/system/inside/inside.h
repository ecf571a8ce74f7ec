// SPDX-License-Identifier: MIT
/*
 * What the programs that run inside a Debian guest share: each checks one
 * thing that a processor owes its user, and says so in its last line,
 * `ok NAME (detail)` or `not ok NAME: why`.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 2, 3), noreturn)) static inline void
not_ok(const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("not ok %s: ", name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    exit(1);
}

#endif /* INSIDE_H */
