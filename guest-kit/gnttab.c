/* SPDX-License-Identifier: MIT */
/* Our grant entries, and maps of other domains' grants. */
#include "gnttab.h"

#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"

static uint8_t table_page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

static uint8_t status_page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

static grant_entry_v1_t *entry(grant_ref_t ref)
{
    return (grant_entry_v1_t *)(void *)table_page + ref;
}

long gnttab_init(void)
{
    xen_pfn_t frame = 0;
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
    long rc;

    setup.frame_list.p = &frame;
    rc = hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (rc != 0 || setup.status != GNTST_okay) {
        return rc != 0 ? rc : setup.status;
    }
    return mm_map(table_page, frame << PAGE_SHIFT, PTE_KERNEL_RW);
}

/* Versions cannot be left while their status frames are mapped. */
static long unmap_status(void)
{
    return mm_map(status_page, mm_va_to_maddr(status_page), PTE_KERNEL_RW);
}

static long map_status(void)
{
    uint64_t frame = 0;
    struct gnttab_get_status_frames get = {.dom = DOMID_SELF, .nr_frames = 1};
    long rc;

    get.frame_list.p = &frame;
    rc = hc_grant_table_op(GNTTABOP_get_status_frames, &get, 1);
    if (rc != 0 || get.status != GNTST_okay) {
        return rc != 0 ? rc : get.status;
    }
    return mm_map(status_page, frame << PAGE_SHIFT, PTE_KERNEL_RW);
}

long gnttab_set_version(uint32_t version)
{
    struct gnttab_set_version set = {.version = version};
    long rc = unmap_status();

    if (rc == 0) {
        rc = hc_grant_table_op(GNTTABOP_set_version, &set, 1);
    }
    return rc == 0 && set.version == 2 ? map_status() : rc;
}

grant_entry_v2_t *gnttab_entry_v2(grant_ref_t ref)
{
    return (grant_entry_v2_t *)(void *)table_page + ref;
}

grant_status_t gnttab_status(grant_ref_t ref)
{
    return __atomic_load_n((grant_status_t *)(void *)status_page + ref,
                           __ATOMIC_SEQ_CST);
}

uint64_t gnttab_frame(void)
{
    return PTE_MFN(mm_pte(table_page));
}

domid_t gnttab_own_domid(void)
{
    struct evtchn_status status = {.dom = DOMID_SELF};
    evtchn_port_t a = 0;
    evtchn_port_t b = 0;

    evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF, &a);
    evtchn_bind_interdomain(DOMID_SELF, a, &b);
    evtchn_status(b, &status);
    evtchn_close(b);
    evtchn_close(a);
    return status.u.interdomain.dom;
}

void gnttab_grant(grant_ref_t ref, domid_t domid, uint64_t mfn, bool readonly)
{
    grant_entry_v1_t *e = entry(ref);

    e->domid = domid;
    e->frame = (uint32_t)mfn;
    __atomic_store_n(
        &e->flags,
        (uint16_t)(GTF_permit_access | (readonly ? GTF_readonly : 0)),
        __ATOMIC_SEQ_CST);
}

bool gnttab_end(grant_ref_t ref)
{
    grant_entry_v1_t *e = entry(ref);
    uint16_t flags = gnttab_flags(ref);

    do {
        if ((flags & (GTF_reading | GTF_writing)) != 0) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

uint16_t gnttab_flags(grant_ref_t ref)
{
    return __atomic_load_n(&entry(ref)->flags, __ATOMIC_SEQ_CST);
}

int gnttab_map(domid_t domid, grant_ref_t ref, const void *va, uint32_t flags,
               grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)va,
        .flags = flags,
        .ref = ref,
        .dom = domid,
    };

    hc_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);
    *handle = op.handle;
    return op.status;
}

int gnttab_unmap(const void *va, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = (uint64_t)va,
        .handle = handle,
    };

    hc_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status;
}
