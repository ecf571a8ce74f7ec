// SPDX-License-Identifier: MIT
/*
 * Ask a guest's kernel to stop. The kernel watches control/shutdown, clears
 * it when it has understood, and later calls SCHEDOP_shutdown.
 */
#include "request.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_TOKEN     "stop"
#define DEFAULT_SECONDS 60
#define CHECK_MS        500 /* in case an event is missed */

struct stop_options {
    bool wait;
    long seconds;
};

static int parse_options(struct xlite *x, int argc, char *argv[],
                         struct stop_options *o)
{
    int option;
    char *end;

    o->seconds = DEFAULT_SECONDS;
    while ((option = getopt(argc, argv, "+wt:h")) != -1) {
        switch (option) {
        case 'w':
            o->wait = true;
            break;
        case 't':
            o->seconds = strtol(optarg, &end, 10);
            if (*optarg == '\0' || *end != '\0' || o->seconds < 1 ||
                o->seconds > INT_MAX) {
                complain(x, "-t %s: must be a number of seconds", optarg);
                return EXIT_USAGE;
            }
            break;
        default:
            return usage(x);
        }
    }
    return argc - optind == 1 ? 0 : usage(x);
}

/* A guest that does not listen would leave the person waiting. */
static void warn_if_deaf(struct xlite *x, uint32_t domid, const char *request)
{
    char *leaf = format_text("control/feature-%s", request);
    char *value = read_domain_node(x, domid, leaf);

    if (value == NULL || strcmp(value, "1") != 0) {
        complain(x,
                 "warning: the guest has not said that it listens (%s is not "
                 "1); it may still be booting",
                 leaf);
    }
    free(value);
    free(leaf);
}

static int write_request(struct xlite *x, uint32_t domid, const char *request)
{
    char *path = format_text("/local/domain/%u/control/shutdown", domid);
    bool ok = xs_write(x->xsh, XBT_NULL, path, request,
                       (unsigned int)strlen(request));

    free(path);
    if (!ok) {
        complain(x, "cannot write the request for domain %u: %s", domid,
                 strerror(errno));
        return EXIT_FAILED;
    }
    return 0;
}

static bool has_stopped(struct xlite *x, uint32_t domid)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(x->xch, domid, 1, &info) != 1 ||
        info.domid != domid) {
        return true;
    }
    return info.shutdown || info.crashed || info.dying;
}

static int wait_stopped(struct xlite *x, uint32_t domid, long seconds)
{
    time_t end = time(NULL) + seconds;

    (void)xs_watch(x->xsh, "@releaseDomain", WATCH_TOKEN);
    while (!has_stopped(x, domid)) {
        if (time(NULL) >= end) {
            complain(x,
                     "domain %u has not stopped after %ld seconds; 'xlite "
                     "destroy %u' ends it at once",
                     domid, seconds, domid);
            return EXIT_TIMEOUT;
        }
        wait_store(x, CHECK_MS);
    }
    return EXIT_DONE;
}

int request_stop(struct xlite *x, int argc, char *argv[], const char *request)
{
    struct stop_options o = {0};
    xc_dominfo_t info;
    int rc = parse_options(x, argc, argv, &o);

    if (rc == 0) {
        rc = find_domain(x, argv[optind], &info);
    }
    if (rc == 0) {
        rc = need_store(x);
    }
    if (rc != 0) {
        return rc;
    }
    if (info.domid == 0) {
        complain(x, "domain 0 runs this command; use 'poweroff' or 'reboot'");
        return EXIT_FAILED;
    }
    if (info.paused) {
        complain(x,
                 "warning: domain %u is paused, and will not see this "
                 "before 'xlite unpause'",
                 info.domid);
    }
    warn_if_deaf(x, info.domid, request);
    rc = write_request(x, info.domid, request);
    if (rc == 0 && o.wait) {
        rc = wait_stopped(x, info.domid, o.seconds);
    }
    return rc;
}
