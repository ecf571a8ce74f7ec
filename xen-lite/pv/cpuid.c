// SPDX-License-Identifier: MIT
/* CPUID of a PV guest: its domain's policy, less what its own CR4 decides. */
#include "cpu_policy.h"
#include "domain.h"
#include "pv.h"

#define LEAF1_ECX_XSAVE    (1U << 26)
#define LEAF1_ECX_OSXSAVE  (1U << 27)
#define LEAF7_EBX_FSGSBASE (1U << 0)

void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
              struct cpuid_result *out)
{
    cpu_policy_lookup(v->domain, leaf, subleaf, out);
    if (leaf == 1 && (out->ecx & LEAF1_ECX_XSAVE) != 0) {
        /*
         * PV kernels look for OSXSAVE before they can set CR4: the forced
         * view has shown the hypervisor's own bit ever since.
         */
        out->ecx |= LEAF1_ECX_OSXSAVE;
    }
}

unsigned long pv_cr4_bits(const struct domain *d)
{
    unsigned long bits = X86_CR4_TSD | X86_CR4_DE;
    struct cpuid_result leaf;

    cpu_policy_lookup(d, 1, 0, &leaf);
    if ((leaf.ecx & LEAF1_ECX_XSAVE) != 0) {
        bits |= X86_CR4_OSXSAVE;
    }
    cpu_policy_lookup(d, 7, 0, &leaf);
    if ((leaf.ebx & LEAF7_EBX_FSGSBASE) != 0) {
        bits |= X86_CR4_FSGSBASE;
    }
    return bits;
}
