/* SPDX-License-Identifier: MIT */
/*
 * Copying between granted frames and one's own. <xen/grant_table.h>,
 * GNTTABOP_copy.
 */
#include "grant.h"

#include "guest_copy.h"
#include "hypercall.h"
#include "mm.h"
#include "string.h"

/*
 * One end of a copy. The domain that the last element named, and the frame
 * that was held for it, are kept until another is named: batches use the same
 * ones several times in a row.
 */
struct copy_end {
    bool write;
    bool by_ref; /* what is held: by grant, or one of the caller's own frames */
    bool pinned; /* the entry named */
    bool held;   /* the frame */
    domid_t domid;
    grant_ref_t trans_ref;
    unsigned long number;  /* the reference or the frame as named */
    struct domain *domain; /* that @domid means, with a reference; or NULL */
    /* Where the entry leads if it is transitive, pinned as well; or NULL. */
    struct domain *trans_domain;
    mfn_t mfn;
    unsigned int start; /* the part that may be copied */
    unsigned int limit;
};

/* Let go of all but the domain. */
static void release_frame(struct copy_end *end)
{
    if (end->held) {
        grant_put_frame(end->mfn, end->write);
        end->held = false;
    }
    if (end->pinned) {
        grant_unpin(end->domain, (grant_ref_t)end->number, end->write);
        end->pinned = false;
    }
    if (end->trans_domain != NULL) {
        grant_unpin(end->trans_domain, end->trans_ref, end->write);
        domain_put(end->trans_domain);
        end->trans_domain = NULL;
    }
}

static void release_end(struct copy_end *end)
{
    release_frame(end);
    if (end->domain != NULL) {
        domain_put(end->domain);
        end->domain = NULL;
    }
}

static int16_t name_domain(struct domain *caller, domid_t domid,
                           struct copy_end *end)
{
    if (end->domain != NULL && end->domid == domid) {
        return GNTST_okay;
    }
    release_end(end);
    end->domid = domid;
    end->domain = domain_get(domid == DOMID_SELF ? caller->domid : domid);
    return end->domain != NULL ? GNTST_okay : GNTST_bad_domain;
}

/* -- by grant -------------------------------------------------------------- */

/*
 * The entry pinned leads to another: one step, to another domain, whose entry
 * lets the first granter. *pinned is replaced.
 */
static int16_t follow(struct copy_end *end, struct active *pinned)
{
    domid_t via = end->domain->domid;
    struct domain *next;
    int16_t status;

    if (grant_options.no_transitive || pinned->trans_domid == via) {
        return GNTST_general_error;
    }
    next = domain_get(pinned->trans_domid);
    if (next == NULL || next->grant == NULL) {
        if (next != NULL) {
            domain_put(next);
        }
        return GNTST_general_error;
    }
    end->trans_ref = pinned->frame;
    status = grant_pin(next, end->trans_ref, via, end->write, PIN_COPY, pinned);
    if (status != GNTST_okay) {
        domain_put(next);
        return status;
    }
    end->trans_domain = next;
    return pinned->kind == GRANT_TRANSITIVE ? GNTST_general_error : GNTST_okay;
}

/* Pin the entry named, and what it leads to; what is pinned after an error is
 * the caller's to release. Sets *owner, of the frame. */
static int16_t pin_entries(domid_t caller, struct copy_end *end,
                           struct domain **owner)
{
    struct active pinned;
    int16_t status;

    if (end->domain->grant == NULL) {
        return GNTST_bad_domain;
    }
    status = grant_pin(end->domain, (grant_ref_t)end->number, caller,
                       end->write, PIN_COPY, &pinned);
    if (status != GNTST_okay) {
        return status;
    }
    end->pinned = true;
    *owner = end->domain;
    if (pinned.kind == GRANT_TRANSITIVE) {
        status = follow(end, &pinned);
        *owner = end->trans_domain;
    }
    end->mfn = mfn_make(pinned.frame);
    end->start = pinned.start;
    end->limit = (unsigned int)pinned.start + pinned.length;
    return status;
}

/* -- both ends of a copy --------------------------------------------------- */

/* Hold what @number is: a reference of the domain named, or a frame. */
static int16_t hold_frame(struct domain *caller, struct copy_end *end,
                          bool by_ref, unsigned long number)
{
    struct domain *owner = caller;
    int16_t status = GNTST_okay;

    if (end->held && end->by_ref == by_ref && end->number == number) {
        return GNTST_okay;
    }
    release_frame(end);
    end->by_ref = by_ref;
    end->number = number;
    if (by_ref) {
        status = pin_entries(caller->domid, end, &owner);
    } else if (end->domid == DOMID_SELF) {
        end->mfn = mfn_make(number);
        end->start = 0;
        end->limit = PAGE_BYTES;
    } else {
        status = GNTST_permission_denied;
    }
    if (status == GNTST_okay) {
        status = grant_get_frame(owner, end->mfn, end->write);
        end->held = status == GNTST_okay;
    }
    if (!end->held) {
        release_frame(end);
    }
    return status;
}

static unsigned long number_of(const struct gnttab_copy_ptr *ptr, bool by_ref)
{
    return by_ref ? ptr->u.ref : ptr->u.gmfn;
}

/* Both domains must be there before anything else is looked at. */
static int16_t hold_both(struct domain *caller, const struct gnttab_copy *op,
                         struct copy_end *source, struct copy_end *dest)
{
    bool source_ref = (op->flags & GNTCOPY_source_gref) != 0;
    bool dest_ref = (op->flags & GNTCOPY_dest_gref) != 0;
    int16_t status = name_domain(caller, op->source.domid, source);

    if (status == GNTST_okay) {
        status = name_domain(caller, op->dest.domid, dest);
    }
    if (status == GNTST_okay) {
        status = hold_frame(caller, source, source_ref,
                            number_of(&op->source, source_ref));
    }
    if (status == GNTST_okay) {
        status =
            hold_frame(caller, dest, dest_ref, number_of(&op->dest, dest_ref));
    }
    return status;
}

static bool is_within(const struct copy_end *end, unsigned int offset,
                      unsigned int len)
{
    return offset >= end->start && offset + len <= end->limit;
}

static int16_t copy_one(struct domain *caller, const struct gnttab_copy *op,
                        struct copy_end *source, struct copy_end *dest)
{
    int16_t status = hold_both(caller, op, source, dest);

    if (status != GNTST_okay) {
        return status;
    }
    if (op->source.offset + op->len > PAGE_BYTES ||
        op->dest.offset + op->len > PAGE_BYTES) {
        return GNTST_bad_copy_arg;
    }
    if (!is_within(source, op->source.offset, op->len) ||
        !is_within(dest, op->dest.offset, op->len)) {
        return GNTST_general_error;
    }
    /* Both may be one frame. */
    memmove((char *)machine_map(dest->mfn) + op->dest.offset,
            (const char *)machine_map(source->mfn) + op->source.offset,
            op->len);
    return GNTST_okay;
}

static int write_status(guest_va_t array, unsigned int index, int16_t status)
{
    size_t at = index * sizeof(struct gnttab_copy) +
                offsetof(struct gnttab_copy, status);

    return copy_to_guest(guest_va_make(array.address + at), &status,
                         sizeof(status));
}

long grant_op_copy(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    struct copy_end source = {.write = false};
    struct copy_end dest = {.write = true};
    struct gnttab_copy op;
    long rc = 0;

    for (unsigned int i = 0; i < count && rc == 0; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            rc = grant_continue(args, i, sizeof(op));
        } else if (read_guest_index(&op, array, i) != 0) {
            rc = -XEN_EFAULT;
        } else {
            op.status = copy_one(v->domain, &op, &source, &dest);
            rc = write_status(array, i, op.status);
        }
    }
    release_end(&source);
    release_end(&dest);
    return rc;
}
