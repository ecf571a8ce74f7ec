/* SPDX-License-Identifier: MIT */
/*
 * Event ports in use: sending, telling another vCPU, unmasking, asking how a
 * port stands. Making and closing them is in evtchn.c.
 */
#include "evtchn.h"

#include "domain.h"
#include "port.h"
#include "printk.h"

/* @port's lock is held, and so its other end cannot go away. */
static void send_to_remote(struct evtchn *port)
{
    struct domain *rd = port->u.remote.domain;

    evtchn_set_pending(rd, evtchn_lookup(rd, port->u.remote.port));
}

int evtchn_send(struct domain *d, evtchn_port_t number)
{
    struct evtchn *port = evtchn_lookup(d, number);
    unsigned long flags;
    int rc = 0;

    if (port == NULL) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&port->lock);
    switch (port_state(port)) {
    case PORT_INTERDOMAIN:
        send_to_remote(port);
        break;
    case PORT_IPI:
        evtchn_set_pending(d, port);
        break;
    case PORT_UNBOUND:
        break;
    default:
        rc = -XEN_EINVAL;
        break;
    }
    spin_unlock_irqrestore(&port->lock, flags);
    return rc;
}

void evtchn_raise_port(struct domain *d, evtchn_port_t number)
{
    struct evtchn *port = evtchn_lookup(d, number);
    unsigned long flags;

    if (port == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&port->lock);
    if (port_state(port) == PORT_PIRQ) {
        evtchn_set_pending(d, port);
    }
    spin_unlock_irqrestore(&port->lock, flags);
}

/* May events of @port, whose lock is held, go to any vCPU? */
static bool may_move(const struct evtchn *port)
{
    switch (port_state(port)) {
    case PORT_UNBOUND:
    case PORT_INTERDOMAIN:
    case PORT_PIRQ:
        return true;
    case PORT_VIRQ:
        return virq_is_global(port->u.virq);
    default:
        return false;
    }
}

int evtchn_bind_vcpu(struct domain *d, evtchn_port_t number, uint32_t vcpu_id)
{
    struct vcpu *v = evtchn_vcpu(d, vcpu_id);
    struct evtchn *port = evtchn_lookup(d, number);
    bool is_pirq = false;
    uint32_t pirq = 0;
    unsigned long flags;
    int rc = -XEN_EINVAL;

    if (v == NULL) {
        return -XEN_ENOENT;
    }
    if (port == NULL) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->event.lock);
    flags = spin_lock_irqsave(&port->lock);
    if (may_move(port)) {
        rc = 0;
        atomic_store(&port->notify_vcpu, (uint16_t)vcpu_id);
        is_pirq = port_state(port) == PORT_PIRQ;
        pirq = port->u.pirq;
    }
    spin_unlock_irqrestore(&port->lock, flags);
    spin_unlock(&d->event.lock);
    if (is_pirq) {
        pirq_moved(d, pirq, v);
    }
    return rc;
}

int evtchn_unmask(struct domain *d, evtchn_port_t number)
{
    struct evtchn *port = evtchn_lookup(d, number);
    unsigned long flags;

    if (port == NULL) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&port->lock);
    if (port_state(port) > PORT_RESERVED) {
        evtchn_clear_mask(d, port);
    }
    spin_unlock_irqrestore(&port->lock, flags);
    return 0;
}

static void fill_status(const struct evtchn *port, struct evtchn_status *status)
{
    status->vcpu = atomic_load(&port->notify_vcpu);
    switch (port_state(port)) {
    case PORT_FREE:
    case PORT_RESERVED:
        status->status = EVTCHNSTAT_closed;
        break;
    case PORT_UNBOUND:
        status->status = EVTCHNSTAT_unbound;
        status->u.unbound.dom = port->u.unbound_domid;
        break;
    case PORT_INTERDOMAIN:
        status->status = EVTCHNSTAT_interdomain;
        status->u.interdomain.dom = port->u.remote.domain->domid;
        status->u.interdomain.port = port->u.remote.port;
        break;
    case PORT_PIRQ:
        status->status = EVTCHNSTAT_pirq;
        status->u.pirq = port->u.pirq;
        break;
    case PORT_VIRQ:
        status->status = EVTCHNSTAT_virq;
        status->u.virq = port->u.virq;
        break;
    case PORT_IPI:
        status->status = EVTCHNSTAT_ipi;
        break;
    }
}

int evtchn_status(struct domain *d, struct evtchn_status *status)
{
    struct evtchn *port = evtchn_lookup(d, status->port);
    unsigned long flags;

    if (port == NULL) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&port->lock);
    fill_status(port, status);
    spin_unlock_irqrestore(&port->lock, flags);
    return 0;
}

bool evtchn_port_is_valid(struct domain *d, evtchn_port_t port)
{
    return evtchn_lookup(d, port) != NULL;
}

bool evtchn_port_is_pending(struct domain *d, evtchn_port_t number)
{
    struct evtchn *port = evtchn_lookup(d, number);
    unsigned long flags;
    bool pending;

    if (port == NULL) {
        return false;
    }
    flags = spin_lock_irqsave(&port->lock);
    pending = port_state(port) > PORT_RESERVED && evtchn_is_pending(d, port);
    spin_unlock_irqrestore(&port->lock, flags);
    return pending;
}

/* -- audit ----------------------------------------------------------------- */

static bool channel_is_sound(struct domain *d, const struct evtchn *port)
{
    struct domain *rd = port->u.remote.domain;
    const struct evtchn *remote;

    remote = rd == NULL ? NULL : evtchn_lookup(rd, port->u.remote.port);
    return remote != NULL && port_state(remote) == PORT_INTERDOMAIN &&
           remote->u.remote.domain == d &&
           remote->u.remote.port == port->number && remote != port;
}

static bool port_is_sound(struct domain *d, const struct evtchn *port)
{
    unsigned int vcpu = atomic_load(&port->notify_vcpu);

    switch (port_state(port)) {
    case PORT_INTERDOMAIN:
        return channel_is_sound(d, port);
    case PORT_VIRQ:
        vcpu = virq_is_global(port->u.virq) ? 0 : vcpu;
        return d->vcpu[vcpu]->virq_port[port->u.virq] == port->number;
    case PORT_RESERVED:
        return false;
    default:
        return true;
    }
}

unsigned int evtchn_audit(struct domain *d)
{
    struct evtchn_table *table = &d->event;
    unsigned int active = 0;
    unsigned int wrong = 0;

    for (evtchn_port_t i = 1; i < atomic_load(&table->port_count); i++) {
        const struct evtchn *port = evtchn_lookup(d, i);

        active += port_state(port) != PORT_FREE;
        if (!port_is_sound(d, port)) {
            log_error("evtchn: d%u port %u in state %u is not sound\n",
                      d->domid, i, port_state(port));
            wrong++;
        }
    }
    if (active != table->active) {
        log_error("evtchn: d%u has %u ports, counted %u\n", d->domid, active,
                  table->active);
        wrong++;
    }
    return wrong;
}
