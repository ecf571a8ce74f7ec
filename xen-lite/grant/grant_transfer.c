/* SPDX-License-Identifier: MIT */
/*
 * Giving a frame away to a domain that waits for one. <xen/grant_table.h>,
 * GNTTABOP_transfer, GTF_accept_transfer.
 *
 * A frame that could be taken from the caller is gone, whatever happens then:
 * one that the other domain does not accept is freed.
 */
#include "grant.h"

#include "guest_copy.h"
#include "hypercall.h"
#include "mm.h"
#include "nospec.h"

/* Where an entry of either version names its frame. */
static volatile uint32_t *v1_frame(struct grant_table *table, grant_ref_t ref)
{
    return &entry_v1(table, ref)->frame;
}

static volatile uint64_t *v2_frame(struct grant_table *table, grant_ref_t ref)
{
    return &entry_v2(table, ref)->full_page.frame;
}

/* The lock of @to's table and entry @ref; false, and no lock, if there is no
 * such entry. The version may change between two uses. */
static bool lock_entry(struct domain *to, grant_ref_t *ref)
{
    struct grant_table *table = to->grant;
    unsigned int count;

    spin_lock(&table->lock);
    count = entry_count(table);
    if (*ref >= count) {
        spin_unlock(&table->lock);
        return false;
    }
    *ref = (grant_ref_t)index_nospec(*ref, count);
    return true;
}

/* The owner of the entry may not change it from here on, and waits. What it
 * waits at is the pfn of what comes. */
static bool commit(struct domain *to, grant_ref_t ref, domid_t from,
                   uint64_t *pfn)
{
    uint32_t wanted = GTF_accept_transfer | (uint32_t)from << 16;
    uint32_t word = wanted;
    bool done;

    if (!lock_entry(to, &ref)) {
        return false;
    }
    done = __atomic_compare_exchange_n(entry_header(to->grant, ref), &word,
                                       wanted | GTF_transfer_committed, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    *pfn = to->grant->version == 1 ? *v1_frame(to->grant, ref)
                                   : *v2_frame(to->grant, ref);
    spin_unlock(&to->grant->lock);
    return done;
}

static void uncommit(struct domain *to, grant_ref_t ref)
{
    if (lock_entry(to, &ref)) {
        __atomic_fetch_and(entry_header(to->grant, ref),
                           ~GTF_transfer_committed, __ATOMIC_SEQ_CST);
        spin_unlock(&to->grant->lock);
    }
}

/* Tell @to which frame it has got. */
static void complete(struct domain *to, grant_ref_t ref, mfn_t mfn)
{
    struct grant_table *table = to->grant;

    if (!lock_entry(to, &ref)) {
        return;
    }
    if (table->version == 1) {
        *v1_frame(table, ref) = (uint32_t)mfn.number;
    } else {
        *v2_frame(table, ref) = mfn.number;
    }
    __atomic_fetch_or(entry_header(table, ref), GTF_transfer_completed,
                      __ATOMIC_SEQ_CST);
    spin_unlock(&table->lock);
}

/* @page is nobody's, and may still be known to TLBs and caches. */
static int16_t give_page(struct domain *from, struct page *page,
                         const struct gnttab_transfer *op)
{
    struct domain *to = domain_get(op->domid);
    int16_t status = GNTST_general_error;
    uint64_t pfn;

    if (to == NULL || to->grant == NULL) {
        status = GNTST_bad_domain;
    } else if (commit(to, op->ref, from->domid, &pfn)) {
        frame_flush_former_use(page);
        /* Before it is @to's, who may let it go to someone else at once. */
        m2p_set(page_mfn(page), pfn);
        if (domain_assign_pages(to, page, 0) == 0) {
            complete(to, op->ref, page_mfn(page));
            status = GNTST_okay;
        } else {
            uncommit(to, op->ref);
        }
    }
    if (to != NULL) {
        domain_put(to);
    }
    return status;
}

static int16_t transfer_one(struct domain *from,
                            const struct gnttab_transfer *op)
{
    mfn_t mfn = mfn_make(op->mfn);
    int16_t status;

    if (domain_steal_page(from, mfn) != 0) {
        return GNTST_bad_page;
    }
    status = give_page(from, page_of(mfn), op);
    if (status != GNTST_okay) {
        m2p_set(mfn, M2P_INVALID);
        frame_free(page_of(mfn), 0);
    }
    return status;
}

long grant_op_transfer(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    struct gnttab_transfer op;

    if (grant_options.no_transfer) {
        return -XEN_EOPNOTSUPP;
    }
    for (unsigned int i = 0; i < count; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            return grant_continue(args, i, sizeof(op));
        }
        if (read_guest_index(&op, array, i) != 0) {
            return -XEN_EFAULT;
        }
        op.status = transfer_one(v->domain, &op);
        if (write_guest_index(array, i, &op) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}
