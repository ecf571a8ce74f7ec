// SPDX-License-Identifier: MIT
/* xlite console: attach to a guest's console. */
#include "console.h"

int cmd_console(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info;
    int rc = one_domain(x, argc, argv, &info);
    int fd;

    if (rc == 0) {
        rc = need_store(x);
    }
    if (rc != 0) {
        return rc;
    }
    if (info.domid == 0) {
        complain(x, "this is domain 0's own console");
        return EXIT_FAILED;
    }
    fd = console_open(x, info.domid);
    return fd < 0 ? EXIT_FAILED : console_talk(x, fd);
}
