/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI is refused for now: guests then keep to 2-level ports.
 */
#include "fifo.h"

#include "bug.h"

int evtchn_fifo_init_control(struct domain *d,
                             struct evtchn_init_control *control)
{
    (void)d;
    (void)control;
    return -XEN_ENOSYS;
}

int evtchn_fifo_expand_array(struct domain *d, uint64_t gfn)
{
    (void)d;
    (void)gfn;
    return -XEN_EOPNOTSUPP;
}

int evtchn_fifo_set_priority(struct domain *d, evtchn_port_t number,
                             uint32_t priority)
{
    (void)d;
    (void)number;
    (void)priority;
    return -XEN_ENOSYS;
}

void evtchn_fifo_reset(struct domain *d)
{
    (void)d;
}

void evtchn_fifo_destroy(struct domain *d)
{
    (void)d;
}

bool evtchn_fifo_is_linked(struct domain *d, const struct evtchn *port)
{
    (void)d;
    (void)port;
    return false;
}

void evtchn_fifo_set_pending(struct domain *d, struct evtchn *port)
{
    (void)d;
    (void)port;
    BUG();
}

void evtchn_fifo_clear_pending(struct domain *d, struct evtchn *port)
{
    (void)d;
    (void)port;
    BUG();
}

bool evtchn_fifo_is_pending(struct domain *d, const struct evtchn *port)
{
    (void)d;
    (void)port;
    BUG();
}

bool evtchn_fifo_is_masked(struct domain *d, const struct evtchn *port)
{
    (void)d;
    (void)port;
    BUG();
}

void evtchn_fifo_clear_mask(struct domain *d, struct evtchn *port)
{
    (void)d;
    (void)port;
    BUG();
}
