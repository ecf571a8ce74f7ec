/* SPDX-License-Identifier: MIT */
/*
 * Page tables in use: pins, and the roots of vCPUs. Each holds a general and a
 * type reference. Dropping the last one of a table may be long; what is left
 * over then is noted in the current vCPU.
 */
#include "mm.h"

#include "core.h"
#include "domain.h"
#include "pt.h"
#include "pv.h"

/* -- pins ------------------------------------------------------------------ */

static bool clear_pin(struct page *page)
{
    uint64_t before = atomic_fetch_and(&page->type, ~PAGE_TYPE_PINNED);

    return (before & PAGE_TYPE_PINNED) != 0;
}

static bool set_pin(struct page *page)
{
    uint64_t before = atomic_fetch_or(&page->type, PAGE_TYPE_PINNED);

    return (before & PAGE_TYPE_PINNED) == 0;
}

static void drop_both(struct page *page)
{
    (void)page_put_type_preemptible(page);
    page_put(page);
}

int mm_pin_table(struct domain *d, mfn_t mfn, enum page_type type)
{
    struct page *page;
    int rc;

    if (!page_get(mfn, d)) {
        return -XEN_EINVAL;
    }
    page = page_of(mfn);
    rc = page_get_type_preemptible(page, type);
    if (rc != 0) {
        page_put(page);
        return rc;
    }
    if (!set_pin(page)) {
        drop_both(page);
        return -XEN_EINVAL;
    }
    /* The other side is domain_relinquish_memory(), which may have passed this
     * frame already. */
    if (domain_is_dying(d) && clear_pin(page)) {
        drop_both(page);
        return -XEN_EINVAL;
    }
    return 0;
}

int mm_unpin_table(struct domain *d, mfn_t mfn)
{
    struct page *page;
    int rc = -XEN_EINVAL;

    if (!page_get(mfn, d)) {
        return -XEN_EINVAL;
    }
    page = page_of(mfn);
    if (clear_pin(page)) {
        drop_both(page);
        rc = 0;
    }
    page_put(page);
    return rc;
}

/* -- roots ----------------------------------------------------------------- */

/*
 * On this machine, does loading a root drop global translations, too? Seen
 * when the first root is loaded: then the TLB clock shows a flush.
 */
static _Atomic bool loading_drops_all;

/* Load what @v has now, with nothing left of the last address space. */
static void switch_address_space(struct vcpu *v)
{
    const struct core_cpu *cpu = machine_this_cpu();
    unsigned long flags = machine_irq_save(); /* no other flush meanwhile */
    uint32_t flushed_at = atomic_load(&cpu->tlb_flushed_at);

    machine_load_root(v);
    if (atomic_load(&cpu->tlb_flushed_at) != flushed_at) {
        atomic_store(&loading_drops_all, true);
    }
    machine_irq_restore(flags);
    if (!atomic_load(&loading_drops_all)) {
        tlb_flush_local();
    }
}

int mm_new_kernel_root(struct vcpu *v, mfn_t mfn)
{
    mfn_t old = v->pv.kernel_root;
    int rc = mm_finish_teardown(v);

    if (rc != 0) {
        return rc;
    }
    if (mfn_equal(old, mfn)) {
        switch_address_space(v);
        return 0;
    }
    rc = page_get_root(mfn, v->domain);
    if (rc != 0) {
        return rc;
    }
    (void)pv_drop_ldt(v); /* its pages were found through the old tables */
    v->pv.kernel_root = mfn;
    switch_address_space(v);
    if (!mfn_equal(old, INVALID_MFN)) {
        (void)page_put_root(old);
    }
    return 0;
}

int mm_new_user_root(struct vcpu *v, mfn_t mfn)
{
    mfn_t new = mfn.number == 0 ? INVALID_MFN : mfn;
    mfn_t old = v->pv.user_root;
    int rc = mm_finish_teardown(v);

    if (rc != 0 || mfn_equal(old, new)) {
        return rc;
    }
    if (!mfn_equal(new, INVALID_MFN)) {
        rc = page_get_root(new, v->domain);
        if (rc != 0) {
            return rc;
        }
    }
    v->pv.user_root = new;
    if (!mfn_equal(old, INVALID_MFN)) {
        /* If user translations are global, they would live on; else they go
         * on the way to user mode. */
        if (!atomic_load(&loading_drops_all)) {
            tlb_flush_local();
        }
        (void)page_put_root(old);
    }
    return 0;
}

static int drop_root(mfn_t *root)
{
    mfn_t old = *root;

    if (mfn_equal(old, INVALID_MFN)) {
        return 0;
    }
    *root = INVALID_MFN;
    return page_put_root(old);
}

int mm_drop_roots(struct vcpu *v)
{
    int rc = mm_finish_teardown(current_vcpu());

    if (rc == 0) {
        rc = mm_finish_teardown(v);
    }
    if (rc == 0) {
        rc = drop_root(&v->pv.user_root);
    }
    if (rc == 0) {
        rc = drop_root(&v->pv.kernel_root);
    }
    return rc;
}
