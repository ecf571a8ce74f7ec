/* SPDX-License-Identifier: MIT */
/* See event_world.h. */
#include "event_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bug.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "printk.h"

#define CONSOLE_BYTES 65536U
#define WORLD_TIMERS  16U

_Thread_local struct core_cpu *fake_this_cpu;
_Thread_local bool fake_irqs_off;

static _Thread_local unsigned int held[LOCK_CLASS_COUNT];

static struct {
    struct domain *domain[WORLD_DOMAINS];
    _Atomic unsigned int kicks[WORLD_DOMAINS][MAX_VCPUS_PER_DOMAIN];
    _Atomic unsigned int unblocks[WORLD_DOMAINS][MAX_VCPUS_PER_DOMAIN];
    unsigned long heap_objects;
    _Atomic unsigned long heap_left;
    _Atomic unsigned long copies_left;
    unsigned long window;
    size_t window_bytes;
    unsigned int preempt_period;
    _Atomic unsigned int spins;
    _Atomic bool yield_in_locks;
    void (*at_release)(void);
    void (*at_check)(void);
    _Atomic unsigned int preempt_checks;
    char console[CONSOLE_BYTES];
    size_t console_used;
    char input[256];
    uint64_t now_ns;
    struct timer *timer[WORLD_TIMERS];
} world;

/* -- the machine's inline parts -------------------------------------------- */

void fake_relax(void)
{
    atomic_fetch_add(&world.spins, 1);
    syscall(SYS_sched_yield);
}

void fake_lock_acquired(unsigned int class_of)
{
    for (unsigned int inner = class_of + 1; inner < LOCK_CLASS_COUNT; inner++) {
        if (held[inner] != 0) {
            bug_at(__FILE__, __LINE__, "lock order");
        }
    }
    if (class_of == LOCK_EVENT_PORT && !fake_irqs_off) {
        bug_at(__FILE__, __LINE__, "port lock with interrupts on");
    }
    held[class_of]++;
    if (class_of == LOCK_EVENT && atomic_load(&world.yield_in_locks)) {
        syscall(SYS_sched_yield);
    }
}

void fake_lock_released(unsigned int class_of)
{
    if (held[class_of] == 0) {
        bug_at(__FILE__, __LINE__, "lock released that is not held");
    }
    held[class_of]--;
    if (class_of == LOCK_EVENT_QUEUE && atomic_load(&world.yield_in_locks)) {
        syscall(SYS_sched_yield);
    }
    if (class_of == LOCK_EVENT_QUEUE && world.at_release != NULL) {
        void (*call)(void) = world.at_release;

        world.at_release = NULL;
        call();
    }
}

void fake_preempt_point(void)
{
}

bool softirq_pending(void)
{
    unsigned int check = atomic_fetch_add(&world.preempt_checks, 1) + 1;

    if (world.at_check != NULL) {
        void (*call)(void) = world.at_check;

        world.at_check = NULL;
        call();
    }
    return world.preempt_period != 0 && check % world.preempt_period == 0;
}

void bug_at(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

/* -- heap, console, guest memory ------------------------------------------- */

static bool take_one(_Atomic unsigned long *left)
{
    unsigned long now = atomic_load(left);

    while (now != ~0UL) {
        if (now == 0) {
            return false;
        }
        if (atomic_compare_exchange_weak(left, &now, now - 1)) {
            break;
        }
    }
    return true;
}

/* In front of each object, so that world_stop() can free what is kept. */
struct header {
    struct header *next;
    struct header *prev;
};

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;
static struct header heap = {&heap, &heap};

void *heap_alloc(size_t bytes)
{
    struct header *header;

    if (!take_one(&world.heap_left)) {
        return NULL;
    }
    header = calloc(1, sizeof(*header) + bytes);
    pthread_mutex_lock(&heap_lock);
    header->next = heap.next;
    header->prev = &heap;
    heap.next->prev = header;
    heap.next = header;
    world.heap_objects++;
    pthread_mutex_unlock(&heap_lock);
    return header + 1;
}

void heap_free(void *object)
{
    struct header *header;

    if (object == NULL) {
        return;
    }
    header = (struct header *)object - 1;
    pthread_mutex_lock(&heap_lock);
    header->next->prev = header->prev;
    header->prev->next = header->next;
    world.heap_objects--;
    pthread_mutex_unlock(&heap_lock);
    free(header);
}

void vprintk(unsigned int level, const char *format, va_list args)
{
    size_t room = CONSOLE_BYTES - world.console_used;
    int bytes;

    (void)level;
    bytes = vsnprintf(world.console + world.console_used, room, format, args);
    if (bytes > 0 && (size_t)bytes < room) {
        world.console_used += (size_t)bytes;
    }
}

void printk(unsigned int level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintk(level, format, args);
    va_end(args);
}

void machine_console_write(const char *text, size_t bytes, bool keep)
{
    (void)keep;
    assert_true(bytes < CONSOLE_BYTES - world.console_used);
    memcpy(world.console + world.console_used, text, bytes);
    world.console_used += bytes;
    world.console[world.console_used] = '\0';
}

size_t machine_console_read(char *buffer, size_t max)
{
    size_t bytes = strnlen(world.input, sizeof(world.input));

    if (bytes > max) {
        bytes = max;
    }
    memcpy(buffer, world.input, bytes);
    memmove(world.input, world.input + bytes, sizeof(world.input) - bytes);
    return bytes;
}

/* The first page is where nothing is. */
static bool may_copy(unsigned long address, size_t bytes)
{
    if (world.window != 0) {
        return address >= world.window && bytes <= world.window_bytes &&
               address - world.window <= world.window_bytes - bytes;
    }
    return address >= PAGE_BYTES && take_one(&world.copies_left);
}

int copy_from_guest(void *to, guest_va_t from, size_t bytes)
{
    if (!may_copy(from.address, bytes)) {
        return -XEN_EFAULT;
    }
    memcpy(to, (const void *)from.address, bytes);
    return 0;
}

int copy_to_guest(guest_va_t to, const void *from, size_t bytes)
{
    if (!may_copy(to.address, bytes)) {
        return -XEN_EFAULT;
    }
    memcpy((void *)to.address, from, bytes);
    return 0;
}

bool guest_range_ok(guest_va_t va, size_t bytes)
{
    (void)bytes;
    return va.address < 1UL << 47;
}

bool guest_address_ok(unsigned long address)
{
    return address < 1UL << 47 || address >= 0xffff880000000000UL;
}

void world_heap_fail_after(unsigned long n)
{
    atomic_store(&world.heap_left, n);
}

unsigned long world_heap_objects(void)
{
    return world.heap_objects;
}

void world_preempt_every(unsigned int period)
{
    world.preempt_period = period;
}

void world_guest_window(const void *window, size_t bytes)
{
    world.window = (unsigned long)window;
    world.window_bytes = bytes;
}

void world_copy_fail_after(unsigned long n)
{
    atomic_store(&world.copies_left, n);
}

unsigned int world_spins(void)
{
    return atomic_load(&world.spins);
}

void world_yield_in_locks(bool yield)
{
    atomic_store(&world.yield_in_locks, yield);
}

void world_at_queue_release(void (*call)(void))
{
    world.at_release = call;
}

void world_at_preempt_check(void (*call)(void))
{
    world.at_check = call;
}

const char *world_console(void)
{
    return world.console;
}

void world_console_input(const char *text)
{
    snprintf(world.input, sizeof(world.input), "%s", text);
}

/* -- clock and timers ------------------------------------------------------ */

uint64_t machine_now_ns(void)
{
    return world.now_ns;
}

void timer_init(struct timer *timer, void (*expired)(void *), void *data,
                unsigned int cpu)
{
    timer->expired = expired;
    timer->data = data;
    atomic_init(&timer->cpu, cpu);
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
    unsigned int place = 0;

    timer->deadline_ns = deadline_ns;
    while (world.timer[place] != NULL && world.timer[place] != timer) {
        place++;
        assert_true(place < WORLD_TIMERS);
    }
    world.timer[place] = timer;
}

void world_advance(uint64_t ns)
{
    world.now_ns += ns;
    for (unsigned int i = 0; i < WORLD_TIMERS; i++) {
        struct timer *timer = world.timer[i];

        if (timer != NULL && timer->deadline_ns <= world.now_ns) {
            world.timer[i] = NULL;
            timer->expired(timer->data);
        }
    }
}

/* -- domains --------------------------------------------------------------- */

struct domain *domain_get(domid_t domid)
{
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        struct domain *d = world.domain[i];

        if (d != NULL && d->domid == domid) {
            domain_hold(d);
            return d;
        }
    }
    return NULL;
}

void domain_hold(struct domain *d)
{
    assert_true(atomic_fetch_add(&d->refs, 1) > 0);
}

void domain_put(struct domain *d)
{
    assert_true(atomic_fetch_sub(&d->refs, 1) > 1);
}

int domain_get_target(struct vcpu *caller, domid_t domid, struct domain **d)
{
    struct domain *self = caller->domain;

    if (domid == DOMID_SELF) {
        domid = self->domid;
    }
    *d = domain_get(domid);
    if (*d == NULL) {
        return -XEN_ESRCH;
    }
    if (*d != self && !self->privileged) {
        domain_put(*d);
        return -XEN_EPERM;
    }
    return 0;
}

struct domain *domain_dom0(void)
{
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        if (world.domain[i] != NULL && world.domain[i]->privileged) {
            return world.domain[i];
        }
    }
    return NULL;
}

struct domain *domain_get_at_or_after(domid_t domid)
{
    struct domain *found = NULL;

    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        struct domain *d = world.domain[i];

        if (d != NULL && d->domid >= domid &&
            (found == NULL || d->domid < found->domid)) {
            found = d;
        }
    }
    if (found != NULL) {
        domain_hold(found);
    }
    return found;
}

static unsigned int place_of(const struct domain *d)
{
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        if (world.domain[i] == d) {
            return i;
        }
    }
    BUG();
}

void vcpu_kick(struct vcpu *v)
{
    atomic_fetch_add(&world.kicks[place_of(v->domain)][v->id], 1);
}

void vcpu_unblock(struct vcpu *v)
{
    atomic_fetch_add(&world.unblocks[place_of(v->domain)][v->id], 1);
}

unsigned int world_kicks(struct vcpu *v)
{
    return atomic_exchange(&world.kicks[place_of(v->domain)][v->id], 0);
}

unsigned int world_unblocks(struct vcpu *v)
{
    return atomic_exchange(&world.unblocks[place_of(v->domain)][v->id], 0);
}

struct domain *world_domain(domid_t domid, unsigned int vcpus, bool privileged)
{
    struct domain *d = calloc(1, sizeof(*d));
    unsigned int place = 0;

    while (world.domain[place] != NULL) {
        place++;
        assert_true(place < WORLD_DOMAINS);
    }
    world.domain[place] = d;
    d->domid = domid;
    d->privileged = privileged;
    atomic_init(&d->refs, 1);
    d->max_vcpus = vcpus;
    d->vcpu = calloc(vcpus, sizeof(struct vcpu *));
    d->shared = calloc(1, PAGE_BYTES);
    spin_init(&d->lock, LOCK_DOMAIN);
    rangeset_init(&d->iomem);
    rangeset_init(&d->ioports);
    rangeset_init(&d->irqs);
    for (unsigned int i = 0; i < vcpus; i++) {
        struct vcpu *v = calloc(1, sizeof(*v));

        v->id = i;
        v->domain = d;
        v->vcpu_info = (struct vcpu_info *)(void *)&d->shared->vcpu_info[i];
        d->vcpu[i] = v;
    }
    assert_int_equal(evtchn_domain_init(d, ~0U), 0);
    assert_int_equal(pirq_domain_init(d), 0);
    return d;
}

void world_kill(struct domain *d)
{
    atomic_store(&d->dying, DOMAIN_DYING);
    while (evtchn_domain_destroy(d) == -XEN_ERESTART) {
    }
    pirq_domain_destroy(d);
    world_drop_ptes(d);
}

static void free_domain(struct domain *d)
{
    assert_int_equal(atomic_load(&d->refs), 1);
    evtchn_domain_free(d);
    pirq_domain_free(d);
    rangeset_destroy(&d->iomem);
    rangeset_destroy(&d->ioports);
    rangeset_destroy(&d->irqs);
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        free(d->vcpu[i]);
    }
    free(d->vcpu);
    free(d->shared);
    free(d);
}

/* -- start and stop -------------------------------------------------------- */

long world_call(struct vcpu *v, hypercall_fn_t *call, unsigned long a0,
                unsigned long a1, unsigned long a2)
{
    struct hypercall_args args = {{a0, a1, a2}};
    long rc;

    do {
        rc = call(v, &args);
    } while (rc == -XEN_ERESTART);
    return rc;
}

void world_start(void)
{
    virq_reset();
    irq_line_reset();
    memset(&world, 0, sizeof(world));
    world.heap_left = ~0UL;
    world.copies_left = ~0UL;
    world_frames_start();
    world_irqs_start();
}

void world_stop(void)
{
    world.heap_left = ~0UL;
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        if (world.domain[i] != NULL) {
            world_kill(world.domain[i]);
        }
    }
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        if (world.domain[i] != NULL) {
            assert_int_equal(evtchn_audit(world.domain[i]), 0);
        }
    }
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        if (world.domain[i] != NULL) {
            free_domain(world.domain[i]);
        }
    }
    for (unsigned int i = 0; i < LOCK_CLASS_COUNT; i++) {
        assert_int_equal(held[i], 0);
    }
    assert_false(fake_irqs_off);
    while (heap.next != &heap) {
        heap_free(heap.next + 1);
    }
    world_frames_stop();
}

int world_setup(void **state)
{
    (void)state;
    world_start();
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    world_stop();
    return 0;
}
