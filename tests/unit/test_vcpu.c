/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op, set_timer_op, and what the hypervisor writes into a guest's memory
 * about time (hypercall/vcpu_op.c, set_timer_op.c, domain/vcpu.c,
 * sched/vcpu_time.c, sched/runstate.c).
 */
#include "vcpu_world.h"

/* -- who is there ---------------------------------------------------------- */

static void is_up_tells_existing_from_missing(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_is_up, 0, 0), 1);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 2, 0), -XEN_ENOENT);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 8191, 0), -XEN_ENOENT);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 0xffffffffUL, 0), -XEN_ENOENT);
}

static void missing_vcpu_is_enoent_for_every_command(void **state)
{
    (void)state;
    for (int cmd = 0; cmd < 20; cmd++) {
        assert_int_equal(vcpu_op(cmd, 2, 0), -XEN_ENOENT);
    }
}

static void unknown_command_is_enosys(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(14, 0, 0), -XEN_ENOSYS);
    assert_int_equal(vcpu_op(-1, 0, 0), -XEN_ENOSYS);
}

static void up_needs_an_initialised_vcpu(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_up, 1, 0), -XEN_EINVAL);
    other()->initialised = true;
    assert_int_equal(vcpu_op(VCPUOP_up, 1, 0), 0);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 1, 0), 1);
    assert_int_equal(vcpu_op(VCPUOP_up, 1, 0), 0);
}

static void down_stops_the_vcpu(void **state)
{
    (void)state;
    assert_int_equal(domain_unpause_by_controller(world_dom0->d), 0);
    other()->initialised = true;
    assert_int_equal(vcpu_op(VCPUOP_up, 1, 0), 0);
    world_settle();
    assert_true(atomic_load(&other()->sched.running));
    assert_int_equal(vcpu_op(VCPUOP_down, 1, 0), 0);
    world_settle();
    assert_false(atomic_load(&other()->sched.running));
    assert_int_equal(vcpu_op(VCPUOP_is_up, 1, 0), 0);
}

static void go_down(void *data)
{
    (void)data;
    (void)vcpu_op(VCPUOP_down, 0, 0);
}

static void the_domain_stops_with_the_last_that_is_up(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_down, 1, 0), 0);
    assert_int_equal(fake_shutdown_reason(), -1);
    assert_true(fake_catches_shutdown(go_down, NULL));
    assert_int_equal(fake_shutdown_reason(), SHUTDOWN_poweroff);
}

/* -- initialise ------------------------------------------------------------ */

static struct vcpu_guest_context *context_for_other(void)
{
    struct vcpu_guest_context *context = fake_page(world_dom0, 4);

    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel;
    context->user_regs.rip = FAKE_GUEST_VA;
    context->user_regs.cs = 0x10;
    context->ctrlreg[3] = world_dom0->mfn[world_dom0->first_table].number
                          << PAGE_SHIFT;
    return context;
}

static void initialise_loads_a_context_once(void **state)
{
    (void)state;
    (void)context_for_other();
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), 0);
    assert_true(other()->initialised);
    assert_int_equal(other()->regs.rip, FAKE_GUEST_VA);
    assert_int_equal(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), -XEN_EEXIST);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, WORLD_BAD_VA), -XEN_EFAULT);
}

static void initialise_needs_a_vcpu_info(void **state)
{
    struct vcpu_info *info = other()->vcpu_info;

    (void)state;
    (void)context_for_other();
    other()->vcpu_info = world_dom0->d->dummy_vcpu_info;
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), -XEN_EINVAL);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, WORLD_BAD_VA), -XEN_EINVAL);
    other()->vcpu_info = info;
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), 0);
}

static void initialise_of_bad_memory_is_efault(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, WORLD_BAD_VA), -XEN_EFAULT);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, 0), -XEN_EFAULT);
    assert_false(other()->initialised);
}

static void initialise_without_memory_for_us_is_enomem(void **state)
{
    (void)state;
    (void)context_for_other();
    fake_heap_fail_after(0);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), -XEN_ENOMEM);
    fake_heap_fail_after(~0UL);
}

static void initialise_with_a_bad_context_is_refused(void **state)
{
    struct vcpu_guest_context *context = context_for_other();

    (void)state;
    context->ctrlreg[3] = world_dom0->mfn[0].number << PAGE_SHIFT;
    assert_true(vcpu_op(VCPUOP_initialise, 1, fake_va(4)) < 0);
    assert_false(other()->initialised);
}

/* Its first root would be none at all. */
static void initialise_in_user_mode_needs_a_user_table(void **state)
{
    struct vcpu_guest_context *context = context_for_other();

    (void)state;
    context->flags = 0;
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), -XEN_EINVAL);
    assert_false(other()->initialised);
    context->ctrlreg[1] = context->ctrlreg[3];
    assert_int_equal(vcpu_op(VCPUOP_initialise, 1, fake_va(4)), 0);
    assert_false(other()->pv.kernel_mode);
}

/* -- timers ---------------------------------------------------------------- */

static void bind_timer_virq(evtchn_port_t *port)
{
    evtchn_bind_virq_t bind = {.virq = VIRQ_TIMER, .vcpu = 0};

    memcpy(world_arg(0), &bind, sizeof(bind));
    assert_int_equal(fake_hypercall(self(), __HYPERVISOR_event_channel_op,
                                    EVTCHNOP_bind_virq, world_arg_va(0), 0, 0),
                     0);
    memcpy(&bind, world_arg(0), sizeof(bind));
    *port = bind.port;
}

static bool take_pending(evtchn_port_t port)
{
    unsigned long *word = world_dom0->d->shared->evtchn_pending;
    bool was = (word[port / 64] >> (port % 64) & 1) != 0;

    word[port / 64] &= ~(1UL << (port % 64));
    return was;
}

static void singleshot_fires_once(void **state)
{
    struct vcpu_set_singleshot_timer set = {machine_now_ns() + 1000, 0};
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_singleshot_timer, 0, &set, sizeof(set)), 0);
    fake_advance(999);
    run_timers();
    assert_false(take_pending(port));
    fake_advance(1);
    run_timers();
    assert_true(take_pending(port));
    fake_advance(100000);
    run_timers();
    assert_false(take_pending(port));
}

static void past_singleshot_fires_at_once_even_if_future_was_asked(void **state)
{
    struct vcpu_set_singleshot_timer set = {1, VCPU_SSHOTTMR_future};
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    memcpy(world_arg(0), &set, sizeof(set));
    assert_int_equal(fake_hypercall(self(), __HYPERVISOR_vcpu_op,
                                    VCPUOP_set_singleshot_timer, 0,
                                    world_arg_va(0), 0),
                     0);
    assert_true(softirq_pending());
    run_timers();
    assert_true(take_pending(port));
}

static void stopped_singleshot_does_not_fire(void **state)
{
    struct vcpu_set_singleshot_timer set = {machine_now_ns() + 1000, 0};
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_singleshot_timer, 0, &set, sizeof(set)), 0);
    assert_int_equal(vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0), 0);
    fake_advance(5000);
    run_timers();
    assert_false(take_pending(port));
}

static void singleshot_is_for_the_own_vcpu(void **state)
{
    struct vcpu_set_singleshot_timer set = {machine_now_ns() + 1000, 0};

    (void)state;
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_singleshot_timer, 1, &set, sizeof(set)),
        -XEN_EINVAL);
    assert_int_equal(vcpu_op(VCPUOP_stop_singleshot_timer, 1, 0), -XEN_EINVAL);
    assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0, WORLD_BAD_VA),
                     -XEN_EFAULT);
}

static void periodic_timer_ticks_on_its_beat(void **state)
{
    struct vcpu_set_periodic_timer set = {2 * WORLD_MS};
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_periodic_timer, 0, &set, sizeof(set)), 0);
    for (unsigned int i = 0; i < 5; i++) {
        fake_advance(2 * WORLD_MS - 1);
        run_timers();
        assert_false(take_pending(port));
        fake_advance(1);
        run_timers();
        assert_true(take_pending(port));
    }
    fake_advance(7 * WORLD_MS); /* 3 missed: one tick, and the beat goes on */
    run_timers();
    assert_true(take_pending(port));
    fake_advance(1 * WORLD_MS);
    run_timers();
    assert_true(take_pending(port));
    assert_int_equal(vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
    fake_advance(10 * WORLD_MS);
    run_timers();
    assert_false(take_pending(port));
}

static void periodic_timer_has_limits(void **state)
{
    struct vcpu_set_periodic_timer set = {WORLD_MS - 1};

    (void)state;
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_periodic_timer, 0, &set, sizeof(set)),
        -XEN_EINVAL);
    set.period_ns = UINT64_MAX;
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_periodic_timer, 0, &set, sizeof(set)),
        -XEN_EINVAL);
    assert_int_equal(vcpu_op(VCPUOP_set_periodic_timer, 0, WORLD_BAD_VA),
                     -XEN_EFAULT);
    set.period_ns = WORLD_MS;
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_periodic_timer, 1, &set, sizeof(set)), 0);
}

static void periodic_timer_rests_while_the_vcpu_is_off(void **state)
{
    struct vcpu_set_periodic_timer set = {2 * WORLD_MS};
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(
        vcpu_op_with(VCPUOP_set_periodic_timer, 0, &set, sizeof(set)), 0);
    vcpu_time_switched_out(self());
    fake_advance(9 * WORLD_MS);
    run_timers();
    assert_false(take_pending(port));
    vcpu_time_switched_in(self());
    assert_true(take_pending(port)); /* overdue */
    fake_advance(1 * WORLD_MS);
    run_timers();
    assert_true(take_pending(port));
}

static void set_timer_op_is_the_singleshot_timer(void **state)
{
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(fake_hypercall(self(), __HYPERVISOR_set_timer_op,
                                    machine_now_ns() + 500, 0, 0, 0),
                     0);
    fake_advance(500);
    run_timers();
    assert_true(take_pending(port));
    assert_int_equal(fake_hypercall(self(), __HYPERVISOR_set_timer_op,
                                    machine_now_ns() + 500, 0, 0, 0),
                     0);
    assert_int_equal(
        fake_hypercall(self(), __HYPERVISOR_set_timer_op, 0, 0, 0, 0), 0);
    fake_advance(5000);
    run_timers();
    assert_false(take_pending(port));
}

static void absurd_set_timer_op_fires_soon(void **state)
{
    evtchn_port_t port;

    (void)state;
    bind_timer_virq(&port);
    assert_int_equal(
        fake_hypercall(self(), __HYPERVISOR_set_timer_op, ~0UL >> 1, 0, 0, 0),
        0);
    fake_advance(200 * WORLD_MS);
    run_timers();
    assert_true(take_pending(port));
}

/* -- vcpu_info ------------------------------------------------------------- */

static long register_info(unsigned long id, unsigned long mfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info info = {.mfn = mfn, .offset = offset};

    return vcpu_op_with(VCPUOP_register_vcpu_info, id, &info, sizeof(info));
}

static void registered_info_takes_the_state_along(void **state)
{
    struct vcpu_info *there = (void *)((char *)fake_page(world_dom0, 3) + 64);

    (void)state;
    memset(fake_page(world_dom0, 3), 0xff, PAGE_BYTES);
    self()->vcpu_info->evtchn_upcall_mask = 1;
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 64), 0);
    assert_ptr_equal(self()->vcpu_info, there);
    assert_int_equal(there->evtchn_upcall_mask, 1);
    assert_int_equal(there->evtchn_upcall_pending, 1);
    assert_int_equal(there->evtchn_pending_sel, ~0UL);
    assert_true(there->time.tsc_to_system_mul != 0);
    assert_int_equal(there->time.version % 2, 0);
}

static void info_page_cannot_become_a_table(void **state)
{
    struct page *page = fake_page_info(world_dom0, 3);
    uint64_t uses = atomic_load(&page->type) & PAGE_TYPE_COUNT_MASK;

    (void)state;
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 0), 0);
    assert_int_equal(page_type_of(atomic_load(&page->type)),
                     PAGE_TYPE_WRITABLE);
    assert_int_equal(atomic_load(&page->type) & PAGE_TYPE_COUNT_MASK, uses + 1);
    assert_true(page_get_type(page, PAGE_TYPE_L1) < 0);
}

static void bad_info_places_are_refused(void **state)
{
    (void)state;
    assert_int_equal(
        register_info(0, world_dom0->mfn[3].number, PAGE_BYTES - 63),
        -XEN_ENXIO);
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 0xfffffff8),
                     -XEN_ENXIO);
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 4),
                     -XEN_ENXIO);
    assert_int_equal(register_info(0, ~0UL, 0), -XEN_EINVAL);
    assert_int_equal(register_info(0, FAKE_MMIO_MFN, 0), -XEN_EINVAL);
    /* a page table, and nobody's frame */
    assert_int_equal(
        register_info(0, world_dom0->mfn[world_dom0->first_table].number, 0),
        -XEN_EINVAL);
    assert_int_equal(register_info(0, FAKE_LOW_MFN + FAKE_BANK_FRAMES - 1, 0),
                     -XEN_EINVAL);
    assert_int_equal(vcpu_op(VCPUOP_register_vcpu_info, 0, WORLD_BAD_VA),
                     -XEN_EFAULT);
    assert_true(mfn_equal(self()->vcpu_info_mfn, INVALID_MFN));
}

static void info_is_registered_once(void **state)
{
    (void)state;
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 0), 0);
    assert_int_equal(register_info(0, world_dom0->mfn[5].number, 0),
                     -XEN_EINVAL);
}

static void info_of_another_only_while_it_is_down(void **state)
{
    (void)state;
    assert_int_equal(register_info(1, world_dom0->mfn[3].number, 128), 0);
    vcpu_info_unregister(other());
    atomic_store(&other()->sched.pause_flags, 0);
    assert_int_equal(register_info(1, world_dom0->mfn[3].number, 128),
                     -XEN_EINVAL);
}

static void unregistered_info_gives_the_page_back(void **state)
{
    unsigned int refs = page_refs(fake_page_info(world_dom0, 3));

    (void)state;
    assert_int_equal(register_info(0, world_dom0->mfn[3].number, 0), 0);
    assert_int_equal(page_refs(fake_page_info(world_dom0, 3)), refs + 1);
    vcpu_info_unregister(self());
    assert_int_equal(page_refs(fake_page_info(world_dom0, 3)), refs);
    assert_ptr_equal(self()->vcpu_info, world_dom0->d->dummy_vcpu_info);
    vcpu_info_unregister(self());
}

/* -- others ---------------------------------------------------------------- */

static void nmi_is_made_pending(void **state)
{
    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_send_nmi, 1, 8), -XEN_EINVAL);
    assert_false(other()->pv.nmi_pending);
    assert_int_equal(vcpu_op(VCPUOP_send_nmi, 1, 0), 0);
    assert_true(other()->pv.nmi_pending);
}

static void physid_needs_a_pinned_vcpu(void **state)
{
    struct vcpu *v = world_dom0->d->vcpu[1];
    const uint64_t *phys_id = world_arg(0);
    struct cpumask one;

    (void)state;
    assert_int_equal(vcpu_op(VCPUOP_get_physid, 1, world_arg_va(0)),
                     -XEN_EINVAL);
    cpumask_clear_all(&one);
    cpumask_set(&one, 2);
    core_cpus[2]->apic_id = 0x44;
    core_cpus[2]->acpi_id = 0x45;
    assert_int_equal(sched_set_affinity(v, &one, NULL), 0);
    assert_int_equal(vcpu_op(VCPUOP_get_physid, 1, world_arg_va(0)), 0);
    assert_int_equal(*phys_id, 0x4500000044);
    assert_int_equal(vcpu_op(VCPUOP_get_physid, 1, WORLD_BAD_VA), -XEN_EFAULT);
    world_dom0->d->privileged = false;
    assert_int_equal(vcpu_op(VCPUOP_get_physid, 1, world_arg_va(0)),
                     -XEN_EINVAL);
    world_dom0->d->privileged = true;
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(is_up_tells_existing_from_missing),
        CASE(missing_vcpu_is_enoent_for_every_command),
        CASE(unknown_command_is_enosys),
        CASE(up_needs_an_initialised_vcpu),
        CASE(down_stops_the_vcpu),
        CASE(the_domain_stops_with_the_last_that_is_up),
        CASE(initialise_loads_a_context_once),
        CASE(initialise_needs_a_vcpu_info),
        CASE(initialise_of_bad_memory_is_efault),
        CASE(initialise_without_memory_for_us_is_enomem),
        CASE(initialise_with_a_bad_context_is_refused),
        CASE(initialise_in_user_mode_needs_a_user_table),
        CASE(singleshot_fires_once),
        CASE(past_singleshot_fires_at_once_even_if_future_was_asked),
        CASE(stopped_singleshot_does_not_fire),
        CASE(singleshot_is_for_the_own_vcpu),
        CASE(periodic_timer_ticks_on_its_beat),
        CASE(periodic_timer_has_limits),
        CASE(periodic_timer_rests_while_the_vcpu_is_off),
        CASE(set_timer_op_is_the_singleshot_timer),
        CASE(absurd_set_timer_op_fires_soon),
        CASE(registered_info_takes_the_state_along),
        CASE(info_page_cannot_become_a_table),
        CASE(bad_info_places_are_refused),
        CASE(info_is_registered_once),
        CASE(info_of_another_only_while_it_is_down),
        CASE(unregistered_info_gives_the_page_back),
        CASE(nmi_is_made_pending),
        CASE(physid_needs_a_pinned_vcpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
