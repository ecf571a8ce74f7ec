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

/* A pinned entry. */
struct pin {
    struct domain *granter; /* with a reference; NULL: none */
    grant_ref_t ref;
};

/* A frame held for copying: by grant, or one of the caller's own. */
struct copy_end {
    bool held;
    bool by_ref;
    bool write;
    struct gnttab_copy_ptr ptr;
    struct domain *owner; /* of the frame, while held */
    struct pin pin;       /* of the entry named, and of the one that it */
    struct pin trans_pin; /* leads to if it is transitive */
    mfn_t mfn;
    unsigned int start; /* the part that may be copied */
    unsigned int limit;
};

/* -- by grant -------------------------------------------------------------- */

static void unpin(struct pin *pin, bool write)
{
    if (pin->granter != NULL) {
        grant_unpin(pin->granter, pin->ref, write);
        domain_put(pin->granter);
        pin->granter = NULL;
    }
}

/* Pin entry @ref of @domid, which lets @who. */
static int16_t pin_entry(domid_t domid, grant_ref_t ref, domid_t who,
                         bool write, struct pin *pin, struct active *pinned)
{
    struct domain *d = domain_get(domid);
    int16_t status = GNTST_bad_domain;

    if (d != NULL && d->grant != NULL) {
        status = grant_pin(d, ref, who, write, PIN_COPY, pinned);
    }
    if (status == GNTST_okay) {
        *pin = (struct pin){d, ref};
    } else if (d != NULL) {
        domain_put(d);
    }
    return status;
}

/*
 * The entry pinned leads to another: one step, to another domain, whose entry
 * lets the first granter. *pinned is replaced.
 */
static int16_t follow(struct copy_end *end, struct active *pinned)
{
    domid_t next = pinned->trans_domid;
    domid_t via = end->pin.granter->domid;
    int16_t status;

    if (grant_options.no_transitive || next == via) {
        return GNTST_general_error;
    }
    status = pin_entry(next, pinned->frame, via, end->write, &end->trans_pin,
                       pinned);
    if (status == GNTST_bad_domain) {
        return GNTST_general_error;
    }
    return status == GNTST_okay && pinned->kind == GRANT_TRANSITIVE
               ? GNTST_general_error
               : status;
}

/* Pin the entries that @end->ptr names; what was pinned stays for the caller
 * to unpin. */
static int16_t pin_end(struct domain *caller, struct copy_end *end)
{
    domid_t domid = end->ptr.domid;
    struct active pinned;
    int16_t status;

    status =
        pin_entry(domid == DOMID_SELF ? caller->domid : domid, end->ptr.u.ref,
                  caller->domid, end->write, &end->pin, &pinned);
    end->owner = end->pin.granter;
    if (status == GNTST_okay && pinned.kind == GRANT_TRANSITIVE) {
        status = follow(end, &pinned);
        end->owner = end->trans_pin.granter;
    }
    if (status == GNTST_okay) {
        end->mfn = mfn_make(pinned.frame);
        end->start = pinned.start;
        end->limit = (unsigned int)pinned.start + pinned.length;
    }
    return status;
}

/* -- both ends of a copy --------------------------------------------------- */

static void release_end(struct copy_end *end)
{
    if (end->held) {
        grant_put_frame(end->mfn, end->write);
        end->held = false;
    }
    unpin(&end->pin, end->write);
    unpin(&end->trans_pin, end->write);
}

/* Batches use one frame several times in a row: is it the one at hand? */
static bool is_same_end(const struct copy_end *end,
                        const struct gnttab_copy_ptr *ptr, bool by_ref)
{
    if (!end->held || end->by_ref != by_ref || end->ptr.domid != ptr->domid) {
        return false;
    }
    return by_ref ? end->ptr.u.ref == ptr->u.ref
                  : end->ptr.u.gmfn == ptr->u.gmfn;
}

/* Make @end be what @ptr says. */
static int16_t claim_end(struct domain *caller,
                         const struct gnttab_copy_ptr *ptr, bool by_ref,
                         struct copy_end *end)
{
    int16_t status = GNTST_okay;

    if (is_same_end(end, ptr, by_ref)) {
        return GNTST_okay;
    }
    release_end(end);
    if (!by_ref && ptr->domid != DOMID_SELF) {
        return GNTST_permission_denied;
    }
    end->ptr = *ptr;
    end->by_ref = by_ref;
    if (by_ref) {
        status = pin_end(caller, end);
    } else {
        end->owner = caller;
        end->mfn = mfn_make(ptr->u.gmfn);
        end->start = 0;
        end->limit = PAGE_BYTES;
    }
    if (status == GNTST_okay) {
        status = grant_get_frame(end->owner, end->mfn, end->write);
        end->held = status == GNTST_okay;
    }
    if (status != GNTST_okay) {
        release_end(end);
    }
    return status;
}

/* Both domains must be there before anything else is looked at. */
static int16_t check_domain(const struct copy_end *end,
                            const struct gnttab_copy_ptr *ptr, bool by_ref)
{
    struct domain *d;

    if (ptr->domid == DOMID_SELF ||
        (by_ref && end->held && end->by_ref && end->ptr.domid == ptr->domid)) {
        return GNTST_okay;
    }
    d = domain_get(ptr->domid);
    if (d == NULL) {
        return GNTST_bad_domain;
    }
    domain_put(d);
    return GNTST_okay;
}

static int16_t claim_both(struct domain *caller, const struct gnttab_copy *op,
                          struct copy_end *source, struct copy_end *dest)
{
    bool source_ref = (op->flags & GNTCOPY_source_gref) != 0;
    bool dest_ref = (op->flags & GNTCOPY_dest_gref) != 0;
    int16_t status = check_domain(source, &op->source, source_ref);

    if (status == GNTST_okay) {
        status = check_domain(dest, &op->dest, dest_ref);
    }
    if (status == GNTST_okay) {
        status = claim_end(caller, &op->source, source_ref, source);
    }
    if (status == GNTST_okay) {
        status = claim_end(caller, &op->dest, dest_ref, dest);
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
    int16_t status = claim_both(caller, op, source, dest);

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
            rc = write_guest_index(array, i, &op);
        }
    }
    release_end(&source);
    release_end(&dest);
    return rc;
}
