// SPDX-License-Identifier: MIT
/*
 * Attach and detach: dom0's kernel sees the backend's nodes, makes the backend
 * and says InitWait; the hot-plug script then gives it its file, or puts the
 * interface on its bridge; the rest is between backend and frontend.
 */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xenbus.h>

#include "hotplug.h"
#include "store.h"
#include "xlite.h"

#define STATE_SECONDS 15
#define POLL_US       20000

static char *read_leaf(struct xlite *x, char *directory, const char *key)
{
    char *path = format_text("%s/%s", directory, key);
    unsigned int length;
    char *value = xs_read(x->xsh, XBT_NULL, path, &length);

    free(path);
    free(directory);
    return value;
}

char *device_read(struct xlite *x, uint32_t domid, enum device_kind kind,
                  uint32_t devid, enum device_side side, const char *key)
{
    return read_leaf(
        x,
        store_device_path(domid, kind, devid,
                          side == SIDE_BACK ? PLACE_BACK : PLACE_FRONT),
        key);
}

static int compare_devids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

unsigned int device_list(struct xlite *x, uint32_t domid, enum device_kind kind,
                         uint32_t **devids)
{
    char *path =
        format_text("/libxl/%u/device/%s", domid, device_kind_name(kind));
    unsigned int count = 0;
    char **names = xs_directory(x->xsh, XBT_NULL, path, &count);

    free(path);
    if (names == NULL) {
        count = 0;
    }
    *devids = get_memory(count + 1, sizeof(**devids));
    for (unsigned int i = 0; i < count; i++) {
        (*devids)[i] = (uint32_t)strtoul(names[i], NULL, 10);
    }
    free(names);
    qsort(*devids, count, sizeof(**devids), compare_devids);
    return count;
}

/* A device that a guest has, and the script that takes it away. */
struct owned {
    enum device_kind kind;
    uint32_t devid;
    char *script;
    pid_t pid;
};

/* All that @domid has. Returns the count; the caller frees @list. */
static unsigned int list_owned(struct xlite *x, uint32_t domid,
                               struct owned **list)
{
    uint32_t *devids[DEVICE_KINDS];
    unsigned int counts[DEVICE_KINDS];
    unsigned int all = 0;

    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        counts[kind] =
            device_list(x, domid, (enum device_kind)kind, &devids[kind]);
        all += counts[kind];
    }
    *list = get_memory(all + 1, sizeof(**list));
    all = 0;
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        for (unsigned int i = 0; i < counts[kind]; i++, all++) {
            (*list)[all].kind = (enum device_kind)kind;
            (*list)[all].devid = devids[kind][i];
        }
        free(devids[kind]);
    }
    return all;
}

static enum xenbus_state read_state(struct xlite *x, uint32_t domid,
                                    enum device_kind kind, uint32_t devid,
                                    enum device_side side)
{
    char *text = device_read(x, domid, kind, devid, side, "state");
    long state = text != NULL ? strtol(text, NULL, 10) : 0;

    free(text);
    return (enum xenbus_state)state;
}

static time_t seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* A backend that is gone has closed. */
static bool wait_backend(struct xlite *x, uint32_t domid, enum device_kind kind,
                         uint32_t devid, enum xenbus_state wanted, time_t end)
{
    for (;;) {
        enum xenbus_state state = read_state(x, domid, kind, devid, SIDE_BACK);

        if (state == wanted ||
            (wanted == XenbusStateClosed && state == XenbusStateUnknown)) {
            return true;
        }
        if (seconds_now() >= end) {
            return false;
        }
        (void)usleep(POLL_US);
    }
}

int device_check(struct xlite *x, const struct device *d)
{
    struct stat st;

    if (d->target == NULL) {
        return 0;
    }
    if (stat(d->target, &st) < 0) {
        complain(x, "%s: %s: %s", d->name, d->target, strerror(errno));
        return EXIT_CONFIG;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        complain(x, "%s: %s is neither an image nor a block device", d->name,
                 d->target);
        return EXIT_CONFIG;
    }
    return 0;
}

static pid_t start_script(struct xlite *x, uint32_t domid,
                          enum device_kind kind, uint32_t devid,
                          const char *script, bool add)
{
    char *path = store_device_path(domid, kind, devid, PLACE_BACK);
    char *netdev = device_read(x, domid, kind, devid, SIDE_BACK, "gatewaydev");
    struct hotplug h = {script, kind, domid, devid, path, netdev, add};
    pid_t pid = hotplug_start(&h);

    free(netdev);
    free(path);
    return pid;
}

/* The script says in hotplug-error what went wrong. */
static int run_script(struct xlite *x, uint32_t domid, const struct device *d)
{
    int rc = hotplug_wait(
        start_script(x, domid, d->kind, d->devid, d->script, true));
    char *error =
        device_read(x, domid, d->kind, d->devid, SIDE_BACK, "hotplug-error");

    if (rc != 0 || error != NULL) {
        complain(x, "%s: %s: %s", d->name, d->script,
                 error != NULL ? error : hotplug_message(rc));
        rc = EXIT_FAILED;
    }
    free(error);
    return rc;
}

/* Its frontend is gone, or is told to go: nobody is asked to wait for it. */
static void tell_closing(struct xlite *x, uint32_t domid, enum device_kind kind,
                         uint32_t devid)
{
    char *directory = store_device_path(domid, kind, devid, PLACE_BACK);
    char *online = format_text("%s/online", directory);
    char *state = format_text("%s/state", directory);
    enum xenbus_state now = read_state(x, domid, kind, devid, SIDE_BACK);

    /* Writing below what is gone would bring it back. */
    if (now != XenbusStateUnknown) {
        (void)xs_write(x->xsh, XBT_NULL, online, "0", 1);
    }
    if (now != XenbusStateUnknown && now != XenbusStateClosed) {
        (void)xs_write(x->xsh, XBT_NULL, state, "5", 1);
    }
    free(state);
    free(online);
    free(directory);
}

/* Its back end has closed; what its script does may go on beside others'. */
static void start_removal(struct xlite *x, uint32_t domid, struct owned *o)
{
    o->script = device_read(x, domid, o->kind, o->devid, SIDE_BACK, "script");
    if (o->script != NULL) {
        o->pid = start_script(x, domid, o->kind, o->devid, o->script, false);
    }
}

static void end_removal(struct xlite *x, uint32_t domid, struct owned *o,
                        bool warn)
{
    int rc = o->script != NULL ? hotplug_wait(o->pid) : 0;

    if (warn && rc != 0) {
        complain(x, "warning: %s for %s %u: %s", o->script,
                 device_kind_name(o->kind), o->devid, hotplug_message(rc));
    }
    store_remove_device(x->xsh, domid, o->kind, o->devid);
    free(o->script);
}

static void remove_device(struct xlite *x, uint32_t domid,
                          enum device_kind kind, uint32_t devid, bool warn)
{
    struct owned o = {.kind = kind, .devid = devid};

    start_removal(x, domid, &o);
    end_removal(x, domid, &o, warn);
}

/* Without its frontend a backend closes at once, and for good if it has been
 * told first; told after, it may have closed already, and never does again. */
static void force_closing(struct xlite *x, uint32_t domid,
                          enum device_kind kind, uint32_t devid)
{
    char *front = store_device_path(domid, kind, devid, PLACE_FRONT);

    tell_closing(x, domid, kind, devid);
    (void)xs_rm(x->xsh, XBT_NULL, front);
    free(front);
}

/* The lowest number that is free. */
static void choose_devid(struct xlite *x, uint32_t domid, struct device *d)
{
    uint32_t *taken;
    unsigned int count = device_list(x, domid, d->kind, &taken);

    for (unsigned int i = 0; i < count && !d->devid_given; i++) {
        d->devid += taken[i] == d->devid;
    }
    free(taken);
}

int device_attach(struct xlite *x, uint32_t domid, struct device *d)
{
    int rc;

    choose_devid(x, domid, d);
    if (store_add_device(x->xsh, domid, d) < 0) {
        complain(x, "%s: %s%s", d->name,
                 errno == EEXIST ? "the guest has it already"
                                 : "xenstored refuses its entries: ",
                 errno == EEXIST ? "" : strerror(errno));
        return EXIT_FAILED;
    }
    if (!wait_backend(x, domid, d->kind, d->devid, XenbusStateInitWait,
                      seconds_now() + STATE_SECONDS)) {
        complain(x,
                 "%s: dom0's backend does not answer; is the module xen-%s "
                 "loaded?",
                 d->name, d->kind == DEVICE_VBD ? "blkback" : "netback");
        rc = EXIT_FAILED;
    } else {
        rc = run_script(x, domid, d);
    }
    if (rc != 0) {
        force_closing(x, domid, d->kind, d->devid);
        (void)wait_backend(x, domid, d->kind, d->devid, XenbusStateClosed,
                           seconds_now() + STATE_SECONDS);
        remove_device(x, domid, d->kind, d->devid, false);
    }
    return rc;
}

int device_detach(struct xlite *x, uint32_t domid, enum device_kind kind,
                  uint32_t devid)
{
    switch (read_state(x, domid, kind, devid, SIDE_FRONT)) {
    case XenbusStateUnknown:
    case XenbusStateInitialising:
    case XenbusStateClosed:
        /* no driver in the guest has it, and none would answer */
        force_closing(x, domid, kind, devid);
        break;
    default:
        tell_closing(x, domid, kind, devid);
        break;
    }
    if (!wait_backend(x, domid, kind, devid, XenbusStateClosed,
                      seconds_now() + STATE_SECONDS)) {
        complain(x, "the guest still uses it (mounted?); detach it again when "
                    "it does not");
        return EXIT_TIMEOUT;
    }
    remove_device(x, domid, kind, devid, true);
    return 0;
}

/* All are told first, and close at the same time; so run their scripts. */
void devices_end(struct xlite *x, uint32_t domid)
{
    time_t end = seconds_now() + STATE_SECONDS;
    struct owned *list;
    unsigned int count = list_owned(x, domid, &list);

    for (unsigned int i = 0; i < count; i++) {
        force_closing(x, domid, list[i].kind, list[i].devid);
    }
    for (unsigned int i = 0; i < count; i++) {
        (void)wait_backend(x, domid, list[i].kind, list[i].devid,
                           XenbusStateClosed, end);
        start_removal(x, domid, &list[i]);
    }
    for (unsigned int i = 0; i < count; i++) {
        end_removal(x, domid, &list[i], true);
    }
    free(list);
}

/* What store_add_device() writes by itself. */
static bool is_stores_own(const char *key)
{
    static const char *const own[] = {"frontend", "frontend-id", "backend",
                                      "online",   "script",      "state",
                                      "handle"};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(key, own[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a guest is told of a device, too. */
static unsigned int sides_of(const char *key)
{
    return strcmp(key, "mac") == 0 || strcmp(key, "mtu") == 0 ||
                   strcmp(key, "device-type") == 0
               ? SIDE_BACK | SIDE_FRONT
               : SIDE_BACK;
}

/* From the copy that neither the guest nor a driver changes. */
static void read_nodes(struct xlite *x, const char *path, struct device *d)
{
    unsigned int count = 0;
    char **keys = xs_directory(x->xsh, XBT_NULL, path, &count);

    for (unsigned int i = 0; i < (keys != NULL ? count : 0); i++) {
        char *value = read_leaf(x, format_text("%s", path), keys[i]);

        if (value != NULL && !is_stores_own(keys[i])) {
            device_put(d, sides_of(keys[i]), keys[i], value);
        } else {
            free(value);
        }
    }
    free(keys);
}

/* False when some of it is gone. */
static bool read_device(struct xlite *x, uint32_t domid, enum device_kind kind,
                        uint32_t devid, struct device *d)
{
    bool disk = kind == DEVICE_VBD;
    char *path = store_device_path(domid, kind, devid, PLACE_KEPT);
    char *trusted = device_read(x, domid, kind, devid, SIDE_FRONT, "trusted");

    memset(d, 0, sizeof(*d));
    d->kind = kind;
    d->devid = devid;
    d->devid_given = true;
    d->name = read_leaf(x, format_text("%s", path), disk ? "dev" : "mac");
    d->script = read_leaf(x, format_text("%s", path), "script");
    read_nodes(x, path, d);
    if (disk) {
        device_put(d, SIDE_FRONT, "virtual-device", format_text("%u", devid));
    }
    device_put(d, SIDE_FRONT, "trusted",
               format_text(trusted != NULL && *trusted == '0' ? "0" : "1"));
    free(trusted);
    free(path);
    if (d->name != NULL && d->script != NULL) {
        return true;
    }
    device_free(d);
    return false;
}

unsigned int devices_read(struct xlite *x, uint32_t domid,
                          struct device **devices)
{
    struct owned *list;
    unsigned int all = list_owned(x, domid, &list);
    unsigned int whole = 0;

    *devices = get_memory(all + 1, sizeof(**devices));
    for (unsigned int i = 0; i < all; i++) {
        whole += read_device(x, domid, list[i].kind, list[i].devid,
                             &(*devices)[whole]);
    }
    free(list);
    return whole;
}
