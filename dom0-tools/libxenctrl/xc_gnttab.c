// SPDX-License-Identifier: MIT
/*
 * Grant tables of any domain (grant_table_op), and the older names of
 * <xengnttab.h> that <xenctrl_compat.h> keeps.
 */
#include "private.h"

#include <stdlib.h>
#include <sys/mman.h>

int xc_gnttab_op(xc_interface *xch, int cmd, void *op, int op_size, int count)
{
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, op, (size_t)op_size * (size_t)count, BUF_BOTH) == 0) {
        rc = xencall3(xch->xcall, __HYPERVISOR_grant_table_op, (uint64_t)cmd,
                      (uintptr_t)b.p, (uint64_t)count);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_gnttab_query_size(xc_interface *xch, struct gnttab_query_size *query)
{
    int rc = xc_gnttab_op(xch, GNTTABOP_query_size, query, sizeof(*query), 1);

    if (rc == 0 && query->status != GNTST_okay) {
        report(xch, XC_INTERNAL_ERROR, "grant table of domain %u: status %d",
               query->dom, query->status);
    }
    return rc;
}

int xc_gnttab_get_version(xc_interface *xch, uint32_t domid)
{
    struct gnttab_get_version query = {.dom = (domid_t)domid, .version = 99};
    int rc = xc_gnttab_op(xch, GNTTABOP_get_version, &query, sizeof(query), 1);

    return rc < 0 ? rc : (int)query.version;
}

/* The frames that hold the shared entries of @domid; the caller frees. */
static unsigned long *shared_frames(xc_interface *xch, uint32_t domid,
                                    uint32_t count)
{
    struct gnttab_setup_table setup = {
        .dom = (domid_t)domid,
        .nr_frames = count,
    };
    unsigned long *frames = calloc(count, sizeof(*frames));
    struct buf b = {0};
    int rc = -1;

    if (frames == NULL) {
        return NULL;
    }
    if (buf_get(xch, &b, frames, count * sizeof(*frames), BUF_OUT) == 0) {
        set_xen_guest_handle_raw(setup.frame_list, b.p);
        rc = xc_gnttab_op(xch, GNTTABOP_setup_table, &setup, sizeof(setup), 1);
    }
    buf_put(xch, &b);
    if (rc == 0 && setup.status != GNTST_okay) {
        errno = EINVAL;
        rc = -1;
    }
    if (rc < 0) {
        free(frames);
        return NULL;
    }
    return frames;
}

static void *map_table(xc_interface *xch, uint32_t domid, size_t entry_bytes,
                       int *gnt_num)
{
    struct gnttab_query_size query = {.dom = (domid_t)domid};
    unsigned long *frames;
    void *p;

    if (xc_gnttab_query_size(xch, &query) < 0) {
        return NULL;
    }
    if (query.status != GNTST_okay || query.nr_frames == 0) {
        errno = EINVAL;
        return NULL;
    }
    frames = shared_frames(xch, domid, query.nr_frames);
    if (frames == NULL) {
        return NULL;
    }
    p = xc_map_foreign_pages(xch, domid, PROT_READ | PROT_WRITE, frames,
                             (int)query.nr_frames);
    free(frames);
    if (p != NULL) {
        *gnt_num = (int)(query.nr_frames * (XC_PAGE_SIZE / entry_bytes));
    }
    return p;
}

grant_entry_v1_t *xc_gnttab_map_table_v1(xc_interface *xch, uint32_t domid,
                                         int *gnt_num)
{
    if (xc_gnttab_get_version(xch, domid) == 2) {
        errno = EINVAL;
        return NULL;
    }
    return map_table(xch, domid, sizeof(grant_entry_v1_t), gnt_num);
}

grant_entry_v2_t *xc_gnttab_map_table_v2(xc_interface *xch, uint32_t domid,
                                         int *gnt_num)
{
    if (xc_gnttab_get_version(xch, domid) != 2) {
        errno = EINVAL;
        return NULL;
    }
    return map_table(xch, domid, sizeof(grant_entry_v2_t), gnt_num);
}

xc_gnttab *xc_gnttab_open(xentoollog_logger *logger, unsigned open_flags)
{
    return xengnttab_open(logger, open_flags);
}

int xc_gnttab_close(xc_gnttab *xcg)
{
    return xengnttab_close(xcg);
}

void *xc_gnttab_map_grant_ref(xc_gnttab *xcg, uint32_t domid, uint32_t ref,
                              int prot)
{
    return xengnttab_map_grant_ref(xcg, domid, ref, prot);
}

void *xc_gnttab_map_grant_refs(xc_gnttab *xcg, uint32_t count, uint32_t *domids,
                               uint32_t *refs, int prot)
{
    return xengnttab_map_grant_refs(xcg, count, domids, refs, prot);
}

void *xc_gnttab_map_domain_grant_refs(xc_gnttab *xcg, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    return xengnttab_map_domain_grant_refs(xcg, count, domid, refs, prot);
}

void *xc_gnttab_map_grant_ref_notify(xc_gnttab *xcg, uint32_t domid,
                                     uint32_t ref, int prot,
                                     uint32_t notify_offset,
                                     evtchn_port_t notify_port)
{
    return xengnttab_map_grant_ref_notify(xcg, domid, ref, prot, notify_offset,
                                          notify_port);
}

int xc_gnttab_munmap(xc_gnttab *xcg, void *start_address, uint32_t count)
{
    return xengnttab_unmap(xcg, start_address, count);
}

int xc_gnttab_set_max_grants(xc_gnttab *xcg, uint32_t count)
{
    return xengnttab_set_max_grants(xcg, count);
}

xc_gntshr *xc_gntshr_open(xentoollog_logger *logger, unsigned open_flags)
{
    return xengntshr_open(logger, open_flags);
}

int xc_gntshr_close(xc_gntshr *xcg)
{
    return xengntshr_close(xcg);
}

void *xc_gntshr_share_pages(xc_gntshr *xcg, uint32_t domid, int count,
                            uint32_t *refs, int writable)
{
    return xengntshr_share_pages(xcg, domid, count, refs, writable);
}

void *xc_gntshr_share_page_notify(xc_gntshr *xcg, uint32_t domid, uint32_t *ref,
                                  int writable, uint32_t notify_offset,
                                  evtchn_port_t notify_port)
{
    return xengntshr_share_page_notify(xcg, domid, ref, writable, notify_offset,
                                       notify_port);
}

int xc_gntshr_munmap(xc_gntshr *xcg, void *start_address, uint32_t count)
{
    return xengntshr_unshare(xcg, start_address, count);
}
