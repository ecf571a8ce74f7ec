/* SPDX-License-Identifier: MIT */
/*
 * Address spaces with a model beside them: what each entry of the one L1
 * table that differs between spaces must say.
 */
#ifndef STRESS_SPACE_H
#define STRESS_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "mm.h"

#define DATA_PAGES 64

/* Where that L1 table maps, in the user half of the kernel's table. */
#define SPACE_VA 0x20000000000UL

/* What one slot maps; page DATA_PAGES means nothing. */
struct slot_model {
    uint8_t page;
    bool writable;
};

struct space {
    bool used;
    unsigned int id; /* its word in the data pages, 1 .. */
    uint64_t *l4, *l3, *l2, *l1;
    struct slot_model model[PT_ENTRIES];
};

/* Fill the data pages; once, on one vCPU. */
void space_init(void);

/* Build, pin; or copy @parent with everything read-only, as fork does. */
long space_create(struct space *s, unsigned int id);
long space_fork(struct space *child, struct space *parent, unsigned int id);

/* Unpin and give the pages back. Not while it is current anywhere. */
long space_destroy(struct space *s);

/* Make it, or the boot table, this vCPU's. */
long space_switch(const struct space *s);
long space_switch_boot(void);

/* Change slots by one mmu_update of @count random entries. */
struct random;
long space_change(struct space *s, struct random *r, unsigned int count);

/*
 * Change one slot of the current space by update_va_mapping, or by a plain
 * write that the hypervisor emulates.
 */
long space_change_current(struct space *s, unsigned int slot,
                          struct slot_model to);
long space_write_current(struct space *s, unsigned int slot,
                         struct slot_model to);

/* Entries that differ from the model. */
unsigned int space_wrong_entries(const struct space *s);

/*
 * Read through every mapping of the current space, write through the
 * writable ones; returns how many values were wrong.
 */
unsigned int space_wrong_values(const struct space *s, uint64_t stamp);

#endif
