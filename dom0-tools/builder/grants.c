// SPDX-License-Identifier: MIT
/*
 * The first grant-table frame is mapped as a resource where hypervisor and
 * kernel can do that, else found by GNTTABOP_setup_table and mapped as a
 * foreign frame.
 */
#include "builder/grants.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

static void set_entry(grant_entry_v1_t *entry, xen_pfn_t frame, domid_t to)
{
    entry->domid = to;
    entry->frame = (uint32_t)frame;
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

static void set_entries(void *table, xen_pfn_t console_mfn,
                        domid_t console_domid, xen_pfn_t xenstore_mfn,
                        domid_t xenstore_domid)
{
    grant_entry_v1_t *entries = table;

    set_entry(&entries[GNTTAB_RESERVED_CONSOLE], console_mfn, console_domid);
    set_entry(&entries[GNTTAB_RESERVED_XENSTORE], xenstore_mfn, xenstore_domid);
}

/* Returns the first frame of the table, mapped, or NULL with errno. */
static void *map_by_setup(xc_interface *xch, uint32_t domid)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, frame);
    struct gnttab_setup_table setup = {
        .dom = (domid_t)domid,
        .nr_frames = 1,
    };
    void *table = NULL;

    frame = xc_hypercall_buffer_alloc(xch, frame, sizeof(*frame));
    if (frame == NULL) {
        return NULL;
    }
    set_xen_guest_handle(setup.frame_list, frame);
    if (xc_gnttab_op(xch, GNTTABOP_setup_table, &setup, sizeof(setup), 1) ==
            0 &&
        setup.status == GNTST_okay) {
        table = xenforeignmemory_map(xc_interface_fmem_handle(xch), domid,
                                     PROT_READ | PROT_WRITE, 1, frame, NULL);
    }
    xc_hypercall_buffer_free(xch, frame);
    return table;
}

static int seed_by_setup(xc_interface *xch, uint32_t domid,
                         xen_pfn_t console_mfn, domid_t console_domid,
                         xen_pfn_t xenstore_mfn, domid_t xenstore_domid,
                         struct build_error *e)
{
    void *table = map_by_setup(xch, domid);

    if (table == NULL) {
        return build_fail(e, BUILD_FAILED,
                          "cannot reach the grant table of domain %u: %s",
                          domid, strerror(errno));
    }
    set_entries(table, console_mfn, console_domid, xenstore_mfn,
                xenstore_domid);
    (void)xenforeignmemory_unmap(xc_interface_fmem_handle(xch), table, 1);
    return 0;
}

int grants_seed(xc_interface *xch, uint32_t domid, xen_pfn_t console_mfn,
                domid_t console_domid, xen_pfn_t xenstore_mfn,
                domid_t xenstore_domid, struct build_error *e)
{
    struct xenforeignmemory_handle *fmem = xc_interface_fmem_handle(xch);
    xenforeignmemory_resource_handle *resource;
    void *table = NULL;

    resource = xenforeignmemory_map_resource(
        fmem, (domid_t)domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, &table,
        PROT_READ | PROT_WRITE, 0);
    if (resource == NULL && errno == EOPNOTSUPP) {
        return seed_by_setup(xch, domid, console_mfn, console_domid,
                             xenstore_mfn, xenstore_domid, e);
    }
    if (resource == NULL) {
        return build_fail(e, BUILD_FAILED,
                          "cannot map the grant table of domain %u: %s", domid,
                          strerror(errno));
    }
    set_entries(table, console_mfn, console_domid, xenstore_mfn,
                xenstore_domid);
    (void)xenforeignmemory_unmap_resource(fmem, resource);
    return 0;
}
