/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event channel ABI (<xen/event_channel.h>): control block, event
 * words, queues in order, priorities, masking, more than one page of words; the
 * way back to two levels.
 */
#include "check.h"
#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "string.h"
#include "traps.h"
#include "vcpu.h"

#define WORDS_PER_PAGE 1024
#define BIT(n)         (1U << (n))
#define QUEUES         (EVTCHN_FIFO_PRIORITY_MIN + 1)

static struct evtchn_fifo_control_block *control;
static event_word_t *words[2];
static evtchn_port_t next_head[QUEUES];

/* What was delivered, in order. */
static evtchn_port_t delivered[64];
static unsigned int delivered_count;

static event_word_t *word_of(evtchn_port_t port)
{
    return &words[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE];
}

static bool test_word(evtchn_port_t port, unsigned int bit)
{
    return (__atomic_load_n(word_of(port), __ATOMIC_SEQ_CST) & BIT(bit)) != 0;
}

static void clear_word(evtchn_port_t port, unsigned int bit)
{
    __atomic_fetch_and(word_of(port), ~BIT(bit), __ATOMIC_SEQ_CST);
}

static void set_word(evtchn_port_t port, unsigned int bit)
{
    __atomic_fetch_or(word_of(port), BIT(bit), __ATOMIC_SEQ_CST);
}

/* Take @port off its queue; returns the one behind it, 0 at the end. */
static evtchn_port_t unlink_port(evtchn_port_t port)
{
    event_word_t old = __atomic_load_n(word_of(port), __ATOMIC_SEQ_CST);
    event_word_t new_word;

    do {
        new_word = old & ~(BIT(EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
    } while (!__atomic_compare_exchange_n(word_of(port), &old, new_word, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old & EVTCHN_FIFO_LINK_MASK;
}

static void serve_port(evtchn_port_t port)
{
    if (!test_word(port, EVTCHN_FIFO_PENDING) ||
        test_word(port, EVTCHN_FIFO_MASKED)) {
        return;
    }
    clear_word(port, EVTCHN_FIFO_PENDING);
    if (delivered_count < sizeof(delivered) / sizeof(delivered[0])) {
        delivered[delivered_count++] = port;
    }
}

static void serve_queue(unsigned int queue)
{
    evtchn_port_t port = next_head[queue];

    if (port == 0) {
        port = __atomic_load_n(&control->head[queue], __ATOMIC_SEQ_CST);
    }
    while (port != 0) {
        evtchn_port_t next = unlink_port(port);

        serve_port(port);
        port = next;
    }
    next_head[queue] = 0;
}

static void fifo_upcall(struct trap_frame *frame)
{
    uint32_t ready;

    (void)frame;
    __atomic_store_n(&this_vcpu()->info->evtchn_upcall_pending, 0,
                     __ATOMIC_SEQ_CST);
    ready = __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);
    while (ready != 0) {
        unsigned int queue = (unsigned int)__builtin_ctz(ready);

        serve_queue(queue);
        ready &= ready - 1;
        ready |= __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);
    }
}

static long init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu,
                         uint8_t *link_bits)
{
    struct evtchn_init_control op = {
        .control_gfn = gfn,
        .offset = offset,
        .vcpu = vcpu,
    };
    long rc = hc_event_channel_op(EVTCHNOP_init_control, &op);

    *link_bits = op.link_bits;
    return rc;
}

static long expand_array(uint64_t gfn)
{
    struct evtchn_expand_array op = {.array_gfn = gfn};

    return hc_event_channel_op(EVTCHNOP_expand_array, &op);
}

static long set_priority(evtchn_port_t port, uint32_t priority)
{
    struct evtchn_set_priority op = {.port = port, .priority = priority};

    return hc_event_channel_op(EVTCHNOP_set_priority, &op);
}

static void check_init_errors(uint64_t mfn)
{
    uint8_t bits;

    check_eq("fifo-priority-before", set_priority(1, 3), -XEN_ENOSYS);
    check_eq("fifo-init-offset-unaligned", init_control(mfn, 4, 0, &bits),
             -XEN_EINVAL);
    check_eq("fifo-init-offset-beyond", init_control(mfn, 4096 - 64, 0, &bits),
             -XEN_EINVAL);
    check_eq("fifo-init-no-vcpu", init_control(mfn, 0, 999, &bits),
             -XEN_ENOENT);
    check_eq("fifo-init-no-frame", init_control(~0UL >> 12, 0, 0, &bits),
             -XEN_EINVAL);
    check_eq("fifo-init-table-frame",
             init_control(mm_va_to_mfn(mm_root()), 0, 0, &bits), -XEN_EINVAL);
}

static event_word_t *new_words(void)
{
    event_word_t *page = mm_page_alloc();
    unsigned int i;

    for (i = 0; i < WORDS_PER_PAGE; i++) {
        page[i] = BIT(EVTCHN_FIFO_MASKED);
    }
    return page;
}

static void check_init(void)
{
    uint8_t *page = mm_page_alloc();
    uint8_t bits = 0;

    check_init_errors(mm_va_to_mfn(page));
    control = (void *)(page + 128);
    check_eq("fifo-init", init_control(mm_va_to_mfn(page), 128, 0, &bits), 0);
    check_eq("fifo-link-bits", bits, EVTCHN_FIFO_LINK_BITS);
    words[0] = new_words();
    check_eq("fifo-expand-no-frame", expand_array(~0UL >> 12), -XEN_EINVAL);
    check_eq("fifo-expand", expand_array(mm_va_to_mfn(words[0])), 0);
    check_eq("fifo-pages-not-tables",
             mm_set_readonly(page) | mm_ext(MMUEXT_PIN_L1_TABLE, page),
             -XEN_EINVAL);
    check_eq("fifo-control-writable-again", mm_set_writable(page), 0);
}

static void bind_ports(evtchn_port_t *ports, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        check_eq("fifo-bind", evtchn_bind_ipi(0, &ports[i]), 0);
    }
}

static void check_one(evtchn_port_t port)
{
    check_eq("fifo-masked-send", evtchn_send(port), 0);
    check_eq("fifo-masked-pending", test_word(port, EVTCHN_FIFO_PENDING), 1);
    check_eq("fifo-masked-not-linked", test_word(port, EVTCHN_FIFO_LINKED), 0);
    check_eq("fifo-masked-no-upcall", delivered_count, 0);
    events_enable();
    check_eq("fifo-unmask", evtchn_unmask(port), 0);
    check_eq("fifo-unmask-delivers", delivered_count, 1);
    check_eq("fifo-unmask-port", delivered[0], port);
    check_eq("fifo-unmasked", test_word(port, EVTCHN_FIFO_MASKED), 0);
    check_eq("fifo-send", evtchn_send(port), 0);
    check_eq("fifo-send-delivers", delivered_count, 2);
    check_eq("fifo-not-linked-after", test_word(port, EVTCHN_FIFO_LINKED), 0);
}

/* Queued in the order in which they came; a second send adds nothing. */
static void check_order(const evtchn_port_t *ports)
{
    unsigned int i;

    events_disable();
    delivered_count = 0;
    for (i = 0; i < 4; i++) {
        clear_word(ports[i], EVTCHN_FIFO_MASKED);
        evtchn_send(ports[i]);
        evtchn_send(ports[i]);
    }
    check_eq("fifo-head", control->head[7], ports[0]);
    check_hex("fifo-ready", control->ready, BIT(7));
    check_eq("fifo-link", *word_of(ports[0]) & EVTCHN_FIFO_LINK_MASK, ports[1]);
    check_eq("fifo-link-last", *word_of(ports[3]) & EVTCHN_FIFO_LINK_MASK, 0);
    check_eq("fifo-linked", test_word(ports[2], EVTCHN_FIFO_LINKED), 1);
    events_enable();
    check_eq("fifo-order-count", delivered_count, 4);
    for (i = 0; i < 4; i++) {
        check_eq("fifo-order", delivered[i], ports[i]);
    }
}

static void check_priorities(const evtchn_port_t *ports)
{
    events_disable();
    check_eq("fifo-priority-bad", set_priority(ports[0], 16), -XEN_EINVAL);
    check_eq("fifo-priority-bad-port", set_priority(0, 1), -XEN_EACCES);
    check_eq("fifo-priority-high", set_priority(ports[2], 0), 0);
    check_eq("fifo-priority-low", set_priority(ports[0], 15), 0);
    delivered_count = 0;
    evtchn_send(ports[0]);
    evtchn_send(ports[1]);
    evtchn_send(ports[2]);
    check_hex("fifo-priority-ready", control->ready, BIT(0) | BIT(7) | BIT(15));
    events_enable();
    check_eq("fifo-priority-first", delivered[0], ports[2]);
    check_eq("fifo-priority-second", delivered[1], ports[1]);
    check_eq("fifo-priority-third", delivered[2], ports[0]);
    check_eq("fifo-priority-count", delivered_count, 3);
}

/* Masked while queued: taken off silently, and back by the unmask call. */
static void check_mask_queued(evtchn_port_t port)
{
    events_disable();
    delivered_count = 0;
    evtchn_send(port);
    set_word(port, EVTCHN_FIFO_MASKED);
    events_enable();
    check_eq("fifo-masked-in-queue", delivered_count, 0);
    check_eq("fifo-masked-in-queue-pending",
             test_word(port, EVTCHN_FIFO_PENDING), 1);
    check_eq("fifo-unmask-queued", evtchn_unmask(port), 0);
    check_eq("fifo-unmask-queued-delivers", delivered_count, 1);
}

/* The second page of words: needed from port 1024 on. */
static void check_expand(void)
{
    evtchn_port_t port = 0;
    long rc;

    do {
        rc = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &port);
    } while (rc == 0 && port < WORDS_PER_PAGE - 1);
    check_eq("fifo-last-of-page", port, WORDS_PER_PAGE - 1);
    check_eq("fifo-bind-without-word", evtchn_bind_ipi(0, &port), 0);
    check_eq("fifo-port-second", port, WORDS_PER_PAGE);
    delivered_count = 0;
    check_eq("fifo-send-without-word", evtchn_send(port), 0);
    words[1] = new_words();
    check_eq("fifo-expand-second", expand_array(mm_va_to_mfn(words[1])), 0);
    clear_word(port, EVTCHN_FIFO_MASKED);
    evtchn_send(port);
    check_eq("fifo-second-delivered", delivered_count, 1);
    check_eq("fifo-second-port", delivered[0], port);
}

/* Garbage in the words of our own: lost events at worst. */
static void check_garbage(evtchn_port_t port)
{
    events_disable();
    *word_of(port) = BIT(EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK;
    check_eq("fifo-garbage-send", evtchn_send(port), 0);
    *word_of(port) = ~0U;
    check_eq("fifo-garbage-send-all", evtchn_send(port), 0);
    check_either("fifo-garbage-unmask", evtchn_unmask(port), 0, -XEN_EINVAL);
    check_eq("fifo-garbage-close", evtchn_close(port), 0);
    control->head[7] = 0x1ffff;
    check_eq("fifo-garbage-head", evtchn_bind_ipi(0, &port), 0);
    *word_of(port) = 0;
    check_eq("fifo-garbage-head-send", evtchn_send(port), 0);
}

/* -- back to two levels ---------------------------------------------------- */

static void record_two_level(evtchn_port_t port)
{
    delivered[delivered_count++] = port;
}

static void check_closed(const char *name, evtchn_port_t port)
{
    struct evtchn_status status;

    check_eq(name, evtchn_status(port, &status), 0);
    check_eq(name, status.status, EVTCHNSTAT_closed);
}

/* The frames are ours alone again: they may become page tables. */
static void check_frame_free(const char *name, void *page)
{
    memset(page, 0, PAGE_BYTES);
    check_eq(name, mm_set_readonly(page), 0);
    check_eq(name, mm_ext(MMUEXT_PIN_L1_TABLE, page), 0);
    check_eq(name, mm_ext(MMUEXT_UNPIN_TABLE, page), 0);
    check_eq(name, mm_set_writable(page), 0);
}

static void check_reset(const evtchn_port_t *ports)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    events_disable();
    check_eq("reset", hc_event_channel_op(EVTCHNOP_reset, &reset), 0);
    check_closed("reset-closes", ports[0]);
    check_closed("reset-closes-last", WORDS_PER_PAGE);
    check_eq("reset-send", evtchn_send(ports[0]), -XEN_EINVAL);
    check_eq("reset-close", evtchn_close(ports[0]), -XEN_EINVAL);
    check_eq("reset-priority", set_priority(ports[0], 3), -XEN_ENOSYS);
    check_eq("reset-expand", expand_array(mm_va_to_mfn(words[0])),
             -XEN_EOPNOTSUPP);
    check_frame_free("reset-frees-control", (uint8_t *)control - 128);
    check_frame_free("reset-frees-words", words[0]);
    check_frame_free("reset-frees-second", words[1]);
}

/* A pair of fresh ports, by the bits of shared_info. */
static void check_two_level(void)
{
    evtchn_port_t a = 0;
    evtchn_port_t b = 0;

    trap_set_handler(VECTOR_EVENT, NULL);
    delivered_count = 0;
    check_eq("two-level-alloc",
             evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &a), 0);
    check_eq("two-level-port", a, 1);
    check_eq("two-level-bind", evtchn_bind_interdomain(DOMID_SELF, a, &b), 0);
    check_eq("two-level-quiet", evtchn_is_pending(a), 0);
    check_eq("two-level-send", evtchn_send(b), 0);
    check_eq("two-level-pending", evtchn_is_pending(a), 1);
    check_hex("two-level-no-word", words[0][a], 0);
    evtchn_set_handler(a, record_two_level);
    events_enable();
    check_eq("two-level-masked", delivered_count, 0);
    check_eq("two-level-unmask", evtchn_unmask(a), 0);
    check_eq("two-level-delivered", delivered_count, 1);
    check_eq("two-level-send-unmasked", evtchn_send(b), 0);
    check_eq("two-level-delivered-at-once", delivered_count, 2);
    check_eq("two-level-ports", delivered[0] == a && delivered[1] == a, 1);
    events_disable();
    check_eq("two-level-close", evtchn_close(a) | evtchn_close(b), 0);
}

/* And to queues once more, with pages of their own. */
static void check_fifo_again(void)
{
    evtchn_port_t port = 0;

    trap_set_handler(VECTOR_EVENT, fifo_upcall);
    delivered_count = 0;
    check_init();
    check_eq("again-bind", evtchn_bind_ipi(0, &port), 0);
    check_eq("again-send", evtchn_send(port), 0);
    events_enable();
    check_eq("again-unmask", evtchn_unmask(port), 0);
    check_eq("again-delivered", delivered_count, 1);
    check_eq("again-port", delivered[0], port);
    check_eq("again-not-two-level", evtchn_is_pending(port), 0);
}

void guest_main(void)
{
    evtchn_port_t ports[4];

    trap_set_handler(VECTOR_EVENT, fifo_upcall);
    check_init();
    bind_ports(ports, 4);
    check_one(ports[0]);
    check_order(ports);
    check_priorities(ports);
    check_mask_queued(ports[1]);
    check_expand();
    check_garbage(ports[3]);
    check_reset(ports);
    check_two_level();
    check_fifo_again();
    check_finish(SHUTDOWN_reboot);
}
