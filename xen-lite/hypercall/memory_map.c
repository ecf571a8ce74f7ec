// SPDX-License-Identifier: MIT
/* E820 maps: the machine's for dom0, and the one that tools give a domain. */
#include "types.h"

#include <xen/memory.h>

#include "domain.h"
#include "guest_copy.h"
#include "memory_op.h"
#include "mm.h"

#define E820_ENTRIES_MAX 1024U

/* Bytes of an entry in the map that a PC kernel reads: no padding. */
struct e820_entry {
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
} __attribute__((packed));

static long write_map(guest_va_t arg, struct xen_memory_map *map,
                      const struct e820_range *ranges, unsigned int count)
{
    guest_va_t buffer = GUEST_HANDLE_VA(map->buffer);

    if (map->nr_entries > count) {
        map->nr_entries = count;
    }
    for (unsigned int i = 0; i < map->nr_entries; i++) {
        struct e820_entry entry = {ranges[i].start, ranges[i].bytes,
                                   ranges[i].type};

        if (write_guest_index(buffer, i, &entry) != 0) {
            return -XEN_EFAULT;
        }
    }
    return write_guest(arg, map);
}

long memory_machine_map(struct vcpu *v, guest_va_t arg)
{
    const struct e820_range *ranges;
    struct xen_memory_map map;
    unsigned int count;

    if (!v->domain->privileged) {
        return -XEN_EPERM;
    }
    count = machine_memory_map(&ranges);
    if (read_guest(&map, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (GUEST_HANDLE_VA(map.buffer).address == 0) {
        map.nr_entries = count; /* how many there are */
        return write_guest(arg, &map);
    }
    return map.nr_entries < count ? -XEN_EINVAL
                                  : write_map(arg, &map, ranges, count);
}

long memory_domain_map(struct vcpu *v, guest_va_t arg)
{
    struct domain *d = v->domain;
    struct xen_memory_map map;
    long rc = -XEN_ENOSYS;

    if (read_guest(&map, arg) != 0) {
        return -XEN_EFAULT;
    }
    /* Another vCPU may replace it. */
    spin_lock(&d->lock);
    if (d->e820_count != 0) {
        rc = write_map(arg, &map, d->e820, d->e820_count);
    }
    spin_unlock(&d->lock);
    return rc;
}

static long read_map(const struct xen_memory_map *map,
                     struct e820_range *ranges)
{
    guest_va_t buffer = GUEST_HANDLE_VA(map->buffer);

    for (unsigned int i = 0; i < map->nr_entries; i++) {
        struct e820_entry entry;

        if (read_guest_index(&entry, buffer, i) != 0) {
            return -XEN_EFAULT;
        }
        ranges[i] = (struct e820_range){entry.start, entry.bytes, entry.type};
    }
    return 0;
}

static long replace_map(struct domain *d, struct e820_range *ranges,
                        unsigned int count)
{
    struct e820_range *old;

    spin_lock(&d->lock);
    old = d->e820;
    d->e820 = ranges;
    d->e820_count = count;
    spin_unlock(&d->lock);
    heap_free(old);
    return 0;
}

static long set_map(struct domain *d, const struct xen_memory_map *map)
{
    struct e820_range *ranges = NULL;
    long rc;

    if (map->nr_entries != 0) {
        ranges = heap_alloc(map->nr_entries * sizeof(*ranges));
        if (ranges == NULL) {
            return -XEN_ENOMEM;
        }
    }
    rc = read_map(map, ranges);
    if (rc != 0) {
        heap_free(ranges);
        return rc;
    }
    return replace_map(d, ranges, map->nr_entries);
}

long memory_set_domain_map(struct vcpu *v, guest_va_t arg)
{
    struct xen_foreign_memory_map foreign;
    struct domain *d;
    long rc;

    if (read_guest(&foreign, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (foreign.map.nr_entries > E820_ENTRIES_MAX) {
        return -XEN_EINVAL;
    }
    rc = domain_get_target(v, foreign.domid, &d);
    if (rc == 0) {
        rc = set_map(d, &foreign.map);
        domain_put(d);
    }
    return rc;
}
