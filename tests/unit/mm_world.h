/* SPDX-License-Identifier: MIT */
/*
 * Two guests for tests of memory: `guest` is current on CPU 0 and makes the
 * calls, `other` has pages that are not its own.
 */
#ifndef XEN_LITE_MM_WORLD_H
#define XEN_LITE_MM_WORLD_H

#include "fake.h"

#include <string.h>

#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#include "../../xen-lite/mm/pt.h"

/* Pages of the guest: arguments of calls, and some to map. */
#define ARGS 0UL
#define CALL 1UL /* multicall entries */
#define A    5UL
#define B    6UL

extern struct fake_guest *guest; /* domain 1: 3 vCPUs, 64 pages */
extern struct fake_guest *other; /* domain 2: 1 vCPU, 64 pages */

/* Fixtures; audited before and after the guests are gone. */
int mm_setup(void **state);
int mm_teardown(void **state);
#define MM_CASE(f) cmocka_unit_test_setup_teardown(f, mm_setup, mm_teardown)

/* A present entry for page @pfn of @g. */
uint64_t entry_of(const struct fake_guest *g, unsigned long pfn,
                  uint64_t flags);
uint64_t entry_for(unsigned long pfn, uint64_t flags);
struct page *page_at(unsigned long pfn);
uint64_t *table_at(unsigned long pfn);
/* Where calls say how many they did. */
uint32_t *done_word(void);

long update_va(unsigned long va, uint64_t entry, unsigned long flags);
/* The guest's own mapping of @pfn; TLBs are not flushed. */
void map(unsigned long pfn, uint64_t entry);
void unmap(unsigned long pfn);

struct mmu_update *requests(void);
long update_many(unsigned long count, unsigned long foreign);
long update_as(uint64_t ptr, uint64_t val, unsigned long foreign);
long update(uint64_t ptr, uint64_t val);
/* The machine address of an entry of table @pfn. */
uint64_t address_of(unsigned long pfn, unsigned int slot);

/* The guest runs on CPUs 0-2, and each has pages A and B in its TLB. */
void all_cpus_have_it(void);
/* A bit for each of these CPUs that still has page @pfn. */
unsigned int who_has(unsigned long pfn);

#endif
