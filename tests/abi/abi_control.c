/* SPDX-License-Identifier: MIT */
/*
 * The numbers by which dom0 and its tools control: domctl, sysctl and
 * platform_op commands of the Xen 4.17 ABI.
 */
#include "abi.h"

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/xen.h>

/* interface versions */
NUMBER(XEN_DOMCTL_INTERFACE_VERSION, 0x15);
NUMBER(XEN_SYSCTL_INTERFACE_VERSION, 0x15);
NUMBER(XENPF_INTERFACE_VERSION, 0x03000001);

/* domctl, xen/domctl.h */
NUMBER(XEN_DOMCTL_createdomain, 1);
NUMBER(XEN_DOMCTL_destroydomain, 2);
NUMBER(XEN_DOMCTL_pausedomain, 3);
NUMBER(XEN_DOMCTL_unpausedomain, 4);
NUMBER(XEN_DOMCTL_getdomaininfo, 5);
NUMBER(XEN_DOMCTL_setvcpuaffinity, 9);
NUMBER(XEN_DOMCTL_shadow_op, 10);
NUMBER(XEN_DOMCTL_max_mem, 11);
NUMBER(XEN_DOMCTL_setvcpucontext, 12);
NUMBER(XEN_DOMCTL_getvcpucontext, 13);
NUMBER(XEN_DOMCTL_getvcpuinfo, 14);
NUMBER(XEN_DOMCTL_max_vcpus, 15);
NUMBER(XEN_DOMCTL_scheduler_op, 16);
NUMBER(XEN_DOMCTL_setdomainhandle, 17);
NUMBER(XEN_DOMCTL_setdebugging, 18);
NUMBER(XEN_DOMCTL_irq_permission, 19);
NUMBER(XEN_DOMCTL_iomem_permission, 20);
NUMBER(XEN_DOMCTL_ioport_permission, 21);
NUMBER(XEN_DOMCTL_hypercall_init, 22);
NUMBER(XEN_DOMCTL_settimeoffset, 24);
NUMBER(XEN_DOMCTL_getvcpuaffinity, 25);
NUMBER(XEN_DOMCTL_resumedomain, 27);
NUMBER(XEN_DOMCTL_sendtrigger, 28);
NUMBER(XEN_DOMCTL_subscribe, 29);
NUMBER(XEN_DOMCTL_set_address_size, 35);
NUMBER(XEN_DOMCTL_get_address_size, 36);
NUMBER(XEN_DOMCTL_assign_device, 37);
NUMBER(XEN_DOMCTL_bind_pt_irq, 38);
NUMBER(XEN_DOMCTL_set_ext_vcpucontext, 42);
NUMBER(XEN_DOMCTL_get_ext_vcpucontext, 43);
NUMBER(XEN_DOMCTL_test_assign_device, 45);
NUMBER(XEN_DOMCTL_set_target, 46);
NUMBER(XEN_DOMCTL_deassign_device, 47);
NUMBER(XEN_DOMCTL_unbind_pt_irq, 48);
NUMBER(XEN_DOMCTL_get_device_group, 50);
NUMBER(XEN_DOMCTL_debug_op, 54);
NUMBER(XEN_DOMCTL_gethvmcontext_partial, 55);
NUMBER(XEN_DOMCTL_vm_event_op, 56);
NUMBER(XEN_DOMCTL_mem_sharing_op, 57);
NUMBER(XEN_DOMCTL_gettscinfo, 59);
NUMBER(XEN_DOMCTL_settscinfo, 60);
NUMBER(XEN_DOMCTL_getpageframeinfo3, 61);
NUMBER(XEN_DOMCTL_setvcpuextstate, 62);
NUMBER(XEN_DOMCTL_getvcpuextstate, 63);
NUMBER(XEN_DOMCTL_set_virq_handler, 66);
NUMBER(XEN_DOMCTL_setnodeaffinity, 68);
NUMBER(XEN_DOMCTL_getnodeaffinity, 69);
NUMBER(XEN_DOMCTL_cacheflush, 71);
NUMBER(XEN_DOMCTL_get_vcpu_msrs, 72);
NUMBER(XEN_DOMCTL_set_vcpu_msrs, 73);
NUMBER(XEN_DOMCTL_setvnumainfo, 74);
NUMBER(XEN_DOMCTL_psr_cmt_op, 75);
NUMBER(XEN_DOMCTL_soft_reset, 79);
NUMBER(XEN_DOMCTL_vuart_op, 81);
NUMBER(XEN_DOMCTL_get_cpu_policy, 82);
NUMBER(XEN_DOMCTL_set_cpu_policy, 83);
NUMBER(XEN_DOMCTL_vmtrace_op, 84);
NUMBER(XEN_DOMCTL_get_paging_mempool_size, 85);
NUMBER(XEN_DOMCTL_set_paging_mempool_size, 86);

/* sysctl, xen/sysctl.h */
NUMBER(XEN_SYSCTL_readconsole, 1);
NUMBER(XEN_SYSCTL_tbuf_op, 2);
NUMBER(XEN_SYSCTL_physinfo, 3);
NUMBER(XEN_SYSCTL_sched_id, 4);
NUMBER(XEN_SYSCTL_perfc_op, 5);
NUMBER(XEN_SYSCTL_getdomaininfolist, 6);
NUMBER(XEN_SYSCTL_debug_keys, 7);
NUMBER(XEN_SYSCTL_getcpuinfo, 8);
NUMBER(XEN_SYSCTL_availheap, 9);
NUMBER(XEN_SYSCTL_get_pmstat, 10);
NUMBER(XEN_SYSCTL_cpu_hotplug, 11);
NUMBER(XEN_SYSCTL_pm_op, 12);
NUMBER(XEN_SYSCTL_page_offline_op, 14);
NUMBER(XEN_SYSCTL_cputopoinfo, 16);
NUMBER(XEN_SYSCTL_numainfo, 17);
NUMBER(XEN_SYSCTL_cpupool_op, 18);
NUMBER(XEN_SYSCTL_scheduler_op, 19);
NUMBER(XEN_SYSCTL_coverage_op, 20);
NUMBER(XEN_SYSCTL_psr_cmt_op, 21);
NUMBER(XEN_SYSCTL_pcitopoinfo, 22);
NUMBER(XEN_SYSCTL_psr_alloc, 23);
NUMBER(XEN_SYSCTL_get_cpu_levelling_caps, 25);
NUMBER(XEN_SYSCTL_get_cpu_featureset, 26);
NUMBER(XEN_SYSCTL_livepatch_op, 27);
NUMBER(XEN_SYSCTL_get_cpu_policy, 29);

/* platform_op, xen/platform.h */
NUMBER(XENPF_settime32, 17);
NUMBER(XENPF_settime64, 62);
NUMBER(XENPF_firmware_info, 50);
NUMBER(XENPF_efi_runtime_call, 49);
NUMBER(XENPF_enter_acpi_sleep, 51);
NUMBER(XENPF_set_processor_pminfo, 54);
NUMBER(XENPF_get_cpuinfo, 55);
NUMBER(XENPF_cpu_online, 56);
NUMBER(XENPF_cpu_offline, 57);
NUMBER(XENPF_cpu_hotadd, 58);
NUMBER(XENPF_mem_hotadd, 59);
NUMBER(XENPF_get_cpu_version, 48);
NUMBER(XENPF_get_symbol, 63);
NUMBER(XENPF_microcode_update, 35);

/* layouts the tools pass */
SIZE(struct xen_domctl, 144);
SIZE(struct xen_sysctl, 136);
SIZE(struct xen_platform_op, 136);
SIZE(struct xen_domctl_getdomaininfo, 112);
SIZE(struct xen_domctl_createdomain, 64);
SIZE(struct xen_sysctl_physinfo, 112);
OFFSET(struct xen_domctl, interface_version, 4);
OFFSET(struct xen_domctl, domain, 8);
OFFSET(struct xen_domctl, u, 16);
OFFSET(struct xen_sysctl, interface_version, 4);
OFFSET(struct xen_sysctl, u, 8);
