/* SPDX-License-Identifier: MIT */
/* Calls that do not exist, and control calls of another version. */
#define __XEN_TOOLS__
#include "check.h"
#include "console.h"
#include "denials.h"
#include "hypercall.h"
#include "start.h"
#include "string.h"

#include <xen/domctl.h>
#include <xen/platform.h>
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

/* All three begin with a command and a version. */
union control {
    struct xen_domctl domctl;
    struct xen_sysctl sysctl;
    struct xen_platform_op platform;
};

static long control(unsigned int call, uint32_t version, uint32_t cmd,
                    domid_t domain)
{
    union control op;

    memset(&op, 0, sizeof(op));
    op.domctl.interface_version = version;
    op.domctl.cmd = cmd;
    if (call == __HYPERVISOR_domctl) {
        op.domctl.domain = domain;
    }
    return hypercall1(call, (uint64_t)&op);
}

static long domctl(uint32_t version, uint32_t cmd, domid_t domain)
{
    return control(__HYPERVISOR_domctl, version, cmd, domain);
}

static long sysctl(uint32_t version, uint32_t cmd)
{
    return control(__HYPERVISOR_sysctl, version, cmd, 0);
}

static long platform(uint32_t version, uint32_t cmd)
{
    return control(__HYPERVISOR_platform_op, version, cmd, 0);
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

static const struct interface {
    const char *name;
    unsigned int call;
    uint32_t version;
    uint32_t last; /* some more than there are */
} interfaces[] = {
    {"domctl-domu", __HYPERVISOR_domctl, XEN_DOMCTL_INTERFACE_VERSION, 99},
    {"sysctl-domu", __HYPERVISOR_sysctl, XEN_SYSCTL_INTERFACE_VERSION, 39},
    {"platform-domu", __HYPERVISOR_platform_op, XENPF_INTERFACE_VERSION, 79},
};

/* Says which, if @rc is not @wanted. */
static unsigned int differs(const char *what, uint32_t cmd, long rc,
                            long wanted)
{
    if (rc == wanted) {
        return 0;
    }
    print("%s, command %u: %ld, not %ld\n", what, cmd, rc, wanted);
    return 1;
}

/* What comes first: whether there is the domain that is named. */
static long of_no_domain(uint32_t cmd, domid_t domain)
{
    switch (cmd) {
    case XEN_DOMCTL_createdomain:
        return -XEN_EPERM;
    case XEN_DOMCTL_getdomaininfo:
        return domain < DOMID_FIRST_RESERVED ? -XEN_ESRCH : -XEN_EINVAL;
    default:
        return -XEN_ESRCH;
    }
}

/* Xen looks at the arguments of these before it looks at who asks. */
static bool arguments_first(const struct interface *i, uint32_t cmd)
{
    static const uint32_t commands[] = {
        XEN_DOMCTL_ioport_permission, XEN_DOMCTL_bind_pt_irq,
        XEN_DOMCTL_memory_mapping,    XEN_DOMCTL_ioport_mapping,
        XEN_DOMCTL_set_target,        XEN_DOMCTL_unbind_pt_irq,
        XEN_DOMCTL_get_device_group};
    bool found = false;

    for (size_t n = 0; n < sizeof(commands) / sizeof(commands[0]); n++) {
        found = found || commands[n] == cmd;
    }
    return found && i->call == __HYPERVISOR_domctl;
}

static unsigned int check_refused(const struct interface *i, uint32_t cmd)
{
    long rc = control(i->call, i->version, cmd, 0);

    if (arguments_first(i, cmd) &&
        (rc == -XEN_EINVAL || rc == -XEN_EOPNOTSUPP)) {
        return 0;
    }
    return differs("of dom0", cmd, rc, -XEN_EPERM);
}

/* What an ordinary domain gets: the version is looked at first, then whether
 * there is such a domain, then who asks, and only then the command. */
static void check_control_domu(const struct interface *i)
{
    static const domid_t nobody[] = {4000, DOMID_SELF};
    unsigned int wrong =
        differs(i->name, 0, hypercall1(i->call, 0), -XEN_EFAULT);

    for (uint32_t cmd = 0; cmd <= i->last; cmd++) {
        wrong += differs("version", cmd,
                         control(i->call, i->version - 1, cmd, 0), -XEN_EACCES);
        wrong += check_refused(i, cmd);
        for (unsigned int n = 0; i->call == __HYPERVISOR_domctl && n < 2; n++) {
            wrong +=
                differs("of nobody", cmd, domctl(i->version, cmd, nobody[n]),
                        of_no_domain(cmd, nobody[n]));
        }
    }
    check_eq(i->name, wrong, 0);
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
        for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]);
             i++) {
            check_control_domu(&interfaces[i]);
        }
    }
    check_physdev();
}
