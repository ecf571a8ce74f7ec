/* SPDX-License-Identifier: MIT */
/*
 * The table of hypercalls: name, number of arguments, who may call it. Used
 * several times with different X: prototypes, dispatch, names in traces, and
 * the table of docs/hypercalls.md. Handlers of DOM0's calls refuse others
 * themselves, -EPERM; those with an interface version look at it first.
 */
#ifndef XEN_LITE_HYPERCALL_LIST_H
#define XEN_LITE_HYPERCALL_LIST_H

#define HYPERCALL_LIST(X) \
    X(set_trap_table, 1, GUEST) \
    X(mmu_update, 4, GUEST) \
    X(set_gdt, 2, GUEST) \
    X(stack_switch, 2, GUEST) \
    X(set_callbacks, 3, GUEST) \
    X(fpu_taskswitch, 1, GUEST) \
    X(platform_op, 1, DOM0) \
    X(set_debugreg, 2, GUEST) \
    X(get_debugreg, 1, GUEST) \
    X(update_descriptor, 2, GUEST) \
    X(memory_op, 2, GUEST) \
    X(multicall, 2, GUEST) \
    X(update_va_mapping, 3, GUEST) \
    X(set_timer_op, 1, GUEST) \
    X(xen_version, 2, GUEST) \
    X(console_io, 3, DOM0) \
    X(grant_table_op, 3, GUEST) \
    X(vm_assist, 2, GUEST) \
    X(update_va_mapping_otherdomain, 4, GUEST) \
    X(iret, 0, GUEST) \
    X(vcpu_op, 3, GUEST) \
    X(set_segment_base, 2, GUEST) \
    X(mmuext_op, 4, GUEST) \
    X(nmi_op, 2, GUEST) \
    X(sched_op, 3, GUEST) \
    X(callback_op, 2, GUEST) \
    X(event_channel_op, 2, GUEST) \
    X(physdev_op, 2, GUEST) \
    X(sysctl, 1, DOM0) \
    X(domctl, 1, DOM0) \
    X(xenpmu_op, 2, GUEST)

#endif
