// SPDX-License-Identifier: MIT
/*
 * The control hypercalls: domctl, sysctl, platform_op, physdev_op and
 * event_channel_op. Each structure goes through a hypercall buffer both ways.
 */
#include "private.h"

static int call_with_buffer(xc_interface *xch, unsigned int op, void *arg,
                            size_t bytes)
{
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, arg, bytes, BUF_BOTH) == 0) {
        rc = xencall1(xch->xcall, op, (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

static int call_with_command(xc_interface *xch, unsigned int op, int cmd,
                             void *arg, size_t bytes)
{
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, arg, bytes, BUF_BOTH) == 0) {
        rc = xencall2(xch->xcall, op, (uint64_t)cmd, (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

/*
 * Tools of another version are the one cause of EACCES that a person can put
 * right, so it is worth a sentence.
 */
static int explain(xc_interface *xch, int rc, const char *name,
                   uint32_t version)
{
    if (rc < 0 && errno == EACCES) {
        report(xch, XC_INTERNAL_ERROR,
               "%s refused: is the hypervisor's interface version not %#x?",
               name, version);
    }
    return rc;
}

void domctl_init(struct xen_domctl *domctl, uint32_t cmd, uint32_t domid)
{
    memset(domctl, 0, sizeof(*domctl));
    domctl->cmd = cmd;
    domctl->domain = (domid_t)domid;
}

void sysctl_init(struct xen_sysctl *sysctl, uint32_t cmd)
{
    memset(sysctl, 0, sizeof(*sysctl));
    sysctl->cmd = cmd;
}

int do_domctl(xc_interface *xch, struct xen_domctl *domctl)
{
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return explain(
        xch,
        call_with_buffer(xch, __HYPERVISOR_domctl, domctl, sizeof(*domctl)),
        "domctl", XEN_DOMCTL_INTERFACE_VERSION);
}

int do_sysctl(xc_interface *xch, struct xen_sysctl *sysctl)
{
    sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return explain(
        xch,
        call_with_buffer(xch, __HYPERVISOR_sysctl, sysctl, sizeof(*sysctl)),
        "sysctl", XEN_SYSCTL_INTERFACE_VERSION);
}

int do_platform_op(xc_interface *xch, struct xen_platform_op *op)
{
    op->interface_version = XENPF_INTERFACE_VERSION;
    return explain(
        xch, call_with_buffer(xch, __HYPERVISOR_platform_op, op, sizeof(*op)),
        "platform_op", XENPF_INTERFACE_VERSION);
}

int do_physdev_op(xc_interface *xch, int cmd, void *arg, size_t bytes)
{
    return call_with_command(xch, __HYPERVISOR_physdev_op, cmd, arg, bytes);
}

int do_evtchn_op(xc_interface *xch, int cmd, void *arg, size_t bytes)
{
    return call_with_command(xch, __HYPERVISOR_event_channel_op, cmd, arg,
                             bytes);
}

int domctl_simple(xc_interface *xch, uint32_t cmd, uint32_t domid)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, cmd, domid);
    return do_domctl(xch, &domctl);
}

int xc_domctl(xc_interface *xch, struct xen_domctl *domctl)
{
    return do_domctl(xch, domctl);
}

int xc_sysctl(xc_interface *xch, struct xen_sysctl *sysctl)
{
    return do_sysctl(xch, sysctl);
}
