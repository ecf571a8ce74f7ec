/* SPDX-License-Identifier: MIT */
/* Event channel delivery by the 2-level bitmaps of shared_info. */
#include "evtchn.h"

#include <stdatomic.h>
#include <stddef.h>

#include "hypercall.h"
#include "start.h"
#include "vcpu.h"

#define WORD_BITS 64
#define WORDS     64
#define PORTS     (WORDS * WORD_BITS)

static evtchn_handler_t *port_handlers[PORTS];
static atomic_uint upcalls;

void evtchn_init(void)
{
    unsigned int i;

    for (i = 0; i < WORDS; i++) {
        shared_info->evtchn_mask[i] = ~0UL;
    }
}

static bool test_bit(const xen_ulong_t *words, unsigned int bit)
{
    return (__atomic_load_n(&words[bit / WORD_BITS], __ATOMIC_ACQUIRE) >>
            (bit % WORD_BITS)) &
           1;
}

static void set_bit(xen_ulong_t *words, unsigned int bit)
{
    __atomic_fetch_or(&words[bit / WORD_BITS], 1UL << (bit % WORD_BITS),
                      __ATOMIC_SEQ_CST);
}

static void clear_bit(xen_ulong_t *words, unsigned int bit)
{
    __atomic_fetch_and(&words[bit / WORD_BITS], ~(1UL << (bit % WORD_BITS)),
                       __ATOMIC_SEQ_CST);
}

static void serve_port(evtchn_port_t port)
{
    clear_bit(shared_info->evtchn_pending, port);
    if (port_handlers[port] != NULL) {
        port_handlers[port](port);
    }
}

static void serve_word(unsigned int word)
{
    xen_ulong_t ready =
        __atomic_load_n(&shared_info->evtchn_pending[word], __ATOMIC_ACQUIRE) &
        ~__atomic_load_n(&shared_info->evtchn_mask[word], __ATOMIC_ACQUIRE);

    while (ready != 0) {
        serve_port(word * WORD_BITS + (unsigned int)__builtin_ctzl(ready));
        ready &= ready - 1;
    }
}

void evtchn_upcall(void)
{
    struct vcpu_info *info = this_vcpu()->info;
    xen_ulong_t words;

    upcalls++;
    __atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    while (words != 0) {
        serve_word((unsigned int)__builtin_ctzl(words));
        words &= words - 1;
    }
}

unsigned int evtchn_upcall_count(void)
{
    return upcalls;
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *handler)
{
    port_handlers[port] = handler;
}

long evtchn_bind_virq(unsigned int virq, unsigned int vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
    long rc = hc_event_channel_op(EVTCHNOP_bind_virq, &op);

    *port = op.port;
    return rc;
}

long evtchn_bind_ipi(unsigned int vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu};
    long rc = hc_event_channel_op(EVTCHNOP_bind_ipi, &op);

    *port = op.port;
    return rc;
}

long evtchn_alloc_unbound(domid_t domain, domid_t remote, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound op = {.dom = domain, .remote_dom = remote};
    long rc = hc_event_channel_op(EVTCHNOP_alloc_unbound, &op);

    *port = op.port;
    return rc;
}

long evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
                             evtchn_port_t *port)
{
    struct evtchn_bind_interdomain op = {
        .remote_dom = remote,
        .remote_port = remote_port,
    };
    long rc = hc_event_channel_op(EVTCHNOP_bind_interdomain, &op);

    *port = op.local_port;
    return rc;
}

long evtchn_send(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};

    return hc_event_channel_op(EVTCHNOP_send, &op);
}

long evtchn_close(evtchn_port_t port)
{
    struct evtchn_close op = {.port = port};

    return hc_event_channel_op(EVTCHNOP_close, &op);
}

long evtchn_status(evtchn_port_t port, struct evtchn_status *status)
{
    *status = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
    return hc_event_channel_op(EVTCHNOP_status, status);
}

long evtchn_unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = {.port = port};

    return hc_event_channel_op(EVTCHNOP_unmask, &op);
}

void evtchn_mask(evtchn_port_t port)
{
    set_bit(shared_info->evtchn_mask, port);
}

bool evtchn_is_pending(evtchn_port_t port)
{
    return test_bit(shared_info->evtchn_pending, port);
}

bool evtchn_is_masked(evtchn_port_t port)
{
    return test_bit(shared_info->evtchn_mask, port);
}

void evtchn_clear_pending(evtchn_port_t port)
{
    clear_bit(shared_info->evtchn_pending, port);
}

void events_disable(void)
{
    __atomic_store_n(&this_vcpu()->info->evtchn_upcall_mask, 1,
                     __ATOMIC_SEQ_CST);
}

/* Pending work is delivered on the way out of any hypercall. */
void events_enable(void)
{
    struct vcpu_info *info = this_vcpu()->info;

    __atomic_store_n(&info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST) != 0) {
        hc_xen_version(0, NULL);
    }
}

bool events_masked(void)
{
    return this_vcpu()->info->evtchn_upcall_mask != 0;
}
