/* SPDX-License-Identifier: MIT */
/*
 * The numbers by which guests call: hypercalls and their commands, as seen in
 * the Xen 4.17 ABI by stock kernels.
 */
#include "abi.h"

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>

/* hypercalls, xen/xen.h */
NUMBER(__HYPERVISOR_set_trap_table, 0);
NUMBER(__HYPERVISOR_mmu_update, 1);
NUMBER(__HYPERVISOR_set_gdt, 2);
NUMBER(__HYPERVISOR_stack_switch, 3);
NUMBER(__HYPERVISOR_set_callbacks, 4);
NUMBER(__HYPERVISOR_fpu_taskswitch, 5);
NUMBER(__HYPERVISOR_sched_op_compat, 6);
NUMBER(__HYPERVISOR_platform_op, 7);
NUMBER(__HYPERVISOR_set_debugreg, 8);
NUMBER(__HYPERVISOR_get_debugreg, 9);
NUMBER(__HYPERVISOR_update_descriptor, 10);
NUMBER(__HYPERVISOR_memory_op, 12);
NUMBER(__HYPERVISOR_multicall, 13);
NUMBER(__HYPERVISOR_update_va_mapping, 14);
NUMBER(__HYPERVISOR_set_timer_op, 15);
NUMBER(__HYPERVISOR_event_channel_op_compat, 16);
NUMBER(__HYPERVISOR_xen_version, 17);
NUMBER(__HYPERVISOR_console_io, 18);
NUMBER(__HYPERVISOR_physdev_op_compat, 19);
NUMBER(__HYPERVISOR_grant_table_op, 20);
NUMBER(__HYPERVISOR_vm_assist, 21);
NUMBER(__HYPERVISOR_update_va_mapping_otherdomain, 22);
NUMBER(__HYPERVISOR_iret, 23);
NUMBER(__HYPERVISOR_vcpu_op, 24);
NUMBER(__HYPERVISOR_set_segment_base, 25);
NUMBER(__HYPERVISOR_mmuext_op, 26);
NUMBER(__HYPERVISOR_xsm_op, 27);
NUMBER(__HYPERVISOR_nmi_op, 28);
NUMBER(__HYPERVISOR_sched_op, 29);
NUMBER(__HYPERVISOR_callback_op, 30);
NUMBER(__HYPERVISOR_xenoprof_op, 31);
NUMBER(__HYPERVISOR_event_channel_op, 32);
NUMBER(__HYPERVISOR_physdev_op, 33);
NUMBER(__HYPERVISOR_hvm_op, 34);
NUMBER(__HYPERVISOR_sysctl, 35);
NUMBER(__HYPERVISOR_domctl, 36);
NUMBER(__HYPERVISOR_kexec_op, 37);
NUMBER(__HYPERVISOR_argo_op, 39);
NUMBER(__HYPERVISOR_xenpmu_op, 40);
NUMBER(__HYPERVISOR_dm_op, 41);
NUMBER(__HYPERVISOR_hypfs_op, 42);
NUMBER(__HYPERVISOR_arch_0, 48);
NUMBER(__HYPERVISOR_arch_1, 49);

/* vcpu_op, xen/vcpu.h */
NUMBER(VCPUOP_initialise, 0);
NUMBER(VCPUOP_up, 1);
NUMBER(VCPUOP_down, 2);
NUMBER(VCPUOP_is_up, 3);
NUMBER(VCPUOP_get_runstate_info, 4);
NUMBER(VCPUOP_register_runstate_memory_area, 5);
NUMBER(VCPUOP_set_periodic_timer, 6);
NUMBER(VCPUOP_stop_periodic_timer, 7);
NUMBER(VCPUOP_set_singleshot_timer, 8);
NUMBER(VCPUOP_stop_singleshot_timer, 9);
NUMBER(VCPUOP_register_vcpu_info, 10);
NUMBER(VCPUOP_send_nmi, 11);
NUMBER(VCPUOP_get_physid, 12);
NUMBER(VCPUOP_register_vcpu_time_memory_area, 13);

/* sched_op, xen/sched.h */
NUMBER(SCHEDOP_yield, 0);
NUMBER(SCHEDOP_block, 1);
NUMBER(SCHEDOP_shutdown, 2);
NUMBER(SCHEDOP_poll, 3);
NUMBER(SCHEDOP_remote_shutdown, 4);
NUMBER(SCHEDOP_shutdown_code, 5);
NUMBER(SCHEDOP_watchdog, 6);
NUMBER(SCHEDOP_pin_override, 7);

/* callback_op, xen/callback.h */
NUMBER(CALLBACKOP_register, 0);
NUMBER(CALLBACKOP_unregister, 1);

/* mmuext_op, xen/xen.h */
NUMBER(MMUEXT_PIN_L1_TABLE, 0);
NUMBER(MMUEXT_PIN_L2_TABLE, 1);
NUMBER(MMUEXT_PIN_L3_TABLE, 2);
NUMBER(MMUEXT_PIN_L4_TABLE, 3);
NUMBER(MMUEXT_UNPIN_TABLE, 4);
NUMBER(MMUEXT_NEW_BASEPTR, 5);
NUMBER(MMUEXT_TLB_FLUSH_LOCAL, 6);
NUMBER(MMUEXT_INVLPG_LOCAL, 7);
NUMBER(MMUEXT_TLB_FLUSH_MULTI, 8);
NUMBER(MMUEXT_INVLPG_MULTI, 9);
NUMBER(MMUEXT_TLB_FLUSH_ALL, 10);
NUMBER(MMUEXT_INVLPG_ALL, 11);
NUMBER(MMUEXT_FLUSH_CACHE, 12);
NUMBER(MMUEXT_SET_LDT, 13);
NUMBER(MMUEXT_NEW_USER_BASEPTR, 15);
NUMBER(MMUEXT_CLEAR_PAGE, 16);
NUMBER(MMUEXT_COPY_PAGE, 17);
NUMBER(MMUEXT_FLUSH_CACHE_GLOBAL, 18);
NUMBER(MMUEXT_MARK_SUPER, 19);
NUMBER(MMUEXT_UNMARK_SUPER, 20);

/* memory_op, xen/memory.h */
NUMBER(XENMEM_increase_reservation, 0);
NUMBER(XENMEM_decrease_reservation, 1);
NUMBER(XENMEM_maximum_ram_page, 2);
NUMBER(XENMEM_current_reservation, 3);
NUMBER(XENMEM_maximum_reservation, 4);
NUMBER(XENMEM_machphys_mfn_list, 5);
NUMBER(XENMEM_populate_physmap, 6);
NUMBER(XENMEM_add_to_physmap, 7);
NUMBER(XENMEM_memory_map, 9);
NUMBER(XENMEM_machine_memory_map, 10);
NUMBER(XENMEM_exchange, 11);
NUMBER(XENMEM_machphys_mapping, 12);
NUMBER(XENMEM_set_memory_map, 13);
NUMBER(XENMEM_maximum_gpfn, 14);
NUMBER(XENMEM_remove_from_physmap, 15);
NUMBER(XENMEM_set_pod_target, 16);
NUMBER(XENMEM_get_pod_target, 17);
NUMBER(XENMEM_get_sharing_freed_pages, 18);
NUMBER(XENMEM_get_sharing_shared_pages, 19);
NUMBER(XENMEM_paging_op, 20);
NUMBER(XENMEM_access_op, 21);
NUMBER(XENMEM_sharing_op, 22);
NUMBER(XENMEM_add_to_physmap_batch, 23);
NUMBER(XENMEM_claim_pages, 24);
NUMBER(XENMEM_machphys_compat_mfn_list, 25);
NUMBER(XENMEM_get_vnumainfo, 26);
NUMBER(XENMEM_reserved_device_memory_map, 27);
NUMBER(XENMEM_acquire_resource, 28);

/* grant_table_op, xen/grant_table.h */
NUMBER(GNTTABOP_map_grant_ref, 0);
NUMBER(GNTTABOP_unmap_grant_ref, 1);
NUMBER(GNTTABOP_setup_table, 2);
NUMBER(GNTTABOP_dump_table, 3);
NUMBER(GNTTABOP_transfer, 4);
NUMBER(GNTTABOP_copy, 5);
NUMBER(GNTTABOP_query_size, 6);
NUMBER(GNTTABOP_unmap_and_replace, 7);
NUMBER(GNTTABOP_set_version, 8);
NUMBER(GNTTABOP_get_status_frames, 9);
NUMBER(GNTTABOP_get_version, 10);
NUMBER(GNTTABOP_swap_grant_ref, 11);
NUMBER(GNTTABOP_cache_flush, 12);

/* event_channel_op, xen/event_channel.h */
NUMBER(EVTCHNOP_bind_interdomain, 0);
NUMBER(EVTCHNOP_bind_virq, 1);
NUMBER(EVTCHNOP_bind_pirq, 2);
NUMBER(EVTCHNOP_close, 3);
NUMBER(EVTCHNOP_send, 4);
NUMBER(EVTCHNOP_status, 5);
NUMBER(EVTCHNOP_alloc_unbound, 6);
NUMBER(EVTCHNOP_bind_ipi, 7);
NUMBER(EVTCHNOP_bind_vcpu, 8);
NUMBER(EVTCHNOP_unmask, 9);
NUMBER(EVTCHNOP_reset, 10);
NUMBER(EVTCHNOP_init_control, 11);
NUMBER(EVTCHNOP_expand_array, 12);
NUMBER(EVTCHNOP_set_priority, 13);

/* xen_version, xen/version.h */
NUMBER(XENVER_version, 0);
NUMBER(XENVER_extraversion, 1);
NUMBER(XENVER_compile_info, 2);
NUMBER(XENVER_capabilities, 3);
NUMBER(XENVER_changeset, 4);
NUMBER(XENVER_platform_parameters, 5);
NUMBER(XENVER_get_features, 6);
NUMBER(XENVER_pagesize, 7);
NUMBER(XENVER_guest_handle, 8);
NUMBER(XENVER_commandline, 9);
NUMBER(XENVER_build_id, 10);

/* console_io, xen/xen.h */
NUMBER(CONSOLEIO_write, 0);
NUMBER(CONSOLEIO_read, 1);

/* physdev_op, xen/physdev.h */
NUMBER(PHYSDEVOP_irq_status_query, 5);
NUMBER(PHYSDEVOP_set_iopl, 6);
NUMBER(PHYSDEVOP_set_iobitmap, 7);
NUMBER(PHYSDEVOP_apic_read, 8);
NUMBER(PHYSDEVOP_apic_write, 9);
NUMBER(PHYSDEVOP_alloc_irq_vector, 10);
NUMBER(PHYSDEVOP_eoi, 12);
NUMBER(PHYSDEVOP_map_pirq, 13);
NUMBER(PHYSDEVOP_unmap_pirq, 14);
NUMBER(PHYSDEVOP_manage_pci_add, 15);
NUMBER(PHYSDEVOP_manage_pci_remove, 16);
NUMBER(PHYSDEVOP_pirq_eoi_gmfn_v1, 17);
NUMBER(PHYSDEVOP_restore_msi, 19);
NUMBER(PHYSDEVOP_manage_pci_add_ext, 20);
NUMBER(PHYSDEVOP_setup_gsi, 21);
NUMBER(PHYSDEVOP_get_free_pirq, 23);
NUMBER(PHYSDEVOP_pci_mmcfg_reserved, 24);
NUMBER(PHYSDEVOP_pci_device_add, 25);
NUMBER(PHYSDEVOP_pci_device_remove, 26);
NUMBER(PHYSDEVOP_restore_msi_ext, 27);
NUMBER(PHYSDEVOP_pirq_eoi_gmfn_v2, 28);
NUMBER(PHYSDEVOP_dbgp_op, 29);
NUMBER(PHYSDEVOP_prepare_msix, 30);
