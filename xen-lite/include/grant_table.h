/* SPDX-License-Identifier: MIT */
/*
 * Grant tables (grant/): frames that a domain lets others map or copy.
 * <xen/grant_table.h>.
 */
#ifndef XEN_LITE_GRANT_TABLE_H
#define XEN_LITE_GRANT_TABLE_H

#include "types.h"

struct domain;
struct grant_table;

/* The command line's: gnttab=, gnttab_max_frames=, gnttab_max_maptrack_frames=.
 * Set before the first domain is made. */
struct grant_options {
    unsigned int max_version; /* 1 or 2 */
    unsigned int max_frames;
    unsigned int max_maptrack_frames;
    bool no_transitive;
    bool no_transfer;
};

#define GRANT_OPTIONS_DEFAULT \
    { \
        .max_version = 2, .max_frames = 64, .max_maptrack_frames = 1024 \
    }

extern struct grant_options grant_options;

/*
 * Give @d a table of one frame and of version 1, that may grow to @max_frames
 * and become one of @max_version, and room for @max_maptrack_frames * 256
 * mappings of others' grants. Negative limits: as many as the options allow.
 * Returns 0, -XEN_EINVAL (limits out of range), -XEN_ENOMEM.
 */
int grant_table_init(struct domain *d, int max_frames, int max_maptrack_frames,
                     unsigned int max_version);
/* Drop all maps that @d holds of others; preemptible: 0 or -XEN_ERESTART. */
int grant_table_release_maps(struct domain *d);
/* After that, when no reference to @d is left. */
void grant_table_destroy(struct domain *d);

/*
 * For XENMEM_acquire_resource: frames @first.. of the shared (or status)
 * table, grown if need be. 0 or -XEN_EINVAL, -XEN_ENOMEM.
 */
int grant_table_acquire(struct domain *d, unsigned int id, unsigned long first,
                        unsigned int count, mfn_t *frames);
/* How many there can be at most: 0 for an @id that @d has not. */
unsigned int grant_table_max_frames(const struct domain *d, unsigned int id);

/*
 * Count the pins of @d's grants that no domain's maptrack entry explains, and
 * entries that no pin explains; each is printed. Nothing may change meanwhile.
 */
unsigned int grant_audit(struct domain *d);

#endif
