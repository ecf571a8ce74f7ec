/* SPDX-License-Identifier: MIT */
/* Sorted sets of number ranges: which ports, frames, irqs a domain may use. */
#ifndef XEN_LITE_RANGESET_H
#define XEN_LITE_RANGESET_H

#include "spinlock.h"
#include "types.h"

struct range {
    unsigned long first;
    unsigned long last; /* inclusive */
};

struct rangeset {
    struct spinlock lock; /* LOCK_IRQ class; inner to the domain's */
    struct range *ranges; /* sorted, disjoint, not adjacent */
    unsigned int count;
    unsigned int capacity;
};

void rangeset_init(struct rangeset *set);
void rangeset_destroy(struct rangeset *set);
/* Both return 0, -XEN_EINVAL (last < first) or -XEN_ENOMEM. */
int rangeset_add(struct rangeset *set, unsigned long first, unsigned long last);
int rangeset_remove(struct rangeset *set, unsigned long first,
                    unsigned long last);
bool rangeset_contains(struct rangeset *set, unsigned long first,
                       unsigned long last);
bool rangeset_empty(struct rangeset *set);

#endif
