// SPDX-License-Identifier: MIT
/*
 * Life and death of domains, and what is known about them: <xenctrl.h> over
 * XEN_DOMCTL_* and XEN_SYSCTL_getdomaininfolist.
 */
#include "private.h"

int xc_domain_create(xc_interface *xch, uint32_t *pdomid,
                     struct xen_domctl_createdomain *config)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_createdomain, *pdomid);
    domctl.u.createdomain = *config;
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    *pdomid = domctl.domain;
    *config = domctl.u.createdomain;
    return 0;
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
    return domctl_simple(xch, XEN_DOMCTL_pausedomain, domid);
}

int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
    return domctl_simple(xch, XEN_DOMCTL_unpausedomain, domid);
}

/* The hypervisor may ask to be called again: teardown goes in steps. */
int xc_domain_destroy(xc_interface *xch, uint32_t domid)
{
    int rc;

    do {
        rc = domctl_simple(xch, XEN_DOMCTL_destroydomain, domid);
    } while (rc < 0 && errno == EAGAIN);
    return rc;
}

int xc_domain_shutdown(xc_interface *xch, uint32_t domid, int reason)
{
    sched_remote_shutdown_t arg = {
        .domain_id = (domid_t)domid,
        .reason = (unsigned int)reason,
    };
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, &arg, sizeof(arg), BUF_BOTH) == 0) {
        rc = xencall2(xch->xcall, __HYPERVISOR_sched_op,
                      SCHEDOP_remote_shutdown, (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_watchdog(xc_interface *xch, uint32_t id, uint32_t timeout)
{
    sched_watchdog_t arg = {.id = id, .timeout = timeout};
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, &arg, sizeof(arg), BUF_BOTH) == 0) {
        rc = xencall2(xch->xcall, __HYPERVISOR_sched_op, SCHEDOP_watchdog,
                      (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_domain_max_vcpus(xc_interface *xch, uint32_t domid, unsigned int max)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_max_vcpus, domid);
    domctl.u.max_vcpus.max = max;
    return do_domctl(xch, &domctl);
}

int xc_domain_sethandle(xc_interface *xch, uint32_t domid,
                        xen_domain_handle_t handle)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_setdomainhandle, domid);
    memcpy(domctl.u.setdomainhandle.handle, handle,
           sizeof(domctl.u.setdomainhandle.handle));
    return do_domctl(xch, &domctl);
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain,
                          unsigned int max_domains, xc_domaininfo_t *info)
{
    struct xen_sysctl sysctl;
    struct buf b = {0};
    int rc = -1;

    sysctl_init(&sysctl, XEN_SYSCTL_getdomaininfolist);
    if (buf_get(xch, &b, info, (size_t)max_domains * sizeof(*info), BUF_OUT) ==
        0) {
        sysctl.u.getdomaininfolist.first_domain = (domid_t)first_domain;
        sysctl.u.getdomaininfolist.max_domains = max_domains;
        set_xen_guest_handle_raw(sysctl.u.getdomaininfolist.buffer, b.p);
        rc = do_sysctl(xch, &sysctl);
    }
    buf_put(xch, &b);
    return rc < 0 ? -1 : (int)sysctl.u.getdomaininfolist.num_domains;
}

static void flags_to_dominfo(xc_dominfo_t *info, uint32_t flags)
{
    info->dying = (flags & XEN_DOMINF_dying) != 0;
    info->shutdown = (flags & XEN_DOMINF_shutdown) != 0;
    info->paused = (flags & XEN_DOMINF_paused) != 0;
    info->blocked = (flags & XEN_DOMINF_blocked) != 0;
    info->running = (flags & XEN_DOMINF_running) != 0;
    info->hvm = (flags & XEN_DOMINF_hvm_guest) != 0;
    info->debugged = (flags & XEN_DOMINF_debugged) != 0;
    info->xenstore = (flags & XEN_DOMINF_xs_domain) != 0;
    info->hap = (flags & XEN_DOMINF_hap) != 0;
    info->shutdown_reason =
        (flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    if (info->shutdown && info->shutdown_reason == SHUTDOWN_crash) {
        info->shutdown = 0;
        info->crashed = 1;
    }
}

static void to_dominfo(xc_dominfo_t *info, const xc_domaininfo_t *from)
{
    memset(info, 0, sizeof(*info));
    info->domid = from->domain;
    info->ssidref = from->ssidref;
    flags_to_dominfo(info, from->flags);
    info->nr_pages = from->tot_pages;
    info->nr_outstanding_pages = from->outstanding_pages;
    info->nr_shared_pages = from->shr_pages;
    info->nr_paged_pages = from->paged_pages;
    info->shared_info_frame = from->shared_info_frame;
    info->cpu_time = from->cpu_time;
    info->max_memkb = from->max_pages << (XC_PAGE_SHIFT - 10);
    info->nr_online_vcpus = from->nr_online_vcpus;
    info->max_vcpu_id = from->max_vcpu_id;
    memcpy(info->handle, from->handle, sizeof(info->handle));
    info->cpupool = from->cpupool;
    info->gpaddr_bits = from->gpaddr_bits;
    info->arch_config = from->arch_config;
}

/* Each call finds the first domain at or above the number asked for. */
int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid,
                      unsigned int max_doms, xc_dominfo_t *info)
{
    uint32_t next = first_domid;
    struct xen_domctl domctl;
    unsigned int count = 0;

    while (count < max_doms && next < DOMID_FIRST_RESERVED) {
        domctl_init(&domctl, XEN_DOMCTL_getdomaininfo, next);
        if (do_domctl(xch, &domctl) < 0) {
            return count > 0 ? (int)count : -1;
        }
        to_dominfo(&info[count], &domctl.u.getdomaininfo);
        next = (uint32_t)domctl.u.getdomaininfo.domain + 1;
        count++;
    }
    return (int)count;
}

long xc_get_tot_pages(xc_interface *xch, uint32_t domid)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(xch, domid, 1, &info) != 1) {
        return -1;
    }
    if (info.domid != domid) {
        errno = ESRCH;
        return -1;
    }
    return (long)info.nr_pages;
}

int xc_domain_get_guest_width(xc_interface *xch, uint32_t domid,
                              unsigned int *guest_width)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_get_address_size, domid);
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    *guest_width = domctl.u.address_size.size / 8;
    return 0;
}

int xc_domain_send_trigger(xc_interface *xch, uint32_t domid, uint32_t trigger,
                           uint32_t vcpu)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_sendtrigger, domid);
    domctl.u.sendtrigger.trigger = trigger;
    domctl.u.sendtrigger.vcpu = vcpu;
    return do_domctl(xch, &domctl);
}

int xc_domain_setdebugging(xc_interface *xch, uint32_t domid,
                           unsigned int enable)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_setdebugging, domid);
    domctl.u.setdebugging.enable = enable != 0;
    return do_domctl(xch, &domctl);
}

int xc_domain_set_virq_handler(xc_interface *xch, uint32_t domid, int virq)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_set_virq_handler, domid);
    domctl.u.set_virq_handler.virq = (uint32_t)virq;
    return do_domctl(xch, &domctl);
}

int xc_domain_set_target(xc_interface *xch, uint32_t domid, uint32_t target)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_set_target, domid);
    domctl.u.set_target.target = (domid_t)target;
    return do_domctl(xch, &domctl);
}

int xc_domain_subscribe_for_suspend(xc_interface *xch, uint32_t domid,
                                    evtchn_port_t port)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_subscribe, domid);
    domctl.u.subscribe.port = port;
    return do_domctl(xch, &domctl);
}

int xc_domain_debug_control(xc_interface *xch, uint32_t domid, uint32_t sop,
                            uint32_t vcpu)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_debug_op, domid);
    domctl.u.debug_op.op = sop;
    domctl.u.debug_op.vcpu = vcpu;
    return do_domctl(xch, &domctl);
}

int xc_domain_soft_reset(xc_interface *xch, uint32_t domid)
{
    return domctl_simple(xch, XEN_DOMCTL_soft_reset, domid);
}
