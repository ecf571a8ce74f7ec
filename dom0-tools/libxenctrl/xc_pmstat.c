// SPDX-License-Identifier: MIT
/*
 * Statistics of a CPU's frequency and idle states, and its frequency
 * governor's settings. The caller provides arrays of the sizes it asked for.
 */
#include "private.h"

int xc_pm_get_pxstat(xc_interface *xch, int cpuid, struct xc_px_stat *pxpt)
{
    struct xen_sysctl sysctl;
    struct pm_px_stat *px = &sysctl.u.get_pmstat.u.getpx;
    struct buf table = {0};
    struct buf states = {0};
    int max_px;
    int rc = -1;

    if (pxpt == NULL || pxpt->trans_pt == NULL || pxpt->pt == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (xc_pm_get_max_px(xch, cpuid, &max_px) < 0) {
        return -1;
    }
    sysctl_init(&sysctl, XEN_SYSCTL_get_pmstat);
    sysctl.u.get_pmstat.type = PMSTAT_get_pxstat;
    sysctl.u.get_pmstat.cpuid = (uint32_t)cpuid;
    px->total = (uint8_t)max_px;
    if (buf_get(xch, &table, pxpt->trans_pt,
                (size_t)max_px * (size_t)max_px * sizeof(uint64_t),
                BUF_BOTH) == 0 &&
        buf_get(xch, &states, pxpt->pt, (size_t)max_px * sizeof(*pxpt->pt),
                BUF_BOTH) == 0) {
        set_xen_guest_handle_raw(px->trans_pt, table.p);
        set_xen_guest_handle_raw(px->pt, states.p);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &states);
    buf_put(xch, &table);
    if (rc == 0) {
        pxpt->total = px->total;
        pxpt->usable = px->usable;
        pxpt->last = px->last;
        pxpt->cur = px->cur;
    }
    return rc;
}

/* The four arrays of idle states: any may be absent. */
static int get_cx_arrays(xc_interface *xch, struct buf b[4],
                         struct xc_cx_stat *cxpt, size_t max_cx)
{
    if (buf_get(xch, &b[0], cxpt->triggers, max_cx * sizeof(uint64_t),
                BUF_BOTH) < 0 ||
        buf_get(xch, &b[1], cxpt->residencies, max_cx * sizeof(uint64_t),
                BUF_BOTH) < 0 ||
        buf_get(xch, &b[2], cxpt->pc, cxpt->nr_pc * sizeof(uint64_t),
                BUF_BOTH) < 0) {
        return -1;
    }
    return buf_get(xch, &b[3], cxpt->cc, cxpt->nr_cc * sizeof(uint64_t),
                   BUF_BOTH);
}

int xc_pm_get_cxstat(xc_interface *xch, int cpuid, struct xc_cx_stat *cxpt)
{
    struct xen_sysctl sysctl;
    struct pm_cx_stat *cx = &sysctl.u.get_pmstat.u.getcx;
    struct buf b[4] = {0};
    int max_cx;
    int rc = -1;

    if (cxpt == NULL || cxpt->triggers == NULL || cxpt->residencies == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (xc_pm_get_max_cx(xch, cpuid, &max_cx) < 0) {
        return -1;
    }
    sysctl_init(&sysctl, XEN_SYSCTL_get_pmstat);
    sysctl.u.get_pmstat.type = PMSTAT_get_cxstat;
    sysctl.u.get_pmstat.cpuid = (uint32_t)cpuid;
    cx->nr = (uint32_t)max_cx;
    cx->nr_pc = cxpt->nr_pc;
    cx->nr_cc = cxpt->nr_cc;
    if (get_cx_arrays(xch, b, cxpt, (size_t)max_cx) == 0) {
        set_xen_guest_handle_raw(cx->triggers, b[0].p);
        set_xen_guest_handle_raw(cx->residencies, b[1].p);
        set_xen_guest_handle_raw(cx->pc, b[2].p);
        set_xen_guest_handle_raw(cx->cc, b[3].p);
        rc = do_sysctl(xch, &sysctl);
    }
    for (unsigned int i = 0; i < 4; i++) {
        buf_put(xch, &b[i]);
    }
    if (rc == 0) {
        cxpt->nr = cx->nr;
        cxpt->last = cx->last;
        cxpt->idle_time = cx->idle_time;
        cxpt->nr_pc = cx->nr_pc;
        cxpt->nr_cc = cx->nr_cc;
    }
    return rc;
}

/* Both sides have the same fields, but for the handles of the arrays. */
static void copy_para(struct xc_get_cpufreq_para *to,
                      const struct xen_get_cpufreq_para *from)
{
    to->cpuinfo_cur_freq = from->cpuinfo_cur_freq;
    to->cpuinfo_max_freq = from->cpuinfo_max_freq;
    to->cpuinfo_min_freq = from->cpuinfo_min_freq;
    to->scaling_cur_freq = from->scaling_cur_freq;
    to->scaling_max_freq = from->scaling_max_freq;
    to->scaling_min_freq = from->scaling_min_freq;
    to->turbo_enabled = from->turbo_enabled;
    memcpy(to->scaling_driver, from->scaling_driver, CPUFREQ_NAME_LEN);
    memcpy(to->scaling_governor, from->scaling_governor, CPUFREQ_NAME_LEN);
    _Static_assert(sizeof(to->u) == sizeof(from->u), "xen/sysctl.h governors");
    memcpy(&to->u, &from->u, sizeof(to->u));
}

/*
 * Called first with all counts 0, which fails with EAGAIN and fills them in;
 * then with arrays of those sizes.
 */
int xc_get_cpufreq_para(xc_interface *xch, int cpuid,
                        struct xc_get_cpufreq_para *user_para)
{
    struct xen_sysctl sysctl;
    struct xen_get_cpufreq_para *para = &sysctl.u.pm_op.u.get_para;
    struct buf b[3] = {0};
    int rc = -1;

    if (user_para == NULL) {
        errno = EINVAL;
        return -1;
    }
    sysctl_init(&sysctl, XEN_SYSCTL_pm_op);
    sysctl.u.pm_op.cmd = GET_CPUFREQ_PARA;
    sysctl.u.pm_op.cpuid = (uint32_t)cpuid;
    para->cpu_num = user_para->cpu_num;
    para->freq_num = user_para->freq_num;
    para->gov_num = user_para->gov_num;
    if (buf_get(xch, &b[0], user_para->affected_cpus,
                user_para->cpu_num * sizeof(uint32_t), BUF_BOTH) == 0 &&
        buf_get(xch, &b[1], user_para->scaling_available_frequencies,
                user_para->freq_num * sizeof(uint32_t), BUF_BOTH) == 0 &&
        buf_get(xch, &b[2], user_para->scaling_available_governors,
                (size_t)user_para->gov_num * CPUFREQ_NAME_LEN, BUF_BOTH) == 0) {
        set_xen_guest_handle_raw(para->affected_cpus, b[0].p);
        set_xen_guest_handle_raw(para->scaling_available_frequencies, b[1].p);
        set_xen_guest_handle_raw(para->scaling_available_governors, b[2].p);
        rc = do_sysctl(xch, &sysctl);
    }
    for (unsigned int i = 0; i < 3; i++) {
        buf_put(xch, &b[i]);
    }
    if (rc == 0) {
        copy_para(user_para, para);
    } else if (errno == EAGAIN) {
        user_para->cpu_num = para->cpu_num;
        user_para->freq_num = para->freq_num;
        user_para->gov_num = para->gov_num;
    }
    return rc;
}
