/* SPDX-License-Identifier: MIT */
/*
 * The per-domain slot: for each vCPU a fixed window of 16 GDT and 16 LDT
 * pages, so that GDTR and LDTR never hold a guest address. It is mapped in
 * every L4 of the domain and in no other. Its entries are not global: loading
 * CR3 drops what another CPU, or another owner of the window, left behind.
 */
#include "core.h"
#include "descriptors.h"
#include "domain.h"
#include "hv_map.h"
#include "machine_vcpu.h"
#include "mm.h"
#include "x86.h"

#define WINDOW_TABLE   (PTE_P | PTE_RW | PTE_A | PTE_D)
#define WINDOW_NOTHING (PTE_P | PTE_A | PTE_NX)
#define WINDOW_PAGE    (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)

static uint64_t table_entry(const void *table, uint64_t flags)
{
    return machine_mfn_of(table).number << PAGE_SHIFT | flags;
}

int machine_domain_init(struct domain *d)
{
    struct machine_domain *m = heap_alloc(sizeof(*m));

    if (m == NULL) {
        return -XEN_ENOMEM;
    }
    d->machine = m;
    m->l3 = heap_alloc_page();
    m->l2 = heap_alloc_page();
    if (m->l3 == NULL || m->l2 == NULL) {
        machine_domain_destroy(d);
        return -XEN_ENOMEM;
    }
    m->l3[0] = table_entry(m->l2, WINDOW_TABLE);
    return 0;
}

void machine_domain_destroy(struct domain *d)
{
    struct machine_domain *m = d->machine;

    if (m == NULL) {
        return;
    }
    d->machine = NULL;
    for (unsigned int i = 0; i < L1S_PER_DOMAIN; i++) {
        if (m->l1[i] != NULL) {
            heap_free_page(m->l1[i]);
        }
    }
    if (m->l2 != NULL) {
        heap_free_page(m->l2);
    }
    if (m->l3 != NULL) {
        heap_free_page(m->l3);
    }
    heap_free(m);
}

/*
 * GDT pages that the guest has not set: all entries absent, so that its use of
 * one is #GP and not a fault on an address that it cannot know.
 */
static const uint64_t no_descriptors[PAGE_BYTES / sizeof(uint64_t)]
    __attribute__((aligned(PAGE_BYTES)));

static uint64_t *window_entry(const struct vcpu *v, unsigned int page)
{
    unsigned int index = v->id * WINDOW_PAGES + page;

    return &v->domain->machine->l1[index / 512U][index % 512U];
}

static uint64_t window_value(unsigned int page, mfn_t mfn)
{
    if (!mfn_equal(mfn, INVALID_MFN)) {
        return mfn.number << PAGE_SHIFT | WINDOW_PAGE;
    }
    if (page >= WINDOW_LDT) {
        return 0; /* a fault there maps the page: pv_map_ldt_page() */
    }
    return image_phys_of(no_descriptors) | WINDOW_NOTHING;
}

/* The L1 that maps @v's window; created with the vCPU. */
static int window_create(struct vcpu *v)
{
    struct machine_domain *m = v->domain->machine;
    unsigned int which = v->id * WINDOW_PAGES / 512U;

    if (m->l1[which] == NULL) {
        m->l1[which] = heap_alloc_page();
        if (m->l1[which] == NULL) {
            return -XEN_ENOMEM;
        }
        m->l2[which] = table_entry(m->l1[which], WINDOW_TABLE);
    }
    for (unsigned int page = 0; page < GDT_GUEST_PAGES; page++) {
        *window_entry(v, page) = window_value(page, INVALID_MFN);
    }
    return 0;
}

static void window_set(struct vcpu *v, unsigned int page, mfn_t mfn)
{
    *window_entry(v, page) = window_value(page, mfn);
    if (v == current_vcpu()) {
        invlpg(window_of(v->id) + page * PAGE_BYTES);
    } else {
        v->machine->window_changed = true;
    }
}

void machine_set_gdt_page(struct vcpu *v, unsigned int slot, mfn_t mfn)
{
    window_set(v, slot, mfn);
}

void machine_set_ldt_page(struct vcpu *v, unsigned int slot, mfn_t mfn)
{
    window_set(v, WINDOW_LDT + slot, mfn);
}

void window_map_cpu(struct vcpu *v)
{
    *window_entry(v, GDT_HV_PAGE) =
        descriptors_gdt_frame(machine_this_cpu()->id).number << PAGE_SHIFT |
        WINDOW_PAGE;
}

unsigned long machine_ldt_window(const struct vcpu *v)
{
    return window_of(v->id) + WINDOW_LDT * PAGE_BYTES;
}

void machine_load_ldt(struct vcpu *v)
{
    descriptors_load_ldt(machine_ldt_window(v), v->pv.ldt_entries);
}

void machine_init_l4_slots(struct domain *d, uint64_t *l4)
{
    for (unsigned int slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
        l4[slot] = hv_l4[slot];
    }
    l4[HV_PERDOMAIN_SLOT] = table_entry(d->machine->l3, WINDOW_TABLE);
}

int machine_vcpu_init(struct vcpu *v)
{
    int rc;

    if (v->domain->is_idle) {
        return 0;
    }
    v->machine = heap_alloc(sizeof(*v->machine));
    if (v->machine == NULL) {
        return -XEN_ENOMEM;
    }
    rc = window_create(v);
    if (rc == 0) {
        rc = fpu_vcpu_init(v);
    }
    if (rc != 0) {
        machine_vcpu_destroy(v);
    }
    return rc;
}

void machine_vcpu_destroy(struct vcpu *v)
{
    if (v->machine == NULL) {
        return;
    }
    fpu_vcpu_destroy(v);
    heap_free(v->machine);
    v->machine = NULL;
}
