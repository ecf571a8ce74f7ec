/* SPDX-License-Identifier: MIT */
/* RDMSR and WRMSR: known registers, fixed ones, unknown ones. */
#include "check.h"
#include "hypercall.h"
#include "insn.h"
#include "pvbasic.h"
#include "start.h"
#include "traps.h"
#include "vcpu.h"

#define MSR_APIC_BASE 0x1bU
#define MSR_SMI_COUNT 0x34U
#define MSR_PAT       0x277U
#define MSR_EFER      0xc0000080U
#define MSR_LSTAR     0xc0000082U
#define MSR_FS_BASE   0xc0000100U
#define MSR_GS_BASE   0xc0000101U
#define MSR_KERNEL_GS 0xc0000102U
#define MSR_NOWHERE   0x00012345U

#define NONCANONICAL 0x8000000000000000UL

static void check_read(const char *name, uint32_t msr, uint64_t want)
{
    fault_clear();
    check_hex(name, rdmsr_fixup(msr), want);
    check_eq(name, fault_vector(), -1);
}

static void check_read_refused(const char *name, uint32_t msr)
{
    fault_clear();
    rdmsr_fixup(msr);
    check_eq(name, fault_vector(), 13);
    check_hex(name, fault_last()->error_code, 0);
}

static void check_write(const char *name, uint32_t msr, uint64_t value,
                        int want_vector)
{
    fault_clear();
    wrmsr_fixup(msr, value);
    check_eq(name, fault_vector(), want_vector);
}

static void check_bases(void)
{
    uint64_t value = 0;

    check_read("msr-gs-base", MSR_GS_BASE, (uint64_t)this_vcpu());
    check_write("msr-write-fs-base", MSR_FS_BASE, (uint64_t)&value, -1);
    check_read("msr-fs-base", MSR_FS_BASE, (uint64_t)&value);
    value = 0x77;
    __asm__ volatile("movq %%fs:0, %0" : "=r"(value) : "m"(value));
    check_hex("msr-fs-base-works", value, 0x77);
    check_write("msr-write-fs-base-noncanonical", MSR_FS_BASE, NONCANONICAL,
                13);
    check_write("msr-write-gs-user", MSR_KERNEL_GS, 0x1000, -1);
    check_read("msr-gs-user", MSR_KERNEL_GS, 0x1000);
    check_write("msr-write-gs-base", MSR_GS_BASE, (uint64_t)this_vcpu(), -1);
    check_write("msr-write-fs-base-zero", MSR_FS_BASE, 0, -1);
}

void pvbasic_msr(void)
{
    check_bases();
    check_read("msr-pat", MSR_PAT, 0x050100070406);
    check_read("msr-efer", MSR_EFER, 0xd01);
    fault_clear();
    check_hex("msr-apic-base-address", rdmsr_fixup(MSR_APIC_BASE) & 0xfffff000,
              0xfee00000);
    check_read_refused("msr-read-smi-count", MSR_SMI_COUNT);
    check_read_refused("msr-read-unknown", MSR_NOWHERE);
    check_read_refused("msr-read-lstar", MSR_LSTAR);
    check_write("msr-write-unknown", MSR_NOWHERE, 0, 13);
    check_write("msr-write-lstar", MSR_LSTAR, 0, 13);
    check_write("msr-write-pat-other", MSR_PAT, 0x0007040600070406, 13);
    check_read("msr-pat-unchanged", MSR_PAT, 0x050100070406);
}
