/* SPDX-License-Identifier: MIT */
/*
 * A guest's disks and network interfaces: xenstore nodes on both sides (Xen's
 * public/io/blkif.h and netif.h), dom0's backends, and hot-plug scripts.
 */
#ifndef XEN_LITE_XLITE_DEVICE_H
#define XEN_LITE_XLITE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xlite;
struct guest_config;

enum device_kind {
    DEVICE_VBD,
    DEVICE_VIF,
    DEVICE_KINDS,
};

/* Where a node is written. */
enum device_side {
    SIDE_BACK = 1,
    SIDE_FRONT = 2,
};

struct device_node {
    unsigned int sides;
    char *key;
    char *value;
};

#define DEVICE_NODES_MAX 20U

struct device {
    enum device_kind kind;
    uint32_t devid;
    bool devid_given;
    char *name;   /* for messages: "xvda", or an address */
    char *target; /* a file or device that must be there, or NULL */
    char *script; /* with its whole path */
    struct device_node nodes[DEVICE_NODES_MAX];
    unsigned int node_count;
};

/* "vbd" or "vif". */
const char *device_kind_name(enum device_kind kind);

/* Add a node; @value is the caller's no longer. */
void device_put(struct device *d, unsigned int sides, const char *key,
                char *value);
void device_free(struct device *d);

/* Script @name with its path, where Debian has them. */
char *device_script(const char *name);

/*
 * Read xl-disk-configuration(5) from @count strings, or one xl-network-
 * configuration(5), into @d. Returns 0, or -1 and a sentence in @message that
 * the caller frees; device_free() may run after both.
 */
int disk_parse(const char *const *specs, int count, struct device *d,
               char **message);
int vif_parse(const char *spec, struct device *d, char **message);

/* "xvda1", "sda", "d0p1", or a number, to the number. Returns 0 or -1. */
int disk_number(const char *name, uint32_t *devid);
bool mac_parse(const char *text, uint8_t mac[6]);

/* The file or device that backs it is there. Returns an exit code. */
int device_check(struct xlite *x, const struct device *d);

/*
 * Write its nodes, wait for the backend, run its script. Returns 0, or an exit
 * code after a message; then nothing of it remains.
 */
int device_attach(struct xlite *x, uint32_t domid, struct device *d);

/*
 * Ask the guest to let go, and remove it. Returns 0 or an exit code, after a
 * message: EXIT_TIMEOUT when the guest holds on.
 */
int device_detach(struct xlite *x, uint32_t domid, enum device_kind kind,
                  uint32_t devid);

/* Take all away from a guest that runs no more. */
void devices_end(struct xlite *x, uint32_t domid);

/*
 * All devices that @domid has, as they can be attached again. Returns the
 * count; the caller frees each, and @devices.
 */
unsigned int devices_read(struct xlite *x, uint32_t domid,
                          struct device **devices);

/*
 * The numbers of the devices of @kind that @domid has, in order.
 * Returns the count; the caller frees @devids.
 */
unsigned int device_list(struct xlite *x, uint32_t domid, enum device_kind kind,
                         uint32_t **devids);

/* One node of a device's backend or frontend, or NULL; freed. */
char *device_read(struct xlite *x, uint32_t domid, enum device_kind kind,
                  uint32_t devid, enum device_side side, const char *key);

#endif
