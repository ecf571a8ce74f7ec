/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI: set-up, queues, priorities, moves between queues, hostile
 * words, the way back to 2-level, and a guest that consumes on other CPUs.
 */
#include "evtchn.h"

#include <stdlib.h>
#include <string.h>

#include "fifo_world.h"
#include "mm.h"

static long bind_vcpu(evtchn_port_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu arg = {.port = port, .vcpu = vcpu};

    return op(EVTCHNOP_bind_vcpu, &arg);
}

/* -- set-up ---------------------------------------------------------------- */

static void setup_holds_the_pages(void **state)
{
    (void)state;
    assert_int_equal(world_page_type_refs(control_mfn), 2);
    assert_int_equal(world_page_type_refs(words_mfn), 1);
    world_kill(guest);
    assert_int_equal(world_page_type_refs(control_mfn), 0);
    assert_int_equal(world_page_type_refs(words_mfn), 0);
    assert_int_equal(world_page_refs(words_mfn), 1);
}

static void bad_control_blocks_are_refused(void **state)
{
    mfn_t foreign = world_page(world_domain(6, 1, false));

    (void)state;
    assert_int_equal(init_control(control_mfn.number, 0, 3), -XEN_ENOENT);
    assert_int_equal(init_control(control_mfn.number, 4, 0), -XEN_EINVAL);
    assert_int_equal(init_control(control_mfn.number, 4096 - 64, 0),
                     -XEN_EINVAL);
    assert_int_equal(init_control(control_mfn.number, 0xfffffff8U, 0),
                     -XEN_EINVAL);
    assert_int_equal(init_control(foreign.number, 0, 0), -XEN_EINVAL);
    assert_int_equal(init_control(~0UL, 0, 0), -XEN_EINVAL);
    assert_null(atomic_load(&guest->event.fifo));
    assert_int_equal(init_control(control_mfn.number, 4096 - 72, 0), 0);
    assert_int_equal(init_control(control_mfn.number, 0, 0), -XEN_EINVAL);
    assert_int_equal(world_page_type_refs(control_mfn), 1);
}

static void setup_without_memory_is_enomem(void **state)
{
    (void)state;
    for (unsigned long left = 0; left < 2; left++) {
        world_heap_fail_after(left);
        assert_int_equal(init_control(control_mfn.number, 0, 0), -XEN_ENOMEM);
        world_heap_fail_after(~0UL);
        assert_null(atomic_load(&guest->event.fifo));
        assert_int_equal(world_page_refs(control_mfn), 1);
    }
}

static void dying_domains_set_nothing_up(void **state)
{
    (void)state;
    atomic_store(&guest->dying, DOMAIN_DYING);
    assert_int_equal(init_control(control_mfn.number, 0, 0), -XEN_EINVAL);
    assert_int_equal(world_page_refs(control_mfn), 1);
}

static void words_need_fifo_and_an_own_page(void **state)
{
    mfn_t foreign = world_page(world_domain(6, 1, false));

    (void)state;
    assert_int_equal(expand(words_mfn.number), -XEN_EOPNOTSUPP);
    assert_int_equal(priority(64, 3), -XEN_EINVAL);
    assert_int_equal(priority(1, 3), -XEN_ENOSYS);
    assert_int_equal(init_control(control_mfn.number, 0, 0), 0);
    assert_int_equal(expand(foreign.number), -XEN_EINVAL);
    assert_int_equal(expand(0), -XEN_EINVAL);
    for (unsigned int i = 0; i < 128; i++) {
        assert_int_equal(expand(words_mfn.number), 0);
    }
    assert_int_equal(expand(words_mfn.number), -XEN_ENOSPC);
    assert_int_equal(world_page_type_refs(words_mfn), 128);
    atomic_store(&guest->dying, DOMAIN_DYING);
    assert_int_equal(expand(words_mfn.number), -XEN_ENOSPC);
}

static void more_ports_than_2_level_has(void **state)
{
    evtchn_port_t port = 0;

    (void)state;
    while (port < 5000) {
        port = ipi(0);
    }
    for (unsigned int i = 1; i < 5; i++) {
        assert_int_equal(expand(world_page(guest).number), 0);
    }
    assert_int_equal(evtchn_send(guest, 5000), 0);
    assert_int_equal(control[0]->head[DEFAULT], 5000);
    assert_true(evtchn_port_is_pending(guest, 5000));
}

/* -- events ---------------------------------------------------------------- */

static void an_event_is_linked_and_told(void **state)
{
    evtchn_port_t port = ipi(0);

    (void)state;
    assert_int_equal(evtchn_send(guest, port), 0);
    assert_int_equal(words[port], PENDING | LINKED);
    assert_int_equal(control[0]->head[DEFAULT], port);
    assert_int_equal(control[0]->ready, 1U << DEFAULT);
    assert_int_equal(guest->vcpu[0]->vcpu_info->evtchn_upcall_pending, 1);
    assert_int_equal(world_kicks(guest->vcpu[0]), 1);
    /* Nothing of the 2-level ABI moves. */
    assert_int_equal(guest->shared->evtchn_pending[0], 0);
    assert_int_equal(guest->vcpu[0]->vcpu_info->evtchn_pending_sel, 0);
}

static void events_come_in_order(void **state)
{
    struct consumer consumer = {{0}};
    evtchn_port_t got[8];

    (void)state;
    for (unsigned int i = 0; i < 5; i++) {
        (void)ipi(0);
    }
    evtchn_send(guest, 3);
    evtchn_send(guest, 1);
    evtchn_send(guest, 5);
    evtchn_send(guest, 1);
    assert_int_equal(consume(&consumer, control[0], got, 8), 3);
    assert_int_equal(got[0], 3);
    assert_int_equal(got[1], 1);
    assert_int_equal(got[2], 5);
    evtchn_send(guest, 5);
    evtchn_send(guest, 2);
    assert_int_equal(consume(&consumer, control[0], got, 8), 2);
    assert_int_equal(got[0], 5);
    assert_int_equal(got[1], 2);
    assert_int_equal(consume(&consumer, control[0], got, 8), 0);
}

static void urgent_events_come_first(void **state)
{
    struct consumer consumer = {{0}};
    evtchn_port_t slow = ipi(0);
    evtchn_port_t fast = ipi(0);
    evtchn_port_t got[4];

    (void)state;
    assert_int_equal(priority(fast, 0), 0);
    assert_int_equal(priority(slow, 15), 0);
    evtchn_send(guest, slow);
    evtchn_send(guest, fast);
    assert_int_equal(control[0]->ready, 1U | 1U << 15);
    assert_int_equal(consume(&consumer, control[0], got, 4), 2);
    assert_int_equal(got[0], fast);
    assert_int_equal(got[1], slow);
}

static void bad_priorities_are_einval(void **state)
{
    evtchn_port_t port = ipi(0);

    (void)state;
    assert_int_equal(priority(port, 16), -XEN_EINVAL);
    assert_int_equal(priority(port + 1, 3), -XEN_EACCES);
    assert_int_equal(priority(0, 3), -XEN_EACCES);
    assert_int_equal(priority(70000, 3), -XEN_EINVAL);
}

static void a_masked_event_waits_for_unmask(void **state)
{
    evtchn_port_t port = ipi(0);

    (void)state;
    words[port] = MASKED;
    evtchn_send(guest, port);
    assert_int_equal(words[port], MASKED | PENDING);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
    assert_int_equal(unmask(port), 0);
    assert_int_equal(words[port], LINKED | PENDING);
    assert_int_equal(world_kicks(guest->vcpu[0]), 1);
    assert_int_equal(unmask(port), 0);
    assert_int_equal(world_kicks(guest->vcpu[0]), 0);
}

static void events_before_the_words_are_kept(void **state)
{
    evtchn_port_t early;
    evtchn_port_t late;

    (void)state;
    early = ipi(0);
    late = ipi(1);
    evtchn_send(guest, early);
    assert_int_equal(guest->shared->evtchn_pending[0], 1U << early);
    assert_int_equal(init_control(control_mfn.number, 0, 0), 0);
    assert_int_equal(init_control(control_mfn.number, 128, 1), 0);
    evtchn_send(guest, late);
    assert_true(evtchn_port_is_pending(guest, early));
    assert_true(evtchn_port_is_pending(guest, late));
    assert_int_equal(guest->shared->evtchn_pending[0], 0);
    assert_int_equal(unmask(early), 0);
    assert_int_equal(expand(words_mfn.number), 0);
    assert_int_equal(words[early], PENDING | LINKED);
    assert_int_equal(control[0]->head[DEFAULT], early);
    assert_int_equal(control[1]->head[DEFAULT], late);
}

static void an_event_for_a_vcpu_without_block_stays_pending(void **state)
{
    evtchn_port_t port = ipi(2);

    (void)state;
    assert_int_equal(evtchn_send(guest, port), 0);
    assert_int_equal(words[port], PENDING);
}

static void pollers_wake(void **state)
{
    evtchn_port_t port = ipi(0);

    (void)state;
    words[port] = MASKED;
    guest->vcpu[1]->poll_port = port;
    atomic_store(&guest->polling_vcpus[0], 2);
    evtchn_send(guest, port);
    assert_int_equal(world_unblocks(guest->vcpu[1]), 1);
}

/* -- moves ----------------------------------------------------------------- */

/* The tail of one queue goes to another: the first must forget it. */
static void a_moved_tail_leaves_its_old_queue(void **state)
{
    struct consumer consumer[2] = {{{0}}, {{0}}};
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF,
                                         .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain bind = {.remote_dom = DOMID_SELF};
    evtchn_port_t fixed = ipi(0);
    evtchn_port_t got[4];
    evtchn_port_t port;

    (void)state;
    assert_int_equal(op(EVTCHNOP_alloc_unbound, &alloc), 0);
    port = alloc.port;
    bind.remote_port = port;
    assert_int_equal(op(EVTCHNOP_bind_interdomain, &bind), 0);
    (void)consume(&consumer[0], control[0], got, 4);
    evtchn_send(guest, bind.local_port);
    assert_int_equal(consume(&consumer[0], control[0], got, 4), 1);
    assert_int_equal(got[0], port);
    assert_int_equal(bind_vcpu(port, 1), 0);
    evtchn_send(guest, bind.local_port);
    evtchn_send(guest, fixed);
    assert_int_equal(words[port], PENDING | LINKED);
    assert_int_equal(control[1]->head[DEFAULT], port);
    assert_int_equal(control[0]->head[DEFAULT], fixed);
    assert_int_equal(consume(&consumer[0], control[0], got, 4), 1);
    assert_int_equal(got[0], fixed);
    assert_int_equal(consume(&consumer[1], control[1], got, 4), 1);
    assert_int_equal(got[0], port);
}

static void a_new_priority_counts_from_the_next_link(void **state)
{
    struct consumer consumer = {{0}};
    evtchn_port_t port = ipi(0);
    evtchn_port_t got[4];

    (void)state;
    evtchn_send(guest, port);
    assert_int_equal(priority(port, 2), 0);
    evtchn_send(guest, port);
    assert_int_equal(control[0]->ready, 1U << DEFAULT);
    (void)consume(&consumer, control[0], got, 4);
    evtchn_send(guest, port);
    assert_int_equal(control[0]->ready, 1U << 2);
    assert_int_equal(control[0]->head[2], port);
}

static void a_closed_port_is_not_reused_while_linked(void **state)
{
    struct consumer consumer = {{0}};
    evtchn_port_t port = ipi(0);
    evtchn_port_t got[4];

    (void)state;
    evtchn_send(guest, port);
    assert_int_equal(close_port(port), 0);
    assert_int_equal(words[port], LINKED);
    assert_int_equal(ipi(0), port + 1);
    assert_int_equal(consume(&consumer, control[0], got, 4), 0);
    assert_int_equal(ipi(0), port);
}

/* -- the way back ---------------------------------------------------------- */

static void reset_goes_back_to_2_level(void **state)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    evtchn_port_t port = ipi(0);

    (void)state;
    evtchn_send(guest, port);
    assert_int_equal(op(EVTCHNOP_reset, &reset), 0);
    assert_null(atomic_load(&guest->event.fifo));
    assert_int_equal(world_page_refs(control_mfn), 1);
    assert_int_equal(world_page_refs(words_mfn), 1);
    port = ipi(0);
    evtchn_send(guest, port);
    assert_int_equal(guest->shared->evtchn_pending[0], 1U << port);
    /* And forth again. */
    memset(words, 0, PAGE_BYTES);
    memset(control[0], 0, PAGE_BYTES);
    assert_int_equal(init_control(control_mfn.number, 0, 0), 0);
    assert_int_equal(expand(words_mfn.number), 0);
    assert_int_equal(words[port], PENDING | LINKED);
}

static void ports_past_2_level_are_dead_after_reset(void **state)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    evtchn_port_t port = 0;

    (void)state;
    while (port < 4200) {
        port = ipi(0);
    }
    assert_int_equal(op(EVTCHNOP_reset, &reset), 0);
    assert_int_equal(evtchn_send(guest, 4200), -XEN_EINVAL);
    assert_int_equal(unmask(4200), 0);
    assert_false(evtchn_port_is_pending(guest, 4200));
    for (port = 1; port < 4096; port++) {
        assert_int_equal(ipi(0), port);
    }
    struct evtchn_bind_ipi bind = {.vcpu = 0};
    assert_int_equal(op(EVTCHNOP_bind_ipi, &bind), -XEN_ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fifo_setup, world_teardown)
#define BARE(name) \
    cmocka_unit_test_setup_teardown(name, fifo_bare_setup, world_teardown)
        TEST(setup_holds_the_pages),
        BARE(bad_control_blocks_are_refused),
        BARE(setup_without_memory_is_enomem),
        BARE(dying_domains_set_nothing_up),
        BARE(words_need_fifo_and_an_own_page),
        TEST(more_ports_than_2_level_has),
        TEST(an_event_is_linked_and_told),
        TEST(events_come_in_order),
        TEST(urgent_events_come_first),
        TEST(bad_priorities_are_einval),
        TEST(a_masked_event_waits_for_unmask),
        BARE(events_before_the_words_are_kept),
        TEST(an_event_for_a_vcpu_without_block_stays_pending),
        TEST(pollers_wake),
        TEST(a_moved_tail_leaves_its_old_queue),
        TEST(a_new_priority_counts_from_the_next_link),
        TEST(a_closed_port_is_not_reused_while_linked),
        TEST(reset_goes_back_to_2_level),
        TEST(ports_past_2_level_are_dead_after_reset),
    };

    return cmocka_run_group_tests_name("evtchn_fifo", tests, NULL, NULL);
}
