// SPDX-License-Identifier: MIT
/* Network interfaces in xl.cfg: KEY=VALUE, separated by commas. */
#include "device.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <libxlutil.h>

#include "xlite.h"

#define DEFAULT_BRIDGE "xenbr0" /* libxl's, too */
#define MTU_MIN        68L
#define MTU_MAX        65535L
#define DEVID_MAX      63L

/* A key, its value if any, and a message when the value cannot be. */
struct vif_key {
    const char *name;
    char *(*read)(struct device *d, char *value);
};

bool mac_parse(const char *text, uint8_t mac[6])
{
    unsigned int m[6];
    int used = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &m[0], &m[1], &m[2], &m[3],
               &m[4], &m[5], &used) != 6 ||
        text[used] != '\0') {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = (uint8_t)m[i];
    }
    return true;
}

static char *read_mac(struct device *d, char *value)
{
    uint8_t m[6];

    if (!mac_parse(value, m) || (m[0] & 1) != 0) {
        return format_text("mac=%s: must be six bytes, as in "
                           "00:16:3e:01:02:03, and not a group's",
                           value);
    }
    free(d->name);
    d->name = format_text("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
                          m[3], m[4], m[5]);
    return NULL;
}

static char *keep(struct device *d, const char *key, const char *value)
{
    device_put(d, SIDE_BACK, key, format_text("%s", value));
    return NULL;
}

static char *read_bridge(struct device *d, char *value)
{
    return keep(d, "bridge", value);
}

static char *read_gatewaydev(struct device *d, char *value)
{
    return keep(d, "gatewaydev", value);
}

static char *read_ip(struct device *d, char *value)
{
    return keep(d, "ip", value);
}

static char *read_vifname(struct device *d, char *value)
{
    if (value[0] == '\0' || strlen(value) >= IF_NAMESIZE ||
        strchr(value, '/') != NULL) {
        return format_text("vifname=%s: not an interface's name", value);
    }
    return keep(d, "vifname", value);
}

static char *read_script(struct device *d, char *value)
{
    free(d->script);
    d->script = device_script(value);
    return NULL;
}

static bool number(const char *value, long min, long max, long *out)
{
    char *end;

    *out = strtol(value, &end, 10);
    return *value != '\0' && *end == '\0' && *out >= min && *out <= max;
}

static char *read_mtu(struct device *d, char *value)
{
    long mtu;

    if (!number(value, MTU_MIN, MTU_MAX, &mtu)) {
        return format_text("mtu=%s: must be %ld to %ld", value, MTU_MIN,
                           MTU_MAX);
    }
    device_put(d, SIDE_BACK | SIDE_FRONT, "mtu", format_text("%ld", mtu));
    return NULL;
}

static char *read_devid(struct device *d, char *value)
{
    long devid;

    if (!number(value, 0, DEVID_MAX, &devid)) {
        return format_text("devid=%s: must be 0 to %ld", value, DEVID_MAX);
    }
    d->devid = (uint32_t)devid;
    d->devid_given = true;
    return NULL;
}

static char *read_rate(struct device *d, char *value)
{
    libxl_device_nic nic = {0};
    FILE *sink = fopen("/dev/null", "we");
    XLU_Config *cfg = sink != NULL ? xlu_cfg_init(sink, "vif") : NULL;
    int rc = cfg != NULL ? xlu_vif_parse_rate(cfg, value, &nic) : -1;

    if (cfg != NULL) {
        xlu_cfg_destroy(cfg);
    }
    if (sink != NULL) {
        (void)fclose(sink);
    }
    if (rc != 0) {
        return format_text("rate=%s: must be as in 10Mb/s or 1MB/s@20ms",
                           value);
    }
    device_put(d, SIDE_BACK, "rate",
               format_text("%llu,%u",
                           (unsigned long long)nic.rate_bytes_per_interval,
                           nic.rate_interval_usecs));
    return NULL;
}

static char *read_backend(struct device *d, char *value)
{
    (void)d;
    return strcmp(value, "0") == 0 || strcmp(value, "Domain-0") == 0
               ? NULL
               : format_text("backend=%s: must be domain 0", value);
}

static char *read_type(struct device *d, char *value)
{
    (void)d;
    return strcmp(value, "vif") == 0
               ? NULL
               : format_text("type=%s: PV guests have type=vif only", value);
}

/* A model is what QEMU would emulate for other guests. */
static char *read_model(struct device *d, char *value)
{
    (void)d;
    (void)value;
    return NULL;
}

static const struct vif_key keys[] = {
    {"mac", read_mac},       {"bridge", read_bridge},
    {"ip", read_ip},         {"vifname", read_vifname},
    {"script", read_script}, {"gatewaydev", read_gatewaydev},
    {"mtu", read_mtu},       {"devid", read_devid},
    {"rate", read_rate},     {"backend", read_backend},
    {"type", read_type},     {"model", read_model},
};

/* "  key = value  " in place; a word without "=" has an empty value. */
static char *read_item(struct device *d, char *item)
{
    char *key = item + strspn(item, " \t");
    char *value = strchr(key, '=');
    size_t length = value != NULL ? (size_t)(value - key) : strlen(key);

    while (length > 0 && (key[length - 1] == ' ' || key[length - 1] == '\t')) {
        length--;
    }
    value = value != NULL ? value + 1 : key + strlen(key);
    value += strspn(value, " \t");
    for (size_t i = strlen(value); i > 0 && value[i - 1] == ' '; i--) {
        value[i - 1] = '\0';
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strlen(keys[i].name) == length &&
            strncmp(key, keys[i].name, length) == 0) {
            return keys[i].read(d, value);
        }
    }
    return length == 0 ? NULL
                       : format_text("%.*s: not known for an interface",
                                     (int)length, key);
}

/* Xen's own range, at random below it. */
static void choose_mac(struct device *d)
{
    uint8_t r[3] = {0};

    (void)getrandom(r, sizeof(r), GRND_INSECURE);
    d->name = format_text("00:16:3e:%02x:%02x:%02x", r[0] & 0x7fU, r[1], r[2]);
}

static bool has_node(const struct device *d, const char *key)
{
    for (unsigned int i = 0; i < d->node_count; i++) {
        if (strcmp(d->nodes[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void complete(struct device *d)
{
    if (d->name == NULL) {
        choose_mac(d);
    }
    if (d->script == NULL) {
        d->script = device_script("vif-bridge");
    }
    if (!has_node(d, "bridge")) {
        (void)keep(d, "bridge", DEFAULT_BRIDGE);
    }
    device_put(d, SIDE_BACK | SIDE_FRONT, "mac", format_text("%s", d->name));
    (void)keep(d, "type", "vif");
    (void)keep(d, "hotplug-status", "");
    device_put(d, SIDE_FRONT, "trusted", format_text("1"));
}

int vif_parse(const char *spec, struct device *d, char **message)
{
    char *copy = format_text("%s", spec);
    char *save = NULL;

    memset(d, 0, sizeof(*d));
    d->kind = DEVICE_VIF;
    *message = NULL;
    for (char *item = strtok_r(copy, ",", &save);
         item != NULL && *message == NULL; item = strtok_r(NULL, ",", &save)) {
        *message = read_item(d, item);
    }
    if (*message == NULL) {
        complete(d);
    }
    free(copy);
    return *message == NULL ? 0 : -1;
}
