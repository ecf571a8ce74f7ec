/* SPDX-License-Identifier: MIT */
/* One table of processor features: CPUID bit, option, and verdict. */
#include "cpu_features.h"

#include "cmdline.h"
#include "machine.h"
#include "printk.h"
#include "string.h"
#include "x86.h"
#include "xpti.h"

enum cpuid_register { EAX, EBX, ECX, EDX };

struct feature_row {
    const char *name;
    uint32_t leaf;
    uint8_t reg;
    uint8_t bit;
    bool off_by_default; /* not yet run on hardware: wants its option */
    const enum option_switch *option;
};

static const struct feature_row rows[FEATURE_COUNT] = {
    [FEATURE_GB_PAGES] = {"1G pages", 0x80000001, EDX, 26, false, NULL},
    [FEATURE_SMEP] = {"SMEP", 7, EBX, 7, false, &options.smep},
    [FEATURE_SMAP] = {"SMAP", 7, EBX, 20, false, &options.smap},
    [FEATURE_FSGSBASE] = {"FSGSBASE", 7, EBX, 0, false, &options.fsgsbase},
    [FEATURE_XSAVE] = {"XSAVE", 1, ECX, 26, false, &options.xsave},
    [FEATURE_PCID] = {"PCID", 1, ECX, 17, true, &options.pcid},
    [FEATURE_INVPCID] = {"INVPCID", 7, EBX, 10, true, &options.pcid},
    [FEATURE_X2APIC] = {"x2APIC", 1, ECX, 21, true, &options.x2apic},
    [FEATURE_TSC_DEADLINE] = {"TSC deadline", 1, ECX, 24, true, NULL},
    [FEATURE_TSC_INVARIANT] = {"invariant TSC", 0x80000007, EDX, 8, false,
                               NULL},
    [FEATURE_PAT] = {"PAT", 1, EDX, 16, false, NULL},
    [FEATURE_IBPB] = {"IBPB", 7, EDX, 26, false, &options.spec_ctrl},
    [FEATURE_MD_CLEAR] = {"MD_CLEAR", 7, EDX, 10, false, &options.spec_ctrl},
};

/* AMD names the same in a leaf of its own. */
static const struct feature_row amd_ibpb = {"IBPB", 0x80000008, EBX,
                                            12,     false,      NULL};

static bool present[FEATURE_COUNT];
static bool used[FEATURE_COUNT];
static char vendor[13];
static bool emulated;

static bool cpuid_bit(const struct feature_row *row)
{
    struct cpuid_result r;
    uint32_t regs[4];

    machine_cpuid(row->leaf & 0x80000000U, 0, &r);
    if (r.eax < row->leaf) {
        return false;
    }
    machine_cpuid(row->leaf, 0, &r);
    regs[EAX] = r.eax;
    regs[EBX] = r.ebx;
    regs[ECX] = r.ecx;
    regs[EDX] = r.edx;
    return (regs[row->reg] >> row->bit) & 1U;
}

/* QEMU without KVM says so in the hypervisor leaf. */
static bool detect_emulation(void)
{
    struct cpuid_result r;

    machine_cpuid(1, 0, &r);
    if ((r.ecx >> 31) == 0) {
        return false;
    }
    machine_cpuid(0x40000000, 0, &r);
    return r.ebx == 0x54474354 && r.ecx == 0x43544743;
}

void features_detect(void)
{
    struct cpuid_result r;

    machine_cpuid(0, 0, &r);
    memcpy(vendor, &r.ebx, 4);
    memcpy(vendor + 4, &r.edx, 4);
    memcpy(vendor + 8, &r.ecx, 4);
    emulated = detect_emulation();
    for (unsigned int i = 0; i < FEATURE_COUNT; i++) {
        enum option_switch asked =
            rows[i].option != NULL ? *rows[i].option : OPTION_DEFAULT;

        present[i] = cpuid_bit(&rows[i]);
        if (i == FEATURE_IBPB && !present[i]) {
            present[i] = cpuid_bit(&amd_ibpb);
        }
        /* In QEMU, far returns of ring 3 read its stack as ring 0 would. */
        if (i == FEATURE_SMAP && emulated && asked == OPTION_DEFAULT) {
            asked = OPTION_OFF;
        }
        used[i] = present[i] &&
                  (asked == OPTION_ON ||
                   (asked == OPTION_DEFAULT && !rows[i].off_by_default));
    }
}

void features_print(void)
{
    struct cpuid_result r;

    machine_cpuid(1, 0, &r);
    log_info("CPU: %s, signature %08x%s\n", vendor, r.eax,
             emulated ? ", emulated by QEMU" : "");
    for (unsigned int i = 0; i < FEATURE_COUNT; i++) {
        log_info("  %-14s %s\n", rows[i].name,
                 used[i]      ? "used"
                 : present[i] ? "present, not used"
                              : "absent");
    }
}

bool feature(enum feature which)
{
    return used[which];
}

const char *features_vendor(void)
{
    return vendor;
}

bool features_emulated(void)
{
    return emulated;
}

/* A place made by asm_macros.h, and the instruction that belongs there. */
struct smap_site {
    int32_t offset;
    uint8_t code[4];
};

extern const struct smap_site smap_sites_start[], smap_sites_end[];

void features_patch(void)
{
    if (!used[FEATURE_SMAP]) {
        return;
    }
    /* cppcheck-suppress comparePointers ; one array by the link map */
    for (const struct smap_site *s = smap_sites_start; s < smap_sites_end;
         s++) {
        unsigned long at =
            (unsigned long)&s->offset + (unsigned long)(long)s->offset;

        memcpy((void *)at, s->code, 3);
    }
}

/*
 * With page-table isolation global translations would outlive the change of
 * tables. An emulated TLB loses all at each change of CR3: global pages only
 * add flushes there.
 */
bool features_global_pages(void)
{
    return !xpti_on() && !features_emulated();
}

void features_init_cpu(void)
{
    unsigned long cr4 =
        CR4_PAE | CR4_MCE | CR4_PGE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (!features_global_pages()) {
        cr4 &= ~CR4_PGE;
    }
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE | EFER_SCE);
    if (used[FEATURE_PAT]) {
        wrmsr(MSR_PAT, PAT_HYPERVISOR);
    }
    if (used[FEATURE_SMEP]) {
        cr4 |= CR4_SMEP;
    }
    if (used[FEATURE_SMAP]) {
        cr4 |= CR4_SMAP;
    }
    if (used[FEATURE_FSGSBASE]) {
        cr4 |= CR4_FSGSBASE;
    }
    if (used[FEATURE_XSAVE]) {
        cr4 |= CR4_OSXSAVE;
    }
    write_cr4(cr4);
}
