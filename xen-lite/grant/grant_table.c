/* SPDX-License-Identifier: MIT */
/*
 * A domain's grant table as an object: made, grown, looked at and destroyed.
 */
#include "grant.h"

#include "mm.h"
#include "printk.h"

#include <xen/memory.h>

/* What a domain may be given at most, whatever the tools ask for. */
#define FRAMES_LIMIT   1024U
#define MAPTRACK_LIMIT 4096U

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

int grant_table_grow(struct domain *d, unsigned int frames)
{
    struct grant_table *table = d->grant;
    int rc = 0;

    if (frames > table->max_frames) {
        return -XEN_EINVAL;
    }
    spin_lock(&table->lock);
    while (rc == 0 && table->frame_count < frames) {
        rc = add_frame(d);
    }
    spin_unlock(&table->lock);
    return rc;
}

static void free_table(struct domain *d)
{
    struct grant_table *table = d->grant;

    d->grant = NULL;
    heap_free(table->shared);
    heap_free(table->active);
    heap_free(table->maptrack);
    heap_free(table);
}

/* The arrays, still empty: false if there is no memory for one. */
static bool make_arrays(struct grant_table *table)
{
    table->shared = heap_alloc(table->max_frames * sizeof(void *));
    table->active = heap_alloc(table->max_frames * sizeof(void *));
    table->maptrack =
        heap_alloc((table->max_maptrack_frames + 1) * sizeof(void *));
    return table->shared != NULL && table->active != NULL &&
           table->maptrack != NULL;
}

int grant_table_init(struct domain *d, unsigned int max_frames,
                     unsigned int max_maptrack_frames, unsigned int max_version)
{
    struct grant_table *table;
    int rc;

    if (max_frames == 0 || max_frames > FRAMES_LIMIT ||
        max_maptrack_frames > MAPTRACK_LIMIT || max_version == 0) {
        return -XEN_EINVAL;
    }
    table = heap_alloc(sizeof(*table));
    if (table == NULL) {
        return -XEN_ENOMEM;
    }
    spin_init(&table->lock, LOCK_GRANT);
    spin_init(&table->maptrack_lock, LOCK_MAPTRACK);
    table->version = 1;
    table->max_frames = max_frames;
    table->max_maptrack_frames = max_maptrack_frames;
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
    for (unsigned int i = 0; i < table->maptrack_count;
         i += MAPTRACK_PER_FRAME) {
        heap_free(table->maptrack[i / MAPTRACK_PER_FRAME]);
    }
    free_table(d);
}

/* -- frames for the tools -------------------------------------------------- */

unsigned int grant_table_max_frames(const struct domain *d, unsigned int id)
{
    /* Status frames belong to version 2. */
    return id == XENMEM_resource_grant_table_id_shared ? d->grant->max_frames
                                                       : 0;
}

int grant_table_acquire(struct domain *d, unsigned int id, unsigned long first,
                        unsigned int count, mfn_t *frames)
{
    struct grant_table *table = d->grant;
    unsigned int limit = grant_table_max_frames(d, id);
    int rc;

    if (first > limit || count > limit - first || domain_is_dying(d)) {
        return -XEN_EINVAL;
    }
    rc = grant_table_grow(d, (unsigned int)first + count);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&table->lock);
    for (unsigned int i = 0; i < count; i++) {
        frames[i] = machine_mfn_of(table->shared[first + i]);
    }
    spin_unlock(&table->lock);
    return 0;
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
        unsigned int pins = (map->flags & GNTMAP_host_map) != 0 ? 1 : 0;

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
            found[map->ref].readers += pins;
        } else {
            found[map->ref].writers += pins;
        }
    }
    return wrong;
}

static unsigned int compare_pins(struct domain *d, const struct active *found)
{
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
