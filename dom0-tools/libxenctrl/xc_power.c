// SPDX-License-Identifier: MIT
/*
 * Physical CPUs: on and off line, frequency and idle states (xenpm,
 * xen-hptool).
 */
#include "private.h"

static int hotplug(xc_interface *xch, uint32_t op, int cpu)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_cpu_hotplug);
    sysctl.u.cpu_hotplug.cpu = (uint32_t)cpu;
    sysctl.u.cpu_hotplug.op = op;
    return do_sysctl(xch, &sysctl);
}

int xc_cpu_online(xc_interface *xch, int cpu)
{
    return hotplug(xch, XEN_SYSCTL_CPU_HOTPLUG_ONLINE, cpu);
}

int xc_cpu_offline(xc_interface *xch, int cpu)
{
    return hotplug(xch, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE, cpu);
}

int xc_smt_enable(xc_interface *xch)
{
    return hotplug(xch, XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE, 0);
}

int xc_smt_disable(xc_interface *xch)
{
    return hotplug(xch, XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE, 0);
}

static int pm_op(xc_interface *xch, struct xen_sysctl *sysctl, uint32_t cmd,
                 int cpuid)
{
    sysctl->u.pm_op.cmd = cmd;
    sysctl->u.pm_op.cpuid = (uint32_t)cpuid;
    return do_sysctl(xch, sysctl);
}

int xc_set_sched_opt_smt(xc_interface *xch, uint32_t value)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    sysctl.u.pm_op.u.set_sched_opt_smt = value;
    return pm_op(xch, &sysctl, XEN_SYSCTL_pm_op_set_sched_opt_smt, 0);
}

/* The interface tells states from sub-states by the CPU number. */
enum cstate_kind { MAX_CSTATE = 0, MAX_CSUBSTATE = 1 };

static int get_cstate(xc_interface *xch, enum cstate_kind kind, uint32_t *value)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    if (pm_op(xch, &sysctl, XEN_SYSCTL_pm_op_get_max_cstate, (int)kind) < 0) {
        return -1;
    }
    *value = sysctl.u.pm_op.u.get_max_cstate;
    return 0;
}

static int set_cstate(xc_interface *xch, enum cstate_kind kind, uint32_t value)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    sysctl.u.pm_op.u.set_max_cstate = value;
    return pm_op(xch, &sysctl, XEN_SYSCTL_pm_op_set_max_cstate, (int)kind);
}

int xc_get_cpuidle_max_cstate(xc_interface *xch, uint32_t *value)
{
    return get_cstate(xch, MAX_CSTATE, value);
}

int xc_set_cpuidle_max_cstate(xc_interface *xch, uint32_t value)
{
    return set_cstate(xch, MAX_CSTATE, value);
}

int xc_get_cpuidle_max_csubstate(xc_interface *xch, uint32_t *value)
{
    return get_cstate(xch, MAX_CSUBSTATE, value);
}

int xc_set_cpuidle_max_csubstate(xc_interface *xch, uint32_t value)
{
    return set_cstate(xch, MAX_CSUBSTATE, value);
}

int xc_enable_turbo(xc_interface *xch, int cpuid)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    return pm_op(xch, &sysctl, XEN_SYSCTL_pm_op_enable_turbo, cpuid);
}

int xc_disable_turbo(xc_interface *xch, int cpuid)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    return pm_op(xch, &sysctl, XEN_SYSCTL_pm_op_disable_turbo, cpuid);
}

int xc_get_cpufreq_avgfreq(xc_interface *xch, int cpuid, int *avg_freq)
{
    struct xen_sysctl sysctl;

    if (avg_freq == NULL) {
        errno = EINVAL;
        return -1;
    }
    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    if (pm_op(xch, &sysctl, GET_CPUFREQ_AVGFREQ, cpuid) < 0) {
        return -1;
    }
    *avg_freq = (int)sysctl.u.pm_op.u.get_avgfreq;
    return 0;
}

int xc_set_cpufreq_gov(xc_interface *xch, int cpuid, char *govname)
{
    struct xen_sysctl sysctl;
    char *to = sysctl.u.pm_op.u.set_gov.scaling_governor;

    if (govname == NULL) {
        errno = EINVAL;
        return -1;
    }
    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    (void)snprintf(to, CPUFREQ_NAME_LEN, "%s", govname);
    return pm_op(xch, &sysctl, SET_CPUFREQ_GOV, cpuid);
}

int xc_set_cpufreq_para(xc_interface *xch, int cpuid, int ctrl_type,
                        int ctrl_value)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    sysctl.u.pm_op.u.set_para.ctrl_type = (uint32_t)ctrl_type;
    sysctl.u.pm_op.u.set_para.ctrl_value = (uint32_t)ctrl_value;
    return pm_op(xch, &sysctl, SET_CPUFREQ_PARA, cpuid);
}

static int pmstat(xc_interface *xch, struct xen_sysctl *sysctl, uint32_t type,
                  int cpuid)
{
    sysctl->u.get_pmstat.type = type;
    sysctl->u.get_pmstat.cpuid = (uint32_t)cpuid;
    return do_sysctl(xch, sysctl);
}

static int reset_stat(xc_interface *xch, uint32_t type, int cpuid)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_get_pmstat);
    return pmstat(xch, &sysctl, type, cpuid);
}

int xc_pm_reset_pxstat(xc_interface *xch, int cpuid)
{
    return reset_stat(xch, PMSTAT_reset_pxstat, cpuid);
}

int xc_pm_reset_cxstat(xc_interface *xch, int cpuid)
{
    return reset_stat(xch, PMSTAT_reset_cxstat, cpuid);
}

int xc_pm_get_max_px(xc_interface *xch, int cpuid, int *max_px)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_get_pmstat);
    if (pmstat(xch, &sysctl, PMSTAT_get_max_px, cpuid) < 0) {
        return -1;
    }
    *max_px = sysctl.u.get_pmstat.u.getpx.total;
    return 0;
}

int xc_pm_get_max_cx(xc_interface *xch, int cpuid, int *max_cx)
{
    struct xen_sysctl sysctl;

    sysctl_init(&sysctl, XEN_SYSCTL_get_pmstat);
    if (pmstat(xch, &sysctl, PMSTAT_get_max_cx, cpuid) < 0) {
        return -1;
    }
    *max_cx = (int)sysctl.u.get_pmstat.u.getcx.nr;
    return 0;
}
