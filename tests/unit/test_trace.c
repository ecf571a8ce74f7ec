/* SPDX-License-Identifier: MIT */
/*
 * Trace buffers: set up by sysctl, read through the frames that dom0 would map
 * (lib/trace.c, hypercall/sysctl_trace.c).
 */
#include "fake_world.h"

#include "mm.h"
#include "softirq.h"
#include "trace.h"

#define EVENT (TRC_SCHED_MIN + 1)

static long tbuf(uint32_t cmd, struct xen_sysctl *op)
{
    op->cmd = XEN_SYSCTL_tbuf_op;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op->u.tbuf_op.cmd = cmd;
    return world_sysctl(op);
}

static long tbuf_value(uint32_t cmd, uint32_t value)
{
    struct xen_sysctl op = {.u.tbuf_op.size = value,
                            .u.tbuf_op.evt_mask = value};

    return tbuf(cmd, &op);
}

static const struct t_info *info(void)
{
    struct xen_sysctl op = {0};

    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_get_info, &op), 0);
    assert_int_not_equal(op.u.tbuf_op.buffer_mfn, 0);
    assert_int_equal(op.u.tbuf_op.size, PAGE_BYTES);
    return machine_map(mfn_make(op.u.tbuf_op.buffer_mfn));
}

/* Page @i of CPU 0's ring. */
static void *ring_page(unsigned int i)
{
    const struct t_info *list = info();
    const uint32_t *mfns = (const uint32_t *)(const void *)list;

    return machine_map(mfn_make(mfns[list->mfn_offset[0] + i]));
}

static struct t_buf *ring(void)
{
    return ring_page(0);
}

static uint32_t data_bytes(void)
{
    return info()->tbuf_size * (uint32_t)PAGE_BYTES - 8;
}

static uint32_t word_at(uint32_t offset)
{
    uint32_t at = 8 + offset % data_bytes();

    return ((const uint32_t *)ring_page(at / PAGE_BYTES))[at % PAGE_BYTES / 4];
}

/* Take the next record: its event; its data in @data. */
static uint32_t next_record(uint32_t *data, unsigned int *count)
{
    uint32_t cons = ring()->cons;
    uint32_t head = word_at(cons);
    uint32_t words =
        1 + TRC_HD_EXTRA(head) + (TRC_HD_INCLUDES_CYCLE_COUNT(head) ? 2 : 0);

    assert_int_not_equal(cons, ring()->prod);
    *count = TRC_HD_EXTRA(head);
    for (unsigned int i = 0; i < *count; i++) {
        data[i] = word_at(cons + (words - *count + i) * 4);
    }
    ring()->cons = (cons + words * 4) % (2 * data_bytes());
    return TRC_HD_TO_EVENT(head);
}

static void start(uint32_t pages)
{
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, pages), 0);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_SCHED), 0);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_enable, 0), 0);
}

/* -- tests ----------------------------------------------------------------- */

static void nothing_is_written_before_it_is_on(void **state)
{
    (void)state;
    TRACE(EVENT, 1);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_enable, 0), -XEN_EINVAL);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 0), -XEN_EINVAL);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 2), 0);
    TRACE(EVENT, 1);
    assert_int_equal(ring()->prod, 0);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 2), -XEN_EBUSY);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 3), -XEN_EINVAL);
    assert_int_equal(tbuf_value(99, 0), -XEN_EINVAL);
}

static void records_come_in_order_with_their_words(void **state)
{
    uint32_t data[7];
    unsigned int count;

    (void)state;
    start(2);
    TRACE(EVENT, 11, 12);
    TRACE(EVENT + 1, 21);
    trace_event(EVENT + 2, NULL, 0);
    assert_int_equal(next_record(data, &count), EVENT);
    assert_int_equal(count, 2);
    assert_int_equal(data[0], 11);
    assert_int_equal(data[1], 12);
    assert_int_equal(next_record(data, &count), EVENT + 1);
    assert_int_equal(data[0], 21);
    assert_int_equal(next_record(data, &count), EVENT + 2);
    assert_int_equal(count, 0);
    assert_int_equal(ring()->cons, ring()->prod);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_disable, 0), 0);
    TRACE(EVENT, 1);
    assert_int_equal(ring()->cons, ring()->prod);
}

static void only_events_wanted_are_written(void **state)
{
    struct xen_sysctl op = {.u.tbuf_op.cpu_mask.nr_bits = 8};

    (void)state;
    start(1);
    TRACE(TRC_PV_HYPERCALL_V2, 1);
    TRACE(TRC_MEM_PAGE_GRANT_MAP, 1);
    assert_int_equal(ring()->prod, 0);
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_SCHED_MIN),
                     0);
    TRACE(TRC_SCHED_SWITCH, 1); /* another subclass */
    assert_int_equal(ring()->prod, 0);
    TRACE(EVENT, 1);
    assert_int_not_equal(ring()->prod, 0);
    /* CPU 0 is none of those traced now. */
    op.u.tbuf_op.cpu_mask.bitmap.p = (uint8_t *)world_arg_va(1024);
    *(uint8_t *)world_arg(1024) = 2;
    ring()->cons = ring()->prod;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask, &op), 0);
    TRACE(EVENT, 1);
    assert_int_equal(ring()->cons, ring()->prod);
    op.u.tbuf_op.cpu_mask.bitmap.p = (uint8_t *)WORLD_BAD_VA;
    assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_cpu_mask, &op), -XEN_EFAULT);
}

/* Records of all lengths, read at once, over the ring's end many times. */
static void the_ring_goes_round(void **state)
{
    uint32_t data[7];
    unsigned int count;

    (void)state;
    start(1);
    for (uint32_t i = 0; i < 3000; i++) {
        const uint32_t words[7] = {i, i, i, i, i, i, i};
        uint32_t event;

        trace_event(EVENT, words, i % 8);
        event = next_record(data, &count);
        if (event == TRC_TRACE_WRAP_BUFFER) {
            event = next_record(data, &count);
        }
        assert_int_equal(event, EVENT);
        assert_int_equal(count, i % 8);
        assert_true(count == 0 || data[count - 1] == i);
        assert_int_equal(ring()->cons, ring()->prod);
    }
}

static void what_has_no_room_is_counted(void **state)
{
    uint32_t data[7];
    unsigned int count;
    unsigned int kept = 0;
    unsigned int lost = 0;

    (void)state;
    start(1);
    for (uint32_t i = 0; i < 1000; i++) {
        TRACE(EVENT, i);
    }
    assert_true(atomic_load(&core_cpus[0]->softirqs) & 1U << SOFTIRQ_WORK);
    while (ring()->cons != ring()->prod) {
        assert_int_equal(next_record(data, &count), EVENT);
        assert_int_equal(data[0], kept++);
    }
    assert_in_range(kept, 200, 300);
    TRACE(EVENT, 7777);
    while (ring()->cons != ring()->prod) {
        if (next_record(data, &count) == TRC_LOST_RECORDS) {
            lost = data[0];
        }
    }
    assert_int_equal(lost, 1000 - kept);
    assert_int_equal(data[0], 7777);
}

static void a_wild_reader_ends_it(void **state)
{
    static const uint32_t wild[] = {0xffffffff, 0x80000000, 8192 * 2};

    (void)state;
    start(1);
    for (unsigned int i = 0; i < ARRAY_COUNT(wild); i++) {
        ring()->cons = wild[i];
        TRACE(EVENT, 1);
        assert_int_equal(atomic_load(&trace_active), 0);
        assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_enable, 0), 0);
    }
    /* More read than written: no place is wrong, but nothing is lost to us. */
    ring()->cons = 4;
    TRACE(EVENT, 1);
    ring()->prod = 0xdeadbeef;
    ring()->cons = 0;
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_enable, 0), 0);
    TRACE(EVENT, 1);
    assert_true(ring()->prod < 2 * data_bytes());
}

static void sizes_are_cut_to_what_can_be_told(void **state)
{
    (void)state;
    assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 1U << 30), 0);
    assert_in_range(info()->tbuf_size, 100, 1024);
}

static void without_memory_nothing_is_left(void **state)
{
    unsigned long before = frame_free_count();

    (void)state;
    for (unsigned int n = 0; n < 4; n++) {
        fake_heap_fail_after(n);
        assert_int_equal(tbuf_value(XEN_SYSCTL_TBUFOP_set_size, 2),
                         -XEN_ENOMEM);
        fake_heap_fail_after(~0UL);
    }
    assert_int_equal(trace_info_mfn(), 0);
    assert_int_equal(frame_free_count(), before);
    start(2);
}

/* The frames belong to DOMID_XEN: rings may be written, the list only read. */
static void frames_can_be_mapped_by_dom0(void **state)
{
    struct page *page;

    (void)state;
    start(1);
    page = page_of(machine_mfn_of(ring()));
    assert_true(page_get(page_mfn(page), domain_xen()));
    assert_false(atomic_load(&page->count) & PAGE_COUNT_READONLY);
    page_put(page);
    page = page_of(machine_mfn_of(info()));
    assert_true(atomic_load(&page->count) & PAGE_COUNT_READONLY);
}

/* dom0 does not run meanwhile: the ring is looked at where it lies. */
static void changes_of_state_are_traced(void **state)
{
    const uint32_t to_running = TRC_SCHED_RUNSTATE_CHANGE |
                                RUNSTATE_runnable << 8 | RUNSTATE_running << 4;
    const uint32_t *words;
    struct domain *d;
    unsigned int at = 2; /* behind prod and cons */
    bool found = false;

    (void)state;
    d = world_spinner(5, 1);
    start(1);
    words = ring_page(0);
    world_settle();
    while (at < 2 + words[1] / 4 && !found) {
        found = TRC_HD_TO_EVENT(words[at]) == to_running &&
                words[at + 3] == ((uint32_t)d->domid << 16 | 0);
        at += 3 + TRC_HD_EXTRA(words[at]);
    }
    assert_true(found);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_written_before_it_is_on),
        CASE(records_come_in_order_with_their_words),
        CASE(only_events_wanted_are_written),
        CASE(the_ring_goes_round),
        CASE(what_has_no_room_is_counted),
        CASE(a_wild_reader_ends_it),
        CASE(sizes_are_cut_to_what_can_be_told),
        CASE(without_memory_nothing_is_left),
        CASE(frames_can_be_mapped_by_dom0),
        CASE(changes_of_state_are_traced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
