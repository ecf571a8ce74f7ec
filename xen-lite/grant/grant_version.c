/* SPDX-License-Identifier: MIT */
/*
 * A table changes its version. The reserved entries, which the tools filled
 * when the domain was made, are carried over: others may have them mapped.
 * <xen/grant_table.h>, GNTTABOP_set_version.
 */
#include "grant.h"

#include "mm.h"
#include "string.h"

#define RESERVED GNTTAB_NR_RESERVED_ENTRIES
#define USE      (GTF_reading | GTF_writing)

static void clear_entries(struct grant_table *table)
{
    for (unsigned int i = 0; i < table->frame_count; i++) {
        memset(table->shared[i], 0, PAGE_BYTES);
    }
}

static int become_version2(struct domain *d)
{
    struct grant_table *table = d->grant;
    grant_entry_v1_t kept[RESERVED];
    int rc = grant_table_add_status(d);

    if (rc != 0) {
        /* Those that the guest has found and mapped stay for another time. */
        if (heap_unshare_pages(d, (void **)table->status,
                               table->status_count)) {
            table->status_count = 0;
        }
        return rc;
    }
    memcpy(kept, table->shared[0], sizeof(kept));
    clear_entries(table);
    table->version = 2;
    for (unsigned int i = 0; i < RESERVED; i++) {
        grant_entry_v2_t *entry = entry_v2(table, i);

        entry->full_page.frame = kept[i].frame;
        entry->hdr.domid = kept[i].domid;
        *status_v2(table, i) = kept[i].flags & USE;
        entry->hdr.flags = (uint16_t)(kept[i].flags & ~USE);
    }
    return 0;
}

/* An entry as version 1 says it; empty if it grants nothing. -XEN_ERANGE. */
static int as_version1(const grant_entry_v2_t *entry, grant_status_t status,
                       grant_entry_v1_t *out)
{
    unsigned int type = entry->hdr.flags & GTF_type_mask;

    memset(out, 0, sizeof(*out));
    if (type == GTF_transitive) {
        return -XEN_ERANGE;
    }
    if (type == GTF_permit_access) {
        if (entry->full_page.frame > UINT32_MAX) {
            return -XEN_ERANGE;
        }
        out->flags = entry->hdr.flags | status;
        out->domid = entry->hdr.domid;
        out->frame = (uint32_t)entry->full_page.frame;
    }
    return 0;
}

static int become_version1(struct domain *d)
{
    struct grant_table *table = d->grant;
    grant_entry_v2_t entries[RESERVED];
    grant_entry_v1_t kept[RESERVED];
    int rc = 0;

    /* The guest may write meanwhile: what is checked is what is kept. */
    memcpy(entries, table->shared[0], sizeof(entries));
    for (unsigned int i = 0; i < RESERVED && rc == 0; i++) {
        rc = as_version1(&entries[i], *status_v2(table, i), &kept[i]);
    }
    if (rc != 0) {
        return rc;
    }
    if (!heap_unshare_pages(d, (void **)table->status, table->status_count)) {
        return -XEN_EBUSY;
    }
    table->status_count = 0;
    clear_entries(table);
    table->version = 1;
    memcpy(table->shared[0], kept, sizeof(kept));
    return 0;
}

int grant_table_set_version(struct domain *d, uint32_t version)
{
    struct grant_table *table = d->grant;
    int rc = 0;

    if (version > table->max_version) {
        return -XEN_ENOSYS;
    }
    spin_lock(&table->lock);
    if (version != table->version) {
        if (table->pinned_count != 0) {
            rc = -XEN_EBUSY;
        } else {
            rc = version == 2 ? become_version2(d) : become_version1(d);
        }
    }
    spin_unlock(&table->lock);
    return rc;
}
