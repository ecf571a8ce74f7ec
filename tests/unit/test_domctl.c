/* SPDX-License-Identifier: MIT */
/*
 * domctl: each command and its errors, as dom0's tools make them
 * (hypercall/domctl*.c, control.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "cpu_policy.h"
#include "hypercall.h"
#include "sched.h"
#include "softirq.h"

static struct domain *guest;

static int setup(void **state)
{
    (void)world_dom0_setup(state);
    guest = world_domain_paused(5, 3);
    return 0;
}

static long op_on(domid_t domid, uint32_t cmd)
{
    struct xen_domctl op = world_op(cmd, domid);

    return world_domctl(&op);
}

/* -- dispatch -------------------------------------------------------------- */

static void only_dom0_may(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getdomaininfo, 5);

    (void)state;
    world_dom0->d->privileged = false;
    assert_int_equal(world_domctl(&op), -XEN_EPERM);
    assert_int_equal(op.u.getdomaininfo.max_pages, 0);
    assert_int_equal(op_on(4000, XEN_DOMCTL_getdomaininfo), -XEN_ESRCH);
    assert_int_equal(op_on(DOMID_SELF, XEN_DOMCTL_getdomaininfo), -XEN_EINVAL);
    assert_int_equal(op_on(4000, XEN_DOMCTL_pausedomain), -XEN_ESRCH);
    assert_int_equal(op_on(5, XEN_DOMCTL_pausedomain), -XEN_EPERM);
    world_dom0->d->privileged = true;
}

static void other_interface_versions_are_eacces(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getdomaininfo, 5);

    (void)state;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
    assert_int_equal(world_domctl(&op), -XEN_EACCES);
    assert_int_equal(fake_hypercall(world_dom0->v, __HYPERVISOR_domctl,
                                    WORLD_BAD_VA, 0, 0, 0),
                     -XEN_EFAULT);
}

static void missing_domain_is_esrch_for_all(void **state)
{
    (void)state;
    for (uint32_t cmd = 2; cmd < 87; cmd++) {
        if (cmd != XEN_DOMCTL_getdomaininfo) {
            assert_int_equal(op_on(77, cmd), -XEN_ESRCH);
        }
    }
}

static void unknown_commands_are_enosys(void **state)
{
    static const uint32_t unknown[] = {0,  6,  7,  8,    41,   49,        70,
                                       76, 80, 87, 1000, 1003, 0xffffffff};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(unknown); i++) {
        assert_int_equal(op_on(5, unknown[i]), -XEN_ENOSYS);
    }
}

static void commands_not_offered_have_their_errno(void **state)
{
    static const struct {
        uint32_t cmd;
        int error;
    } cases[] = {
#define X(name, back)
#define N(name, error_) {XEN_DOMCTL_##name, error_},
        DOMCTL_LIST(X, N)
#undef X
#undef N
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(op_on(5, cases[i].cmd), -cases[i].error);
    }
    assert_int_equal(atomic_load(&guest->refs), 1);
}

static void debugging_can_only_stay_off(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_setdebugging, 5);

    (void)state;
    assert_int_equal(world_domctl(&op), 0);
    op.u.setdebugging.enable = 1;
    assert_int_equal(world_domctl(&op), -XEN_EOPNOTSUPP);
    assert_int_equal(op_on(0, XEN_DOMCTL_setdebugging), -XEN_EINVAL);
}

static void one_command_at_a_time(void **state)
{
    struct hypercall_args args = {{world_arg_va(0)}};
    struct xen_domctl op = world_op(XEN_DOMCTL_get_address_size, 5);

    (void)state;
    memcpy(world_arg(0), &op, sizeof(op));
    assert_int_equal(hc_domctl(world_dom0->v, &args), 0);
    assert_int_equal(atomic_load(&guest->refs), 1);
}

/* -- life ------------------------------------------------------------------ */

static struct xen_domctl create_op(domid_t domid)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_createdomain, domid);

    op.u.createdomain = world_config(1);
    return op;
}

static void createdomain_takes_the_id_asked_or_a_free_one(void **state)
{
    struct xen_domctl op = create_op(9);
    domid_t first;

    (void)state;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.domain, 9);
    op = create_op(9);
    assert_int_equal(world_domctl(&op), -XEN_EEXIST);
    op.u.createdomain.flags = ~0U; /* said first */
    assert_int_equal(world_domctl(&op), -XEN_EEXIST);
    op = create_op(0);
    assert_int_equal(world_domctl(&op), 0);
    first = op.domain;
    assert_true(first > 0 && first != 5 && first != 9);
    op = create_op(DOMID_INVALID);
    assert_int_equal(world_domctl(&op), 0);
    assert_true(op.domain != first);
    assert_true(op.domain > 0 && op.domain < DOMID_FIRST_RESERVED);
}

static void createdomain_checks_its_configuration(void **state)
{
    struct xen_domctl op = create_op(9);

    (void)state;
    op.u.createdomain.flags = XEN_DOMCTL_CDF_hvm;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    assert_null(domain_get(9));
}

static void destroydomain_continues_until_all_is_back(void **state)
{
    unsigned long frames = frame_free_count();
    struct fake_guest *big = fake_guest_create(6, false, 2, 600);

    (void)state;
    fake_enter(world_dom0->v);
    fake_clear_softirqs();
    fake_preempt_every(3);
    assert_int_equal(op_on(6, XEN_DOMCTL_destroydomain), 0);
    fake_preempt_every(0);
    assert_true(fake_continuations() > 5);
    assert_null(domain_get(6));
    assert_int_equal(op_on(6, XEN_DOMCTL_destroydomain), -XEN_ESRCH);
    world_settle();
    fake_enter(world_dom0->v);
    assert_int_equal(frame_free_count(), frames);
    free(big->mfn);
    free(big);
}

static void dom0_is_not_destroyed_or_paused(void **state)
{
    (void)state;
    assert_int_equal(op_on(0, XEN_DOMCTL_destroydomain), -XEN_EINVAL);
    assert_int_equal(op_on(DOMID_SELF, XEN_DOMCTL_destroydomain), -XEN_ESRCH);
    assert_int_equal(op_on(0, XEN_DOMCTL_pausedomain), -XEN_EINVAL);
    assert_int_equal(op_on(0, XEN_DOMCTL_resumedomain), -XEN_EINVAL);
}

static void pause_and_unpause_count(void **state)
{
    (void)state;
    assert_int_equal(op_on(5, XEN_DOMCTL_pausedomain), 0);
    assert_int_equal(atomic_load(&guest->controller_pauses), 2);
    assert_int_equal(op_on(5, XEN_DOMCTL_unpausedomain), 0);
    assert_int_equal(op_on(5, XEN_DOMCTL_unpausedomain), 0);
    assert_int_equal(op_on(5, XEN_DOMCTL_unpausedomain), -XEN_EINVAL);
}

/* The port of @guest that dom0's @port is bound to. */
static evtchn_port_t bind_to_guest(evtchn_port_t *port)
{
    struct evtchn_bind_interdomain *bind = world_arg(2048);
    evtchn_port_t there;

    assert_int_equal(evtchn_alloc_unbound(guest, 0, &there), 0);
    *bind =
        (struct evtchn_bind_interdomain){.remote_dom = 5, .remote_port = there};
    assert_int_equal(
        fake_hypercall(world_dom0->v, __HYPERVISOR_event_channel_op,
                       EVTCHNOP_bind_interdomain, world_arg_va(2048), 0, 0),
        0);
    *port = bind->local_port;
    return there;
}

static void subscriber_hears_of_the_suspend(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_subscribe, 5);
    evtchn_port_t port;

    (void)state;
    op.u.subscribe.port = bind_to_guest(&port);
    world_dom0->d->shared->evtchn_pending[0] = 0;
    assert_int_equal(world_domctl(&op), 0);
    domain_shutdown(guest, SHUTDOWN_suspend);
    assert_true(world_dom0->d->shared->evtchn_pending[0] >> port & 1);
    assert_int_equal(op_on(5, XEN_DOMCTL_resumedomain), 0);
    /* A port that the guest does not have harms nobody. */
    op.u.subscribe.port = 0x7fffffff;
    assert_int_equal(world_domctl(&op), 0);
    domain_shutdown(guest, SHUTDOWN_suspend);
}

static void resume_after_suspend(void **state)
{
    (void)state;
    domain_shutdown(guest, SHUTDOWN_suspend);
    assert_int_equal(op_on(5, XEN_DOMCTL_resumedomain), 0);
    assert_false(atomic_load(&guest->shut_down));
}

/* -- information ----------------------------------------------------------- */

static void info_is_of_the_first_at_or_after(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getdomaininfo, 1);

    (void)state;
    guest->max_pages = 1234;
    memset(guest->handle, 0x77, 16);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.domain, 5);
    assert_int_equal(op.u.getdomaininfo.domain, 5);
    assert_int_equal(op.u.getdomaininfo.max_pages, 1234);
    assert_int_equal(op.u.getdomaininfo.max_vcpu_id, 2);
    assert_int_equal(op.u.getdomaininfo.nr_online_vcpus, 0);
    assert_int_equal(op.u.getdomaininfo.shared_info_frame,
                     guest->shared_mfn.number);
    assert_memory_equal(op.u.getdomaininfo.handle, guest->handle, 16);
    op = world_op(XEN_DOMCTL_getdomaininfo, 6);
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
    op = world_op(XEN_DOMCTL_getdomaininfo, DOMID_IO);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op = world_op(XEN_DOMCTL_getdomaininfo, DOMID_SELF);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op = world_op(XEN_DOMCTL_getdomaininfo, 0);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.getdomaininfo.tot_pages, 64);
}

static uint32_t flags_of(domid_t domid)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getdomaininfo, domid);

    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.domain, domid);
    return op.u.getdomaininfo.flags;
}

static void info_flags_follow_the_state(void **state)
{
    struct vcpu *v = guest->vcpu[0];

    (void)state;
    assert_int_equal(flags_of(5) & 0xffff, XEN_DOMINF_paused);
    atomic_store(&v->sched.pause_flags, VCPU_BLOCKED);
    assert_int_equal(flags_of(5) & 0xffff,
                     XEN_DOMINF_paused | XEN_DOMINF_blocked);
    atomic_store(&v->sched.pause_flags, 0);
    assert_int_equal(flags_of(5) & 0xffff, XEN_DOMINF_paused);
    atomic_store(&v->sched.running, true);
    assert_int_equal(flags_of(5) & 0xffff,
                     XEN_DOMINF_paused | XEN_DOMINF_running);
    atomic_store(&v->sched.running, false);
    domain_shutdown(guest, SHUTDOWN_crash);
    assert_true(flags_of(5) & XEN_DOMINF_shutdown);
    assert_int_equal(flags_of(5) >> XEN_DOMINF_shutdownshift, SHUTDOWN_crash);
    domain_hold(guest);
    while (domain_kill(guest) != 0) {
    }
    assert_true(flags_of(5) & XEN_DOMINF_dying);
    domain_put(guest);
}

static void vcpu_info_is_told(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getvcpuinfo, 5);

    (void)state;
    op.u.getvcpuinfo.vcpu = 1;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.getvcpuinfo.online, 0);
    assert_int_equal(op.u.getvcpuinfo.running, 0);
    atomic_store(&guest->vcpu[1]->sched.pause_flags, VCPU_BLOCKED);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.getvcpuinfo.online, 1);
    assert_int_equal(op.u.getvcpuinfo.blocked, 1);
    op.u.getvcpuinfo.vcpu = 3;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.getvcpuinfo.vcpu = 0xffffffff;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

static struct xen_domctl frames_op(uint64_t num)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getpageframeinfo3, 0);

    op.u.getpageframeinfo3.num = num;
    op.u.getpageframeinfo3.array.p = (xen_pfn_t *)fake_va(1);
    return op;
}

static void frame_types_are_told(void **state)
{
    unsigned long *array = fake_page(world_dom0, 1);
    unsigned long l4 = world_dom0->first_table;
    struct xen_domctl op = frames_op(7);

    (void)state;
    array[0] = world_dom0->mfn[0].number;
    for (unsigned int i = 0; i < 4; i++) {
        array[i + 1] = world_dom0->mfn[l4 + i].number;
    }
    array[5] = FAKE_MMIO_MFN;
    array[6] = ~0UL;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(array[0], XEN_DOMCTL_PFINFO_NOTAB);
    assert_int_equal(array[1], XEN_DOMCTL_PFINFO_L4TAB);
    assert_int_equal(array[2], XEN_DOMCTL_PFINFO_L3TAB);
    assert_int_equal(array[3], XEN_DOMCTL_PFINFO_L2TAB);
    assert_int_equal(array[4], XEN_DOMCTL_PFINFO_L1TAB);
    assert_int_equal(array[5], XEN_DOMCTL_PFINFO_XTAB);
    assert_int_equal(array[6], XEN_DOMCTL_PFINFO_XTAB);
}

static void frame_types_of_many_continue(void **state)
{
    unsigned long *array = fake_page(world_dom0, 1);
    struct xen_domctl op = frames_op(512);

    (void)state;
    for (unsigned int i = 0; i < 512; i++) {
        array[i] = world_dom0->mfn[i % 64].number;
    }
    fake_preempt_every(1);
    assert_int_equal(world_domctl(&op), 0);
    fake_preempt_every(0);
    assert_int_equal(fake_continuations(), 7);
    for (unsigned int i = 0; i < 512; i++) {
        bool table = i % 64 >= world_dom0->first_table;

        assert_int_equal(array[i] != XEN_DOMCTL_PFINFO_NOTAB, table);
    }
}

static void bad_frame_requests_are_refused(void **state)
{
    struct xen_domctl op = frames_op(1025);

    (void)state;
    assert_int_equal(world_domctl(&op), -XEN_E2BIG);
    op = frames_op(~0ULL);
    assert_int_equal(world_domctl(&op), -XEN_E2BIG);
    op = frames_op(1);
    op.u.getpageframeinfo3.array.p = (xen_pfn_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    op = frames_op(0);
    assert_int_equal(world_domctl(&op), 0);
}

/* -- properties ------------------------------------------------------------ */

static void max_mem_is_in_kilobytes(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_max_mem, 5);

    (void)state;
    op.u.max_mem.max_memkb = 1024 + 3;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(guest->max_pages, 256);
}

static void handle_and_time_offset_are_set(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_setdomainhandle, 5);
    uint32_t seconds = guest->shared->wc_sec;

    (void)state;
    memset(op.u.setdomainhandle.handle, 0x42, 16);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(guest->handle[15], 0x42);
    op = world_op(XEN_DOMCTL_settimeoffset, 5);
    op.u.settimeoffset.time_offset_seconds = 7200;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(guest->shared->wc_sec, seconds + 7200);
}

static void address_size_is_64(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_set_address_size, 5);

    (void)state;
    op.u.address_size.size = 64;
    assert_int_equal(world_domctl(&op), 0);
    op.u.address_size.size = 32;
    assert_int_equal(world_domctl(&op), -XEN_EOPNOTSUPP);
    op.u.address_size.size = 16;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op = world_op(XEN_DOMCTL_get_address_size, 5);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.address_size.size, 64);
}

static void shadow_op_says_no_log_dirty(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_shadow_op, 5);

    (void)state;
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
    assert_int_equal(world_domctl(&op), 0); /* nothing asked for */
    op.u.shadow_op.pages = 8;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    assert_int_equal(world_domctl(&op), -XEN_EOPNOTSUPP);
    op.domain = 0;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
}

static void virq_handler_is_set(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_set_virq_handler, 5);

    (void)state;
    op.u.set_virq_handler.virq = VIRQ_TIMER;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.set_virq_handler.virq = NR_VIRQS;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.set_virq_handler.virq = VIRQ_DOM_EXC;
    assert_int_equal(world_domctl(&op), 0);
    op.domain = 0;
    assert_int_equal(world_domctl(&op), 0);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_dom0_may),
        CASE(other_interface_versions_are_eacces),
        CASE(missing_domain_is_esrch_for_all),
        CASE(unknown_commands_are_enosys),
        CASE(commands_not_offered_have_their_errno),
        CASE(one_command_at_a_time),
        CASE(createdomain_takes_the_id_asked_or_a_free_one),
        CASE(createdomain_checks_its_configuration),
        CASE(destroydomain_continues_until_all_is_back),
        CASE(dom0_is_not_destroyed_or_paused),
        CASE(pause_and_unpause_count),
        CASE(subscriber_hears_of_the_suspend),
        CASE(resume_after_suspend),
        CASE(info_is_of_the_first_at_or_after),
        CASE(info_flags_follow_the_state),
        CASE(vcpu_info_is_told),
        CASE(frame_types_are_told),
        CASE(frame_types_of_many_continue),
        CASE(bad_frame_requests_are_refused),
        CASE(max_mem_is_in_kilobytes),
        CASE(handle_and_time_offset_are_set),
        CASE(address_size_is_64),
        CASE(shadow_op_says_no_log_dirty),
        CASE(debugging_can_only_stay_off),
        CASE(virq_handler_is_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
