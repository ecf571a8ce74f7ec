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

int grant_table_init(struct domain *d, unsigned int max_frames,
                     unsigned int max_maptrack_frames, unsigned int max_version);
/* Drop all maps that @d holds of others; preemptible: 0 or -XEN_ERESTART. */
int grant_table_release_maps(struct domain *d);
void grant_table_destroy(struct domain *d);

/* For XENMEM_acquire_resource: frames @first.. of the shared (or status)
 * table, grown if need be. 0 or -XEN_EINVAL, -XEN_ENOMEM. */
/* How many frames resource @id of @d can ever have; 0 for unknown ids. */
unsigned int grant_table_max_frames(const struct domain *d, unsigned int id);
int grant_table_acquire(struct domain *d, unsigned int id, unsigned long first,
                        unsigned int count, mfn_t *frames);

#endif
