// SPDX-License-Identifier: MIT
/* xlite destroy: end a guest at once. */
#include "xlite.h"

#include <errno.h>
#include <string.h>

#include "guest.h"

int cmd_destroy(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info;
    int rc = one_domain(x, argc, argv, &info);

    if (rc != 0) {
        return rc;
    }
    if (info.domid == 0) {
        complain(x, "domain 0 runs this command; use 'poweroff' to end it");
        return EXIT_FAILED;
    }
    if (guest_end(x, info.domid, info.handle) < 0) {
        complain(x, "cannot destroy domain %u: %s", info.domid,
                 strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
