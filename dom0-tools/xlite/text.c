// SPDX-License-Identifier: MIT
/* Text and memory that always exist: running out of either ends xlite. */
#include "xlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *format_text(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int rc;

    va_start(args, format);
    rc = vasprintf(&text, format, args);
    va_end(args);
    if (rc < 0) {
        (void)fputs("xlite: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    return text;
}

void *get_memory(size_t count, size_t bytes)
{
    void *p = calloc(count, bytes);

    if (p == NULL) {
        (void)fputs("xlite: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    return p;
}

void format_uuid(const uint8_t uuid[16], char text[37])
{
    char *out = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        out += sprintf(out, "%02x", uuid[i]);
    }
}
