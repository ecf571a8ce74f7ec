/* SPDX-License-Identifier: MIT */
/* Looks functions up in the table that scripts/mksymbols.sh makes. */
#include "symbols.h"

#include "layout.h"
#include "string.h"

extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[];
extern const char symbol_names[];
extern const char text_end[];

/* How many functions start at or before @offset. */
static uint32_t rank(uint32_t offset)
{
    uint32_t low = 0, high = symbol_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (symbol_offsets[middle] <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const char *symbols_find(unsigned long address, unsigned long *offset)
{
    const char *name = symbol_names;
    uint32_t before;

    if (address < HV_IMAGE || address >= (unsigned long)text_end) {
        return NULL;
    }
    before = rank((uint32_t)(address - HV_IMAGE));
    if (before == 0) {
        return NULL;
    }
    *offset = address - HV_IMAGE - symbol_offsets[before - 1];
    for (uint32_t i = 1; i < before; i++) {
        name += strlen(name) + 1;
    }
    return name;
}
