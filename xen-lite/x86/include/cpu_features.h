/* SPDX-License-Identifier: MIT */
/* What the processor offers, and what of it we use: decided once, at boot. */
#ifndef XEN_LITE_CPU_FEATURES_H
#define XEN_LITE_CPU_FEATURES_H

#include "types.h"

enum feature {
    FEATURE_GB_PAGES,
    FEATURE_SMEP,
    FEATURE_SMAP,
    FEATURE_FSGSBASE,
    FEATURE_XSAVE,
    FEATURE_PCID,
    FEATURE_INVPCID,
    FEATURE_X2APIC,
    FEATURE_TSC_DEADLINE,
    FEATURE_TSC_INVARIANT,
    FEATURE_PAT,
    FEATURE_IBPB,
    FEATURE_MD_CLEAR,
    FEATURE_COUNT,
};

/* Fill the table from CPUID and the options. First CPU only. */
void features_detect(void);
void features_print(void);
/* Is @which there, and to be used? */
bool feature(enum feature which);
/* Processor vendor: "GenuineIntel", "AuthenticAMD"... */
const char *features_vendor(void);
/* Runs under QEMU's software emulation. */
bool features_emulated(void);
/* Are translations of guest users global? Else loading CR3 drops everything. */
bool features_global_pages(void);

/* Turn the places for STAC and CLAC into them: while text is still writable. */
void features_patch(void);
/* CR0, CR4, EFER, PAT of this CPU as the table says. */
void features_init_cpu(void);

#endif
