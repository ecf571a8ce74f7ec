/* SPDX-License-Identifier: MIT */
/*
 * What the tests of grants share: domains with grant tables in the small
 * world, entries to grant with, and the commands as a guest gives them.
 */
#ifndef XEN_LITE_GRANT_WORLD_H
#define XEN_LITE_GRANT_WORLD_H

#include "event_world.h"
#include "grant_table.h"
#include "mm.h"
#include "pte.h"

#include <xen/grant_table.h>

/* dom0, and two guests: tables of at most 4 frames, 256 handles each. */
extern struct domain *dom0;
extern struct domain *guest;
extern struct domain *other;

int grant_setup(void **state);
/* Everything is released, audited and freed. */
int grant_teardown(void **state);

#define HOST GNTMAP_host_map
#define RO   GNTMAP_readonly
#define DEV  GNTMAP_device_map

/* A page of the guest's; the fixture has entry 8 let dom0 map it. */
extern mfn_t granted_frame;
int grant_frame_setup(void **state);
/* Flags with which an entry does not let dom0 map it for writing. */
#define GRANT_BAD_FLAGS 5U
extern const uint16_t grant_bad_flags[GRANT_BAD_FLAGS];

long grant_call(struct domain *d, unsigned int command, void *array,
                unsigned int count);

/* Entry @ref of @d's table, as @d sees it. */
grant_entry_v1_t *grant_entry(struct domain *d, grant_ref_t ref);
/* Let @to use @mfn by entry @ref. */
void grant_give(struct domain *d, grant_ref_t ref, domid_t to, mfn_t mfn,
                uint16_t flags);
/* The same in a table of version 2; what is in the header of @with counts
 * for nothing. */
void grant_give_v2(struct domain *d, grant_ref_t ref, domid_t to,
                   uint16_t flags, grant_entry_v2_t with);
/* @d asks for @version; the result of the call. */
int grant_set_version(struct domain *d, uint32_t version);
uint16_t grant_flags(struct domain *d, grant_ref_t ref);

/* Map @ref of @granter at entry @pte of @d; *handle set. Returns the status. */
int grant_map_at(struct domain *d, struct domain *granter, grant_ref_t ref,
                 uint32_t flags, unsigned int pte, grant_handle_t *handle);
int grant_unmap_at(struct domain *d, unsigned int pte, grant_handle_t handle);
int grant_unmap_device(struct domain *d, uint64_t dev_bus_addr,
                       grant_handle_t handle);
/* All domains together. */
unsigned int grant_audit_all(void);
/* What a dying @d goes through. */
void grant_kill(struct domain *d);

#endif
