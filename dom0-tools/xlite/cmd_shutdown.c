// SPDX-License-Identifier: MIT
/* xlite shutdown: ask a guest to power off. */
#include "request.h"

int cmd_shutdown(struct xlite *x, int argc, char *argv[])
{
    return request_stop(x, argc, argv, "poweroff");
}
