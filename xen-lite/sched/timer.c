/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a pairing heap of each CPU, earliest on top, on the CPU's
 * hardware timer. The heap is linked through the timers themselves. Functions
 * run in SOFTIRQ_TIMER of the timer's CPU.
 */
#include "timer.h"

#include "core.h"
#include "machine.h"
#include "mm.h"
#include "softirq.h"
#include "spinlock.h"

struct timer_heap {
    struct spinlock lock; /* LOCK_TIMER, interrupts off: everything here */
    struct timer *top;
    _Atomic(struct timer *) running; /* whose function is being called */
};

/* -- the heap: no lock, no hardware ---------------------------------------- */

/* Make the later of two trees the first child of the earlier. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    struct timer *parent = a;
    struct timer *child = b;

    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    if (b->deadline_ns < a->deadline_ns) {
        parent = b;
        child = a;
    }
    child->back = parent;
    child->sibling = parent->child;
    if (child->sibling != NULL) {
        child->sibling->back = child;
    }
    parent->child = child;
    return parent;
}

/* Take the first tree off a list of siblings. */
static struct timer *heap_detach_first(struct timer **list)
{
    struct timer *first = *list;

    if (first != NULL) {
        *list = first->sibling;
        first->sibling = NULL;
        first->back = NULL;
    }
    return first;
}

/* One tree of the siblings in @list: meld in pairs, then the pairs from the
 * last to the first, which is what makes removal cheap over time. */
static struct timer *heap_join(struct timer *list)
{
    struct timer *pairs = NULL;
    struct timer *tree = NULL;

    while (list != NULL) {
        struct timer *a = heap_detach_first(&list);
        struct timer *pair = heap_meld(a, heap_detach_first(&list));

        pair->sibling = pairs;
        pairs = pair;
    }
    while (pairs != NULL) {
        tree = heap_meld(heap_detach_first(&pairs), tree);
    }
    return tree;
}

static void heap_insert(struct timer_heap *heap, struct timer *timer)
{
    timer->child = NULL;
    timer->sibling = NULL;
    timer->back = NULL;
    timer->active = true;
    heap->top = heap_meld(heap->top, timer);
}

static void heap_remove(struct timer_heap *heap, struct timer *timer)
{
    struct timer *rest = heap_join(timer->child);

    if (timer->back == NULL) {
        heap->top = rest;
    } else {
        if (timer->back->child == timer) {
            timer->back->child = timer->sibling;
        } else {
            timer->back->sibling = timer->sibling;
        }
        if (timer->sibling != NULL) {
            timer->sibling->back = timer->back;
        }
        heap->top = heap_meld(heap->top, rest);
    }
    timer->child = NULL;
    timer->sibling = NULL;
    timer->back = NULL;
    timer->active = false;
}

/* -- locking and the hardware ---------------------------------------------- */

/* Lock the heap that @timer belongs to; it may move until that is done. */
static struct timer_heap *timer_lock(struct timer *timer, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = atomic_load(&timer->cpu);
        struct timer_heap *heap = core_cpus[cpu]->timers;

        *flags = spin_lock_irqsave(&heap->lock);
        if (atomic_load(&timer->cpu) == cpu) {
            return heap;
        }
        spin_unlock_irqrestore(&heap->lock, *flags);
    }
}

/*
 * The top of the heap of @cpu is new: arm the hardware, or have that CPU do
 * it. SOFTIRQ_TIMER also serves a deadline that has passed already.
 */
static void timer_program(unsigned int cpu, const struct timer_heap *heap)
{
    if (machine_this_cpu()->id != cpu) {
        softirq_raise_on(cpu, SOFTIRQ_TIMER);
        return;
    }
    if (heap->top == NULL) {
        machine_set_timer(0);
        return;
    }
    if (heap->top->deadline_ns <= machine_now_ns()) {
        softirq_raise(SOFTIRQ_TIMER);
        return;
    }
    machine_set_timer(heap->top->deadline_ns);
}

void timer_init(struct timer *timer, void (*expired)(void *), void *data,
                unsigned int cpu)
{
    *timer = (struct timer){.expired = expired, .data = data};
    atomic_init(&timer->cpu, cpu);
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
    unsigned long flags;
    struct timer_heap *heap = timer_lock(timer, &flags);

    if (timer->active) {
        heap_remove(heap, timer);
    }
    if (!timer->dead) {
        timer->deadline_ns = deadline_ns;
        heap_insert(heap, timer);
    }
    /* A timer that was first and moved back leaves one interrupt too many. */
    if (heap->top == timer) {
        timer_program(atomic_load(&timer->cpu), heap);
    }
    spin_unlock_irqrestore(&heap->lock, flags);
}

/* The hardware is left armed: an interrupt with nothing due re-arms it. */
void timer_stop(struct timer *timer)
{
    unsigned long flags;
    struct timer_heap *heap = timer_lock(timer, &flags);

    if (timer->active) {
        heap_remove(heap, timer);
    }
    spin_unlock_irqrestore(&heap->lock, flags);
}

/* Is the function of @timer being called on a CPU other than this? There, it
 * may be what calls us. */
static bool timer_runs_elsewhere(const struct timer *timer)
{
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (core_cpus[cpu] != NULL && core_cpus[cpu] != machine_this_cpu() &&
            atomic_load(&core_cpus[cpu]->timers->running) == timer) {
            return true;
        }
    }
    return false;
}

void timer_kill(struct timer *timer)
{
    unsigned long flags;
    struct timer_heap *heap = timer_lock(timer, &flags);

    if (timer->active) {
        heap_remove(heap, timer);
    }
    timer->dead = true;
    spin_unlock_irqrestore(&heap->lock, flags);
    while (timer_runs_elsewhere(timer)) {
        machine_relax();
    }
}

void timer_migrate(struct timer *timer, unsigned int cpu)
{
    unsigned long flags;
    struct timer_heap *heap = timer_lock(timer, &flags);
    bool was_active = timer->active && atomic_load(&timer->cpu) != cpu;

    if (was_active) {
        heap_remove(heap, timer);
    }
    /* In neither heap and with its new CPU named, then armed there. */
    atomic_store(&timer->cpu, cpu);
    spin_unlock_irqrestore(&heap->lock, flags);
    if (was_active) {
        timer_set(timer, timer->deadline_ns);
    }
}

bool timer_active(const struct timer *timer)
{
    return timer->active;
}

/* -- expiry ---------------------------------------------------------------- */

void timer_interrupt(void)
{
    softirq_raise(SOFTIRQ_TIMER);
}

/* Take off the first timer that is due, and note that it runs. */
static struct timer *timer_take_due(struct timer_heap *heap, uint64_t now_ns)
{
    unsigned long flags = spin_lock_irqsave(&heap->lock);
    struct timer *timer = heap->top;

    if (timer != NULL && timer->deadline_ns <= now_ns) {
        heap_remove(heap, timer);
    } else {
        timer = NULL;
    }
    atomic_store(&heap->running, timer);
    spin_unlock_irqrestore(&heap->lock, flags);
    return timer;
}

void timer_softirq(void)
{
    struct core_cpu *cpu = machine_this_cpu();
    struct timer_heap *heap = cpu->timers;
    uint64_t now_ns = machine_now_ns();
    struct timer *timer;
    unsigned long flags;

    /* Those armed meanwhile for @now_ns or before run too; later ones, in the
     * next round, so that timers cannot keep the CPU here. */
    while ((timer = timer_take_due(heap, now_ns)) != NULL) {
        timer->expired(timer->data);
    }
    flags = spin_lock_irqsave(&heap->lock);
    timer_program(cpu->id, heap);
    spin_unlock_irqrestore(&heap->lock, flags);
}

int timer_cpu_init(unsigned int cpu)
{
    struct timer_heap *heap = heap_alloc(sizeof(*heap));

    if (heap == NULL) {
        return -XEN_ENOMEM;
    }
    spin_init(&heap->lock, LOCK_TIMER);
    core_cpus[cpu]->timers = heap;
    return 0;
}
