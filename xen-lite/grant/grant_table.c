/* SPDX-License-Identifier: MIT */
/*
 * A domain's grant table as an object: made, grown, looked at and destroyed.
 */
#include "grant.h"

#include "mm.h"
#include "printk.h"

#include <xen/memory.h>

/* What can be asked for, whatever the options say. */
#define FRAMES_LIMIT   1024U
#define MAPTRACK_LIMIT 4096U

struct grant_options grant_options = GRANT_OPTIONS_DEFAULT;

/* -- growing --------------------------------------------------------------- */

int grant_table_add_status(struct domain *d)
{
    struct grant_table *table = d->grant;

    while (table->status_count < status_frames_for(table->frame_count)) {
        void *status = heap_alloc_page();

        if (status == NULL) {
            return -XEN_ENOMEM;
        }
        domain_share_xen_page(d, status, false);
        table->status[table->status_count++] = status;
    }
    return 0;
}

static int add_frame(struct domain *d)
{
    struct grant_table *table = d->grant;
    unsigned int frame = table->frame_count;
    struct active *active;
    void *shared;

    active = heap_alloc(V1_ENTRIES_PER_FRAME * sizeof(*active));
    if (active == NULL) {
        return -XEN_ENOMEM;
    }
    shared = heap_alloc_page();
    if (shared == NULL) {
        heap_free(active);
        return -XEN_ENOMEM;
    }
    domain_share_xen_page(d, shared, false);
    table->active[frame] = active;
    table->shared[frame] = shared;
    table->frame_count++;
    return 0;
}

/* Entries of version 2 count only with their status: should that fail, the
 * table is as long as the status that it has. */
static int add_frame_with_status(struct domain *d)
{
    struct grant_table *table = d->grant;
    int rc = add_frame(d);

    if (rc == 0 && table->version == 2) {
        rc = grant_table_add_status(d);
        if (rc != 0) {
            table->frame_count--;
            heap_free_page(table->shared[table->frame_count]);
            heap_free(table->active[table->frame_count]);
        }
    }
    return rc;
}

int grant_table_grow(struct domain *d, unsigned int frames)
{
    struct grant_table *table = d->grant;
    int rc = 0;

    if (frames > table->max_frames) {
        return -XEN_EINVAL;
    }
    spin_lock(&table->lock);
    while (rc == 0 && table->frame_count < frames) {
        rc = add_frame_with_status(d);
    }
    spin_unlock(&table->lock);
    return rc;
}

/* -- making and destroying ------------------------------------------------- */

static void free_table(struct domain *d)
{
    struct grant_table *table = d->grant;

    d->grant = NULL;
    heap_free(table->shared);
    heap_free(table->status);
    heap_free(table->active);
    heap_free(table->maptrack);
    heap_free(table);
}

/* The arrays, still empty: false if there is no memory for one. */
static bool make_arrays(struct grant_table *table)
{
    table->shared = heap_alloc(table->max_frames * sizeof(void *));
    table->status =
        heap_alloc(status_frames_for(table->max_frames) * sizeof(void *));
    table->active = heap_alloc(table->max_frames * sizeof(void *));
    table->maptrack =
        heap_alloc((table->max_maptrack_frames + 1) * sizeof(void *));
    return table->shared != NULL && table->status != NULL &&
           table->active != NULL && table->maptrack != NULL;
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
    return a < b ? a : b;
}

int grant_table_init(struct domain *d, int max_frames, int max_maptrack_frames,
                     unsigned int max_version)
{
    unsigned int most = smaller(grant_options.max_frames, FRAMES_LIMIT);
    unsigned int most_maptrack =
        smaller(grant_options.max_maptrack_frames, MAPTRACK_LIMIT);
    unsigned int frames = max_frames < 0 ? most : (unsigned int)max_frames;
    unsigned int maptrack = max_maptrack_frames < 0
                                ? most_maptrack
                                : (unsigned int)max_maptrack_frames;
    struct grant_table *table;
    int rc;

    if (frames == 0 || frames > most || maptrack > most_maptrack ||
        max_version == 0 || max_version > grant_options.max_version) {
        return -XEN_EINVAL;
    }
    table = heap_alloc(sizeof(*table));
    if (table == NULL) {
        return -XEN_ENOMEM;
    }
    spin_init(&table->lock, LOCK_GRANT);
    spin_init(&table->maptrack_lock, LOCK_MAPTRACK);
    table->version = 1;
    table->max_version = max_version;
    table->max_frames = frames;
    table->max_maptrack_frames = maptrack;
    table->maptrack_free = MAPTRACK_NONE;
    d->grant = table;
    rc = make_arrays(table) ? grant_table_grow(d, 1) : -XEN_ENOMEM;
    if (rc != 0) {
        /* Nothing is in the arrays yet. */
        free_table(d);
    }
    return rc;
}

void grant_table_destroy(struct domain *d)
{
    struct grant_table *table = d->grant;

    if (table == NULL) {
        return;
    }
    for (unsigned int i = 0; i < table->frame_count; i++) {
        heap_free_page(table->shared[i]);
        heap_free(table->active[i]);
    }
    for (unsigned int i = 0; i < table->status_count; i++) {
        heap_free_page(table->status[i]);
    }
    for (unsigned int i = 0; i < table->maptrack_count;
         i += MAPTRACK_PER_FRAME) {
        heap_free(table->maptrack[i / MAPTRACK_PER_FRAME]);
    }
    free_table(d);
}

/* -- frames for the tools -------------------------------------------------- */

unsigned int grant_table_max_frames(const struct domain *d, unsigned int id)
{
    const struct grant_table *table = d->grant;

    switch (id) {
    case XENMEM_resource_grant_table_id_shared:
        return table->max_frames;
    case XENMEM_resource_grant_table_id_status:
        return status_frames_for(table->max_frames);
    default:
        return 0;
    }
}

/* Let there be @count frames of this kind. */
static int grow_for(struct domain *d, unsigned int id, unsigned int count)
{
    struct grant_table *table = d->grant;

    if (id == XENMEM_resource_grant_table_id_shared) {
        return grant_table_grow(d, count);
    }
    if (table->version != 2) {
        return -XEN_EINVAL;
    }
    return count <= table->status_count
               ? 0
               : grant_table_grow(d, count *
                                         (unsigned int)FRAMES_PER_STATUS_FRAME);
}

int grant_table_acquire(struct domain *d, unsigned int id, unsigned long first,
                        unsigned int count, mfn_t *frames)
{
    struct grant_table *table = d->grant;
    unsigned int limit = grant_table_max_frames(d, id);
    bool status = id == XENMEM_resource_grant_table_id_status;
    int rc;

    if (first > limit || count > limit - first || domain_is_dying(d)) {
        return -XEN_EINVAL;
    }
    rc = grow_for(d, id, (unsigned int)first + count);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&table->lock);
    /* The version may have changed again, and the status frames be gone. */
    if (status && first + count > table->status_count) {
        rc = -XEN_EINVAL;
    }
    for (unsigned int i = 0; i < count && rc == 0; i++) {
        frames[i] = machine_mfn_of(status ? (void *)table->status[first + i]
                                          : table->shared[first + i]);
    }
    spin_unlock(&table->lock);
    return rc;
}

/* -- audit ----------------------------------------------------------------- */

/* Add what @mapper's maptrack entries say of @d's entries to @found. */
static unsigned int count_maps(struct domain *d, struct domain *mapper,
                               struct active *found)
{
    struct grant_table *table = mapper->grant;
    unsigned int wrong = 0;

    for (unsigned int i = 0; table != NULL && i < table->maptrack_count; i++) {
        const struct maptrack *map =
            &table->maptrack[i / MAPTRACK_PER_FRAME][i % MAPTRACK_PER_FRAME];
        uint16_t pins = (map->flags & GNTMAP_host_map) != 0 ? 1 : 0;

        if ((map->flags & GNTMAP_device_map) != 0) {
            pins++;
        }
        if (map->granter != d) {
            continue;
        }
        if (map->ref >= entry_count(d->grant) || pins == 0 ||
            (map->flags & MAPTRACK_BUSY) != 0) {
            log_error("grant: d%u handle %u for d%u ref %u flags %x\n",
                      mapper->domid, i, d->domid, map->ref, map->flags);
            wrong++;
        } else if ((map->flags & GNTMAP_readonly) != 0) {
            found[map->ref].readers =
                (uint16_t)(found[map->ref].readers + pins);
        } else {
            found[map->ref].writers =
                (uint16_t)(found[map->ref].writers + pins);
        }
    }
    return wrong;
}

static unsigned int compare_pins(struct domain *d, const struct active *found)
{
    unsigned int pinned_count = 0;
    unsigned int wrong = 0;

    for (unsigned int ref = 0; ref < entry_count(d->grant); ref++) {
        const struct active *pinned = active_entry(d->grant, ref);

        if (pinned->readers != found[ref].readers ||
            pinned->writers != found[ref].writers) {
            log_error("grant: d%u ref %u pinned %u+%u, mapped %u+%u\n",
                      d->domid, ref, pinned->readers, pinned->writers,
                      found[ref].readers, found[ref].writers);
            wrong++;
        }
        if (is_pinned(pinned) && ref >= GNTTAB_NR_RESERVED_ENTRIES) {
            pinned_count++;
        }
    }
    if (pinned_count != d->grant->pinned_count) {
        log_error("grant: d%u has %u entries in use, and counts %u\n", d->domid,
                  pinned_count, d->grant->pinned_count);
        wrong++;
    }
    return wrong;
}

unsigned int grant_audit(struct domain *d)
{
    struct active *found = heap_alloc(entry_count(d->grant) * sizeof(*found));
    struct domain *mapper;
    unsigned int wrong = 0;

    if (found == NULL) {
        return 1;
    }
    mapper = domain_get_at_or_after(0);
    while (mapper != NULL) {
        domid_t next = (domid_t)(mapper->domid + 1);

        wrong += count_maps(d, mapper, found);
        domain_put(mapper);
        mapper = domain_get_at_or_after(next);
    }
    wrong += compare_pins(d, found);
    heap_free(found);
    return wrong;
}
