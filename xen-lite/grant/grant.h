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
#include "hypercall.h"
#include "spinlock.h"
#include "types.h"

#include <xen/grant_table.h>

#define V1_ENTRIES_PER_FRAME    (PAGE_BYTES / sizeof(grant_entry_v1_t))
#define V2_ENTRIES_PER_FRAME    (PAGE_BYTES / sizeof(grant_entry_v2_t))
#define STATUS_PER_FRAME        (PAGE_BYTES / sizeof(grant_status_t))
#define FRAMES_PER_STATUS_FRAME (STATUS_PER_FRAME / V2_ENTRIES_PER_FRAME)

/* What a pinned entry lets others at. */
enum grant_kind {
    GRANT_PAGE,
    GRANT_SUB_PAGE,   /* to be copied, not mapped */
    GRANT_TRANSITIVE, /* another domain's entry: to be copied, not mapped */
};

/* How an entry is used now: guarded by the table's lock. */
struct active {
    uint16_t readers; /* read-only pins: host and device maps, copies */
    uint16_t writers; /* others */
    domid_t domid;    /* by whom, and the rest as first pinned: */
    uint16_t kind;
    uint32_t frame; /* GRANT_TRANSITIVE: the other domain's reference */
    union {
        uint16_t start; /* the part that may be copied */
        domid_t trans_domid;
    };
    uint16_t length;
};

_Static_assert(sizeof(struct active) == 16, "one for each possible entry");

#define PINS_MAX 0x7fffU

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
    unsigned int max_version;
    unsigned int frame_count;
    unsigned int max_frames;
    unsigned int status_count; /* frames; version 2 only */
    unsigned int pinned_count; /* pinned entries that are not reserved ones */
    void **shared;             /* [max_frames]: shared with the guest */
    grant_status_t **status;   /* [max_frames / FRAMES_PER_STATUS_FRAME]: too */
    /* [max_frames]: arrays as long as a frame of version 1 has entries, which
     * thus serve both versions. */
    struct active **active;

    struct spinlock maptrack_lock; /* LOCK_MAPTRACK: the mapper's side */
    unsigned int maptrack_count;   /* entries that exist */
    unsigned int max_maptrack_frames;
    uint32_t maptrack_free;      /* first free one, or MAPTRACK_NONE */
    struct maptrack **maptrack;  /* [max_maptrack_frames] */
    unsigned int release_cursor; /* progress of grant_table_release_maps() */
};

/* -- grant_table.c --------------------------------------------------------- */

/* Entry @ref of a locked table: it exists. */
static inline grant_entry_v1_t *entry_v1(struct grant_table *table,
                                         grant_ref_t ref)
{
    return (grant_entry_v1_t *)table->shared[ref / V1_ENTRIES_PER_FRAME] +
           ref % V1_ENTRIES_PER_FRAME;
}

static inline grant_entry_v2_t *entry_v2(struct grant_table *table,
                                         grant_ref_t ref)
{
    return (grant_entry_v2_t *)table->shared[ref / V2_ENTRIES_PER_FRAME] +
           ref % V2_ENTRIES_PER_FRAME;
}

static inline grant_status_t *status_v2(struct grant_table *table,
                                        grant_ref_t ref)
{
    return &table->status[ref / STATUS_PER_FRAME][ref % STATUS_PER_FRAME];
}

/* Flags (low half) and domain of an entry, in one word in both versions. */
static inline uint32_t *entry_header(struct grant_table *table, grant_ref_t ref)
{
    return table->version == 1 ? (uint32_t *)(void *)entry_v1(table, ref)
                               : (uint32_t *)(void *)entry_v2(table, ref);
}

/* Where the guest looks for GTF_reading and GTF_writing. */
static inline uint16_t *use_flags(struct grant_table *table, grant_ref_t ref)
{
    return table->version == 1 ? &entry_v1(table, ref)->flags
                               : status_v2(table, ref);
}

static inline struct active *active_entry(struct grant_table *table,
                                          grant_ref_t ref)
{
    return &table->active[ref / V1_ENTRIES_PER_FRAME]
                         [ref % V1_ENTRIES_PER_FRAME];
}

static inline unsigned int entry_count(const struct grant_table *table)
{
    return table->frame_count * (unsigned int)(table->version == 1
                                                   ? V1_ENTRIES_PER_FRAME
                                                   : V2_ENTRIES_PER_FRAME);
}

static inline bool is_pinned(const struct active *active)
{
    return active->readers != 0 || active->writers != 0;
}

/* Status frames that go with @frames of the table. */
static inline unsigned int status_frames_for(unsigned int frames)
{
    return (unsigned int)((frames + FRAMES_PER_STATUS_FRAME - 1) /
                          FRAMES_PER_STATUS_FRAME);
}

/* Make the table @frames large at least: 0, -XEN_EINVAL, -XEN_ENOMEM. */
int grant_table_grow(struct domain *d, unsigned int frames);
/* Status frames for all frames of a locked table: 0, -XEN_ENOMEM. */
int grant_table_add_status(struct domain *d);

/* -- grant_version.c ------------------------------------------------------- */

/*
 * Make @d's table one of @version (1 or 2). The reserved entries keep what
 * they say, and may be in use; the others are empty afterwards.
 * Returns 0, -XEN_ENOSYS (more than @d may have), -XEN_EBUSY (entries or
 * status frames in use), -XEN_ERANGE (a reserved entry says what version 1
 * cannot), -XEN_ENOMEM.
 */
int grant_table_set_version(struct domain *d, uint32_t version);

/* -- grant_entry.c --------------------------------------------------------- */

enum pin_use {
    PIN_MAP,
    PIN_COPY,
};

/*
 * Use entry @ref of @granter, which must let @who, for @use; @write: to write.
 * Sets *pinned; of its frame no reference is taken.
 * Returns GNTST_okay, GNTST_bad_gntref, GNTST_general_error.
 */
int16_t grant_pin(struct domain *granter, grant_ref_t ref, domid_t who,
                  bool write, enum pin_use use, struct active *pinned);
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

/* Progress of a command with an array: the elements before @done are done. */
static inline long grant_continue(struct hypercall_args *args,
                                  unsigned int done, size_t bytes)
{
    args->a[1] += done * bytes;
    args->a[2] -= done;
    return -XEN_ERESTART;
}

/* -- grant_map.c, grant_copy.c, grant_transfer.c: commands with arrays
 * ----------------------- */

/*
 * Each takes args->a[1] (the array) and args->a[2] (how many), which say on
 * -XEN_ERESTART what is left. 0 or -XEN_EFAULT; each element has its status.
 */
long grant_op_map(struct vcpu *v, struct hypercall_args *args);
long grant_op_unmap(struct vcpu *v, struct hypercall_args *args);
long grant_op_unmap_and_replace(struct vcpu *v, struct hypercall_args *args);
long grant_op_copy(struct vcpu *v, struct hypercall_args *args);
long grant_op_transfer(struct vcpu *v, struct hypercall_args *args);

/* grant_cache.c; its errors are those of the call. */
#define GRANT_COMMAND_BITS 12U
long grant_op_cache_flush(struct vcpu *v, struct hypercall_args *args);

#endif
