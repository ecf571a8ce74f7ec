/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the CPU policies: where leaves and feature words are in
 * a policy, and the cuts that are made in one.
 */
#ifndef XEN_LITE_CPU_POLICY_PARTS_H
#define XEN_LITE_CPU_POLICY_PARTS_H

#include "cpu_policy.h"

#define LEAF_NONE (~0U)

#define MSR_PLATFORM_INFO     0xceU
#define MSR_ARCH_CAPABILITIES 0x10aU

#define LEAF1_ECX_EIST        (1U << 7)
#define LEAF1_ECX_XSAVE       (1U << 26)
#define LEAF1_ECX_OSXSAVE     (1U << 27)
#define LEAF1_ECX_HYPERVISOR  (1U << 31)
#define LEAF1_EDX_MTRR        (1U << 12)
#define LEAF7_EDX_ARCH_CAPS   (1U << 29)
#define LEAF80000007_EDX_ITSC (1U << 8)

/* Legacy features that AMD repeats in 0x80000001 EDX. */
#define COMMON_1D 0x0183f3ffU

/* Numbers of words of the feature set. */
#define WORD_1D        0U
#define WORD_E1D       2U
#define WORD_ARCH_CAPS 16U

/* -- cpu_policy_leaf.c ----------------------------------------------------- */

/* How many subleaves @leaf has; 0: none, so any subleaf means the leaf. */
uint32_t policy_subleaf_count(uint32_t leaf);
/* The subleaves of a leaf that has some. */
struct cpuid_result *policy_subleaves(struct cpu_policy *policy, uint32_t leaf);
/* The place of a leaf in @policy; NULL: it has none. */
struct cpuid_result *policy_slot(struct cpu_policy *policy, uint32_t leaf,
                                 uint32_t subleaf);
/* The same for those who only read. */
const struct cpuid_result *policy_slot_const(const struct cpu_policy *policy,
                                             uint32_t leaf, uint32_t subleaf);
/* Does @policy answer @leaf and @subleaf at all? */
bool policy_has_leaf(const struct cpu_policy *policy, uint32_t leaf,
                     uint32_t subleaf);
bool policy_has_xsave(const struct cpu_policy *policy);
bool policy_is_amd(const struct cpu_policy *policy);
/* The word @word of @policy's features; NULL: not kept as a leaf. */
uint32_t *policy_feature(struct cpu_policy *policy, unsigned int word);
/* Bits of it that a PV guest can have; of those, the ones that need XSAVE. */
uint32_t policy_feature_pv(unsigned int word);
uint32_t policy_feature_xsave(unsigned int word);

/* -- cpu_policy.c ---------------------------------------------------------- */

/* Cut the features of @policy to those in @words. */
void policy_limit_features(struct cpu_policy *policy,
                           const uint32_t words[CPU_FEATURE_WORDS]);
/* Keep in leaf 0xd what XCR0 bits in @states need. */
void policy_limit_xstate(struct cpu_policy *policy, uint64_t states);
/* Clear leaves that show the processor rather than what a guest may use. */
void policy_hide_leaves(struct cpu_policy *policy);

#endif
