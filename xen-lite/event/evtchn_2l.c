/* SPDX-License-Identifier: MIT */
/*
 * How a guest is told of an event. By the 2-level ABI: a pending and a mask
 * bit for each port in shared_info, a selector bit for each word of them and
 * one upcall byte in vcpu_info. <xen/xen.h>, "EVENT CHANNELS". The guest
 * changes all of these at any time, so each access is one atomic operation.
 */
#include "bitmap.h"
#include "domain.h"
#include "evtchn.h"
#include "fifo.h"
#include "port.h"

#define SEL_WORD_PORTS 64U

_Static_assert(sizeof(((struct shared_info *)0)->evtchn_pending) * 8 ==
                   EVTCHN_2L_PORTS,
               "xen/xen.h: one pending bit for each 2-level port");

/* Through void: the ABI's unsigned long is our uint64_t. */
static uint64_t *pending_bits(const struct domain *d)
{
    return (uint64_t *)(void *)d->shared->evtchn_pending;
}

static uint64_t *mask_bits(const struct domain *d)
{
    return (uint64_t *)(void *)d->shared->evtchn_mask;
}

static struct vcpu_info *info_of(const struct vcpu *v)
{
    return __atomic_load_n(&v->vcpu_info, __ATOMIC_ACQUIRE);
}

/* -- upcalls: both ABIs ---------------------------------------------------- */

bool vcpu_upcall_pending(const struct vcpu *v)
{
    const struct vcpu_info *info = info_of(v);

    return __atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST) !=
               0 &&
           __atomic_load_n(&info->evtchn_upcall_mask, __ATOMIC_SEQ_CST) == 0;
}

void vcpu_mark_upcall(struct vcpu *v)
{
    struct vcpu_info *info = info_of(v);

    if (__atomic_exchange_n(&info->evtchn_upcall_pending, 1,
                            __ATOMIC_SEQ_CST) == 0) {
        vcpu_kick(v);
    }
}

void evtchn_rescan(struct vcpu *v)
{
    struct vcpu_info *info = info_of(v);

    __atomic_store_n(&info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
    __atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    vcpu_kick(v);
}

void evtchn_poller_add(struct vcpu *v)
{
    atomic_fetch_or(&v->domain->polling_vcpus[v->id / 64],
                    1ULL << (v->id % 64));
}

bool evtchn_poller_remove(struct vcpu *v)
{
    uint64_t bit = 1ULL << (v->id % 64);

    return (atomic_fetch_and(&v->domain->polling_vcpus[v->id / 64], ~bit) &
            bit) != 0;
}

void evtchn_wake_pollers(struct domain *d, evtchn_port_t number)
{
    for (unsigned int i = 0; i < MAX_VCPUS_PER_DOMAIN / 64; i++) {
        uint64_t rest = atomic_load(&d->polling_vcpus[i]);

        while (rest != 0) {
            unsigned int bit = (unsigned int)__builtin_ctzll(rest);
            struct vcpu *v = evtchn_vcpu(d, i * 64 + bit);
            evtchn_port_t wanted;

            rest &= rest - 1;
            if (v == NULL) {
                continue;
            }
            wanted = __atomic_load_n(&v->poll_port, __ATOMIC_RELAXED);
            if (wanted != 0 && wanted != number) {
                continue;
            }
            if (evtchn_poller_remove(v)) {
                vcpu_unblock(v);
            }
        }
    }
}

/* -- the 2-level ABI ------------------------------------------------------- */

/* A pending port of @v is not masked: have its word looked at. */
static void select_word(struct vcpu *v, evtchn_port_t number)
{
    struct vcpu_info *info = info_of(v);
    uint64_t *sel = (uint64_t *)(void *)&info->evtchn_pending_sel;

    if (!bitmap_atomic_set(sel, number / SEL_WORD_PORTS)) {
        vcpu_mark_upcall(v);
    }
}

static void set_pending_2l(struct domain *d, const struct evtchn *port)
{
    if (bitmap_atomic_set(pending_bits(d), port->number)) {
        return;
    }
    if (!bitmap_atomic_test(mask_bits(d), port->number)) {
        struct vcpu *v = port_vcpu(d, port);

        if (v != NULL) {
            select_word(v, port->number);
        }
    }
    /* A poller sets its bit, then reads the pending bit: one of us sees. */
    evtchn_wake_pollers(d, port->number);
}

static void clear_mask_2l(struct domain *d, const struct evtchn *port)
{
    struct vcpu *v = port_vcpu(d, port);

    if (bitmap_atomic_clear(mask_bits(d), port->number) && v != NULL &&
        bitmap_atomic_test(pending_bits(d), port->number)) {
        select_word(v, port->number);
    }
}

bool evtchn_2l_take_pending(struct domain *d, evtchn_port_t number)
{
    return d->shared != NULL && bitmap_atomic_clear(pending_bits(d), number);
}

/* -- either ABI ------------------------------------------------------------ */

static bool uses_fifo(const struct domain *d)
{
    return atomic_load(&d->event.fifo) != NULL;
}

/* Ports past the 2-level ABI are left from before a reset: never pending. */
static bool has_bits(const struct domain *d, const struct evtchn *port)
{
    return d->shared != NULL && port->number < EVTCHN_2L_PORTS;
}

void evtchn_set_pending(struct domain *d, struct evtchn *port)
{
    if (uses_fifo(d)) {
        evtchn_fifo_set_pending(d, port);
    } else if (has_bits(d, port)) {
        set_pending_2l(d, port);
        /* Set, then looked again: carry_over() switches, then takes bits. */
        if (uses_fifo(d) && evtchn_2l_take_pending(d, port->number)) {
            evtchn_fifo_set_pending(d, port);
        }
    }
}

void evtchn_clear_pending(struct domain *d, struct evtchn *port)
{
    if (uses_fifo(d)) {
        evtchn_fifo_clear_pending(d, port);
    } else if (has_bits(d, port)) {
        (void)bitmap_atomic_clear(pending_bits(d), port->number);
    }
}

bool evtchn_is_pending(struct domain *d, const struct evtchn *port)
{
    if (uses_fifo(d)) {
        return evtchn_fifo_is_pending(d, port);
    }
    return has_bits(d, port) &&
           bitmap_atomic_test(pending_bits(d), port->number);
}

void evtchn_clear_mask(struct domain *d, struct evtchn *port)
{
    if (uses_fifo(d)) {
        evtchn_fifo_clear_mask(d, port);
    } else if (has_bits(d, port)) {
        clear_mask_2l(d, port);
    }
}
