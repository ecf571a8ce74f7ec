// SPDX-License-Identifier: MIT
/* Text and memory that always exist: running out of either ends xlite. */
#include "xlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *format_args(const char *format, va_list args)
{
    char *text = NULL;

    if (vasprintf(&text, format, args) < 0) {
        (void)fputs("xlite: out of memory\n", stderr);
        exit(EXIT_FAILED);
    }
    return text;
}

char *format_text(const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    text = format_args(format, args);
    va_end(args);
    return text;
}

char *absolute_path(const char *path)
{
    char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *text = here == NULL ? format_text("%s", path)
                              : format_text("%s/%s", here, path);

    free(here);
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
