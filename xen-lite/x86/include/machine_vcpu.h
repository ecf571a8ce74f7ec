/* SPDX-License-Identifier: MIT */
/* What the machine keeps for each vCPU and domain beyond the core's state. */
#ifndef XEN_LITE_MACHINE_VCPU_H
#define XEN_LITE_MACHINE_VCPU_H

#include "layout.h"
#include "types.h"

struct vcpu;

/* Pages of one vCPU in its domain's slot: GDT window, then LDT window. */
#define WINDOW_PAGES   32U
#define WINDOW_LDT     16U
#define L1S_PER_DOMAIN (MAX_VCPUS_PER_DOMAIN * WINDOW_PAGES / 512U)

struct machine_vcpu {
    uint16_t ds, es, fs, gs;
    /* Active base, and the one that a mode switch exchanges it with. */
    uint64_t fs_base, gs_base, gs_other;
    void *fpu; /* FXSAVE or XSAVE image, 64-byte aligned */
    /* A CPU that keeps its address space may have old pages of its window. */
    bool window_changed;
};

struct machine_domain {
    uint64_t *l3;
    uint64_t *l2;
    uint64_t *l1[L1S_PER_DOMAIN];
};

static inline unsigned long window_of(unsigned int vcpu_id)
{
    return HV_PERDOMAIN + vcpu_id * (unsigned long)WINDOW_PAGES * PAGE_BYTES;
}

/* -- fpu.c ----------------------------------------------------------------- */

/* Each CPU, once CR4 is set: enable what the first CPU found. */
void fpu_init_cpu(void);
int fpu_vcpu_init(struct vcpu *v);
void fpu_vcpu_destroy(struct vcpu *v);
/* Of the vCPU whose registers the hardware holds, or is to hold. */
void fpu_save(struct vcpu *v);
void fpu_restore(struct vcpu *v);

/* -- segments.c ------------------------------------------------------------ */

void segments_save(struct vcpu *v);
/* false: a selector could not be loaded; null was. */
bool segments_restore(struct vcpu *v);

/* -- debug.c --------------------------------------------------------------- */

void debug_save(struct vcpu *v);
void debug_restore(struct vcpu *v);

/* -- window.c -------------------------------------------------------------- */

/* Map this CPU's own descriptors as page 14 of @v's window. */
void window_map_cpu(struct vcpu *v);

#endif
