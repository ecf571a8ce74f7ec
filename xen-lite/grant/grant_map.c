/* SPDX-License-Identifier: MIT */
/*
 * Mapping others' grants and giving the mappings back. <xen/grant_table.h>,
 * GNTTABOP_map_grant_ref, _unmap_grant_ref, _unmap_and_replace.
 *
 * A mapping is up to two uses of a grant, by a page-table entry (host map) and
 * for I/O devices (device map); each is a pin of the entry and holds its own
 * references to the frame. Those of a host map belong to the page-table entry:
 * a guest that overwrites it drops them itself, and only the pin is left.
 */
#include "grant.h"

#include "bug.h"
#include "cpumask.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "mm.h"
#include "nospec.h"
#include "pte.h"
#include "string.h"

/* Unmapped between two TLB flushes. */
#define UNMAP_BATCH 32U
/* Maps of a dying domain released between two looks at whether to preempt. */
#define RELEASE_BATCH 64U

#define MAP_USES (GNTMAP_host_map | GNTMAP_device_map)
/* What is kept of a request's flags. */
#define MAP_KEPT (MAP_USES | GNTMAP_readonly | GNTMAP_contains_pte)

/* -- maptrack: handles ----------------------------------------------------- */

static struct maptrack *maptrack_entry(struct grant_table *table,
                                       grant_handle_t handle)
{
    return &table->maptrack[handle / MAPTRACK_PER_FRAME]
                           [handle % MAPTRACK_PER_FRAME];
}

/* One frame of entries more, all free; the maptrack is locked. */
static bool add_maptrack_frame(struct grant_table *table)
{
    unsigned int frame = table->maptrack_count / MAPTRACK_PER_FRAME;
    struct maptrack *fresh;

    if (frame >= table->max_maptrack_frames) {
        return false;
    }
    fresh = heap_alloc(MAPTRACK_PER_FRAME * sizeof(*fresh));
    if (fresh == NULL) {
        return false;
    }
    for (unsigned int i = 0; i < MAPTRACK_PER_FRAME; i++) {
        fresh[i].ref = table->maptrack_count + i + 1;
    }
    fresh[MAPTRACK_PER_FRAME - 1].ref = table->maptrack_free;
    table->maptrack_free = table->maptrack_count;
    table->maptrack[frame] = fresh;
    table->maptrack_count += MAPTRACK_PER_FRAME;
    return true;
}

/* Take a free entry, busy. False: there is none. */
static bool take_handle(struct grant_table *table, struct domain *granter,
                        grant_ref_t ref, grant_handle_t *handle)
{
    struct maptrack *map;
    bool taken;

    spin_lock(&table->maptrack_lock);
    taken = table->maptrack_free != MAPTRACK_NONE || add_maptrack_frame(table);
    if (taken) {
        *handle = table->maptrack_free;
        map = maptrack_entry(table, *handle);
        table->maptrack_free = map->ref;
        domain_hold(granter);
        map->granter = granter;
        map->ref = ref;
        map->flags = MAPTRACK_BUSY;
    }
    spin_unlock(&table->maptrack_lock);
    return taken;
}

/*
 * Let go of a busy entry, which then stands for the uses in @flags: without
 * any it is free.
 */
static void settle_handle(struct grant_table *table, grant_handle_t handle,
                          uint16_t flags)
{
    struct maptrack *map = maptrack_entry(table, handle);
    struct domain *granter = NULL;

    spin_lock(&table->maptrack_lock);
    if ((flags & MAP_USES) != 0) {
        map->flags = flags;
    } else {
        granter = map->granter;
        map->granter = NULL;
        map->flags = 0;
        map->ref = table->maptrack_free;
        table->maptrack_free = handle;
    }
    spin_unlock(&table->maptrack_lock);
    if (granter != NULL) {
        domain_put(granter);
    }
}

/* Make entry @handle busy and copy it to *map as it was. */
static bool seize_handle(struct grant_table *table, grant_handle_t handle,
                         struct maptrack *map)
{
    bool seized = false;

    spin_lock(&table->maptrack_lock);
    if (handle < table->maptrack_count) {
        struct maptrack *entry = maptrack_entry(
            table, (grant_handle_t)index_nospec(handle, table->maptrack_count));

        *map = *entry;
        seized = entry->granter != NULL && (entry->flags & MAPTRACK_BUSY) == 0;
        if (seized) {
            entry->flags |= MAPTRACK_BUSY;
        }
    }
    spin_unlock(&table->maptrack_lock);
    return seized;
}

/* -- one use of a grant ---------------------------------------------------- */

/* Pin and hold the frame for one use. */
static int16_t start_use(struct domain *granter, grant_ref_t ref,
                         domid_t mapper, bool write, mfn_t *mfn)
{
    struct active pinned;
    int16_t status = grant_pin(granter, ref, mapper, write, PIN_MAP, &pinned);

    if (status != GNTST_okay) {
        return status;
    }
    *mfn = mfn_make(pinned.frame);
    status = grant_get_frame(granter, *mfn, write);
    if (status != GNTST_okay) {
        grant_unpin(granter, ref, write);
    }
    return status;
}

/* The frame's references go before the owner is told that nobody uses it. */
static void end_use(struct domain *granter, grant_ref_t ref, bool write,
                    mfn_t mfn)
{
    grant_put_frame(mfn, write);
    grant_unpin(granter, ref, write);
}

/* -- map ------------------------------------------------------------------- */

/*
 * dom0 maps much that its CPUs never touch, for devices. Its entries start
 * without the accessed bit, so that unmapping knows. Others, who could clear
 * the bit behind a translation, are always flushed (end_mapping()).
 */
static uint64_t host_pte_flags(const struct domain *d, uint32_t flags)
{
    uint64_t avail = (uint64_t)(flags >> _GNTMAP_guest_avail0) << 9;
    uint64_t pte = PTE_PRESENT | PTE_DIRTY | PTE_NX;

    if (!d->privileged) {
        pte |= PTE_ACCESSED;
    }
    pte |= avail & PTE_AVAIL;
    if ((flags & GNTMAP_readonly) == 0) {
        pte |= PTE_WRITABLE;
    }
    if ((flags & GNTMAP_application_map) != 0) {
        pte |= PTE_USER;
    }
    return pte;
}

static int16_t map_host(struct vcpu *v, const struct gnttab_map_grant_ref *op,
                        struct domain *granter, mfn_t *mfn)
{
    bool write = (op->flags & GNTMAP_readonly) == 0;
    int16_t status = start_use(granter, op->ref, v->domain->domid, write, mfn);

    if (status != GNTST_okay) {
        return status;
    }
    status = (int16_t)mm_grant_map(v, op->host_addr,
                                   (op->flags & GNTMAP_contains_pte) != 0, *mfn,
                                   host_pte_flags(v->domain, op->flags));
    if (status != GNTST_okay) {
        end_use(granter, op->ref, write, *mfn);
    }
    return status;
}

/* Both uses that @op asks for, or none. */
static int16_t map_uses(struct vcpu *v, const struct gnttab_map_grant_ref *op,
                        struct domain *granter, mfn_t *mfn)
{
    bool write = (op->flags & GNTMAP_readonly) == 0;
    bool device = (op->flags & GNTMAP_device_map) != 0;
    int16_t status;

    if (device) {
        status = start_use(granter, op->ref, v->domain->domid, write, mfn);
        if (status != GNTST_okay) {
            return status;
        }
    }
    if ((op->flags & GNTMAP_host_map) != 0) {
        mfn_t host_mfn;

        status = map_host(v, op, granter, &host_mfn);
        if (status != GNTST_okay) {
            goto end_device;
        }
        *mfn = host_mfn;
    }
    return GNTST_okay;

end_device:
    if (device) {
        end_use(granter, op->ref, write, *mfn);
    }
    return status;
}

static int16_t map_from(struct vcpu *v, struct gnttab_map_grant_ref *op,
                        struct domain *granter)
{
    struct grant_table *table = v->domain->grant;
    grant_handle_t handle;
    mfn_t mfn = INVALID_MFN;
    int16_t status;

    if (domain_is_dying(granter)) {
        return GNTST_bad_domain;
    }
    if (!take_handle(table, granter, op->ref, &handle)) {
        return GNTST_no_space;
    }
    status = map_uses(v, op, granter, &mfn);
    settle_handle(table, handle,
                  status == GNTST_okay ? (uint16_t)(op->flags & MAP_KEPT) : 0);
    if (status == GNTST_okay) {
        op->handle = handle;
        op->dev_bus_addr = mfn.number << PAGE_SHIFT;
    }
    return status;
}

static int16_t map_one(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
    struct domain *granter;
    int16_t status;

    if ((op->flags & MAP_USES) == 0) {
        return GNTST_bad_gntref;
    }
    granter = domain_get(op->dom);
    if (granter == NULL) {
        return GNTST_bad_domain;
    }
    status = GNTST_bad_domain;
    if (granter->grant != NULL) {
        status = map_from(v, op, granter);
    }
    domain_put(granter);
    return status;
}

long grant_op_map(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    struct gnttab_map_grant_ref op;

    for (unsigned int i = 0; i < count; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            return grant_continue(args, i, sizeof(op));
        }
        if (read_guest_index(&op, array, i) != 0) {
            return -XEN_EFAULT;
        }
        op.status = map_one(v, &op);
        if (write_guest_index(array, i, &op) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

/* -- unmap ----------------------------------------------------------------- */

/* A request of either kind of unmap. */
struct unmap {
    uint64_t host_addr;
    uint64_t dev_bus_addr;
    uint64_t new_addr;
    grant_handle_t handle;
    bool replace;
};

/* What was taken out of use, to be given back after the TLB flush. */
struct unmapped {
    struct maptrack map; /* as before; the entry is busy until then */
    grant_handle_t handle;
    uint16_t uses; /* those that end */
    mfn_t mfn;
};

struct unmap_batch {
    unsigned int count;
    bool flush;
    struct unmapped item[UNMAP_BATCH];
};

/* *flush: does the TLB have to forget it? */
static int16_t unmap_host(struct vcpu *v, const struct unmap *op,
                          const struct unmapped *item, bool *flush)
{
    bool contains_pte = (item->map.flags & GNTMAP_contains_pte) != 0;
    bool readonly = (item->map.flags & GNTMAP_readonly) != 0;

    if (!op->replace || op->new_addr == 0) {
        return (int16_t)mm_grant_unmap(v, op->host_addr, contains_pte,
                                       item->mfn, readonly, flush);
    }
    if (contains_pte) {
        /* There is no address that the other entry could move to. */
        return GNTST_general_error;
    }
    *flush = true;
    return (int16_t)mm_grant_replace(v, op->host_addr, item->mfn, readonly,
                                     op->new_addr);
}

/* End what @op asks for of the mapping @item; sets item->uses. */
static int16_t end_mapping(struct vcpu *v, const struct unmap *op,
                           struct unmapped *item, bool *flush)
{
    bool host = op->host_addr != 0 && (item->map.flags & GNTMAP_host_map) != 0;
    bool device =
        op->dev_bus_addr != 0 && (item->map.flags & GNTMAP_device_map) != 0;
    int16_t status;

    item->uses = 0;
    if (device && op->dev_bus_addr != item->mfn.number << PAGE_SHIFT) {
        return GNTST_bad_dev_addr;
    }
    if (host) {
        status = unmap_host(v, op, item, flush);
        if (status != GNTST_okay) {
            return status;
        }
        *flush = *flush || !v->domain->privileged;
        item->uses |= GNTMAP_host_map;
    }
    if (device) {
        item->uses |= GNTMAP_device_map;
    }
    return GNTST_okay;
}

static void end_uses(const struct unmapped *item, uint16_t uses)
{
    bool write = (item->map.flags & GNTMAP_readonly) == 0;

    if ((uses & GNTMAP_host_map) != 0) {
        end_use(item->map.granter, item->map.ref, write, item->mfn);
    }
    if ((uses & GNTMAP_device_map) != 0) {
        end_use(item->map.granter, item->map.ref, write, item->mfn);
    }
}

/* No CPU can reach the frames any more once the flush is done; only then may
 * they go back to their owners. */
static void finish_batch(struct vcpu *v, struct unmap_batch *batch)
{
    if (batch->flush) {
        struct cpumask cpus;

        cpumask_copy(&cpus, &v->domain->dirty_cpus);
        tlb_flush_cpus(&cpus);
    }
    for (unsigned int i = 0; i < batch->count; i++) {
        const struct unmapped *item = &batch->item[i];

        end_uses(item, item->uses);
        settle_handle(v->domain->grant, item->handle,
                      (uint16_t)(item->map.flags & ~item->uses));
    }
    batch->count = 0;
    batch->flush = false;
}

static int16_t unmap_one(struct vcpu *v, const struct unmap *op,
                         struct unmap_batch *batch)
{
    struct grant_table *table = v->domain->grant;
    struct unmapped *item = &batch->item[batch->count];
    bool flush = false;
    int16_t status;

    if (!seize_handle(table, op->handle, &item->map)) {
        /* Its other use may be what ends in this batch. */
        finish_batch(v, batch);
        item = &batch->item[0];
        if (!seize_handle(table, op->handle, &item->map)) {
            return GNTST_bad_handle;
        }
    }
    item->handle = op->handle;
    item->mfn = grant_pinned_mfn(item->map.granter, item->map.ref);
    status = end_mapping(v, op, item, &flush);
    if (item->uses == 0) {
        settle_handle(table, op->handle, item->map.flags);
        return status;
    }
    batch->flush |= flush;
    batch->count++;
    return status;
}

/* Copy element @index in / write its status back, of either kind. */
static int read_unmap(guest_va_t array, unsigned int index, bool replace,
                      struct unmap *op)
{
    memset(op, 0, sizeof(*op));
    op->replace = replace;
    if (replace) {
        struct gnttab_unmap_and_replace in;

        if (read_guest_index(&in, array, index) != 0) {
            return -XEN_EFAULT;
        }
        op->host_addr = in.host_addr;
        op->new_addr = in.new_addr;
        op->handle = in.handle;
    } else {
        struct gnttab_unmap_grant_ref in;

        if (read_guest_index(&in, array, index) != 0) {
            return -XEN_EFAULT;
        }
        op->host_addr = in.host_addr;
        op->dev_bus_addr = in.dev_bus_addr;
        op->handle = in.handle;
    }
    return 0;
}

/* Both kinds of element have the same size and place of their status. */
_Static_assert(sizeof(struct gnttab_unmap_and_replace) ==
                       sizeof(struct gnttab_unmap_grant_ref) &&
                   offsetof(struct gnttab_unmap_and_replace, status) ==
                       offsetof(struct gnttab_unmap_grant_ref, status),
               "xen/grant_table.h: unmap requests");

static int write_status(guest_va_t array, unsigned int index, int16_t status)
{
    guest_va_t element =
        guest_va_index(array, index, sizeof(struct gnttab_unmap_grant_ref));

    return copy_to_guest(
        guest_va_index(element, offsetof(struct gnttab_unmap_grant_ref, status),
                       1),
        &status, sizeof(status));
}

/* One batch of elements from @first on; *done is where it got to. */
static int unmap_some(struct vcpu *v, guest_va_t array, unsigned int first,
                      unsigned int count, bool replace, unsigned int *done)
{
    struct unmap_batch batch; /* large: items are set as they are used */
    unsigned int i = first;
    int rc = 0;

    batch.count = 0;
    batch.flush = false;

    while (rc == 0 && i < count && i - first < UNMAP_BATCH) {
        struct unmap op;

        rc = read_unmap(array, i, replace, &op);
        if (rc == 0) {
            rc = write_status(array, i, unmap_one(v, &op, &batch));
            i++;
        }
    }
    finish_batch(v, &batch);
    *done = i;
    return rc;
}

static long unmap_all(struct vcpu *v, struct hypercall_args *args, bool replace)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    unsigned int done = 0;

    while (done < count) {
        int rc;

        if (done != 0 && hypercall_preempt_check()) {
            return grant_continue(args, done,
                                  sizeof(struct gnttab_unmap_grant_ref));
        }
        rc = unmap_some(v, array, done, count, replace, &done);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

long grant_op_unmap(struct vcpu *v, struct hypercall_args *args)
{
    return unmap_all(v, args, false);
}

long grant_op_unmap_and_replace(struct vcpu *v, struct hypercall_args *args)
{
    return unmap_all(v, args, true);
}

/* -- a mapper dies --------------------------------------------------------- */

/*
 * @d does not run any more. Its page tables still hold the references of its
 * host maps and give them back themselves; here the pins go, and all of the
 * device maps.
 */
static void release_map(struct domain *d, grant_handle_t handle)
{
    struct unmapped item = {.handle = handle};
    bool write;

    if (!seize_handle(d->grant, handle, &item.map)) {
        return;
    }
    write = (item.map.flags & GNTMAP_readonly) == 0;
    item.mfn = grant_pinned_mfn(item.map.granter, item.map.ref);
    if ((item.map.flags & GNTMAP_host_map) != 0) {
        grant_unpin(item.map.granter, item.map.ref, write);
    }
    end_uses(&item, item.map.flags & GNTMAP_device_map);
    settle_handle(d->grant, handle, 0);
}

int grant_table_release_maps(struct domain *d)
{
    struct grant_table *table = d->grant;
    unsigned int batch = 0;

    ASSERT(domain_is_dying(d));
    while (table != NULL && table->release_cursor < table->maptrack_count) {
        if (batch++ % RELEASE_BATCH == RELEASE_BATCH - 1 &&
            hypercall_preempt_check()) {
            return -XEN_ERESTART;
        }
        release_map(d, table->release_cursor++);
    }
    return 0;
}
