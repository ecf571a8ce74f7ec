// SPDX-License-Identifier: MIT
/*
 * A script runs in a session of its own, and ends with it when it takes too
 * long. What it says goes to xen-hotplug.log, by the scripts' own doing.
 */
#include "hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xlite.h"

#define SCRIPT_SECONDS 60
#define POLL_US        10000
#define NOT_RUN        127 /* what shells say, too */
#define TOO_LONG       (-1)

static void set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0) {
        _exit(NOT_RUN);
    }
}

/* In the child: never returns. */
static void become(const struct hotplug *h)
{
    bool vif = h->kind == DEVICE_VIF;
    const char *action = h->add ? "add" : "remove";
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    (void)setsid();
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO) {
        (void)close(null);
    }
    set_variable("script", h->script);
    set_variable("XENBUS_TYPE", device_kind_name(h->kind));
    set_variable("XENBUS_PATH", h->path);
    set_variable("XENBUS_BASE_PATH", "backend");
    if (vif) {
        set_variable("vif", format_text("vif%u.%u", h->domid, h->devid));
        set_variable("netdev", h->netdev != NULL ? h->netdev : "");
        action = h->add ? "online" : "offline";
    }
    (void)execl(h->script, h->script, action, vif ? "type_if=vif" : NULL, NULL);
    _exit(NOT_RUN);
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* With SIGCHLD ignored, as some parents leave it, none could be waited for. */
pid_t hotplug_start(const struct hotplug *h)
{
    pid_t pid;

    (void)signal(SIGCHLD, SIG_DFL);
    (void)fflush(stdout);
    (void)fflush(stderr);
    pid = fork();
    if (pid == 0) {
        become(h);
    }
    return pid;
}

int hotplug_wait(pid_t pid)
{
    int status;

    if (pid < 0) {
        return NOT_RUN;
    }
    for (int i = 0; i < SCRIPT_SECONDS * (1000000 / POLL_US); i++) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status_of(status);
        }
        (void)usleep(POLL_US);
    }
    (void)kill(-pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return TOO_LONG;
}

const char *hotplug_message(int rc)
{
    switch (rc) {
    case NOT_RUN:
        return "cannot be run (Debian's scripts are in xen-utils-common)";
    case TOO_LONG:
        return "took longer than a minute";
    default:
        return "failed; see /var/log/xen/xen-hotplug.log";
    }
}
