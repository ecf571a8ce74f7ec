// SPDX-License-Identifier: MIT
/* What went wrong while building a guest. */
#include "builder/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int build_fail(struct build_error *e, enum build_failure failure,
               const char *format, ...)
{
    int saved = errno;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    e->failure = failure;
    errno = saved;
    return -1;
}
