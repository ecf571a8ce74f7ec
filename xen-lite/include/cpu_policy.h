/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees of the processor (pv/cpu_policy.c): CPUID leaves and
 * two feature MSRs, as the tools read and set them by get_cpu_policy and
 * set_cpu_policy. <xen/arch-x86/cpuid.h>, <xen/arch-x86/cpufeatureset.h>.
 */
#ifndef XEN_LITE_CPU_POLICY_H
#define XEN_LITE_CPU_POLICY_H

#include "machine.h"
#include "types.h"

struct domain;

#define CPU_POLICY_BASIC_LEAVES    14U /* 0 to 0xd */
#define CPU_POLICY_CACHE_LEAVES    6U  /* subleaves of 4 */
#define CPU_POLICY_FEATURE_LEAVES  3U  /* subleaves of 7 */
#define CPU_POLICY_TOPOLOGY_LEAVES 2U  /* subleaves of 0xb */
#define CPU_POLICY_XSTATE_LEAVES   63U /* subleaves of 0xd; 63 is no state */
#define CPU_POLICY_EXTENDED_LEAVES 34U /* 0x80000000 to 0x80000021 */

/* What tools that ask for the count are told: they write out all that their
 * own form of a policy can hold, which is more than a guest has. */
#define CPU_POLICY_LEAVES_MAX 160U

/* One answer to each leaf; what a policy does not hold reads as zero. */
struct cpu_policy {
    struct cpuid_result basic[CPU_POLICY_BASIC_LEAVES];
    struct cpuid_result cache[CPU_POLICY_CACHE_LEAVES];
    struct cpuid_result feature[CPU_POLICY_FEATURE_LEAVES];
    struct cpuid_result topology[CPU_POLICY_TOPOLOGY_LEAVES];
    struct cpuid_result xstate[CPU_POLICY_XSTATE_LEAVES];
    struct cpuid_result extended[CPU_POLICY_EXTENDED_LEAVES];
    uint64_t platform_info; /* MSR 0xce */
    uint64_t arch_caps;     /* MSR 0x10a */
};

/* In the order of XEN_SYSCTL_cpu_policy_*; no HVM here. */
enum cpu_policy_kind {
    CPU_POLICY_RAW,        /* the processor's own answers */
    CPU_POLICY_HOST,       /* less what the hypervisor does not use */
    CPU_POLICY_PV_MAX,     /* most that a PV guest can be given */
    CPU_POLICY_PV_DEFAULT, /* what it is given */
    CPU_POLICY_KINDS,
};

/* Words of a feature set in the tools' order (cpufeatureset.h). */
#define CPU_FEATURE_WORDS 20U

/* Once at boot, on a CPU whose CR4 has all that the hypervisor will use. */
void cpu_policy_init_default(void);
const struct cpu_policy *cpu_policy_get(enum cpu_policy_kind kind);

/*
 * What CPUID answers in @d for @leaf and @subleaf: Xen's own leaves too. Bits
 * that follow the vCPU's state (OSXSAVE) are clear; see cpu_policy.c.
 */
void cpu_policy_lookup(const struct domain *d, uint32_t leaf, uint32_t subleaf,
                       struct cpuid_result *out);
/* Bytes of the XSAVE area with the states in @xcr0 on. */
uint32_t cpu_policy_xsave_bytes(const struct domain *d, uint64_t xcr0);
/* States that @d may turn on in XCR0; 0 without XSAVE. */
uint64_t cpu_policy_xcr0(const struct domain *d);
/* MSR_ARCH_CAPABILITIES as @d reads it; false: #GP. */
bool cpu_policy_arch_caps(const struct domain *d, uint64_t *value);

/* -- for the tools --------------------------------------------------------- */

void cpu_policy_features(const struct cpu_policy *policy,
                         uint32_t words[CPU_FEATURE_WORDS]);

struct cpu_policy_leaf {
    uint32_t leaf, subleaf; /* subleaf ~0: the leaf has none */
    struct cpuid_result result;
};

/* Leaf @index (0, 1, ...) of those worth telling; false after the last. */
bool cpu_policy_enumerate(const struct cpu_policy *policy, unsigned int index,
                          struct cpu_policy_leaf *out);
/* Set one leaf: -XEN_ERANGE when no policy can hold it. */
int cpu_policy_set_leaf(struct cpu_policy *policy,
                        const struct cpu_policy_leaf *leaf);
/* Set one MSR: -XEN_ERANGE (not one of ours), -XEN_EOVERFLOW (value). */
int cpu_policy_set_msr(struct cpu_policy *policy, uint32_t msr, uint64_t value);

#define CPU_POLICY_MSRS 2U
/* MSR @index of CPU_POLICY_MSRS. */
void cpu_policy_msr(const struct cpu_policy *policy, unsigned int index,
                    uint32_t *msr, uint64_t *value);

struct cpu_policy_error {
    uint32_t leaf, subleaf, msr; /* ~0: not this */
};

/*
 * Can this machine give @policy to a PV guest? Features it cannot have are
 * cut. 0 or -XEN_EINVAL with *error saying what.
 */
int cpu_policy_check(struct cpu_policy *policy, struct cpu_policy_error *error);

#endif
