/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts: those of one vCPU (its timer, debugging, its PMU) and
 * global ones, which one domain handles: dom0, unless the tools named another.
 * <xen/xen.h>, "VIRTUAL INTERRUPTS".
 */
#include "domain.h"
#include "evtchn.h"
#include "port.h"

/* Who handles each global VIRQ; NULL is dom0. A reference is held on each. */
static struct {
    struct spinlock lock; /* guards handler[]; IRQ-safe, outer to port locks */
    struct domain *handler[NR_VIRQS];
} virqs = {.lock = SPINLOCK_INIT(LOCK_EVENT)};

void virq_reset(void)
{
    for (unsigned int i = 0; i < NR_VIRQS; i++) {
        virqs.handler[i] = NULL;
    }
}

bool virq_is_global(uint32_t virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default:
        return true;
    }
}

static evtchn_port_t virq_port_of(const struct vcpu *v, uint32_t virq)
{
    return __atomic_load_n(&v->virq_port[virq], __ATOMIC_ACQUIRE);
}

/* Global VIRQs stand at vCPU 0, whichever is told of them. */
static void set_virq_port(struct vcpu *v, uint32_t virq, evtchn_port_t number)
{
    __atomic_store_n(&v->virq_port[virq], number, __ATOMIC_RELEASE);
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu_id,
                     evtchn_port_t *number)
{
    struct vcpu *v = evtchn_vcpu(d, vcpu_id);
    struct evtchn *port;
    unsigned long flags;
    int rc;

    if (virq >= NR_VIRQS || (virq_is_global(virq) && vcpu_id != 0)) {
        return -XEN_EINVAL;
    }
    virq = (uint32_t)index_nospec(virq, NR_VIRQS);
    if (v == NULL) {
        return -XEN_ENOENT;
    }
    spin_lock(&d->event.lock);
    if (virq_port_of(v, virq) != 0) {
        spin_unlock(&d->event.lock);
        return -XEN_EEXIST;
    }
    rc = evtchn_reserve(d, &port);
    if (rc == 0) {
        flags = spin_lock_irqsave(&port->lock);
        port->u.virq = virq;
        atomic_store(&port->notify_vcpu, (uint16_t)vcpu_id);
        port_set_state(port, PORT_VIRQ);
        set_virq_port(v, virq, port->number);
        spin_unlock_irqrestore(&port->lock, flags);
        *number = port->number;
    }
    spin_unlock(&d->event.lock);
    return rc;
}

void virq_unbind(struct domain *d, struct evtchn *port)
{
    unsigned int vcpu_id = atomic_load(&port->notify_vcpu);

    if (virq_is_global(port->u.virq)) {
        vcpu_id = 0;
    }
    set_virq_port(d->vcpu[vcpu_id], port->u.virq, 0);
}

void virq_raise_vcpu(struct vcpu *v, unsigned int virq)
{
    evtchn_port_t number = virq_port_of(v, virq);
    struct evtchn *port;
    unsigned long flags;

    if (number == 0) {
        return;
    }
    port = evtchn_lookup(v->domain, number);
    flags = spin_lock_irqsave(&port->lock);
    /* It may have been closed, and even bound to something else, since. */
    if (port_state(port) == PORT_VIRQ && virq_port_of(v, virq) == number) {
        evtchn_set_pending(v->domain, port);
    }
    spin_unlock_irqrestore(&port->lock, flags);
}

void virq_raise_global(unsigned int virq)
{
    unsigned long flags = spin_lock_irqsave(&virqs.lock);
    struct domain *d = virqs.handler[virq];

    if (d == NULL) {
        d = domain_dom0();
    }
    if (d != NULL && d->max_vcpus != 0 && d->vcpu[0] != NULL) {
        virq_raise_vcpu(d->vcpu[0], virq);
    }
    spin_unlock_irqrestore(&virqs.lock, flags);
}

int virq_set_handler(struct domain *d, unsigned int virq)
{
    struct domain *before;
    unsigned long flags;
    int rc = 0;

    if (virq >= NR_VIRQS || !virq_is_global(virq)) {
        return -XEN_EINVAL;
    }
    virq = (unsigned int)index_nospec(virq, NR_VIRQS);
    domain_hold(d);
    flags = spin_lock_irqsave(&virqs.lock);
    /* virq_drop_handlers() runs after the domain is seen dying. */
    if (domain_is_dying(d)) {
        before = d;
        rc = -XEN_EINVAL;
    } else {
        before = virqs.handler[virq];
        virqs.handler[virq] = d;
    }
    spin_unlock_irqrestore(&virqs.lock, flags);
    if (before != NULL) {
        domain_put(before);
    }
    return rc;
}

void virq_drop_handlers(struct domain *d)
{
    for (unsigned int i = 0; i < NR_VIRQS; i++) {
        unsigned long flags = spin_lock_irqsave(&virqs.lock);
        bool was_handler = virqs.handler[i] == d;

        if (was_handler) {
            virqs.handler[i] = NULL;
        }
        spin_unlock_irqrestore(&virqs.lock, flags);
        if (was_handler) {
            domain_put(d);
        }
    }
}
