/* SPDX-License-Identifier: MIT */
/*
 * sysctl about CPUs: their states, topology, pools and features
 * (hypercall/sysctl*.c, sched/topology.c).
 */
#include "fake_world.h"

#include <string.h>

#include "control.h"
#include "cpu_policy.h"
#include "hypercall.h"
#include "sched.h"
#include "topology.h"

#define DATA_PFN 2U

static void *data(void)
{
    return fake_page(world_dom0, DATA_PFN);
}

static unsigned long data_va(void)
{
    return fake_va(DATA_PFN);
}

/* -- states of CPUs and pages ---------------------------------------------- */

static void idle_states_are_told(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_get_pmstat);
    struct xen_sysctl_get_pmstat *request = &op.u.get_pmstat;
    const uint64_t *spent = data();

    (void)state;
    request->type = PMSTAT_get_max_cx;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->u.getcx.nr, 2);
    request->type = PMSTAT_get_cxstat;
    request->u.getcx.residencies.p = (uint64_t *)data_va();
    request->u.getcx.triggers.p = (uint64_t *)(data_va() + 64);
    request->u.getcx.nr = 99;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->u.getcx.nr, 2);
    assert_int_equal(spent[1], request->u.getcx.idle_time);
    assert_int_equal(spent[0] + spent[1], machine_now_ns());
    request->u.getcx.triggers.p = (uint64_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
    request->type = PMSTAT_get_max_px;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->type = 99;
    assert_int_equal(world_sysctl(&op), -XEN_ENODEV);
    request->cpuid = 99999;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
}

static long pm_op(uint32_t cmd, uint32_t cpu, uint32_t value)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_pm_op);

    op.u.pm_op.cmd = cmd;
    op.u.pm_op.cpuid = cpu;
    op.u.pm_op.u.set_max_cstate = value;
    return world_sysctl(&op);
}

static void there_is_no_frequency_driver(void **state)
{
    (void)state;
    assert_int_equal(pm_op(GET_CPUFREQ_PARA, 0, 0), -XEN_EINVAL);
    assert_int_equal(pm_op(GET_CPUFREQ_AVGFREQ, 0, 0), -XEN_EINVAL);
    assert_int_equal(pm_op(XEN_SYSCTL_pm_op_get_max_cstate, 0, 0), 0);
    assert_int_equal(pm_op(XEN_SYSCTL_pm_op_get_max_cstate, 999, 0),
                     -XEN_EINVAL);
    assert_int_equal(pm_op(XEN_SYSCTL_pm_op_set_max_cstate, 0, 3), 0);
    assert_int_equal(pm_op(XEN_SYSCTL_pm_op_set_max_cstate, 0, 0),
                     -XEN_EOPNOTSUPP);
    assert_int_equal(pm_op(0x99, 0, 0), -XEN_ENOSYS);
}

static void cpus_and_pages_stay(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_cpu_hotplug);
    const uint32_t *status = data();

    (void)state;
    assert_int_equal(world_sysctl(&op), -XEN_EEXIST); /* CPU 0 is online */
    op.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op.u.cpu_hotplug.cpu = 1;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
    op.u.cpu_hotplug.cpu = 99999;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op.u.cpu_hotplug.op = 99;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
    op = world_sys(XEN_SYSCTL_page_offline_op);
    op.u.page_offline.cmd = sysctl_query_page_offline;
    op.u.page_offline.start = 5;
    op.u.page_offline.end = 6;
    op.u.page_offline.status.p = (uint32_t *)data_va();
    *(uint32_t *)data() = 77;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(status[0], 0);
    op.u.page_offline.start = 7;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op.u.page_offline.end = 0xffffffff;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op.u.page_offline.end = 7;
    op.u.page_offline.cmd = sysctl_page_offline;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
}

/* -- topology -------------------------------------------------------------- */

/* Two threads, four cores a socket by leaf 0xb: ids are ssccct. */
static void topology_comes_from_apic_ids(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_cputopoinfo);
    const xen_sysctl_cputopo_t *topo = data();

    (void)state;
    fake_set_cpuid(0, 0, (struct cpuid_result){0xb, 0, 0, 0});
    fake_set_cpuid(0xb, 0, (struct cpuid_result){1, 2, 0x100, 0});
    fake_set_cpuid(0xb, 1, (struct cpuid_result){4, 8, 0x201, 0});
    cpu_policy_init_default();
    core_cpus[0]->apic_id = 0x00;
    core_cpus[1]->apic_id = 0x01;
    core_cpus[2]->apic_id = 0x06;
    core_cpus[3]->apic_id = 0x10;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.cputopoinfo.num_cpus, FAKE_CPUS);
    op.u.cputopoinfo.cputopo.p = (xen_sysctl_cputopo_t *)data_va();
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(topo[0].core, 0);
    assert_int_equal(topo[1].core, 0);
    assert_int_equal(topo[2].core, 3);
    assert_int_equal(topo[2].socket, 0);
    assert_int_equal(topo[3].core, 0);
    assert_int_equal(topo[3].socket, 1);
    assert_int_equal(topo[3].node, 0);
    assert_int_equal(topology_threads_per_core(), 2);
    op.u.cputopoinfo.num_cpus = 2;
    memset(data(), 0xee, PAGE_BYTES);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.cputopoinfo.num_cpus, FAKE_CPUS);
    assert_int_equal(topo[1].node, 0);
    assert_int_equal(topo[2].node, 0xeeeeeeee);
    op.u.cputopoinfo.cputopo.p = (xen_sysctl_cputopo_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

/* Without leaf 0xb: 4 cores by leaf 4, no threads. */
static void topology_of_older_processors(void **state)
{
    (void)state;
    fake_set_cpuid(0, 0, (struct cpuid_result){4, 0, 0, 0});
    fake_set_cpuid(1, 0, (struct cpuid_result){0, 4U << 16, 0, 1U << 28});
    fake_set_cpuid(4, 0, (struct cpuid_result){3U << 26 | 0x121, 0, 0, 0});
    cpu_policy_init_default();
    for (uint32_t i = 0; i < FAKE_CPUS; i++) {
        core_cpus[i]->apic_id = i;
    }
    assert_int_equal(topology_threads_per_core(), 1);
    assert_int_equal(topology_cores_per_socket(), 4);
    assert_int_equal(topology_core(3), 3);
    assert_int_equal(topology_socket(3), 0);
    core_cpus[3]->apic_id = 4;
    assert_int_equal(topology_core(3), 0);
    assert_int_equal(topology_socket(3), 1);
}

static void there_is_one_node(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_numainfo);
    const xen_sysctl_meminfo_t *info = data();
    const uint32_t *distance = (const uint32_t *)(info + 1);

    (void)state;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.numainfo.num_nodes, 1);
    op.u.numainfo.meminfo.p = (xen_sysctl_meminfo_t *)data_va();
    op.u.numainfo.distance.p =
        (uint32_t *)(data_va() + sizeof(xen_sysctl_meminfo_t));
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(info->memsize, (uint64_t)frame_total_count()
                                        << PAGE_SHIFT);
    assert_int_equal(info->memfree, (uint64_t)frame_free_count() << PAGE_SHIFT);
    assert_int_equal(*distance, 10);
    op.u.numainfo.meminfo.p = (xen_sysctl_meminfo_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
    op.u.numainfo.meminfo.p = NULL;
    op.u.numainfo.distance.p = (uint32_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

static void devices_are_near_no_node_known(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_pcitopoinfo);
    const uint32_t *nodes = data();

    (void)state;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op.u.pcitopoinfo.devs.p = (physdev_pci_device_t *)world_arg_va(512);
    op.u.pcitopoinfo.nodes.p = (uint32_t *)data_va();
    op.u.pcitopoinfo.num_devs = 2;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(nodes[1], XEN_INVALID_DEV);
    op.u.pcitopoinfo.num_devs = 0xffffffff;
    assert_int_equal(world_sysctl(&op), -XEN_E2BIG);
    op.u.pcitopoinfo.num_devs = 1;
    op.u.pcitopoinfo.nodes.p = (uint32_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

/* -- pools and scheduler --------------------------------------------------- */

static struct xen_sysctl pool_op(uint32_t op_number, uint32_t pool)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_cpupool_op);

    op.u.cpupool_op.op = op_number;
    op.u.cpupool_op.cpupool_id = pool;
    op.u.cpupool_op.cpumap.nr_bits = 16;
    op.u.cpupool_op.cpumap.bitmap.p = (uint8_t *)data_va();
    return op;
}

static long pool(uint32_t op_number, uint32_t id)
{
    struct xen_sysctl op = pool_op(op_number, id);

    return world_sysctl(&op);
}

static void pool_0_has_everything(void **state)
{
    struct xen_sysctl op = pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 0);
    const uint8_t *map = data();

    (void)state;
    (void)world_domain_paused(7, 1);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.cpupool_op.cpupool_id, 0);
    assert_int_equal(op.u.cpupool_op.sched_id, XEN_SCHEDULER_CREDIT2);
    assert_int_equal(op.u.cpupool_op.n_dom, 2);
    assert_int_equal(map[0], (1U << FAKE_CPUS) - 1);
    assert_int_equal(map[1], 0);
    assert_int_equal(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1), -XEN_ENOENT);
    op = pool_op(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(map[0], 0);
}

static void ratelimit_is_read_and_set(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_scheduler_op);
    struct xen_sysctl_scheduler_op *request = &op.u.scheduler_op;

    (void)state;
    request->sched_id = XEN_SCHEDULER_CREDIT;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->sched_id = XEN_SCHEDULER_CREDIT2;
    request->cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->u.sched_credit2.ratelimit_us, 1000);
    request->cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    request->u.sched_credit2.ratelimit_us = 2000;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(sched_get_ratelimit_us(), 2000);
    request->u.sched_credit2.ratelimit_us = 1;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->cmd = 7;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->cpupool_id = 1;
    assert_int_equal(world_sysctl(&op), -XEN_ESRCH);
}

/* -- processor ------------------------------------------------------------- */

static void feature_sets_come_by_index(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_get_cpu_featureset);
    struct xen_sysctl_cpu_featureset *request = &op.u.cpu_featureset;
    uint32_t words[CPU_FEATURE_WORDS];

    (void)state;
    fake_set_cpuid(0, 0, (struct cpuid_result){1, 0, 0, 0});
    fake_set_cpuid(1, 0, (struct cpuid_result){0, 0, 0x2201, 0x178bfbff});
    cpu_policy_init_default();
    request->index = XEN_SYSCTL_cpu_featureset_pv;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->nr_features, CPU_FEATURE_WORDS);
    request->features.p = (uint32_t *)data_va();
    assert_int_equal(world_sysctl(&op), 0);
    cpu_policy_features(cpu_policy_get(CPU_POLICY_PV_DEFAULT), words);
    assert_memory_equal(data(), words, sizeof(words));
    request->nr_features = 2;
    memset(data(), 0xff, 64);
    assert_int_equal(world_sysctl(&op), -XEN_ENOBUFS);
    assert_int_equal(request->nr_features, 2);
    assert_int_equal(((uint32_t *)data())[2], 0xffffffff);
    request->nr_features = 100;
    request->index = XEN_SYSCTL_cpu_featureset_host;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->nr_features, CPU_FEATURE_WORDS);
    request->index = XEN_SYSCTL_cpu_featureset_hvm;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
    request->index = 6;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->index = 0;
    request->features.p = (uint32_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

static void policies_come_by_index(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_get_cpu_policy);
    struct xen_sysctl_cpu_policy *request = &op.u.cpu_policy;

    (void)state;
    cpu_policy_init_default();
    request->index = XEN_SYSCTL_cpu_policy_host;
    assert_int_equal(world_sysctl(&op), 0);
    assert_true(request->nr_leaves > 0);
    assert_int_equal(request->nr_msrs, 2);
    request->leaves.p = (xen_cpuid_leaf_t *)data_va();
    request->nr_leaves = 0;
    assert_int_equal(world_sysctl(&op), -XEN_ENOBUFS);
    request->index = XEN_SYSCTL_cpu_policy_hvm_max;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
    request->index = 6;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->index = 0;
    request->_rsvd = 1;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    op = world_sys(XEN_SYSCTL_get_cpu_levelling_caps);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.cpu_levelling_caps.caps, 0);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(idle_states_are_told),
        CASE(there_is_no_frequency_driver),
        CASE(cpus_and_pages_stay),
        CASE(topology_comes_from_apic_ids),
        CASE(topology_of_older_processors),
        CASE(there_is_one_node),
        CASE(devices_are_near_no_node_known),
        CASE(pool_0_has_everything),
        CASE(ratelimit_is_read_and_set),
        CASE(feature_sets_come_by_index),
        CASE(policies_come_by_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
