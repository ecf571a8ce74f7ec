// SPDX-License-Identifier: MIT
/*
 * xl.cfg (xl.cfg(5)) to struct guest_config. libxlutil parses; this file says
 * what the keys mean and refuses what xlite cannot do, rather than ignore it.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

#include "xlite.h"

#define MEMORY_MAX_MIB      (4ULL << 20) /* 4 TiB */
#define VCPUS_MAX           128
#define EVENT_CHANNELS_MAX  131071
#define DEFAULT_EVENT_PORTS 1023
#define DEFAULT_MEMORY_MIB  128
#define CAP_MAX             12800 /* percent: VCPUS_MAX whole CPUs */
#define WEIGHT_MAX          65535

struct reading {
    XLU_Config *cfg;
    struct guest_config *c;
    char *message; /* the first complaint */
};

static void refuse(struct reading *r, char *message)
{
    if (r->message == NULL) {
        r->message = message;
    } else {
        free(message);
    }
}

/* The value of @key, or NULL; a list is none. */
static const char *get_value(struct reading *r, const char *key)
{
    const char *value;
    XLU_ConfigList *list;

    if (xlu_cfg_get_string(r->cfg, key, &value, 1) == 0) {
        return value;
    }
    if (xlu_cfg_get_list(r->cfg, key, &list, NULL, 1) == 0) {
        refuse(r, format_text("%s: must be one value, not a list", key));
    }
    return NULL;
}

static char *get_text(struct reading *r, const char *key)
{
    const char *value = get_value(r, key);

    return value != NULL ? format_text("%s", value) : NULL;
}

static char *get_path(struct reading *r, const char *key)
{
    const char *value = get_value(r, key);

    return value != NULL && value[0] != '\0' ? absolute_path(value) : NULL;
}

/* Quoted numbers count as numbers, as in xl. */
static long get_number(struct reading *r, const char *key, long fallback,
                       long min, long max)
{
    const char *text = get_value(r, key);
    char *end;
    long value;

    if (text == NULL) {
        return fallback;
    }
    value = strtol(text, &end, 0);
    if (*text == '\0' || *end != '\0' || value < min || value > max) {
        refuse(r, format_text("%s=%s: must be a number from %ld to %ld", key,
                              text, min, max));
        return fallback;
    }
    return value;
}

static bool key_present(struct reading *r, const char *key)
{
    const char *text;
    XLU_ConfigList *list;

    return xlu_cfg_get_string(r->cfg, key, &text, 1) == 0 ||
           xlu_cfg_get_list(r->cfg, key, &list, NULL, 1) == 0;
}

static const char *const action_names[] = {
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_PRESERVE] = "preserve",
};

const char *config_action_name(enum death_action action)
{
    return action_names[action];
}

static enum death_action get_action(struct reading *r, const char *key,
                                    enum death_action fallback)
{
    const char *text = get_value(r, key);

    if (text == NULL) {
        return fallback;
    }
    for (int i = ACTION_DESTROY; i <= ACTION_PRESERVE; i++) {
        if (strcmp(text, action_names[i]) == 0) {
            return (enum death_action)i;
        }
    }
    refuse(r, format_text("%s=\"%s\": must be destroy, restart or preserve",
                          key, text));
    return fallback;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        return (c | 0x20) - 'a' + 10;
    }
    return -1;
}

int config_parse_uuid(const char *text, uint8_t uuid[16])
{
    unsigned int digits = 0;

    memset(uuid, 0, 16);
    for (const char *p = text; *p != '\0'; p++) {
        int digit = hex_digit(*p);

        if (*p == '-') {
            continue;
        }
        if (digit < 0 || digits == 32) {
            return -1;
        }
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | digit);
        digits++;
    }
    return digits == 32 ? 0 : -1;
}

/* One item of a CPU list: "all", "3", "1-4", each perhaps after "^". */
static int apply_cpu_item(const char *item, int cpus, uint8_t *map)
{
    bool remove = item[0] == '^';
    const char *text = remove ? item + 1 : item;
    long first = 0;
    long last = cpus - 1L;
    char *end = NULL;

    if (strcmp(text, "all") != 0) {
        first = strtol(text, &end, 10);
        last = first;
        if (end == text) {
            return -1;
        }
        if (*end == '-') {
            text = end + 1;
            last = strtol(text, &end, 10);
        }
        if (end == text || *end != '\0') {
            return -1;
        }
    }
    if (first < 0 || last >= cpus || first > last) {
        return -1;
    }
    for (long i = first; i <= last; i++) {
        if (remove) {
            xc_cpumap_clearcpu((int)i, map);
        } else {
            xc_cpumap_setcpu((int)i, map);
        }
    }
    return 0;
}

int config_parse_cpus(const char *text, int cpus, uint8_t *map)
{
    char *copy = format_text("%s", text);
    char *save = NULL;
    int rc = -1;

    for (char *item = strtok_r(copy, ", ", &save); item != NULL;
         item = strtok_r(NULL, ", ", &save)) {
        rc = apply_cpu_item(item, cpus, map);
        if (rc < 0) {
            break;
        }
    }
    free(copy);
    return rc;
}

static void read_uuid(struct reading *r)
{
    char *text = get_text(r, "uuid");

    if (text == NULL) {
        return;
    }
    if (config_parse_uuid(text, r->c->uuid) < 0) {
        refuse(r, format_text("uuid=\"%s\": must be 32 hexadecimal digits, "
                              "as in 01234567-89ab-cdef-0123-456789abcdef",
                              text));
    }
    r->c->uuid_given = true;
    free(text);
}

/* xl's rule: cmdline as it stands, or root and extra put together. */
static void read_cmdline(struct reading *r)
{
    char *whole = get_text(r, "cmdline");
    char *root = get_text(r, "root");
    char *extra = get_text(r, "extra");

    if (whole != NULL) {
        r->c->cmdline = whole;
    } else {
        r->c->cmdline = format_text("%s%s%s%s", root != NULL ? "root=" : "",
                                    root != NULL ? root : "",
                                    root != NULL && extra != NULL ? " " : "",
                                    extra != NULL ? extra : "");
    }
    if (strlen(r->c->cmdline) >= 1024) {
        refuse(r, format_text("the kernel's command line has %zu characters; "
                              "at most 1023 fit",
                              strlen(r->c->cmdline)));
    }
    free(root);
    free(extra);
}

static void read_name(struct reading *r)
{
    struct guest_config *c = r->c;

    c->name = get_text(r, "name");
    if (c->name == NULL || c->name[0] == '\0') {
        refuse(r, format_text("no name: add a line such as name = \"guest\""));
        return;
    }
    if (strchr(c->name, '/') != NULL) {
        refuse(r, format_text("name=\"%s\": must not contain '/'", c->name));
    }
    if (strspn(c->name, "0123456789") == strlen(c->name)) {
        refuse(r, format_text("name=\"%s\": must not be a number, which would "
                              "be taken for a domain's id",
                              c->name));
    }
}

static void read_kernel(struct reading *r)
{
    struct guest_config *c = r->c;

    c->kernel = get_path(r, "kernel");
    c->ramdisk = get_path(r, "ramdisk");
    if (c->kernel == NULL) {
        refuse(r, format_text("no kernel: add a line such as kernel = "
                              "\"/boot/vmlinuz\""));
    }
}

static void read_resources(struct reading *r)
{
    struct guest_config *c = r->c;
    long memory =
        get_number(r, "memory", DEFAULT_MEMORY_MIB, 1, (long)MEMORY_MAX_MIB);
    long most = get_number(r, "maxmem", memory, 1, (long)MEMORY_MAX_MIB);
    long vcpus = get_number(r, "vcpus", 1, 1, VCPUS_MAX);
    long max_vcpus = get_number(r, "maxvcpus", vcpus, 1, VCPUS_MAX);

    if (most < memory) {
        refuse(r,
               format_text("maxmem=%ld is less than memory=%ld", most, memory));
    }
    if (max_vcpus < vcpus) {
        refuse(r, format_text("maxvcpus=%ld is less than vcpus=%ld", max_vcpus,
                              vcpus));
    }
    c->memory_mib = (uint64_t)memory;
    c->max_memory_mib = (uint64_t)most;
    c->vcpus = (unsigned int)vcpus;
    c->max_vcpus = (unsigned int)max_vcpus;
    c->weight = (unsigned int)get_number(r, "cpu_weight", 0, 1, WEIGHT_MAX);
    c->cap_given = key_present(r, "cap");
    c->cap = (unsigned int)get_number(r, "cap", 0, 0, CAP_MAX);
    c->cpus = get_text(r, "cpus");
    c->max_event_channels = (unsigned int)get_number(
        r, "max_event_channels", DEFAULT_EVENT_PORTS, 1, EVENT_CHANNELS_MAX);
    c->max_grant_frames =
        (int)get_number(r, "max_grant_frames", -1, 1, INT_MAX);
    c->max_maptrack_frames =
        (int)get_number(r, "max_maptrack_frames", -1, 0, INT_MAX);
}

static void refuse_type(struct reading *r, const char *key,
                        const char *const allowed[])
{
    char *text = get_text(r, key);
    bool known = text == NULL;

    for (int i = 0; !known && allowed[i] != NULL; i++) {
        known = strcmp(text, allowed[i]) == 0;
    }
    if (!known) {
        refuse(r,
               format_text("%s=\"%s\": xlite runs PV guests only", key, text));
    }
    free(text);
}

/* An empty list asks for nothing, and is harmless. */
static void refuse_devices(struct reading *r)
{
    static const char *const keys[] = {"pci", "vfb", "usbdev", "vtpm", "p9"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        XLU_ConfigList *list;
        int entries = 0;

        if (xlu_cfg_get_list(r->cfg, keys[i], &list, &entries, 1) == 0 &&
            entries == 0) {
            continue;
        }
        if (key_present(r, keys[i])) {
            refuse(r, format_text("%s: xlite attaches disks and network "
                                  "interfaces only; remove the line, or use "
                                  "'xl create'",
                                  keys[i]));
        }
    }
}

/* No two of a kind may have one number. */
static bool number_taken(const struct guest_config *c, const struct device *d)
{
    for (unsigned int i = 0; i < c->device_count; i++) {
        if (c->devices[i].kind == d->kind && c->devices[i].devid == d->devid) {
            return true;
        }
    }
    return false;
}

static void add_device(struct reading *r, const char *key, const char *text,
                       unsigned int index, bool disk)
{
    struct guest_config *c = r->c;
    struct device *d = &c->devices[c->device_count];
    char *message = NULL;
    int rc =
        disk ? disk_parse(&text, 1, d, &message) : vif_parse(text, d, &message);

    if (rc < 0) {
        refuse(r, format_text("%s=\"%s\": %s", key, text, message));
        free(message);
        device_free(d);
        return;
    }
    if (!d->devid_given) {
        d->devid = index;
        d->devid_given = true;
    }
    if (number_taken(c, d)) {
        refuse(r, format_text("%s=\"%s\": another has this name or number", key,
                              text));
        device_free(d);
        return;
    }
    c->device_count++;
}

static void read_devices(struct reading *r, const char *key, bool disk)
{
    struct guest_config *c = r->c;
    XLU_ConfigList *list;
    int entries = 0;

    if (xlu_cfg_get_list(r->cfg, key, &list, &entries, 1) != 0) {
        if (key_present(r, key)) {
            refuse(r, format_text("%s: must be a list, as in %s = [ \"...\" ]",
                                  key, key));
        }
        return;
    }
    c->devices = realloc(c->devices, (c->device_count + (size_t)entries + 1) *
                                         sizeof(*c->devices));
    if (c->devices == NULL) {
        abort();
    }
    for (int i = 0; i < entries; i++) {
        const char *text = xlu_cfg_get_listitem(list, i);

        if (text != NULL) {
            add_device(r, key, text, (unsigned int)i, disk);
        } else {
            refuse(r, format_text("%s: entry %d is not a text", key, i + 1));
        }
    }
}

static void read_all(struct reading *r)
{
    static const char *const types[] = {"pv", NULL};
    static const char *const builders[] = {"generic", "linux", "pv", NULL};

    read_name(r);
    refuse_type(r, "type", types);
    refuse_type(r, "builder", builders);
    refuse_devices(r);
    read_devices(r, "disk", true);
    read_devices(r, "vif", false);
    read_uuid(r);
    read_kernel(r);
    read_cmdline(r);
    read_resources(r);
    r->c->on_poweroff = get_action(r, "on_poweroff", ACTION_DESTROY);
    r->c->on_reboot = get_action(r, "on_reboot", ACTION_RESTART);
    r->c->on_crash = get_action(r, "on_crash", ACTION_DESTROY);
}

/* libxlutil reports in its own words, with file and line. */
static char *parser_message(const char *filename, char *report)
{
    char *message;

    report[strcspn(report, "\n")] = '\0';
    message = format_text("malformed configuration: %s",
                          report[0] != '\0' ? report : filename);
    free(report);
    return message;
}

int config_parse(const char *filename, const char *text, size_t length,
                 struct guest_config *c, char **message)
{
    struct reading r = {.c = c};
    char *report = NULL;
    size_t report_bytes = 0;
    FILE *sink = open_memstream(&report, &report_bytes);
    char *lines;
    int rc;

    memset(c, 0, sizeof(*c));
    if (sink == NULL || length >= INT_MAX) {
        *message = format_text("configuration too large");
        return -1;
    }
    /* libxlutil does not take a comment that the file ends with */
    lines = format_text("%.*s\n", (int)length, text);
    r.cfg = xlu_cfg_init(sink, filename);
    rc =
        r.cfg == NULL ? -1 : xlu_cfg_readdata(r.cfg, lines, (int)strlen(lines));
    free(lines);
    (void)fflush(sink);
    if (rc == 0) {
        read_all(&r);
    }
    if (r.cfg != NULL) {
        xlu_cfg_destroy(r.cfg);
    }
    (void)fclose(sink);
    if (rc != 0) {
        *message = parser_message(filename, report);
        return -1;
    }
    free(report);
    *message = r.message;
    return r.message == NULL ? 0 : -1;
}

void config_set_devices(struct guest_config *c, struct device *devices,
                        unsigned int count)
{
    for (unsigned int i = 0; i < c->device_count; i++) {
        device_free(&c->devices[i]);
    }
    free(c->devices);
    c->devices = devices;
    c->device_count = count;
}

void config_free(struct guest_config *c)
{
    free(c->name);
    free(c->kernel);
    free(c->ramdisk);
    free(c->cmdline);
    free(c->cpus);
    config_set_devices(c, NULL, 0);
    memset(c, 0, sizeof(*c));
}
