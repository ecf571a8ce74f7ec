/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of the processor. Four policies are made at boot from
 * CPUID; a domain has the default one until the tools set its own. The masks
 * say which features work for a PV guest: all that need no privileged state
 * beyond what the hypervisor switches. Callers add OSXSAVE by the vCPU's CR4.
 */
#include "cpu_policy.h"

#include <xen/arch-x86/cpuid.h>

#include "core.h"
#include "domain.h"
#include "string.h"

#define LEAF_NONE (~0U)
#define BIT(n)    (1U << (n))

#define MSR_PLATFORM_INFO     0xceU
#define MSR_ARCH_CAPABILITIES 0x10aU

#define LEAF1_ECX_XSAVE      BIT(26)
#define LEAF1_ECX_OSXSAVE    BIT(27)
#define LEAF1_ECX_HYPERVISOR BIT(31)
#define LEAF7_EDX_ARCH_CAPS  BIT(29)
#define LEAF80000007_EDX_ITSC BIT(8)
#define LEAF1_EDX_MTRR       BIT(12)
#define LEAF1_ECX_EIST       BIT(7)

/* Legacy features that AMD repeats in 0x80000001 EDX. */
#define COMMON_1D 0x0183f3ffU

/* x87, SSE, AVX, AVX-512: what the hypervisor's XSAVE switches for guests. */
#define XCR0_PV 0xe7ULL

/* The bits of MSR_ARCH_CAPABILITIES that state facts about the processor
 * (RDCL_NO, RSBA, MDS_NO, ...); those that offer a control are left out. */
#define ARCH_CAPS_PV 0xd12e17dULL

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
    /* PREFETCHWT1 VBMI VBMI2 GFNI VAES VPCLMUL VNNI BITALG VPOPCNT RDPID
     * CLDEMOTE */
    {7, 0, REG_ECX, 0x02405f43U, 0x00005e42U},
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
#define WORD_1D        0U
#define WORD_E1D       2U
#define WORD_ARCH_CAPS 16U

static struct cpu_policy policies[CPU_POLICY_KINDS];

/* -- finding a leaf ------------------------------------------------------------ */

/* How many subleaves @leaf has; 0: none, so any subleaf means the leaf. */
static uint32_t subleaf_count(uint32_t leaf)
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

static struct cpuid_result *subleaf_array(struct cpu_policy *policy,
                                          uint32_t leaf)
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

/* The place of a leaf in @policy; NULL: it has none. */
static struct cpuid_result *policy_slot(struct cpu_policy *policy,
                                        uint32_t leaf, uint32_t subleaf)
{
    uint32_t count = subleaf_count(leaf);

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
    return subleaf < count ? &subleaf_array(policy, leaf)[subleaf] : NULL;
}

/* The same for those who only read. */
static const struct cpuid_result *
policy_slot_const(const struct cpu_policy *policy, uint32_t leaf,
                  uint32_t subleaf)
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

/* The word @word of @policy's features; NULL: not kept as a leaf. */
static uint32_t *feature_at(struct cpu_policy *policy, unsigned int word)
{
    const struct feature_word *where = &feature_words[word];
    struct cpuid_result *slot;

    if (where->leaf == LEAF_NONE) {
        return NULL;
    }
    slot = policy_slot(policy, where->leaf, where->subleaf);
    return slot == NULL ? NULL : result_register(slot, where->reg);
}

static bool policy_has_xsave(const struct cpu_policy *policy)
{
    return (policy->basic[1].ecx & LEAF1_ECX_XSAVE) != 0;
}

static bool policy_is_amd(const struct cpu_policy *policy)
{
    /* "Auth" of AuthenticAMD, "Hygo" of HygonGenuine */
    return policy->basic[0].ebx == 0x68747541U ||
           policy->basic[0].ebx == 0x6f677948U;
}

/* -- making the policies --------------------------------------------------------- */

static void read_subleaves(struct cpu_policy *policy, uint32_t leaf)
{
    struct cpuid_result *array = subleaf_array(policy, leaf);

    for (uint32_t i = 0; i < subleaf_count(leaf); i++) {
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
        if (subleaf_count(leaf) != 0) {
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
        uint32_t *bits = feature_at(policy, word);

        if (bits != NULL) {
            *bits &= ~feature_words[word].need_xsave;
        }
    }
    memset(policy->xstate, 0, sizeof(policy->xstate));
}

/* Keep in subleaves of 0xd what XCR0 bits in @states need. */
static void limit_xstate(struct cpu_policy *policy, uint64_t states)
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
    policy->xstate[0] = (struct cpuid_result){
        .eax = (uint32_t)states, .ebx = bytes, .ecx = bytes,
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

/* Leaves that show the processor rather than what a guest may use. */
static void hide_leaves(struct cpu_policy *policy)
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

/* Cut the features of @policy to those in @words. */
static void limit_features(struct cpu_policy *policy,
                           const uint32_t words[CPU_FEATURE_WORDS])
{
    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        uint32_t *bits = feature_at(policy, word);

        if (bits != NULL) {
            *bits &= words[word];
        }
    }
    policy->arch_caps &= (uint64_t)words[WORD_ARCH_CAPS + 1] << 32 |
                         words[WORD_ARCH_CAPS];
    if (!policy_has_xsave(policy)) {
        drop_xsave(policy);
    }
}

static void make_pv(struct cpu_policy *policy)
{
    uint32_t words[CPU_FEATURE_WORDS];

    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        words[word] = feature_words[word].pv;
    }
    if (policy_is_amd(policy)) {
        words[WORD_E1D] |= COMMON_1D & words[WORD_1D];
    }
    words[WORD_ARCH_CAPS] = (uint32_t)ARCH_CAPS_PV;
    words[WORD_ARCH_CAPS + 1] = (uint32_t)(ARCH_CAPS_PV >> 32);
    limit_features(policy, words);
    hide_leaves(policy);
    if (policy_has_xsave(policy)) {
        limit_xstate(policy, XCR0_PV);
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
    /* A guest that may migrate cannot count on it: with the tools' word only. */
    policies[CPU_POLICY_PV_MAX].extended[7].edx |=
        policies[CPU_POLICY_HOST].extended[7].edx & LEAF80000007_EDX_ITSC;
}

const struct cpu_policy *cpu_policy_get(enum cpu_policy_kind kind)
{
    return &policies[kind];
}

/* -- what a domain reads ------------------------------------------------------------ */

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
        out->eax = (d->vtsc ? BIT(0) : 0);
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

static bool leaf_in_limits(const struct cpu_policy *policy, uint32_t leaf,
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
    if (!leaf_in_limits(policy, leaf, subleaf)) {
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

/* -- for the tools ---------------------------------------------------------------------- */

void cpu_policy_features(const struct cpu_policy *policy,
                         uint32_t words[CPU_FEATURE_WORDS])
{
    for (unsigned int word = 0; word < CPU_FEATURE_WORDS; word++) {
        const uint32_t *bits =
            feature_at((struct cpu_policy *)(uintptr_t)policy, word);

        words[word] = bits != NULL ? *bits : 0;
    }
    words[WORD_ARCH_CAPS] = (uint32_t)policy->arch_caps;
    words[WORD_ARCH_CAPS + 1] = (uint32_t)(policy->arch_caps >> 32);
}

/* Leaf and subleaf of place @index of all that a policy can hold. */
static bool place_of(unsigned int index, uint32_t *leaf, uint32_t *subleaf)
{
    for (*leaf = 0; *leaf < CPU_POLICY_BASIC_LEAVES; (*leaf)++) {
        uint32_t count = subleaf_count(*leaf);
        uint32_t places = count != 0 ? count : 1;

        if (index < places) {
            *subleaf = count != 0 ? index : LEAF_NONE;
            return true;
        }
        index -= places;
    }
    *leaf = 0x80000000U + index;
    *subleaf = LEAF_NONE;
    return index < CPU_POLICY_EXTENDED_LEAVES;
}

static bool result_is_zero(const struct cpuid_result *result)
{
    return (result->eax | result->ebx | result->ecx | result->edx) == 0;
}

bool cpu_policy_enumerate(const struct cpu_policy *policy, unsigned int index,
                          struct cpu_policy_leaf *out)
{
    unsigned int place = 0;

    while (place_of(place++, &out->leaf, &out->subleaf)) {
        const struct cpuid_result *slot =
            policy_slot_const(policy, out->leaf, out->subleaf);

        if (!leaf_in_limits(policy, out->leaf, out->subleaf) ||
            (out->subleaf != LEAF_NONE && out->subleaf != 0 &&
             result_is_zero(slot))) {
            continue;
        }
        if (index-- == 0) {
            out->result = *slot;
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
    if (subleaf_count(leaf->leaf) == 0 && leaf->subleaf != LEAF_NONE) {
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
    const struct cpu_policy *max = &policies[CPU_POLICY_PV_MAX];
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
    limit_features(policy, words);
    hide_leaves(policy);
    if (policy_has_xsave(policy)) {
        uint64_t states = max->xstate[0].eax;

        memcpy(&policy->xstate[2], &max->xstate[2],
               sizeof(policy->xstate) - 2 * sizeof(policy->xstate[0]));
        policy->xstate[0] = max->xstate[0];
        limit_xstate(policy, states);
    }
    policy->basic[1].ecx |= LEAF1_ECX_HYPERVISOR;
    return 0;
}
