/* SPDX-License-Identifier: MIT */
/*
 * sysctl commands on the state of CPUs and of memory: idle states, hot-plug,
 * pages taken out of use. CPUs idle by HLT (C1), have no frequency driver, and
 * all stay online. <xen/sysctl.h>.
 */
#include "control.h"

#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "sched.h"

#define CX_STATES 2U /* C0, C1 */

static bool cpu_online(uint32_t cpu)
{
    return cpu < MAX_CPUS && cpumask_test(&cpus_online, cpu);
}

/* -- idle states ----------------------------------------------------------- */

/* Time in C0 and C1; how often is not counted. */
static int cx_stat(struct pm_cx_stat *stat, uint32_t cpu)
{
    guest_va_t residencies = GUEST_HANDLE_VA(stat->residencies);
    guest_va_t triggers = GUEST_HANDLE_VA(stat->triggers);
    uint64_t idle_ns = sched_idle_time_ns(cpu);
    const uint64_t spent[CX_STATES] = {machine_now_ns() - idle_ns, idle_ns};
    const uint64_t none[CX_STATES] = {0};
    uint32_t count = stat->nr < CX_STATES ? stat->nr : CX_STATES;
    size_t bytes = count * sizeof(spent[0]);

    if (copy_to_guest(residencies, spent, bytes) != 0 ||
        copy_to_guest(triggers, none, bytes) != 0) {
        return -XEN_EFAULT;
    }
    stat->nr = CX_STATES;
    stat->last = 1;
    stat->idle_time = idle_ns;
    stat->nr_pc = 0;
    stat->nr_cc = 0;
    return 0;
}

int sysctl_get_pmstat(struct xen_sysctl *op)
{
    struct xen_sysctl_get_pmstat *request = &op->u.get_pmstat;

    if (!cpu_online(request->cpuid)) {
        return -XEN_EINVAL;
    }
    switch (request->type) {
    case PMSTAT_get_max_px:
    case PMSTAT_get_pxstat:
    case PMSTAT_reset_pxstat:
        return -XEN_EINVAL;
    case PMSTAT_get_max_cx:
        request->u.getcx.nr = CX_STATES;
        return 0;
    case PMSTAT_get_cxstat:
        return cx_stat(&request->u.getcx, request->cpuid);
    case PMSTAT_reset_cxstat:
        return 0;
    default:
        return -XEN_ENODEV;
    }
}

int sysctl_pm_op(struct xen_sysctl *op)
{
    struct xen_sysctl_pm_op *request = &op->u.pm_op;

    if (!cpu_online(request->cpuid)) {
        return -XEN_EINVAL;
    }
    switch (request->cmd) {
    case GET_CPUFREQ_PARA:
    case SET_CPUFREQ_GOV:
    case SET_CPUFREQ_PARA:
    case GET_CPUFREQ_AVGFREQ:
        return -XEN_EINVAL; /* there is no driver */
    case XEN_SYSCTL_pm_op_get_max_cstate:
        /* "CPU" 1 asks for the substate: no limit. */
        request->u.get_max_cstate = request->cpuid == 0 ? 1 : ~0U;
        return 0;
    case XEN_SYSCTL_pm_op_set_max_cstate:
        return request->u.set_max_cstate != 0 ? 0 : -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}

/* -- hot-plug -------------------------------------------------------------- */

int sysctl_cpu_hotplug(struct xen_sysctl *op)
{
    const struct xen_sysctl_cpu_hotplug *request = &op->u.cpu_hotplug;

    switch (request->op) {
    case XEN_SYSCTL_CPU_HOTPLUG_ONLINE: /* it is, or there is none */
        return cpu_online(request->cpu) ? -XEN_EEXIST : -XEN_EINVAL;
    case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE: /* the first never can be */
        return request->cpu != 0 && cpu_online(request->cpu) ? -XEN_EOPNOTSUPP
                                                             : -XEN_EINVAL;
    default:
        return -XEN_EOPNOTSUPP;
    }
}

/* Pages are asked about; none is ever taken out of use. */
int sysctl_page_offline_op(struct xen_sysctl *op)
{
    const struct xen_sysctl_page_offline_op *request = &op->u.page_offline;
    guest_va_t status = GUEST_HANDLE_VA(request->status);
    uint32_t in_use = 0;

    if (request->end < request->start || request->end >= frame_max_mfn()) {
        return -XEN_EINVAL;
    }
    if (request->cmd != sysctl_query_page_offline) {
        return -XEN_EOPNOTSUPP;
    }
    /* More than any tool asks for would only keep others waiting. */
    if (request->end - request->start >= PAGE_BYTES) {
        return -XEN_E2BIG;
    }
    for (uint32_t mfn = request->start; mfn <= request->end; mfn++) {
        if (write_guest_index(status, mfn - request->start, &in_use) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}
