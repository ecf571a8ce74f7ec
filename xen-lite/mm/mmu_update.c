/* SPDX-License-Identifier: MIT */
/*
 * Guests write their page tables: mmu_update (any entry, by machine address)
 * and update_va_mapping (the L1 entry of an address). <xen/xen.h>.
 */
#include "mm.h"

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pt.h"

#define COMMAND 7UL /* low bits of ptr */

/* Owners of the tables written to and of the frames they are to map. */
struct update {
    struct vcpu *v;
    struct domain *tables;
    struct domain *frames;
    /* The table written last, still held: the next is mostly the same. */
    struct page *held;
    unsigned int level;
};

/* -- one request ----------------------------------------------------------- */

/* The frame is no table: an 8-byte write to guest memory like any other. */
static int plain_write(struct page *page, uint64_t *at, uint64_t value)
{
    if (page_get_type(page, PAGE_TYPE_WRITABLE) != 0) {
        return -XEN_EINVAL;
    }
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
    page_put_type(page);
    return 0;
}

static void release_table(struct update *u)
{
    if (u->held != NULL) {
        (void)page_put_type_preemptible(u->held);
        page_put(u->held);
        u->held = NULL;
    }
}

/* Hold the frame @mfn; in u->held, in place of the last one, if it is a table:
 * 0, -XEN_EINVAL, -XEN_ERESTART. */
static int hold_table(struct update *u, mfn_t mfn)
{
    struct page *page;

    if (u->held != NULL && mfn_equal(page_mfn(u->held), mfn)) {
        return 0;
    }
    release_table(u);
    if (u->v->pv.teardown_mfn != 0) {
        return -XEN_ERESTART; /* what that left over goes first */
    }
    if (!page_get(mfn, u->tables)) {
        return -XEN_EINVAL;
    }
    page = page_of(mfn);
    u->level = page_hold_table(page);
    if (u->level != 0) {
        u->held = page;
    }
    return 0;
}

static int update_entry(struct update *u, uint64_t address, uint64_t value,
                        bool keep_ad)
{
    mfn_t mfn = mfn_make(address >> PAGE_SHIFT);
    uint64_t *at;
    int rc = hold_table(u, mfn);

    if (rc != 0) {
        return rc;
    }
    at = (uint64_t *)machine_map(mfn) + address % PAGE_BYTES / sizeof(*at);
    if (u->held != NULL) {
        return pt_update(u->tables, u->frames, u->held, u->level, at, value,
                         keep_ad);
    }
    rc = plain_write(page_of(mfn), at, value);
    page_put(page_of(mfn));
    return rc;
}

static int update_m2p(const struct update *u, uint64_t address, uint64_t pfn)
{
    mfn_t mfn = mfn_make(address >> PAGE_SHIFT);

    if (u->tables != u->v->domain) {
        return -XEN_EPERM;
    }
    if (!page_get(mfn, u->frames)) {
        return -XEN_EINVAL;
    }
    m2p_set(mfn, pfn);
    page_put(page_of(mfn));
    return 0;
}

static int update_one(struct update *u, const struct mmu_update *request)
{
    uint64_t address = request->ptr & ~COMMAND;

    switch (request->ptr & COMMAND) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return update_entry(u, address, request->val, false);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_entry(u, address, request->val, true);
    case MMU_MACHPHYS_UPDATE:
        return update_m2p(u, address, request->val);
    default:
        return -XEN_ENOSYS;
    }
}

/* -- mmu_update ------------------------------------------------------------ */

/* @foreigndom: low half names the frames' owner, high half, less 1, the
 * tables'. */
static int update_begin(struct update *u, struct vcpu *v, uint32_t foreigndom)
{
    domid_t tables = (domid_t)(foreigndom >> 16);
    int rc;

    u->v = v;
    u->held = NULL;
    u->tables = v->domain;
    if (tables != 0 && (domid_t)(tables - 1) != v->domain->domid) {
        u->tables = domain_get((domid_t)(tables - 1));
        if (u->tables == NULL) {
            return -XEN_ESRCH;
        }
    }
    rc = mm_foreign_get(v, (domid_t)foreigndom, &u->frames);
    if (rc == 0 && u->tables != v->domain && !v->domain->privileged) {
        mm_foreign_put(v, u->frames);
        rc = -XEN_EPERM;
    }
    if (rc != 0) {
        mm_foreign_put(v, u->tables);
    }
    return rc;
}

static void update_end(struct update *u)
{
    release_table(u);
    mm_foreign_put(u->v, u->frames);
    mm_foreign_put(u->v, u->tables);
}

/* Requests until one fails or it is time to stop; *done: those completed. */
static int update_all(struct update *u, guest_va_t requests,
                      unsigned long count, unsigned long *done)
{
    int rc = 0;

    for (*done = 0; *done < count; ++*done) {
        struct mmu_update request;

        if (u->v->pv.teardown_mfn != 0 ||
            (*done != 0 && hypercall_preempt_check())) {
            return -XEN_ERESTART;
        }
        if (read_guest_index(&request, requests, *done) != 0) {
            return -XEN_EFAULT;
        }
        rc = update_one(u, &request);
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

/*
 * Progress: args 0 and 1, and *pdone; bit 31 of the count tells a restart. The
 * result of a call whose last teardown was preempted waits in argument 3.
 */
long hc_mmu_update(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t requests = guest_va_make(args->a[0]);
    unsigned long count = args->a[1] & ~MMU_RESTARTED & 0xffffffffUL;
    bool restarted = (args->a[1] & MMU_RESTARTED) != 0;
    guest_va_t pdone = guest_va_make(args->a[2]);
    struct update u;
    unsigned long done;
    long rc = mm_finish_teardown(v);

    if (rc != 0) {
        return rc;
    }
    if (mm_is_finish_call(args)) {
        return (int)args->a[3];
    }
    if (!guest_range_ok(requests, count * sizeof(struct mmu_update))) {
        return -XEN_EFAULT;
    }
    rc = update_begin(&u, v, (uint32_t)args->a[3]);
    if (rc != 0) {
        return rc;
    }
    rc = update_all(&u, requests, count, &done);
    update_end(&u);
    mm_report_done(pdone, restarted, done);
    if (rc == -XEN_ERESTART) {
        args->a[0] += done * sizeof(struct mmu_update);
        args->a[1] = (count - done) | MMU_RESTARTED;
        return rc;
    }
    return mm_finish_call(v, args, rc);
}

/* -- update_va_mapping ----------------------------------------------------- */

static int flush_mapping(struct vcpu *v, unsigned long va, unsigned long flags)
{
    unsigned long type = flags & UVMF_FLUSHTYPE_MASK;
    unsigned long where = flags & ~UVMF_FLUSHTYPE_MASK;
    struct cpumask cpus;

    if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG) {
        return 0;
    }
    if (type == UVMF_TLB_FLUSH) {
        va = MACHINE_FLUSH_ALL;
    }
    if (where == UVMF_LOCAL) {
        tlb_flush_va_local(va);
        return 0;
    }
    if (where == UVMF_ALL) {
        tlb_flush_va_cpus(&v->domain->dirty_cpus, va);
        return 0;
    }
    if (mm_vcpu_cpus(v, guest_va_make(where), &cpus) != 0) {
        return -XEN_EFAULT;
    }
    tlb_flush_va_cpus(&cpus, va);
    return 0;
}

static long update_va(struct vcpu *v, struct domain *frames,
                      const struct hypercall_args *args)
{
    struct pt_slot slot;
    int rc;

    if (!pt_slot_get(v, args->a[0], &slot)) {
        return -XEN_EINVAL;
    }
    rc = pt_update(v->domain, frames, slot.page, 1, slot.entry, args->a[1],
                   false);
    pt_slot_put(&slot);
    return rc != 0 ? rc : flush_mapping(v, args->a[0], args->a[2]);
}

long hc_update_va_mapping(struct vcpu *v, struct hypercall_args *args)
{
    return update_va(v, v->domain, args);
}

long hc_update_va_mapping_otherdomain(struct vcpu *v,
                                      struct hypercall_args *args)
{
    struct domain *frames;
    long rc = mm_foreign_get(v, (domid_t)args->a[3], &frames);

    if (rc != 0) {
        return rc;
    }
    rc = update_va(v, frames, args);
    mm_foreign_put(v, frames);
    return rc;
}
