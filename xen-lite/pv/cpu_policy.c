/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of the processor. Four policies are made at boot from
 * CPUID; a domain has the default one until the tools set its own. Features
 * that work for a PV guest are all that need no privileged state beyond what
 * the hypervisor switches. Callers add OSXSAVE by the vCPU's CR4.
 */
#include "cpu_policy.h"

#include <xen/arch-x86/cpuid.h>

#include "core.h"
#include "cpu_policy_parts.h"
#include "domain.h"
#include "string.h"

/* x87, SSE, AVX, AVX-512: what the hypervisor's XSAVE switches for guests. */
#define XCR0_PV 0xe7ULL

/* The bits of MSR_ARCH_CAPABILITIES that state facts about the processor
 * (RDCL_NO, RSBA, MDS_NO, ...); those that offer a control are left out. */
#define ARCH_CAPS_PV 0xd12e17dULL

static struct cpu_policy policies[CPU_POLICY_KINDS];

/* -- making the policies --------------------------------------------------- */

static void read_subleaves(struct cpu_policy *policy, uint32_t leaf)
{
    struct cpuid_result *array = policy_subleaves(policy, leaf);

    for (uint32_t i = 0; i < policy_subleaf_count(leaf); i++) {
        machine_cpuid(leaf, i, &array[i]);
    }
}

static void read_raw(struct cpu_policy *policy)
{
    uint32_t last;

    machine_cpuid(0, 0, &policy->basic[0]);
    last = policy->basic[0].eax;
    for (uint32_t leaf = 1; leaf < CPU_POLICY_BASIC_LEAVES && leaf <= last;
         leaf++) {
        if (policy_subleaf_count(leaf) != 0) {
            read_subleaves(policy, leaf);
        } else {
            machine_cpuid(leaf, 0, &policy->basic[leaf]);
        }
    }
    machine_cpuid(0x80000000U, 0, &policy->extended[0]);
    last = policy->extended[0].eax;
    for (uint32_t i = 1;
         i < CPU_POLICY_EXTENDED_LEAVES && 0x80000000U + i <= last; i++) {
        machine_cpuid(0x80000000U + i, 0, &policy->extended[i]);
    }
    if (machine_rdmsr(MSR_PLATFORM_INFO, &policy->platform_info) != 0) {
        policy->platform_info = 0;
    }
    if ((policy->feature[0].edx & LEAF7_EDX_ARCH_CAPS) == 0 ||
        machine_rdmsr(MSR_ARCH_CAPABILITIES, &policy->arch_caps) != 0) {
        policy->arch_caps = 0;
    }
}

/* Without CR4.OSXSAVE the hypervisor switches only FXSAVE state. */
static void drop_xsave(struct cpu_policy *policy)
{
    policy->basic[1].ecx &= ~LEAF1_ECX_XSAVE;
    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        uint32_t *bits = policy_feature(policy, word);

        if (bits != NULL) {
            *bits &= ~policy_feature_xsave(word);
        }
    }
    memset(policy->xstate, 0, sizeof(policy->xstate));
}

void policy_limit_xstate(struct cpu_policy *policy, uint64_t states)
{
    uint32_t bytes = 576; /* legacy area and header */

    states &= policy->xstate[0].eax | (uint64_t)policy->xstate[0].edx << 32;
    for (uint32_t i = 2; i < CPU_POLICY_XSTATE_LEAVES; i++) {
        const struct cpuid_result *state = &policy->xstate[i];

        if ((states >> i & 1) == 0) {
            policy->xstate[i] = (struct cpuid_result){0};
        } else if (state->eax + state->ebx > bytes) {
            bytes = state->eax + state->ebx;
        }
    }
    policy->xstate[0] = (struct cpuid_result){.eax = (uint32_t)states,
                                              .ebx = bytes,
                                              .ecx = bytes,
                                              .edx = (uint32_t)(states >> 32)};
    policy->xstate[1].ecx = 0; /* supervisor states */
    policy->xstate[1].edx = 0;
    policy->xstate[1].ebx = 0;
}

static void make_host(struct cpu_policy *policy)
{
    if (policy->basic[0].eax >= CPU_POLICY_BASIC_LEAVES) {
        policy->basic[0].eax = CPU_POLICY_BASIC_LEAVES - 1;
    }
    if (policy->extended[0].eax >= 0x80000000U + CPU_POLICY_EXTENDED_LEAVES) {
        policy->extended[0].eax = 0x80000000U + CPU_POLICY_EXTENDED_LEAVES - 1;
    }
    if (policy->feature[0].eax >= CPU_POLICY_FEATURE_LEAVES) {
        policy->feature[0].eax = CPU_POLICY_FEATURE_LEAVES - 1;
    }
    if ((policy->basic[1].ecx & LEAF1_ECX_OSXSAVE) == 0) {
        drop_xsave(policy);
    }
    policy->basic[1].ecx &= ~LEAF1_ECX_OSXSAVE;
}

void policy_hide_leaves(struct cpu_policy *policy)
{
    static const struct cpuid_result none;

    policy->basic[3] = none; /* serial number */
    policy->basic[5] = none; /* MONITOR */
    policy->basic[6] = none; /* thermal */
    policy->basic[8] = none;
    policy->basic[9] = none;
    policy->basic[0xa] = none; /* performance counters */
    memset(policy->topology, 0, sizeof(policy->topology));
    policy->basic[1].ebx &= 0x00ffffffU; /* APIC id */
    policy->extended[7].eax = 0;
    policy->extended[7].ebx = 0;
    policy->extended[7].ecx = 0;
    policy->extended[8].ecx = 0;
    policy->extended[8].edx = 0;
    for (unsigned int i = 9; i < CPU_POLICY_EXTENDED_LEAVES; i++) {
        if (i != 0x1a && i != 0x21) {
            policy->extended[i] = none;
        }
    }
    policy->extended[0x21].ebx = 0;
    policy->extended[0x21].edx = 0;
}

void policy_limit_features(struct cpu_policy *policy,
                           const uint32_t words[CPU_FEATURE_WORDS])
{
    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        uint32_t *bits = policy_feature(policy, word);

        if (bits != NULL) {
            *bits &= words[word];
        }
    }
    policy->arch_caps &=
        (uint64_t)words[WORD_ARCH_CAPS + 1] << 32 | words[WORD_ARCH_CAPS];
    if (!policy_has_xsave(policy)) {
        drop_xsave(policy);
    }
}

static void make_pv(struct cpu_policy *policy)
{
    uint32_t words[CPU_FEATURE_WORDS];

    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        words[word] = policy_feature_pv(word);
    }
    if (policy_is_amd(policy)) {
        words[WORD_E1D] |= COMMON_1D & words[WORD_1D];
    }
    words[WORD_ARCH_CAPS] = (uint32_t)ARCH_CAPS_PV;
    words[WORD_ARCH_CAPS + 1] = (uint32_t)(ARCH_CAPS_PV >> 32);
    policy_limit_features(policy, words);
    policy_hide_leaves(policy);
    if (policy_has_xsave(policy)) {
        policy_limit_xstate(policy, XCR0_PV);
    }
    policy->basic[1].ecx |= LEAF1_ECX_HYPERVISOR;
    policy->platform_info = 0;
}

void cpu_policy_init_default(void)
{
    memset(policies, 0, sizeof(policies));
    read_raw(&policies[CPU_POLICY_RAW]);
    policies[CPU_POLICY_HOST] = policies[CPU_POLICY_RAW];
    make_host(&policies[CPU_POLICY_HOST]);
    policies[CPU_POLICY_PV_MAX] = policies[CPU_POLICY_HOST];
    make_pv(&policies[CPU_POLICY_PV_MAX]);
    policies[CPU_POLICY_PV_DEFAULT] = policies[CPU_POLICY_PV_MAX];
    /* A guest that may migrate cannot count on it: with the tools' word only.
     */
    policies[CPU_POLICY_PV_MAX].extended[7].edx |=
        policies[CPU_POLICY_HOST].extended[7].edx & LEAF80000007_EDX_ITSC;
}

const struct cpu_policy *cpu_policy_get(enum cpu_policy_kind kind)
{
    return &policies[kind];
}

/* -- what a domain reads --------------------------------------------------- */

static const struct cpu_policy *domain_policy(const struct domain *d)
{
    return d->policy != NULL ? d->policy : &policies[CPU_POLICY_PV_DEFAULT];
}

/* Leaf 0x40000003: how the domain's TSC relates to time. */
static void lookup_time(const struct domain *d, uint32_t subleaf,
                        struct cpuid_result *out)
{
    switch (subleaf) {
    case 0:
        out->eax = (d->vtsc ? 1U : 0);
        out->ebx = d->tsc_mode;
        out->ecx = d->tsc_khz != 0 ? d->tsc_khz : machine_tsc_khz();
        out->edx = d->tsc_incarnation;
        break;
    case 1: {
        struct time_scale scale;

        machine_time_scale(&scale);
        out->eax = (uint32_t)d->vtsc_offset_ns;
        out->ebx = (uint32_t)(d->vtsc_offset_ns >> 32);
        out->ecx = scale.mul;
        out->edx = (uint32_t)scale.shift;
        break;
    }
    case 2:
        out->eax = machine_tsc_khz();
        break;
    default:
        break;
    }
}

static void lookup_xen(const struct domain *d, uint32_t leaf, uint32_t subleaf,
                       struct cpuid_result *out)
{
    switch (leaf - 0x40000000U) {
    case 0:
        out->eax = 0x40000005U;
        out->ebx = XEN_CPUID_SIGNATURE_EBX;
        out->ecx = XEN_CPUID_SIGNATURE_ECX;
        out->edx = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        out->eax = 0x00040011U; /* 4.17 */
        break;
    case 2:
        out->eax = 1; /* hypercall pages */
        out->ebx = 0x40000000U;
        out->ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        lookup_time(d, subleaf, out);
        break;
    case 5:
        if (subleaf == 0) {
            uint32_t bits = policies[CPU_POLICY_HOST].extended[8].eax & 0xffU;

            out->ebx = bits != 0 ? bits : 36;
        }
        break;
    default:
        break;
    }
}

/* dom0 drives the processor's power states and stays on this machine. */
static void lookup_for_dom0(uint32_t leaf, struct cpuid_result *out)
{
    const struct cpu_policy *host = &policies[CPU_POLICY_HOST];

    if (leaf == 1) {
        out->edx |= host->basic[1].edx & LEAF1_EDX_MTRR;
        out->ecx |= host->basic[1].ecx & LEAF1_ECX_EIST;
    } else if (leaf == 0x80000007U) {
        out->edx |= host->extended[7].edx & LEAF80000007_EDX_ITSC;
    }
}

void cpu_policy_lookup(const struct domain *d, uint32_t leaf, uint32_t subleaf,
                       struct cpuid_result *out)
{
    const struct cpu_policy *policy = domain_policy(d);
    const struct cpuid_result *slot;

    *out = (struct cpuid_result){0};
    if (leaf >= 0x40000000U && leaf < 0x40000100U) {
        lookup_xen(d, leaf, subleaf, out);
        return;
    }
    if (!policy_has_leaf(policy, leaf, subleaf)) {
        return;
    }
    slot = policy_slot_const(policy, leaf, subleaf);
    if (slot == NULL) {
        return;
    }
    *out = *slot;
    if (d->privileged) {
        lookup_for_dom0(leaf, out);
    }
}

uint64_t cpu_policy_xcr0(const struct domain *d)
{
    const struct cpu_policy *policy = domain_policy(d);

    if (!policy_has_xsave(policy)) {
        return 0;
    }
    return policy->xstate[0].eax | (uint64_t)policy->xstate[0].edx << 32;
}

uint32_t cpu_policy_xsave_bytes(const struct domain *d, uint64_t xcr0)
{
    const struct cpu_policy *policy = domain_policy(d);
    uint32_t bytes = 576;

    for (uint32_t i = 2; i < CPU_POLICY_XSTATE_LEAVES; i++) {
        const struct cpuid_result *state = &policy->xstate[i];

        if ((xcr0 >> i & 1) != 0 && state->eax + state->ebx > bytes) {
            bytes = state->eax + state->ebx;
        }
    }
    return bytes;
}

bool cpu_policy_arch_caps(const struct domain *d, uint64_t *value)
{
    const struct cpu_policy *policy = domain_policy(d);

    *value = policy->arch_caps;
    return (policy->feature[0].edx & LEAF7_EDX_ARCH_CAPS) != 0;
}

/* Where hypervisors tell of themselves: ours, and a second one's. */
#define HYPERVISOR_LEAF   0x40000000U
#define HYPERVISOR_STEP   0x100U
#define HYPERVISOR_PLACES 2U
