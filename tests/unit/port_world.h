/* SPDX-License-Identifier: MIT */
/*
 * dom0 (domain 0, two vCPUs) and a guest (domain 5, four), and the commands of
 * event_channel_op as they make them.
 */
#ifndef XEN_LITE_PORT_WORLD_H
#define XEN_LITE_PORT_WORLD_H

#include "event_world.h"

#include <string.h>

#include "evtchn.h"

extern struct domain *dom0;
extern struct domain *guest;

/* Fixtures. */
int port_setup(void **state);

static inline long op(struct domain *d, unsigned int command, void *arg)
{
    return world_call(d->vcpu[0], hc_event_channel_op, command, WORLD_VA(arg),
                      0);
}

static inline evtchn_port_t unbound(struct domain *d, domid_t remote)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF,
                                         .remote_dom = remote};

    assert_int_equal(op(d, EVTCHNOP_alloc_unbound, &alloc), 0);
    return alloc.port;
}

static inline long bind_port(struct domain *d, domid_t remote,
                             evtchn_port_t remote_port, evtchn_port_t *port)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = remote,
                                           .remote_port = remote_port};
    long rc = op(d, EVTCHNOP_bind_interdomain, &bind);

    *port = bind.local_port;
    return rc;
}

static inline long send(struct domain *d, evtchn_port_t port)
{
    struct evtchn_send send = {.port = port};

    return op(d, EVTCHNOP_send, &send);
}

static inline long close_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_close close = {.port = port};

    return op(d, EVTCHNOP_close, &close);
}

static inline long bind_ipi(struct domain *d, uint32_t vcpu,
                            evtchn_port_t *port)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};
    long rc = op(d, EVTCHNOP_bind_ipi, &bind);

    *port = bind.port;
    return rc;
}

static inline struct evtchn_status status_of(struct domain *d,
                                             evtchn_port_t port)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

    assert_int_equal(op(d, EVTCHNOP_status, &status), 0);
    return status;
}

static inline bool pending(const struct domain *d, evtchn_port_t port)
{
    return (d->shared->evtchn_pending[port / 64] >> (port % 64)) & 1;
}

static inline void set_mask(struct domain *d, evtchn_port_t port)
{
    d->shared->evtchn_mask[port / 64] |= 1UL << (port % 64);
}

static inline void channel(evtchn_port_t *a, evtchn_port_t *b)
{
    *b = unbound(guest, 0);
    assert_int_equal(bind_port(dom0, 5, *b, a), 0);
    memset(dom0->shared->evtchn_pending, 0, 512);
    memset(dom0->shared->vcpu_info, 0, sizeof(dom0->shared->vcpu_info));
}

/* dom0 has sent an event to the guest's port, which is masked. */
static inline void masked_channel(evtchn_port_t *a, evtchn_port_t *b)
{
    channel(a, b);
    set_mask(guest, *b);
    assert_int_equal(send(dom0, *a), 0);
}

static inline long bind_vcpu(struct domain *d, evtchn_port_t port,
                             uint32_t vcpu)
{
    struct evtchn_bind_vcpu bind = {.port = port, .vcpu = vcpu};

    return op(d, EVTCHNOP_bind_vcpu, &bind);
}

static inline long unmask(struct domain *d, evtchn_port_t port)
{
    struct evtchn_unmask unmask = {.port = port};

    return op(d, EVTCHNOP_unmask, &unmask);
}

#endif
