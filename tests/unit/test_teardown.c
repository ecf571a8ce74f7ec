/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: everything comes back, to the page and to the object,
 * however often the work is interrupted, and whatever others still hold
 * (domain/teardown.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall.h"
#include "pte.h"
#include "sched.h"
#include "vcpu_time.h"

#include "../../xen-lite/event/port.h"
#include "../../xen-lite/mm/pt.h"

#define PAGES 80UL

static unsigned long objects;
static unsigned long frames;
static struct fake_guest *guest;

static void remember(void)
{
    objects = fake_heap_objects();
    frames = frame_free_count();
}

static int setup(void **state)
{
    (void)world_dom0_setup(state);
    remember();
    guest = fake_guest_create(5, false, 3, PAGES);
    fake_clear_softirqs();
    return 0;
}

static int teardown(void **state)
{
    free(guest->mfn);
    free(guest);
    return world_dom0_teardown(state);
}

/* Kill it with preemption at each @period-th check: how often continued. */
static unsigned int kill_it(struct domain *d, unsigned int period)
{
    unsigned int continued = 0;
    int rc;

    fake_clear_softirqs();
    fake_preempt_every(period);
    while ((rc = domain_kill(d)) == -XEN_ERESTART) {
        fake_clear_softirqs();
        continued++;
        assert_true(continued < 100000);
    }
    fake_preempt_every(0);
    assert_int_equal(rc, 0);
    return continued;
}

/* All CPUs off the domain, dom0 back on CPU 0. */
static void leave(void)
{
    fake_enter(world_dom0->v);
}

static void settle(void)
{
    atomic_store(&world_dom0->v->sched.pause_flags, 0);
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        softirq_raise_on(cpu, SOFTIRQ_WORK);
        softirq_raise_on(cpu, SOFTIRQ_QUIESCE);
    }
    world_settle();
    fake_enter(world_dom0->v);
}

static void assert_all_is_back(void)
{
    settle();
    assert_null(domain_get(5));
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(frame_free_count(), frames);
    assert_int_equal(mm_audit(), 0);
}

/* -- what it may hold ------------------------------------------------------ */

static void call(unsigned long number, unsigned long cmd, const void *arg,
                 size_t bytes)
{
    memcpy(fake_page(guest, 0), arg, bytes);
    assert_int_equal(fake_hypercall(guest->v, number, cmd, fake_va(0), 0, 0),
                     0);
}

static void open_ports(void)
{
    for (unsigned int i = 0; i < 80; i++) {
        evtchn_bind_ipi_t bind = {.vcpu = i % 3};

        call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &bind,
             sizeof(bind));
    }
}

static void register_areas(void)
{
    for (unsigned int i = 0; i < 3; i++) {
        struct vcpu_register_vcpu_info info = {.mfn = guest->mfn[3].number,
                                               .offset = i * 64};

        memcpy(fake_page(guest, 0), &info, sizeof(info));
        assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_vcpu_op,
                                        VCPUOP_register_vcpu_info, i,
                                        fake_va(0), 0),
                         0);
    }
}

static void start_timers(void)
{
    struct sched_watchdog watchdog = {0, 100};

    vcpu_set_singleshot(guest->v, machine_now_ns() + 5 * WORLD_S);
    vcpu_set_periodic(guest->v, 10 * WORLD_MS);
    memcpy(fake_page(guest, 0), &watchdog, sizeof(watchdog));
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_sched_op,
                                    SCHEDOP_watchdog, fake_va(0), 0, 0),
                     1);
}

static void hold_everything(void)
{
    fake_enter(guest->v);
    open_ports();
    register_areas();
    start_timers();
    leave();
}

/* -- tests ----------------------------------------------------------------- */

static void idle_domain_gives_all_back(void **state)
{
    (void)state;
    leave();
    (void)kill_it(guest->d, 0);
    assert_all_is_back();
}

static void busy_domain_gives_all_back(void **state)
{
    (void)state;
    hold_everything();
    (void)kill_it(guest->d, 0);
    assert_all_is_back();
}

static void preempted_everywhere_it_gives_all_back(void **state)
{
    (void)state;
    for (unsigned int period = 1; period < 12; period++) {
        if (period != 1) {
            free(guest->mfn);
            free(guest);
            guest = fake_guest_create(5, false, 3, PAGES);
        }
        hold_everything();
        assert_true(kill_it(guest->d, period) > 80 / period);
        assert_all_is_back();
    }
}

static void timers_of_the_dead_stay_quiet(void **state)
{
    (void)state;
    hold_everything();
    (void)kill_it(guest->d, 0);
    settle();
    fake_advance(200 * WORLD_S);
    world_settle();
    assert_int_equal(fake_shutdown_reason(), -1);
}

static void killed_twice_is_dead_once(void **state)
{
    struct domain *d = guest->d;

    (void)state;
    leave();
    domain_hold(d);
    (void)kill_it(d, 0);
    assert_int_equal(atomic_load(&d->refs), 1);
    assert_int_equal(domain_kill(d), 0);
    assert_int_equal(atomic_load(&d->refs), 1);
    domain_put(d);
    assert_all_is_back();
}

/* Once when it is dead, though somebody holds it, and once when it is gone. */
static void tools_are_told_of_death_and_of_the_end(void **state)
{
    struct domain *d = guest->d;
    struct domain *tools = world_dom0->d;
    struct evtchn *port;
    evtchn_port_t number;

    (void)state;
    leave();
    assert_int_equal(evtchn_bind_virq(tools, VIRQ_DOM_EXC, 0, &number), 0);
    port = evtchn_lookup(tools, number);
    domain_hold(d);
    (void)kill_it(d, 0);
    assert_true(evtchn_is_pending(tools, port));
    evtchn_clear_pending(tools, port);
    domain_put(d);
    settle();
    assert_true(evtchn_is_pending(tools, port));
    assert_int_equal(evtchn_close(tools, number), 0);
}

static void dying_domain_takes_nothing_new(void **state)
{
    struct domain *d = guest->d;
    evtchn_port_t port;
    struct page *page;
    struct xen_domctl op = world_op(XEN_DOMCTL_max_vcpus, 5);

    (void)state;
    leave();
    fake_preempt_every(1);
    assert_int_equal(domain_kill(d), -XEN_ERESTART);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_int_equal(domain_alloc_pages(d, 0, 64, &page), -XEN_ESRCH);
    assert_int_equal(evtchn_alloc_unbound(d, 0, &port), -XEN_EINVAL);
    op.u.max_vcpus.max = 3;
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
    op = world_op(XEN_DOMCTL_setvcpucontext, 5);
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
    (void)kill_it(d, 0);
    assert_all_is_back();
}

static void dying_domain_is_paused_for_good(void **state)
{
    struct domain *d = guest->d;

    (void)state;
    leave();
    assert_int_equal(domain_unpause_by_controller(d), 0);
    assert_int_equal(atomic_load(&d->pause_count), 0);
    fake_preempt_every(1);
    assert_int_equal(domain_kill(d), -XEN_ERESTART);
    fake_preempt_every(0);
    assert_int_equal(atomic_load(&d->pause_count), 1);
    assert_int_equal(domain_unpause_by_controller(d), -XEN_EINVAL);
    (void)kill_it(d, 0);
    assert_all_is_back();
}

static void running_domain_is_stopped_first(void **state)
{
    struct domain *d = guest->d;

    (void)state;
    leave();
    atomic_store(&guest->v->sched.pause_flags, 0);
    assert_int_equal(domain_unpause_by_controller(d), 0);
    fake_set_cpu(1);
    softirq_run();
    fake_set_cpu(0);
    assert_int_equal(domain_pause_by_controller(d), 0);
    (void)kill_it(d, 0);
    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        assert_ptr_not_equal(core_cpus[cpu]->current->domain, d);
    }
    assert_all_is_back();
}

/* dom0 maps a page of it: the page and the domain stay until it lets go. */
static void foreign_mapping_outlives_the_domain(void **state)
{
    struct domain *d = guest->d;
    mfn_t mfn = guest->mfn[7];
    mmu_update_t update = {
        .ptr = fake_pte_address(world_dom0, 9) | MMU_NORMAL_PT_UPDATE,
        .val = pte_make(mfn, PTE_PRESENT | PTE_WRITABLE | PTE_USER)};

    (void)state;
    leave();
    memcpy(world_arg(0), &update, sizeof(update));
    assert_int_equal(fake_hypercall(world_dom0->v, __HYPERVISOR_mmu_update,
                                    world_arg_va(0), 1, 0, 5),
                     0);
    (void)kill_it(d, 0);
    settle();
    assert_ptr_equal(domain_get(5), d);
    domain_put(d);
    assert_int_equal(d->tot_pages, 1);
    assert_int_equal(domain_free_id(5), 6);
    assert_int_equal(page_owner(page_of(mfn)), 5);
    update.val = 0;
    memcpy(world_arg(0), &update, sizeof(update));
    assert_int_equal(fake_hypercall(world_dom0->v, __HYPERVISOR_mmu_update,
                                    world_arg_va(0), 1, 0, DOMID_SELF),
                     0);
    /* dom0's own page 9 is mapped nowhere now, which is its business. */
    settle();
    assert_null(domain_get(5));
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(frame_free_count(), frames);
}

static struct page *going;

/* The rest of a page_put() on another CPU. */
static void take_it_off(void)
{
    if (going != NULL) {
        struct page *page = going;

        going = NULL;
        domain_page_unused(page);
    }
}

/* The last reference to the first page goes while the list is walked. */
static void page_that_goes_meanwhile_hides_no_other(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(7), 0, UVMF_INVLPG, 0),
                     0);
    going = fake_page_info(guest, 7);
    assert_int_equal(page_refs(going), 1);
    while (guest->d->pages.first != page_mfn(going).number) {
        struct page *first = page_of(mfn_make(guest->d->pages.first));

        guest->d->pages.first = first->next;
        page_of(mfn_make(first->next))->prev = PAGE_LINK_END;
        first->next = PAGE_LINK_END;
        first->prev = guest->d->pages.last;
        page_of(mfn_make(first->prev))->next = (uint32_t)page_mfn(first).number;
        guest->d->pages.last = (uint32_t)page_mfn(first).number;
    }
    leave();
    atomic_fetch_and(&going->count, ~(PAGE_COUNT_ALLOCATED | 1));
    fake_relax_hook = take_it_off;
    (void)kill_it(guest->d, 0);
    fake_relax_hook = NULL;
    take_it_off();
    assert_all_is_back();
}

static void twenty_lives_leave_no_trace(void **state)
{
    (void)state;
    leave();
    (void)kill_it(guest->d, 0);
    assert_all_is_back();
    for (unsigned int i = 0; i < 20; i++) {
        free(guest->mfn);
        free(guest);
        guest = fake_guest_create(5, false, 3, PAGES);
        hold_everything();
        (void)kill_it(guest->d, 1 + i);
        assert_all_is_back();
    }
}

static void half_built_domain_is_destroyed(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_createdomain, 6);

    (void)state;
    leave();
    (void)kill_it(guest->d, 0);
    assert_all_is_back();
    op.u.createdomain = world_config(4);
    assert_int_equal(world_domctl(&op), 0); /* no vCPUs, no memory */
    op = world_op(XEN_DOMCTL_destroydomain, 6);
    assert_int_equal(world_domctl(&op), 0);
    settle();
    assert_null(domain_get(6));
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(frame_free_count(), frames);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(idle_domain_gives_all_back),
        CASE(busy_domain_gives_all_back),
        CASE(preempted_everywhere_it_gives_all_back),
        CASE(timers_of_the_dead_stay_quiet),
        CASE(killed_twice_is_dead_once),
        CASE(tools_are_told_of_death_and_of_the_end),
        CASE(dying_domain_takes_nothing_new),
        CASE(dying_domain_is_paused_for_good),
        CASE(running_domain_is_stopped_first),
        CASE(foreign_mapping_outlives_the_domain),
        CASE(page_that_goes_meanwhile_hides_no_other),
        CASE(twenty_lives_leave_no_trace),
        CASE(half_built_domain_is_destroyed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
