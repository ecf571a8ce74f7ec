// SPDX-License-Identifier: MIT
/*
 * Model-specific registers of a PV guest: a short list with the values it may
 * see, everything else is #GP. Nothing here changes a register that another
 * domain or the hypervisor depends on.
 */
#include "cpu_policy.h"
#include "domain.h"
#include "guest_copy.h"
#include "pv.h"
#include "vcpu_time.h"

#define MSR_TSC         0x00000010U
#define MSR_PLATFORM_ID 0x00000017U
#define MSR_APIC_BASE   0x0000001bU
#define MSR_UCODE_REV   0x0000008bU
#define MSR_ARCH_CAPS   0x0000010aU
#define MSR_MCG_CAP     0x00000179U
#define MSR_MCG_STATUS  0x0000017aU
#define MSR_MISC_ENABLE 0x000001a0U
#define MSR_PAT         0x00000277U
#define MSR_MC0_CTL     0x00000400U
#define MSR_MC_LAST     0x0000047fU
#define MSR_EFER        0xc0000080U
#define MSR_FS_BASE     0xc0000100U
#define MSR_GS_BASE     0xc0000101U
#define MSR_KERNEL_GS   0xc0000102U
#define MSR_AMD_PATCH   0xc0010020U
#define MSR_AMD_HWCR    0xc0010015U
#define MSR_AMD_NB_CFG  0xc001001fU

#define APIC_BASE_X2APIC (1ULL << 10)
#define EFER_GUEST_BITS  0xd01ULL /* SCE, LME, LMA, NXE */
#define PAT_FIXED        0x050100070406ULL

uint64_t pv_read_tsc(const struct vcpu *v)
{
    return v->domain->vtsc ? domain_vtsc_read(v->domain) : machine_tsc();
}

static bool base_of_msr(uint32_t msr, enum machine_segment_base *base)
{
    switch (msr) {
    case MSR_FS_BASE:
        *base = MACHINE_BASE_FS;
        return true;
    case MSR_GS_BASE:
        *base = MACHINE_BASE_GS;
        return true;
    case MSR_KERNEL_GS:
        *base = MACHINE_BASE_GS_OTHER;
        return true;
    default:
        return false;
    }
}

/* Machine-check banks are the hypervisor's: a guest sees none. */
static bool is_machine_check(uint32_t msr)
{
    return msr == MSR_MCG_CAP || msr == MSR_MCG_STATUS ||
           (msr >= MSR_MC0_CTL && msr <= MSR_MC_LAST);
}

/* Read from the processor; it may not have the register. */
static int read_real(uint32_t msr, uint64_t clear, uint64_t *value)
{
    int rc = machine_rdmsr(msr, value);

    if (rc == 0) {
        *value &= ~clear;
    }
    return rc;
}

int pv_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    enum machine_segment_base base;

    if (base_of_msr(msr, &base)) {
        *value = machine_get_base(base);
        return 0;
    }
    if (is_machine_check(msr)) {
        *value = 0;
        return 0;
    }
    switch (msr) {
    case MSR_TSC:
        *value = pv_read_tsc(v);
        return 0;
    case MSR_PAT:
        *value = PAT_FIXED;
        return 0;
    case MSR_EFER:
        if (read_real(msr, ~EFER_GUEST_BITS, value) != 0) {
            return -XEN_EINVAL;
        }
        return 0;
    case MSR_APIC_BASE:
        return read_real(msr, APIC_BASE_X2APIC, value);
    case MSR_ARCH_CAPS:
        return cpu_policy_arch_caps(v->domain, value) ? 0 : -XEN_EINVAL;
    case MSR_PLATFORM_ID:
    case MSR_UCODE_REV:
    case MSR_MISC_ENABLE:
    case MSR_AMD_HWCR:
    case MSR_AMD_NB_CFG:
        return read_real(msr, 0, value);
    default:
        return -XEN_EINVAL;
    }
}

int pv_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    enum machine_segment_base base;

    (void)v;
    if (base_of_msr(msr, &base)) {
        if (!address_is_canonical(value)) {
            return -XEN_EINVAL;
        }
        machine_set_base(base, value);
        return 0;
    }
    if (is_machine_check(msr)) {
        return 0;
    }
    switch (msr) {
    case MSR_UCODE_REV:
    case MSR_AMD_PATCH:
    case MSR_APIC_BASE:
    case MSR_MISC_ENABLE:
    case MSR_EFER:
    case MSR_AMD_NB_CFG:
        return 0; /* accepted, without effect */
    case MSR_PAT:
        return value == PAT_FIXED ? 0 : -XEN_EINVAL;
    default:
        return -XEN_EINVAL;
    }
}
