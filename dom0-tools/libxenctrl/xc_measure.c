// SPDX-License-Identifier: MIT
/*
 * The hypervisor's own instruments: software counters (xenperf), lock
 * profile, trace buffers (xentrace).
 */
#include "private.h"

static int perfc(xc_interface *xch, struct xen_sysctl *sysctl, uint32_t cmd)
{
    sysctl->u.perfc_op.cmd = cmd;
    return do_sysctl(xch, sysctl);
}

int xc_perfc_reset(xc_interface *xch)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_perfc_op);
    return perfc(xch, &sysctl, XEN_SYSCTL_PERFCOP_reset);
}

int xc_perfc_query_number(xc_interface *xch, int *nbr_desc, int *nbr_val)
{
    struct xen_sysctl sysctl;
    int rc;

    sysctl_init(&sysctl, XEN_SYSCTL_perfc_op);
    rc = perfc(xch, &sysctl, XEN_SYSCTL_PERFCOP_query);
    if (nbr_desc != NULL) {
        *nbr_desc = (int)sysctl.u.perfc_op.nr_counters;
    }
    if (nbr_val != NULL) {
        *nbr_val = (int)sysctl.u.perfc_op.nr_vals;
    }
    return rc;
}

int xc_perfc_query(xc_interface *xch, struct xc_hypercall_buffer *desc,
                   struct xc_hypercall_buffer *val)
{
    DECLARE_HYPERCALL_BUFFER_ARGUMENT(desc);
    DECLARE_HYPERCALL_BUFFER_ARGUMENT(val);
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_perfc_op);
    set_xen_guest_handle(sysctl.u.perfc_op.desc, desc);
    set_xen_guest_handle(sysctl.u.perfc_op.val, val);
    return perfc(xch, &sysctl, XEN_SYSCTL_PERFCOP_query);
}

int xc_lockprof_reset(xc_interface *xch)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_lockprof_op);
    sysctl.u.lockprof_op.cmd = XEN_SYSCTL_LOCKPROF_reset;
    return do_sysctl(xch, &sysctl);
}

int xc_lockprof_query_number(xc_interface *xch, uint32_t *n_elems)
{
    struct xen_sysctl sysctl;
    int rc;

    sysctl_init(&sysctl, XEN_SYSCTL_lockprof_op);
    sysctl.u.lockprof_op.cmd = XEN_SYSCTL_LOCKPROF_query;
    rc = do_sysctl(xch, &sysctl);
    *n_elems = sysctl.u.lockprof_op.nr_elem;
    return rc;
}

int xc_lockprof_query(xc_interface *xch, uint32_t *n_elems, uint64_t *time,
                      struct xc_hypercall_buffer *data)
{
    DECLARE_HYPERCALL_BUFFER_ARGUMENT(data);
    struct xen_sysctl sysctl;
    int rc;

    sysctl_init(&sysctl, XEN_SYSCTL_lockprof_op);
    sysctl.u.lockprof_op.cmd = XEN_SYSCTL_LOCKPROF_query;
    sysctl.u.lockprof_op.max_elem = *n_elems;
    set_xen_guest_handle(sysctl.u.lockprof_op.data, data);
    rc = do_sysctl(xch, &sysctl);
    *n_elems = sysctl.u.lockprof_op.nr_elem;
    *time = sysctl.u.lockprof_op.time;
    return rc;
}

static int tbuf(xc_interface *xch, struct xen_sysctl *sysctl, uint32_t cmd)
{
    sysctl->u.tbuf_op.cmd = cmd;
    return do_sysctl(xch, sysctl);
}

int xc_tbuf_get_size(xc_interface *xch, unsigned long *size)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    if (tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_get_info) < 0) {
        return -1;
    }
    *size = sysctl.u.tbuf_op.size;
    return 0;
}

int xc_tbuf_set_size(xc_interface *xch, unsigned long size)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    sysctl.u.tbuf_op.size = (uint32_t)size;
    return tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_set_size);
}

/* Buffers that already have a size keep it: set_size then fails harmlessly. */
int xc_tbuf_enable(xc_interface *xch, unsigned long pages, unsigned long *mfn,
                   unsigned long *size)
{
    struct xen_sysctl sysctl;

    (void)xc_tbuf_set_size(xch, pages);
    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    if (tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_get_info) < 0) {
        return -1;
    }
    if (sysctl.u.tbuf_op.buffer_mfn == 0) {
        errno = ENOMEM;
        return -1;
    }
    *mfn = sysctl.u.tbuf_op.buffer_mfn;
    *size = sysctl.u.tbuf_op.size;
    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    return tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_enable);
}

int xc_tbuf_disable(xc_interface *xch)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    return tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_disable);
}

int xc_tbuf_set_evt_mask(xc_interface *xch, uint32_t mask)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    sysctl.u.tbuf_op.evt_mask = mask;
    return tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_set_evt_mask);
}

int xc_tbuf_set_cpu_mask(xc_interface *xch, xc_cpumap_t mask)
{
    int bits = xc_get_max_cpus(xch);
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_tbuf_op);
    if (bits > 0 && buf_get(xch, &b, mask, bitmap_bytes(bits), BUF_IN) == 0) {
        set_xen_guest_handle_raw(sysctl.u.tbuf_op.cpu_mask.bitmap, b.p);
        sysctl.u.tbuf_op.cpu_mask.nr_bits = (uint32_t)bits;
        rc = tbuf(xch, &sysctl, XEN_SYSCTL_TBUFOP_set_cpu_mask);
    }
    buf_put(xch, &b);
    return rc;
}
