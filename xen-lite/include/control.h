/* SPDX-License-Identifier: MIT */
/*
 * Between the files of domctl and sysctl: the tables of commands, and helpers
 * for the structures that both use. Only dom0 gets here.
 */
#ifndef XEN_LITE_CONTROL_H
#define XEN_LITE_CONTROL_H

#include "types.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "cpu_policy.h"
#include "cpumask.h"
#include "domain.h"

#define CONTROL_SCHEDULER XEN_SCHEDULER_CREDIT2

/*
 * domctl commands, for the dispatch table and docs/hypercalls.md.
 * X(name, back): served by domctl_<name>(); back says whether the structure
 * is copied back after success. N(name, error): known, not offered; the errno
 * is what the stock tools take for "not here".
 */
#define DOMCTL_LIST(X, N) \
    X(createdomain, true) \
    X(destroydomain, false) \
    X(pausedomain, false) \
    X(unpausedomain, false) \
    X(getdomaininfo, true) \
    X(setvcpuaffinity, true) \
    X(shadow_op, false) \
    X(max_mem, false) \
    X(setvcpucontext, false) \
    X(getvcpucontext, false) \
    X(getvcpuinfo, true) \
    X(max_vcpus, false) \
    X(scheduler_op, true) \
    X(setdomainhandle, false) \
    X(setdebugging, false) \
    X(irq_permission, false) \
    X(iomem_permission, false) \
    X(ioport_permission, false) \
    X(hypercall_init, false) \
    X(settimeoffset, false) \
    X(getvcpuaffinity, true) \
    X(resumedomain, false) \
    X(sendtrigger, false) \
    X(subscribe, false) \
    N(gethvmcontext, XEN_EINVAL) \
    N(sethvmcontext, XEN_EINVAL) \
    X(set_address_size, false) \
    X(get_address_size, true) \
    N(assign_device, XEN_EOPNOTSUPP) \
    N(bind_pt_irq, XEN_EINVAL) \
    N(memory_mapping, XEN_EOPNOTSUPP) \
    N(ioport_mapping, XEN_EOPNOTSUPP) \
    X(set_ext_vcpucontext, false) \
    X(get_ext_vcpucontext, true) \
    N(test_assign_device, XEN_EOPNOTSUPP) \
    N(set_target, XEN_EOPNOTSUPP) \
    N(deassign_device, XEN_EOPNOTSUPP) \
    N(unbind_pt_irq, XEN_EINVAL) \
    N(get_device_group, XEN_EOPNOTSUPP) \
    N(debug_op, XEN_EINVAL) \
    N(gethvmcontext_partial, XEN_EINVAL) \
    N(vm_event_op, XEN_ENOSYS) \
    N(mem_sharing_op, XEN_ENOSYS) \
    X(gettscinfo, true) \
    X(settscinfo, false) \
    X(getpageframeinfo3, true) \
    X(setvcpuextstate, false) \
    X(getvcpuextstate, true) \
    N(set_access_required, XEN_EPERM) \
    N(audit_p2m, XEN_ENOSYS) \
    X(set_virq_handler, false) \
    N(set_broken_page_p2m, XEN_EINVAL) \
    X(setnodeaffinity, false) \
    X(getnodeaffinity, true) \
    N(cacheflush, XEN_ENOSYS) \
    X(get_vcpu_msrs, true) \
    X(set_vcpu_msrs, false) \
    N(setvnumainfo, XEN_EINVAL) \
    N(psr_cmt_op, XEN_ENODEV) \
    N(monitor_op, XEN_EOPNOTSUPP) \
    N(psr_alloc, XEN_ENODEV) \
    N(soft_reset, XEN_EINVAL) \
    N(vuart_op, XEN_ENOSYS) \
    X(get_cpu_policy, true) \
    X(set_cpu_policy, false) \
    N(vmtrace_op, XEN_EINVAL) \
    N(get_paging_mempool_size, XEN_EOPNOTSUPP) \
    N(set_paging_mempool_size, XEN_EOPNOTSUPP)

/* As DOMCTL_LIST. */
#define SYSCTL_LIST(X, N) \
    X(readconsole, true) \
    X(tbuf_op, true) \
    X(physinfo, true) \
    X(sched_id, true) \
    X(perfc_op, true) \
    X(getdomaininfolist, true) \
    X(debug_keys, false) \
    X(getcpuinfo, true) \
    X(availheap, true) \
    X(get_pmstat, true) \
    X(cpu_hotplug, false) \
    X(pm_op, true) \
    X(page_offline_op, false) \
    N(lockprof_op, XEN_ENOSYS) \
    X(cputopoinfo, true) \
    X(numainfo, true) \
    X(cpupool_op, true) \
    X(scheduler_op, true) \
    N(coverage_op, XEN_EOPNOTSUPP) \
    N(psr_cmt_op, XEN_ENODEV) \
    X(pcitopoinfo, true) \
    N(psr_alloc, XEN_ENODEV) \
    X(get_cpu_levelling_caps, true) \
    X(get_cpu_featureset, true) \
    N(livepatch_op, XEN_ENOSYS) \
    X(get_cpu_policy, true)

/*
 * @d is the domain named, held for the call; NULL for createdomain and
 * getdomaininfo. Preemptible ones keep their progress in @d, or in @op, which
 * is copied back then too.
 */
typedef int domctl_fn_t(struct vcpu *caller, struct domain *d,
                        struct xen_domctl *op);
/* Debug key 'a' (audit_all.c): stops all other vCPUs while it counts. */
void control_audit(void);

typedef int sysctl_fn_t(struct xen_sysctl *op);

#define X(name, back) domctl_fn_t domctl_##name;
#define N(name, error)
DOMCTL_LIST(X, N)
#undef X
#define X(name, back) sysctl_fn_t sysctl_##name;
SYSCTL_LIST(X, N)
#undef X
#undef N

/* Part of core_reset(). */
void control_reset(void);
void domctl_reset(void);

/* vCPU @id of @d, or NULL. (domctl_state.c) */
struct vcpu *control_vcpu(struct domain *d, uint32_t id);

/* -- control.c ------------------------------------------------------------- */

/* One domctl or sysctl runs at a time; false: another does, try again. */
bool control_begin(void);
void control_end(void);

/* One domain's line of a listing; all of @info is written. */
void control_domain_info(struct domain *d,
                         struct xen_domctl_getdomaininfo *info);
/*
 * CPU or node sets of the tools: what is past the end of the shorter one reads
 * as clear. Return 0 or -XEN_EFAULT.
 */
int control_read_cpumask(struct cpumask *mask,
                         const struct xenctl_bitmap *bitmap);
int control_write_cpumask(const struct xenctl_bitmap *bitmap,
                          const struct cpumask *mask);
/*
 * Leaves and MSRs of @policy to the guest arrays, or their numbers if an array
 * is NULL. Returns 0, -XEN_EFAULT, -XEN_ENOBUFS.
 */
int control_write_policy(const struct cpu_policy *policy, uint32_t *leaf_count,
                         guest_va_t leaves, uint32_t *msr_count,
                         guest_va_t msrs);

#endif
