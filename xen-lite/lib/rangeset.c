/* SPDX-License-Identifier: MIT */
/*
 * Sorted sets of number ranges. The ranges stand in one array, disjoint and
 * with a gap between neighbours, so that a look-up is a binary search and
 * every change replaces a run of ranges by at most two others.
 */
#include "rangeset.h"

#include <limits.h>

#include "mm.h"
#include "string.h"

#define FIRST_CAPACITY 8U

void rangeset_init(struct rangeset *set)
{
    spin_init(&set->lock, LOCK_IRQ);
    set->ranges = NULL;
    set->count = 0;
    set->capacity = 0;
}

void rangeset_destroy(struct rangeset *set)
{
    heap_free(set->ranges);
    set->ranges = NULL;
    set->count = 0;
    set->capacity = 0;
}

/* Index of the first range that ends at @number or behind it. */
static unsigned int first_ending_from(const struct rangeset *set,
                                      unsigned long number)
{
    unsigned int low = 0;
    unsigned int high = set->count;

    while (low < high) {
        unsigned int middle = low + (high - low) / 2;

        if (set->ranges[middle].last < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Index of the first range, from @from on, that begins behind @number. */
static unsigned int first_beginning_after(const struct rangeset *set,
                                          unsigned int from,
                                          unsigned long number)
{
    while (from < set->count && set->ranges[from].first <= number) {
        from++;
    }
    return from;
}

static int reserve(struct rangeset *set, unsigned int count)
{
    struct range *larger;
    unsigned int capacity = set->capacity;

    if (count <= capacity) {
        return 0;
    }
    capacity = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
    larger = heap_alloc(capacity * sizeof(*larger));
    if (larger == NULL) {
        return -XEN_ENOMEM;
    }
    if (set->count != 0) {
        memcpy(larger, set->ranges, set->count * sizeof(*larger));
    }
    heap_free(set->ranges);
    set->ranges = larger;
    set->capacity = capacity;
    return 0;
}

/* Put @fresh_count (0 to 2) ranges where those at [from, to) stood. */
static int replace(struct rangeset *set, unsigned int from, unsigned int to,
                   const struct range *fresh, unsigned int fresh_count)
{
    unsigned int count = set->count - (to - from) + fresh_count;
    int rc = reserve(set, count);

    if (rc != 0) {
        return rc;
    }
    if (set->count != to) {
        memmove(&set->ranges[from + fresh_count], &set->ranges[to],
                (set->count - to) * sizeof(*fresh));
    }
    for (unsigned int i = 0; i < fresh_count; i++) {
        set->ranges[from + i] = fresh[i];
    }
    set->count = count;
    return 0;
}

int rangeset_add(struct rangeset *set, unsigned long first, unsigned long last)
{
    struct range merged = {first, last};
    unsigned int from;
    unsigned int to;
    int rc;

    if (last < first) {
        return -XEN_EINVAL;
    }
    spin_lock(&set->lock);
    /* Neighbours that only touch [first, last] are merged too. */
    from = first_ending_from(set, first == 0 ? 0 : first - 1);
    to = first_beginning_after(set, from, last == ULONG_MAX ? last : last + 1);
    if (from < to) {
        if (set->ranges[from].first < first) {
            merged.first = set->ranges[from].first;
        }
        if (set->ranges[to - 1].last > last) {
            merged.last = set->ranges[to - 1].last;
        }
    }
    rc = replace(set, from, to, &merged, 1);
    spin_unlock(&set->lock);
    return rc;
}

int rangeset_remove(struct rangeset *set, unsigned long first,
                    unsigned long last)
{
    struct range rest[2];
    unsigned int rest_count = 0;
    unsigned int from;
    unsigned int to;
    int rc = 0;

    if (last < first) {
        return -XEN_EINVAL;
    }
    spin_lock(&set->lock);
    from = first_ending_from(set, first);
    to = first_beginning_after(set, from, last);
    if (from < to) {
        if (set->ranges[from].first < first) {
            rest[rest_count].first = set->ranges[from].first;
            rest[rest_count].last = first - 1;
            rest_count++;
        }
        if (set->ranges[to - 1].last > last) {
            rest[rest_count].first = last + 1;
            rest[rest_count].last = set->ranges[to - 1].last;
            rest_count++;
        }
        rc = replace(set, from, to, rest, rest_count);
    }
    spin_unlock(&set->lock);
    return rc;
}

bool rangeset_contains(struct rangeset *set, unsigned long first,
                       unsigned long last)
{
    unsigned int index;
    bool contained;

    if (last < first) {
        return false;
    }
    spin_lock(&set->lock);
    index = first_ending_from(set, first);
    contained = index < set->count && set->ranges[index].first <= first &&
                set->ranges[index].last >= last;
    spin_unlock(&set->lock);
    return contained;
}

bool rangeset_empty(struct rangeset *set)
{
    bool empty;

    spin_lock(&set->lock);
    empty = set->count == 0;
    spin_unlock(&set->lock);
    return empty;
}
