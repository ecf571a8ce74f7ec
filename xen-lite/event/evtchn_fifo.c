/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI. <xen/event_channel.h>. The guest gives us pages of event
 * words, one 32-bit word for each port, and for each vCPU a control block with
 * 16 queue heads, one for each priority. A pending port that is not masked is
 * linked to the tail of a queue of its vCPU; the guest takes ports off at the
 * head and clears LINKED and the link. All words and blocks are shared with a
 * guest that may write anything: only our own tails are believed.
 *
 * A port is on one queue at most: LINKED is set holding the lock of the queue
 * that it was on last, where it may still be the tail.
 */
#include "fifo.h"

#include "mm.h"

#define WORDS_PER_PAGE (PAGE_BYTES / sizeof(event_word_t))
#define ARRAY_PAGES    (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

#define WORD_PENDING (1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED  (1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED  (1U << EVTCHN_FIFO_LINKED)
#define WORD_BUSY    (1U << EVTCHN_FIFO_BUSY)

/*
 * While BUSY is set a guest may not clear MASKED, so all that it can still do
 * to a linked word is to clear PENDING, set MASKED and unlink it.
 */
#define LINK_ATTEMPTS 4U

struct fifo_queue {
    struct spinlock lock; /* LOCK_EVENT_QUEUE, interrupts off */
    evtchn_port_t tail;   /* linked last; 0: none, or not on this queue now */
};

struct fifo_vcpu {
    struct evtchn_fifo_control_block *control; /* in a page of the guest */
    struct fifo_queue queue[EVTCHN_FIFO_MAX_QUEUES];
};

/*
 * Made and taken away holding d->event.lock; used holding a port's lock, or
 * d->event.lock. A writable type reference is held on each page.
 */
struct evtchn_fifo {
    unsigned int page_count;
    event_word_t *_Atomic page[ARRAY_PAGES];
    struct fifo_vcpu *_Atomic vcpu[]; /* [d->max_vcpus] */
};

static struct evtchn_fifo *fifo_of(const struct domain *d)
{
    return atomic_load(&d->event.fifo);
}

/* -- words ----------------------------------------------------------------- */

/* The word of port @number, or NULL: the guest has given no page for it. */
static event_word_t *word_of(struct evtchn_fifo *fifo, evtchn_port_t number)
{
    event_word_t *page = atomic_load(&fifo->page[number / WORDS_PER_PAGE]);

    return page == NULL ? NULL : &page[number % WORDS_PER_PAGE];
}

static bool word_test(const event_word_t *word, event_word_t bit)
{
    return (__atomic_load_n(word, __ATOMIC_SEQ_CST) & bit) != 0;
}

/* Both return whether it was set before. */
static bool word_set(event_word_t *word, event_word_t bit)
{
    return (__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit) != 0;
}

static bool word_clear(event_word_t *word, event_word_t bit)
{
    return (__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit) != 0;
}

enum link_result {
    LINK_DONE,
    LINK_NOT_LINKED, /* the guest took the word off: the queue is empty */
    LINK_CHANGED,    /* under our hands: try again */
};

static enum link_result try_link(event_word_t *word, evtchn_port_t next)
{
    event_word_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST);
    event_word_t linked =
        (now & ~(WORD_BUSY | (event_word_t)EVTCHN_FIFO_LINK_MASK)) | next;

    if ((now & WORD_LINKED) == 0) {
        return LINK_NOT_LINKED;
    }
    return __atomic_compare_exchange_n(word, &now, linked, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
               ? LINK_DONE
               : LINK_CHANGED;
}

/* Let linked @word go on to @next. False: it is not linked any more. */
static bool link_behind(event_word_t *word, evtchn_port_t next)
{
    enum link_result result = try_link(word, next);

    if (result == LINK_CHANGED) {
        (void)word_set(word, WORD_BUSY);
        for (unsigned int i = 0; i < LINK_ATTEMPTS && result == LINK_CHANGED;
             i++) {
            result = try_link(word, next);
        }
        if (result != LINK_DONE) {
            (void)word_clear(word, WORD_BUSY);
        }
    }
    /* A guest that breaks the rules all the while loses its own event. */
    return result != LINK_NOT_LINKED;
}

/* -- queues ---------------------------------------------------------------- */

/* What port.fifo_last says: one word, for the two ends of a channel may both
 * make the port pending. */
static uint32_t queue_number(unsigned int vcpu, unsigned int priority)
{
    return vcpu * EVTCHN_FIFO_MAX_QUEUES + priority;
}

static struct fifo_queue *queue_of(struct evtchn_fifo *fifo, uint32_t number)
{
    struct fifo_vcpu *state =
        atomic_load(&fifo->vcpu[number / EVTCHN_FIFO_MAX_QUEUES]);

    return state == NULL ? NULL
                         : &state->queue[number % EVTCHN_FIFO_MAX_QUEUES];
}

/* Lock the queue that @port was on last, which cannot change then; @to if it
 * was on none. */
static struct fifo_queue *lock_last(struct evtchn_fifo *fifo,
                                    const struct evtchn *port,
                                    struct fifo_queue *to)
{
    for (;;) {
        uint32_t last = atomic_load(&port->fifo_last);
        struct fifo_queue *queue = queue_of(fifo, last);

        if (queue == NULL) {
            queue = to;
        }
        spin_lock(&queue->lock);
        if (atomic_load(&port->fifo_last) == last) {
            return queue;
        }
        spin_unlock(&queue->lock);
    }
}

/*
 * Mark @port linked, and see that the queue it was on last does not take it for
 * its tail any more if it goes to another. False: it is on a queue already.
 * True: @to, whose number is @number, is locked, and the lock was not let go
 * since the mark was set if @port may be @to's own tail: nobody may link behind
 * it before it has joined.
 */
static bool enter_queue(struct evtchn_fifo *fifo, struct evtchn *port,
                        event_word_t *word, uint32_t number,
                        struct fifo_queue *to)
{
    struct fifo_queue *from = lock_last(fifo, port, to);

    if (word_set(word, WORD_LINKED)) {
        spin_unlock(&from->lock);
        return false;
    }
    atomic_store(&port->fifo_last, number);
    if (from != to) {
        if (from->tail == port->number) {
            from->tail = 0;
        }
        spin_unlock(&from->lock);
        spin_lock(&to->lock);
    }
    return true;
}

/* Put port @number, marked linked, at the tail of @queue, which is locked.
 * True: it was empty. */
static bool append(struct evtchn_fifo *fifo, struct fifo_queue *queue,
                   uint32_t *head, evtchn_port_t number)
{
    bool was_empty = true;

    /* Being the tail itself, it is on the queue alone: it was not linked. */
    if (queue->tail != 0 && queue->tail != number) {
        was_empty = !link_behind(word_of(fifo, queue->tail), number);
    }
    if (was_empty) {
        __atomic_store_n(head, number, __ATOMIC_SEQ_CST);
    }
    queue->tail = number;
    return was_empty;
}

static void link_port(struct domain *d, struct evtchn_fifo *fifo,
                      struct evtchn *port, event_word_t *word)
{
    struct vcpu *v = port_vcpu(d, port);
    unsigned int priority = atomic_load(&port->fifo_priority);
    struct fifo_vcpu *state;
    struct fifo_queue *queue;
    bool was_empty;

    state = v == NULL ? NULL : atomic_load(&fifo->vcpu[v->id]);
    if (state == NULL) {
        return;
    }
    queue = &state->queue[priority];
    if (!enter_queue(fifo, port, word, queue_number(v->id, priority), queue)) {
        return;
    }
    was_empty =
        append(fifo, queue, &state->control->head[priority], port->number);
    spin_unlock(&queue->lock);
    if (was_empty && !word_set(&state->control->ready, 1U << priority)) {
        vcpu_mark_upcall(v);
    }
}

/* -- what the rest of event/ calls ----------------------------------------- */

void evtchn_fifo_set_pending(struct domain *d, struct evtchn *port)
{
    struct evtchn_fifo *fifo = fifo_of(d);
    event_word_t *word = word_of(fifo, port->number);
    bool was_pending;

    if (word == NULL) {
        /* Noted, then looked again; deliver_waiting() comes after a word. */
        atomic_store(&port->fifo_pending, true);
        word = word_of(fifo, port->number);
        if (word == NULL) {
            return;
        }
    }
    was_pending = word_set(word, WORD_PENDING);
    if (!word_test(word, WORD_MASKED | WORD_LINKED)) {
        link_port(d, fifo, port, word);
    }
    if (!was_pending) {
        evtchn_wake_pollers(d, port->number);
    }
}

void evtchn_fifo_clear_pending(struct domain *d, struct evtchn *port)
{
    event_word_t *word = word_of(fifo_of(d), port->number);

    atomic_store(&port->fifo_pending, false);
    if (word != NULL) {
        (void)word_clear(word, WORD_PENDING);
    }
}

bool evtchn_fifo_is_pending(struct domain *d, const struct evtchn *port)
{
    const event_word_t *word = word_of(fifo_of(d), port->number);

    return word == NULL ? atomic_load(&port->fifo_pending)
                        : word_test(word, WORD_PENDING);
}

void evtchn_fifo_clear_mask(struct domain *d, struct evtchn *port)
{
    event_word_t *word = word_of(fifo_of(d), port->number);

    if (word == NULL) {
        return;
    }
    (void)word_clear(word, WORD_MASKED);
    if (word_test(word, WORD_PENDING)) {
        evtchn_fifo_set_pending(d, port);
    }
}

bool evtchn_fifo_is_linked(struct domain *d, const struct evtchn *port)
{
    struct evtchn_fifo *fifo = fifo_of(d);
    const event_word_t *word =
        fifo == NULL ? NULL : word_of(fifo, port->number);

    return word != NULL && word_test(word, WORD_LINKED);
}

/* -- set-up ---------------------------------------------------------------- */

/* A page of the guest's, that stays writable until release_page(). */
static void *hold_page(struct domain *d, uint64_t gfn)
{
    mfn_t mfn = mfn_make(gfn);

    if (page_get_and_type(mfn, d, PAGE_TYPE_WRITABLE) != 0) {
        return NULL;
    }
    return machine_map(mfn);
}

static void release_page(const void *in_page)
{
    page_put_and_type(page_of(machine_mfn_of(in_page)));
}

/* Events pending by 2-level bits go on as such; d->event.lock is held. */
static void carry_over(struct domain *d, struct evtchn_fifo *fifo)
{
    unsigned int count = atomic_load(&d->event.port_count);

    atomic_store(&d->event.fifo, fifo);
    for (evtchn_port_t i = 1; i < count && i < EVTCHN_2L_PORTS; i++) {
        struct evtchn *port = evtchn_lookup(d, i);
        unsigned long flags = spin_lock_irqsave(&port->lock);

        if (evtchn_2l_take_pending(d, i) && port_state(port) != PORT_FREE) {
            atomic_store(&port->fifo_pending, true);
        }
        spin_unlock_irqrestore(&port->lock, flags);
    }
}

/* d->event.lock is held, and a reference to @page. */
static int add_control(struct domain *d, struct evtchn_fifo *fifo,
                       const struct evtchn_init_control *control, char *page)
{
    struct fifo_vcpu *state;

    if (atomic_load(&fifo->vcpu[control->vcpu]) != NULL || domain_is_dying(d)) {
        return -XEN_EINVAL;
    }
    state = heap_alloc(sizeof(*state));
    if (state == NULL) {
        return -XEN_ENOMEM;
    }
    for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++) {
        spin_init(&state->queue[i].lock, LOCK_EVENT_QUEUE);
    }
    state->control = (void *)(page + control->offset);
    atomic_store(&fifo->vcpu[control->vcpu], state);
    return 0;
}

/* The same locked; the first control block switches to FIFO. */
static int add_or_switch(struct domain *d,
                         const struct evtchn_init_control *control, char *page)
{
    struct evtchn_fifo *fifo = fifo_of(d);
    int rc;

    if (fifo != NULL) {
        return add_control(d, fifo, control, page);
    }
    fifo =
        heap_alloc(sizeof(*fifo) + d->max_vcpus * sizeof(struct fifo_vcpu *));
    if (fifo == NULL) {
        return -XEN_ENOMEM;
    }
    rc = add_control(d, fifo, control, page);
    if (rc != 0) {
        heap_free(fifo);
        return rc;
    }
    carry_over(d, fifo);
    return 0;
}

int evtchn_fifo_init_control(struct domain *d,
                             struct evtchn_init_control *control)
{
    struct vcpu *v = evtchn_vcpu(d, control->vcpu);
    char *page;
    int rc;

    if (v == NULL) {
        return -XEN_ENOENT;
    }
    control->vcpu = v->id;
    if (control->offset % 8 != 0 ||
        control->offset >
            PAGE_BYTES - sizeof(struct evtchn_fifo_control_block)) {
        return -XEN_EINVAL;
    }
    page = hold_page(d, control->control_gfn);
    if (page == NULL) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->event.lock);
    rc = add_or_switch(d, control, page);
    spin_unlock(&d->event.lock);
    if (rc != 0) {
        release_page(page);
    }
    control->link_bits = EVTCHN_FIFO_LINK_BITS;
    return rc;
}

/* Ports that got their words with page @index: deliver what waits for them. */
static void deliver_waiting(struct domain *d, unsigned int index)
{
    evtchn_port_t first = index * (unsigned int)WORDS_PER_PAGE;

    for (evtchn_port_t i = first; i < first + WORDS_PER_PAGE; i++) {
        struct evtchn *port = evtchn_lookup(d, i);
        unsigned long flags;

        if (port == NULL) {
            continue;
        }
        flags = spin_lock_irqsave(&port->lock);
        if (atomic_exchange(&port->fifo_pending, false)) {
            evtchn_fifo_set_pending(d, port);
        }
        spin_unlock_irqrestore(&port->lock, flags);
    }
}

/* d->event.lock is held, and a reference to @page. */
static int add_words(struct domain *d, event_word_t *page)
{
    struct evtchn_fifo *fifo = fifo_of(d);

    if (fifo == NULL) {
        return -XEN_EOPNOTSUPP;
    }
    if (fifo->page_count == ARRAY_PAGES) {
        return -XEN_ENOSPC;
    }
    if (domain_is_dying(d)) {
        return -XEN_EINVAL;
    }
    atomic_store(&fifo->page[fifo->page_count], page);
    deliver_waiting(d, fifo->page_count++);
    return 0;
}

int evtchn_fifo_expand_array(struct domain *d, uint64_t gfn)
{
    event_word_t *page;
    int rc;

    if (fifo_of(d) == NULL) {
        return -XEN_EOPNOTSUPP;
    }
    page = hold_page(d, gfn);
    if (page == NULL) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->event.lock);
    rc = add_words(d, page);
    spin_unlock(&d->event.lock);
    if (rc != 0) {
        release_page(page);
    }
    return rc;
}

int evtchn_fifo_set_priority(struct domain *d, evtchn_port_t number,
                             uint32_t priority)
{
    struct evtchn *port = evtchn_lookup(d, number);
    int rc = 0;

    if (port == NULL) {
        return -XEN_EINVAL;
    }
    if (fifo_of(d) == NULL) {
        return -XEN_ENOSYS;
    }
    spin_lock(&d->event.lock);
    if (port_state(port) <= PORT_RESERVED) {
        rc = -XEN_EACCES;
    } else if (priority > EVTCHN_FIFO_PRIORITY_MIN) {
        rc = -XEN_EINVAL;
    } else {
        /* It counts when the port is linked next. */
        atomic_store(&port->fifo_priority, (uint8_t)priority);
    }
    spin_unlock(&d->event.lock);
    return rc;
}

/* -- the end --------------------------------------------------------------- */

/* Nobody uses the pages any more who took a port's lock before. */
static void wait_for_ports(struct domain *d)
{
    for (evtchn_port_t i = 1; i < atomic_load(&d->event.port_count); i++) {
        struct evtchn *port = evtchn_lookup(d, i);
        unsigned long flags = spin_lock_irqsave(&port->lock);

        atomic_store(&port->fifo_pending, false);
        spin_unlock_irqrestore(&port->lock, flags);
    }
}

struct evtchn_fifo *evtchn_fifo_detach(struct domain *d)
{
    struct evtchn_fifo *fifo = fifo_of(d);

    if (fifo != NULL) {
        atomic_store(&d->event.fifo, NULL);
        wait_for_ports(d);
    }
    return fifo;
}

void evtchn_fifo_free(struct domain *d, struct evtchn_fifo *fifo)
{
    if (fifo == NULL) {
        return;
    }
    for (unsigned int i = 0; i < fifo->page_count; i++) {
        release_page(atomic_load(&fifo->page[i]));
    }
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct fifo_vcpu *state = atomic_load(&fifo->vcpu[i]);

        if (state != NULL) {
            release_page(state->control);
            heap_free(state);
        }
    }
    heap_free(fifo);
}

void evtchn_fifo_pages(const struct domain *d, event_page_fn_t *found,
                       void *data)
{
    struct evtchn_fifo *fifo = fifo_of(d);

    if (fifo == NULL) {
        return;
    }
    for (unsigned int i = 0; i < fifo->page_count; i++) {
        found(data, machine_mfn_of(atomic_load(&fifo->page[i])));
    }
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct fifo_vcpu *state = atomic_load(&fifo->vcpu[i]);

        if (state != NULL) {
            found(data, machine_mfn_of(state->control));
        }
    }
}
