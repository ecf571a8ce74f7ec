/* SPDX-License-Identifier: MIT */
/*
 * What the files of grant/ share.
 *
 * A domain's table has two sides. As granter: frames of entries that it shares
 * with us, and beside each entry our own record of how it is used now (struct
 * active). As mapper: one maptrack entry for each mapping that it holds of
 * another's grant; its index is the handle that the guest knows.
 *
 * A guest may change a shared entry at any time. It is read when it is first
 * pinned; while pinned, the record counts and nothing else does.
 */
#ifndef XEN_LITE_GRANT_GRANT_H
#define XEN_LITE_GRANT_GRANT_H

#include "domain.h"
#include "grant_table.h"
#include "spinlock.h"
#include "types.h"

#include <xen/grant_table.h>

struct hypercall_args;

/* Entries of version 1 in a frame. Version 2 would have another number, its
 * status frames, and its own functions beside those of entry_v1.c. */
#define V1_ENTRIES_PER_FRAME (PAGE_BYTES / sizeof(grant_entry_v1_t))

/* How an entry is used now: guarded by the table's lock. */
struct active {
    uint32_t readers; /* read-only pins: host and device maps, copies */
    uint32_t writers; /* others */
    uint32_t frame;   /* as first pinned */
    domid_t domid;    /* by whom */
};

#define PINS_MAX 0x7fffffffU

/* One mapping that a domain holds; GNTMAP_* and these in flags. */
#define MAPTRACK_BUSY 0x8000U /* being mapped or unmapped: hands off */

struct maptrack {
    struct domain *granter; /* a reference is held; NULL: free */
    uint32_t ref;           /* free: index of the next free entry */
    uint16_t flags;
};

#define MAPTRACK_PER_FRAME 256U
#define MAPTRACK_NONE      0xffffffffU

struct grant_table {
    struct spinlock lock; /* LOCK_GRANT: the granter's side */
    unsigned int version;
    unsigned int frame_count;
    unsigned int max_frames;
    grant_entry_v1_t **shared; /* [max_frames]: shared with the guest */
    struct active **active;    /* [max_frames]: arrays beside them */

    struct spinlock maptrack_lock; /* LOCK_MAPTRACK: the mapper's side */
    unsigned int maptrack_count;   /* entries that exist */
    unsigned int max_maptrack_frames;
    uint32_t maptrack_free;      /* first free one, or MAPTRACK_NONE */
    struct maptrack **maptrack;  /* [max_maptrack_frames] */
    unsigned int release_cursor; /* progress of grant_table_release_maps() */
};

/* -- grant_table.c --------------------------------------------------------- */

/* Entry @ref of a locked table: it exists. */
static inline grant_entry_v1_t *shared_entry(struct grant_table *table,
                                             grant_ref_t ref)
{
    return &table->shared[ref / V1_ENTRIES_PER_FRAME]
                         [ref % V1_ENTRIES_PER_FRAME];
}

static inline struct active *active_entry(struct grant_table *table,
                                          grant_ref_t ref)
{
    return &table->active[ref / V1_ENTRIES_PER_FRAME]
                         [ref % V1_ENTRIES_PER_FRAME];
}

static inline unsigned int entry_count(const struct grant_table *table)
{
    return table->frame_count * (unsigned int)V1_ENTRIES_PER_FRAME;
}

static inline bool is_pinned(const struct active *active)
{
    return active->readers != 0 || active->writers != 0;
}

/* Make the table @frames large at least: 0, -XEN_EINVAL, -XEN_ENOMEM. */
int grant_table_grow(struct domain *d, unsigned int frames);

/* -- grant_entry.c --------------------------------------------------------- */

enum pin_use {
    PIN_MAP,
    PIN_COPY,
};

/*
 * Use entry @ref of @granter, which must let @who, for @use; @write: to write.
 * Sets *mfn, of which no reference is taken.
 * Returns GNTST_okay, GNTST_bad_gntref, GNTST_general_error.
 */
int16_t grant_pin(struct domain *granter, grant_ref_t ref, domid_t who,
                  bool write, enum pin_use use, mfn_t *mfn);
/* The opposite; tells the guest when the last one goes. */
void grant_unpin(struct domain *granter, grant_ref_t ref, bool write);
/* The frame of an entry that the caller has pinned. */
mfn_t grant_pinned_mfn(struct domain *granter, grant_ref_t ref);
/* Exchange two unused entries of @d: GNTST_okay, GNTST_bad_gntref,
 * GNTST_eagain (one is in use). */
int16_t grant_swap(struct domain *d, grant_ref_t a, grant_ref_t b);

/*
 * References to a frame of @owner, as a mapping or a copy needs them.
 * Returns GNTST_okay, GNTST_bad_page (not @owner's), GNTST_general_error (used
 * otherwise, as a page table is).
 */
int16_t grant_get_frame(struct domain *owner, mfn_t mfn, bool write);
void grant_put_frame(mfn_t mfn, bool write);

/* -- grant_map.c, grant_copy.c: commands with arrays ----------------------- */

/*
 * Each takes args->a[1] (the array) and args->a[2] (how many), which say on
 * -XEN_ERESTART what is left. 0 or -XEN_EFAULT; each element has its status.
 */
long grant_op_map(struct vcpu *v, struct hypercall_args *args);
long grant_op_unmap(struct vcpu *v, struct hypercall_args *args);
long grant_op_unmap_and_replace(struct vcpu *v, struct hypercall_args *args);
long grant_op_copy(struct vcpu *v, struct hypercall_args *args);

#endif
