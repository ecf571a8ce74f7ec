/* SPDX-License-Identifier: MIT */
/*
 * sysctl commands that describe the machine: size, topology, processor.
 * <xen/sysctl.h>.
 */
#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "topology.h"

#define NODE_COUNT    1U
#define NODE_DISTANCE 10U

/* -- size ------------------------------------------------------------------ */

int sysctl_physinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *info = &op->u.physinfo;
    uint32_t features[CPU_FEATURE_WORDS];

    *info = (struct xen_sysctl_physinfo){0};
    info->threads_per_core = topology_threads_per_core();
    info->cores_per_socket = topology_cores_per_socket();
    info->nr_cpus = cpumask_count(&cpus_online);
    info->max_cpu_id = cpumask_limit(&cpus_online) - 1;
    info->nr_nodes = NODE_COUNT;
    info->max_node_id = NODE_COUNT - 1;
    info->cpu_khz = machine_tsc_khz();
    info->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    if (grant_options.max_version >= 2) {
        info->capabilities |= XEN_SYSCTL_PHYSCAP_gnttab_v2;
    }
    info->total_pages = frame_total_count();
    info->free_pages = frame_free_count();
    info->outstanding_pages = frame_outstanding_claims();
    info->max_mfn = frame_max_mfn() - 1;
    cpu_policy_features(cpu_policy_get(CPU_POLICY_HOST), features);
    for (unsigned int i = 0; i < ARRAY_COUNT(info->hw_cap); i++) {
        info->hw_cap[i] = features[i];
    }
    return 0;
}

/* -- topology -------------------------------------------------------------- */

int sysctl_cputopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *request = &op->u.cputopoinfo;
    guest_va_t to = GUEST_HANDLE_VA(request->cputopo);
    uint32_t have = cpumask_limit(&cpus_online);
    uint32_t count = have < request->num_cpus ? have : request->num_cpus;

    for (uint32_t cpu = 0; to.address != 0 && cpu < count; cpu++) {
        struct xen_sysctl_cputopo topo = {
            XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID, XEN_INVALID_NODE_ID};

        if (core_cpus[cpu] != NULL) {
            topo.core = topology_core(cpu);
            topo.socket = topology_socket(cpu);
            topo.node = 0;
        }
        if (write_guest_index(to, cpu, &topo) != 0) {
            return -XEN_EFAULT;
        }
    }
    request->num_cpus = have;
    return 0;
}

int sysctl_numainfo(struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *request = &op->u.numainfo;
    guest_va_t memory = GUEST_HANDLE_VA(request->meminfo);
    guest_va_t distance = GUEST_HANDLE_VA(request->distance);
    struct xen_sysctl_meminfo info = {
        .memsize = (uint64_t)frame_total_count() << PAGE_SHIFT,
        .memfree = (uint64_t)frame_free_count() << PAGE_SHIFT};
    uint32_t own = NODE_DISTANCE;

    if (request->num_nodes != 0 && memory.address != 0 &&
        write_guest(memory, &info) != 0) {
        return -XEN_EFAULT;
    }
    if (request->num_nodes != 0 && distance.address != 0 &&
        write_guest(distance, &own) != 0) {
        return -XEN_EFAULT;
    }
    request->num_nodes = NODE_COUNT;
    return 0;
}

/* Which node a device is near is not known of any. */
int sysctl_pcitopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *request = &op->u.pcitopoinfo;
    guest_va_t devices = GUEST_HANDLE_VA(request->devs);
    guest_va_t nodes = GUEST_HANDLE_VA(request->nodes);
    const uint32_t unknown = XEN_INVALID_DEV;

    if (devices.address == 0 || nodes.address == 0) {
        return -XEN_EINVAL;
    }
    if (request->num_devs > 0xffff) {
        return -XEN_E2BIG;
    }
    for (uint32_t i = 0; i < request->num_devs; i++) {
        if (write_guest_index(nodes, i, &unknown) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

/* -- processor ------------------------------------------------------------- */

int sysctl_get_cpu_levelling_caps(struct xen_sysctl *op)
{
    op->u.cpu_levelling_caps.caps = 0;
    return 0;
}

int sysctl_get_cpu_featureset(struct xen_sysctl *op)
{
    static const enum cpu_policy_kind kind_of[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = CPU_POLICY_RAW,
        [XEN_SYSCTL_cpu_featureset_host] = CPU_POLICY_HOST,
        [XEN_SYSCTL_cpu_featureset_pv] = CPU_POLICY_PV_DEFAULT,
        [XEN_SYSCTL_cpu_featureset_hvm] = CPU_POLICY_KINDS,
        [XEN_SYSCTL_cpu_featureset_pv_max] = CPU_POLICY_PV_MAX,
        [XEN_SYSCTL_cpu_featureset_hvm_max] = CPU_POLICY_KINDS,
    };
    struct xen_sysctl_cpu_featureset *request = &op->u.cpu_featureset;
    guest_va_t to = GUEST_HANDLE_VA(request->features);
    uint32_t words[CPU_FEATURE_WORDS];
    uint32_t count = request->nr_features;

    if (to.address == 0) {
        request->nr_features = CPU_FEATURE_WORDS;
        return 0;
    }
    if (request->index >= ARRAY_COUNT(kind_of)) {
        return -XEN_EINVAL;
    }
    if (kind_of[request->index] == CPU_POLICY_KINDS) {
        return -XEN_EOPNOTSUPP;
    }
    if (count > CPU_FEATURE_WORDS) {
        count = CPU_FEATURE_WORDS;
    }
    cpu_policy_features(cpu_policy_get(kind_of[request->index]), words);
    if (copy_to_guest(to, words, count * sizeof(words[0])) != 0) {
        return -XEN_EFAULT;
    }
    request->nr_features = count;
    return count < CPU_FEATURE_WORDS ? -XEN_ENOBUFS : 0;
}

int sysctl_get_cpu_policy(struct xen_sysctl *op)
{
    static const enum cpu_policy_kind kind_of[] = {
        [XEN_SYSCTL_cpu_policy_raw] = CPU_POLICY_RAW,
        [XEN_SYSCTL_cpu_policy_host] = CPU_POLICY_HOST,
        [XEN_SYSCTL_cpu_policy_pv_max] = CPU_POLICY_PV_MAX,
        [XEN_SYSCTL_cpu_policy_hvm_max] = CPU_POLICY_KINDS,
        [XEN_SYSCTL_cpu_policy_pv_default] = CPU_POLICY_PV_DEFAULT,
        [XEN_SYSCTL_cpu_policy_hvm_default] = CPU_POLICY_KINDS,
    };
    struct xen_sysctl_cpu_policy *request = &op->u.cpu_policy;

    if (request->index >= ARRAY_COUNT(kind_of) || request->_rsvd != 0) {
        return -XEN_EINVAL;
    }
    if (kind_of[request->index] == CPU_POLICY_KINDS) {
        return -XEN_EOPNOTSUPP;
    }
    return control_write_policy(
        cpu_policy_get(kind_of[request->index]), &request->nr_leaves,
        GUEST_HANDLE_VA(request->leaves), &request->nr_msrs,
        GUEST_HANDLE_VA(request->msrs));
}
