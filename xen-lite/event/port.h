/* SPDX-License-Identifier: MIT */
/*
 * One event port, and what the files of event/ share. Ports live in buckets
 * that are never freed before their domain, so a port that was once found can
 * be looked at by anyone who holds its domain.
 *
 * Two locks guard a port. d->event.lock is held to change its state. Its own
 * lock is held too, and that one alone is enough to rely on the state: so
 * sending takes one short lock that only the two ends of a channel ever share.
 * A state change of an interdomain port holds the locks of both ends, hence
 * the sender, which holds its own, knows that the other end stays.
 *
 * Order: event.lock of the lower domid, of the higher, then ports by domid and
 * number. Port locks are taken in interrupt handlers: interrupts off.
 */
#ifndef XEN_LITE_EVENT_PORT_H
#define XEN_LITE_EVENT_PORT_H

#include <stdatomic.h>

#include "domain.h"
#include "evtchn.h"
#include "nospec.h"

enum port_state {
    PORT_FREE,
    PORT_RESERVED, /* being set up; not usable yet */
    PORT_UNBOUND,  /* waits for a remote domain to bind */
    PORT_INTERDOMAIN,
    PORT_PIRQ,
    PORT_VIRQ,
    PORT_IPI,
};

struct evtchn {
    struct spinlock lock;  /* LOCK_EVENT_PORT: all below but the atomics */
    _Atomic uint8_t state; /* enum port_state */
    _Atomic uint8_t fifo_priority;
    _Atomic uint16_t notify_vcpu;
    _Atomic uint32_t fifo_last; /* the queue it was put on last */
    evtchn_port_t number;
    _Atomic bool fifo_pending; /* raised while there was no word for it */
    union {
        domid_t unbound_domid; /* who may bind; PORT_UNBOUND */
        struct {
            struct domain *domain; /* no reference: see close */
            evtchn_port_t port;
        } remote; /* PORT_INTERDOMAIN */
        uint32_t virq;
        uint32_t pirq;
    } u;
};

_Static_assert(sizeof(struct evtchn) <= 40, "ports are many");

#define BUCKET_PORTS 64U

struct evtchn_bucket {
    struct evtchn port[BUCKET_PORTS];
};

/* Port @number of @d, or NULL when there is none yet. Any context. */
struct evtchn *evtchn_lookup(struct domain *d, evtchn_port_t number);

/* Change the state of a port whose locks are held. */
static inline void port_set_state(struct evtchn *port, enum port_state state)
{
    atomic_store(&port->state, (uint8_t)state);
}

static inline enum port_state port_state(const struct evtchn *port)
{
    return (enum port_state)atomic_load(&port->state);
}

/* The vCPU that is told of events of @port, a port of @d. */
static inline struct vcpu *port_vcpu(const struct domain *d,
                                     const struct evtchn *port)
{
    unsigned int id = atomic_load(&port->notify_vcpu);

    return d->vcpu[index_nospec(id, d->max_vcpus)];
}

/* vCPU @id of @d, or NULL; @id comes from a guest. */
struct vcpu *evtchn_vcpu(const struct domain *d, uint32_t id);

/* -- evtchn.c -------------------------------------------------------------- */

/*
 * Find a free port and reserve it; d->event.lock is held. Sets *port.
 * Returns 0, -XEN_EINVAL (dying), -XEN_ENOSPC, -XEN_ENOMEM.
 */
int evtchn_reserve(struct domain *d, struct evtchn **port);
/* Give a port with no other end back; d->event.lock is held. */
void evtchn_release(struct domain *d, struct evtchn *port);

/* Commands of event_channel_op, for @d with a guest's own numbers. */
int evtchn_bind_interdomain(struct domain *d, domid_t remote_domid,
                            evtchn_port_t remote_port, evtchn_port_t *number);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu_id, evtchn_port_t *number);
int evtchn_close(struct domain *d, evtchn_port_t number);
int evtchn_bind_vcpu(struct domain *d, evtchn_port_t number, uint32_t vcpu_id);
int evtchn_unmask(struct domain *d, evtchn_port_t number);
int evtchn_status(struct domain *d, struct evtchn_status *status);
/* Close all: 0, -XEN_ERESTART, -XEN_EAGAIN (others made some meanwhile). */
int evtchn_reset(struct domain *d);

/* -- virq.c ---------------------------------------------------------------- */

bool virq_is_global(uint32_t virq);
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu_id,
                     evtchn_port_t *number);
/* The port of a VIRQ closes: its locks are held. */
void virq_unbind(struct domain *d, struct evtchn *port);
/* @d goes away: it handles no global VIRQ any more. */
void virq_drop_handlers(struct domain *d);

/* -- pirq.c ---------------------------------------------------------------- */

int evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags,
                     evtchn_port_t *number);
/* Close a port that was seen in PORT_PIRQ: 0, -XEN_EINVAL if it is not now. */
int evtchn_close_pirq(struct domain *d, struct evtchn *port);
/* The port of a PIRQ is told to another vCPU now. */
void pirq_moved(struct domain *d, uint32_t pirq, struct vcpu *v);

/* -- delivery -------------------------------------------------------------- */

/* Make @port pending; its lock is held, or that of its other end.
 * (evtchn_2l.c or evtchn_fifo.c) */
void evtchn_set_pending(struct domain *d, struct evtchn *port);
void evtchn_clear_pending(struct domain *d, struct evtchn *port);
bool evtchn_is_pending(struct domain *d, const struct evtchn *port);
/* Clear the mask, and deliver what is pending; the port's lock is held. */
void evtchn_clear_mask(struct domain *d, struct evtchn *port);
/* Clear the 2-level pending bit, even if @d uses FIFO now: was it set? */
bool evtchn_2l_take_pending(struct domain *d, evtchn_port_t number);
/* Wake the vCPUs of @d that poll @number. */
void evtchn_wake_pollers(struct domain *d, evtchn_port_t number);

#endif
