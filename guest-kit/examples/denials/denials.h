/* SPDX-License-Identifier: MIT */
/* The parts of denials and the tables they share. */
#ifndef DENIALS_H
#define DENIALS_H

#include <stdbool.h>
#include <stdint.h>

/* A second address space, whole and pinned, and loose pages beside it. */
struct fixture {
    uint64_t *l4, *l3, *l2, *l1; /* pinned by its L4, read-only to us */
    uint64_t *loose_l1;          /* pinned as L1, in no table */
    uint64_t *descriptors;       /* in use as GDT, read-only */
    uint64_t *data;              /* an ordinary writable page */
    uint8_t *window;             /* an address whose mapping is played with */
    uint64_t window_maddr;       /* what it normally maps */
    uint64_t hypervisor_mfn;     /* RAM that is not ours */
};

extern struct fixture fx;

/* Build all of it; every step is checked. */
void fixture_init(void);

/* Whether @mfn is a frame of this domain by both tables. */
bool fixture_owns(uint64_t mfn);

/* A table entry for @page with @flags. */
uint64_t fixture_entry(const void *page, uint64_t flags);

/*
 * Write @value to @entry by mmu_update and want @want back. A refused write
 * must leave the entry alone; an accepted one is undone.
 */
void deny_entry(const char *name, const uint64_t *entry, uint64_t value,
                int64_t want);

/* mmuext_op with a frame, and with the frame of a page. */
long ext_mfn(unsigned int cmd, uint64_t mfn, unsigned int foreign);

void denials_mappings(void);
void denials_tables(void);
void denials_pins(void);
void denials_promotion(void);
void denials_write_faults(void);
void denials_updates(void);
void denials_descriptors(void);
void denials_entry_points(void);
void denials_events(void);
void denials_grants(void);
void denials_memory(void);
void denials_pointers(void);
void denials_calls(void);

#endif
