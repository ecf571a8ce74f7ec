/* SPDX-License-Identifier: MIT */
/*
 * What guests see of a processor, for a made-up one with and without XSAVE
 * (pv/cpu_policy.c).
 */
#include "fake_world.h"

#include <stdlib.h>
#include <string.h>

#include "cpu_policy.h"

#define NONE (~0U)

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t a, uint32_t b,
                  uint32_t c, uint32_t d)
{
    fake_set_cpuid(leaf, subleaf, (struct cpuid_result){a, b, c, d});
}

/* An Intel processor that has every feature bit there is. */
static void processor(bool osxsave)
{
    uint32_t ecx = osxsave ? ~0U : ~(1U << 27);

    cpuid(0, 0, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69);
    cpuid(1, 0, 0x106a3, 0x07100800, ecx & ~(1U << 31), ~0U);
    cpuid(3, 0, 1, 2, 3, 4);
    cpuid(4, 0, 0x1c004121, 0x1c0003f, 0x3f, 0);
    cpuid(5, 0, 64, 64, 3, 0);
    cpuid(6, 0, 7, 2, 9, 0);
    cpuid(7, 0, 5, ~0U, ~0U, ~0U);
    cpuid(7, 1, ~0U, ~0U, ~0U, ~0U);
    cpuid(0xa, 0, 0x07300403, 0, 0, 0x603);
    cpuid(0xb, 0, 1, 2, 0x100, 5);
    cpuid(0xb, 1, 4, 8, 0x201, 5);
    cpuid(0xd, 0, 0x2ff, 0x340, 0xa88, 0);
    cpuid(0xd, 1, 0xf, 0x340, 0x100, 0);
    cpuid(0xd, 2, 256, 576, 0, 0);
    cpuid(0xd, 3, 64, 960, 0, 0); /* MPX */
    cpuid(0xd, 4, 64, 1024, 0, 0);
    cpuid(0xd, 5, 64, 1088, 0, 0);
    cpuid(0xd, 6, 512, 1152, 0, 0);
    cpuid(0xd, 7, 1024, 1664, 0, 0);
    cpuid(0xd, 9, 8, 2688, 0, 0); /* PKRU */
    cpuid(0x80000000, 0, 0x80000008, 0, 0, 0);
    cpuid(0x80000001, 0, 0, 0, ~0U, ~0U);
    cpuid(0x80000002, 0, 0x20555043, 0, 0, 0);
    cpuid(0x80000007, 0, 0, 0, 0, 0x100);
    cpuid(0x80000008, 0, 0x3027, ~0U, 0x1234, 0);
    fake_set_msr(0xce, 0x80000000);
    fake_set_msr(0x10a, ~0ULL);
    cpu_policy_init_default();
}

static struct domain *guest;

static int setup(void **state)
{
    (void)state;
    fake_start();
    processor(true);
    guest = world_domain_paused(5, 1);
    return 0;
}

static int setup_without_xsave(void **state)
{
    (void)setup(state);
    processor(false);
    return 0;
}

static struct cpuid_result look(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result result = {0xdead, 0xdead, 0xdead, 0xdead};

    cpu_policy_lookup(guest, leaf, subleaf, &result);
    return result;
}

static bool is_zero(struct cpuid_result r)
{
    return (r.eax | r.ebx | r.ecx | r.edx) == 0;
}

/* -- leaves of Xen's own --------------------------------------------------- */

static void signature_and_version_are_xens(void **state)
{
    struct cpuid_result r = look(0x40000000, 0);

    (void)state;
    assert_int_equal(r.eax, 0x40000005);
    assert_memory_equal(&r.ebx, "XenVMMXenVMM", 12);
    assert_int_equal(look(0x40000001, 0).eax, 0x00040011);
    r = look(0x40000002, 0);
    assert_int_equal(r.eax, 1);
    assert_int_equal(r.ebx, 0x40000000);
    assert_true(r.ecx & 1);
    assert_true(is_zero(look(0x40000004, 0)));
    assert_true(is_zero(look(0x40000006, 0)));
}

static void probes_for_other_hypervisors_find_nothing(void **state)
{
    (void)state;
    for (uint32_t leaf = 0x40000100; leaf < 0x40010000; leaf += 0x100) {
        assert_true(is_zero(look(leaf, 0)));
    }
}

static void time_leaf_tells_the_tsc_mode(void **state)
{
    struct cpuid_result r;

    (void)state;
    guest->vtsc = true;
    guest->tsc_mode = 1;
    guest->tsc_khz = 12345;
    guest->tsc_incarnation = 7;
    guest->vtsc_offset_ns = 0x1122334455667788ULL;
    r = look(0x40000003, 0);
    assert_int_equal(r.eax & 1, 1);
    assert_int_equal(r.ebx, 1);
    assert_int_equal(r.ecx, 12345);
    assert_int_equal(r.edx, 7);
    r = look(0x40000003, 1);
    assert_int_equal(r.eax, 0x55667788);
    assert_int_equal(r.ebx, 0x11223344);
    assert_int_equal(look(0x40000003, 2).eax, machine_tsc_khz());
    assert_true(is_zero(look(0x40000003, 3)));
}

static void machine_width_is_told(void **state)
{
    (void)state;
    assert_int_equal(look(0x40000005, 0).ebx, 0x27);
    assert_true(is_zero(look(0x40000005, 1)));
}

/* -- features -------------------------------------------------------------- */

static void kernel_only_features_are_hidden(void **state)
{
    struct cpuid_result r = look(1, 0);

    (void)state;
    assert_int_equal(
        r.edx & (1U << 1 | 1U << 3 | 1U << 12 | 1U << 13 | 1U << 17 | 1U << 21),
        0); /* VME PSE MTRR PGE PSE36 DS */
    assert_int_equal(r.ecx & (1U << 2 | 1U << 3 | 1U << 5 | 1U << 7 | 1U << 15 |
                              1U << 17 | 1U << 21 | 1U << 24),
                     0); /* DTES64 MONITOR VMX EIST PDCM PCID X2APIC TSCDL */
    r = look(7, 0);
    assert_int_equal(
        r.ebx & (1U << 1 | 1U << 2 | 1U << 7 | 1U << 10 | 1U << 14 | 1U << 20),
        0); /* TSC_ADJUST SGX SMEP INVPCID MPX SMAP */
    assert_int_equal(r.ecx &
                         (1U << 2 | 1U << 3 | 1U << 7 | 1U << 16 | 1U << 29),
                     0); /* UMIP PKU CET LA57 ENQCMD */
    assert_int_equal(r.edx & (1U << 26 | 1U << 27 | 1U << 31), 0);
    r = look(0x80000001, 0);
    assert_int_equal(r.edx & 1U << 26, 0);                       /* 1 GiB */
    assert_int_equal(r.ecx & (1U << 2 | 1U << 4 | 1U << 22), 0); /* SVM */
    assert_int_equal(look(0x80000007, 0).edx, 0);                /* ITSC */
    assert_int_equal(look(0xd, 1).eax & 1U << 3, 0);             /* XSAVES */
}

static void user_features_are_shown(void **state)
{
    struct cpuid_result r = look(1, 0);

    (void)state;
    assert_int_equal(r.edx & 0x1fc9cbf5, 0x1fc9cbf5);
    assert_true(r.ecx & 1U << 31);          /* a hypervisor */
    assert_true(r.ecx & 1U << 26);          /* XSAVE */
    assert_true(r.ecx & 1U << 28);          /* AVX */
    assert_false(r.ecx & 1U << 27);         /* OSXSAVE is the caller's */
    assert_true(look(7, 0).ebx & 1U << 0);  /* FSGSBASE */
    assert_true(look(7, 0).ebx & 1U << 16); /* AVX512F */
    r = look(0x80000001, 0);
    assert_true(r.edx & 1U << 11); /* SYSCALL */
    assert_true(r.edx & 1U << 20); /* NX */
    assert_true(r.edx & 1U << 29); /* LM */
}

static void without_xsave_its_features_go(void **state)
{
    struct cpuid_result r = look(1, 0);

    (void)state;
    assert_int_equal(r.ecx & (1U << 26 | 1U << 28 | 1U << 29 | 1U << 12), 0);
    assert_true(r.ecx & 1U << 19);
    r = look(7, 0);
    assert_int_equal(r.ebx & (1U << 5 | 1U << 16), 0);
    assert_true(r.ebx & 1U << 3);
    assert_true(is_zero(look(0xd, 0)));
    assert_int_equal(cpu_policy_xcr0(guest), 0);
}

static void hidden_leaves_are_zero(void **state)
{
    static const uint32_t hidden[] = {3, 5, 6, 8, 9, 0xa, 0xb};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(hidden); i++) {
        assert_true(is_zero(look(hidden[i], 0)));
    }
    assert_true(is_zero(look(0xb, 1)));
    assert_int_equal(look(1, 0).ebx >> 24, 0);
    assert_int_equal(look(0x80000008, 0).ecx, 0);
}

static void leaves_past_the_end_are_zero(void **state)
{
    (void)state;
    assert_int_equal(look(0, 0).eax, 0xd);
    assert_true(is_zero(look(0xe, 0)));
    assert_true(is_zero(look(0x3fffffff, 0)));
    assert_true(is_zero(look(0x80000009, 0)));
    assert_true(is_zero(look(0x90000000, 0)));
    assert_true(is_zero(look(0xffffffff, 0)));
    assert_true(is_zero(look(4, 6)));
    assert_true(is_zero(look(7, 3)));
    assert_true(is_zero(look(0xd, 64)));
    assert_true(is_zero(look(0xd, 0xffffffff)));
}

/* It reads TSC_AUX, which is nobody's: Linux takes its CPU's number there. */
static void rdpid_is_not_offered(void **state)
{
    (void)state;
    assert_int_equal(look(7, 0).ecx & 1U << 22, 0);
}

static void subleaf_of_a_plain_leaf_does_not_matter(void **state)
{
    struct cpuid_result a = look(1, 0);
    struct cpuid_result b = look(1, 12345);

    (void)state;
    assert_memory_equal(&a, &b, sizeof(a));
}

static void xsave_area_has_what_is_switched(void **state)
{
    struct cpuid_result r = look(0xd, 0);

    (void)state;
    assert_int_equal(r.eax, 0xe7);
    assert_int_equal(r.edx, 0);
    assert_int_equal(r.ebx, 1664 + 1024);
    assert_int_equal(r.ecx, 1664 + 1024);
    assert_true(is_zero(look(0xd, 3)));
    assert_true(is_zero(look(0xd, 9)));
    assert_int_equal(look(0xd, 2).eax, 256);
    assert_int_equal(cpu_policy_xcr0(guest), 0xe7);
    assert_int_equal(cpu_policy_xsave_bytes(guest, 3), 576);
    assert_int_equal(cpu_policy_xsave_bytes(guest, 7), 832);
    assert_int_equal(cpu_policy_xsave_bytes(guest, 0xe7), 2688);
}

static void dom0_sees_what_it_drives(void **state)
{
    struct xen_domctl_createdomain config = world_config(1);
    struct domain *dom0 = NULL;
    struct cpuid_result r;

    (void)state;
    assert_int_equal(domain_create(0, &config, true, &dom0), 0);
    cpu_policy_lookup(dom0, 1, 0, &r);
    assert_true(r.edx & 1U << 12); /* MTRR */
    assert_true(r.ecx & 1U << 7);  /* EIST */
    assert_false(r.ecx & 1U << 5); /* VMX */
    cpu_policy_lookup(dom0, 0x80000007, 0, &r);
    assert_int_equal(r.edx, 0x100);
}

static void arch_caps_state_facts_only(void **state)
{
    uint64_t caps;

    (void)state;
    assert_true(cpu_policy_arch_caps(guest, &caps));
    assert_true(caps & 1);        /* RDCL_NO */
    assert_false(caps & 2);       /* IBRS_ALL: no IBRS here */
    assert_false(caps & 1U << 7); /* TSX_CTRL */
    assert_false(caps & 1ULL << 63);
}

static void amd_repeats_its_common_features(void **state)
{
    (void)state;
    cpuid(0, 0, 0xd, 0x68747541, 0x444d4163, 0x69746e65);
    cpu_policy_init_default();
    assert_true(look(0x80000001, 0).edx & 1);
    assert_true(look(0x80000001, 0).edx & 1U << 24);
    assert_false(look(0x80000001, 0).edx & 1U << 3); /* PSE */
}

/* -- for the tools --------------------------------------------------------- */

static void enumeration_rebuilds_the_policy(void **state)
{
    const struct cpu_policy *policy = cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    struct cpu_policy *copy = calloc(1, sizeof(*copy));
    struct cpu_policy_leaf leaf;
    struct cpu_policy_error error;
    unsigned int count;

    (void)state;
    for (count = 0; cpu_policy_enumerate(policy, count, &leaf); count++) {
        assert_int_equal(cpu_policy_set_leaf(copy, &leaf), 0);
    }
    assert_true(count > 20 && count < 128);
    for (unsigned int i = 0; i < CPU_POLICY_MSRS; i++) {
        uint32_t msr;
        uint64_t value;

        cpu_policy_msr(policy, i, &msr, &value);
        assert_int_equal(cpu_policy_set_msr(copy, msr, value), 0);
    }
    assert_int_equal(cpu_policy_check(copy, &error), 0);
    assert_memory_equal(copy, policy, sizeof(*copy));
    free(copy);
}

/* The stock tools refuse a whole policy for one leaf that theirs has not. */
static void enumeration_has_only_leaves_that_tools_hold(void **state)
{
    const struct cpu_policy *policy = cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    struct cpu_policy_leaf leaf;

    (void)state;
    for (unsigned int i = 0; cpu_policy_enumerate(policy, i, &leaf); i++) {
        assert_false(leaf.leaf == 4 && leaf.subleaf > 5);
        assert_false(leaf.leaf == 7 && leaf.subleaf > 2);
        assert_false(leaf.leaf == 0xb && leaf.subleaf > 1);
        assert_false(leaf.leaf == 0xd && leaf.subleaf > 62);
    }
}

static void impossible_leaves_are_refused(void **state)
{
    static const struct {
        uint32_t leaf, subleaf;
        int rc;
    } cases[] = {
        {0xe, NONE, -XEN_ERANGE},
        {0x10000000, NONE, -XEN_ERANGE},
        {0x80000022, NONE, -XEN_ERANGE},
        {0xffffffff, NONE, -XEN_ERANGE},
        {1, 0, -XEN_ERANGE},
        {4, 6, -XEN_ERANGE},
        {4, NONE, -XEN_ERANGE},
        {7, 3, -XEN_ERANGE},
        {0xd, 63, -XEN_ERANGE},
        {0x40000000, NONE, 0},
        {0x40000100, NONE, 0},
        {1, NONE, 0},
        {0xd, 62, 0},
    };
    struct cpu_policy *policy = calloc(1, sizeof(*policy));

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        struct cpu_policy_leaf leaf = {
            cases[i].leaf, cases[i].subleaf, {1, 2, 3, 4}};

        assert_int_equal(cpu_policy_set_leaf(policy, &leaf), cases[i].rc);
    }
    free(policy);
}

static void impossible_msrs_are_refused(void **state)
{
    struct cpu_policy *policy = calloc(1, sizeof(*policy));

    (void)state;
    assert_int_equal(cpu_policy_set_msr(policy, 0x10, 0), -XEN_ERANGE);
    assert_int_equal(cpu_policy_set_msr(policy, 0xce, 1ULL << 32),
                     -XEN_EOVERFLOW);
    free(policy);
}

static void too_much_is_refused_with_its_place(void **state)
{
    struct cpu_policy *policy = malloc(sizeof(*policy));
    struct cpu_policy_error error;

    (void)state;
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->basic[0].eax++;
    assert_int_equal(cpu_policy_check(policy, &error), -XEN_EINVAL);
    assert_int_equal(error.leaf, 0);
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->feature[0].eax = 3;
    assert_int_equal(cpu_policy_check(policy, &error), -XEN_EINVAL);
    assert_int_equal(error.leaf, 7);
    assert_int_equal(error.subleaf, 0);
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->extended[0].eax++;
    assert_int_equal(cpu_policy_check(policy, &error), -XEN_EINVAL);
    assert_int_equal(error.leaf, 0x80000000);
    *policy = *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    policy->platform_info = 1;
    assert_int_equal(cpu_policy_check(policy, &error), -XEN_EINVAL);
    assert_int_equal(error.msr, 0xce);
    free(policy);
}

static void features_no_guest_can_have_are_cut(void **state)
{
    struct cpu_policy *policy = malloc(sizeof(*policy));
    struct cpu_policy_error error;

    (void)state;
    *policy = *cpu_policy_get(CPU_POLICY_HOST);
    policy->platform_info = 0;
    assert_int_equal(cpu_policy_check(policy, &error), 0);
    guest->policy = policy;
    assert_false(look(1, 0).ecx & 1U << 5);
    assert_false(look(1, 0).edx & 1U << 13);
    assert_true(look(1, 0).ecx & 1U << 31);
    assert_int_equal(look(0xd, 0).eax, 0xe7);
    assert_true(is_zero(look(0xd, 9)));
    assert_true(is_zero(look(0xa, 0)));
    guest->policy = NULL;
    free(policy);
}

static void features_come_in_the_tools_order(void **state)
{
    uint32_t words[CPU_FEATURE_WORDS];

    (void)state;
    cpu_policy_features(cpu_policy_get(CPU_POLICY_HOST), words);
    assert_int_equal(words[0], 0xffffffff);
    assert_int_equal(words[1], 0xffffffff & ~(1U << 27 | 1U << 31));
    assert_int_equal(words[7], 0x100);
    assert_int_equal(words[4], 0xf);
    cpu_policy_features(cpu_policy_get(CPU_POLICY_PV_DEFAULT), words);
    assert_int_equal(words[5], look(7, 0).ebx);
    assert_int_equal(words[9], look(7, 0).edx);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(signature_and_version_are_xens),
        CASE(probes_for_other_hypervisors_find_nothing),
        CASE(time_leaf_tells_the_tsc_mode),
        CASE(machine_width_is_told),
        CASE(kernel_only_features_are_hidden),
        CASE(user_features_are_shown),
        cmocka_unit_test_setup_teardown(without_xsave_its_features_go,
                                        setup_without_xsave, fake_teardown),
        CASE(hidden_leaves_are_zero),
        CASE(leaves_past_the_end_are_zero),
        CASE(rdpid_is_not_offered),
        CASE(subleaf_of_a_plain_leaf_does_not_matter),
        CASE(xsave_area_has_what_is_switched),
        CASE(dom0_sees_what_it_drives),
        CASE(arch_caps_state_facts_only),
        CASE(amd_repeats_its_common_features),
        CASE(enumeration_rebuilds_the_policy),
        CASE(enumeration_has_only_leaves_that_tools_hold),
        CASE(impossible_leaves_are_refused),
        CASE(impossible_msrs_are_refused),
        CASE(too_much_is_refused_with_its_place),
        CASE(features_no_guest_can_have_are_cut),
        CASE(features_come_in_the_tools_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
