// SPDX-License-Identifier: MIT
/* xlite reboot: ask a guest to reboot; its monitor then starts it again. */
#include "request.h"

int cmd_reboot(struct xlite *x, int argc, char *argv[])
{
    return request_stop(x, argc, argv, "reboot");
}
