// SPDX-License-Identifier: MIT
/*
 * Handles, messages, and how domains are found by name or number.
 */
#include "xlite.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore_lib.h>

#define MAX_DOMAINS 1024

/* The library's own messages would only repeat ours. */
static void quiet_message(struct xentoollog_logger *logger,
                          xentoollog_level level, int errnoval,
                          const char *context, const char *format, va_list al)
{
    (void)logger;
    (void)level;
    (void)errnoval;
    (void)context;
    (void)format;
    (void)al;
}

static void quiet_progress(struct xentoollog_logger *logger,
                           const char *context, const char *doing_what,
                           int percent, unsigned long done, unsigned long total)
{
    (void)logger;
    (void)context;
    (void)doing_what;
    (void)percent;
    (void)done;
    (void)total;
}

static void quiet_destroy(struct xentoollog_logger *logger)
{
    (void)logger;
}

static struct xentoollog_logger quiet_logger = {
    .vmessage = quiet_message,
    .progress = quiet_progress,
    .destroy = quiet_destroy,
};

void complain(const struct xlite *x, const char *format, ...)
{
    va_list args;

    (void)fflush(stdout);
    (void)fprintf(stderr, "xlite %s: ", x->command);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

static void print_usage(const struct xlite *x, FILE *out)
{
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(c->name, x->command) == 0) {
            (void)fprintf(out, "usage: xlite %s %s\n  %s\n", c->name,
                          c->arguments, c->help);
        }
    }
}

int usage(const struct xlite *x)
{
    print_usage(x, stderr);
    return EXIT_USAGE;
}

int common_options(struct xlite *x, int argc, char *argv[], bool json_allowed)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        if (option == 'h') {
            print_usage(x, stdout);
            exit(EXIT_DONE);
        }
        if (option != 'j' || !json_allowed) {
            (void)usage(x);
            return -1;
        }
        x->json = true;
    }
    return optind;
}

int need_hypervisor(struct xlite *x)
{
    xc_dominfo_t first;

    if (x->xch != NULL) {
        return 0;
    }
    x->xch = xc_interface_open(&quiet_logger, &quiet_logger, 0);
    if (x->xch == NULL) {
        complain(x,
                 "cannot reach the hypervisor: /dev/xen/privcmd: %s. Run this "
                 "as root in dom0, with the xen-privcmd module loaded",
                 strerror(errno));
        return EXIT_NOT_DOM0;
    }
    if (xc_domain_getinfo(x->xch, 0, 1, &first) < 0) {
        complain(x,
                 "the hypervisor refuses: %s. Run this in dom0, on xen-lite "
                 "or Xen 4.17",
                 strerror(errno));
        return EXIT_NOT_DOM0;
    }
    return 0;
}

static bool socket_answers(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers;

    if (fd < 0) {
        return false;
    }
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                   xs_daemon_socket());
    answers = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return answers;
}

/* xenstored may also live in a domain of its own. */
static bool store_domain_exists(struct xlite *x)
{
    xc_dominfo_t *list;
    bool found = false;
    int count;

    if (x->xch == NULL) {
        return false;
    }
    count = all_domains(x, &list);
    for (int i = 0; i < count && !found; i++) {
        found = list[i].xenstore && !list[i].dying;
    }
    if (count >= 0) {
        free(list);
    }
    return found;
}

/*
 * libxenstore falls back to the kernel's own device, where a request waits for
 * ever if no xenstored is there to answer: so see first whether one is.
 */
void try_store(struct xlite *x)
{
    if (x->xsh == NULL && (socket_answers() || store_domain_exists(x))) {
        x->xsh = xs_open(0);
    }
}

int need_store(struct xlite *x)
{
    try_store(x);
    if (x->xsh == NULL) {
        complain(x, "xenstored does not answer: is it running? Start it (for "
                    "example 'service xen start') and try again");
        return EXIT_NO_STORE;
    }
    return 0;
}

void wait_store(struct xlite *x, int ms)
{
    struct pollfd fd = {
        .fd = x->xsh != NULL ? xs_fileno(x->xsh) : -1,
        .events = POLLIN,
    };
    unsigned int count;

    if (poll(&fd, 1, ms) > 0) {
        free(xs_read_watch(x->xsh, &count));
    }
}

char *read_domain_node(struct xlite *x, uint32_t domid, const char *leaf)
{
    unsigned int length = 0;
    char *path;
    char *value;

    if (x->xsh == NULL) {
        return NULL;
    }
    path = format_text("/local/domain/%u/%s", domid, leaf);
    value = xs_read(x->xsh, XBT_NULL, path, &length);
    free(path);
    return value;
}

char *domain_name(struct xlite *x, uint32_t domid)
{
    char *name = read_domain_node(x, domid, "name");

    if (name == NULL && domid == 0) {
        return format_text("Domain-0");
    }
    return name != NULL ? name : format_text("(null)");
}

int all_domains(struct xlite *x, xc_dominfo_t **list)
{
    xc_dominfo_t *found = get_memory(MAX_DOMAINS, sizeof(*found));
    int count = xc_domain_getinfo(x->xch, 0, MAX_DOMAINS, found);

    if (count < 0) {
        complain(x, "cannot list domains: %s", strerror(errno));
        free(found);
        return -1;
    }
    *list = found;
    return count;
}

int show_domains(struct xlite *x, int argc, char *argv[],
                 void (*print)(struct xlite *x, const xc_dominfo_t *list,
                               int count))
{
    int first = common_options(x, argc, argv, true);
    xc_dominfo_t *list;
    xc_dominfo_t one;
    int count;
    int rc;

    if (first < 0 || argc - first > 1) {
        return first < 0 ? EXIT_USAGE : usage(x);
    }
    if (argc - first == 1) {
        rc = find_domain(x, argv[first], &one);
        if (rc == 0) {
            print(x, &one, 1);
        }
        return rc;
    }
    rc = need_hypervisor(x);
    if (rc != 0) {
        return rc;
    }
    try_store(x);
    if (x->xsh == NULL) {
        complain(x, "warning: xenstored does not answer; names are unknown");
    }
    count = all_domains(x, &list);
    if (count < 0) {
        return EXIT_FAILED;
    }
    print(x, list, count);
    free(list);
    return EXIT_DONE;
}

int domid_by_name(struct xlite *x, const char *name)
{
    xc_dominfo_t *list;
    int count = all_domains(x, &list);
    int domid = -1;

    for (int i = 0; i < count && domid < 0; i++) {
        char *candidate = domain_name(x, list[i].domid);

        if (strcmp(candidate, name) == 0) {
            domid = (int)list[i].domid;
        }
        free(candidate);
    }
    if (count >= 0) {
        free(list);
    }
    return domid;
}

/* A string of digits is a number; names may hold anything else. */
static bool parse_domid(const char *text, uint32_t *domid)
{
    char *end;
    unsigned long value;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value >= DOMID_FIRST_RESERVED) {
        return false;
    }
    *domid = (uint32_t)value;
    return true;
}

int find_domain(struct xlite *x, const char *text, xc_dominfo_t *info)
{
    uint32_t wanted;
    int rc = need_hypervisor(x);
    int domid;

    if (rc != 0) {
        return rc;
    }
    try_store(x);
    domid = parse_domid(text, &wanted) ? (int)wanted : domid_by_name(x, text);
    if (domid >= 0 &&
        xc_domain_getinfo(x->xch, (uint32_t)domid, 1, info) == 1 &&
        info->domid == (uint32_t)domid) {
        return 0;
    }
    if (x->xsh == NULL) {
        complain(x,
                 "no domain '%s' (xenstored does not answer, so names are "
                 "unknown: try a number)",
                 text);
        return EXIT_NO_DOMAIN;
    }
    complain(x, "no domain '%s'; 'xlite list' shows those that exist", text);
    return EXIT_NO_DOMAIN;
}

int one_domain(struct xlite *x, int argc, char *argv[], xc_dominfo_t *info)
{
    int first = common_options(x, argc, argv, false);

    if (first < 0 || argc - first != 1) {
        return first < 0 ? EXIT_USAGE : usage(x);
    }
    return find_domain(x, argv[first], info);
}

const char *state_letters(const xc_dominfo_t *info, char letters[7])
{
    (void)memcpy(letters, "------", 7);
    if (info->running) {
        letters[0] = 'r';
    }
    if (info->blocked) {
        letters[1] = 'b';
    }
    if (info->paused) {
        letters[2] = 'p';
    }
    if (info->shutdown) {
        letters[3] = 's';
    }
    if (info->crashed) {
        letters[4] = 'c';
    }
    if (info->dying) {
        letters[5] = 'd';
    }
    return letters;
}
