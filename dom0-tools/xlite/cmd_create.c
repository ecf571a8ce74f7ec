// SPDX-License-Identifier: MIT
/* xlite create: start a guest from an xl.cfg file. */
#include "xlite.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "console.h"
#include "guest.h"
#include "monitor.h"

#define CONFIG_BYTES_MAX (1U << 20)

struct create_options {
    bool console;    /* -c */
    bool paused;     /* -p */
    bool foreground; /* -F */
    bool no_monitor; /* -n */
};

static int parse_options(struct xlite *x, int argc, char *argv[],
                         struct create_options *o)
{
    int option;

    while ((option = getopt(argc, argv, "+cpFnh")) != -1) {
        switch (option) {
        case 'c':
            o->console = true;
            break;
        case 'p':
            o->paused = true;
            break;
        case 'F':
            o->foreground = true;
            break;
        case 'n':
            o->no_monitor = true;
            break;
        default:
            return usage(x);
        }
    }
    if (o->foreground && (o->console || o->no_monitor)) {
        complain(x, "-F goes with neither -c nor -n");
        return EXIT_USAGE;
    }
    return argc > optind ? 0 : usage(x);
}

/* The file, then each KEY=VALUE of the command line as one more line. */
static char *read_text(struct xlite *x, const char *path, char *const extra[])
{
    char *text = get_memory(1, CONFIG_BYTES_MAX);
    FILE *file = fopen(path, "re");
    size_t size = 0;

    if (file != NULL) {
        size = fread(text, 1, CONFIG_BYTES_MAX - 1, file);
    }
    if (file == NULL || ferror(file) != 0 || size == CONFIG_BYTES_MAX - 1) {
        complain(x, "configuration %s: %s", path,
                 errno != 0 ? strerror(errno) : "larger than 1 MiB");
        if (file != NULL) {
            (void)fclose(file);
        }
        free(text);
        return NULL;
    }
    (void)fclose(file);
    for (int i = 0; extra[i] != NULL; i++) {
        int room = (int)(CONFIG_BYTES_MAX - size);
        int added = snprintf(text + size, (size_t)room, "\n%s\n", extra[i]);

        size += (size_t)(added < room ? added : room - 1);
    }
    return text;
}

static int read_config(struct xlite *x, char *const arguments[],
                       struct guest_config *c)
{
    char *text = read_text(x, arguments[0], arguments + 1);
    char *message = NULL;

    if (text == NULL) {
        return EXIT_CONFIG;
    }
    if (config_parse(arguments[0], text, strlen(text), c, &message) < 0) {
        complain(x, "%s: %s", arguments[0], message);
        free(message);
        free(text);
        return EXIT_CONFIG;
    }
    free(text);
    return 0;
}

/* The console is open before the guest runs, so that nothing is missed. */
static int let_run(struct xlite *x, const struct guest_config *c,
                   const struct create_options *o, uint32_t domid)
{
    int fd = -1;

    if (o->console) {
        fd = console_open(x, domid);
    }
    if (!o->paused && xc_domain_unpause(x->xch, domid) < 0) {
        complain(x, "cannot start domain %u: %s", domid, strerror(errno));
        (void)guest_end(x, domid);
        return EXIT_FAILED;
    }
    (void)printf("domain %u: '%s' %s\n", domid, c->name,
                 o->paused ? "is built and paused" : "runs");
    (void)fflush(stdout);
    if (o->console) {
        return fd < 0 ? EXIT_FAILED : console_talk(x, fd);
    }
    return EXIT_DONE;
}

static int create(struct xlite *x, struct guest_config *c,
                  const struct create_options *o)
{
    uint32_t domid;
    int rc = guest_start(x, c, true, &domid);

    if (rc != 0) {
        return rc;
    }
    if (!o->foreground && !o->no_monitor) {
        rc = monitor_start(x, c, domid);
    }
    if (rc != 0) {
        (void)guest_end(x, domid);
        return rc;
    }
    rc = let_run(x, c, o, domid);
    if (rc == 0 && o->foreground) {
        rc = monitor_run(x, c, domid);
    }
    return rc;
}

int cmd_create(struct xlite *x, int argc, char *argv[])
{
    struct create_options o = {0};
    struct guest_config c;
    int rc = parse_options(x, argc, argv, &o);

    if (rc != 0) {
        return rc;
    }
    memset(&c, 0, sizeof(c));
    rc = read_config(x, argv + optind, &c);
    if (rc == 0) {
        rc = create(x, &c, &o);
    }
    config_free(&c);
    return rc;
}
