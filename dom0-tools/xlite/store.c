// SPDX-License-Identifier: MIT
/*
 * xenstore entries of a guest. Paths and permissions follow libxl: the guest
 * reads its home, and writes only below the few nodes given to it
 * (docs/misc/xenstore-paths of Xen).
 */
#include "store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONSOLE_LIMIT "1048576" /* bytes xenconsoled buffers */

struct writer {
    struct xs_handle *xsh;
    xs_transaction_t t;
    uint32_t domid;
    struct xs_permissions perms[2];
    bool failed;
};

/* Only dom0 may touch it; @guest_perms is what the guest may do. */
static void set_perms(struct writer *w, unsigned int guest_perms)
{
    w->perms[0].id = 0;
    w->perms[0].perms = XS_PERM_NONE;
    w->perms[1].id = w->domid;
    w->perms[1].perms = guest_perms;
}

/* The guest owns it. */
static void set_owner_guest(struct writer *w)
{
    w->perms[0].id = w->domid;
    w->perms[0].perms = XS_PERM_NONE;
    w->perms[1].id = 0;
    w->perms[1].perms = XS_PERM_READ;
}

static void put(struct writer *w, const char *path, const char *value,
                unsigned int perm_count)
{
    if (w->failed) {
        return;
    }
    if (!xs_write(w->xsh, w->t, path, value, (unsigned int)strlen(value)) ||
        !xs_set_permissions(w->xsh, w->t, path, w->perms, perm_count)) {
        w->failed = true;
    }
}

static void put_format(struct writer *w, const char *directory,
                       const char *leaf, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Write @directory/@leaf, with the current permissions. */
static void put_format(struct writer *w, const char *directory,
                       const char *leaf, const char *format, ...)
{
    char *value;
    char *path =
        format_text("%s%s%s", directory, leaf[0] == '\0' ? "" : "/", leaf);
    va_list args;

    va_start(args, format);
    value = format_args(format, args);
    va_end(args);
    put(w, path, value, 2);
    free(value);
    free(path);
}

static void put_vm(struct writer *w, const struct guest_config *c,
                   const char *vm, const char *uuid)
{
    set_perms(w, XS_PERM_READ);
    put_format(w, vm, "", "%s", "");
    put_format(w, vm, "uuid", "%s", uuid);
    put_format(w, vm, "name", "%s", c->name);
    put_format(w, vm, "image/ostype", "linux");
    put_format(w, vm, "image/kernel", "%s", c->kernel);
    put_format(w, vm, "image/ramdisk", "%s",
               c->ramdisk != NULL ? c->ramdisk : "");
    put_format(w, vm, "image/cmdline", "%s", c->cmdline);
    put_format(w, vm, "start_time", "%lld", (long long)time(NULL));
}

static void put_home(struct writer *w, const struct guest_config *c,
                     const char *home, const char *vm)
{
    static const char *const read_only[] = {"cpu", "memory", "device",
                                            "control"};
    static const char *const owned[] = {"control/shutdown",
                                        "control/feature-poweroff",
                                        "control/feature-reboot",
                                        "control/feature-suspend",
                                        "control/sysrq",
                                        "device/suspend/event-channel",
                                        "data",
                                        "drivers",
                                        "feature",
                                        "attr",
                                        "error"};

    set_perms(w, XS_PERM_READ);
    put_format(w, home, "", "%s", "");
    put_format(w, home, "vm", "%s", vm);
    put_format(w, home, "name", "%s", c->name);
    put_format(w, home, "domid", "%u", w->domid);
    for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
        put_format(w, home, read_only[i], "%s", "");
    }
    put_format(w, home, "control/platform-feature-xs_reset_watches", "1");
    put_format(w, home, "control/platform-feature-multiprocessor-suspend", "1");
    put_format(w, home, "memory/static-max", "%llu",
               (unsigned long long)c->max_memory_mib * 1024);
    put_format(w, home, "memory/target", "%llu",
               (unsigned long long)c->memory_mib * 1024);
    put_format(w, home, "memory/videoram", "0");
    for (unsigned int i = 0; i < c->max_vcpus; i++) {
        char leaf[40];

        (void)snprintf(leaf, sizeof(leaf), "cpu/%u/availability", i);
        put_format(w, home, leaf, "%s", i < c->vcpus ? "online" : "offline");
    }
    set_owner_guest(w);
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        put_format(w, home, owned[i], "%s", "");
    }
}

static void put_rings(struct writer *w, const struct store_guest *g,
                      const char *home)
{
    set_perms(w, XS_PERM_READ);
    put_format(w, home, "store/ring-ref", "%lu",
               (unsigned long)g->xenstore_mfn);
    put_format(w, home, "store/port", "%u", g->xenstore_port);
}

/* xenconsoled waits for ring-ref and port: both come in this transaction. */
static void put_console(struct writer *w, const struct store_guest *g,
                        const char *home, const char *libxl)
{
    char *front = format_text("%s/console", home);
    char *back = format_text("/local/domain/0/backend/console/%u/0", g->domid);
    char *kept = format_text("%s/device/console/0", libxl);

    set_perms(w, XS_PERM_READ);
    put_format(w, back, "frontend", "%s", front);
    put_format(w, back, "frontend-id", "%u", g->domid);
    put_format(w, back, "online", "1");
    put_format(w, back, "state", "1");
    put_format(w, back, "protocol", "vt100");
    put_format(w, front, "", "%s", "");
    put_format(w, front, "backend", "%s", back);
    put_format(w, front, "backend-id", "0");
    put_format(w, front, "limit", CONSOLE_LIMIT);
    put_format(w, front, "type", "xenconsoled");
    put_format(w, front, "output", "pty");
    put_format(w, front, "tty", "%s", "");
    put_format(w, front, "port", "%u", g->console_port);
    put_format(w, front, "ring-ref", "%lu", (unsigned long)g->console_mfn);
    set_perms(w, XS_PERM_NONE);
    put_format(w, kept, "frontend", "%s", front);
    put_format(w, kept, "backend", "%s", back);
    put_format(w, kept, "frontend-id", "%u", g->domid);
    put_format(w, kept, "online", "1");
    put_format(w, kept, "state", "1");
    put_format(w, kept, "protocol", "vt100");
    put_format(w, libxl, "type", "pv");
    free(front);
    free(back);
    free(kept);
}

static void put_guest(struct writer *w, const void *what)
{
    const struct store_guest *g = what;
    char *home = format_text("/local/domain/%u", g->domid);
    char *libxl = format_text("/libxl/%u", g->domid);
    char uuid[37];
    char *vm;

    format_uuid(g->config->uuid, uuid);
    vm = format_text("/vm/%s", uuid);
    put_vm(w, g->config, vm, uuid);
    put_home(w, g->config, home, vm);
    put_rings(w, g, home);
    put_console(w, g, home, libxl);
    free(vm);
    free(libxl);
    free(home);
}

/*
 * What one transaction writes; one that met another's writes is begun again.
 * Returns 0, or -1 with errno.
 */
static int write_all(struct xs_handle *xsh, uint32_t domid,
                     void (*write)(struct writer *w, const void *what),
                     const void *what)
{
    struct writer w;
    int error;
    int rc;

    do {
        memset(&w, 0, sizeof(w));
        w.xsh = xsh;
        w.domid = domid;
        w.t = xs_transaction_start(xsh);
        if (w.t == XBT_NULL) {
            return -1;
        }
        write(&w, what);
        error = errno;
        rc = xs_transaction_end(xsh, w.t, w.failed) ? 0 : -1;
    } while (rc < 0 && !w.failed && errno == EAGAIN);
    if (w.failed) {
        errno = error;
        return -1;
    }
    return rc;
}

int store_add(struct xs_handle *xsh, const struct store_guest *g)
{
    if (write_all(xsh, g->domid, put_guest, g) < 0) {
        return -1;
    }
    return xs_introduce_domain(xsh, g->domid, g->xenstore_mfn, g->xenstore_port)
               ? 0
               : -1;
}

char *store_device_path(uint32_t domid, enum device_kind kind, uint32_t devid,
                        enum device_place place)
{
    const char *name = device_kind_name(kind);

    switch (place) {
    case PLACE_FRONT:
        return format_text("/local/domain/%u/device/%s/%u", domid, name, devid);
    case PLACE_BACK:
        return format_text("/local/domain/0/backend/%s/%u/%u", name, domid,
                           devid);
    case PLACE_ERROR:
        return format_text("/local/domain/0/error/backend/%s/%u/%u", name,
                           domid, devid);
    case PLACE_KEPT:
    default:
        return format_text("/libxl/%u/device/%s/%u", domid, name, devid);
    }
}

static void put_side(struct writer *w, const struct device *d,
                     const char *directory, unsigned int side)
{
    put_format(w, directory, "state", "1");
    if (d->kind == DEVICE_VIF) {
        put_format(w, directory, "handle", "%u", d->devid);
    }
    for (unsigned int i = 0; i < d->node_count; i++) {
        if ((d->nodes[i].sides & side) != 0) {
            put_format(w, directory, d->nodes[i].key, "%s", d->nodes[i].value);
        }
    }
}

static void put_back(struct writer *w, const struct device *d,
                     const char *directory, const char *front)
{
    put_format(w, directory, "", "%s", "");
    put_format(w, directory, "frontend", "%s", front);
    put_format(w, directory, "frontend-id", "%u", w->domid);
    put_format(w, directory, "online", "1");
    put_format(w, directory, "script", "%s", d->script);
    put_side(w, d, directory, SIDE_BACK);
}

static void put_device(struct writer *w, const void *what)
{
    const struct device *d = what;
    char *front = store_device_path(w->domid, d->kind, d->devid, PLACE_FRONT);
    char *back = store_device_path(w->domid, d->kind, d->devid, PLACE_BACK);
    char *kept = store_device_path(w->domid, d->kind, d->devid, PLACE_KEPT);
    unsigned int length;
    char *taken = xs_read(w->xsh, w->t, kept, &length);

    if (taken != NULL) {
        w->failed = true;
        errno = EEXIST;
        free(taken);
    }
    set_perms(w, XS_PERM_NONE);
    put_back(w, d, kept, front);
    put_format(w, kept, "backend", "%s", back);
    set_perms(w, XS_PERM_READ);
    put_back(w, d, back, front);
    set_owner_guest(w);
    put_format(w, front, "", "%s", "");
    put_format(w, front, "backend", "%s", back);
    put_format(w, front, "backend-id", "0");
    put_side(w, d, front, SIDE_FRONT);
    free(kept);
    free(back);
    free(front);
}

int store_add_device(struct xs_handle *xsh, uint32_t domid,
                     const struct device *d)
{
    return write_all(xsh, domid, put_device, d);
}

static void remove_path(struct xs_handle *xsh, char *path)
{
    (void)xs_rm(xsh, XBT_NULL, path);
    free(path);
}

/*
 * Directories that held only this guest go with it; in a transaction, which
 * fails if another guest's nodes come there meanwhile.
 */
static void remove_empty(struct xs_handle *xsh, const char *path)
{
    xs_transaction_t t = xs_transaction_start(xsh);
    unsigned int count = 0;
    char **list;
    bool empty;

    if (t == XBT_NULL) {
        return;
    }
    list = xs_directory(xsh, t, path, &count);
    empty = list != NULL && count == 0 && xs_rm(xsh, t, path);
    (void)xs_transaction_end(xsh, t, !empty);
    free(list);
}

void store_remove(struct xs_handle *xsh, uint32_t domid)
{
    char *link = format_text("/local/domain/%u/vm", domid);
    unsigned int length;
    char *vm = xs_read(xsh, XBT_NULL, link, &length);

    free(link);
    remove_path(xsh, format_text("/local/domain/%u", domid));
    remove_path(xsh, format_text("/local/domain/0/backend/console/%u", domid));
    remove_path(xsh, format_text("/libxl/%u", domid));
    if (vm != NULL && strncmp(vm, "/vm/", 4) == 0) {
        (void)xs_rm(xsh, XBT_NULL, vm);
    }
    free(vm);
    remove_empty(xsh, "/local/domain/0/backend/console");
    remove_empty(xsh, "/local/domain/0/backend");
}

void store_remove_device(struct xs_handle *xsh, uint32_t domid,
                         enum device_kind kind, uint32_t devid)
{
    for (int place = PLACE_FRONT; place <= PLACE_ERROR; place++) {
        char *path =
            store_device_path(domid, kind, devid, (enum device_place)place);

        (void)xs_rm(xsh, XBT_NULL, path);
        /* the directory of this kind, and for backends that of all guests */
        *strrchr(path, '/') = '\0';
        remove_empty(xsh, path);
        if (place == PLACE_BACK || place == PLACE_ERROR) {
            *strrchr(path, '/') = '\0';
            remove_empty(xsh, path);
        }
        free(path);
    }
}
