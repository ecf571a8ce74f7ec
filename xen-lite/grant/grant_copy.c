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

/* A frame held for copying: by grant, or one of the caller's own. */
struct copy_end {
    struct domain *domain; /* whose it is, with a reference; NULL: none held */
    struct gnttab_copy_ptr ptr;
    bool by_ref;
    bool write;
    mfn_t mfn;
};

static void release_end(struct copy_end *end)
{
    if (end->domain == NULL) {
        return;
    }
    grant_put_frame(end->mfn, end->write);
    if (end->by_ref) {
        grant_unpin(end->domain, end->ptr.u.ref, end->write);
    }
    domain_put(end->domain);
    end->domain = NULL;
}

/* Batches use one frame several times in a row: is it the one at hand? */
static bool is_same_end(const struct copy_end *end,
                        const struct gnttab_copy_ptr *ptr, bool by_ref)
{
    if (end->domain == NULL || end->by_ref != by_ref ||
        end->ptr.domid != ptr->domid) {
        return false;
    }
    return by_ref ? end->ptr.u.ref == ptr->u.ref
                  : end->ptr.u.gmfn == ptr->u.gmfn;
}

/* Hold the frame that @end->ptr names, of @d. */
static int16_t hold_frame(struct vcpu *v, struct domain *d,
                          struct copy_end *end)
{
    int16_t status;

    if (end->by_ref) {
        if (d->grant == NULL) {
            return GNTST_bad_domain;
        }
        status = grant_pin(d, end->ptr.u.ref, v->domain->domid, end->write,
                           PIN_COPY, &end->mfn);
        if (status != GNTST_okay) {
            return status;
        }
    } else {
        end->mfn = mfn_make(end->ptr.u.gmfn);
    }
    status = grant_get_frame(d, end->mfn, end->write);
    if (status != GNTST_okay && end->by_ref) {
        grant_unpin(d, end->ptr.u.ref, end->write);
    }
    return status;
}

/* Make @end be what @ptr says. */
static int16_t claim_end(struct vcpu *v, const struct gnttab_copy_ptr *ptr,
                         bool by_ref, bool write, struct copy_end *end)
{
    struct domain *d;
    int16_t status;

    if (is_same_end(end, ptr, by_ref)) {
        return GNTST_okay;
    }
    release_end(end);
    d = domain_get(ptr->domid == DOMID_SELF ? v->domain->domid : ptr->domid);
    if (d == NULL) {
        return GNTST_bad_domain;
    }
    if (!by_ref && ptr->domid != DOMID_SELF) {
        domain_put(d);
        return GNTST_permission_denied;
    }
    end->ptr = *ptr;
    end->by_ref = by_ref;
    end->write = write;
    status = hold_frame(v, d, end);
    if (status != GNTST_okay) {
        domain_put(d);
        return status;
    }
    end->domain = d;
    return GNTST_okay;
}

static int16_t copy_one(struct vcpu *v, const struct gnttab_copy *op,
                        struct copy_end *source, struct copy_end *dest)
{
    int16_t status;

    if (op->source.offset + op->len > PAGE_BYTES ||
        op->dest.offset + op->len > PAGE_BYTES) {
        return GNTST_bad_copy_arg;
    }
    status = claim_end(v, &op->source, (op->flags & GNTCOPY_source_gref) != 0,
                       false, source);
    if (status != GNTST_okay) {
        return status;
    }
    status = claim_end(v, &op->dest, (op->flags & GNTCOPY_dest_gref) != 0, true,
                       dest);
    if (status != GNTST_okay) {
        return status;
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
    struct copy_end source = {.domain = NULL};
    struct copy_end dest = {.domain = NULL};
    struct gnttab_copy op;
    long rc = 0;

    for (unsigned int i = 0; i < count && rc == 0; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            args->a[1] += i * sizeof(op);
            args->a[2] -= i;
            rc = -XEN_ERESTART;
        } else if (read_guest_index(&op, array, i) != 0) {
            rc = -XEN_EFAULT;
        } else {
            op.status = copy_one(v, &op, &source, &dest);
            rc = write_guest_index(array, i, &op);
        }
    }
    release_end(&source);
    release_end(&dest);
    return rc;
}
