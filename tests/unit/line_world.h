/* SPDX-License-Identifier: MIT */
/*
 * dom0 (domain 0, with all lines but 0) and a guest (domain 5), and what they
 * do with interrupt lines.
 */
#ifndef XEN_LITE_LINE_WORLD_H
#define XEN_LITE_LINE_WORLD_H

#include "event_world.h"
#include "evtchn.h"
#include "mm.h"
#include "pirq.h"

extern struct domain *dom0;
extern struct domain *guest;

/* Fixtures. */
int line_setup(void **state);

static inline unsigned int map(struct domain *d, unsigned int gsi)
{
    unsigned int pirq = gsi;

    assert_int_equal(pirq_map_gsi(dom0, d, gsi, &pirq), 0);
    assert_int_equal(pirq, gsi);
    return pirq;
}

static inline long bind_port(struct domain *d, unsigned int pirq, bool share,
                             evtchn_port_t *port)
{
    struct evtchn_bind_pirq bind = {.pirq = pirq,
                                    .flags = share ? BIND_PIRQ__WILL_SHARE : 0};
    long rc = world_call(d->vcpu[0], hc_event_channel_op, EVTCHNOP_bind_pirq,
                         WORLD_VA(&bind), 0);

    *port = bind.port;
    return rc;
}

static inline long close_port(struct domain *d, evtchn_port_t port)
{
    struct evtchn_close close = {.port = port};

    return world_call(d->vcpu[0], hc_event_channel_op, EVTCHNOP_close,
                      WORLD_VA(&close), 0);
}

static inline evtchn_port_t level_line(unsigned int gsi)
{
    evtchn_port_t port;

    assert_int_equal(machine_gsi_setup(gsi, true, true), 0);
    map(dom0, gsi);
    assert_int_equal(bind_port(dom0, gsi, false, &port), 0);
    return port;
}

#endif
