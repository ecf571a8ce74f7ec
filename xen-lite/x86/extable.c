/* SPDX-License-Identifier: MIT */
/*
 * The exception table: pairs of offsets, each from its own place. Some dozens
 * of entries, searched in order.
 */
#include "extable.h"

#include "types.h"

struct extable_entry {
    int32_t from;
    int32_t to;
};

extern const struct extable_entry extable_start[], extable_end[];

static unsigned long place(const int32_t *offset)
{
    return (unsigned long)offset + (unsigned long)(long)*offset;
}

unsigned long extable_find(unsigned long rip)
{
    /* cppcheck-suppress comparePointers ; one array by the link map */
    for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
        if (place(&e->from) == rip) {
            return place(&e->to);
        }
    }
    return 0;
}
