/* SPDX-License-Identifier: MIT */
/* A second domain, without a vCPU, for grants between two. */
#define __XEN_TOOLS__ 1

#include "grants.h"

#include <xen/domctl.h>

static domid_t puppet;
static xen_pfn_t puppet_page;
static uint8_t table[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

static long domctl(struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hypercall1(__HYPERVISOR_domctl, (uint64_t)op);
}

long puppet_create(int32_t grant_frames, int32_t maptrack_frames,
                   uint32_t grant_opts)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_createdomain,
        .u.createdomain = {.max_vcpus = 1,
                           .max_evtchn_port = 1023,
                           .max_grant_frames = grant_frames,
                           .max_maptrack_frames = maptrack_frames,
                           .grant_opts = grant_opts},
    };
    long rc = domctl(&op);

    puppet = op.domain;
    return rc;
}

long puppet_destroy(void)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_destroydomain, .domain = puppet};

    mm_map(table, mm_va_to_maddr(table), PTE_KERNEL_RW);
    return domctl(&op);
}

domid_t puppet_id(void)
{
    return puppet;
}

long puppet_table_frame(uint32_t id, uint64_t index, uint32_t count,
                        xen_pfn_t *frames)
{
    struct xen_mem_acquire_resource op = {
        .domid = puppet,
        .type = XENMEM_resource_grant_table,
        .id = id,
        .nr_frames = count,
        .frame = index,
    };
    long rc;

    op.frame_list.p = frames;
    rc = hc_memory_op(XENMEM_acquire_resource, &op);
    return rc == 0 && frames == NULL ? (long)op.nr_frames : rc;
}

long puppet_prepare(void)
{
    struct xen_domctl max = {
        .cmd = XEN_DOMCTL_max_mem, .domain = puppet, .u.max_mem.max_memkb = 64};
    struct xen_memory_reservation populate = {.nr_extents = 1, .domid = puppet};
    xen_pfn_t frame = 0;
    long rc = domctl(&max);

    if (rc != 0) {
        return rc;
    }
    puppet_page = 0;
    populate.extent_start.p = &puppet_page;
    rc = hc_memory_op(XENMEM_populate_physmap, &populate);
    if (rc != 1) {
        return rc;
    }
    rc =
        puppet_table_frame(XENMEM_resource_grant_table_id_shared, 0, 1, &frame);
    return rc != 0 ? rc
                   : hc_update_va_mapping_otherdomain(
                         (uint64_t)table, frame << PAGE_SHIFT | PTE_KERNEL_RW,
                         UVMF_INVLPG | UVMF_ALL, puppet);
}

uint64_t puppet_mfn(void)
{
    return puppet_page;
}

grant_entry_v1_t *puppet_entry(grant_ref_t ref)
{
    return (grant_entry_v1_t *)(void *)table + ref;
}

void puppet_grant(grant_ref_t ref, uint16_t flags, uint64_t frame)
{
    grant_entry_v1_t *e = puppet_entry(ref);

    e->domid = 0;
    e->frame = (uint32_t)frame;
    __atomic_store_n(&e->flags, flags, __ATOMIC_SEQ_CST);
}
