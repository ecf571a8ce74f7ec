/* SPDX-License-Identifier: MIT */
/*
 * Pools of CPUs, by sysctl as the tools make them, in simulated time
 * (sched/cpupool.c, hypercall/sysctl_pool.c).
 */
#include "fake_world.h"

#include "sched.h"

#define STEP 50000ULL
#define MAP  1024U /* in the argument page */

static long pool_op(struct xen_sysctl *op, uint32_t number, uint32_t id)
{
    op->cmd = XEN_SYSCTL_cpupool_op;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op->u.cpupool_op.op = number;
    op->u.cpupool_op.cpupool_id = id;
    op->u.cpupool_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op->u.cpupool_op.cpumap.nr_bits = 8;
    op->u.cpupool_op.cpumap.bitmap.p = (uint8_t *)world_arg_va(MAP);
    return world_sysctl(op);
}

static long with_cpu(uint32_t number, uint32_t id, uint32_t cpu)
{
    struct xen_sysctl op = {.u.cpupool_op.cpu = cpu};

    return pool_op(&op, number, id);
}

static long create(uint32_t id)
{
    return with_cpu(XEN_SYSCTL_CPUPOOL_OP_CREATE, id, 0);
}

static long add(uint32_t id, uint32_t cpu)
{
    return with_cpu(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu);
}

static long take(uint32_t id, uint32_t cpu)
{
    return with_cpu(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu);
}

static long move(uint32_t domid, uint32_t id)
{
    struct xen_sysctl op = {.u.cpupool_op.domid = domid};

    return pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, id);
}

/* CPUs of the first pool at or after @id, or of none: the map's first byte. */
static unsigned int cpus_of(uint32_t number, uint32_t id)
{
    struct xen_sysctl op = {0};

    assert_int_equal(pool_op(&op, number, id), 0);
    return *(uint8_t *)world_arg(MAP);
}

/* Pool 1 has CPUs 2 and 3. */
static void make_pool_1(void)
{
    assert_int_equal(take(0, 2), 0);
    assert_int_equal(take(0, 3), 0);
    assert_int_equal(create(1), 0);
    assert_int_equal(add(1, 2), 0);
    assert_int_equal(add(1, 3), 0);
}

static void pools_come_and_go(void **state)
{
    struct xen_sysctl op = {0};

    (void)state;
    assert_int_equal(create(0), -XEN_EEXIST);
    assert_int_equal(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_CREATE, CPUPOOL_NONE),
                     0);
    assert_int_equal(op.u.cpupool_op.cpupool_id, 1);
    assert_int_equal(create(9), 0);
    assert_int_equal(create(4), 0);
    assert_int_equal(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_INFO, 5), 0);
    assert_int_equal(op.u.cpupool_op.cpupool_id, 9);
    assert_int_equal(op.u.cpupool_op.n_dom, 0);
    assert_int_equal(with_cpu(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 9, 0), 0);
    assert_int_equal(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_INFO, 5), -XEN_ENOENT);
    assert_int_equal(with_cpu(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 9, 0),
                     -XEN_ENOENT);
    assert_int_equal(with_cpu(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0), -XEN_EBUSY);
    assert_int_equal(with_cpu(99, 0, 0), -XEN_ENOSYS);
}

static void only_so_many_pools(void **state)
{
    unsigned int count = 0;

    (void)state;
    while (create(CPUPOOL_NONE) == 0) {
        assert_true(count++ < 1000);
    }
    assert_int_equal(create(CPUPOOL_NONE), -XEN_ENOMEM);
}

static void cpus_are_free_before_they_are_in_a_pool(void **state)
{
    (void)state;
    assert_int_equal(cpus_of(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0), 0);
    assert_int_equal(create(1), 0);
    assert_int_equal(add(1, 2), -XEN_ENODEV);
    assert_int_equal(take(0, 2), 0);
    assert_int_equal(take(0, 2), -XEN_ENODEV);
    assert_int_equal(cpus_of(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0), 4);
    assert_int_equal(add(7, 2), -XEN_ENOENT);
    assert_int_equal(add(1, 2), 0);
    assert_int_equal(cpus_of(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), 0xb);
    assert_int_equal(cpus_of(XEN_SYSCTL_CPUPOOL_OP_INFO, 1), 4);
    assert_int_equal(with_cpu(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0), -XEN_EBUSY);
    assert_int_equal(take(1, CPUPOOL_NONE), 0); /* any: the last */
    assert_int_equal(add(0, CPUPOOL_NONE), 0);
    assert_int_equal(add(0, CPUPOOL_NONE), -XEN_ENODEV); /* none is free */
    assert_int_equal(add(0, 99999), -XEN_EINVAL);
    assert_int_equal(take(0, 99999), -XEN_EINVAL);
    assert_int_equal(take(7, 1), -XEN_ENOENT);
}

/* dom0 does not run meanwhile: no calls of its. */
static void a_domain_runs_in_its_pool_only(void **state)
{
    struct domain *d = world_spinner(5, 2);

    (void)state;
    make_pool_1();
    world_settle();
    assert_int_equal(cpupool_move_domain(d, 1), 0);
    assert_int_equal(cpupool_domain_count(1), 1);
    world_run(20 * WORLD_MS, STEP);
    assert_true(core_cpus[2]->current->domain == d);
    assert_true(core_cpus[3]->current->domain == d);
    assert_true(core_cpus[0]->current->domain != d);
    assert_true(core_cpus[1]->current->domain != d);
    /* One CPU less: both share the other. */
    assert_int_equal(cpupool_remove_cpu(1, 3), 0);
    world_run(20 * WORLD_MS, STEP);
    assert_true(core_cpus[2]->current->domain == d);
    assert_true(core_cpus[3]->current->domain->is_idle);
    assert_int_equal(cpupool_remove_cpu(1, 2), -XEN_EBUSY);
    assert_int_equal(cpupool_move_domain(d, 0), 0);
    world_run(20 * WORLD_MS, STEP);
    assert_true(core_cpus[2]->current->domain->is_idle);
    assert_int_equal(cpupool_remove_cpu(1, 2), 0);
    assert_int_equal(cpupool_destroy(1), 0);
}

static void bad_moves_are_refused(void **state)
{
    struct domain *d = world_domain_paused(5, 1);

    (void)state;
    assert_int_equal(create(1), 0);
    assert_int_equal(move(5, 1), -XEN_ENOENT); /* has no CPU */
    assert_int_equal(move(5, 7), -XEN_ENOENT);
    assert_int_equal(move(5, 0), 0);
    assert_int_equal(move(6, 0), -XEN_ESRCH);
    assert_int_equal(move(0, 0), -XEN_EPERM); /* oneself */
    assert_int_equal(move(0x10005, 0), -XEN_ESRCH);
    assert_int_equal(take(0, 3), 0);
    assert_int_equal(add(1, 3), 0);
    assert_int_equal(sched_pin_override(d->vcpu[0], 3), -XEN_EINVAL);
    assert_int_equal(sched_pin_override(d->vcpu[0], 2), 0);
    assert_int_equal(move(5, 1), -XEN_EBUSY);
    assert_int_equal(take(0, 2), -XEN_EADDRNOTAVAIL);
    assert_int_equal(sched_pin_override(d->vcpu[0], -1), 0);
    assert_int_equal(move(5, 1), 0);
}

static void affinities_stay_inside_the_pool(void **state)
{
    struct domain *d = world_domain_paused(5, 1);
    struct cpumask hard;
    struct cpumask soft;

    (void)state;
    make_pool_1();
    cpumask_clear_all(&hard);
    cpumask_set(&hard, 3);
    assert_int_equal(sched_set_affinity(d->vcpu[0], &hard, NULL), -XEN_EINVAL);
    assert_int_equal(move(5, 1), 0);
    assert_int_equal(sched_set_affinity(d->vcpu[0], &hard, NULL), 0);
    /* Its only CPU goes: it may use the others. */
    assert_int_equal(take(1, 3), 0);
    sched_get_affinity(d->vcpu[0], &hard, &soft);
    assert_true(cpumask_test(&hard, 2));
}

static void domains_are_born_in_a_pool(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *d = NULL;

    (void)state;
    config.cpupool_id = 1;
    assert_int_equal(domain_create(5, &config, false, &d), -XEN_ESRCH);
    config.cpupool_id = CPUPOOL_NONE;
    assert_int_equal(domain_create(5, &config, false, &d), -XEN_ESRCH);
    make_pool_1();
    assert_int_equal(create(7), 0);
    config.cpupool_id = 7; /* has no CPU */
    assert_int_equal(domain_create(5, &config, false, &d), -XEN_ENODEV);
    config.cpupool_id = 1;
    assert_int_equal(domain_create(5, &config, false, &d), 0);
    assert_false(cpupool_allows(d, 0));
    assert_true(cpupool_allows(d, 2));
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pools_come_and_go),
        CASE(only_so_many_pools),
        CASE(cpus_are_free_before_they_are_in_a_pool),
        CASE(a_domain_runs_in_its_pool_only),
        CASE(bad_moves_are_refused),
        CASE(affinities_stay_inside_the_pool),
        CASE(domains_are_born_in_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
