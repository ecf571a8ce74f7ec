/* SPDX-License-Identifier: MIT */
/*
 * Areas that a guest kernel registered by address are mapped in its kernel
 * page tables only. While the vCPU is in user mode those are loaded for the
 * time of the write.
 */
#ifndef XEN_LITE_GUEST_AREA_H
#define XEN_LITE_GUEST_AREA_H

#include "domain.h"
#include "machine.h"

struct guest_area_access {
    bool switched;
};

/* @v is current. */
static inline void guest_area_begin(struct vcpu *v,
                                    struct guest_area_access *access)
{
    access->switched =
        !v->pv.kernel_mode && !mfn_equal(v->pv.kernel_root, INVALID_MFN);
    if (access->switched) {
        v->pv.kernel_mode = true;
        machine_load_root(v);
    }
}

static inline void guest_area_end(struct vcpu *v,
                                  const struct guest_area_access *access)
{
    if (access->switched) {
        v->pv.kernel_mode = false;
        machine_load_root(v);
    }
}

#endif
