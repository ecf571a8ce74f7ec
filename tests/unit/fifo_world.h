/* SPDX-License-Identifier: MIT */
/*
 * A guest (domain 5, three vCPUs) that uses the FIFO event ABI, and takes its
 * events as a kernel does.
 */
#ifndef XEN_LITE_FIFO_WORLD_H
#define XEN_LITE_FIFO_WORLD_H

#include "event_world.h"
#include "evtchn.h"
#include "mm.h"

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED  (1U << EVTCHN_FIFO_MASKED)
#define LINKED  (1U << EVTCHN_FIFO_LINKED)
#define BUSY    (1U << EVTCHN_FIFO_BUSY)
#define DEFAULT EVTCHN_FIFO_PRIORITY_DEFAULT

/* What a guest's kernel does: the next port of a queue, or 0. */
struct consumer {
    evtchn_port_t head[EVTCHN_FIFO_MAX_QUEUES];
};

extern struct domain *guest;
extern struct evtchn_fifo_control_block *control[2];
extern event_word_t *words;
extern mfn_t control_mfn;
extern mfn_t words_mfn;

/* Fixtures. */
int fifo_bare_setup(void **state);
int fifo_setup(void **state);

static inline long op(unsigned int command, void *arg)
{
    return world_call(guest->vcpu[0], hc_event_channel_op, command,
                      WORLD_VA(arg), 0);
}

static inline long init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
    struct evtchn_init_control init = {
        .control_gfn = gfn, .offset = offset, .vcpu = vcpu};
    long rc = op(EVTCHNOP_init_control, &init);

    if (rc == 0) {
        assert_int_equal(init.link_bits, 17);
    }
    return rc;
}

static inline long expand(uint64_t gfn)
{
    struct evtchn_expand_array array = {.array_gfn = gfn};

    return op(EVTCHNOP_expand_array, &array);
}

static inline evtchn_port_t ipi(uint32_t vcpu)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};

    assert_int_equal(op(EVTCHNOP_bind_ipi, &bind), 0);
    return bind.port;
}

static inline long priority(evtchn_port_t port, uint32_t level)
{
    struct evtchn_set_priority set = {.port = port, .priority = level};

    return op(EVTCHNOP_set_priority, &set);
}

static inline long unmask(evtchn_port_t port)
{
    struct evtchn_unmask arg = {.port = port};

    return op(EVTCHNOP_unmask, &arg);
}

static inline long close_port(evtchn_port_t port)
{
    struct evtchn_close arg = {.port = port};

    return op(EVTCHNOP_close, &arg);
}

static inline evtchn_port_t clear_linked(event_word_t *word)
{
    event_word_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    while (!__atomic_compare_exchange_n(
        word, &now, now & ~(LINKED | (event_word_t)EVTCHN_FIFO_LINK_MASK),
        false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return now & EVTCHN_FIFO_LINK_MASK;
}

static inline evtchn_port_t take(struct consumer *self,
                                 struct evtchn_fifo_control_block *block,
                                 unsigned int level, uint32_t *ready)
{
    evtchn_port_t port = self->head[level];

    if (port == 0) {
        port = __atomic_load_n(&block->head[level], __ATOMIC_SEQ_CST);
    }
    self->head[level] = clear_linked(&words[port]);
    if (self->head[level] == 0) {
        *ready &= ~(1U << level);
    }
    return port;
}

/* All ports that are ready on @block, most urgent first; pending cleared. */
static inline unsigned int consume(struct consumer *self,
                                   struct evtchn_fifo_control_block *block,
                                   evtchn_port_t *ports, unsigned int max)
{
    uint32_t ready = __atomic_exchange_n(&block->ready, 0, __ATOMIC_SEQ_CST);
    unsigned int count = 0;

    while (ready != 0) {
        unsigned int level = (unsigned int)__builtin_ctz(ready);
        evtchn_port_t port = take(self, block, level, &ready);

        if ((__atomic_load_n(&words[port], __ATOMIC_SEQ_CST) &
             (PENDING | MASKED)) == PENDING) {
            __atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
            assert_true(count < max);
            ports[count++] = port;
        }
        ready |= __atomic_exchange_n(&block->ready, 0, __ATOMIC_SEQ_CST);
    }
    return count;
}

#endif
