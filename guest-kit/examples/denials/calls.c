/* SPDX-License-Identifier: MIT */
/* Calls that do not exist, and control calls of another version. */
#define __XEN_TOOLS__
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "start.h"
#include "string.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

static const unsigned int unknown_numbers[] = {
    11, 38, 43, 44, 45, 46, 47, 50, 51, 55, 56, 63, 64, 255, 0x7fffffff,
};

static void check_unknown(void)
{
    unsigned int i;

    for (i = 0; i < sizeof(unknown_numbers) / sizeof(unknown_numbers[0]); i++) {
        check_eq("unknown-hypercall", hypercall1(unknown_numbers[i], 0),
                 -XEN_ENOSYS);
    }
}

static long domctl(uint32_t version, uint32_t cmd, domid_t domain)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.interface_version = version;
    op.cmd = cmd;
    op.domain = domain;
    return hypercall1(__HYPERVISOR_domctl, (uint64_t)&op);
}

static long sysctl(uint32_t version, uint32_t cmd)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.interface_version = version;
    op.cmd = cmd;
    return hypercall1(__HYPERVISOR_sysctl, (uint64_t)&op);
}

static long platform(uint32_t version, uint32_t cmd)
{
    struct xen_platform_op op;

    memset(&op, 0, sizeof(op));
    op.interface_version = version;
    op.cmd = cmd;
    return hypercall1(__HYPERVISOR_platform_op, (uint64_t)&op);
}

static void check_control(void)
{
    check_eq(
        "domctl-old-version",
        domctl(XEN_DOMCTL_INTERFACE_VERSION - 1, XEN_DOMCTL_getdomaininfo, 0),
        -XEN_EACCES);
    check_eq("domctl-version-0", domctl(0, XEN_DOMCTL_getdomaininfo, 0),
             -XEN_EACCES);
    check_eq("domctl-getdomaininfo",
             domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_getdomaininfo, 0),
             0);
    check_eq("domctl-no-domain",
             domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_pausedomain, 77),
             -XEN_ESRCH);
    check_eq("domctl-pause-self",
             domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_pausedomain, 0),
             -XEN_EINVAL);
    check_eq("domctl-destroy-self",
             domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_destroydomain, 0),
             -XEN_EINVAL);
    check_eq("domctl-unknown", domctl(XEN_DOMCTL_INTERFACE_VERSION, 999, 0),
             -XEN_ENOSYS);
    check_eq("sysctl-old-version",
             sysctl(XEN_SYSCTL_INTERFACE_VERSION - 1, XEN_SYSCTL_physinfo),
             -XEN_EACCES);
    check_eq("sysctl-physinfo",
             sysctl(XEN_SYSCTL_INTERFACE_VERSION, XEN_SYSCTL_physinfo), 0);
    check_eq("sysctl-unknown", sysctl(XEN_SYSCTL_INTERFACE_VERSION, 999),
             -XEN_ENOSYS);
    check_eq("platform-old-version",
             platform(XENPF_INTERFACE_VERSION - 1, XENPF_settime64),
             -XEN_EACCES);
    check_eq("platform-unknown", platform(XENPF_INTERFACE_VERSION, 999),
             -XEN_ENOSYS);
}

/* What an ordinary domain gets for the same. */
static void check_control_domu(void)
{
    check_eq("domctl-domu",
             domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_pausedomain, 0),
             -XEN_EPERM);
    check_eq("sysctl-domu",
             sysctl(XEN_SYSCTL_INTERFACE_VERSION, XEN_SYSCTL_physinfo),
             -XEN_EPERM);
    check_eq("platform-domu",
             platform(XENPF_INTERFACE_VERSION, XENPF_settime64), -XEN_EPERM);
}

static void check_physdev(void)
{
    struct physdev_irq irq = {.irq = 0xffff};
    struct physdev_eoi eoi = {.irq = 0xffff};

    check_eq("physdev-eoi-bad", hc_physdev_op(PHYSDEVOP_eoi, &eoi),
             -XEN_EINVAL);
    check_eq("physdev-unknown", hc_physdev_op(99, &irq), -XEN_ENOSYS);
}

void denials_calls(void)
{
    check_unknown();
    if (guest_is_dom0()) {
        check_control();
    } else {
        check_control_domu();
    }
    check_physdev();
}
