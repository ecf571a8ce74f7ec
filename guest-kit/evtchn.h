/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level ABI (<xen/event_channel.h>, <xen/xen.h>). */
#ifndef GUEST_KIT_EVTCHN_H
#define GUEST_KIT_EVTCHN_H

#include <stdbool.h>
#include <stdint.h>

#include "xen_abi.h"

typedef void evtchn_handler_t(evtchn_port_t port);

/* Mask every port. */
void evtchn_init(void);

/* Serve what is pending on this vCPU; called from the event callback. */
void evtchn_upcall(void);

/* Upcalls served by this guest so far. */
unsigned int evtchn_upcall_count(void);

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *handler);

/* The hypercalls: return 0 and the new port, or the error. */
long evtchn_bind_virq(unsigned int virq, unsigned int vcpu,
                      evtchn_port_t *port);
long evtchn_bind_ipi(unsigned int vcpu, evtchn_port_t *port);
long evtchn_alloc_unbound(domid_t domain, domid_t remote, evtchn_port_t *port);
long evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
                             evtchn_port_t *port);
long evtchn_send(evtchn_port_t port);
long evtchn_close(evtchn_port_t port);
long evtchn_status(evtchn_port_t port, struct evtchn_status *status);

/* EVTCHNOP_unmask, and the mask and pending bits by hand. */
long evtchn_unmask(evtchn_port_t port);
void evtchn_mask(evtchn_port_t port);
bool evtchn_is_pending(evtchn_port_t port);
bool evtchn_is_masked(evtchn_port_t port);
void evtchn_clear_pending(evtchn_port_t port);

/* The vCPU's own upcall mask. events_enable() serves what waited. */
void events_disable(void);
void events_enable(void);
bool events_masked(void);

#endif
