/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor writes into a guest's memory about time: clock records,
 * wall clock, runstates (sched/vcpu_time.c, sched/runstate.c).
 */
#include "vcpu_world.h"

/* -- clock record ---------------------------------------------------------- */

static uint64_t record_time(const struct vcpu_time_info *record, uint64_t tsc)
{
    uint64_t ticks = tsc - record->tsc_timestamp;

    ticks = record->tsc_shift >= 0 ? ticks << record->tsc_shift
                                   : ticks >> -record->tsc_shift;
    return record->system_time +
           (uint64_t)((unsigned __int128)ticks * record->tsc_to_system_mul >>
                      32);
}

static void published_record_tells_the_time(void **state)
{
    struct vcpu_time_info *record = &self()->vcpu_info->time;
    uint32_t version = record->version;

    (void)state;
    vcpu_time_publish(self());
    assert_int_equal(record->version % 2, 0);
    assert_int_not_equal(record->version, version);
    assert_int_equal(record_time(record, machine_tsc()), machine_now_ns());
}

static void odd_version_left_by_the_guest_is_repaired(void **state)
{
    struct vcpu_time_info *record = &self()->vcpu_info->time;

    (void)state;
    record->version = 7;
    vcpu_time_publish(self());
    assert_int_equal(record->version % 2, 0);
}

static void second_copy_follows_the_first(void **state)
{
    struct vcpu_register_time_memory_area area = {.addr.p = world_arg_va(AREA)};
    struct vcpu_time_info *copy = world_arg(AREA);

    (void)state;
    assert_int_equal(vcpu_op_with(VCPUOP_register_vcpu_time_memory_area, 0,
                                  &area, sizeof(area)),
                     0);
    assert_memory_equal(copy, &self()->vcpu_info->time, sizeof(*copy));
    fake_advance(123456);
    vcpu_time_publish(self());
    assert_memory_equal(copy, &self()->vcpu_info->time, sizeof(*copy));
    area.addr.p = 0xffff820000000000UL;
    assert_int_equal(vcpu_op_with(VCPUOP_register_vcpu_time_memory_area, 0,
                                  &area, sizeof(area)),
                     -XEN_EFAULT);
    assert_int_equal(
        vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, WORLD_BAD_VA),
        -XEN_EFAULT);
}

static void trapped_tsc_has_its_own_scale(void **state)
{
    struct domain *d = world_dom0->d;
    struct vcpu_time_info *record = &self()->vcpu_info->time;

    (void)state;
    d->vtsc = true;
    d->tsc_khz = 1234567;
    d->vtsc_offset_ns = 5000000000ULL;
    vcpu_time_publish(self());
    assert_int_equal(record->flags, 0); /* it comes from each CPU's own time */
    fake_advance(1 * WORLD_S);
    assert_in_range(record_time(record, domain_vtsc_read(d)),
                    machine_now_ns() - 10, machine_now_ns() + 10);
    d->tsc_khz = 3;
    vcpu_time_publish(self());
    fake_advance(1 * WORLD_S);
    assert_in_range(record_time(record, domain_vtsc_read(d)),
                    machine_now_ns() - 400000, machine_now_ns() + 400000);
}

static void running_vcpu_gets_a_fresh_record_each_second(void **state)
{
    uint32_t version;

    (void)state;
    vcpu_time_switched_in(self());
    fake_clear_softirqs();
    for (unsigned int i = 0; i < 3; i++) {
        version = self()->vcpu_info->time.version;
        fake_advance(1 * WORLD_S);
        run_timers();
        assert_int_not_equal(self()->vcpu_info->time.version, version);
        assert_int_equal(self()->vcpu_info->time.system_time, machine_now_ns());
    }
}

static void wallclock_is_published_to_every_domain(void **state)
{
    struct domain *d = world_domain_paused(5, 1);
    uint32_t version = d->shared->wc_version;

    (void)state;
    wallclock_set(0x123456789ULL, 999, machine_now_ns());
    assert_int_not_equal(d->shared->wc_version, version);
    assert_int_equal(d->shared->wc_version % 2, 0);
    /* at system time 0: one second and a bit earlier */
    assert_int_equal(d->shared->wc_sec, 0x23456789U - 1);
    assert_int_equal(d->shared->wc_sec_hi, 1);
    assert_int_equal(d->shared->wc_nsec, 999);
    assert_int_equal(world_dom0->d->shared->wc_sec, 0x23456789U - 1);
    d->time_offset_seconds = -3600;
    domain_publish_wallclock(d);
    assert_int_equal(d->shared->wc_sec, 0x23456789U - 1 - 3600);
}

/* -- runstate -------------------------------------------------------------- */

static long register_runstate(unsigned long id, unsigned long va)
{
    struct vcpu_register_runstate_memory_area area = {.addr.p = va};

    return vcpu_op_with(VCPUOP_register_runstate_memory_area, id, &area,
                        sizeof(area));
}

static void registered_runstate_is_written(void **state)
{
    struct vcpu_runstate_info *copy = world_arg(AREA);

    (void)state;
    self()->sched.runstate.state = RUNSTATE_running;
    self()->sched.runstate.state_entry_time = 777;
    memset(copy, 0xff, sizeof(*copy));
    assert_int_equal(register_runstate(0, world_arg_va(AREA)), 0);
    assert_int_equal(copy->state, RUNSTATE_running);
    assert_int_equal(copy->state_entry_time, 777);
    assert_int_equal(copy->time[RUNSTATE_blocked], 0);
}

static void update_flag_is_clear_after_an_update(void **state)
{
    struct vcpu_runstate_info *copy = world_arg(AREA);

    (void)state;
    atomic_fetch_or(&world_dom0->d->vm_assist,
                    1UL << VMASST_TYPE_runstate_update_flag);
    self()->sched.runstate.state_entry_time = 555;
    assert_int_equal(register_runstate(0, world_arg_va(AREA)), 0);
    assert_int_equal(copy->state_entry_time, 555);
    assert_int_equal(copy->state, self()->sched.runstate.state);
}

static void runstate_of_another_is_written_once(void **state)
{
    struct vcpu_runstate_info *copy = world_arg(AREA);

    (void)state;
    memset(copy, 0xff, sizeof(*copy));
    assert_int_equal(register_runstate(1, world_arg_va(AREA)), 0);
    assert_int_equal(copy->state, RUNSTATE_offline);
    assert_int_equal(other()->runstate_va.address, world_arg_va(AREA));
}

static void runstate_needs_an_allowed_address(void **state)
{
    (void)state;
    assert_int_equal(register_runstate(0, 0xffff830000000000UL), -XEN_EFAULT);
    assert_int_equal(register_runstate(0, 0x8000000000000000UL), -XEN_EFAULT);
    assert_int_equal(
        vcpu_op(VCPUOP_register_runstate_memory_area, 0, WORLD_BAD_VA),
        -XEN_EFAULT);
    assert_int_equal(self()->runstate_va.address, 0);
    /* unmapped is the guest's own loss; 0 takes it back */
    assert_int_equal(register_runstate(0, WORLD_BAD_VA), 0);
    assert_int_equal(register_runstate(0, 0), 0);
}

static void runstate_is_written_by_the_kernel_tables(void **state)
{
    struct vcpu_runstate_info *copy = world_arg(AREA);

    (void)state;
    assert_int_equal(register_runstate(0, world_arg_va(AREA)), 0);
    copy->state = 99;
    /* In user mode, without a user table that maps the area. */
    self()->pv.user_root = world_dom0->mfn[world_dom0->first_table];
    self()->pv.kernel_mode = false;
    runstate_publish(self());
    assert_false(self()->pv.kernel_mode);
    assert_int_equal(copy->state, self()->sched.runstate.state);
    self()->pv.user_root = INVALID_MFN;
    self()->pv.kernel_mode = true;
}

static void get_runstate_copies_it_out(void **state)
{
    struct vcpu_runstate_info *info = world_arg(0);

    (void)state;
    fake_advance(1000);
    assert_int_equal(vcpu_op(VCPUOP_get_runstate_info, 1, world_arg_va(0)), 0);
    assert_int_equal(info->state, RUNSTATE_offline);
    assert_true(info->time[RUNSTATE_offline] >= 1000);
    assert_int_equal(vcpu_op(VCPUOP_get_runstate_info, 1, WORLD_BAD_VA),
                     -XEN_EFAULT);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(published_record_tells_the_time),
        CASE(odd_version_left_by_the_guest_is_repaired),
        CASE(second_copy_follows_the_first),
        CASE(trapped_tsc_has_its_own_scale),
        CASE(running_vcpu_gets_a_fresh_record_each_second),
        CASE(wallclock_is_published_to_every_domain),
        CASE(registered_runstate_is_written),
        CASE(update_flag_is_clear_after_an_update),
        CASE(runstate_of_another_is_written_once),
        CASE(runstate_needs_an_allowed_address),
        CASE(runstate_is_written_by_the_kernel_tables),
        CASE(get_runstate_copies_it_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
