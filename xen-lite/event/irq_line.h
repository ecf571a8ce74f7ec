/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines of the machine and the guests that listen to each
 * (irq_line.c). pirq.c calls it with the domain's pirq table locked.
 */
#ifndef XEN_LITE_EVENT_IRQ_LINE_H
#define XEN_LITE_EVENT_IRQ_LINE_H

#include "domain.h"
#include "types.h"

/* Highest irq number of the machine that can be bound, plus one. */
#define IRQ_LINES 1024U
/* Domains that may share one line. */
#define IRQ_LINE_GUESTS 8U

/*
 * Send events on @port of @d when @irq fires, on @cpu if nobody listens yet.
 * @will_share: others may listen too.
 * Returns 0, -XEN_EBUSY (a listener does not share; too many), -XEN_ENOMEM,
 * or what machine_irq_enable() returns.
 */
int irq_line_bind(unsigned int irq, struct domain *d, evtchn_port_t port,
                  bool will_share, unsigned int cpu);
/* @d listens no more; an EOI that it owes is given. */
void irq_line_unbind(unsigned int irq, struct domain *d);
/* @d has served @irq: a level line fires again when all have. */
void irq_line_eoi(unsigned int irq, struct domain *d);
/* Have @irq handled on @cpu, if @d alone listens. */
void irq_line_move(unsigned int irq, struct domain *d, unsigned int cpu);
/* Does more than one domain listen, or may it? */
bool irq_line_is_shared(unsigned int irq);

#endif
