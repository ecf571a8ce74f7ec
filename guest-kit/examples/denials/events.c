/* SPDX-License-Identifier: MIT */
/* Event channel calls on ports, domains and vCPUs that are not there. */
#include "check.h"
#include "denials.h"
#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

#define NO_DOMAIN 77

static const evtchn_port_t bad_ports[] = {0, 777, 4096, 131072, 0xffffffff};

static void check_ports(void)
{
    struct evtchn_status status;
    unsigned int i;

    for (i = 0; i < sizeof(bad_ports) / sizeof(bad_ports[0]); i++) {
        evtchn_port_t port = bad_ports[i];

        check_eq("send-bad-port", evtchn_send(port), -XEN_EINVAL);
        check_either("unmask-bad-port", evtchn_unmask(port), -XEN_EINVAL,
                     port < 4096 ? 0 : -XEN_EINVAL);
        check_eq("close-bad-port", evtchn_close(port), -XEN_EINVAL);
        if (port > 4095) {
            check_eq("status-bad-port", evtchn_status(port, &status),
                     -XEN_EINVAL);
        }
    }
}

static long bind_vcpu(evtchn_port_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    return hc_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static void check_bind_vcpu(void)
{
    evtchn_port_t ipi = 0;
    evtchn_port_t timer = 0;
    evtchn_port_t unbound = 0;

    evtchn_bind_ipi(0, &ipi);
    evtchn_bind_virq(VIRQ_TIMER, 0, &timer);
    evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &unbound);
    check_eq("bind-vcpu-ipi", bind_vcpu(ipi, 0), -XEN_EINVAL);
    check_eq("bind-vcpu-per-vcpu-virq", bind_vcpu(timer, 0), -XEN_EINVAL);
    check_eq("bind-vcpu-unbound", bind_vcpu(unbound, 0), 0);
    check_eq("bind-vcpu-none", bind_vcpu(unbound, 999), -XEN_ENOENT);
    check_eq("bind-vcpu-bad-port", bind_vcpu(4096, 0), -XEN_EINVAL);
    evtchn_close(ipi);
    evtchn_close(timer);
    evtchn_close(unbound);
}

static void check_domains(void)
{
    struct evtchn_status status = {.dom = NO_DOMAIN, .port = 1};
    evtchn_port_t port;

    check_eq("alloc-unbound-no-domain",
             evtchn_alloc_unbound(NO_DOMAIN, DOMID_SELF, &port), -XEN_ESRCH);
    check_eq("bind-interdomain-no-domain",
             evtchn_bind_interdomain(NO_DOMAIN, 1, &port), -XEN_ESRCH);
    check_eq("bind-interdomain-bad-port",
             evtchn_bind_interdomain(DOMID_SELF, 4096, &port), -XEN_EINVAL);
    check_eq("bind-interdomain-free-port",
             evtchn_bind_interdomain(DOMID_SELF, 900, &port), -XEN_EINVAL);
    check_eq("status-no-domain", hc_event_channel_op(EVTCHNOP_status, &status),
             -XEN_ESRCH);
    check_eq("bind-ipi-no-vcpu", evtchn_bind_ipi(999, &port), -XEN_ENOENT);
    check_eq("bind-virq-no-vcpu", evtchn_bind_virq(VIRQ_TIMER, 999, &port),
             -XEN_ENOENT);
    check_eq("bind-virq-none", evtchn_bind_virq(0xffffffff, 0, &port),
             -XEN_EINVAL);
}

static void check_pirq(void)
{
    struct evtchn_bind_pirq op = {.pirq = 0xffff};

    check_eq("bind-pirq-bad", hc_event_channel_op(EVTCHNOP_bind_pirq, &op),
             -XEN_EINVAL);
    check_eq("event-op-unknown", hc_event_channel_op(99, &op), -XEN_ENOSYS);
}

void denials_events(void)
{
    check_ports();
    check_bind_vcpu();
    check_domains();
    check_pirq();
}
