/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pins, roots, TLB and cache flushes, LDT, clearing and copying of
 * frames. <xen/xen.h>.
 */
#include "mm.h"

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pt.h"
#include "pv.h"
#include "string.h"

/* -- commands; @from owns the frames named --------------------------------- */

/* Most commands are about the caller itself. */
static int need_self(const struct vcpu *v, const struct domain *from)
{
    return from == v->domain ? 0 : -XEN_EPERM;
}

static int flush_multi(struct vcpu *v, const struct mmuext_op *op,
                       unsigned long va)
{
    struct cpumask cpus;

    if (mm_vcpu_cpus(v, GUEST_HANDLE_VA(op->arg2.vcpumask), &cpus) != 0) {
        return -XEN_EINVAL;
    }
    if (va == MACHINE_FLUSH_ALL || guest_address_ok(va)) {
        tlb_flush_va_cpus(&cpus, va);
    }
    return 0;
}

static int flush_tlb(struct vcpu *v, const struct mmuext_op *op)
{
    unsigned long va = op->arg1.linear_addr;

    switch (op->cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL:
        tlb_flush_local();
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI:
        return flush_multi(v, op, MACHINE_FLUSH_ALL);
    case MMUEXT_TLB_FLUSH_ALL:
        tlb_flush_cpus(&v->domain->dirty_cpus);
        return 0;
    case MMUEXT_INVLPG_MULTI:
        return flush_multi(v, op, va);
    case MMUEXT_INVLPG_LOCAL:
        if (guest_address_ok(va)) {
            tlb_flush_va_local(va);
        }
        return 0;
    default: /* MMUEXT_INVLPG_ALL */
        if (guest_address_ok(va)) {
            tlb_flush_va_cpus(&v->domain->dirty_cpus, va);
        }
        return 0;
    }
}

/* Only who has devices can have a reason. */
static int flush_cache(struct vcpu *v, bool all)
{
    struct domain *d = v->domain;

    if (!d->privileged && rangeset_empty(&d->iomem) &&
        rangeset_empty(&d->ioports)) {
        return -XEN_EACCES;
    }
    if (all) {
        machine_flush_cache_all();
    } else {
        machine_flush_cache();
    }
    return 0;
}

/* A frame of @from to write to: -XEN_EINVAL if it cannot be writable. */
static int writable_get(struct domain *from, mfn_t mfn)
{
    return page_get_and_type(mfn, from, PAGE_TYPE_WRITABLE) == 0 ? 0
                                                                 : -XEN_EINVAL;
}

static int clear_page(struct domain *from, mfn_t mfn)
{
    int rc = writable_get(from, mfn);

    if (rc == 0) {
        memset(machine_map(mfn), 0, PAGE_BYTES);
        page_put_and_type(page_of(mfn));
    }
    return rc;
}

static int copy_page(struct domain *from, mfn_t to_mfn, mfn_t from_mfn)
{
    int rc;

    if (!page_get(from_mfn, from)) {
        return -XEN_EINVAL;
    }
    rc = writable_get(from, to_mfn);
    if (rc == 0) {
        memmove(machine_map(to_mfn), machine_map(from_mfn), PAGE_BYTES);
        page_put_and_type(page_of(to_mfn));
    }
    page_put(page_of(from_mfn));
    return rc;
}

static int change_self(struct vcpu *v, const struct mmuext_op *op)
{
    mfn_t mfn = mfn_make(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return mm_new_kernel_root(v, mfn);
    case MMUEXT_NEW_USER_BASEPTR:
        return mm_new_user_root(v, mfn);
    case MMUEXT_SET_LDT:
        return pv_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return flush_cache(v, op->cmd == MMUEXT_FLUSH_CACHE_GLOBAL);
    default:
        return flush_tlb(v, op);
    }
}

static int do_one(struct vcpu *v, struct domain *from,
                  const struct mmuext_op *op)
{
    mfn_t mfn = mfn_make(op->arg1.mfn);
    int rc;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return mm_pin_table(
            from, mfn, pt_type_of_level(op->cmd - MMUEXT_PIN_L1_TABLE + 1));
    case MMUEXT_UNPIN_TABLE:
        return mm_unpin_table(from, mfn);
    case MMUEXT_CLEAR_PAGE:
        return clear_page(from, mfn);
    case MMUEXT_COPY_PAGE:
        return copy_page(from, mfn, mfn_make(op->arg2.src_mfn));
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
    case MMUEXT_SET_LDT:
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL:
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        rc = need_self(v, from);
        return rc != 0 ? rc : change_self(v, op);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}

/* -- the list -------------------------------------------------------------- */

static int do_all(struct vcpu *v, struct domain *from, guest_va_t ops,
                  unsigned long count, unsigned long *done)
{
    int rc = 0;

    for (*done = 0; *done < count; ++*done) {
        struct mmuext_op op;

        if (v->pv.teardown_mfn != 0 ||
            (*done != 0 && hypercall_preempt_check())) {
            return -XEN_ERESTART;
        }
        if (read_guest_index(&op, ops, *done) != 0) {
            return -XEN_EFAULT;
        }
        rc = do_one(v, from, &op);
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

/* Progress as in mmu_update. */
long hc_mmuext_op(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t ops = guest_va_make(args->a[0]);
    unsigned long count = args->a[1] & ~MMU_RESTARTED & 0xffffffffUL;
    bool restarted = (args->a[1] & MMU_RESTARTED) != 0;
    guest_va_t pdone = guest_va_make(args->a[2]);
    struct domain *from;
    unsigned long done;
    long rc = mm_finish_teardown(v);

    if (rc != 0) {
        return rc;
    }
    if (mm_is_finish_call(args)) {
        return (int)args->a[3];
    }
    if (!guest_range_ok(ops, count * sizeof(struct mmuext_op))) {
        return -XEN_EFAULT;
    }
    rc = mm_foreign_get(v, (domid_t)args->a[3], &from);
    if (rc != 0) {
        return rc;
    }
    rc = do_all(v, from, ops, count, &done);
    mm_foreign_put(v, from);
    mm_report_done(pdone, restarted, done);
    if (rc == -XEN_ERESTART) {
        args->a[0] += done * sizeof(struct mmuext_op);
        args->a[1] = (count - done) | MMU_RESTARTED;
        return rc;
    }
    return mm_finish_call(v, args, rc);
}
