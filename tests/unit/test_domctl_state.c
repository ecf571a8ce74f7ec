/* SPDX-License-Identifier: MIT */
/*
 * domctl on what a vCPU has besides its context: callbacks, XSAVE image, MSRs
 * (hypercall/domctl_state.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "cpu_policy.h"
#include "hypercall.h"
#include "pv.h"

/* -- callbacks ------------------------------------------------------------- */

static void extended_context_holds_the_callbacks(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_set_ext_vcpucontext, 5);

    (void)state;
    op.u.ext_vcpucontext.size = sizeof(op.u.ext_vcpucontext);
    op.u.ext_vcpucontext.sysenter_callback_eip = FAKE_GUEST_VA + 1;
    op.u.ext_vcpucontext.sysenter_disables_events = 1;
    op.u.ext_vcpucontext.syscall32_callback_eip = FAKE_GUEST_VA + 2;
    assert_int_equal(world_domctl(&op), 0);
    op = world_op(XEN_DOMCTL_get_ext_vcpucontext, 5);
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.ext_vcpucontext.size, sizeof(op.u.ext_vcpucontext));
    assert_int_equal(op.u.ext_vcpucontext.sysenter_callback_eip,
                     FAKE_GUEST_VA + 1);
    assert_int_equal(op.u.ext_vcpucontext.sysenter_disables_events, 1);
    assert_int_equal(op.u.ext_vcpucontext.syscall32_callback_eip,
                     FAKE_GUEST_VA + 2);
    assert_int_equal(op.u.ext_vcpucontext.syscall32_disables_events, 0);
}

static void bad_extended_contexts_are_refused(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_set_ext_vcpucontext, 5);

    (void)state;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL); /* size 0 */
    op.u.ext_vcpucontext.size = sizeof(op.u.ext_vcpucontext);
    op.u.ext_vcpucontext.sysenter_callback_eip = 0x8000000000000000UL;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.ext_vcpucontext.sysenter_callback_eip = 0;
    op.u.ext_vcpucontext.syscall32_callback_eip = 0x800000000000UL;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.ext_vcpucontext.syscall32_callback_eip = 0;
    op.u.ext_vcpucontext.vcpu = 2;
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
    op = world_op(XEN_DOMCTL_get_ext_vcpucontext, 0);
    assert_int_equal(world_domctl(&op), -XEN_ESRCH); /* our own */
    op = world_op(XEN_DOMCTL_set_ext_vcpucontext, 0);
    op.u.ext_vcpucontext.vcpu = 1;
    op.u.ext_vcpucontext.size = sizeof(op.u.ext_vcpucontext);
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
}

/* -- extended state -------------------------------------------------------- */

#define HEAD   16U   /* XCR0, and all states ever on */
#define AVX    7ULL  /* x87, SSE, AVX */
#define IMAGE  832U  /* with AVX */
#define BUFFER 1024U /* in the argument page */

static void without_xsave_there_is_no_extra_state(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getvcpuextstate, 5);

    (void)state;
    op.u.vcpuextstate.size = 999;
    op.u.vcpuextstate.xfeature_mask = 7;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.vcpuextstate.size, HEAD);
    assert_int_equal(op.u.vcpuextstate.xfeature_mask, 0);
    op.u.vcpuextstate.vcpu = 2;
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
    op = world_op(XEN_DOMCTL_setvcpuextstate, 5);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpuextstate.size = HEAD;
    assert_int_equal(world_domctl(&op), 0);
    op.u.vcpuextstate.size = 576;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op = world_op(XEN_DOMCTL_get_vcpu_msrs, 5);
    op.u.vcpu_msrs.msr_count = 5;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.vcpu_msrs.msr_count, 0);
    op = world_op(XEN_DOMCTL_set_vcpu_msrs, 5);
    assert_int_equal(world_domctl(&op), 0);
    op.u.vcpu_msrs.msr_count = 1;
    op.u.vcpu_msrs.msrs.p = (xen_domctl_vcpu_msr_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    op.u.vcpu_msrs.msrs.p = (xen_domctl_vcpu_msr_t *)world_arg_va(BUFFER);
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpu_msrs.msr_count = 1000;
    assert_int_equal(world_domctl(&op), -XEN_EINVAL);
    op.u.vcpu_msrs.msr_count = 0;
    op.u.vcpu_msrs.vcpu = 9;
    assert_int_equal(world_domctl(&op), -XEN_ESRCH);
}

/* A processor with AVX, and the guest has turned it on. */
static void give_avx(void)
{
    struct cpu_policy *policy = heap_alloc(sizeof(*policy));

    assert_non_null(policy);
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->basic[1].ecx |= 1U << 26;
    policy->xstate[0].eax = AVX;
    policy->xstate[2].eax = 256;
    policy->xstate[2].ebx = 576;
    world_guest->d->policy = policy;
    world_guest->v->pv.xcr0 = 3;
}

static long ext_state(uint32_t cmd, uint64_t mask, uint64_t size)
{
    struct xen_domctl op = world_op(cmd, 5);

    op.u.vcpuextstate.xfeature_mask = mask;
    op.u.vcpuextstate.size = size;
    op.u.vcpuextstate.buffer.p = (uint64_t *)world_arg_va(BUFFER);
    return world_domctl(&op);
}

/* The head and image in the argument page. */
static uint64_t *word(unsigned int offset)
{
    return (uint64_t *)world_arg(BUFFER + offset);
}

static void put_image(uint64_t xcr0, uint64_t accum, uint64_t present)
{
    memset(world_arg(BUFFER), 0, HEAD + IMAGE);
    *word(0) = xcr0;
    *word(8) = accum;
    *word(HEAD + 512) = present;
    *word(HEAD + 160) = 0x1111; /* XMM0 */
    *word(HEAD + 576) = 0x2222; /* upper half of YMM0 */
}

static void image_size_is_told(void **state)
{
    struct xen_domctl op = world_op(XEN_DOMCTL_getvcpuextstate, 5);

    (void)state;
    give_avx();
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.vcpuextstate.xfeature_mask, AVX);
    assert_int_equal(op.u.vcpuextstate.size, HEAD + IMAGE);
    /* A vCPU that has turned on nothing has only the head. */
    op.u.vcpuextstate.vcpu = 1;
    op.u.vcpuextstate.size = 0;
    op.u.vcpuextstate.xfeature_mask = 0;
    assert_int_equal(world_domctl(&op), 0);
    assert_int_equal(op.u.vcpuextstate.size, HEAD);
}

static void image_goes_in_and_out(void **state)
{
    (void)state;
    give_avx();
    put_image(AVX, AVX, AVX);
    assert_int_equal(ext_state(XEN_DOMCTL_setvcpuextstate, 0, HEAD + IMAGE), 0);
    assert_int_equal(world_guest->v->pv.xcr0, AVX);
    memset(world_arg(BUFFER), 0, HEAD + IMAGE);
    assert_int_equal(ext_state(XEN_DOMCTL_getvcpuextstate, AVX, HEAD + IMAGE),
                     0);
    assert_int_equal(*word(0), AVX);
    assert_int_equal(*word(8), AVX);
    assert_int_equal(*word(HEAD + 512), AVX);
    assert_int_equal(*word(HEAD + 160), 0x1111);
    assert_int_equal(*word(HEAD + 576), 0x2222);
    assert_int_equal(ext_state(XEN_DOMCTL_getvcpuextstate, AVX, HEAD + 576),
                     -XEN_EINVAL);
    assert_int_equal(ext_state(XEN_DOMCTL_getvcpuextstate, 3, HEAD + IMAGE),
                     -XEN_EINVAL);
}

/* As the tools do when a guest goes on after it was saved. */
static void context_of_a_guest_that_goes_on_keeps_the_rest(void **state)
{
    static struct vcpu_guest_context context;
    const uint64_t *image = machine_vcpu_xstate(world_guest->v);

    (void)state;
    give_avx();
    put_image(AVX, AVX, AVX);
    assert_int_equal(ext_state(XEN_DOMCTL_setvcpuextstate, 0, HEAD + IMAGE), 0);
    domain_pause(world_guest->d);
    world_guest->v->initialised = true;
    vcpu_get_context(world_guest->v, &context);
    context.user_regs.rax = 1;
    ((uint64_t *)&context.fpu_ctxt)[160 / 8] = 0x3333;
    assert_int_equal(vcpu_set_context(world_guest->v, &context), 0);
    assert_int_equal(world_guest->v->regs.rax, 1);
    assert_int_equal(image[160 / 8], 0x3333);
    assert_int_equal(image[576 / 8], 0x2222);
    /* A context that a fresh vCPU gets leaves nothing of before. */
    assert_int_equal(vcpu_reset(world_guest->v), 0);
    assert_int_equal(vcpu_set_context(world_guest->v, &context), 0);
    assert_int_equal(image[576 / 8], 0);
    domain_unpause(world_guest->d);
}

/* @set is called on a good image in the argument page. */
static void refused(void (*spoil)(void), int error)
{
    put_image(3, AVX, 3);
    spoil();
    assert_int_equal(ext_state(XEN_DOMCTL_setvcpuextstate, 0, HEAD + IMAGE),
                     error);
    assert_int_equal(world_guest->v->pv.xcr0, 3);
}

static void state_not_offered(void)
{
    *word(8) |= 0xe0;
}

static void state_never_on(void)
{
    *word(8) = 3;
    *word(0) = AVX;
}

static void no_x87(void)
{
    *word(0) = 2;
}

static void avx_without_sse(void)
{
    *word(0) = 5;
}

static void state_present_but_never_on(void)
{
    *word(8) = 3;
    *word(HEAD + 512) = AVX;
}

static void compacted(void)
{
    *word(HEAD + 520) = 1ULL << 63;
}

static void reserved(void)
{
    *word(HEAD + 568) = 1;
}

static void bad_images_are_refused(void **state)
{
    (void)state;
    give_avx();
    refused(state_not_offered, -XEN_EINVAL);
    refused(state_never_on, -XEN_EINVAL);
    refused(no_x87, -XEN_EINVAL);
    refused(avx_without_sse, -XEN_EINVAL);
    refused(state_present_but_never_on, -XEN_EINVAL);
    refused(compacted, -XEN_EOPNOTSUPP);
    refused(reserved, -XEN_EOPNOTSUPP);
}

static void bad_sizes_are_refused(void **state)
{
    static const uint64_t sizes[] = {
        0, HEAD - 1, HEAD + 575, HEAD + IMAGE + 1, 1ULL << 32, ~0ULL};
    struct xen_domctl op = world_op(XEN_DOMCTL_setvcpuextstate, 5);

    (void)state;
    give_avx();
    put_image(3, AVX, 3);
    for (unsigned int i = 0; i < ARRAY_COUNT(sizes); i++) {
        assert_int_equal(ext_state(XEN_DOMCTL_setvcpuextstate, 0, sizes[i]),
                         -XEN_EINVAL);
    }
    op.u.vcpuextstate.size = HEAD + IMAGE;
    op.u.vcpuextstate.buffer.p = (uint64_t *)WORLD_BAD_VA;
    assert_int_equal(world_domctl(&op), -XEN_EFAULT);
    fake_heap_fail_after(0);
    assert_int_equal(ext_state(XEN_DOMCTL_setvcpuextstate, 0, HEAD + IMAGE),
                     -XEN_ENOMEM);
    fake_heap_fail_after(~0UL);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_guest_setup, \
                                    world_guest_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(extended_context_holds_the_callbacks),
        CASE(bad_extended_contexts_are_refused),
        CASE(without_xsave_there_is_no_extra_state),
        CASE(image_size_is_told),
        CASE(image_goes_in_and_out),
        CASE(context_of_a_guest_that_goes_on_keeps_the_rest),
        CASE(bad_images_are_refused),
        CASE(bad_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
