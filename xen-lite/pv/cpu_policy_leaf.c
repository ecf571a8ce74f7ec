/* SPDX-License-Identifier: MIT */
/*
 * Where everything is in a CPU policy, and the table of features: which of
 * them work for a PV guest, and which of those need XSAVE state.
 */
#include "cpu_policy_parts.h"

/* Where a word of the feature set lives. */
enum feature_register {
    REG_EAX,
    REG_EBX,
    REG_ECX,
    REG_EDX,
};

struct feature_word {
    uint32_t leaf, subleaf;
    enum feature_register reg;
    uint32_t pv;         /* bits a PV guest can have */
    uint32_t need_xsave; /* of those, the ones that need XSAVE state */
};

static const struct feature_word feature_words[CPU_FEATURE_WORDS] = {
    /* FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH ACPI MMX FXSR
     * SSE SSE2 SS HTT */
    {1, LEAF_NONE, REG_EDX, 0x1fc9cbf5U, 0},
    /* SSE3 PCLMUL SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C
     * RDRAND HYPERVISOR */
    {1, LEAF_NONE, REG_ECX, 0xf6d83203U, 0x34001000U},
    /* SYSCALL NX MMXEXT FFXSR RDTSCP LM 3DNOWEXT 3DNOW (+ common on AMD) */
    {0x80000001U, LEAF_NONE, REG_EDX, 0xea500800U, 0},
    /* LAHF CMP_LEGACY ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
    {0x80000001U, LEAF_NONE, REG_ECX, 0x002109e3U, 0x00010800U},
    /* XSAVEOPT XSAVEC XGETBV1 */
    {0xd, 1, REG_EAX, 0x7U, 0x7U},
    /* FSGSBASE BMI1 AVX2 FDP_EXCP BMI2 ERMS NO_FPU_SEL AVX512F DQ RDSEED ADX
     * IFMA CLFLUSHOPT CLWB PF ER CD SHA BW VL */
    {7, 0, REG_EBX, 0xfdaf2369U, 0xdc230020U},
    /* PREFETCHWT1 VBMI VBMI2 GFNI VAES VPCLMUL VNNI BITALG VPOPCNT CLDEMOTE;
     * not RDPID: it reads TSC_AUX, which guests cannot write */
    {7, 0, REG_ECX, 0x02005f43U, 0x00005e42U},
    /* ITSC is added where it is safe */
    {0x80000007U, LEAF_NONE, REG_EDX, 0, 0},
    /* CLZERO RSTR_FP_ERR_PTRS WBNOINVD SSB_NO */
    {0x80000008U, LEAF_NONE, REG_EBX, 0x04000205U, 0},
    /* 4VNNIW 4FMAPS FSRM VP2INTERSECT MD_CLEAR SERIALIZE ARCH_CAPS */
    {7, 0, REG_EDX, 0x2000451cU, 0x0000010cU},
    /* AVX_VNNI AVX512_BF16 FZRM FSRS FSRCS */
    {7, 1, REG_EAX, 0x00001c30U, 0x00000030U},
    /* LFENCE is serialising, null selectors clear bases */
    {0x80000021U, LEAF_NONE, REG_EAX, 0x00000044U, 0},
    {7, 1, REG_EBX, 0, 0},
    {7, 2, REG_EDX, 0, 0},
    {7, 1, REG_ECX, 0, 0},
    {7, 1, REG_EDX, 0, 0},
    /* MSR_ARCH_CAPABILITIES, low and high: see cpu_policy_features() */
    {LEAF_NONE, LEAF_NONE, REG_EAX, 0, 0},
    {LEAF_NONE, LEAF_NONE, REG_EDX, 0, 0},
    {0x80000021U, LEAF_NONE, REG_ECX, 0, 0},
    {LEAF_NONE, LEAF_NONE, REG_EAX, 0, 0},
};
/* -- finding a leaf -------------------------------------------------------- */

uint32_t policy_subleaf_count(uint32_t leaf)
{
    switch (leaf) {
    case 4:
        return CPU_POLICY_CACHE_LEAVES;
    case 7:
        return CPU_POLICY_FEATURE_LEAVES;
    case 0xb:
        return CPU_POLICY_TOPOLOGY_LEAVES;
    case 0xd:
        return CPU_POLICY_XSTATE_LEAVES;
    default:
        return 0;
    }
}

struct cpuid_result *policy_subleaves(struct cpu_policy *policy, uint32_t leaf)
{
    switch (leaf) {
    case 4:
        return policy->cache;
    case 7:
        return policy->feature;
    case 0xb:
        return policy->topology;
    default:
        return policy->xstate;
    }
}

struct cpuid_result *policy_slot(struct cpu_policy *policy, uint32_t leaf,
                                 uint32_t subleaf)
{
    uint32_t count = policy_subleaf_count(leaf);

    if (leaf >= 0x80000000U) {
        uint32_t index = leaf - 0x80000000U;

        return index < CPU_POLICY_EXTENDED_LEAVES ? &policy->extended[index]
                                                  : NULL;
    }
    if (leaf >= CPU_POLICY_BASIC_LEAVES) {
        return NULL;
    }
    if (count == 0) {
        return &policy->basic[leaf];
    }
    return subleaf < count ? &policy_subleaves(policy, leaf)[subleaf] : NULL;
}

const struct cpuid_result *policy_slot_const(const struct cpu_policy *policy,
                                             uint32_t leaf, uint32_t subleaf)
{
    return policy_slot((struct cpu_policy *)(uintptr_t)policy, leaf, subleaf);
}

static uint32_t *result_register(struct cpuid_result *result,
                                 enum feature_register reg)
{
    switch (reg) {
    case REG_EAX:
        return &result->eax;
    case REG_EBX:
        return &result->ebx;
    case REG_ECX:
        return &result->ecx;
    default:
        return &result->edx;
    }
}

uint32_t *policy_feature(struct cpu_policy *policy, unsigned int word)
{
    const struct feature_word *where = &feature_words[word];
    struct cpuid_result *slot;

    if (where->leaf == LEAF_NONE) {
        return NULL;
    }
    slot = policy_slot(policy, where->leaf, where->subleaf);
    return slot == NULL ? NULL : result_register(slot, where->reg);
}

bool policy_has_xsave(const struct cpu_policy *policy)
{
    return (policy->basic[1].ecx & LEAF1_ECX_XSAVE) != 0;
}

bool policy_is_amd(const struct cpu_policy *policy)
{
    /* "Auth" of AuthenticAMD, "Hygo" of HygonGenuine */
    return policy->basic[0].ebx == 0x68747541U ||
           policy->basic[0].ebx == 0x6f677948U;
}

bool policy_has_leaf(const struct cpu_policy *policy, uint32_t leaf,
                     uint32_t subleaf)
{
    if (leaf >= 0x80000000U) {
        return leaf <= policy->extended[0].eax;
    }
    if (leaf > policy->basic[0].eax) {
        return false;
    }
    return leaf != 7 || subleaf <= policy->feature[0].eax;
}

uint32_t policy_feature_pv(unsigned int word)
{
    return feature_words[word].pv;
}

uint32_t policy_feature_xsave(unsigned int word)
{
    return feature_words[word].need_xsave;
}
