/* SPDX-License-Identifier: MIT */
/*
 * CPU policies as the tools read and write them: leaf by leaf, as words of
 * features, and checked before a guest gets one.
 */
#include "cpu_policy.h"

#include "cpu_policy_parts.h"
#include "string.h"

/* Leaves that tools count although they hold nothing of a policy. */
#define HYPERVISOR_LEAF   0x40000000U
#define HYPERVISOR_STEP   0x100U
#define HYPERVISOR_PLACES 2U

void cpu_policy_features(const struct cpu_policy *policy,
                         uint32_t words[CPU_FEATURE_WORDS])
{
    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        const uint32_t *bits =
            policy_feature((struct cpu_policy *)(uintptr_t)policy, word);

        words[word] = bits != NULL ? *bits : 0;
    }
    words[WORD_ARCH_CAPS] = (uint32_t)policy->arch_caps;
    words[WORD_ARCH_CAPS + 1] = (uint32_t)(policy->arch_caps >> 32);
}

/* Leaf and subleaf of place @index of all that a policy can hold. */
static bool place_of(unsigned int index, uint32_t *leaf, uint32_t *subleaf)
{
    for (*leaf = 0; *leaf < CPU_POLICY_BASIC_LEAVES; (*leaf)++) {
        uint32_t count = policy_subleaf_count(*leaf);
        uint32_t places = count != 0 ? count : 1;

        if (index < places) {
            *subleaf = count != 0 ? index : LEAF_NONE;
            return true;
        }
        index -= places;
    }
    *subleaf = LEAF_NONE;
    if (index < HYPERVISOR_PLACES) {
        *leaf = HYPERVISOR_LEAF + index * HYPERVISOR_STEP;
        return true;
    }
    index -= HYPERVISOR_PLACES;
    *leaf = 0x80000000U + index;
    return index < CPU_POLICY_EXTENDED_LEAVES;
}

static bool is_hypervisor_place(uint32_t leaf)
{
    return leaf >= HYPERVISOR_LEAF &&
           leaf < HYPERVISOR_LEAF + HYPERVISOR_PLACES * HYPERVISOR_STEP;
}

/*
 * Subleaves that are all zero are listed too, and so are two hypervisor leaves
 * that say nothing: the tools write out a policy again in the space that this
 * list took, and count them.
 */
bool cpu_policy_enumerate(const struct cpu_policy *policy, unsigned int index,
                          struct cpu_policy_leaf *out)
{
    unsigned int place = 0;

    while (place_of(place++, &out->leaf, &out->subleaf)) {
        bool made_up = is_hypervisor_place(out->leaf);

        if (!made_up && !policy_has_leaf(policy, out->leaf, out->subleaf)) {
            continue;
        }
        if (index-- == 0) {
            memset(&out->result, 0, sizeof(out->result));
            if (!made_up) {
                out->result =
                    *policy_slot_const(policy, out->leaf, out->subleaf);
            }
            return true;
        }
    }
    return false;
}

int cpu_policy_set_leaf(struct cpu_policy *policy,
                        const struct cpu_policy_leaf *leaf)
{
    struct cpuid_result *slot;

    /* Ours are made up at each look; the tools write them back unread. */
    if (leaf->leaf >= 0x40000000U && leaf->leaf < 0x40010000U) {
        return 0;
    }
    if (policy_subleaf_count(leaf->leaf) == 0 && leaf->subleaf != LEAF_NONE) {
        return -XEN_ERANGE;
    }
    slot = policy_slot(policy, leaf->leaf, leaf->subleaf);
    if (slot == NULL) {
        return -XEN_ERANGE;
    }
    *slot = leaf->result;
    return 0;
}

int cpu_policy_set_msr(struct cpu_policy *policy, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case MSR_PLATFORM_INFO:
        if (value >> 32 != 0) {
            return -XEN_EOVERFLOW;
        }
        policy->platform_info = value;
        return 0;
    case MSR_ARCH_CAPABILITIES:
        policy->arch_caps = value;
        return 0;
    default:
        return -XEN_ERANGE;
    }
}

void cpu_policy_msr(const struct cpu_policy *policy, unsigned int index,
                    uint32_t *msr, uint64_t *value)
{
    *msr = index == 0 ? MSR_PLATFORM_INFO : MSR_ARCH_CAPABILITIES;
    *value = index == 0 ? policy->platform_info : policy->arch_caps;
}

int cpu_policy_check(struct cpu_policy *policy, struct cpu_policy_error *error)
{
    const struct cpu_policy *max = cpu_policy_get(CPU_POLICY_PV_MAX);
    uint32_t words[CPU_FEATURE_WORDS];

    *error = (struct cpu_policy_error){LEAF_NONE, LEAF_NONE, LEAF_NONE};
    if (policy->basic[0].eax > max->basic[0].eax) {
        error->leaf = 0;
        return -XEN_EINVAL;
    }
    if (policy->feature[0].eax > max->feature[0].eax) {
        error->leaf = 7;
        error->subleaf = 0;
        return -XEN_EINVAL;
    }
    if (policy->extended[0].eax > max->extended[0].eax) {
        error->leaf = 0x80000000U;
        return -XEN_EINVAL;
    }
    if ((policy->platform_info & ~max->platform_info) != 0) {
        error->msr = MSR_PLATFORM_INFO;
        return -XEN_EINVAL;
    }
    cpu_policy_features(max, words);
    if (policy_is_amd(policy)) {
        words[WORD_E1D] |= COMMON_1D & words[WORD_1D];
    }
    policy_limit_features(policy, words);
    policy_hide_leaves(policy);
    if (policy_has_xsave(policy)) {
        uint64_t states = max->xstate[0].eax;

        memcpy(&policy->xstate[2], &max->xstate[2],
               sizeof(policy->xstate) - 2 * sizeof(policy->xstate[0]));
        policy->xstate[0] = max->xstate[0];
        policy_limit_xstate(policy, states);
    }
    policy->basic[1].ecx |= LEAF1_ECX_HYPERVISOR;
    return 0;
}
