// SPDX-License-Identifier: MIT
/* xlite pause: stop a guest's vCPUs until 'xlite unpause'. */
#include "xlite.h"

#include <errno.h>
#include <string.h>

int cmd_pause(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info;
    int rc = one_domain(x, argc, argv, &info);

    if (rc != 0) {
        return rc;
    }
    if (info.domid == 0) {
        complain(x, "domain 0 runs this command; it cannot be paused");
        return EXIT_FAILED;
    }
    if (info.paused) {
        complain(x, "domain %u is paused already", info.domid);
        return EXIT_FAILED;
    }
    if (xc_domain_pause(x->xch, info.domid) < 0) {
        complain(x, "cannot pause domain %u: %s", info.domid, strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
