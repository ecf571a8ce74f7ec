// SPDX-License-Identifier: MIT
/*
 * xlite block-attach, -detach, -list and network-attach, -detach, -list: the
 * devices of a guest that runs.
 */
#include "xlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device.h"
#include "json.h"

/* One column of a list: where its value is, and how it is called. */
struct column {
    enum device_side side;
    const char *key;
    const char *title;
    const char *json;
    int width;
};

#define COLUMNS 4

static const struct column columns[DEVICE_KINDS][COLUMNS] = {
    [DEVICE_VBD] = {{SIDE_BACK, "dev", "Device", "device", 8},
                    {SIDE_BACK, "mode", "Mode", "mode", 4},
                    {SIDE_BACK, "state", "State", "state", 5},
                    {SIDE_BACK, "params", "Target", "target", 0}},
    [DEVICE_VIF] = {{SIDE_BACK, "mac", "MAC", "mac", 17},
                    {SIDE_BACK, "bridge", "Bridge", "bridge", 10},
                    {SIDE_BACK, "state", "State", "state", 5},
                    {SIDE_BACK, "script", "Script", "script", 0}},
};

/* Options, then a guest that may have devices, with xenstore. */
static int find_guest(struct xlite *x, int argc, char *argv[], bool json,
                      int *first, xc_dominfo_t *info)
{
    int rc;

    *first = common_options(x, argc, argv, json);
    if (*first < 0) {
        return EXIT_USAGE;
    }
    if (*first >= argc) {
        return usage(x);
    }
    rc = find_domain(x, argv[*first], info);
    if (rc == 0) {
        rc = need_store(x);
    }
    if (rc == 0 && info->domid == 0) {
        complain(x, "domain 0 has devices of its own");
        rc = EXIT_FAILED;
    }
    ++*first;
    return rc;
}

static int attach(struct xlite *x, uint32_t domid, struct device *d, int parsed,
                  char *message)
{
    int rc = EXIT_CONFIG;

    if (parsed < 0) {
        complain(x, "%s", message);
    } else {
        rc = device_check(x, d);
        if (rc == 0) {
            rc = device_attach(x, domid, d);
        }
    }
    free(message);
    device_free(d);
    return rc;
}

int cmd_block_attach(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info = {0};
    struct device d;
    char *message = NULL;
    int first;
    int rc = find_guest(x, argc, argv, false, &first, &info);
    int parsed;

    if (rc != 0) {
        return rc;
    }
    if (first == argc) {
        return usage(x);
    }
    parsed = disk_parse((const char *const *)argv + first, argc - first, &d,
                        &message);
    return attach(x, info.domid, &d, parsed, message);
}

int cmd_network_attach(struct xlite *x, int argc, char *argv[])
{
    xc_dominfo_t info = {0};
    struct device d;
    char *message = NULL;
    char *spec;
    int first;
    int rc = find_guest(x, argc, argv, false, &first, &info);
    int parsed;

    if (rc != 0) {
        return rc;
    }
    spec = format_text("%s", "");
    for (int i = first; i < argc; i++) {
        char *longer = format_text("%s,%s", spec, argv[i]);

        free(spec);
        spec = longer;
    }
    parsed = vif_parse(spec, &d, &message);
    free(spec);
    return attach(x, info.domid, &d, parsed, message);
}

static bool is_listed(struct xlite *x, uint32_t domid, enum device_kind kind,
                      uint32_t devid)
{
    uint32_t *devids;
    unsigned int count = device_list(x, domid, kind, &devids);
    bool found = false;

    for (unsigned int i = 0; i < count; i++) {
        found = found || devids[i] == devid;
    }
    free(devids);
    return found;
}

/* An interface's number, or its address. */
static bool find_vif(struct xlite *x, uint32_t domid, const char *text,
                     uint32_t *devid)
{
    uint32_t *devids;
    unsigned int count;
    bool found = false;
    uint8_t mac[6];
    char *end;

    if (!mac_parse(text, mac)) {
        *devid = (uint32_t)strtoul(text, &end, 10);
        return *text != '\0' && *end == '\0' &&
               is_listed(x, domid, DEVICE_VIF, *devid);
    }
    count = device_list(x, domid, DEVICE_VIF, &devids);
    for (unsigned int i = 0; i < count && !found; i++) {
        char *own =
            device_read(x, domid, DEVICE_VIF, devids[i], SIDE_BACK, "mac");

        *devid = devids[i];
        found = own != NULL && strcasecmp(own, text) == 0;
        free(own);
    }
    free(devids);
    return found;
}

static int detach(struct xlite *x, int argc, char *argv[],
                  enum device_kind kind)
{
    xc_dominfo_t info = {0};
    uint32_t devid;
    bool found;
    int first;
    int rc = find_guest(x, argc, argv, false, &first, &info);

    if (rc != 0) {
        return rc;
    }
    if (argc - first != 1) {
        return usage(x);
    }
    found = kind == DEVICE_VIF ? find_vif(x, info.domid, argv[first], &devid)
                               : disk_number(argv[first], &devid) == 0 &&
                                     is_listed(x, info.domid, kind, devid);
    if (!found) {
        complain(x, "domain %u has no '%s'; '%s' shows what it has", info.domid,
                 argv[first],
                 kind == DEVICE_VIF ? "xlite network-list"
                                    : "xlite block-list");
        return EXIT_CONFIG;
    }
    return device_detach(x, info.domid, kind, devid);
}

int cmd_block_detach(struct xlite *x, int argc, char *argv[])
{
    return detach(x, argc, argv, DEVICE_VBD);
}

int cmd_network_detach(struct xlite *x, int argc, char *argv[])
{
    return detach(x, argc, argv, DEVICE_VIF);
}

static void print_device(struct xlite *x, uint32_t domid, enum device_kind kind,
                         uint32_t devid)
{
    if (x->json) {
        json_open(NULL, '{');
        json_number("devid", devid);
    } else {
        (void)printf("%-9u", devid);
    }
    for (int i = 0; i < COLUMNS; i++) {
        const struct column *c = &columns[kind][i];
        char *value = device_read(x, domid, kind, devid, c->side, c->key);

        if (x->json) {
            json_text(c->json, value != NULL ? value : "");
        } else {
            (void)printf(" %-*s", c->width, value != NULL ? value : "-");
        }
        free(value);
    }
    if (x->json) {
        json_close('}');
    } else {
        (void)putchar('\n');
    }
}

static int list(struct xlite *x, int argc, char *argv[], enum device_kind kind)
{
    xc_dominfo_t info = {0};
    uint32_t *devids;
    unsigned int count;
    int first;
    int rc = find_guest(x, argc, argv, true, &first, &info);

    if (rc != 0) {
        return rc;
    }
    if (first != argc) {
        return usage(x);
    }
    count = device_list(x, info.domid, kind, &devids);
    if (x->json) {
        json_open(NULL, '[');
    } else {
        (void)printf("%-9s", "Number");
        for (int i = 0; i < COLUMNS; i++) {
            (void)printf(" %-*s", columns[kind][i].width,
                         columns[kind][i].title);
        }
        (void)putchar('\n');
    }
    for (unsigned int i = 0; i < count; i++) {
        print_device(x, info.domid, kind, devids[i]);
    }
    if (x->json) {
        json_close(']');
    }
    free(devids);
    return EXIT_DONE;
}

int cmd_block_list(struct xlite *x, int argc, char *argv[])
{
    return list(x, argc, argv, DEVICE_VBD);
}

int cmd_network_list(struct xlite *x, int argc, char *argv[])
{
    return list(x, argc, argv, DEVICE_VIF);
}
