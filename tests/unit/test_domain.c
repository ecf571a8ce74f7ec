/* SPDX-License-Identifier: MIT */
/*
 * Domains: configuration checks, finding, references, pausing, shutdown
 * (domain/domain.c, pause.c, shutdown.c).
 */
#include "fake_world.h"

#include <limits.h>
#include <string.h>

#include <xen/sched.h>

#include "evtchn.h"

static int create(const struct xen_domctl_createdomain *config)
{
    struct domain *d = NULL;

    return domain_create(5, config, false, &d);
}

/* -- configuration --------------------------------------------------------- */

static void good_configuration_makes_a_paused_domain(void **state)
{
    struct xen_domctl_createdomain config = world_config(3);
    struct domain *d = NULL;

    (void)state;
    memset(config.handle, 0x5a, sizeof(config.handle));
    assert_int_equal(domain_create(5, &config, false, &d), 0);
    assert_int_equal(d->domid, 5);
    assert_int_equal(d->max_vcpus, 3);
    assert_int_equal(atomic_load(&d->pause_count), 1);
    assert_int_equal(atomic_load(&d->controller_pauses), 1);
    assert_int_equal(atomic_load(&d->refs), 1);
    assert_int_equal(d->tot_pages, 0);
    assert_memory_equal(d->handle, config.handle, sizeof(d->handle));
    assert_int_equal(m2p_get(d->shared_mfn), M2P_SHARED);
    assert_int_equal(page_owner(page_of(d->shared_mfn)), 5);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        assert_int_equal(d->shared->vcpu_info[i].evtchn_upcall_mask, 1);
    }
}

static void bad_flags_are_refused(void **state)
{
    static const uint32_t bad[] = {
        XEN_DOMCTL_CDF_hvm,         XEN_DOMCTL_CDF_hap,
        XEN_DOMCTL_CDF_iommu,       XEN_DOMCTL_CDF_vpmu,
        XEN_DOMCTL_CDF_nested_virt, XEN_DOMCTL_CDF_s3_integrity,
        XEN_DOMCTL_CDF_MAX << 1,    1U << 31,
    };
    struct xen_domctl_createdomain good = world_config(1);

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(bad); i++) {
        struct xen_domctl_createdomain config = world_config(1);

        config.flags = bad[i];
        assert_int_equal(create(&config), -XEN_EINVAL);
    }
    good.flags = XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off;
    assert_int_equal(create(&good), 0);
}

static void emulated_devices_are_refused(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);

    (void)state;
    config.arch.emulation_flags = XEN_X86_EMU_LAPIC;
    assert_int_equal(create(&config), -XEN_EOPNOTSUPP);
    config.arch.emulation_flags = ~0U;
    assert_int_equal(create(&config), -XEN_EINVAL);
}

static void bad_vcpu_counts_are_refused(void **state)
{
    struct xen_domctl_createdomain config = world_config(0);

    (void)state;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config.max_vcpus = MAX_VCPUS_PER_DOMAIN + 1;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config.max_vcpus = MAX_VCPUS_PER_DOMAIN;
    assert_int_equal(create(&config), 0);
}

static void bad_grant_versions_are_refused(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);

    (void)state;
    config.grant_opts = 0;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config.grant_opts = 3;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config.grant_opts = 0x11;
    assert_int_equal(create(&config), -XEN_EINVAL);
}

static void other_bad_fields_are_refused(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);

    (void)state;
    config.iommu_opts = 1;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config = world_config(1);
    config.vmtrace_size = 4096;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config = world_config(1);
    config.arch.emulation_flags = XEN_X86_EMU_PIT;
    assert_int_equal(create(&config), -XEN_EOPNOTSUPP);
    config = world_config(1);
    config.arch.misc_flags = 2;
    assert_int_equal(create(&config), -XEN_EINVAL);
    config = world_config(1);
    config.cpupool_id = 1;
    assert_int_equal(create(&config), -XEN_ESRCH);
}

static void reserved_ids_are_refused(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *d = NULL;

    (void)state;
    assert_int_equal(domain_create(DOMID_FIRST_RESERVED, &config, false, &d),
                     -XEN_EINVAL);
    assert_int_equal(domain_create(DOMID_SELF, &config, false, &d),
                     -XEN_EINVAL);
}

static void taken_id_is_refused_without_a_leak(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *d = world_domain_paused(5, 1);
    struct domain *other = NULL;
    unsigned long objects = fake_heap_objects();
    unsigned long frames = frame_free_count();

    (void)state;
    assert_int_equal(domain_create(5, &config, false, &other), -XEN_EEXIST);
    assert_null(other);
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(frame_free_count(), frames);
    assert_ptr_equal(domain_get(5), d);
}

static void every_failed_allocation_is_undone(void **state)
{
    struct xen_domctl_createdomain config = world_config(2);
    unsigned long objects = fake_heap_objects();
    unsigned long frames = frame_free_count();
    struct domain *d = NULL;
    unsigned long n;
    int rc = -XEN_ENOMEM;

    (void)state;
    for (n = 0; rc == -XEN_ENOMEM; n++) {
        fake_heap_fail_after(n);
        rc = domain_create(5, &config, false, &d);
        fake_heap_fail_after(~0UL);
        if (rc != 0) {
            assert_int_equal(rc, -XEN_ENOMEM);
            assert_int_equal(fake_heap_objects(), objects);
            assert_int_equal(frame_free_count(), frames);
            assert_null(domain_get(5));
        }
    }
    assert_int_equal(rc, 0);
    assert_true(n > 4);
}

static void failed_vcpu_creation_is_undone(void **state)
{
    struct domain *d = world_domain_paused(5, 1);
    struct xen_domctl_createdomain config = world_config(2);
    unsigned long objects;
    int rc = -XEN_ENOMEM;

    (void)state;
    (void)d;
    assert_int_equal(domain_create(6, &config, false, &d), 0);
    objects = fake_heap_objects();
    for (unsigned long n = 0; rc == -XEN_ENOMEM; n++) {
        fake_heap_fail_after(n);
        rc = vcpu_create(d, 0, 0);
        fake_heap_fail_after(~0UL);
        if (rc != 0) {
            assert_null(d->vcpu[0]);
            assert_int_equal(fake_heap_objects(), objects);
        }
    }
    assert_int_equal(rc, 0);
}

/* -- finding --------------------------------------------------------------- */

static void get_takes_a_reference(void **state)
{
    struct domain *d = world_domain_paused(5, 1);

    (void)state;
    assert_ptr_equal(domain_get(5), d);
    assert_int_equal(atomic_load(&d->refs), 2);
    domain_put(d);
    assert_int_equal(atomic_load(&d->refs), 1);
    assert_null(domain_get(6));
    assert_null(domain_get(DOMID_SELF));
    assert_null(domain_get(DOMID_IO));
    assert_null(domain_get(DOMID_IDLE));
}

static void ids_of_one_hash_chain_are_told_apart(void **state)
{
    struct domain *a = world_domain_paused(7, 1);
    struct domain *b = world_domain_paused(7 + 256, 1);
    struct domain *c = world_domain_paused(7 + 512, 1);

    (void)state;
    assert_ptr_equal(domain_get(7), a);
    assert_ptr_equal(domain_get(263), b);
    assert_ptr_equal(domain_get(519), c);
    assert_null(domain_get(7 + 768));
}

static void walk_goes_by_id(void **state)
{
    struct domain *d;
    domid_t next = 0;
    domid_t seen[3];

    (void)state;
    (void)world_domain_paused(9, 1);
    (void)world_domain_paused(2, 1);
    (void)world_domain_paused(300, 1);
    for (unsigned int i = 0; i < 3; i++) {
        d = domain_get_at_or_after(next);
        assert_non_null(d);
        seen[i] = d->domid;
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
    assert_int_equal(seen[0], 2);
    assert_int_equal(seen[1], 9);
    assert_int_equal(seen[2], 300);
    assert_null(domain_get_at_or_after(next));
}

static void free_id_is_the_lowest_from_there(void **state)
{
    (void)state;
    (void)world_domain_paused(1, 1);
    (void)world_domain_paused(2, 1);
    (void)world_domain_paused(4, 1);
    assert_int_equal(domain_free_id(0), 0);
    assert_int_equal(domain_free_id(1), 3);
    assert_int_equal(domain_free_id(4), 5);
    (void)world_domain_paused(DOMID_FIRST_RESERVED - 1, 1);
    assert_int_equal(domain_free_id(DOMID_FIRST_RESERVED - 1), DOMID_INVALID);
}

static void special_domains_exist(void **state)
{
    (void)state;
    assert_int_equal(domain_io()->domid, DOMID_IO);
    assert_int_equal(domain_xen()->domid, DOMID_XEN);
    assert_null(domain_dom0());
}

static void target_follows_privilege(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *dom0 = NULL;
    struct domain *a = world_domain_paused(1, 1);
    struct domain *b = world_domain_paused(2, 1);
    struct domain *d = NULL;

    (void)state;
    assert_int_equal(domain_create(0, &config, true, &dom0), 0);
    assert_int_equal(vcpu_create(dom0, 0, 0), 0);
    assert_ptr_equal(domain_dom0(), dom0);
    assert_int_equal(domain_get_target(a->vcpu[0], DOMID_SELF, &d), 0);
    assert_ptr_equal(d, a);
    assert_int_equal(domain_get_target(a->vcpu[0], 1, &d), 0);
    assert_ptr_equal(d, a);
    assert_int_equal(atomic_load(&a->refs), 3);
    assert_int_equal(domain_get_target(a->vcpu[0], 2, &d), -XEN_EPERM);
    assert_int_equal(atomic_load(&b->refs), 1);
    assert_int_equal(domain_get_target(a->vcpu[0], 3, &d), -XEN_ESRCH);
    assert_int_equal(domain_get_target(dom0->vcpu[0], 2, &d), 0);
    assert_ptr_equal(d, b);
    assert_int_equal(domain_get_target(dom0->vcpu[0], 3, &d), -XEN_ESRCH);
}

/* -- the end of references ------------------------------------------------- */

static void kill(struct domain *d)
{
    int rc;

    do {
        rc = domain_kill(d);
    } while (rc == -XEN_ERESTART);
    assert_int_equal(rc, 0);
}

static void domain_is_freed_with_its_last_reference(void **state)
{
    unsigned long objects = fake_heap_objects();
    unsigned long frames = frame_free_count();
    struct domain *d = world_domain_paused(5, 2);

    (void)state;
    domain_hold(d);
    kill(d);
    world_settle();
    assert_ptr_equal(domain_get(5), d); /* dead, but held */
    domain_put(d);
    assert_int_equal(atomic_load(&d->dying), DOMAIN_DEAD);
    domain_put(d);
    assert_null(domain_get(5));
    world_settle();
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(frame_free_count(), frames);
    assert_int_equal(domain_free_id(5), 5);
}

static void id_is_taken_until_the_last_reference_is_gone(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *d = world_domain_paused(5, 1);
    struct domain *other = NULL;
    uint64_t number = d->number;

    (void)state;
    domain_hold(d);
    kill(d);
    world_settle();
    assert_int_equal(domain_create(5, &config, false, &other), -XEN_EEXIST);
    domain_put(d);
    world_settle();
    assert_int_equal(domain_create(5, &config, false, &other), 0);
    assert_true(other->number > number); /* not taken for the last one */
}

static void freed_only_after_every_cpu_was_quiet(void **state)
{
    unsigned long objects = fake_heap_objects();
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *d = world_domain_paused(5, 1);
    struct domain *other;

    (void)state;
    kill(d);
    for (unsigned int cpu = 0; cpu + 1 < FAKE_CPUS; cpu++) {
        fake_set_cpu(cpu);
        softirq_run();
    }
    assert_true(fake_heap_objects() > objects);
    assert_int_equal(d->domid, 5); /* may still be looked at */
    /* Nor is its id another's: its frames say that they are of that id. */
    assert_null(domain_get(5));
    assert_int_not_equal(domain_free_id(5), 5);
    assert_int_equal(domain_create(5, &config, false, &other), -XEN_EEXIST);
    fake_set_cpu(FAKE_CPUS - 1);
    softirq_run();
    assert_int_equal(fake_heap_objects(), objects);
    assert_int_equal(domain_free_id(5), 5);
    fake_set_cpu(0);
}

static void unlinked_domain_leaves_its_chain_whole(void **state)
{
    struct domain *a = world_domain_paused(7, 1);
    struct domain *b = world_domain_paused(263, 1);
    struct domain *c = world_domain_paused(519, 1);

    (void)state;
    kill(b);
    world_settle();
    assert_ptr_equal(domain_get(7), a);
    assert_null(domain_get(263));
    assert_ptr_equal(domain_get(519), c);
}

/* -- pause ----------------------------------------------------------------- */

static void controller_pauses_are_counted(void **state)
{
    struct domain *d = world_domain_paused(5, 1);

    (void)state;
    assert_int_equal(domain_pause_by_controller(d), 0);
    assert_int_equal(domain_unpause_by_controller(d), 0);
    assert_int_equal(atomic_load(&d->pause_count), 1);
    assert_int_equal(domain_unpause_by_controller(d), 0);
    assert_int_equal(atomic_load(&d->pause_count), 0);
    assert_int_equal(domain_unpause_by_controller(d), -XEN_EINVAL);
    assert_int_equal(atomic_load(&d->pause_count), 0);
}

static void controller_cannot_undo_other_pauses(void **state)
{
    struct domain *d = world_domain_paused(5, 1);

    (void)state;
    domain_pause(d);
    assert_int_equal(domain_unpause_by_controller(d), 0);
    assert_int_equal(domain_unpause_by_controller(d), -XEN_EINVAL);
    assert_int_equal(atomic_load(&d->pause_count), 1);
}

static void controller_pauses_do_not_overflow(void **state)
{
    struct domain *d = world_domain_paused(5, 1);

    (void)state;
    atomic_store(&d->controller_pauses, INT_MAX);
    assert_int_equal(domain_pause_by_controller(d), -XEN_EOVERFLOW);
    assert_int_equal(atomic_load(&d->pause_count), 1);
}

/* -- shutdown -------------------------------------------------------------- */

static void shutdown_pauses_and_keeps_the_code(void **state)
{
    struct domain *d = world_spinner(5, 2);

    (void)state;
    world_settle();
    domain_shutdown(d, SHUTDOWN_reboot);
    assert_true(atomic_load(&d->shut_down));
    assert_int_equal(d->shutdown_code, SHUTDOWN_reboot);
    world_settle();
    assert_false(atomic_load(&d->vcpu[0]->sched.running));
    assert_false(atomic_load(&d->vcpu[1]->sched.running));
}

static void second_shutdown_changes_nothing(void **state)
{
    struct domain *d = world_spinner(5, 1);

    (void)state;
    domain_shutdown(d, SHUTDOWN_poweroff);
    domain_shutdown(d, SHUTDOWN_crash);
    assert_int_equal(d->shutdown_code, SHUTDOWN_poweroff);
    assert_int_equal(atomic_load(&d->pause_count), 1);
}

static void resumed_domain_runs_again(void **state)
{
    struct domain *d = world_spinner(5, 1);

    (void)state;
    domain_shutdown(d, SHUTDOWN_suspend);
    world_settle();
    domain_resume(d);
    world_settle();
    assert_true(atomic_load(&d->vcpu[0]->sched.running));
    assert_false(atomic_load(&d->shut_down));
    assert_int_equal(d->shutdown_code, SHUTDOWN_CODE_NONE);
    domain_shutdown(d, SHUTDOWN_crash);
    assert_int_equal(d->shutdown_code, SHUTDOWN_crash);
}

static void resume_of_a_running_domain_is_harmless(void **state)
{
    struct domain *d = world_spinner(5, 1);

    (void)state;
    domain_resume(d);
    world_settle();
    assert_int_equal(atomic_load(&d->pause_count), 0);
    assert_true(atomic_load(&d->vcpu[0]->sched.running));
}

static void crash_says_why(void **state)
{
    struct domain *d = world_spinner(5, 1);

    (void)state;
    domain_crash(d, "it broke a rule");
    assert_int_equal(d->shutdown_code, SHUTDOWN_crash);
    assert_non_null(strstr(fake_console(), "d5 crashed: it broke a rule"));
}

static void stop_dom0(void *reason)
{
    domain_shutdown(domain_dom0(), (unsigned int)(uintptr_t)reason);
}

static void dom0_takes_the_machine_with_it(void **state)
{
    static const struct {
        unsigned int asked;
        int machine;
    } cases[] = {
        {SHUTDOWN_poweroff, SHUTDOWN_poweroff},
        {SHUTDOWN_reboot, SHUTDOWN_reboot},
        {SHUTDOWN_watchdog, SHUTDOWN_reboot},
        {SHUTDOWN_crash, SHUTDOWN_crash},
        {SHUTDOWN_suspend, SHUTDOWN_crash},
        {77, SHUTDOWN_crash},
    };
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *dom0 = NULL;

    (void)state;
    assert_int_equal(domain_create(0, &config, true, &dom0), 0);
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_true(fake_catches_shutdown(stop_dom0,
                                          (void *)(uintptr_t)cases[i].asked));
        assert_int_equal(fake_shutdown_reason(), cases[i].machine);
    }
}

static void dom0_is_told_of_a_shutdown(void **state)
{
    struct domain *d = world_spinner(5, 1);
    struct vcpu *v = world_dom0->v;
    evtchn_bind_virq_t bind = {.virq = VIRQ_DOM_EXC, .vcpu = 0};
    unsigned long *pending = world_dom0->d->shared->evtchn_pending;

    (void)state;
    memcpy(world_arg(0), &bind, sizeof(bind));
    assert_int_equal(fake_hypercall(v, __HYPERVISOR_event_channel_op,
                                    EVTCHNOP_bind_virq, world_arg_va(0), 0, 0),
                     0);
    memcpy(&bind, world_arg(0), sizeof(bind));
    assert_int_equal(pending[0] >> bind.port & 1, 0);
    domain_shutdown(d, SHUTDOWN_poweroff);
    assert_int_equal(pending[0] >> bind.port & 1, 1);
    pending[0] = 0;
    kill(d);
    assert_int_equal(pending[0] >> bind.port & 1, 1);
    pending[0] = 0;
    world_settle();
    assert_int_equal(pending[0] >> bind.port & 1, 1);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(good_configuration_makes_a_paused_domain),
        CASE(bad_flags_are_refused),
        CASE(emulated_devices_are_refused),
        CASE(bad_vcpu_counts_are_refused),
        CASE(bad_grant_versions_are_refused),
        CASE(other_bad_fields_are_refused),
        CASE(reserved_ids_are_refused),
        CASE(taken_id_is_refused_without_a_leak),
        CASE(every_failed_allocation_is_undone),
        CASE(failed_vcpu_creation_is_undone),
        CASE(get_takes_a_reference),
        CASE(ids_of_one_hash_chain_are_told_apart),
        CASE(walk_goes_by_id),
        CASE(free_id_is_the_lowest_from_there),
        CASE(special_domains_exist),
        CASE(target_follows_privilege),
        CASE(domain_is_freed_with_its_last_reference),
        CASE(id_is_taken_until_the_last_reference_is_gone),
        CASE(freed_only_after_every_cpu_was_quiet),
        CASE(unlinked_domain_leaves_its_chain_whole),
        CASE(controller_pauses_are_counted),
        CASE(controller_cannot_undo_other_pauses),
        CASE(controller_pauses_do_not_overflow),
        CASE(shutdown_pauses_and_keeps_the_code),
        CASE(second_shutdown_changes_nothing),
        CASE(resumed_domain_runs_again),
        CASE(resume_of_a_running_domain_is_harmless),
        CASE(crash_says_why),
        CASE(dom0_takes_the_machine_with_it),
        cmocka_unit_test_setup_teardown(dom0_is_told_of_a_shutdown,
                                        world_dom0_setup, world_dom0_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
