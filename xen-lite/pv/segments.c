// SPDX-License-Identifier: MIT
/* Segment bases, virtual CR0.TS and VM assists of a guest. */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pv.h"

long hc_set_segment_base(struct vcpu *v, struct hypercall_args *args)
{
    unsigned long value = args->a[1];

    if (args->a[0] == SEGBASE_GS_USER_SEL) {
        pv_map_ldt_of(v, (uint16_t)value);
        machine_load_user_gs((uint16_t)value);
        return 0;
    }
    if (!address_is_canonical(value)) {
        return -XEN_EINVAL;
    }
    switch (args->a[0]) {
    case SEGBASE_FS:
        machine_set_base(MACHINE_BASE_FS, value);
        return 0;
    case SEGBASE_GS_USER:
        machine_set_base(MACHINE_BASE_GS_OTHER, value);
        return 0;
    case SEGBASE_GS_KERNEL:
        machine_set_base(MACHINE_BASE_GS, value);
        return 0;
    default:
        return -XEN_EINVAL;
    }
}

long hc_fpu_taskswitch(struct vcpu *v, struct hypercall_args *args)
{
    if (args->a[0] != 0) {
        v->pv.cr0 |= X86_CR0_TS;
        machine_set_ts(true);
    } else {
        v->pv.cr0 &= ~X86_CR0_TS;
        machine_set_ts(false);
    }
    return 0;
}

/* Assists that a 64-bit guest may switch; the first three change nothing. */
#define VALID_ASSISTS \
    (1UL << VMASST_TYPE_4gb_segments | \
     1UL << VMASST_TYPE_4gb_segments_notify | \
     1UL << VMASST_TYPE_writable_pagetables | \
     1UL << VMASST_TYPE_pae_extended_cr3 | \
     1UL << VMASST_TYPE_architectural_iopl | \
     1UL << VMASST_TYPE_runstate_update_flag | 1UL << VMASST_TYPE_m2p_strict)

long hc_vm_assist(struct vcpu *v, struct hypercall_args *args)
{
    unsigned long type = args->a[1];

    if (type >= 64 || (VALID_ASSISTS & (1UL << type)) == 0) {
        return -XEN_EINVAL;
    }
    switch (args->a[0]) {
    case VMASST_CMD_enable:
        atomic_fetch_or(&v->domain->vm_assist, 1UL << type);
        return 0;
    case VMASST_CMD_disable:
        atomic_fetch_and(&v->domain->vm_assist, ~(1UL << type));
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}
