/* SPDX-License-Identifier: MIT */
/* Building, changing and checking address spaces. */
#include "space.h"

#include "hypercall.h"
#include "random.h"
#include "start.h"
#include "string.h"

#define MAGIC     0x5eed0000UL
#define BATCH_MAX 32

static uint64_t *data_pages[DATA_PAGES];

void space_init(void)
{
    unsigned int i;

    for (i = 0; i < DATA_PAGES; i++) {
        data_pages[i] = mm_page_alloc();
        data_pages[i][0] = MAGIC + i;
    }
}

static uint64_t model_entry(struct slot_model m)
{
    if (m.page >= DATA_PAGES) {
        return 0;
    }
    return (mm_va_to_mfn(data_pages[m.page]) << PAGE_SHIFT) |
           (m.writable ? PTE_KERNEL_RW : PTE_KERNEL_RO);
}

static uint64_t table_entry(const void *table)
{
    return (mm_va_to_mfn(table) << PAGE_SHIFT) | PTE_TABLE;
}

/* The kernel's own slots are shared by every space. */
static void link_tables(const struct space *s)
{
    const uint64_t *root = mm_root();
    unsigned int i;

    for (i = 0; i < PT_ENTRIES; i++) {
        if ((i < 256 || i > 271) && (root[i] & PTE_PRESENT) != 0) {
            s->l4[i] = root[i];
        }
    }
    s->l4[(SPACE_VA >> 39) & 511] = table_entry(s->l3);
    s->l3[(SPACE_VA >> 30) & 511] = table_entry(s->l2);
    s->l2[(SPACE_VA >> 21) & 511] = table_entry(s->l1);
}

static long protect(const struct space *s, bool readonly)
{
    const uint64_t *tables[4] = {s->l4, s->l3, s->l2, s->l1};
    unsigned int i;
    long rc = 0;

    for (i = 0; i < 4 && rc == 0; i++) {
        rc = readonly ? mm_set_readonly(tables[i]) : mm_set_writable(tables[i]);
    }
    return rc;
}

static void allocate(struct space *s, unsigned int id)
{
    s->used = true;
    s->id = id;
    s->l4 = mm_page_alloc();
    s->l3 = mm_page_alloc();
    s->l2 = mm_page_alloc();
    s->l1 = mm_page_alloc();
}

static long finish(struct space *s)
{
    long rc;

    link_tables(s);
    rc = protect(s, true);
    return rc != 0 ? rc : mm_ext(MMUEXT_PIN_L4_TABLE, s->l4);
}

long space_create(struct space *s, unsigned int id)
{
    unsigned int i;

    allocate(s, id);
    for (i = 0; i < PT_ENTRIES; i++) {
        s->model[i] = (struct slot_model){DATA_PAGES, false};
    }
    return finish(s);
}

/* Parent's writable entries become read-only, a batch at a time. */
static long write_protect(struct space *s)
{
    struct mmu_update reqs[BATCH_MAX];
    unsigned int count = 0;
    unsigned int i;
    long rc = 0;

    for (i = 0; i < PT_ENTRIES && rc == 0; i++) {
        if (s->model[i].page < DATA_PAGES && s->model[i].writable) {
            s->model[i].writable = false;
            reqs[count].ptr = mm_va_to_maddr(&s->l1[i]);
            reqs[count++].val = model_entry(s->model[i]);
        }
        if (count == BATCH_MAX || (i == PT_ENTRIES - 1 && count != 0)) {
            rc = hc_mmu_update(reqs, count, NULL, DOMID_SELF);
            count = 0;
        }
    }
    return rc;
}

long space_fork(struct space *child, struct space *parent, unsigned int id)
{
    long rc = write_protect(parent);
    unsigned int i;

    if (rc != 0) {
        return rc;
    }
    allocate(child, id);
    memcpy(child->model, parent->model, sizeof(child->model));
    for (i = 0; i < PT_ENTRIES; i++) {
        child->l1[i] = model_entry(child->model[i]);
    }
    return finish(child);
}

long space_destroy(struct space *s)
{
    long rc = mm_ext(MMUEXT_UNPIN_TABLE, s->l4);

    if (rc == 0) {
        rc = protect(s, false);
    }
    if (rc != 0) {
        return rc;
    }
    mm_page_free(s->l4);
    mm_page_free(s->l3);
    mm_page_free(s->l2);
    mm_page_free(s->l1);
    s->used = false;
    return 0;
}

long space_switch(const struct space *s)
{
    return mm_ext(MMUEXT_NEW_BASEPTR, s->l4);
}

long space_switch_boot(void)
{
    return mm_ext(MMUEXT_NEW_BASEPTR, mm_root());
}

static struct slot_model random_model(struct random *r)
{
    return (struct slot_model){
        .page = (uint8_t)random_below(r, DATA_PAGES + 8),
        .writable = random_below(r, 2) != 0,
    };
}

long space_change(struct space *s, struct random *r, unsigned int count)
{
    struct mmu_update reqs[BATCH_MAX];
    unsigned int i;

    for (i = 0; i < count; i++) {
        unsigned int slot = random_below(r, PT_ENTRIES);

        s->model[slot] = random_model(r);
        reqs[i].ptr = mm_va_to_maddr(&s->l1[slot]);
        reqs[i].val = model_entry(s->model[slot]);
    }
    return hc_mmu_update(reqs, count, NULL, DOMID_SELF);
}

static uint64_t slot_va(unsigned int slot)
{
    return SPACE_VA + slot * PAGE_BYTES;
}

long space_change_current(struct space *s, unsigned int slot,
                          struct slot_model to)
{
    s->model[slot] = to;
    return hc_update_va_mapping(slot_va(slot), model_entry(to), UVMF_INVLPG);
}

long space_write_current(struct space *s, unsigned int slot,
                         struct slot_model to)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_INVLPG_LOCAL,
        .arg1.linear_addr = slot_va(slot),
    };

    s->model[slot] = to;
    *(volatile uint64_t *)&s->l1[slot] = model_entry(to);
    return hc_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

unsigned int space_wrong_entries(const struct space *s)
{
    const uint64_t mask = PTE_MFN_MASK | PTE_PRESENT | PTE_RW;
    unsigned int wrong = 0;
    unsigned int i;

    for (i = 0; i < PT_ENTRIES; i++) {
        wrong += (s->l1[i] & mask) != (model_entry(s->model[i]) & mask);
    }
    return wrong;
}

/* Each space has a word of its own in every page, so none disturbs others. */
static unsigned int wrong_value(const struct space *s, unsigned int slot,
                                uint64_t stamp)
{
    volatile uint64_t *mapped = (volatile uint64_t *)slot_va(slot);
    struct slot_model m = s->model[slot];
    const volatile uint64_t *alias;

    if (m.page >= DATA_PAGES) {
        return 0;
    }
    alias = data_pages[m.page];
    if (mapped[0] != MAGIC + m.page) {
        return 1;
    }
    if (m.writable) {
        mapped[s->id] = stamp + slot;
        return alias[s->id] != stamp + slot;
    }
    return mapped[s->id] != alias[s->id];
}

unsigned int space_wrong_values(const struct space *s, uint64_t stamp)
{
    unsigned int wrong = 0;
    unsigned int i;

    for (i = 0; i < PT_ENTRIES; i++) {
        wrong += wrong_value(s, i, stamp);
    }
    return wrong;
}
