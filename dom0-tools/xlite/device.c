// SPDX-License-Identifier: MIT
/* A device before it is attached: its kind, number and nodes. */
#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "xlite.h"

const char *device_kind_name(enum device_kind kind)
{
    return kind == DEVICE_VBD ? "vbd" : "vif";
}

char *device_script(const char *name)
{
    return format_text("%s%s", name[0] == '/' ? "" : "/etc/xen/scripts/", name);
}

void device_put(struct device *d, unsigned int sides, const char *key,
                char *value)
{
    struct device_node *n = &d->nodes[d->node_count];

    if (d->node_count == DEVICE_NODES_MAX) {
        free(value);
        return;
    }
    d->node_count++;
    n->sides = sides;
    n->key = format_text("%s", key);
    n->value = value;
}

void device_free(struct device *d)
{
    for (unsigned int i = 0; i < d->node_count; i++) {
        free(d->nodes[i].key);
        free(d->nodes[i].value);
    }
    free(d->name);
    free(d->target);
    free(d->script);
    memset(d, 0, sizeof(*d));
}
