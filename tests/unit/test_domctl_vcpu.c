/* SPDX-License-Identifier: MIT */
/*
 * domctl on vCPUs: creation, contexts, affinity, shares
 * (hypercall/domctl_vcpu.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall.h"
#include "sched.h"

#define MAP 1024U /* CPU maps in the argument page */

/* As the tools leave it: no table loaded yet. */
static int setup(void **state)
{
    (void)world_guest_setup(state);
    assert_int_equal(vcpu_reset(world_guest->v), 0);
    fake_clear_softirqs();
    return 0;
}

/* -- creation -------------------------------------------------------------- */

static void max_vcpus_makes_them_all(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_createdomain, 9);
    struct domain *d;

    (void)state;
    op.u.createdomain = world_config(6);
    assert_int_equal(world_domctl(&op), 0);
    op = world_op(XEN_DOMCTL_max_vcpus, 9);
    op.u.max_vcpus.max = 5;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.max_vcpus.max = 6;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(world_domctl(&op), 0);
    d = domain_get(9);
    for (unsigned int i = 0; i < 6; i++) {
        assert_non_null(d->vcpu[i]);
        assert_int_equal(atomic_load(&d->vcpu[i]->sched.cpu), i % FAKE_CPUS);
    }
    domain_put(d);
    op.domain = 0;
    op.u.max_vcpus.max = 2;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

static void max_vcpus_can_run_out_of_memory_and_go_on(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_createdomain, 9);

    (void)state;
    op.u.createdomain = world_config(4);
    assert_int_equal(world_domctl(&op), 0);
    op = world_op(XEN_DOMCTL_max_vcpus, 9);
    op.u.max_vcpus.max = 4;
    fake_heap_fail_after(4);
    assert_int_equal(world_domctl(&op), -XEN_ENOMEM);
    fake_heap_fail_after(~0UL);
    assert_int_equal(world_domctl(&op), 0);
}

/* -- context --------------------------------------------------------------- */

#define CONTEXT_PFN 4U

/* 5,168 bytes: two pages of dom0, which follow each other in the arena only by
 * luck, so the copy goes through the guest's address. */
static long set_context(const struct vcpu_guest_context *c, unsigned int vcpu)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpucontext, 5);
    const char *from = (const char *)c;

    memcpy(fake_page(world_dom0, CONTEXT_PFN), from, PAGE_BYTES);
    memcpy(fake_page(world_dom0, CONTEXT_PFN + 1), from + PAGE_BYTES,
           sizeof(*c) - PAGE_BYTES);
    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt.p = (vcpu_guest_context_t *)fake_va(CONTEXT_PFN);
    return world_domctl(&op);
}

static long get_context(struct vcpu_guest_context *c, unsigned int vcpu)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getvcpucontext, 5);
    char *to = (char *)c;
    long rc;

    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt.p = (vcpu_guest_context_t *)fake_va(CONTEXT_PFN);
    rc = world_domctl(&op);
    memcpy(to, fake_page(world_dom0, CONTEXT_PFN), PAGE_BYTES);
    memcpy(to + PAGE_BYTES, fake_page(world_dom0, CONTEXT_PFN + 1),
           sizeof(*c) - PAGE_BYTES);
    return rc;
}

static struct vcpu_guest_context good_context(void)
{
    struct vcpu_guest_context c;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel | VGCF_online;
    c.user_regs.rip = FAKE_GUEST_VA + 0x123;
    c.user_regs.rsp = FAKE_GUEST_VA + 0x1000;
    c.user_regs.rsi = 77;
    c.user_regs.cs = 0xe033;
    c.user_regs.ss = 0xe02b;
    c.ctrlreg[3] = world_guest->mfn[world_guest->first_table].number
                   << PAGE_SHIFT;
    c.kernel_ss = 0xe02b;
    c.kernel_sp = FAKE_GUEST_VA + 0x2000;
    return c;
}

static void context_goes_in_and_out(void **state)
{
    struct vcpu_guest_context c = good_context();
    struct vcpu_guest_context back;

    (void)state;
    assert_int_equal(get_context(&back, 0), -XEN_ENODATA);
    assert_int_equal(set_context(&c, 0), 0);
    assert_true(world_guest->v->initialised);
    assert_int_equal(atomic_load(&world_guest->v->sched.pause_flags), 0);
    assert_int_equal(get_context(&back, 0), 0);
    assert_int_equal(back.user_regs.rip, c.user_regs.rip);
    assert_int_equal(back.user_regs.rsi, 77);
    assert_int_equal(back.ctrlreg[3], c.ctrlreg[3]);
    assert_int_equal(back.kernel_sp, c.kernel_sp);
    assert_true(back.flags & VGCF_in_kernel);
    assert_true(back.flags & VGCF_online);
}

static void context_without_online_leaves_it_down(void **state)
{
    struct vcpu_guest_context c = good_context();

    (void)state;
    c.flags = VGCF_in_kernel;
    assert_int_equal(set_context(&c, 1), 0);
    assert_true(world_guest->d->vcpu[1]->initialised);
    assert_int_equal(atomic_load(&world_guest->d->vcpu[1]->sched.pause_flags),
                     VCPU_DOWN);
}

static void context_writes_the_wallclock_anew(void **state)
{
    struct vcpu_guest_context c = good_context();
    uint32_t seconds = world_guest->d->shared->wc_sec;

    (void)state;
    memset(world_guest->d->shared, 0, PAGE_BYTES);
    assert_int_equal(set_context(&c, 0), 0);
    assert_int_equal(world_guest->d->shared->wc_sec, seconds);
    assert_true(world_guest->d->shared->wc_version != 0);
}

static void context_validation_is_preemptible(void **state)
{
    struct vcpu_guest_context c = good_context();

    (void)state;
    fake_preempt_every(1);
    assert_int_equal(set_context(&c, 0), 0);
    fake_preempt_every(0);
    assert_true(world_guest->v->initialised);
    assert_int_equal(atomic_load(&world_guest->d->pause_count), 1);
}

static void null_context_forgets_everything(void **state)
{
    struct vcpu_guest_context c = good_context();
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpucontext, 5);

    (void)state;
    assert_int_equal(set_context(&c, 0), 0);
    /* What it waited for as well. */
    atomic_fetch_or(&world_guest->v->sched.pause_flags,
                    VCPU_BLOCKED | VCPU_POLLING);
    atomic_store(&world_guest->d->polling_vcpus[0], 1);
    assert_int_equal(world_domctl(&op), 0);
    assert_false(world_guest->v->initialised);
    assert_true(mfn_equal(world_guest->v->pv.kernel_root, INVALID_MFN));
    assert_int_equal(atomic_load(&world_guest->v->sched.pause_flags),
                     VCPU_DOWN);
    assert_int_equal(atomic_load(&world_guest->d->polling_vcpus[0]), 0);
    assert_int_equal(set_context(&c, 0), 0);
}

/* Who sends an event may have looked it up before, and writes there after. */
static void a_vcpu_that_is_reset_keeps_its_info(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpucontext, 5);
    struct vcpu *v = world_guest->v;
    struct page *page = fake_page_info(world_guest, 7);
    const struct vcpu_info *info;
    unsigned int refs;

    (void)state;
    assert_int_equal(vcpu_info_register(v, world_guest->mfn[7], 128), 0);
    info = v->vcpu_info;
    refs = page_refs(page);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(page_refs(page), refs);
    assert_ptr_equal(v->vcpu_info, info);
}

/* One visit of a call that needs several. */
static void a_vcpu_that_is_being_reset_stays_down(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(world_dom0->v);
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpucontext, 5);
    struct vcpu_guest_context c = good_context();

    (void)state;
    assert_int_equal(set_context(&c, 0), 0);
    memcpy(world_arg(0), &op, sizeof(op));
    regs->rax = __HYPERVISOR_domctl;
    regs->rdi = world_arg_va(0);
    regs->rip = FAKE_GUEST_VA;
    fake_preempt_every(1);
    hypercall_dispatch(world_dom0->v, regs);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_true(regs->rip != FAKE_GUEST_VA); /* to be called again */
    assert_false(world_guest->v->initialised);
    assert_int_equal(atomic_load(&world_guest->v->sched.pause_flags),
                     VCPU_DOWN);
    assert_int_equal(world_domctl(&op), 0);
    assert_true(mfn_equal(world_guest->v->pv.kernel_root, INVALID_MFN));
    assert_int_equal(set_context(&c, 0), 0);
}

static void bad_contexts_are_refused(void **state)
{
    struct vcpu_guest_context c = good_context();
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpucontext, 5);

    (void)state;
    assert_int_equal(set_context(&c, 2), -XEN_EINVAL);
    assert_int_equal(set_context(&c, 0xffffffff), -XEN_EINVAL);
    op.u.vcpucontext.ctxt.p = (vcpu_guest_context_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    op.domain = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    c.ctrlreg[3] = world_dom0->mfn[0].number << PAGE_SHIFT;
    assert_true(set_context(&c, 0) < 0);
    c = good_context();
    c.user_regs.rip = 0x8000000000000000UL;
    assert_int_equal(set_context(&c, 0), -XEN_EINVAL);
    assert_false(world_guest->v->initialised);
    assert_int_equal(atomic_load(&world_guest->d->pause_count), 1);
    fake_heap_fail_after(0);
    assert_int_equal(set_context(&c, 0), -XEN_ENOMEM);
    fake_heap_fail_after(~0UL);
}

static void own_running_context_cannot_be_read(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getvcpucontext, 0);

    (void)state;
    op.u.vcpucontext.ctxt.p = (vcpu_guest_context_t *)fake_va(CONTEXT_PFN);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.domain = 5;
    op.u.vcpucontext.vcpu = 2;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

static void trigger_is_nmi_only(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_sendtrigger, 5);

    (void)state;
    op.u.sendtrigger.vcpu = 1;
    assert_int_equal(world_domctl(&op), 0);
    assert_true(world_guest->d->vcpu[1]->pv.nmi_pending);
    op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.sendtrigger.trigger = 99;
    assert_int_equal(world_domctl(&op), -XEN_ENOSYS);
    op.u.sendtrigger.vcpu = 2;
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
}

/* -- affinity -------------------------------------------------------------- */

static struct xen_domctl affinity_op(uint32_t cmd, uint32_t flags)
{
    struct xen_domctl op = world_op(cmd, 5);

    op.u.vcpuaffinity.flags = flags;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 16;
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)world_arg_va(MAP);
    op.u.vcpuaffinity.cpumap_soft.nr_bits = 16;
    op.u.vcpuaffinity.cpumap_soft.bitmap.p = (uint8_t *)world_arg_va(MAP + 8);
    return op;
}

static void affinity_is_set_and_what_counts_comes_back(void **state)
{
    uint8_t *hard = world_arg(MAP);
    uint8_t *soft = world_arg(MAP + 8);
    struct xen_domctl op =
        affinity_op(XEN_DOMCTL_setvcpuaffinity,
                    XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT);

    (void)state;
    hard[0] = 0xf6; /* 1, 2 and some that are not there */
    hard[1] = 0xff;
    soft[0] = 0x03;
    soft[1] = 0;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(hard[0], 0x06);
    assert_int_equal(hard[1], 0);
    assert_int_equal(soft[0], 0x02);
    op.cmd = XEN_DOMCTL_getvcpuaffinity;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(hard[0], 0xf6);
    assert_int_equal(hard[1], 0xff);
    assert_int_equal(soft[0], 0x03);
}

static void affinity_maps_may_be_of_any_size(void **state)
{
    uint8_t *hard = world_arg(MAP);
    struct xen_domctl op =
        affinity_op(XEN_DOMCTL_getvcpuaffinity, XEN_VCPUAFFINITY_HARD);

    (void)state;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 3;
    memset(hard, 0x55, 600);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(hard[0], 7);
    assert_int_equal(hard[1], 0x55);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 4096;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(hard[31], 0xff);
    assert_int_equal(hard[32], 0);
    assert_int_equal(hard[511], 0);
    assert_int_equal(hard[512], 0x55);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 0;
    assert_int_equal(world_domctl(&op), 0);
    op.cmd = XEN_DOMCTL_setvcpuaffinity;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL); /* empty */
}

static void bad_affinities_are_refused(void **state)
{
    struct xen_domctl op = affinity_op(XEN_DOMCTL_setvcpuaffinity, 0);

    (void)state;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    memset(world_arg(MAP), 0, 16);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpuaffinity.vcpu = 2;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpuaffinity.vcpu = 0;
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    op.cmd = XEN_DOMCTL_getvcpuaffinity;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
}

static void forced_affinity_undoes_a_pin(void **state)
{
    struct xen_domctl op =
        affinity_op(XEN_DOMCTL_setvcpuaffinity,
                    XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_FORCE);

    (void)state;
    assert_int_equal(sched_pin_override(world_guest->v, 3), 0);
    memset(world_arg(MAP), 0xff, 16);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(sched_pin_override(world_guest->v, 3), 0);
}

static void a_pinned_vcpu_keeps_its_affinity(void **state)
{
    struct xen_domctl op =
        affinity_op(XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD);

    (void)state;
    assert_int_equal(sched_pin_override(world_guest->v, 3), 0);
    memset(world_arg(MAP), 1, 16);
    assert_int_equal(world_domctl(&op), -XEN_EBUSY);
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_SOFT;
    assert_int_equal(world_domctl(&op), -XEN_EBUSY);
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    memset(world_arg(MAP), 0, 16);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    assert_int_equal(sched_pin_override(world_guest->v, -1), 0);
    op.cmd = XEN_DOMCTL_getvcpuaffinity;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(*(uint8_t *)world_arg(MAP), 0xff);
}

static void node_affinity_is_node_0(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_setnodeaffinity, 5);
    uint8_t *map = world_arg(MAP);

    (void)state;
    op.u.nodeaffinity.nodemap.nr_bits = 8;
    op.u.nodeaffinity.nodemap.bitmap.p = (uint8_t *)world_arg_va(MAP);
    map[0] = 1;
    assert_int_equal(world_domctl(&op), 0);
    map[0] = 2;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.cmd = XEN_DOMCTL_getnodeaffinity;
    map[0] = 0xff;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(map[0], 1);
}

/* -- shares ---------------------------------------------------------------- */

static void scheduler_op_gets_and_puts(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_scheduler_op, 5);
    struct xen_domctl_scheduler_op *request = &op.u.scheduler_op;

    (void)state;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL); /* no such scheduler */
    request->sched_id = XEN_SCHEDULER_CREDIT2;
    request->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(request->u.credit2.weight, 256);
    assert_int_equal(request->u.credit2.cap, 0);
    request->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    request->u.credit2.weight = 512;
    request->u.credit2.cap = 50;
    assert_int_equal(world_domctl(&op), 0);
    request->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    request->u.credit2.weight = 0;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(request->u.credit2.weight, 512);
    assert_int_equal(request->u.credit2.cap, 50);
    request->cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    request->cmd = 99;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_guest_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(max_vcpus_makes_them_all),
        CASE(max_vcpus_can_run_out_of_memory_and_go_on),
        CASE(context_goes_in_and_out),
        CASE(context_without_online_leaves_it_down),
        CASE(context_writes_the_wallclock_anew),
        CASE(context_validation_is_preemptible),
        CASE(null_context_forgets_everything),
        CASE(a_vcpu_that_is_reset_keeps_its_info),
        CASE(a_vcpu_that_is_being_reset_stays_down),
        CASE(bad_contexts_are_refused),
        CASE(own_running_context_cannot_be_read),
        CASE(trigger_is_nmi_only),
        CASE(affinity_is_set_and_what_counts_comes_back),
        CASE(affinity_maps_may_be_of_any_size),
        CASE(bad_affinities_are_refused),
        CASE(forced_affinity_undoes_a_pin),
        CASE(a_pinned_vcpu_keeps_its_affinity),
        CASE(node_affinity_is_node_0),
        CASE(scheduler_op_gets_and_puts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
