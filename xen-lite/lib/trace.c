/* SPDX-License-Identifier: MIT */
/*
 * Trace buffers: struct t_info, t_buf and t_rec of <xen/trace.h>. A ring is
 * written by its CPU alone, with interrupts off; dom0 moves cons, and may do
 * so wrongly: what it writes there is checked, and prod is kept here.
 */
#include "trace.h"

#include "core.h"
#include "domain.h"
#include "mm.h"
#include "softirq.h"

#define HEADER_BYTES    8U  /* struct t_buf */
#define RECORD_WORDS    10U /* header, two of time, seven of data */
#define WORD_BYTES      4U
#define DATA_WORDS_MAX  7U
#define LOST_WORDS      4U
#define EXTRA(count)    ((uint32_t)(count) << TRACE_EXTRA_SHIFT)
#define RECORD_BYTES(n) ((3U + (n)) * WORD_BYTES)
/* Class and subclass of an event or of a mask. */
#define EVENT_CLASS(x)    ((x) >> TRC_CLS_SHIFT & 0xfffU)
#define EVENT_SUBCLASS(x) ((x) >> TRC_SUBCLS_SHIFT & 0xfU)

struct ring {
    uint8_t **page; /* NULL: none */
    uint32_t prod;  /* of 0 .. 2 * data_bytes - 1, as cons */
    uint32_t lost;  /* records there was no room for */
    uint64_t lost_tsc;
};

_Atomic uint32_t trace_active;
static _Atomic uint32_t events = TRC_ALL;
static struct cpumask traced_cpus;
static struct ring rings[MAX_CPUS];
static uint32_t ring_pages; /* 0: not set up */
static uint32_t data_bytes;
static struct t_info *info;

/* -- writing --------------------------------------------------------------- */

static struct t_buf *ring_head(const struct ring *ring)
{
    return (struct t_buf *)(void *)ring->page[0];
}

static void tell_dom0(void *data)
{
    (void)data;
    virq_raise_global(VIRQ_TBUF);
}

static struct work tell_work = {.run = tell_dom0};

/* Bytes not yet read; more than data_bytes if dom0 wrote nonsense. */
static uint32_t ring_used(const struct ring *ring)
{
    uint32_t cons = __atomic_load_n(&ring_head(ring)->cons, __ATOMIC_ACQUIRE);

    if (cons >= 2 * data_bytes) {
        return UINT32_MAX;
    }
    return ring->prod >= cons ? ring->prod - cons
                              : ring->prod + 2 * data_bytes - cons;
}

static uint32_t ring_until_wrap(const struct ring *ring)
{
    return data_bytes - ring->prod % data_bytes;
}

static void ring_put(struct ring *ring, uint32_t word)
{
    uint32_t offset = HEADER_BYTES + ring->prod % data_bytes;

    *(uint32_t *)(void *)(ring->page[offset / PAGE_BYTES] +
                          offset % PAGE_BYTES) = word;
    ring->prod = (ring->prod + WORD_BYTES) % (2 * data_bytes);
}

/* A record that fills the ring to its end, where the next does not fit. */
static void ring_pad(struct ring *ring)
{
    uint32_t words = ring_until_wrap(ring) / WORD_BYTES;
    bool cycles = words > DATA_WORDS_MAX + 1;

    ring_put(ring, TRC_TRACE_WRAP_BUFFER | EXTRA(words - 1 - (cycles ? 2 : 0)) |
                       (cycles ? TRC_HD_CYCLE_FLAG : 0));
    while (--words != 0) {
        ring_put(ring, 0);
    }
}

static void ring_record(struct ring *ring, uint32_t event,
                        const uint32_t *words, unsigned int count)
{
    uint64_t tsc = machine_tsc();

    if (ring_until_wrap(ring) < RECORD_BYTES(count)) {
        ring_pad(ring);
    }
    ring_put(ring, (event & 0x0fffffffU) | EXTRA(count) | TRC_HD_CYCLE_FLAG);
    ring_put(ring, TRACE_LOW(tsc));
    ring_put(ring, TRACE_HIGH(tsc));
    for (unsigned int i = 0; i < count; i++) {
        ring_put(ring, words[i]);
    }
}

/* Room for a record of @count words, with what may have to go before it? */
static bool ring_has_room(const struct ring *ring, uint32_t used,
                          unsigned int count)
{
    uint32_t wanted = RECORD_BYTES(count) + RECORD_WORDS * WORD_BYTES;

    if (ring->lost != 0) {
        wanted += RECORD_BYTES(LOST_WORDS) + RECORD_WORDS * WORD_BYTES;
    }
    return wanted <= data_bytes - used;
}

static void ring_write(struct ring *ring, uint32_t event, const uint32_t *words,
                       unsigned int count)
{
    uint32_t used = ring_used(ring);
    const struct vcpu *v = machine_this_cpu()->current;

    if (used > data_bytes) {
        trace_disable(); /* dom0's mistake */
        return;
    }
    if (!ring_has_room(ring, used, count)) {
        if (ring->lost++ == 0) {
            ring->lost_tsc = machine_tsc();
        }
        work_queue(&tell_work);
        return;
    }
    if (ring->lost != 0) {
        const uint32_t lost[LOST_WORDS] = {
            ring->lost, v->domain->domid | v->id << 16,
            TRACE_LOW(ring->lost_tsc), TRACE_HIGH(ring->lost_tsc)};

        ring->lost = 0;
        ring_record(ring, TRC_LOST_RECORDS, lost, LOST_WORDS);
    }
    ring_record(ring, event, words, count);
    __atomic_store_n(&ring_head(ring)->prod, ring->prod, __ATOMIC_RELEASE);
    if (used < data_bytes / 2 && ring_used(ring) >= data_bytes / 2) {
        work_queue(&tell_work);
    }
}

void trace_write(uint32_t event, const uint32_t *words, unsigned int count)
{
    uint32_t active = atomic_load(&trace_active);
    struct core_cpu *cpu = machine_this_cpu();
    unsigned long flags;

    if (EVENT_CLASS(active & event) == 0 ||
        EVENT_SUBCLASS(active & event) == 0 || cpu->current == NULL ||
        !cpumask_test(&traced_cpus, cpu->id)) {
        return;
    }
    flags = machine_irq_save();
    if (rings[cpu->id].page != NULL) {
        ring_write(&rings[cpu->id], event, words, count);
    }
    machine_irq_restore(flags);
}

/* -- set-up ---------------------------------------------------------------- */

/* Words of t_info before the lists of frames. */
static uint32_t info_first(void)
{
    return (uint32_t)((sizeof(uint16_t) * (MAX_CPUS + 1) + WORD_BYTES - 1) /
                      WORD_BYTES);
}

static int ring_create(unsigned int cpu, uint32_t pages, uint32_t list)
{
    struct ring *ring = &rings[cpu];
    uint32_t *mfns = (uint32_t *)(void *)info + list;
    uint8_t **page = heap_alloc(pages * sizeof(*page));

    if (page == NULL) {
        return -XEN_ENOMEM;
    }
    for (uint32_t i = 0; i < pages; i++) {
        page[i] = heap_alloc_page();
        if (page[i] == NULL) {
            while (i-- != 0) {
                heap_free_page(page[i]);
            }
            heap_free(page);
            return -XEN_ENOMEM;
        }
        mfns[i] = (uint32_t)machine_mfn_of(page[i]).number;
    }
    info->mfn_offset[cpu] = (uint16_t)list;
    ring->page = page;
    return 0;
}

static void rings_free(void)
{
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        for (uint32_t i = 0; rings[cpu].page != NULL && i < ring_pages; i++) {
            heap_free_page(rings[cpu].page[i]);
        }
        heap_free(rings[cpu].page);
        rings[cpu] = (struct ring){.page = NULL};
    }
    heap_free_page(info);
    info = NULL;
    ring_pages = 0;
}

/* Once all are there, dom0 may map them. */
static void rings_share(void)
{
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        for (uint32_t i = 0; i < ring_pages; i++) {
            domain_share_xen_page(domain_xen(), rings[cpu].page[i], false);
        }
    }
    domain_share_xen_page(domain_xen(), info, true);
}

int trace_set_size(uint32_t pages)
{
    uint32_t list = info_first();
    uint32_t most = (uint32_t)(PAGE_BYTES / WORD_BYTES - list) /
                    cpumask_count(&cpus_online);
    unsigned int cpu;
    int rc = 0;

    if (ring_pages != 0) {
        return pages == ring_pages ? -XEN_EBUSY : -XEN_EINVAL;
    }
    if (pages == 0) {
        return -XEN_EINVAL;
    }
    ring_pages = pages < most ? pages : most;
    data_bytes = ring_pages * (uint32_t)PAGE_BYTES - HEADER_BYTES;
    info = heap_alloc_page();
    if (info == NULL) {
        ring_pages = 0;
        return -XEN_ENOMEM;
    }
    info->tbuf_size = (uint16_t)ring_pages;
    for_each_cpu_in (cpu, &cpus_online) {
        if (rc == 0) {
            rc = ring_create(cpu, ring_pages, list);
            list += ring_pages;
        }
    }
    if (rc != 0) {
        rings_free();
        return rc;
    }
    cpumask_set_all(&traced_cpus);
    rings_share();
    return 0;
}

unsigned long trace_info_mfn(void)
{
    return info != NULL ? machine_mfn_of(info).number : 0;
}

uint32_t trace_get_events(void)
{
    return atomic_load(&events);
}

void trace_set_events(uint32_t wanted)
{
    atomic_store(&events, wanted);
    if (atomic_load(&trace_active) != 0) {
        atomic_store(&trace_active, wanted);
    }
}

void trace_set_cpus(const struct cpumask *cpus)
{
    cpumask_copy(&traced_cpus, cpus);
}

int trace_enable(void)
{
    if (ring_pages == 0) {
        return -XEN_EINVAL;
    }
    atomic_store(&trace_active, atomic_load(&events));
    return 0;
}

void trace_disable(void)
{
    atomic_store(&trace_active, 0);
}

void trace_reset(void)
{
    trace_disable();
    atomic_store(&events, TRC_ALL);
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        rings[cpu] = (struct ring){.page = NULL};
    }
    info = NULL;
    ring_pages = 0;
    tell_work = (struct work){.run = tell_dom0};
}
