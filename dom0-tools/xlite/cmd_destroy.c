// SPDX-License-Identifier: MIT
/* xlite destroy: end a guest at once. */
#include "xlite.h"

#include <errno.h>
#include <string.h>

#include "guest.h"

/* The guest runs no more; what its devices hold stays with dom0's drivers. */
static int ended_without_store(struct xlite *x, uint32_t domid)
{
    xc_dominfo_t info;
    bool held =
        xc_domain_getinfo(x->xch, domid, 1, &info) == 1 && info.domid == domid;

    complain(x, "domain %u has ended, but xenstored does not answer: %s", domid,
             held ? "dom0's drivers keep its devices and the memory behind "
                    "them until dom0 starts anew"
                  : "its entries stay in xenstore");
    return EXIT_NO_STORE;
}

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
    if (guest_end(x, info.domid) < 0) {
        complain(x, "cannot destroy domain %u: %s", info.domid,
                 strerror(errno));
        return EXIT_FAILED;
    }
    return x->xsh != NULL ? EXIT_DONE : ended_without_store(x, info.domid);
}
