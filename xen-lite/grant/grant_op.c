/* SPDX-License-Identifier: MIT */
/*
 * The grant_table_op hypercall: its short commands, and the table of all.
 * <xen/grant_table.h>.
 */
#include "grant.h"

#include "guest_copy.h"
#include "hypercall.h"
#include "nospec.h"

/* Whose table a command means, with a reference: GNTST_okay, _bad_domain,
 * _permission_denied. */
static int16_t target_of(struct vcpu *v, domid_t domid, struct domain **d)
{
    switch (domain_get_target(v, domid, d)) {
    case 0:
        return GNTST_okay;
    case -XEN_EPERM:
        return GNTST_permission_denied;
    default:
        return GNTST_bad_domain;
    }
}

/* Write the first @count frame numbers of @d's table to @list. */
static int16_t list_frames(struct domain *d, guest_va_t list,
                           unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        xen_pfn_t frame = machine_mfn_of(d->grant->shared[i]).number;

        if (write_guest_index(list, i, &frame) != 0) {
            return GNTST_bad_virt_addr;
        }
    }
    return GNTST_okay;
}

static int16_t setup_table(struct vcpu *v, const struct gnttab_setup_table *op)
{
    struct domain *d;
    int16_t status = target_of(v, op->dom, &d);

    if (status != GNTST_okay) {
        return status;
    }
    if (domain_is_dying(d) || grant_table_grow(d, op->nr_frames) != 0) {
        status = GNTST_general_error;
    } else {
        /* Frames that exist stay: no lock is needed to name them. */
        status = list_frames(d, GUEST_HANDLE_VA(op->frame_list), op->nr_frames);
    }
    domain_put(d);
    return status;
}

static long op_setup_table(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_setup_table op;

    if (args->a[2] != 1) {
        return -XEN_EINVAL;
    }
    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    op.status = setup_table(v, &op);
    return write_guest(va, &op);
}

static long op_query_size(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_query_size op;
    struct domain *d;

    if (args->a[2] != 1) {
        return -XEN_EINVAL;
    }
    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    op.status = target_of(v, op.dom, &d);
    if (op.status == GNTST_okay) {
        spin_lock(&d->grant->lock);
        op.nr_frames = d->grant->frame_count;
        op.max_nr_frames = d->grant->max_frames;
        spin_unlock(&d->grant->lock);
        domain_put(d);
    }
    return write_guest(va, &op);
}

/* There is version 1 only; it answers as Xen with gnttab=max-ver:1. */
static long op_set_version(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_set_version op;

    if (args->a[2] != 1) {
        return -XEN_EINVAL;
    }
    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    if (op.version != 1 && op.version != 2) {
        return -XEN_EINVAL;
    }
    if (op.version != v->domain->grant->version) {
        return -XEN_ENOSYS;
    }
    return write_guest(va, &op);
}

static long op_get_version(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_get_version op;
    struct domain *d;
    int rc;

    if (args->a[2] != 1) {
        return -XEN_EINVAL;
    }
    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, op.dom, &d);
    if (rc != 0) {
        return rc;
    }
    op.version = d->grant->version;
    domain_put(d);
    return write_guest(va, &op);
}

/* Tables of version 1 have no status frames. */
static long op_get_status_frames(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_get_status_frames op;
    struct domain *d;

    if (args->a[2] != 1) {
        return -XEN_EINVAL;
    }
    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    op.status = target_of(v, op.dom, &d);
    if (op.status == GNTST_okay) {
        op.status = GNTST_general_error;
        domain_put(d);
    }
    return write_guest(va, &op);
}

static long op_swap_grant_ref(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    struct gnttab_swap_grant_ref op;

    for (unsigned int i = 0; i < count; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            args->a[1] += i * sizeof(op);
            args->a[2] -= i;
            return -XEN_ERESTART;
        }
        if (read_guest_index(&op, array, i) != 0) {
            return -XEN_EFAULT;
        }
        op.status = grant_swap(v->domain, op.ref_a, op.ref_b);
        if (write_guest_index(array, i, &op) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

/*
 * No guest of this ABI version gives frames away like this. The ABI lets the
 * caller keep its frame with one status only: GNTST_bad_page.
 */
static long op_transfer(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t array = guest_va_make(args->a[1]);
    unsigned int count = (unsigned int)args->a[2];
    struct gnttab_transfer op;

    (void)v;
    for (unsigned int i = 0; i < count; i++) {
        if (i != 0 && hypercall_preempt_check()) {
            args->a[1] += i * sizeof(op);
            args->a[2] -= i;
            return -XEN_ERESTART;
        }
        if (read_guest_index(&op, array, i) != 0) {
            return -XEN_EFAULT;
        }
        op.status = GNTST_bad_page;
        if (write_guest_index(array, i, &op) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

/* Caches of x86 are coherent with devices: as Xen there. */
static long op_cache_flush(struct vcpu *v, struct hypercall_args *args)
{
    (void)v;
    (void)args;
    return -XEN_EOPNOTSUPP;
}

static hypercall_fn_t *const grant_ops[] = {
    [GNTTABOP_map_grant_ref] = grant_op_map,
    [GNTTABOP_unmap_grant_ref] = grant_op_unmap,
    [GNTTABOP_setup_table] = op_setup_table,
    [GNTTABOP_dump_table] = NULL,
    [GNTTABOP_transfer] = op_transfer,
    [GNTTABOP_copy] = grant_op_copy,
    [GNTTABOP_query_size] = op_query_size,
    [GNTTABOP_unmap_and_replace] = grant_op_unmap_and_replace,
    [GNTTABOP_set_version] = op_set_version,
    [GNTTABOP_get_status_frames] = op_get_status_frames,
    [GNTTABOP_get_version] = op_get_version,
    [GNTTABOP_swap_grant_ref] = op_swap_grant_ref,
    [GNTTABOP_cache_flush] = op_cache_flush,
};

long hc_grant_table_op(struct vcpu *v, struct hypercall_args *args)
{
    /* Command and count are ints of the ABI. */
    unsigned long command = (uint32_t)args->a[0];

    args->a[2] = (uint32_t)args->a[2];
    if (args->a[2] > INT32_MAX) {
        return -XEN_EINVAL;
    }
    if (command >= ARRAY_COUNT(grant_ops)) {
        return -XEN_ENOSYS;
    }
    command = index_nospec(command, ARRAY_COUNT(grant_ops));
    return grant_ops[command] == NULL ? -XEN_ENOSYS
                                      : grant_ops[command](v, args);
}
