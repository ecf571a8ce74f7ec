/* SPDX-License-Identifier: MIT */
/* sysctl tbuf_op: trace buffers as xentrace sets them up. <xen/sysctl.h>. */
#include "control.h"

#include "trace.h"

static int set_cpus(const struct xen_sysctl_tbuf_op *request)
{
    struct cpumask cpus;
    int rc = control_read_cpumask(&cpus, &request->cpu_mask);

    if (rc == 0) {
        trace_set_cpus(&cpus);
    }
    return rc;
}

static int get_info(struct xen_sysctl_tbuf_op *request)
{
    request->evt_mask = trace_get_events();
    request->buffer_mfn = trace_info_mfn();
    request->size = request->buffer_mfn != 0 ? (uint32_t)PAGE_BYTES : 0;
    return 0;
}

int sysctl_tbuf_op(struct xen_sysctl *op)
{
    struct xen_sysctl_tbuf_op *request = &op->u.tbuf_op;

    switch (request->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        return get_info(request);
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        return set_cpus(request);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        trace_set_events(request->evt_mask);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_size:
        return trace_set_size(request->size);
    case XEN_SYSCTL_TBUFOP_enable:
        return trace_enable();
    case XEN_SYSCTL_TBUFOP_disable:
        trace_disable();
        return 0;
    default:
        return -XEN_EINVAL;
    }
}
