/* SPDX-License-Identifier: MIT */
/*
 * The pirqs of a domain: which line of the machine each names and which port
 * it is bound to. <xen/physdev.h>, <xen/event_channel.h>.
 */
#include "pirq.h"

#include "bitmap.h"
#include "bug.h"
#include "evtchn.h"
#include "irq_line.h"
#include "mm.h"
#include "port.h"
#include "printk.h"
#include "rangeset.h"

#include <xen/physdev.h>

/* Numbers above the GSIs, for MSIs. */
#define DOM0_MSI_PIRQS  256U
#define GUEST_MSI_PIRQS 32U
/* Numbers below this one are never chosen for a GSI: they are ISA's. */
#define FIRST_CHOSEN_GSI_PIRQ 16U

enum pirq_state {
    PIRQ_FREE,
    PIRQ_RESERVED, /* the guest asked for a free number */
    PIRQ_GSI,
    PIRQ_MSI,
};

struct pirq {
    uint8_t state;      /* enum pirq_state */
    uint8_t group;      /* first of an MSI group: how many; others: 0 */
    uint16_t irq;       /* the machine's line */
    evtchn_port_t port; /* 0: not bound */
};

struct pirq_table {
    struct spinlock lock; /* LOCK_PIRQ: all below */
    unsigned int count;
    uint64_t *eoi_map; /* a page of the guest; a writable type ref is held */
    bool eoi_unmasks;
    struct pirq pirq[];
};

int pirq_domain_init(struct domain *d)
{
    unsigned int msis = d->privileged ? DOM0_MSI_PIRQS : GUEST_MSI_PIRQS;
    unsigned int count = machine_gsi_count() + msis;
    struct pirq_table *table;

    table = heap_alloc(sizeof(*table) + count * sizeof(struct pirq));
    if (table == NULL) {
        return -XEN_ENOMEM;
    }
    spin_init(&table->lock, LOCK_PIRQ);
    table->count = count;
    d->pirqs = table;
    return 0;
}

/* @number of the guest's, locked table: NULL if there is none. */
static struct pirq *find_pirq(struct pirq_table *table, unsigned int number)
{
    if (number >= table->count) {
        return NULL;
    }
    return &table->pirq[index_nospec(number, table->count)];
}

static bool is_mapped(const struct pirq *pirq)
{
    return pirq != NULL && pirq->state >= PIRQ_GSI;
}

/* The number under which @irq is mapped, or PIRQ_ANY. */
static unsigned int number_of_irq(const struct pirq_table *table,
                                  unsigned int irq)
{
    for (unsigned int i = 0; i < table->count; i++) {
        if (is_mapped(&table->pirq[i]) && table->pirq[i].irq == irq) {
            return i;
        }
    }
    return PIRQ_ANY;
}

/* @count free numbers in a row for MSIs, from the top as Xen does. */
static unsigned int free_msi_number(const struct pirq_table *table,
                                    unsigned int count)
{
    unsigned int row = 0;

    for (unsigned int i = table->count; i-- > machine_gsi_count();) {
        row = table->pirq[i].state == PIRQ_FREE ? row + 1 : 0;
        if (row == count) {
            return i;
        }
    }
    return PIRQ_ANY;
}

static unsigned int free_gsi_number(const struct pirq_table *table)
{
    for (unsigned int i = FIRST_CHOSEN_GSI_PIRQ; i < machine_gsi_count(); i++) {
        if (table->pirq[i].state == PIRQ_FREE) {
            return i;
        }
    }
    return PIRQ_ANY;
}

/* -- the EOI map ----------------------------------------------------------- */

static void note_eoi_need(struct pirq_table *table, unsigned int number,
                          bool needed)
{
    if (table->eoi_map == NULL || number >= PAGE_BYTES * 8) {
        return;
    }
    if (needed) {
        (void)bitmap_atomic_set(table->eoi_map, number);
    } else {
        (void)bitmap_atomic_clear(table->eoi_map, number);
    }
}

int pirq_set_eoi_map(struct domain *d, mfn_t mfn, bool unmasks)
{
    struct pirq_table *table = d->pirqs;
    int rc = 0;

    if (page_get_and_type(mfn, d, PAGE_TYPE_WRITABLE) != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&table->lock);
    if (table->eoi_map != NULL || domain_is_dying(d)) {
        rc = -XEN_EBUSY;
    } else {
        table->eoi_map = machine_map(mfn);
        table->eoi_unmasks = unmasks;
        for (unsigned int i = 0; i < table->count; i++) {
            struct pirq *pirq = &table->pirq[i];

            note_eoi_need(table, i,
                          pirq->port != 0 && machine_irq_is_level(pirq->irq));
        }
    }
    spin_unlock(&table->lock);
    if (rc != 0) {
        page_put_and_type(page_of(mfn));
    }
    return rc;
}

void pirq_pages(const struct domain *d, event_page_fn_t *found, void *data)
{
    if (d->pirqs != NULL && d->pirqs->eoi_map != NULL) {
        found(data, machine_mfn_of(d->pirqs->eoi_map));
    }
}

static void drop_eoi_map(struct pirq_table *table)
{
    uint64_t *map = table->eoi_map;

    spin_lock(&table->lock);
    table->eoi_map = NULL;
    spin_unlock(&table->lock);
    if (map != NULL) {
        page_put_and_type(page_of(machine_mfn_of(map)));
    }
}

/* -- map and unmap --------------------------------------------------------- */

/* Choose, or check, a number for @irq; the table is locked. */
static int choose_gsi_number(const struct pirq_table *table, unsigned int irq,
                             unsigned int *number)
{
    unsigned int now = number_of_irq(table, irq);

    if (now != PIRQ_ANY) {
        if (*number != PIRQ_ANY && *number != now) {
            return -XEN_EEXIST;
        }
        *number = now;
        return 0;
    }
    if (*number == PIRQ_ANY) {
        *number = free_gsi_number(table);
        return *number == PIRQ_ANY ? -XEN_ENOSPC : 0;
    }
    if (*number >= table->count) {
        return -XEN_EINVAL;
    }
    return table->pirq[*number].state >= PIRQ_GSI ? -XEN_EEXIST : 0;
}

int pirq_map_gsi(struct domain *caller, struct domain *d, unsigned int gsi,
                 unsigned int *pirq)
{
    struct pirq_table *table = d->pirqs;
    unsigned int number = *pirq;
    int rc;

    if (gsi >= machine_gsi_count()) {
        return -XEN_EINVAL;
    }
    if (!rangeset_contains(&caller->irqs, gsi, gsi)) {
        return -XEN_EPERM;
    }
    spin_lock(&table->lock);
    rc = domain_is_dying(d) ? -XEN_EINVAL
                            : choose_gsi_number(table, gsi, &number);
    if (rc == 0) {
        rc = rangeset_add(&d->irqs, gsi, gsi);
    }
    if (rc == 0) {
        struct pirq *entry = &table->pirq[number];

        entry->state = PIRQ_GSI;
        entry->irq = (uint16_t)gsi;
        *pirq = number;
    }
    spin_unlock(&table->lock);
    return rc;
}

/* Choose, or check, numbers for @count MSIs; the table is locked. */
static int choose_msi_numbers(const struct pirq_table *table,
                              unsigned int count, unsigned int *number)
{
    if (*number == PIRQ_ANY) {
        *number = free_msi_number(table, count);
        return *number == PIRQ_ANY ? -XEN_ENOSPC : 0;
    }
    if (*number >= table->count || count > table->count - *number) {
        return -XEN_EINVAL;
    }
    for (unsigned int i = 0; i < count; i++) {
        if (table->pirq[*number + i].state >= PIRQ_GSI) {
            return -XEN_EEXIST;
        }
    }
    return 0;
}

static int setup_msis(struct domain *d, const struct msi_source *source,
                      unsigned int *irq)
{
    unsigned int count = source->count;
    int rc = machine_msi_setup(source, irq);

    if (rc != 0) {
        return rc;
    }
    rc = *irq + count > IRQ_LINES
             ? -XEN_ENOSPC
             : rangeset_add(&d->irqs, *irq, *irq + count - 1);
    if (rc != 0) {
        machine_msi_teardown(*irq);
    }
    return rc;
}

int pirq_map_msi(struct domain *d, const struct msi_source *source,
                 unsigned int *pirq)
{
    struct pirq_table *table = d->pirqs;
    unsigned int number = *pirq;
    unsigned int irq = 0;
    int rc;

    if (source->count == 0 || source->count > 32) {
        return -XEN_EINVAL;
    }
    spin_lock(&table->lock);
    rc = domain_is_dying(d) ? -XEN_EINVAL
                            : choose_msi_numbers(table, source->count, &number);
    if (rc == 0) {
        rc = setup_msis(d, source, &irq);
    }
    for (unsigned int i = 0; rc == 0 && i < source->count; i++) {
        struct pirq *entry = &table->pirq[number + i];

        entry->state = PIRQ_MSI;
        entry->group = i == 0 ? (uint8_t)source->count : 0;
        entry->irq = (uint16_t)(irq + i);
    }
    spin_unlock(&table->lock);
    if (rc == 0) {
        *pirq = number;
    }
    return rc;
}

/* The line of a mapped pirq tells its port no more; the table is locked. */
static void unbind_line(struct domain *d, unsigned int number)
{
    struct pirq *pirq = &d->pirqs->pirq[number];

    if (pirq->port != 0) {
        irq_line_unbind(pirq->irq, d);
        pirq->port = 0;
        note_eoi_need(d->pirqs, number, false);
    }
}

/* The table is locked, and pirq @number mapped and first of its group. */
static void unmap_locked(struct domain *d, unsigned int number)
{
    struct pirq *pirq = &d->pirqs->pirq[number];
    bool is_msi = pirq->state == PIRQ_MSI;
    unsigned int count = is_msi ? pirq->group : 1;

    for (unsigned int i = 0; i < count; i++) {
        unbind_line(d, number + i);
        pirq[i].state = PIRQ_FREE;
    }
    if (is_msi) {
        machine_msi_teardown(pirq->irq);
    }
    /* Can fail only for want of memory to split a range: the right to a line
     * that has no pirq then stays, and is of no use without mapping it. */
    (void)rangeset_remove(&d->irqs, pirq->irq, pirq->irq + count - 1);
}

int pirq_unmap(struct domain *d, unsigned int number)
{
    struct pirq_table *table = d->pirqs;
    struct pirq *pirq;
    int rc = -XEN_EINVAL;

    spin_lock(&table->lock);
    pirq = find_pirq(table, number);
    if (is_mapped(pirq) && (pirq->state == PIRQ_GSI || pirq->group != 0)) {
        unmap_locked(d, number);
        rc = 0;
    }
    spin_unlock(&table->lock);
    return rc;
}

void pirq_domain_destroy(struct domain *d)
{
    struct pirq_table *table = d->pirqs;

    if (table == NULL) {
        return;
    }
    for (unsigned int i = 0; i < table->count; i++) {
        (void)pirq_unmap(d, i);
    }
    drop_eoi_map(table);
}

void pirq_domain_free(struct domain *d)
{
    heap_free(d->pirqs);
    d->pirqs = NULL;
}

int pirq_reserve(struct domain *d, bool msi, unsigned int *pirq)
{
    struct pirq_table *table = d->pirqs;
    unsigned int number;

    spin_lock(&table->lock);
    number = msi ? free_msi_number(table, 1) : free_gsi_number(table);
    if (number != PIRQ_ANY) {
        table->pirq[number].state = PIRQ_RESERVED;
        *pirq = number;
    }
    spin_unlock(&table->lock);
    return number == PIRQ_ANY ? -XEN_ENOSPC : 0;
}

/* -- use ------------------------------------------------------------------- */

int pirq_eoi(struct domain *d, unsigned int number)
{
    struct pirq_table *table = d->pirqs;
    evtchn_port_t unmask = 0;
    struct pirq *pirq;
    int rc = -XEN_EINVAL;

    spin_lock(&table->lock);
    pirq = find_pirq(table, number);
    if (is_mapped(pirq) && pirq->port != 0) {
        irq_line_eoi(pirq->irq, d);
        unmask = table->eoi_unmasks ? pirq->port : 0;
        rc = 0;
    }
    spin_unlock(&table->lock);
    if (unmask != 0) {
        (void)evtchn_unmask(d, unmask);
    }
    return rc;
}

int pirq_status(struct domain *d, unsigned int number, uint32_t *flags)
{
    struct pirq_table *table = d->pirqs;
    struct pirq *pirq;
    int rc = -XEN_EINVAL;

    spin_lock(&table->lock);
    pirq = find_pirq(table, number);
    if (pirq != NULL) {
        /* As Xen: who does not read the EOI map gives one each time. */
        *flags = XENIRQSTAT_needs_eoi;
        if (is_mapped(pirq) && irq_line_is_shared(pirq->irq)) {
            *flags |= XENIRQSTAT_shared;
        }
        rc = 0;
    }
    spin_unlock(&table->lock);
    return rc;
}

int pirq_to_irq(struct domain *d, unsigned int number, unsigned int *irq)
{
    struct pirq_table *table = d->pirqs;
    struct pirq *pirq;
    int rc = -XEN_EINVAL;

    spin_lock(&table->lock);
    pirq = find_pirq(table, number);
    if (is_mapped(pirq)) {
        *irq = pirq->irq;
        rc = 0;
    }
    spin_unlock(&table->lock);
    return rc;
}

/* -- ports ----------------------------------------------------------------- */

static unsigned int cpu_of(const struct vcpu *v)
{
    return atomic_load(&v->sched.cpu);
}

/* A port for pirq @number, in place before the line can fire. */
static int make_port(struct domain *d, unsigned int number,
                     struct evtchn **port)
{
    unsigned long flags;
    int rc;

    spin_lock(&d->event.lock);
    rc = evtchn_reserve(d, port);
    if (rc == 0) {
        flags = spin_lock_irqsave(&(*port)->lock);
        (*port)->u.pirq = number;
        port_set_state(*port, PORT_PIRQ);
        spin_unlock_irqrestore(&(*port)->lock, flags);
    }
    spin_unlock(&d->event.lock);
    return rc;
}

/* The table is locked. */
static int bind_locked(struct domain *d, unsigned int number, bool will_share,
                       struct evtchn **port)
{
    struct pirq *pirq = find_pirq(d->pirqs, number);
    int rc;

    if (pirq == NULL) {
        return -XEN_EINVAL;
    }
    if (!is_mapped(pirq) ||
        !rangeset_contains(&d->irqs, pirq->irq, pirq->irq)) {
        return -XEN_EPERM;
    }
    if (pirq->port != 0) {
        return -XEN_EEXIST;
    }
    rc = make_port(d, number, port);
    if (rc != 0) {
        return rc;
    }
    /* Before the line is bound: it fires from then on. */
    pirq->port = (*port)->number;
    rc =
        irq_line_bind(pirq->irq, d, pirq->port, will_share, cpu_of(d->vcpu[0]));
    if (rc != 0) {
        pirq->port = 0;
        spin_lock(&d->event.lock);
        evtchn_release(d, *port);
        spin_unlock(&d->event.lock);
        return rc;
    }
    note_eoi_need(d->pirqs, number, machine_irq_is_level(pirq->irq));
    return 0;
}

int evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags,
                     evtchn_port_t *number)
{
    struct evtchn *port;
    int rc;

    if (evtchn_vcpu(d, 0) == NULL) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->pirqs->lock);
    rc = bind_locked(d, pirq, (flags & BIND_PIRQ__WILL_SHARE) != 0, &port);
    spin_unlock(&d->pirqs->lock);
    if (rc == 0) {
        *number = port->number;
    }
    return rc;
}

int evtchn_close_pirq(struct domain *d, struct evtchn *port)
{
    struct pirq_table *table = d->pirqs;
    int rc = -XEN_EINVAL;

    /* Holding the table keeps a port in this state, and its pirq. */
    spin_lock(&table->lock);
    if (port_state(port) == PORT_PIRQ) {
        /* The pirq may have been unmapped, and be bound to another port. */
        if (table->pirq[port->u.pirq].port == port->number) {
            unbind_line(d, port->u.pirq);
        }
        spin_lock(&d->event.lock);
        evtchn_release(d, port);
        spin_unlock(&d->event.lock);
        rc = 0;
    }
    spin_unlock(&table->lock);
    return rc;
}

void pirq_moved(struct domain *d, uint32_t number, struct vcpu *v)
{
    struct pirq_table *table = d->pirqs;
    struct pirq *pirq;

    spin_lock(&table->lock);
    pirq = find_pirq(table, number);
    if (is_mapped(pirq) && pirq->port != 0) {
        irq_line_move(pirq->irq, d, cpu_of(v));
    }
    spin_unlock(&table->lock);
}
