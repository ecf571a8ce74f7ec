/* SPDX-License-Identifier: MIT */
/*
 * Event ports: making them, connecting two of them, closing. The states and
 * locks of a port are in port.h, sending is in evtchn_use.c; how a guest learns
 * of an event is in evtchn_2l.c and evtchn_fifo.c. <xen/event_channel.h>.
 */
#include "evtchn.h"

#include "bug.h"
#include "domain.h"
#include "fifo.h"
#include "hypercall.h"
#include "mm.h"
#include "port.h"

/* Ports closed between two looks at whether to preempt. */
#define CLOSE_BATCH 16U

/* -- tables and ports ------------------------------------------------------ */

/* One above the highest port that @d can use now. */
static unsigned int port_limit(const struct domain *d)
{
    unsigned int abi_limit = atomic_load(&d->event.fifo) != NULL
                                 ? EVTCHN_FIFO_NR_CHANNELS
                                 : EVTCHN_2L_PORTS;

    return d->event.max_port < abi_limit ? d->event.max_port + 1 : abi_limit;
}

static unsigned int bucket_count(const struct domain *d)
{
    return d->event.max_port / BUCKET_PORTS + 1;
}

void evtchn_domain_free(struct domain *d)
{
    struct evtchn_table *table = &d->event;

    if (table->buckets == NULL) {
        return;
    }
    evtchn_fifo_free(d, evtchn_fifo_detach(d));
    for (unsigned int i = 0; i < bucket_count(d); i++) {
        heap_free(table->buckets[i]);
    }
    heap_free(table->buckets);
    table->buckets = NULL;
    atomic_store(&table->port_count, 0);
}

struct evtchn *evtchn_lookup(struct domain *d, evtchn_port_t number)
{
    unsigned int count = atomic_load(&d->event.port_count);

    if (number >= count) {
        return NULL;
    }
    number = (evtchn_port_t)index_nospec(number, count);
    return &d->event.buckets[number / BUCKET_PORTS]
                ->port[number % BUCKET_PORTS];
}

struct vcpu *evtchn_vcpu(const struct domain *d, uint32_t id)
{
    if (id >= d->max_vcpus) {
        return NULL;
    }
    return d->vcpu[index_nospec(id, d->max_vcpus)];
}

static int add_bucket(struct domain *d)
{
    struct evtchn_table *table = &d->event;
    unsigned int count = atomic_load(&table->port_count);
    struct evtchn_bucket *bucket = heap_alloc(sizeof(*bucket));

    if (bucket == NULL) {
        return -XEN_ENOMEM;
    }
    for (unsigned int i = 0; i < BUCKET_PORTS; i++) {
        spin_init(&bucket->port[i].lock, LOCK_EVENT_PORT);
        bucket->port[i].number = count + i;
    }
    table->buckets[count / BUCKET_PORTS] = bucket;
    /* Publishes the bucket to look-ups that hold no lock. */
    atomic_store(&table->port_count, count + BUCKET_PORTS);
    return 0;
}

int evtchn_domain_init(struct domain *d, unsigned int max_port)
{
    struct evtchn_table *table = &d->event;

    spin_init(&table->lock, LOCK_EVENT);
    if (max_port >= EVTCHN_FIFO_NR_CHANNELS) {
        max_port = EVTCHN_FIFO_NR_CHANNELS - 1;
    }
    table->max_port = max_port;
    table->first_free = 1; /* port 0 exists, as in Xen, and stays free */
    table->buckets =
        heap_alloc(bucket_count(d) * sizeof(struct evtchn_bucket *));
    return table->buckets == NULL ? -XEN_ENOMEM : add_bucket(d);
}

int evtchn_reserve(struct domain *d, struct evtchn **port)
{
    struct evtchn_table *table = &d->event;
    unsigned int number = table->first_free;
    bool skipped = false;

    if (domain_is_dying(d)) {
        return -XEN_EINVAL;
    }
    for (; number < port_limit(d); number++) {
        struct evtchn *candidate;

        if (number >= atomic_load(&table->port_count)) {
            int rc = add_bucket(d);

            if (rc != 0) {
                return rc;
            }
        }
        candidate = evtchn_lookup(d, number);
        if (port_state(candidate) != PORT_FREE) {
            continue;
        }
        if (evtchn_fifo_is_linked(d, candidate)) {
            skipped = true;
            continue;
        }
        if (!skipped) {
            table->first_free = number + 1;
        }
        table->active++;
        port_set_state(candidate, PORT_RESERVED);
        atomic_store(&candidate->notify_vcpu, 0);
        atomic_store(&candidate->fifo_priority, EVTCHN_FIFO_PRIORITY_DEFAULT);
        *port = candidate;
        return 0;
    }
    return -XEN_ENOSPC;
}

void evtchn_release(struct domain *d, struct evtchn *port)
{
    struct evtchn_table *table = &d->event;
    unsigned long flags = spin_lock_irqsave(&port->lock);

    port_set_state(port, PORT_FREE);
    evtchn_clear_pending(d, port);
    spin_unlock_irqrestore(&port->lock, flags);
    if (port->number < table->first_free) {
        table->first_free = port->number;
    }
    table->active--;
}

/* Reserve a port and give it its state at once. */
static int make_port(struct domain *d, enum port_state state,
                     domid_t unbound_domid, unsigned int vcpu_id,
                     evtchn_port_t *number)
{
    struct evtchn *port;
    unsigned long flags;
    int rc;

    spin_lock(&d->event.lock);
    rc = evtchn_reserve(d, &port);
    if (rc == 0) {
        flags = spin_lock_irqsave(&port->lock);
        port->u.unbound_domid = unbound_domid;
        atomic_store(&port->notify_vcpu, (uint16_t)vcpu_id);
        port_set_state(port, state);
        spin_unlock_irqrestore(&port->lock, flags);
        *number = port->number;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    return make_port(d, PORT_UNBOUND, remote, 0, port);
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu_id, evtchn_port_t *number)
{
    if (evtchn_vcpu(d, vcpu_id) == NULL) {
        return -XEN_ENOENT;
    }
    return make_port(d, PORT_IPI, 0, vcpu_id, number);
}

/* -- two ends -------------------------------------------------------------- */

static void lock_tables(struct domain *a, struct domain *b)
{
    struct domain *first = a->domid <= b->domid ? a : b;
    struct domain *second = first == a ? b : a;

    spin_lock(&first->event.lock);
    if (second != first) {
        spin_lock(&second->event.lock);
    }
}

static void unlock_tables(struct domain *a, struct domain *b)
{
    if (a != b) {
        spin_unlock(&b->event.lock);
    }
    spin_unlock(&a->event.lock);
}

/* Lock the two ends of a channel, in order; they are never one port. */
static unsigned long lock_ports(const struct domain *a_domain, struct evtchn *a,
                                const struct domain *b_domain, struct evtchn *b)
{
    bool a_first = a_domain == b_domain ? a->number < b->number
                                        : a_domain->domid < b_domain->domid;
    unsigned long flags = machine_irq_save();

    spin_lock(a_first ? &a->lock : &b->lock);
    spin_lock(a_first ? &b->lock : &a->lock);
    return flags;
}

static void unlock_ports(struct evtchn *a, struct evtchn *b,
                         unsigned long flags)
{
    spin_unlock(&a->lock);
    spin_unlock(&b->lock);
    machine_irq_restore(flags);
}

static void connect(struct domain *d, struct evtchn *port, struct domain *rd,
                    struct evtchn *remote)
{
    unsigned long flags = lock_ports(d, port, rd, remote);

    port->u.remote.domain = rd;
    port->u.remote.port = remote->number;
    remote->u.remote.domain = d;
    remote->u.remote.port = port->number;
    port_set_state(port, PORT_INTERDOMAIN);
    port_set_state(remote, PORT_INTERDOMAIN);
    /* What the remote sent before there was a channel would be lost: let the
     * new end look once. */
    evtchn_set_pending(d, port);
    unlock_ports(port, remote, flags);
}

/* Both tables are locked. */
static int bind_locked(struct domain *d, struct domain *rd,
                       evtchn_port_t remote_port, evtchn_port_t *number)
{
    struct evtchn *remote;
    struct evtchn *port;
    int rc;

    remote = evtchn_lookup(rd, remote_port);
    if (remote == NULL || port_state(remote) != PORT_UNBOUND ||
        remote->u.unbound_domid != d->domid) {
        return -XEN_EINVAL;
    }
    rc = evtchn_reserve(d, &port);
    if (rc != 0) {
        return rc;
    }
    connect(d, port, rd, remote);
    *number = port->number;
    return 0;
}

int evtchn_bind_interdomain(struct domain *d, domid_t remote_domid,
                            evtchn_port_t remote_port, evtchn_port_t *number)
{
    struct domain *rd;
    int rc;

    if (remote_domid == DOMID_SELF) {
        remote_domid = d->domid;
    }
    rd = domain_get(remote_domid);
    if (rd == NULL) {
        return -XEN_ESRCH;
    }
    lock_tables(d, rd);
    rc = bind_locked(d, rd, remote_port, number);
    unlock_tables(d, rd);
    domain_put(rd);
    return rc;
}

/* -- close ----------------------------------------------------------------- */

/*
 * Cut a channel: both tables are locked. The remote end waits for its peer to
 * come back, this one is free.
 */
static void disconnect(struct domain *d, struct evtchn *port)
{
    struct domain *rd = port->u.remote.domain;
    struct evtchn *remote = evtchn_lookup(rd, port->u.remote.port);
    unsigned long flags = lock_ports(d, port, rd, remote);

    BUG_ON(port_state(remote) != PORT_INTERDOMAIN ||
           remote->u.remote.domain != d ||
           remote->u.remote.port != port->number);
    port_set_state(remote, PORT_UNBOUND);
    remote->u.unbound_domid = d->domid;
    port_set_state(port, PORT_RESERVED);
    unlock_ports(port, remote, flags);
    evtchn_release(d, port);
}

/*
 * Close an interdomain port. The caller holds d->event.lock, which is let go
 * here. The other table's lock may have to be taken first, so this one is
 * dropped and the port looked at again; the remote domain is held over that.
 * Returns false if the port is not what it was: the caller starts again.
 */
static bool close_interdomain(struct domain *d, struct evtchn *port)
{
    struct domain *rd = port->u.remote.domain;
    bool same;

    domain_hold(rd);
    spin_unlock(&d->event.lock);
    lock_tables(d, rd);
    same = port_state(port) == PORT_INTERDOMAIN && port->u.remote.domain == rd;
    if (same) {
        disconnect(d, port);
    }
    unlock_tables(d, rd);
    domain_put(rd);
    return same;
}

/* Close a port that needs no other lock; d->event.lock is held. */
static void close_simple(struct domain *d, struct evtchn *port)
{
    unsigned long flags = spin_lock_irqsave(&port->lock);

    if (port_state(port) == PORT_VIRQ) {
        virq_unbind(d, port);
    }
    port_set_state(port, PORT_RESERVED);
    spin_unlock_irqrestore(&port->lock, flags);
    evtchn_release(d, port);
}

int evtchn_close(struct domain *d, evtchn_port_t number)
{
    struct evtchn *port = evtchn_lookup(d, number);

    if (port == NULL) {
        return -XEN_EINVAL;
    }
    for (;;) {
        spin_lock(&d->event.lock);
        switch (port_state(port)) {
        case PORT_FREE:
        case PORT_RESERVED:
            spin_unlock(&d->event.lock);
            return -XEN_EINVAL;
        case PORT_INTERDOMAIN:
            if (close_interdomain(d, port)) {
                return 0;
            }
            break;
        case PORT_PIRQ:
            spin_unlock(&d->event.lock);
            if (evtchn_close_pirq(d, port) == 0) {
                return 0;
            }
            break;
        case PORT_UNBOUND:
        case PORT_VIRQ:
        case PORT_IPI:
            close_simple(d, port);
            spin_unlock(&d->event.lock);
            return 0;
        }
    }
}

/* Ports that are closed stay so: what is called again, or given up, needs to
 * remember nothing. */
int evtchn_reset(struct domain *d)
{
    struct evtchn_table *table = &d->event;
    struct evtchn_fifo *fifo = NULL;
    unsigned int done = 0;
    int rc = 0;

    for (evtchn_port_t i = 1; i < atomic_load(&table->port_count); i++) {
        if (port_state(evtchn_lookup(d, i)) == PORT_FREE) {
            continue;
        }
        if (++done % CLOSE_BATCH == 0 && hypercall_preempt_check()) {
            return -XEN_ERESTART;
        }
        (void)evtchn_close(d, i);
    }
    spin_lock(&table->lock);
    if (table->active == 0) {
        fifo = evtchn_fifo_detach(d);
    } else {
        /* Made, or about to be closed, by others meanwhile. */
        rc = domain_is_dying(d) ? -XEN_ERESTART : -XEN_EAGAIN;
    }
    spin_unlock(&table->lock);
    evtchn_fifo_free(d, fifo);
    return rc;
}

int evtchn_domain_destroy(struct domain *d)
{
    ASSERT(domain_is_dying(d));
    if (d->event.buckets == NULL) {
        return 0;
    }
    virq_drop_handlers(d);
    return evtchn_reset(d);
}
