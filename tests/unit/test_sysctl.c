/* SPDX-License-Identifier: MIT */
/*
 * sysctl: each command and its errors (hypercall/sysctl*.c,
 * sched/topology.c).
 */
#include "fake_world.h"

#include <string.h>

#include "control.h"
#include "cpu_policy.h"
#include "hypercall.h"
#include "perf.h"
#include "printk.h"
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

/* -- dispatch -------------------------------------------------------------- */

static void only_dom0_and_only_this_interface(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_sched_id);

    (void)state;
    world_dom0->d->privileged = false;
    assert_int_equal(world_sysctl(&op), -XEN_EPERM);
    world_dom0->d->privileged = true;
    op.interface_version++;
    assert_int_equal(world_sysctl(&op), -XEN_EACCES);
    assert_int_equal(fake_hypercall(world_dom0->v, __HYPERVISOR_sysctl,
                                    WORLD_BAD_VA, 0, 0, 0),
                     -XEN_EFAULT);
}

static void unknown_commands_are_enosys(void **state)
{
    static const uint32_t unknown[] = {0, 13, 24, 28, 30, 0xffffffff};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(unknown); i++) {
        struct xen_sysctl op = world_sys(unknown[i]);

        assert_int_equal(world_sysctl(&op), -XEN_ENOSYS);
    }
}

static void commands_not_offered_have_their_errno(void **state)
{
    static const struct {
        uint32_t cmd;
        int error;
    } cases[] = {
#define X(name, back)
#define N(name, error_) {XEN_SYSCTL_##name, error_},
        SYSCTL_LIST(X, N)
#undef X
#undef N
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        struct xen_sysctl op = world_sys(cases[i].cmd);

        assert_int_equal(world_sysctl(&op), -cases[i].error);
    }
}

/* -- console --------------------------------------------------------------- */

static struct xen_sysctl console_op(uint32_t count)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_readconsole);

    op.u.readconsole.buffer.p = (char *)data_va();
    op.u.readconsole.count = count;
    return op;
}

static void console_ring_is_read_in_pieces(void **state)
{
    struct xen_sysctl op;
    uint32_t length;

    (void)state;
    for (unsigned int i = 0; i < 40; i++) {
        printk(LOG_INFO | LOG_ALWAYS, "line %u of the log\n", i);
    }
    length = (uint32_t)strlen(fake_console());
    assert_true(length > 600 && length < PAGE_BYTES);
    op = console_op(PAGE_BYTES);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.readconsole.count, length);
    assert_memory_equal(data(), fake_console(), length);
    op = console_op(100);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.readconsole.count, 100);
    op.u.readconsole.incremental = 1;
    op.u.readconsole.count = 300;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.readconsole.count, 300);
    assert_memory_equal(data(), fake_console() + 100, 300);
    op = console_op(10);
    op.u.readconsole.buffer.p = (char *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

/* -- domains --------------------------------------------------------------- */

static struct xen_sysctl list_op(domid_t first, uint32_t max)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_getdomaininfolist);

    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = max;
    op.u.getdomaininfolist.buffer.p = (xen_domctl_getdomaininfo_t *)data_va();
    return op;
}

static void domains_are_listed_by_id(void **state)
{
    const struct xen_domctl_getdomaininfo *info = data();
    struct xen_sysctl op = list_op(0, 10);

    (void)state;
    (void)world_domain_paused(7, 2);
    (void)world_domain_paused(3, 1);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.getdomaininfolist.num_domains, 3);
    assert_int_equal(info[0].domain, 0);
    assert_int_equal(info[1].domain, 3);
    assert_int_equal(info[2].domain, 7);
    assert_int_equal(info[2].max_vcpu_id, 1);
    assert_true(info[2].flags & XEN_DOMINF_paused);
    op = list_op(4, 10);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.getdomaininfolist.num_domains, 1);
    op = list_op(0, 2);
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.getdomaininfolist.num_domains, 2);
    op = list_op(0, 1);
    op.u.getdomaininfolist.buffer.p =
        (xen_domctl_getdomaininfo_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

/* -- machine --------------------------------------------------------------- */

static void physinfo_is_sane(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_physinfo);
    const struct xen_sysctl_physinfo *info = &op.u.physinfo;

    (void)state;
    assert_int_equal(world_sysctl(&op), 0);
    assert_true(info->threads_per_core >= 1);
    assert_true(info->cores_per_socket >= 1);
    assert_int_equal(info->nr_cpus, FAKE_CPUS);
    assert_int_equal(info->max_cpu_id, FAKE_CPUS - 1);
    assert_int_equal(info->nr_nodes, 1);
    assert_int_equal(info->max_node_id, 0);
    assert_int_equal(info->cpu_khz, machine_tsc_khz());
    assert_int_equal(info->capabilities, XEN_SYSCTL_PHYSCAP_pv |
                                             XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                                             XEN_SYSCTL_PHYSCAP_gnttab_v2);
    assert_int_equal(info->total_pages, frame_total_count());
    assert_int_equal(info->free_pages, frame_free_count());
    assert_int_equal(info->max_mfn, frame_max_mfn() - 1);
}

static void scheduler_is_credit2(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_sched_id);

    (void)state;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
}

static void idle_times_are_told(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_getcpuinfo);
    const xen_sysctl_cpuinfo_t *info = data();

    (void)state;
    memset(data(), 0xff, PAGE_BYTES);
    fake_advance(5 * WORLD_MS);
    op.u.getcpuinfo.max_cpus = 100;
    op.u.getcpuinfo.info.p = (xen_sysctl_cpuinfo_t *)data_va();
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.getcpuinfo.nr_cpus, FAKE_CPUS);
    assert_int_equal(info[3].idletime, sched_idle_time_ns(3));
    assert_true(info[3].idletime >= 5 * WORLD_MS);
    assert_int_equal(info[4].idletime, ~0ULL);
    op.u.getcpuinfo.max_cpus = 2;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.getcpuinfo.nr_cpus, 2);
    op.u.getcpuinfo.info.p = (xen_sysctl_cpuinfo_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

static void free_heap_is_told(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_availheap);

    (void)state;
    op.u.availheap.node = -1;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.availheap.avail_bytes, (uint64_t)frame_free_count()
                                                     << PAGE_SHIFT);
    op.u.availheap.node = 1;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(op.u.availheap.avail_bytes, 0);
    op.u.availheap.node = 0;
    op.u.availheap.max_bitwidth = 32;
    assert_int_equal(world_sysctl(&op), -XEN_EOPNOTSUPP);
}

/* -- seeing inside --------------------------------------------------------- */

static void counters_are_read_and_reset(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_perfc_op);
    struct xen_sysctl_perfc_op *request = &op.u.perfc_op;
    const xen_sysctl_perfc_desc_t *desc = data();
    const xen_sysctl_perfc_val_t *val = fake_page(world_dom0, DATA_PFN + 1);
    unsigned int counters = PERF_COUNT - PERF_HYPERCALLS + 1;

    (void)state;
    assert_int_equal(world_sysctl(&op), -XEN_EINVAL);
    request->cmd = XEN_SYSCTL_PERFCOP_reset;
    assert_int_equal(world_sysctl(&op), 0);
    assert_int_equal(request->nr_counters, counters);
    assert_int_equal(request->nr_vals,
                     PERF_HYPERCALLS + (counters - 1) * FAKE_CPUS);
    core_cpus[2]->counters[PERF_PAGE_FAULTS] = 9;
    core_cpus[3]->counters[__HYPERVISOR_sysctl] = 100;
    request->cmd = XEN_SYSCTL_PERFCOP_query;
    request->desc.p = (xen_sysctl_perfc_desc_t *)data_va();
    request->val.p = (xen_sysctl_perfc_val_t *)fake_va(DATA_PFN + 1);
    assert_int_equal(world_sysctl(&op), 0);
    assert_string_equal(desc[0].name, "hypercalls");
    assert_int_equal(desc[0].nr_vals, PERF_HYPERCALLS);
    assert_string_equal(desc[2].name, "page faults");
    assert_int_equal(desc[2].nr_vals, FAKE_CPUS);
    assert_int_equal(val[__HYPERVISOR_sysctl], 101);
    assert_int_equal(val[PERF_HYPERCALLS + FAKE_CPUS + 2], 9);
    request->val.p = (xen_sysctl_perfc_val_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
    request->desc.p = (xen_sysctl_perfc_desc_t *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

static void keys_answer_on_the_console(void **state)
{
    struct xen_sysctl op = world_sys(XEN_SYSCTL_debug_keys);

    (void)state;
    (void)world_domain_paused(7, 2);
    memcpy(data(), "hqrma!", 7);
    op.u.debug_keys.keys.p = (char *)data_va();
    op.u.debug_keys.nr_keys = 6;
    assert_int_equal(world_sysctl(&op), 0);
    assert_non_null(strstr(fake_console(), "'q': domains"));
    assert_non_null(strstr(fake_console(), "d7: references"));
    assert_non_null(strstr(fake_console(), "vCPU1: CPU 0"));
    assert_non_null(strstr(fake_console(), "CPU 3: 0 waiting"));
    assert_non_null(strstr(fake_console(), "frames: "));
    assert_non_null(strstr(fake_console(), "audit: 0 violations"));
    assert_non_null(strstr(fake_console(), "no debug key '!'"));
    op.u.debug_keys.keys.p = (char *)WORLD_BAD_VA;
    assert_int_equal(world_sysctl(&op), -XEN_EFAULT);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_dom0_and_only_this_interface),
        CASE(unknown_commands_are_enosys),
        CASE(commands_not_offered_have_their_errno),
        CASE(console_ring_is_read_in_pieces),
        CASE(domains_are_listed_by_id),
        CASE(physinfo_is_sane),
        CASE(scheduler_is_credit2),
        CASE(idle_times_are_told),
        CASE(free_heap_is_told),
        CASE(counters_are_read_and_reset),
        CASE(keys_answer_on_the_console),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
