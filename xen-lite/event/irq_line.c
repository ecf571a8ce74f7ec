/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines of the machine and the guests that listen to each. A level
 * line stays masked, by the machine, until every listener that was told has
 * given its EOI: one that never does loses its own device and stalls nothing
 * else, for a shared line waits a millisecond at most (as Xen's). A line that
 * fires too often is held back for a while.
 */
#include "irq_line.h"

#include "bug.h"
#include "core.h"
#include "evtchn.h"
#include "machine.h"
#include "mm.h"
#include "nospec.h"
#include "printk.h"
#include "spinlock.h"
#include "timer.h"

/* More than this many interrupts in a window are a storm: the line is masked
 * for as long again. 500,000 a second is beyond any sane device. */
#define STORM_WINDOW_NS 10000000ULL
#define STORM_COUNT     5000U
/* How long those who share a level line wait for the slowest of them. */
#define SHARED_EOI_NS 1000000ULL

struct listener {
    struct domain *domain; /* no reference: closing the port unbinds */
    evtchn_port_t port;
    bool owes_eoi;
};

struct irq_line {
    struct spinlock lock; /* LOCK_IRQ, interrupts off: all below */
    unsigned int irq;
    unsigned int listener_count;
    unsigned int owed_count; /* listeners that owe an EOI */
    bool shareable;
    bool level;
    bool held_back; /* a storm: masked until storm_timer */
    unsigned int window_count;
    uint64_t window_start_ns;
    struct timer storm_timer;
    struct timer eoi_timer;
    struct listener listener[IRQ_LINE_GUESTS];
};

/* Made when first bound, and kept. */
static struct irq_line *_Atomic lines[IRQ_LINES];

void irq_line_reset(void)
{
    for (unsigned int i = 0; i < IRQ_LINES; i++) {
        atomic_store(&lines[i], NULL);
    }
}

static struct irq_line *find_line(unsigned int irq)
{
    if (irq >= IRQ_LINES) {
        return NULL;
    }
    return atomic_load(&lines[index_nospec(irq, IRQ_LINES)]);
}

/* @to has served the line. @line->lock is held. */
static void give_eoi(struct irq_line *line, struct listener *to)
{
    if (!to->owes_eoi) {
        return;
    }
    to->owes_eoi = false;
    if (--line->owed_count == 0) {
        machine_irq_eoi(line->irq);
        if (line->held_back) {
            machine_irq_mask(line->irq, true);
        }
    }
}

/* Those who still owe an EOI are told again when the line fires again. */
static void eoi_overdue(void *data)
{
    struct irq_line *line = data;
    unsigned long flags = spin_lock_irqsave(&line->lock);

    for (unsigned int i = 0; i < line->listener_count; i++) {
        give_eoi(line, &line->listener[i]);
    }
    spin_unlock_irqrestore(&line->lock, flags);
}

/* @line->lock is held. */
static void tell_listeners(struct irq_line *line)
{
    for (unsigned int i = 0; i < line->listener_count; i++) {
        struct listener *to = &line->listener[i];

        if (line->level && !to->owes_eoi) {
            to->owes_eoi = true;
            line->owed_count++;
        }
        evtchn_raise_port(to->domain, to->port);
    }
    if (line->level && line->listener_count > 1) {
        timer_set(&line->eoi_timer, machine_now_ns() + SHARED_EOI_NS);
    }
}

/* The hold-off of a storm is over. What fired meanwhile was lost, so all look
 * at their devices once. */
static void storm_over(void *data)
{
    struct irq_line *line = data;
    unsigned long flags = spin_lock_irqsave(&line->lock);

    if (line->held_back) {
        line->held_back = false;
        line->window_count = 0;
        if (line->listener_count != 0) {
            tell_listeners(line);
            if (!line->level) {
                machine_irq_mask(line->irq, false);
            }
        }
    }
    spin_unlock_irqrestore(&line->lock, flags);
}

static struct irq_line *make_line(unsigned int irq, unsigned int cpu)
{
    struct irq_line *line;
    struct irq_line *other = NULL;

    line = heap_alloc(sizeof(*line));
    if (line == NULL) {
        return NULL;
    }
    spin_init(&line->lock, LOCK_IRQ);
    line->irq = irq;
    timer_init(&line->storm_timer, storm_over, line, cpu);
    timer_init(&line->eoi_timer, eoi_overdue, line, cpu);
    if (!atomic_compare_exchange_strong(&lines[irq], &other, line)) {
        heap_free(line);
        return other;
    }
    return line;
}

/* Does this interrupt make a storm? @line->lock is held. */
static bool is_storm(struct irq_line *line)
{
    uint64_t now = machine_now_ns();

    if (now - line->window_start_ns >= STORM_WINDOW_NS) {
        line->window_start_ns = now;
        line->window_count = 0;
    }
    return ++line->window_count > STORM_COUNT;
}

static void hold_back(struct irq_line *line)
{
    log_warning("irq %u: more than %u interrupts in 10 ms, held back\n",
                line->irq, STORM_COUNT);
    line->held_back = true;
    machine_irq_mask(line->irq, true);
    timer_set(&line->storm_timer, machine_now_ns() + STORM_WINDOW_NS);
}

void pirq_interrupt(unsigned int irq)
{
    struct irq_line *line = find_line(irq);
    unsigned long flags;

    if (line == NULL) {
        machine_irq_mask(irq, true);
        return;
    }
    flags = spin_lock_irqsave(&line->lock);
    if (line->listener_count == 0) {
        /* Fired while it was being unbound, and is disabled by now. */
    } else if (is_storm(line)) {
        if (!line->held_back) {
            hold_back(line);
        }
    } else {
        tell_listeners(line);
    }
    spin_unlock_irqrestore(&line->lock, flags);
}

/* -- listeners ------------------------------------------------------------- */

static struct listener *find_listener(struct irq_line *line,
                                      const struct domain *d)
{
    for (unsigned int i = 0; i < line->listener_count; i++) {
        if (line->listener[i].domain == d) {
            return &line->listener[i];
        }
    }
    return NULL;
}

static int enable_line(struct irq_line *line, bool will_share, unsigned int cpu)
{
    int rc = machine_irq_enable(line->irq, cpu);

    if (rc != 0) {
        return rc;
    }
    line->shareable = will_share;
    line->level = machine_irq_is_level(line->irq);
    line->owed_count = 0;
    line->window_count = 0;
    return 0;
}

/* @line->lock is held. */
static int add_listener(struct irq_line *line, struct domain *d,
                        evtchn_port_t port, bool will_share, unsigned int cpu)
{
    struct listener *fresh;
    bool first = line->listener_count == 0;
    int rc;

    if (first) {
        rc = enable_line(line, will_share, cpu);
        if (rc != 0) {
            return rc;
        }
    } else if (!line->shareable || !will_share ||
               line->listener_count == IRQ_LINE_GUESTS ||
               find_listener(line, d) != NULL) {
        return -XEN_EBUSY;
    }
    fresh = &line->listener[line->listener_count++];
    fresh->domain = d;
    fresh->port = port;
    fresh->owes_eoi = false;
    if (first) {
        machine_irq_mask(line->irq, false);
    }
    return 0;
}

int irq_line_bind(unsigned int irq, struct domain *d, evtchn_port_t port,
                  bool will_share, unsigned int cpu)
{
    struct irq_line *line;
    unsigned long flags;
    int rc;

    if (irq >= IRQ_LINES) {
        return -XEN_ENOSPC;
    }
    line = find_line(irq);
    if (line == NULL) {
        line = make_line(irq, cpu);
    }
    if (line == NULL) {
        return -XEN_ENOMEM;
    }
    flags = spin_lock_irqsave(&line->lock);
    rc = add_listener(line, d, port, will_share, cpu);
    spin_unlock_irqrestore(&line->lock, flags);
    return rc;
}

void irq_line_unbind(unsigned int irq, struct domain *d)
{
    struct irq_line *line = find_line(irq);
    struct listener *to;
    unsigned long flags;

    BUG_ON(line == NULL);
    flags = spin_lock_irqsave(&line->lock);
    to = find_listener(line, d);
    BUG_ON(to == NULL);
    if (line->listener_count == 1) {
        machine_irq_mask(irq, true);
        machine_irq_disable(irq);
        line->owed_count = 0;
        line->held_back = false;
    } else {
        give_eoi(line, to);
    }
    *to = line->listener[--line->listener_count];
    spin_unlock_irqrestore(&line->lock, flags);
}

void irq_line_eoi(unsigned int irq, struct domain *d)
{
    struct irq_line *line = find_line(irq);
    struct listener *to;
    unsigned long flags;

    if (line == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&line->lock);
    to = find_listener(line, d);
    if (to != NULL) {
        give_eoi(line, to);
    }
    spin_unlock_irqrestore(&line->lock, flags);
}

void irq_line_move(unsigned int irq, struct domain *d, unsigned int cpu)
{
    struct irq_line *line = find_line(irq);
    unsigned long flags;

    if (line == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&line->lock);
    if (line->listener_count == 1 && line->listener[0].domain == d) {
        /* It stays where it was if that CPU has no vector left. */
        (void)machine_irq_set_cpu(irq, cpu);
    }
    spin_unlock_irqrestore(&line->lock, flags);
}

bool irq_line_is_shared(unsigned int irq)
{
    struct irq_line *line = find_line(irq);

    return line != NULL && line->listener_count != 0 && line->shareable;
}
