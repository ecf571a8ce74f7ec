/* SPDX-License-Identifier: MIT */
/*
 * Event channels (event/): the ports of a domain, what each is bound to, and
 * how a guest is told. <xen/event_channel.h>.
 */
#ifndef XEN_LITE_EVTCHN_H
#define XEN_LITE_EVTCHN_H

#include <stdatomic.h>

#include "spinlock.h"
#include "types.h"

#include <xen/event_channel.h>

struct domain;
struct vcpu;
struct evtchn_bucket;
struct evtchn_fifo;

#define EVTCHN_2L_PORTS 4096U

/* Part of struct domain. */
struct evtchn_table {
    struct spinlock lock; /* LOCK_EVENT: states of all ports, virq_port[] */
    struct evtchn_bucket **buckets;   /* allocated as needed, never freed */
    _Atomic unsigned int port_count;  /* ports in buckets; 0 is reserved */
    unsigned int max_port;            /* highest number allowed */
    unsigned int active;              /* not free */
    evtchn_port_t first_free;         /* none is free below this one */
    struct evtchn_fifo *_Atomic fifo; /* NULL: 2-level */
};

/* @max_port is clipped to what the ABIs can name. 0 or -XEN_ENOMEM. */
int evtchn_domain_init(struct domain *d, unsigned int max_port);
/* Close every port of @d, which is dying, so that no new one can be made;
 * preemptible: 0 or -XEN_ERESTART. */
int evtchn_domain_destroy(struct domain *d);
/* After evtchn_domain_destroy(), when no reference is left. */
void evtchn_domain_free(struct domain *d);

/*
 * Send on a port of @d: an event for the other end of an interdomain port, or
 * for an IPI port's own vCPU. Nothing happens on a port that waits for its
 * other end. Returns 0 or -XEN_EINVAL. Takes the port's lock only.
 */
int evtchn_send(struct domain *d, evtchn_port_t port);

/* Raise a VIRQ: per vCPU, or global to whom it is bound (dom0 if nobody
 * asked). Any context, interrupts may be off. */
void virq_raise_vcpu(struct vcpu *v, unsigned int virq);
void virq_raise_global(unsigned int virq);
/*
 * Send global @virq to @d from now on (domctl set_virq_handler); the domain is
 * held until it dies or another is named.
 * Returns 0, -XEN_EINVAL (not global, or @d is dying).
 */
int virq_set_handler(struct domain *d, unsigned int virq);

/* A port bound to @pirq in its owner: called by pirq.c. */
void evtchn_raise_port(struct domain *d, evtchn_port_t port);

/*
 * Make a port of @d that @remote may bind; neither is DOMID_SELF.
 * Returns 0, -XEN_EINVAL (dying), -XEN_ENOSPC, -XEN_ENOMEM.
 */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port);

/* For SCHEDOP_poll: may @port be polled, and is it pending? */
bool evtchn_port_is_valid(struct domain *d, evtchn_port_t port);
bool evtchn_port_is_pending(struct domain *d, evtchn_port_t port);
/* From here on any port that is made pending may wake @v, which is current and
 * has blocked; and no more: returns whether it was so until now. */
void evtchn_poller_add(struct vcpu *v);
bool evtchn_poller_remove(struct vcpu *v);

/* Upcall state of @v. */
bool vcpu_upcall_pending(const struct vcpu *v); /* and not masked */
/* Set evtchn_upcall_pending and kick @v. */
void vcpu_mark_upcall(struct vcpu *v);
/* The vcpu_info moved: make the guest look at everything again. */
void evtchn_rescan(struct vcpu *v);

/* How many ports of @d break a rule (a channel without its peer, a VIRQ whose
 * vCPU does not name it...); each is printed. @d and its peers are at rest. */
unsigned int evtchn_audit(struct domain *d);

/* -- pirqs (event/pirq.c) -------------------------------------------------- */

/*
 * Call @found for each page of @d's guest that event delivery holds by a
 * reference and a WRITABLE type reference. For audits: nothing else runs.
 */
typedef void event_page_fn_t(void *data, mfn_t mfn);
void evtchn_fifo_pages(const struct domain *d, event_page_fn_t *found,
                       void *data);
void pirq_pages(const struct domain *d, event_page_fn_t *found, void *data);

struct pirq_table;
int pirq_domain_init(struct domain *d);
/* Unmap all; @d is dying and its ports are closed. */
void pirq_domain_destroy(struct domain *d);
/* After that, when no reference is left. */
void pirq_domain_free(struct domain *d);
/* The machine's interrupt handler: @irq fired. Interrupts off. */
void pirq_interrupt(unsigned int irq);

/* For core_reset(): forget handlers and lines, and free nothing. */
void virq_reset(void);
void irq_line_reset(void);

#endif
