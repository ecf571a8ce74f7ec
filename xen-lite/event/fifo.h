/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI (evtchn_fifo.c), as the rest of event/ sees it.
 */
#ifndef XEN_LITE_EVENT_FIFO_H
#define XEN_LITE_EVENT_FIFO_H

#include "domain.h"
#include "evtchn.h"
#include "port.h"

/*
 * Give vCPU @control->vcpu of @d, the caller's domain, its control block; the
 * first time switches @d to FIFO. Sets control->link_bits.
 * Returns 0, -XEN_ENOENT (no such vCPU), -XEN_EINVAL (it has one; not a place
 * in a page of @d that can be written), -XEN_ENOMEM.
 */
int evtchn_fifo_init_control(struct domain *d,
                             struct evtchn_init_control *control);
/* Add a page of event words: 0, -XEN_EOPNOTSUPP (2-level), -XEN_ENOSPC,
 * -XEN_EINVAL (not a page of @d that can be written). */
int evtchn_fifo_expand_array(struct domain *d, uint64_t gfn);
/* 0, -XEN_ENOSYS (2-level), -XEN_EACCES (a free port), -XEN_EINVAL. */
int evtchn_fifo_set_priority(struct domain *d, evtchn_port_t number,
                             uint32_t priority);

/* Back to 2-level, all ports being free; d->event.lock is held. What is
 * returned, or NULL, is to be freed without locks. */
struct evtchn_fifo *evtchn_fifo_detach(struct domain *d);
void evtchn_fifo_free(struct domain *d, struct evtchn_fifo *fifo);

/* Is the free @port still on a queue of the guest's? Not to be reused then. */
bool evtchn_fifo_is_linked(struct domain *d, const struct evtchn *port);

/* As in port.h, for domains that use FIFO. */
void evtchn_fifo_set_pending(struct domain *d, struct evtchn *port);
void evtchn_fifo_clear_pending(struct domain *d, struct evtchn *port);
bool evtchn_fifo_is_pending(struct domain *d, const struct evtchn *port);
void evtchn_fifo_clear_mask(struct domain *d, struct evtchn *port);

#endif
