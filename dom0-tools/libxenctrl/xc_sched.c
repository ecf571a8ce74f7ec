// SPDX-License-Identifier: MIT
/*
 * Scheduling parameters of domains and of CPU pools, for each scheduler that
 * the ABI names.
 */
#include "private.h"

/* Read or write one domain's parameters; @op holds them both ways. */
static int domain_op(xc_interface *xch, uint32_t domid, uint32_t sched_id,
                     uint32_t cmd, struct xen_domctl_scheduler_op *op)
{
    struct xen_domctl domctl;
    int rc;

    domctl_init(&domctl, XEN_DOMCTL_scheduler_op, domid);
    op->sched_id = sched_id;
    op->cmd = cmd;
    domctl.u.scheduler_op = *op;
    rc = do_domctl(xch, &domctl);
    *op = domctl.u.scheduler_op;
    return rc;
}

static int pool_op(xc_interface *xch, uint32_t cpupool_id, uint32_t sched_id,
                   uint32_t cmd, struct xen_sysctl_scheduler_op *op)
{
    struct xen_sysctl sysctl;
    int rc;

    sysctl_init(&sysctl, XEN_SYSCTL_scheduler_op);
    op->cpupool_id = cpupool_id;
    op->sched_id = sched_id;
    op->cmd = cmd;
    sysctl.u.scheduler_op = *op;
    rc = do_sysctl(xch, &sysctl);
    *op = sysctl.u.scheduler_op;
    return rc;
}

int xc_sched_credit_domain_set(xc_interface *xch, uint32_t domid,
                               struct xen_domctl_sched_credit *sdom)
{
    struct xen_domctl_scheduler_op op = {.u.credit = *sdom};

    return domain_op(xch, domid, XEN_SCHEDULER_CREDIT,
                     XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

int xc_sched_credit_domain_get(xc_interface *xch, uint32_t domid,
                               struct xen_domctl_sched_credit *sdom)
{
    struct xen_domctl_scheduler_op op = {0};

    if (domain_op(xch, domid, XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_getinfo,
                  &op) < 0) {
        return -1;
    }
    *sdom = op.u.credit;
    return 0;
}

int xc_sched_credit_params_set(xc_interface *xch, uint32_t cpupool_id,
                               struct xen_sysctl_credit_schedule *schedule)
{
    struct xen_sysctl_scheduler_op op = {.u.sched_credit = *schedule};
    int rc = pool_op(xch, cpupool_id, XEN_SCHEDULER_CREDIT,
                     XEN_SYSCTL_SCHEDOP_putinfo, &op);

    *schedule = op.u.sched_credit;
    return rc;
}

int xc_sched_credit_params_get(xc_interface *xch, uint32_t cpupool_id,
                               struct xen_sysctl_credit_schedule *schedule)
{
    struct xen_sysctl_scheduler_op op = {0};

    if (pool_op(xch, cpupool_id, XEN_SCHEDULER_CREDIT,
                XEN_SYSCTL_SCHEDOP_getinfo, &op) < 0) {
        return -1;
    }
    *schedule = op.u.sched_credit;
    return 0;
}

int xc_sched_credit2_domain_set(xc_interface *xch, uint32_t domid,
                                struct xen_domctl_sched_credit2 *sdom)
{
    struct xen_domctl_scheduler_op op = {.u.credit2 = *sdom};

    return domain_op(xch, domid, XEN_SCHEDULER_CREDIT2,
                     XEN_DOMCTL_SCHEDOP_putinfo, &op);
}

int xc_sched_credit2_domain_get(xc_interface *xch, uint32_t domid,
                                struct xen_domctl_sched_credit2 *sdom)
{
    struct xen_domctl_scheduler_op op = {0};

    if (domain_op(xch, domid, XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_getinfo,
                  &op) < 0) {
        return -1;
    }
    *sdom = op.u.credit2;
    return 0;
}

int xc_sched_credit2_params_set(xc_interface *xch, uint32_t cpupool_id,
                                struct xen_sysctl_credit2_schedule *schedule)
{
    struct xen_sysctl_scheduler_op op = {.u.sched_credit2 = *schedule};
    int rc = pool_op(xch, cpupool_id, XEN_SCHEDULER_CREDIT2,
                     XEN_SYSCTL_SCHEDOP_putinfo, &op);

    *schedule = op.u.sched_credit2;
    return rc;
}

int xc_sched_credit2_params_get(xc_interface *xch, uint32_t cpupool_id,
                                struct xen_sysctl_credit2_schedule *schedule)
{
    struct xen_sysctl_scheduler_op op = {0};

    if (pool_op(xch, cpupool_id, XEN_SCHEDULER_CREDIT2,
                XEN_SYSCTL_SCHEDOP_getinfo, &op) < 0) {
        return -1;
    }
    *schedule = op.u.sched_credit2;
    return 0;
}

int xc_sched_rtds_domain_set(xc_interface *xch, uint32_t domid,
                             struct xen_domctl_sched_rtds *sdom)
{
    struct xen_domctl_scheduler_op op = {.u.rtds = *sdom};

    return domain_op(xch, domid, XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_putinfo,
                     &op);
}

int xc_sched_rtds_domain_get(xc_interface *xch, uint32_t domid,
                             struct xen_domctl_sched_rtds *sdom)
{
    struct xen_domctl_scheduler_op op = {0};

    if (domain_op(xch, domid, XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_getinfo,
                  &op) < 0) {
        return -1;
    }
    *sdom = op.u.rtds;
    return 0;
}

/* The hypervisor does as many vCPUs as it likes in one call. */
static int rtds_vcpus(xc_interface *xch, uint32_t domid, uint32_t cmd,
                      struct xen_domctl_schedparam_vcpu *vcpus, uint32_t count,
                      enum buf_direction direction)
{
    struct xen_domctl_scheduler_op op = {0};
    struct buf b = {0};
    uint32_t done = 0;
    int rc = -1;

    if (buf_get(xch, &b, vcpus, count * sizeof(*vcpus), direction) == 0) {
        rc = 0;
    }
    while (rc == 0 && done < count) {
        set_xen_guest_handle_raw(
            op.u.v.vcpus, (struct xen_domctl_schedparam_vcpu *)b.p + done);
        op.u.v.nr_vcpus = count - done;
        rc = domain_op(xch, domid, XEN_SCHEDULER_RTDS, cmd, &op);
        if (op.u.v.nr_vcpus == 0) {
            break;
        }
        done += op.u.v.nr_vcpus;
    }
    buf_put(xch, &b);
    return rc;
}

int xc_sched_rtds_vcpu_set(xc_interface *xch, uint32_t domid,
                           struct xen_domctl_schedparam_vcpu *vcpus,
                           uint32_t num_vcpus)
{
    return rtds_vcpus(xch, domid, XEN_DOMCTL_SCHEDOP_putvcpuinfo, vcpus,
                      num_vcpus, BUF_IN);
}

int xc_sched_rtds_vcpu_get(xc_interface *xch, uint32_t domid,
                           struct xen_domctl_schedparam_vcpu *vcpus,
                           uint32_t num_vcpus)
{
    return rtds_vcpus(xch, domid, XEN_DOMCTL_SCHEDOP_getvcpuinfo, vcpus,
                      num_vcpus, BUF_BOTH);
}

static int arinc653_op(xc_interface *xch, uint32_t cpupool_id, uint32_t cmd,
                       struct xen_sysctl_arinc653_schedule *schedule,
                       enum buf_direction direction)
{
    struct xen_sysctl_scheduler_op op = {0};
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, schedule, sizeof(*schedule), direction) == 0) {
        set_xen_guest_handle_raw(op.u.sched_arinc653.schedule, b.p);
        rc = pool_op(xch, cpupool_id, XEN_SCHEDULER_ARINC653, cmd, &op);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_sched_arinc653_schedule_set(
    xc_interface *xch, uint32_t cpupool_id,
    struct xen_sysctl_arinc653_schedule *schedule)
{
    return arinc653_op(xch, cpupool_id, XEN_SYSCTL_SCHEDOP_putinfo, schedule,
                       BUF_IN);
}

int xc_sched_arinc653_schedule_get(
    xc_interface *xch, uint32_t cpupool_id,
    struct xen_sysctl_arinc653_schedule *schedule)
{
    return arinc653_op(xch, cpupool_id, XEN_SYSCTL_SCHEDOP_getinfo, schedule,
                       BUF_OUT);
}
