// SPDX-License-Identifier: MIT
/* xlite dmesg: the hypervisor's console ring. */
#include "xlite.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 16384

/* Read on from where the last call ended, until nothing is left. */
static int print_ring(struct xlite *x)
{
    char text[CHUNK_BYTES];
    uint32_t index = 0;
    unsigned int count;

    do {
        count = sizeof(text);
        if (xc_readconsolering(x->xch, text, &count, 0, 1, &index) < 0) {
            complain(x, "cannot read the console ring: %s", strerror(errno));
            return EXIT_FAILED;
        }
        (void)fwrite(text, 1, count, stdout);
    } while (count > 0);
    return EXIT_DONE;
}

static int clear_ring(struct xlite *x)
{
    char text[1];
    unsigned int count = sizeof(text);

    if (xc_readconsolering(x->xch, text, &count, 1, 0, NULL) < 0) {
        complain(x, "cannot clear the console ring: %s", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

int cmd_dmesg(struct xlite *x, int argc, char *argv[])
{
    bool clear = false;
    int option;
    int rc;

    while ((option = getopt(argc, argv, "+ch")) != -1) {
        if (option != 'c') {
            return usage(x);
        }
        clear = true;
    }
    if (optind != argc) {
        return usage(x);
    }
    rc = need_hypervisor(x);
    if (rc != 0) {
        return rc;
    }
    rc = print_ring(x);
    return rc == EXIT_DONE && clear ? clear_ring(x) : rc;
}
