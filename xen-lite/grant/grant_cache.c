/* SPDX-License-Identifier: MIT */
/*
 * Writing caches back for frames that devices read past them: one's own, and
 * those that one uses by grant. <xen/grant_table.h>, GNTTABOP_cache_flush.
 */
#include "grant.h"

#include "guest_copy.h"
#include "mm.h"
#include "rangeset.h"

#define FLUSH_BOTH (GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)
/* Entries looked at between two looks at whether to preempt. */
#define SEARCH_STEP 4096U

/* Does @who use @mfn by one of the entries of this step? -XEN_EINVAL: by none
 * at all; -XEN_ERESTART: there are more. */
static int search(struct domain *owner, domid_t who, mfn_t mfn,
                  unsigned int step)
{
    struct grant_table *table = owner->grant;
    unsigned long ref = (unsigned long)step * SEARCH_STEP;
    unsigned long count, end;
    bool found = false;

    spin_lock(&table->lock);
    count = entry_count(table);
    end = ref + SEARCH_STEP < count ? ref + SEARCH_STEP : count;
    for (; ref < end && !found; ref++) {
        const struct active *active = active_entry(table, (grant_ref_t)ref);

        found = is_pinned(active) && active->domid == who &&
                active->kind != GRANT_TRANSITIVE && active->frame == mfn.number;
    }
    spin_unlock(&table->lock);
    if (found) {
        return 0;
    }
    return end < count ? -XEN_ERESTART : -XEN_EINVAL;
}

/* Nothing of the frame is touched until it is known to be lent: a reference,
 * even for a moment, is in the way of an owner who trades it. */
static int may_flush(struct domain *caller, const struct page *page,
                     unsigned int step)
{
    domid_t owner_id = page_owner(page);
    struct domain *owner;
    int rc = -XEN_EPERM;

    if (owner_id == caller->domid) {
        return 0;
    }
    owner = domain_get(owner_id);
    if (owner != NULL && owner->grant != NULL) {
        rc = search(owner, caller->domid, page_mfn(page), step);
    }
    if (owner != NULL) {
        domain_put(owner);
    }
    return rc;
}

/* Only who has devices can tell whether memory is behind its caches. It does
 * no harm if the frame has gone to someone else since. */
static int flush(struct domain *caller, mfn_t mfn, uint32_t op)
{
    if (op == GNTTAB_CACHE_INVAL) {
        return -XEN_EOPNOTSUPP;
    }
    if (!rangeset_empty(&caller->iomem)) {
        machine_flush_frame(mfn);
    }
    return 0;
}

static int flush_one(struct domain *caller, const struct gnttab_cache_flush *op,
                     unsigned int step)
{
    mfn_t mfn = mfn_make(op->a.dev_bus_addr >> PAGE_SHIFT);
    const struct page *page = page_lookup(mfn);
    int rc;

    if (op->offset >= PAGE_BYTES ||
        (unsigned long)op->offset + op->length > PAGE_BYTES ||
        (op->op & ~FLUSH_BOTH) != 0) {
        return -XEN_EINVAL;
    }
    if (op->length == 0 || op->op == 0) {
        return 0;
    }
    if (page == NULL) {
        return -XEN_EINVAL;
    }
    rc = may_flush(caller, page, step);
    return rc == 0 ? flush(caller, mfn, op->op) : rc;
}

/* The step of the search goes to the upper bits of the command. */
long grant_op_cache_flush(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    unsigned int step = (unsigned int)args->a[0] >> GRANT_COMMAND_BITS;
    struct gnttab_cache_flush op;
    unsigned int i = 0;

    while (i < count) {
        int rc = -XEN_EFAULT;

        if (read_guest_index(&op, array, i) == 0) {
            rc = flush_one(v->domain, &op, step);
        }
        if (rc == 0) {
            i++;
            step = 0;
        } else if (rc == -XEN_ERESTART) {
            step++;
        } else {
            return rc;
        }
        if (i < count && hypercall_preempt_check()) {
            args->a[0] = GNTTABOP_cache_flush | (unsigned long)step
                                                    << GRANT_COMMAND_BITS;
            return grant_continue(args, i, sizeof(op));
        }
    }
    return 0;
}
