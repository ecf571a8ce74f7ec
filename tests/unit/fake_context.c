// SPDX-License-Identifier: MIT
/* What the fake machine keeps of a vCPU that does not run: bases and FPU. */
#include "fake.h"

#include <string.h>

void machine_vcpu_set_bases(struct vcpu *v, const struct vcpu_bases *bases)
{
    struct machine_vcpu *m = v->machine;
    bool kernel = v->pv.kernel_mode;

    m->base[MACHINE_BASE_FS] = bases->fs;
    m->base[MACHINE_BASE_GS] = kernel ? bases->gs_kernel : bases->gs_user;
    m->base[MACHINE_BASE_GS_OTHER] = kernel ? bases->gs_user : bases->gs_kernel;
}

void machine_vcpu_get_bases(struct vcpu *v, struct vcpu_bases *bases)
{
    const struct machine_vcpu *m = v->machine;
    bool kernel = v->pv.kernel_mode;
    unsigned long active = m->base[MACHINE_BASE_GS];
    unsigned long other = m->base[MACHINE_BASE_GS_OTHER];

    bases->fs = m->base[MACHINE_BASE_FS];
    bases->gs_kernel = kernel ? active : other;
    bases->gs_user = kernel ? other : active;
}

void machine_vcpu_set_fpu(struct vcpu *v, const void *fxsave)
{
    memcpy(v->machine->fpu, fxsave, 512);
}

void machine_vcpu_get_fpu(struct vcpu *v, void *fxsave)
{
    memcpy(fxsave, v->machine->fpu, 512);
}

const void *machine_vcpu_xstate(const struct vcpu *v)
{
    return v->machine->fpu;
}

void machine_vcpu_set_xstate(struct vcpu *v, const void *image, size_t bytes)
{
    machine_vcpu_reset_fpu(v);
    memcpy(v->machine->fpu, image, bytes);
}

void machine_vcpu_reset_fpu(struct vcpu *v)
{
    memset(v->machine->fpu, 0, sizeof(v->machine->fpu));
}

unsigned long machine_ldt_window(const struct vcpu *v)
{
    return HV_PERDOMAIN + (v->id * 32UL + 16) * PAGE_BYTES;
}

/* Only the flat selectors of the ABI, and Linux's own, are code here. */
unsigned int machine_code_bits(unsigned int selector)
{
    if (selector == GUEST_CS64 || selector == 0x33) {
        return 64;
    }
    return selector == GUEST_CS32 || selector == 0x23 ? 32 : 0;
}
