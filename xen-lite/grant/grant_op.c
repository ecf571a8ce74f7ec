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

/* Write the first @count of @frames, as numbers of 64 bits, to @list. */
static int16_t list_frames(void *const *frames, guest_va_t list,
                           unsigned int count)
{
    int16_t status = GNTST_okay;

    for (unsigned int i = 0; i < count; i++) {
        uint64_t frame = machine_mfn_of(frames[i]).number;

        if (write_guest_index(list, i, &frame) != 0) {
            status = GNTST_bad_virt_addr;
        }
    }
    return status;
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
        status = list_frames(d->grant->shared, GUEST_HANDLE_VA(op->frame_list),
                             op->nr_frames);
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
    if (!guest_range_ok(GUEST_HANDLE_VA(op.frame_list),
                        op.nr_frames * sizeof(xen_pfn_t))) {
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

/* The count of elements counts for nothing here. */
static long op_set_version(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_set_version op;
    int rc = -XEN_EINVAL;

    if (read_guest(&op, va) != 0) {
        return -XEN_EFAULT;
    }
    if (op.version == 1 || op.version == 2) {
        rc = grant_table_set_version(v->domain, op.version);
    }
    op.version = v->domain->grant->version;
    return write_guest(va, &op) != 0 ? -XEN_EFAULT : rc;
}

static long op_get_version(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t va = guest_va_make(args->a[1]);
    struct gnttab_get_version op;
    struct domain *d;
    int rc;

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

/* Frame @i of the first @count, which all exist. They go when the version
 * changes, so each is looked up anew. */
static int16_t status_frame(struct grant_table *table, unsigned int i,
                            unsigned int count, uint64_t *frame)
{
    int16_t status = GNTST_general_error;

    spin_lock(&table->lock);
    if (count <= table->status_count) {
        *frame = machine_mfn_of(table->status[i]).number;
        status = GNTST_okay;
    }
    spin_unlock(&table->lock);
    return status;
}

static int16_t status_frames(struct domain *d,
                             const struct gnttab_get_status_frames *op)
{
    guest_va_t list = GUEST_HANDLE_VA(op->frame_list);
    uint64_t frame = 0;

    for (unsigned int i = 0; i < op->nr_frames; i++) {
        int16_t status = status_frame(d->grant, i, op->nr_frames, &frame);

        if (status != GNTST_okay) {
            return status;
        }
        if (write_guest_index(list, i, &frame) != 0) {
            return GNTST_bad_virt_addr;
        }
    }
    return GNTST_okay;
}

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
    if (!guest_range_ok(GUEST_HANDLE_VA(op.frame_list),
                        op.nr_frames * sizeof(uint64_t))) {
        return -XEN_EFAULT;
    }
    op.status = target_of(v, op.dom, &d);
    if (op.status == GNTST_okay) {
        op.status = status_frames(d, &op);
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
            return grant_continue(args, i, sizeof(op));
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

static hypercall_fn_t *const grant_ops[] = {
    [GNTTABOP_map_grant_ref] = grant_op_map,
    [GNTTABOP_unmap_grant_ref] = grant_op_unmap,
    [GNTTABOP_setup_table] = op_setup_table,
    [GNTTABOP_dump_table] = NULL,
    [GNTTABOP_transfer] = grant_op_transfer,
    [GNTTABOP_copy] = grant_op_copy,
    [GNTTABOP_query_size] = op_query_size,
    [GNTTABOP_unmap_and_replace] = grant_op_unmap_and_replace,
    [GNTTABOP_set_version] = op_set_version,
    [GNTTABOP_get_status_frames] = op_get_status_frames,
    [GNTTABOP_get_version] = op_get_version,
    [GNTTABOP_swap_grant_ref] = op_swap_grant_ref,
    [GNTTABOP_cache_flush] = grant_op_cache_flush,
};

long hc_grant_table_op(struct vcpu *v, struct hypercall_args *args)
{
    /* Command and count are ints of the ABI. */
    unsigned long command = (uint32_t)args->a[0];
    unsigned long progress = command >> GRANT_COMMAND_BITS;

    args->a[2] = (uint32_t)args->a[2];
    if (args->a[2] > INT32_MAX) {
        return -XEN_EINVAL;
    }
    command &= (1U << GRANT_COMMAND_BITS) - 1;
    if (progress != 0 && command != GNTTABOP_cache_flush) {
        return -XEN_EINVAL;
    }
    if (command >= ARRAY_COUNT(grant_ops)) {
        return -XEN_ENOSYS;
    }
    command = index_nospec(command, ARRAY_COUNT(grant_ops));
    return grant_ops[command] == NULL ? -XEN_ENOSYS
                                      : grant_ops[command](v, args);
}
