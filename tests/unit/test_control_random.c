/* SPDX-License-Identifier: MIT */
/*
 * Random calls: a guest's sched_op, vcpu_op, set_timer_op and xen_version, and
 * dom0's domctl, sysctl and platform_op, with arguments picked to be nasty.
 * Whatever they answer, no invariant breaks, no lock stays held, and at the
 * end every domain dies and gives all back.
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "control.h"
#include "cpu_policy.h"
#include "hypercall.h"
#include "sched.h"
#include "softirq.h"
#include "timer.h"

#define GUEST_CALLS   30000U
#define CONTROL_CALLS 30000U
#define DATA_PFN      5U

static unsigned int seed;

static uint64_t number(void)
{
    static const uint64_t nasty[] = {
        0,          1,          2,          3,          5,
        6,          63,         64,         255,        256,
        4095,       4096,       0x7fff,     0x7ff0,     0xffff,
        0x10000,    0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
        1ULL << 62, 1ULL << 63, ~0ULL,      ~0ULL - 7,  0xff0000000000ULL,
    };
    unsigned int r = (unsigned int)rand_r(&seed);

    if (r % 4 != 0) {
        return nasty[r / 4 % ARRAY_COUNT(nasty)];
    }
    return (uint64_t)rand_r(&seed) << 20 ^ (uint64_t)rand_r(&seed);
}

static unsigned long address(void)
{
    switch (rand_r(&seed) % 8) {
    case 0:
        return 0;
    case 1:
        return WORLD_BAD_VA;
    case 2:
        return 0xffff830000000000UL;
    case 3:
        return fake_va(DATA_PFN) + PAGE_BYTES - 12; /* crosses a page */
    case 4:
        return 0x8000000000000000UL;
    default:
        return fake_va(DATA_PFN) + (unsigned long)(rand_r(&seed) % 64) * 8;
    }
}

/* Words of nasty numbers, addresses and frames of @guest. */
static void fill(void *to, size_t bytes, const struct fake_guest *guest)
{
    uint64_t *word = to;

    for (size_t i = 0; i < bytes / sizeof(*word); i++) {
        switch (rand_r(&seed) % 4) {
        case 0:
            word[i] = address();
            break;
        case 1:
            word[i] =
                guest->mfn[(unsigned int)rand_r(&seed) % guest->pages].number;
            break;
        default:
            word[i] = number();
            break;
        }
    }
}

static void assert_sane(void)
{
    assert_int_equal(fake_locks_held(), 0);
    fake_clear_softirqs();
}

/* -- a guest --------------------------------------------------------------- */

static void guest_call(struct fake_guest *guest)
{
    static const unsigned long calls[] = {
        __HYPERVISOR_sched_op,
        __HYPERVISOR_vcpu_op,
        __HYPERVISOR_set_timer_op,
        __HYPERVISOR_xen_version,
    };
    unsigned long call = calls[rand_r(&seed) % 4];
    unsigned long a0 = (unsigned long)(rand_r(&seed) % 16);
    unsigned long a1 = call == __HYPERVISOR_vcpu_op
                           ? (unsigned long)(rand_r(&seed) % 4)
                           : address();

    if (call == __HYPERVISOR_set_timer_op) {
        a0 = number();
    }
    if (rand_r(&seed) % 16 == 0) {
        a0 = number();
    }
    fill(fake_page(guest, DATA_PFN), 512, guest);
    (void)fake_hypercall(guest->v, call, a0, a1, address(), 0);
    assert_sane();
    if (rand_r(&seed) % 8 == 0) {
        fake_advance((uint64_t)rand_r(&seed) % 1000000);
        timer_softirq();
        fake_clear_softirqs();
    }
}

static void random_guest_calls_break_nothing(void **state)
{
    struct fake_guest *guest = fake_guest_create(5, false, 3, 32);

    (void)state;
    seed = 12345;
    fake_enter(guest->v);
    for (unsigned int i = 0; i < GUEST_CALLS; i++) {
        guest_call(guest);
        if (i % 4096 == 0) {
            assert_int_equal(mm_audit(), 0);
        }
        /* It may have shut itself down; the next life is the same domain. */
        if (atomic_load(&guest->d->shut_down)) {
            domain_resume(guest->d);
            fake_clear_softirqs();
        }
        /* Far fewer blocks would be tried if it slept for good. */
        vcpu_unblock(guest->v);
    }
    assert_int_equal(mm_audit(), 0);
    fake_enter(world_dom0->v);
    fake_guest_destroy(guest);
}

/* -- dom0's tools ---------------------------------------------------------- */

static void random_domctl(struct fake_guest *guest)
{
    struct xen_domctl op =
        world_op((uint32_t)rand_r(&seed) % 88,
                 rand_r(&seed) % 4 != 0 ? guest->d->domid : (domid_t)number());

    fill(&op.u, sizeof(op.u), guest);
    if (rand_r(&seed) % 2 == 0) {
        /* Small numbers in the first words are often a vCPU or a command. */
        memset(&op.u, 0, 16);
        op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
        op.u.scheduler_op.cmd = (uint32_t)rand_r(&seed) % 4;
        op.u.vcpuaffinity.vcpu =
            rand_r(&seed) % 2 == 0 ? 6U : (uint32_t)rand_r(&seed) % 3;
    }
    if (op.cmd == XEN_DOMCTL_destroydomain ||
        op.cmd == XEN_DOMCTL_createdomain) {
        op.cmd = XEN_DOMCTL_getdomaininfo;
    }
    (void)world_domctl(&op);
}

static void random_sysctl(const struct fake_guest *guest)
{
    struct xen_sysctl op = world_sys((uint32_t)rand_r(&seed) % 32);

    fill(&op.u, sizeof(op.u), guest);
    if (op.cmd == XEN_SYSCTL_debug_keys || op.cmd == XEN_SYSCTL_readconsole) {
        op.cmd = XEN_SYSCTL_physinfo; /* much output, nothing new */
    }
    (void)world_sysctl(&op);
}

static void random_platform_op(const struct fake_guest *guest)
{
    struct xen_platform_op op;

    memset(&op, 0, sizeof(op));
    op.cmd = (uint32_t)rand_r(&seed) % 70;
    op.interface_version = XENPF_INTERFACE_VERSION;
    fill(&op.u, sizeof(op.u), guest);
    memcpy(world_arg(0), &op, sizeof(op));
    (void)fake_hypercall(world_dom0->v, __HYPERVISOR_platform_op,
                         world_arg_va(0), 0, 0, 0);
}

static void random_control_calls_break_nothing(void **state)
{
    struct fake_guest *guest = fake_guest_create(5, false, 3, 32);

    (void)state;
    seed = 54321;
    cpu_policy_init_default();
    fake_enter(world_dom0->v);
    for (unsigned int i = 0; i < CONTROL_CALLS; i++) {
        fill(fake_page(world_dom0, DATA_PFN), 1024, guest);
        switch (rand_r(&seed) % 4) {
        case 0:
            random_sysctl(guest);
            break;
        case 1:
            random_platform_op(guest);
            break;
        default:
            random_domctl(guest);
            break;
        }
        assert_sane();
        if (i % 4096 == 0) {
            assert_int_equal(mm_audit(), 0);
        }
    }
    assert_int_equal(mm_audit(), 0);
    fake_guest_destroy(guest);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(random_guest_calls_break_nothing),
        CASE(random_control_calls_break_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
