/* SPDX-License-Identifier: MIT */
/*
 * Event channels (event/evtchn.c): ports of a domain, what each is bound to,
 * and delivery by the 2-level ABI. <xen/event_channel.h>.
 */
#ifndef XEN_LITE_EVTCHN_H
#define XEN_LITE_EVTCHN_H

#include <xen/event_channel.h>
#include <xen/xen.h>

#include "spinlock.h"
#include "types.h"

struct domain;
struct vcpu;
struct evtchn_bucket;

#define EVTCHN_2L_PORTS 4096U

/* Part of struct domain. */
struct evtchn_table {
    struct spinlock lock; /* LOCK_EVENT: states of all ports, virq_port[] */
    struct evtchn_bucket **buckets; /* of ports, allocated as needed */
    unsigned int port_count;        /* allocated so far, 0 reserved */
    unsigned int max_port;          /* highest number allowed */
    unsigned int active;            /* not free */
    struct evtchn_fifo *fifo;       /* NULL: 2-level */
};

int evtchn_domain_init(struct domain *d, unsigned int max_port);
/* Close every port; preemptible: 0 or -XEN_ERESTART. */
int evtchn_domain_destroy(struct domain *d);
/* After evtchn_domain_destroy(), when no reference is left. */
void evtchn_domain_free(struct domain *d);

/* Send on a port of @d (an interdomain or IPI port): 0, -XEN_EINVAL. */
int evtchn_send(struct domain *d, evtchn_port_t port);

/* Raise a VIRQ: per vCPU, or global to whom it is bound (dom0's vCPU 0 if
 * nobody else). Any context, interrupts may be off. */
void virq_raise_vcpu(struct vcpu *v, unsigned int virq);
void virq_raise_global(unsigned int virq);

/* A port bound to @pirq in its owner: called by pirq.c. */
void evtchn_raise_port(struct domain *d, evtchn_port_t port);

/* For domain building and the tools, @d != caller allowed: see
 * EVTCHNOP_alloc_unbound. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote,
                         evtchn_port_t *port);

/* Upcall state of @v. */
bool vcpu_upcall_pending(const struct vcpu *v); /* and not masked */
/* Set evtchn_upcall_pending and kick @v. */
void vcpu_mark_upcall(struct vcpu *v);
/* The vcpu_info moved: make the guest look at everything again. */
void evtchn_rescan(struct vcpu *v);

/* -- pirqs (event/pirq.c) --------------------------------------------------- */

struct pirq_table;
int pirq_domain_init(struct domain *d);
void pirq_domain_destroy(struct domain *d);
/* The machine's interrupt handler: @irq fired. Interrupts off. */
void pirq_interrupt(unsigned int irq);

#endif
