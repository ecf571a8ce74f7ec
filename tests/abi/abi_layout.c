/* SPDX-License-Identifier: MIT */
/*
 * Layouts that guests and the hypervisor share in memory.
 */
#include "abi.h"

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* xen/xen.h: the shared page of a domain */
SIZE(struct shared_info, 3136);
SIZE(struct vcpu_info, 64);
OFFSET(struct vcpu_info, evtchn_upcall_pending, 0);
OFFSET(struct vcpu_info, evtchn_upcall_mask, 1);
OFFSET(struct vcpu_info, evtchn_pending_sel, 8);
OFFSET(struct vcpu_info, arch.cr2, 16);
OFFSET(struct vcpu_info, time, 32);
OFFSET(struct shared_info, vcpu_info, 0);
OFFSET(struct shared_info, evtchn_pending, 2048);
OFFSET(struct shared_info, evtchn_mask, 2560);
OFFSET(struct shared_info, wc_version, 3072);
OFFSET(struct shared_info, wc_sec, 3076);
OFFSET(struct shared_info, wc_nsec, 3080);
OFFSET(struct shared_info, wc_sec_hi, 3084);
OFFSET(struct shared_info, arch.max_pfn, 3088);
OFFSET(struct shared_info, arch.pfn_to_mfn_frame_list_list, 3096);
OFFSET(struct shared_info, arch.nmi_reason, 3104);
OFFSET(struct shared_info, arch.p2m_cr3, 3112);
OFFSET(struct shared_info, arch.p2m_vaddr, 3120);
OFFSET(struct shared_info, arch.p2m_generation, 3128);
SIZE(struct vcpu_time_info, 32);
OFFSET(struct vcpu_time_info, version, 0);
OFFSET(struct vcpu_time_info, tsc_timestamp, 8);
OFFSET(struct vcpu_time_info, system_time, 16);
OFFSET(struct vcpu_time_info, tsc_to_system_mul, 24);
OFFSET(struct vcpu_time_info, tsc_shift, 28);
OFFSET(struct vcpu_time_info, flags, 29);
NUMBER(XEN_LEGACY_MAX_VCPUS, 32);
NUMBER(EVTCHN_2L_NR_CHANNELS, 4096);

/* xen/xen.h: what a kernel finds at its first instruction */
SIZE(struct start_info, 1168);
OFFSET(struct start_info, magic, 0);
OFFSET(struct start_info, nr_pages, 32);
OFFSET(struct start_info, shared_info, 40);
OFFSET(struct start_info, flags, 48);
OFFSET(struct start_info, store_mfn, 56);
OFFSET(struct start_info, store_evtchn, 64);
OFFSET(struct start_info, console.domU.mfn, 72);
OFFSET(struct start_info, console.dom0.info_off, 72);
OFFSET(struct start_info, console.dom0.info_size, 76);
OFFSET(struct start_info, pt_base, 88);
OFFSET(struct start_info, nr_pt_frames, 96);
OFFSET(struct start_info, mfn_list, 104);
OFFSET(struct start_info, mod_start, 112);
OFFSET(struct start_info, mod_len, 120);
OFFSET(struct start_info, cmd_line, 128);
OFFSET(struct start_info, first_p2m_pfn, 1152);
OFFSET(struct start_info, nr_p2m_frames, 1160);
SIZE(struct dom0_vga_console_info, 40);
NUMBER(MAX_GUEST_CMDLINE, 1024);
NUMBER(SIF_PRIVILEGED, 1);
NUMBER(SIF_INITDOMAIN, 2);
NUMBER(SIF_MULTIBOOT_MOD, 4);
NUMBER(SIF_MOD_START_PFN, 8);
NUMBER(SIF_PM_MASK, 0xff00);

/* xen/arch-x86/xen.h: registers and the whole state of a vCPU */
SIZE(struct cpu_user_regs, 200);
SIZE(struct trap_info, 16);
SIZE(struct vcpu_guest_context, 5168);
OFFSET(struct vcpu_guest_context, flags, 512);
OFFSET(struct vcpu_guest_context, user_regs, 520);
OFFSET(struct vcpu_guest_context, trap_ctxt, 720);
OFFSET(struct vcpu_guest_context, ldt_base, 4816);
OFFSET(struct vcpu_guest_context, gdt_frames, 4832);
OFFSET(struct vcpu_guest_context, kernel_ss, 4968);
OFFSET(struct vcpu_guest_context, ctrlreg, 4984);
OFFSET(struct vcpu_guest_context, debugreg, 5048);
OFFSET(struct vcpu_guest_context, event_callback_eip, 5112);
OFFSET(struct vcpu_guest_context, failsafe_callback_eip, 5120);
OFFSET(struct vcpu_guest_context, syscall_callback_eip, 5128);
OFFSET(struct vcpu_guest_context, vm_assist, 5136);
OFFSET(struct vcpu_guest_context, fs_base, 5144);
OFFSET(struct vcpu_guest_context, gs_base_kernel, 5152);
OFFSET(struct vcpu_guest_context, gs_base_user, 5160);
SIZE(struct iret_context, 72);
NUMBER(_VGCF_in_kernel, 2);
NUMBER(VGCF_in_kernel, 4);
NUMBER(VGCF_online, 0x20);
NUMBER(VGCF_in_syscall, 0x100);
NUMBER(FLAT_RING3_CS32, 0xe023);
NUMBER(FLAT_RING3_CS64, 0xe033);
NUMBER(FLAT_RING3_SS64, 0xe02b);
NUMBER(FIRST_RESERVED_GDT_ENTRY, 7168);
NUMBER(FIRST_RESERVED_GDT_BYTE, 57344);

/* xen/arch-x86/xen-x86_64.h: addresses the ABI fixes */
NUMBER(HYPERVISOR_VIRT_START, 0xffff800000000000);
NUMBER(HYPERVISOR_VIRT_END, 0xffff880000000000);
NUMBER(__MACH2PHYS_VIRT_START, 0xffff800000000000);
NUMBER(__MACH2PHYS_VIRT_END, 0xffff804000000000);

/* xen/xen.h: requests in arrays */
SIZE(struct mmu_update, 16);
SIZE(struct mmuext_op, 24);
OFFSET(struct mmuext_op, arg1, 8);
OFFSET(struct mmuext_op, arg2, 16);
SIZE(struct multicall_entry, 64);
OFFSET(struct multicall_entry, result, 8);
OFFSET(struct multicall_entry, args, 16);

/* xen/vcpu.h */
SIZE(struct vcpu_runstate_info, 48);
SIZE(struct vcpu_register_vcpu_info, 16);
SIZE(struct vcpu_set_singleshot_timer, 16);
SIZE(struct vcpu_set_periodic_timer, 8);
NUMBER(RUNSTATE_running, 0);
NUMBER(RUNSTATE_runnable, 1);
NUMBER(RUNSTATE_blocked, 2);
NUMBER(RUNSTATE_offline, 3);

/* xen/memory.h */
SIZE(struct xen_memory_reservation, 32);
SIZE(struct xen_memory_exchange, 72);
SIZE(struct xen_machphys_mapping, 24);
SIZE(struct xen_memory_map, 16);
SIZE(struct xen_foreign_memory_map, 24);
SIZE(struct xen_add_to_physmap, 24);

/* xen/event_channel.h */
SIZE(struct evtchn_bind_interdomain, 12);
SIZE(struct evtchn_bind_virq, 12);
SIZE(struct evtchn_bind_pirq, 12);
SIZE(struct evtchn_bind_ipi, 8);
SIZE(struct evtchn_bind_vcpu, 8);
SIZE(struct evtchn_alloc_unbound, 8);
SIZE(struct evtchn_status, 24);
SIZE(struct evtchn_fifo_control_block, 72);
NUMBER(EVTCHN_FIFO_PENDING, 31);
NUMBER(EVTCHN_FIFO_MASKED, 30);
NUMBER(EVTCHN_FIFO_LINKED, 29);
NUMBER(EVTCHN_FIFO_BUSY, 28);
NUMBER(EVTCHN_FIFO_LINK_BITS, 17);
NUMBER(EVTCHN_FIFO_NR_CHANNELS, 131072);

/* xen/grant_table.h */
SIZE(struct grant_entry_v1, 8);
SIZE(union grant_entry_v2, 16);
SIZE(struct gnttab_map_grant_ref, 32);
SIZE(struct gnttab_unmap_grant_ref, 24);
SIZE(struct gnttab_setup_table, 24);
SIZE(struct gnttab_copy, 40);
SIZE(struct gnttab_query_size, 16);
NUMBER(GTF_permit_access, 1);
NUMBER(GTF_accept_transfer, 2);
NUMBER(GTF_readonly, 4);
NUMBER(GTF_reading, 8);
NUMBER(GTF_writing, 16);
NUMBER(GNTMAP_device_map, 1);
NUMBER(GNTMAP_host_map, 2);
NUMBER(GNTMAP_readonly, 4);
NUMBER(GNTMAP_application_map, 8);
NUMBER(GNTMAP_contains_pte, 16);
NUMBER(GNTST_eagain, -12);
NUMBER(GNTTAB_RESERVED_CONSOLE, 0);
NUMBER(GNTTAB_RESERVED_XENSTORE, 1);

/* xen/physdev.h */
SIZE(struct physdev_map_pirq, 40);
SIZE(struct physdev_setup_gsi, 8);
SIZE(struct physdev_eoi, 4);
SIZE(struct physdev_irq_status_query, 8);
SIZE(struct physdev_pirq_eoi_gmfn, 8);

/* xen/version.h */
SIZE(xen_extraversion_t, 16);
SIZE(struct xen_compile_info, 144);
SIZE(xen_capabilities_info_t, 1024);
SIZE(xen_changeset_info_t, 64);
SIZE(struct xen_platform_parameters, 8);
SIZE(struct xen_feature_info, 8);
SIZE(xen_commandline_t, 1024);

/* xen/xen.h: domain identifiers and global interrupts */
NUMBER(DOMID_SELF, 0x7ff0);
NUMBER(DOMID_IO, 0x7ff1);
NUMBER(DOMID_XEN, 0x7ff2);
NUMBER(DOMID_COW, 0x7ff3);
NUMBER(DOMID_INVALID, 0x7ff4);
NUMBER(DOMID_FIRST_RESERVED, 0x7ff0);
NUMBER(VIRQ_TIMER, 0);
NUMBER(VIRQ_DEBUG, 1);
NUMBER(VIRQ_CONSOLE, 2);
NUMBER(VIRQ_DOM_EXC, 3);
NUMBER(VIRQ_CON_RING, 8);
NUMBER(VIRQ_PCPU_STATE, 9);
NUMBER(VIRQ_XENPMU, 13);
NUMBER(NR_VIRQS, 24);
NUMBER(MMU_NORMAL_PT_UPDATE, 0);
NUMBER(MMU_MACHPHYS_UPDATE, 1);
NUMBER(MMU_PT_UPDATE_PRESERVE_AD, 2);
NUMBER(MMU_PT_UPDATE_NO_TRANSLATE, 3);
NUMBER(UVMF_FLUSHTYPE_MASK, 3);
NUMBER(UVMF_TLB_FLUSH, 1);
NUMBER(UVMF_INVLPG, 2);
NUMBER(UVMF_ALL, 4);
