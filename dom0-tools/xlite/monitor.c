// SPDX-License-Identifier: MIT
/*
 * Behind each guest stays one small process. xenstored tells it through
 * @releaseDomain that some domain stopped; the hypervisor says which and why.
 * If xenstored goes away, the process asks the hypervisor now and then.
 */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "console.h"
#include "guest.h"

#define WATCH_TOKEN   "monitor"
#define CHECK_MS      10000 /* should xenstored say nothing */
#define LOG_DIRECTORY "/var/log/xen"
#define TOO_SOON      2 /* seconds: restarting faster helps nobody */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm when;
    va_list args;

    if (localtime_r(&now, &when) != NULL) {
        (void)strftime(stamp, sizeof(stamp), "%F %T", &when);
    }
    (void)fprintf(stderr, "%s ", stamp);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* stderr becomes the guest's log, if there is a place for logs. */
static void redirect_output(const char *name)
{
    char *path = format_text("%s/xlite-%s.log", LOG_DIRECTORY, name);
    int null = open("/dev/null", O_RDWR);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0640);

    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(log >= 0 ? log : null, STDERR_FILENO);
    if (null > STDERR_FILENO) {
        (void)close(null);
    }
    if (log > STDERR_FILENO) {
        (void)close(log);
    }
    free(path);
}

static void watch_store(struct xlite *x)
{
    if (x->xsh == NULL) {
        try_store(x);
        if (x->xsh != NULL) {
            (void)xs_watch(x->xsh, "@releaseDomain", WATCH_TOKEN);
        }
    }
}

enum fate { ALIVE, GONE, STOPPED };

static enum fate ask_fate(struct xlite *x, uint32_t domid,
                          const struct guest_config *c, xc_dominfo_t *info)
{
    if (xc_domain_getinfo(x->xch, domid, 1, info) != 1 ||
        info->domid != domid || info->dying ||
        memcmp(info->handle, c->uuid, sizeof(c->uuid)) != 0) {
        return GONE;
    }
    return info->shutdown || info->crashed ? STOPPED : ALIVE;
}

static enum death_action chosen_action(const struct guest_config *c,
                                       const xc_dominfo_t *info)
{
    if (info->crashed) {
        return c->on_crash;
    }
    switch (info->shutdown_reason) {
    case SHUTDOWN_poweroff:
        return c->on_poweroff;
    case SHUTDOWN_reboot:
        return c->on_reboot;
    case SHUTDOWN_suspend:
        return ACTION_PRESERVE; /* whoever asked for it takes over */
    default:
        return c->on_crash;
    }
}

/* Returns 0 and the new @domid, or the reason not to go on. */
static int restart(struct xlite *x, struct guest_config *c, uint32_t *domid,
                   time_t started)
{
    int rc;

    if (time(NULL) - started < TOO_SOON) {
        say("stopped within %d seconds of its start: not started again",
            TOO_SOON);
        return EXIT_FAILED;
    }
    watch_store(x);
    rc = guest_start(x, c, false, domid);
    if (rc != 0) {
        return rc;
    }
    if (xc_domain_unpause(x->xch, *domid) < 0) {
        say("cannot start domain %u again: %s", *domid, strerror(errno));
        (void)guest_end(x, *domid);
        return EXIT_FAILED;
    }
    say("started again as domain %u", *domid);
    return 0;
}

/* The devices that it has now are those that it starts with again. */
static void note_devices(struct xlite *x, struct guest_config *c,
                         uint32_t domid)
{
    struct device *devices;
    unsigned int count;

    if (x->xsh != NULL) {
        count = devices_read(x, domid, &devices);
        config_set_devices(c, devices, count);
    }
}

static int act(struct xlite *x, struct guest_config *c, uint32_t *domid,
               const xc_dominfo_t *info, time_t *started)
{
    enum death_action action = chosen_action(c, info);
    int rc;

    say("domain %u stopped (%s, reason %u): %s", *domid,
        info->crashed ? "crashed" : "shut down", info->shutdown_reason,
        config_action_name(action));
    if (action == ACTION_PRESERVE) {
        return EXIT_DONE;
    }
    console_drain(x, *domid);
    if (action == ACTION_RESTART) {
        note_devices(x, c, *domid);
    }
    if (guest_end(x, *domid) < 0) {
        say("cannot remove domain %u: %s", *domid, strerror(errno));
        return EXIT_FAILED;
    }
    if (action == ACTION_DESTROY) {
        return EXIT_DONE;
    }
    rc = restart(x, c, domid, *started);
    *started = time(NULL);
    return rc == 0 ? -1 : rc;
}

int monitor_run(struct xlite *x, struct guest_config *c, uint32_t domid)
{
    time_t started = time(NULL);
    xc_dominfo_t info;
    int rc = -1;

    if (x->xsh != NULL) {
        (void)xs_watch(x->xsh, "@releaseDomain", WATCH_TOKEN);
    }
    while (rc < 0) {
        switch (ask_fate(x, domid, c, &info)) {
        case GONE:
            say("domain %u is gone", domid);
            return EXIT_DONE;
        case STOPPED:
            rc = act(x, c, &domid, &info, &started);
            break;
        case ALIVE:
        default:
            watch_store(x);
            wait_store(x, CHECK_MS);
            break;
        }
    }
    return rc;
}

/* The parent's connections are not ours: close them without a word. */
static void be_monitor(const struct xlite *parent, struct guest_config *c,
                       uint32_t domid)
{
    struct xlite x = {.command = parent->command};

    xs_daemon_destroy_postfork(parent->xsh);
    (void)xc_interface_close(parent->xch);
    /* nor is a lock that the caller holds, which would stay with the guest */
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)setsid();
    (void)chdir("/");
    redirect_output(c->name);
    if (need_hypervisor(&x) != 0) {
        _exit(EXIT_NOT_DOM0);
    }
    try_store(&x);
    say("watching domain %u, '%s'", domid, c->name);
    _exit(monitor_run(&x, c, domid));
}

int monitor_start(struct xlite *x, struct guest_config *c, uint32_t domid)
{
    pid_t pid;

    (void)fflush(stdout);
    (void)mkdir(LOG_DIRECTORY, 0755);
    pid = fork();
    if (pid < 0) {
        complain(x, "cannot start a monitor for domain %u: %s", domid,
                 strerror(errno));
        return EXIT_FAILED;
    }
    if (pid == 0) {
        be_monitor(x, c, domid);
    }
    return 0;
}
