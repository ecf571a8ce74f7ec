/* SPDX-License-Identifier: MIT */
/* See fake_world.h. */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall.h"
#include "sched.h"
#include "softirq.h"
#include "timer.h"

#define ARG_PFN 0U

struct fake_guest *world_dom0;
struct fake_guest *world_guest;

struct xen_domctl_createdomain world_config(unsigned int vcpus)
{
    return (struct xen_domctl_createdomain){
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
}

struct domain *world_domain_paused(domid_t domid, unsigned int vcpus)
{
    struct xen_domctl_createdomain config = world_config(vcpus);
    struct domain *d = NULL;

    assert_int_equal(domain_create(domid, &config, false, &d), 0);
    for (unsigned int i = 0; i < vcpus; i++) {
        assert_int_equal(vcpu_create(d, i, 0), 0);
    }
    return d;
}

struct domain *world_spinner(domid_t domid, unsigned int vcpus)
{
    struct domain *d = world_domain_paused(domid, vcpus);
    struct vcpu *v;

    for_each_vcpu (d, v) {
        atomic_store(&v->sched.pause_flags, 0);
        v->initialised = true;
    }
    assert_int_equal(domain_unpause_by_controller(d), 0);
    return d;
}

void world_limit_cpus(unsigned int count)
{
    for (unsigned int cpu = count; cpu < FAKE_CPUS; cpu++) {
        cpumask_clear(&cpus_online, cpu);
    }
}

static void live(unsigned int cpu)
{
    uint64_t deadline = fake_timer_deadline(cpu);

    fake_set_cpu(cpu);
    if (deadline != 0 && deadline <= machine_now_ns()) {
        timer_interrupt();
    }
    softirq_run();
}

void world_run(uint64_t ns, uint64_t step_ns)
{
    unsigned int cpu;

    world_settle();
    for (uint64_t passed = 0; passed < ns; passed += step_ns) {
        fake_advance(step_ns);
        for_each_cpu_in (cpu, &cpus_online) {
            live(cpu);
        }
    }
    fake_set_cpu(0);
}

static bool anything_pending(void)
{
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        if (atomic_load(&core_cpus[cpu]->softirqs) != 0) {
            return true;
        }
    }
    return false;
}

void world_settle(void)
{
    unsigned int rounds = 0;
    unsigned int cpu;

    while (anything_pending()) {
        for_each_cpu_in (cpu, &cpus_online) {
            live(cpu);
        }
        assert_true(rounds++ < 1000);
    }
    fake_set_cpu(0);
}

uint64_t world_cpu_time(const struct domain *d)
{
    const struct vcpu *v;
    uint64_t sum = 0;

    for_each_vcpu (d, v) {
        sum += sched_cpu_time_ns(v);
    }
    return sum;
}

/* -- dom0 ------------------------------------------------------------------ */

int world_dom0_setup(void **state)
{
    (void)state;
    fake_start();
    world_dom0 = fake_guest_create(0, true, 2, 64);
    fake_enter(world_dom0->v);
    fake_clear_softirqs();
    return 0;
}

int world_dom0_teardown(void **state)
{
    (void)state;
    fake_guest_destroy(world_dom0);
    fake_stop();
    return 0;
}

int world_guest_setup(void **state)
{
    (void)world_dom0_setup(state);
    world_guest = fake_guest_create(5, false, 2, 32);
    fake_enter(world_dom0->v);
    fake_clear_softirqs();
    return 0;
}

int world_guest_teardown(void **state)
{
    free(world_guest->mfn);
    free(world_guest);
    return world_dom0_teardown(state);
}

void *world_arg(unsigned int offset)
{
    return (char *)fake_page(world_dom0, ARG_PFN) + offset;
}

unsigned long world_arg_va(unsigned int offset)
{
    return fake_va(ARG_PFN) + offset;
}

long world_domctl(struct xen_domctl *op)
{
    long rc;

    memcpy(world_arg(0), op, sizeof(*op));
    rc = fake_hypercall(world_dom0->v, __HYPERVISOR_domctl, world_arg_va(0), 0,
                        0, 0);
    memcpy(op, world_arg(0), sizeof(*op));
    return rc;
}

long world_sysctl(struct xen_sysctl *op)
{
    long rc;

    memcpy(world_arg(0), op, sizeof(*op));
    rc = fake_hypercall(world_dom0->v, __HYPERVISOR_sysctl, world_arg_va(0), 0,
                        0, 0);
    memcpy(op, world_arg(0), sizeof(*op));
    return rc;
}

struct xen_domctl world_op(uint32_t cmd, domid_t domid)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = domid;
    return op;
}

struct xen_sysctl world_sys(uint32_t cmd)
{
    struct xen_sysctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return op;
}
