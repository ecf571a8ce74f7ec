/* SPDX-License-Identifier: MIT */
/*
 * domctl: what a guest sees and may touch (hypercall/domctl_config.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "cpu_policy.h"
#include "hypercall.h"
#include "pirq.h"

static struct domain *guest;

static int setup(void **state)
{
    (void)world_dom0_setup(state);
    guest = world_domain_paused(5, 3);
    return 0;
}

static void tsc_info_goes_in_and_out(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_settscinfo, 5);

    (void)state;
    op.u.tsc_info.tsc_mode = 1;
    op.u.tsc_info.elapsed_nsec = 1000000;
    op.u.tsc_info.incarnation = 3;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(guest->vtsc);
    fake_advance(500);
    op = world_op(XEN_DOMCTL_gettscinfo, 5);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.tsc_info.tsc_mode, 1);
    assert_int_equal(op.u.tsc_info.gtsc_khz, machine_tsc_khz());
    assert_int_equal(op.u.tsc_info.incarnation, 4);
    assert_int_equal(op.u.tsc_info.elapsed_nsec, 1000500);
}

static void tsc_is_trapped_when_it_must_be(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_settscinfo, 5);

    (void)state;
    assert_int_equal(world_domctl(&op), 0);
    assert_false(guest->vtsc);
    op.u.tsc_info.gtsc_khz = machine_tsc_khz() + 1;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(guest->vtsc);
    op.u.tsc_info.tsc_mode = 2;
    assert_int_equal(world_domctl(&op), 0);
    assert_false(guest->vtsc);
    op.u.tsc_info.tsc_mode = 3;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.tsc_info.tsc_mode = 0;
    op.domain = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.cmd = XEN_DOMCTL_gettscinfo;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

static void hypercall_page_is_filled(void **state)
{
    static const uint8_t call_12[] = {0x51, 0x41, 0x53, 0xb8, 12,
                                      0,    0,    0,    0x0f, 0x05,
                                      0x41, 0x5b, 0x59, 0xc3, 0xcc};
    static const uint8_t call_iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23,
                                        0,    0,    0,    0x0f, 0x05, 0xcc};
    struct xen_domctl op = world_op(XEN_DOMCTL_hypercall_init, 0);
    const uint8_t *page = fake_page(world_dom0, 2);

    (void)state;
    op.u.hypercall_init.gmfn = world_dom0->mfn[2].number;
    assert_int_equal(world_domctl(&op), 0);
    assert_memory_equal(page + 12UL * 32, call_12, sizeof(call_12));
    assert_memory_equal(page + 23UL * 32, call_iret, sizeof(call_iret));
    op.u.hypercall_init.gmfn = world_dom0->mfn[world_dom0->first_table].number;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.hypercall_init.gmfn = FAKE_MMIO_MFN;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.hypercall_init.gmfn = ~0ULL;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

/* -- rights ---------------------------------------------------------------- */

static void dom0_passes_on_only_what_it_has(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_iomem_permission, 5);

    (void)state;
    assert_int_equal(rangeset_add(&world_dom0->d->iomem, 0xf0000, 0xf00ff), 0);
    op.u.iomem_permission.first_mfn = 0xf0010;
    op.u.iomem_permission.nr_mfns = 4;
    op.u.iomem_permission.allow_access = 1;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(rangeset_contains(&guest->iomem, 0xf0010, 0xf0013));
    assert_false(rangeset_contains(&guest->iomem, 0xf0014, 0xf0014));
    op.u.iomem_permission.nr_mfns = 0x1000;
    assert_int_equal(world_domctl(&op), -XEN_EPERM);
    op.u.iomem_permission.nr_mfns = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.iomem_permission.nr_mfns = ~0ULL;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.iomem_permission.nr_mfns = 2;
    op.u.iomem_permission.allow_access = 0;
    assert_int_equal(world_domctl(&op), 0);
    assert_false(rangeset_contains(&guest->iomem, 0xf0010, 0xf0010));
    assert_true(rangeset_contains(&guest->iomem, 0xf0012, 0xf0013));
}

static void ports_are_checked(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_ioport_permission, 5);

    (void)state;
    assert_int_equal(rangeset_add(&world_dom0->d->ioports, 0, 0xffff), 0);
    op.u.ioport_permission.first_port = 0x1f0;
    op.u.ioport_permission.nr_ports = 8;
    op.u.ioport_permission.allow_access = 1;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(rangeset_contains(&guest->ioports, 0x1f0, 0x1f7));
    op.u.ioport_permission.nr_ports = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.ioport_permission.first_port = 0xffff;
    op.u.ioport_permission.nr_ports = 2;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.ioport_permission.first_port = 0xffffffff;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.ioport_permission.first_port = 0xffff;
    op.u.ioport_permission.nr_ports = 1;
    assert_int_equal(world_domctl(&op), 0);
}

static void interrupts_are_checked(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_irq_permission, 5);
    unsigned int pirq = PIRQ_ANY;

    (void)state;
    op.u.irq_permission.pirq = 9;
    op.u.irq_permission.allow_access = 1;
    assert_int_equal(world_domctl(&op), -XEN_EPERM);
    assert_int_equal(rangeset_add(&world_dom0->d->irqs, 0, 23), 0);
    assert_int_equal(world_domctl(&op), -XEN_EPERM); /* no pirq yet */
    assert_int_equal(pirq_map_gsi(world_dom0->d, world_dom0->d, 9, &pirq), 0);
    op.u.irq_permission.pirq = pirq;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(rangeset_contains(&guest->irqs, 9, 9));
    op.u.irq_permission.allow_access = 0;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(rangeset_empty(&guest->irqs));
}

/* -- policy ---------------------------------------------------------------- */

static struct xen_domctl policy_op(uint32_t cmd, uint32_t leaves, uint32_t msrs)
{
    struct xen_domctl op = world_op(cmd, 5);

    op.u.cpu_policy.nr_leaves = leaves;
    op.u.cpu_policy.nr_msrs = msrs;
    op.u.cpu_policy.leaves.p = (xen_cpuid_leaf_t *)fake_va(1);
    op.u.cpu_policy.msrs.p = (xen_msr_entry_t *)fake_va(2);
    return op;
}

static int policy_setup(void **state)
{
    (void)setup(state);
    fake_set_cpuid(
        0, 0, (struct cpuid_result){0xd, 0x756e6547, 0x6c65746e, 0x49656e69});
    fake_set_cpuid(1, 0,
                   (struct cpuid_result){0x106a3, 0, 0x00982201, 0x178bfbff});
    fake_set_cpuid(0x80000000, 0, (struct cpuid_result){0x80000008, 0, 0, 0});
    fake_set_cpuid(0x80000001, 0, (struct cpuid_result){0, 0, 1, 0x20100800});
    fake_set_cpuid(0x80000008, 0, (struct cpuid_result){0x3028, 0, 0, 0});
    cpu_policy_init_default();
    return 0;
}

static void policy_goes_out_and_in(void **state)
{
    struct xen_domctl op = policy_op(XEN_DOMCTL_get_cpu_policy, 0, 0);
    xen_cpuid_leaf_t *leaves = fake_page(world_dom0, 1);
    struct cpuid_result r;
    uint32_t count;

    (void)state;
    op.u.cpu_policy.leaves.p = NULL;
    op.u.cpu_policy.msrs.p = NULL;
    assert_int_equal(world_domctl(&op), 0);
    count = op.u.cpu_policy.nr_leaves;
    assert_true(count >= 100); /* room for all that tools write back */
    assert_int_equal(op.u.cpu_policy.nr_msrs, 2);
    op = policy_op(XEN_DOMCTL_get_cpu_policy, count, 2);
    assert_int_equal(world_domctl(&op), 0);
    assert_true(op.u.cpu_policy.nr_leaves > 10);
    assert_true(op.u.cpu_policy.nr_leaves <= count);
    count = op.u.cpu_policy.nr_leaves;
    assert_int_equal(leaves[1].leaf, 1);
    leaves[1].c &= ~1U; /* no SSE3 */
    op = policy_op(XEN_DOMCTL_set_cpu_policy, count, 2);
    assert_int_equal(world_domctl(&op), 0);
    cpu_policy_lookup(guest, 1, 0, &r);
    assert_int_equal(r.ecx & 1, 0);
    assert_true(r.ecx & 1U << 13);
    cpu_policy_lookup(world_dom0->d, 1, 0, &r);
    assert_int_equal(r.ecx & 1, 1);
}

static void policy_buffers_may_be_too_small(void **state)
{
    struct xen_domctl op = policy_op(XEN_DOMCTL_get_cpu_policy, 3, 2);

    (void)state;
    assert_int_equal(world_domctl(&op), -XEN_ENOBUFS);
    op = policy_op(XEN_DOMCTL_get_cpu_policy, 160, 1);
    assert_int_equal(world_domctl(&op), -XEN_ENOBUFS);
    op = policy_op(XEN_DOMCTL_get_cpu_policy, 160, 2);
    op.u.cpu_policy.leaves.p = (xen_cpuid_leaf_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
}

static void bad_policies_say_where(void **state)
{
    xen_cpuid_leaf_t *leaves = fake_page(world_dom0, 1);
    xen_msr_entry_t *msrs = fake_page(world_dom0, 2);
    struct xen_domctl op = policy_op(XEN_DOMCTL_set_cpu_policy, 1, 0);

    (void)state;
    leaves[0] = (xen_cpuid_leaf_t){.leaf = 0x1000, .subleaf = 5};
    assert_int_equal(world_domctl(&op), -XEN_ERANGE);
    assert_int_equal(op.u.cpu_policy.err_leaf, 0x1000);
    assert_int_equal(op.u.cpu_policy.err_subleaf, 5);
    assert_int_equal(op.u.cpu_policy.err_msr, 0xffffffff);
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 0, 1);
    msrs[0] = (xen_msr_entry_t){.idx = 0x10};
    assert_int_equal(world_domctl(&op), -XEN_ERANGE);
    assert_int_equal(op.u.cpu_policy.err_msr, 0x10);
    msrs[0] = (xen_msr_entry_t){.idx = 0xce, .flags = 1};
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 0, 1);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 1, 0);
    leaves[0] = (xen_cpuid_leaf_t){.leaf = 0, .subleaf = ~0U, .a = 0xff};
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    assert_int_equal(op.u.cpu_policy.err_leaf, 0);
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 100000, 0);
    assert_int_equal(world_domctl(&op), -XEN_E2BIG);
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 1, 0);
    op.u.cpu_policy.leaves.p = (xen_cpuid_leaf_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    op = policy_op(XEN_DOMCTL_set_cpu_policy, 0, 0);
    op.domain = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    assert_null(guest->policy);
}

static void policy_can_be_set_twice(void **state)
{
    struct xen_domctl op = policy_op(XEN_DOMCTL_set_cpu_policy, 0, 0);
    unsigned long objects;

    (void)state;
    assert_int_equal(world_domctl(&op), 0);
    objects = fake_heap_objects();
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(fake_heap_objects(), objects);
    fake_heap_fail_after(0);
    assert_int_equal(world_domctl(&op), -XEN_ENOMEM);
    fake_heap_fail_after(~0UL);
}

static void policy_stays_once_the_guest_has_run(void **state)
{
    struct xen_domctl set = policy_op(XEN_DOMCTL_set_cpu_policy, 0, 0);
    struct xen_domctl op = world_op(XEN_DOMCTL_unpausedomain, 5);

    (void)state;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(world_domctl(&set), -XEN_EEXIST);
    op = world_op(XEN_DOMCTL_pausedomain, 5);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(world_domctl(&set), -XEN_EEXIST);
    assert_null(guest->policy);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_dom0_teardown)
#define CASE_POLICY(name) \
    cmocka_unit_test_setup_teardown(name, policy_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tsc_info_goes_in_and_out),
        CASE(tsc_is_trapped_when_it_must_be),
        CASE(hypercall_page_is_filled),
        CASE(dom0_passes_on_only_what_it_has),
        CASE(ports_are_checked),
        CASE(interrupts_are_checked),
        CASE_POLICY(policy_goes_out_and_in),
        CASE_POLICY(policy_buffers_may_be_too_small),
        CASE_POLICY(bad_policies_say_where),
        CASE_POLICY(policy_can_be_set_twice),
        CASE_POLICY(policy_stays_once_the_guest_has_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
