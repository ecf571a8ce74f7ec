/* SPDX-License-Identifier: MIT */
/* What the checks of grant tables share. */
#ifndef EXAMPLE_GRANTS_H
#define EXAMPLE_GRANTS_H

#include <stdint.h>

#include "check.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"

/* A page of ours to grant, and an address without a page to map at. */
struct fixture {
    uint64_t *page;
    uint64_t mfn;
    uint64_t *window;
    uint64_t window_maddr; /* of the page that belongs there */
};

extern struct fixture fx;

/* References below 8 outlive a change of version. */
#define REF_RESERVED 3
#define REF_FULL     10
#define REF_SUB      11
#define REF_TRANS    12
#define REF_SPARE    13

/* Fill entry @ref of version 2; flags last, as the ABI asks for. */
void grant_v2(grant_ref_t ref, uint16_t flags, grant_entry_v2_t entry);
void grant_full(grant_ref_t ref, uint16_t flags, uint64_t frame);
void grant_sub(grant_ref_t ref, uint16_t flags, uint64_t frame, uint16_t offset,
               uint16_t length);
void grant_transitive(grant_ref_t ref, uint16_t flags, domid_t domid,
                      grant_ref_t to);

/* One copy of @len bytes at @offset of @ref of dom0 to or from the page that
 * stands at the window; the status. */
int copy_from(grant_ref_t ref, uint16_t offset, uint16_t len);
int copy_to(grant_ref_t ref, uint16_t offset, uint16_t len);

/*
 * A second domain that never runs: dom0 writes its grant table for it. Its
 * limits are those of puppet_create(), whose result is createdomain's.
 */
long puppet_create(int32_t grant_frames, int32_t maptrack_frames,
                   uint32_t grant_opts);
long puppet_destroy(void);
domid_t puppet_id(void);
/* Give it a page and map its table: 0 or the error of what failed. */
long puppet_prepare(void);
uint64_t puppet_mfn(void);
grant_entry_v1_t *puppet_entry(grant_ref_t ref);
void puppet_grant(grant_ref_t ref, uint16_t flags, uint64_t frame);
long puppet_table_frame(uint32_t id, uint64_t index, uint32_t count,
                        xen_pfn_t *frames);

void grants_version1(void);
void grants_version2(void);
void grants_transitive(void);
void grants_transfer(void);
void grants_batches(void);
void grants_limits(void);
void grants_replace(void);
void grants_copy_sub_page(void);
/* Through reference 20 of @domid, which grants us its page. */
void grants_copy_transitive(domid_t domid);
void grants_switch(void);

#endif
