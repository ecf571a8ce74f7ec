// SPDX-License-Identifier: MIT
/* xlite unpause: let a paused guest go on. */
#include "xlite.h"

#include <errno.h>
#include <string.h>

int cmd_unpause(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info;
    int rc = one_domain(x, argc, argv, &info);

    if (rc != 0) {
        return rc;
    }
    if (!info.paused) {
        complain(x, "domain %u is not paused", info.domid);
        return EXIT_FAILED;
    }
    if (xc_domain_unpause(x->xch, info.domid) < 0) {
        complain(x, "cannot unpause domain %u: %s", info.domid,
                 strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
