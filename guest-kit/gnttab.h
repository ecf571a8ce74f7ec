/* SPDX-License-Identifier: MIT */
/* Our grant table, of version 1 unless changed (<xen/grant_table.h>). */
#ifndef GUEST_KIT_GNTTAB_H
#define GUEST_KIT_GNTTAB_H

#include <stdbool.h>
#include <stdint.h>

#include "xen_abi.h"

/* Set up and map one frame of the table; 0 or the error. */
long gnttab_init(void);

/*
 * Make the table one of @version: 0 or the error. With version 2 its status
 * frame is mapped; all but the reserved entries are empty afterwards.
 */
long gnttab_set_version(uint32_t version);

/* Entries of version 2, and what the hypervisor says of their use. */
grant_entry_v2_t *gnttab_entry_v2(grant_ref_t ref);
grant_status_t gnttab_status(grant_ref_t ref);

/* Machine frame of the table, known after gnttab_init(). */
uint64_t gnttab_frame(void);

/* This domain's number, found by an event channel to itself. */
domid_t gnttab_own_domid(void);

/* Let @domid map frame @mfn by reference @ref. */
void gnttab_grant(grant_ref_t ref, domid_t domid, uint64_t mfn, bool readonly);

/* Take it back; false while somebody still uses it. */
bool gnttab_end(grant_ref_t ref);

/* The flags word of an entry. */
uint16_t gnttab_flags(grant_ref_t ref);

/* One GNTTABOP_map_grant_ref at @va; returns the GNTST_* status. */
int gnttab_map(domid_t domid, grant_ref_t ref, const void *va, uint32_t flags,
               grant_handle_t *handle);

/* One GNTTABOP_unmap_grant_ref at @va; returns the GNTST_* status. */
int gnttab_unmap(const void *va, grant_handle_t handle);

#endif
