/* SPDX-License-Identifier: MIT */
/*
 * What a frame may be, one use at a time: every change of type, with the use
 * before it ended or not; flushes; whole tables, promoted and torn down with
 * preemption at every step.
 */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "bug.h"
#include "pte.h"
#include "softirq.h"

#include "../../xen-lite/mm/pt.h"

#define SPARE 5UL /* a page that the tests type as they like */
#define OTHER 6UL

static struct fake_guest *guest;

static int setup(void **state)
{
    void *kept = *state;

    fake_setup(state);
    *state = kept;
    guest = fake_guest_create(1, false, 2, 64);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    fake_guest_destroy(guest);
    fake_audit();
    return fake_teardown(state);
}

static struct page *page_at(unsigned long pfn)
{
    return fake_page_info(guest, pfn);
}

static uint64_t *table_at(unsigned long pfn)
{
    return fake_page(guest, pfn);
}

static uint64_t entry_for(unsigned long pfn, uint64_t flags)
{
    return pte_make(guest->mfn[pfn], PTE_PRESENT | flags);
}

/* The guest's own mapping of @pfn, as update_va_mapping makes it. */
static void map(unsigned long pfn, uint64_t entry)
{
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(pfn), entry, 0, 0),
                     0);
}

static void unmap(unsigned long pfn)
{
    map(pfn, 0);
}

static unsigned int type_count(unsigned long pfn)
{
    return (unsigned int)(atomic_load(&page_at(pfn)->type) &
                          PAGE_TYPE_COUNT_MASK);
}

static enum page_type type_of(unsigned long pfn)
{
    return page_type_of(atomic_load(&page_at(pfn)->type));
}

/* -- every change ---------------------------------------------------------- */

static const enum page_type types[] = {
    PAGE_TYPE_L1, PAGE_TYPE_L2,         PAGE_TYPE_L3,
    PAGE_TYPE_L4, PAGE_TYPE_DESCRIPTOR, PAGE_TYPE_WRITABLE,
};
static const char *const type_names[] = {"l1", "l2",         "l3",
                                         "l4", "descriptor", "writable"};

struct change {
    char name[64];
    enum page_type from;
    enum page_type to;
};

static void change_after_the_last_use_works(void **state)
{
    const struct change *c = *state;

    unmap(SPARE);
    assert_int_equal(page_get_and_type(guest->mfn[SPARE], guest->d, c->from),
                     0);
    assert_int_equal(type_of(SPARE), c->from);
    page_put_and_type(page_at(SPARE));
    assert_int_equal(type_count(SPARE), 0);
    assert_int_equal(page_get_and_type(guest->mfn[SPARE], guest->d, c->to), 0);
    assert_int_equal(type_of(SPARE), c->to);
    assert_int_equal(type_count(SPARE), 1);
    page_put_and_type(page_at(SPARE));
}

static void change_during_use_fails(void **state)
{
    const struct change *c = *state;
    bool same = c->from == c->to;
    unsigned int refs;

    unmap(SPARE);
    assert_int_equal(page_get_and_type(guest->mfn[SPARE], guest->d, c->from),
                     0);
    refs = page_refs(page_at(SPARE));
    assert_int_equal(page_get_and_type(guest->mfn[SPARE], guest->d, c->to),
                     same ? 0 : -XEN_EINVAL);
    assert_int_equal(type_of(SPARE), c->from);
    assert_int_equal(type_count(SPARE), same ? 2 : 1);
    assert_int_equal(page_refs(page_at(SPARE)), same ? refs + 1 : refs);
    if (same) {
        page_put_and_type(page_at(SPARE));
    }
    page_put_and_type(page_at(SPARE));
}

/* -- counts and flushes ---------------------------------------------------- */

static void type_count_cannot_overflow(void **state)
{
    uint64_t word;

    (void)state;
    word = atomic_load(&page_at(SPARE)->type);
    assert_int_equal(type_of(SPARE), PAGE_TYPE_WRITABLE);
    atomic_store(&page_at(SPARE)->type, word | PAGE_TYPE_COUNT_MASK);
    assert_int_equal(page_get_type(page_at(SPARE), PAGE_TYPE_WRITABLE),
                     -XEN_EBUSY);
    assert_int_equal(page_hold_table(page_at(SPARE)), 0);
    atomic_store(&page_at(SPARE)->type, word);
}

static void hold_table_does_not_overflow(void **state)
{
    struct page *l1 = page_at(guest->first_table + 3);
    uint64_t word = atomic_load(&l1->type);

    (void)state;
    atomic_store(&l1->type, word | PAGE_TYPE_COUNT_MASK);
    assert_int_equal(page_hold_table(l1), 0);
    atomic_store(&l1->type, word);
    assert_int_equal(page_hold_table(l1), 1);
    page_put_type(l1);
}

static void put_type(void *data)
{
    page_put_type(data);
}

static void putting_a_type_not_held_is_caught(void **state)
{
    (void)state;
    unmap(SPARE);
    assert_true(fake_catches_bug(put_type, page_at(SPARE)));
}

static void foreign_pages_are_not_typed(void **state)
{
    (void)state;
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], domain_io(), PAGE_TYPE_WRITABLE),
        -XEN_EPERM);
    assert_int_equal(page_get_and_type(mfn_make(FAKE_MMIO_MFN), guest->d,
                                       PAGE_TYPE_WRITABLE),
                     -XEN_EPERM);
}

/* The guest keeps a writable translation and never flushes. */
static void writable_translation_is_flushed_before_a_table(void **state)
{
    (void)state;
    assert_true(fake_guest_write_u64(fake_va(SPARE), 0));
    map(SPARE, entry_for(SPARE, 0));
    assert_true(fake_tlb_has(0, fake_va(SPARE), true));
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_L1), 0);
    assert_false(fake_tlb_has(0, fake_va(SPARE), true));
    assert_false(fake_guest_write_u64(fake_va(SPARE), 1));
    page_put_and_type(page_at(SPARE));
}

static void write_from_cpu_1(void *data)
{
    (void)data;
    guest->d->vcpu[1]->pv.kernel_root = guest->v->pv.kernel_root;
    guest->d->vcpu[1]->pv.kernel_mode = true;
    assert_int_equal(page_get_root(guest->v->pv.kernel_root, guest->d), 0);
    fake_enter(guest->d->vcpu[1]);
    assert_true(fake_guest_write_u64(fake_va(SPARE), 0));
}

static void other_cpus_are_flushed_too(void **state)
{
    (void)state;
    fake_on_cpu(1, write_from_cpu_1, NULL);
    map(SPARE, entry_for(SPARE, 0));
    tlb_flush_local();
    assert_true(fake_tlb_has(1, fake_va(SPARE), true));
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_DESCRIPTOR),
        0);
    assert_false(fake_tlb_has(1, fake_va(SPARE), true));
    page_put_and_type(page_at(SPARE));
}

static void change_without_mapping_needs_no_flush(void **state)
{
    unsigned int flushes;

    (void)state;
    unmap(SPARE);
    tlb_flush_cpus(&cpus_online);
    flushes = fake_flush_count();
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_L1), 0);
    assert_int_equal(fake_flush_count(), flushes);
    page_put_and_type(page_at(SPARE));
}

static void writable_again_needs_no_flush(void **state)
{
    unsigned int flushes = fake_flush_count();

    (void)state;
    map(SPARE, entry_for(SPARE, 0));
    map(SPARE, entry_for(SPARE, PTE_WRITABLE));
    assert_int_equal(fake_flush_count(), flushes);
}

/* An old upper entry in a CPU must not lead to what is no table any more. */
static void cached_table_entries_are_flushed_before_other_use(void **state)
{
    uint64_t *l2 = table_at(guest->first_table + 2);
    uint64_t at =
        (guest->mfn[guest->first_table + 2].number << PAGE_SHIFT) + 8 * 7;
    struct mmu_update update = {.ptr = at, .val = entry_for(SPARE, 0)};
    unsigned long va = FAKE_GUEST_VA + (7UL << 21);
    uint64_t word;

    (void)state;
    memset(table_at(SPARE), 0, PAGE_BYTES);
    table_at(SPARE)[0] = entry_for(OTHER, 0);
    map(SPARE, entry_for(SPARE, 0));
    memcpy(fake_page(guest, 0), &update, sizeof(update));
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    fake_va(0), 1, 0, DOMID_SELF),
                     0);
    assert_true(fake_guest_read(va, &word, 8));
    assert_int_equal(type_of(SPARE), PAGE_TYPE_L1);
    update.val = 0;
    memcpy(fake_page(guest, 0), &update, sizeof(update));
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_mmu_update,
                                    fake_va(0), 1, 0, DOMID_SELF),
                     0);
    assert_int_equal(l2[7], 0);
    /* Not flushed by the guest: the CPU still walks through it. */
    fake_tlb_speculate(va + PAGE_BYTES);
    map(SPARE, entry_for(SPARE, PTE_WRITABLE));
    assert_int_equal(fake_tlb_audit(), 0);
    assert_false(fake_guest_read(va, &word, 8));
}

static void descriptor_page_is_checked(void **state)
{
    (void)state;
    unmap(SPARE);
    table_at(SPARE)[3] = 0x0000890000000000ULL; /* present 64-bit TSS */
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_DESCRIPTOR),
        -XEN_EINVAL);
    assert_int_equal(type_count(SPARE), 0);
    table_at(SPARE)[3] = 0x00af9a000000ffffULL; /* ring 0 code */
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_DESCRIPTOR),
        0);
    assert_int_equal(table_at(SPARE)[3] >> 45 & 3, 3);
    page_put_and_type(page_at(SPARE));
}

static void dying_domain_makes_no_tables(void **state)
{
    (void)state;
    unmap(SPARE);
    atomic_store(&guest->d->dying, DOMAIN_DYING);
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_L1),
        -XEN_EINVAL);
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_WRITABLE), 0);
    page_put_and_type(page_at(SPARE));
    atomic_store(&guest->d->dying, DOMAIN_ALIVE);
}

/* -- tables and what is in them -------------------------------------------- */

/* Give the spare page to table level @level with @entry in @slot. */
static int promote_with(enum page_type type, unsigned int slot, uint64_t entry)
{
    unmap(SPARE);
    memset(table_at(SPARE), 0, PAGE_BYTES);
    table_at(SPARE)[slot] = entry;
    return page_get_and_type(guest->mfn[SPARE], guest->d, type);
}

static void l1_maps_own_pages(void **state)
{
    unsigned int refs = page_refs(page_at(OTHER));

    (void)state;
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 9, entry_for(OTHER, PTE_WRITABLE)), 0);
    assert_int_equal(page_refs(page_at(OTHER)), refs + 1);
    assert_int_equal(type_count(OTHER), 2);
    page_put_and_type(page_at(SPARE));
    assert_int_equal(page_refs(page_at(OTHER)), refs);
    assert_int_equal(type_count(OTHER), 1);
}

static void l1_maps_itself_readonly_only(void **state)
{
    (void)state;
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 9, entry_for(SPARE, PTE_WRITABLE)),
        -XEN_EBUSY);
    assert_int_equal(promote_with(PAGE_TYPE_L1, 9, entry_for(SPARE, 0)), 0);
    page_put_and_type(page_at(SPARE));
}

static void l1_with_a_bad_entry_leaves_nothing_behind(void **state)
{
    unsigned int refs = page_refs(page_at(OTHER));

    (void)state;
    unmap(SPARE);
    for (unsigned int i = 0; i < 100; i++) {
        table_at(SPARE)[i] = entry_for(OTHER, i & 1 ? PTE_WRITABLE : 0);
    }
    table_at(SPARE)[100] = entry_for(OTHER, PTE_PCD);
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_L1),
        -XEN_EINVAL);
    assert_int_equal(page_refs(page_at(OTHER)), refs);
    assert_int_equal(type_count(OTHER), 1);
    assert_int_equal(type_count(SPARE), 0);
}

static void l1_of_a_table_writable_fails(void **state)
{
    (void)state;
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 0,
                     entry_for(guest->first_table + 3, PTE_WRITABLE)),
        -XEN_EBUSY);
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 0, entry_for(guest->first_table, 0)), 0);
    page_put_and_type(page_at(SPARE));
}

static void l1_of_free_memory_fails(void **state)
{
    struct page *page = frame_alloc(0, 64);

    (void)state;
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 0, pte_make(page_mfn(page), PTE_PRESENT)),
        -XEN_EBUSY);
    frame_free(page, 0);
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 0, pte_make(page_mfn(page), PTE_PRESENT)),
        -XEN_EBUSY);
}

static void l1_of_io_needs_permission(void **state)
{
    uint64_t entry = pte_make(mfn_make(FAKE_MMIO_MFN), PTE_PRESENT);

    (void)state;
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0, entry), -XEN_EPERM);
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_MFN);
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0, entry), 0);
    assert_int_equal(table_at(SPARE)[0] & (PTE_PCD | PTE_PWT),
                     PTE_PCD | PTE_PWT);
    page_put_and_type(page_at(SPARE));
}

static void l2_of_a_data_page_promotes_it(void **state)
{
    (void)state;
    unmap(OTHER);
    assert_int_equal(promote_with(PAGE_TYPE_L2, 3, entry_for(OTHER, 0)), 0);
    assert_int_equal(type_of(OTHER), PAGE_TYPE_L1);
    page_put_and_type(page_at(SPARE));
    assert_int_equal(type_count(OTHER), 0);
}

static void l2_of_a_writable_page_fails(void **state)
{
    (void)state;
    assert_int_equal(promote_with(PAGE_TYPE_L2, 3, entry_for(OTHER, 0)),
                     -XEN_EINVAL);
    assert_int_equal(type_of(OTHER), PAGE_TYPE_WRITABLE);
}

static void linear_tables_are_refused(void **state)
{
    (void)state;
    for (unsigned int level = 2; level <= 4; level++) {
        /* Itself. */
        assert_int_equal(
            promote_with(pt_type_of_level(level), 5, entry_for(SPARE, 0)),
            -XEN_EINVAL);
        /* One of its own level. */
        assert_int_equal(
            promote_with(pt_type_of_level(level), 5,
                         entry_for(guest->first_table + 4 - level, 0)),
            -XEN_EINVAL);
    }
}

static void upper_table_of_the_wrong_level_fails(void **state)
{
    (void)state;
    assert_int_equal(
        promote_with(PAGE_TYPE_L4, 5, entry_for(guest->first_table + 3, 0)),
        -XEN_EINVAL);
    assert_int_equal(
        promote_with(PAGE_TYPE_L3, 5, entry_for(guest->first_table + 3, 0)),
        -XEN_EINVAL);
    assert_int_equal(
        promote_with(PAGE_TYPE_L3, 5, entry_for(guest->first_table + 2, 0)), 0);
    page_put_and_type(page_at(SPARE));
}

static void upper_tables_map_no_io(void **state)
{
    (void)state;
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_MFN);
    assert_int_equal(
        promote_with(PAGE_TYPE_L2, 5,
                     pte_make(mfn_make(FAKE_MMIO_MFN), PTE_PRESENT)),
        -XEN_EINVAL);
}

static void superpages_are_refused(void **state)
{
    (void)state;
    assert_int_equal(promote_with(PAGE_TYPE_L2, 5, entry_for(0, PTE_PSE)),
                     -XEN_EINVAL);
    assert_int_equal(promote_with(PAGE_TYPE_L3, 5, entry_for(0, PTE_PSE)),
                     -XEN_EINVAL);
}

static void l4_gets_the_hypervisors_slots(void **state)
{
    (void)state;
    unmap(SPARE);
    memset(table_at(SPARE), 0, PAGE_BYTES);
    for (unsigned int slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
        table_at(SPARE)[slot] = ~0ULL; /* whatever the guest had there */
    }
    assert_int_equal(
        page_get_and_type(guest->mfn[SPARE], guest->d, PAGE_TYPE_L4), 0);
    for (unsigned long slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
        assert_int_equal(table_at(SPARE)[slot], slot << 40);
    }
    page_put_and_type(page_at(SPARE));
}

static void shared_info_may_be_mapped_writable(void **state)
{
    (void)state;
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0,
                                  pte_make(guest->d->shared_mfn,
                                           PTE_PRESENT | PTE_WRITABLE)),
                     0);
    page_put_and_type(page_at(SPARE));
}

static void shared_info_cannot_be_a_table(void **state)
{
    (void)state;
    /* We write to it ourselves: mapped or not. */
    for (unsigned int i = 0; i < ARRAY_COUNT(types); i++) {
        if (types[i] != PAGE_TYPE_WRITABLE) {
            assert_int_equal(
                page_get_and_type(guest->d->shared_mfn, guest->d, types[i]),
                -XEN_EINVAL);
        }
    }
    map(SPARE, pte_make(guest->d->shared_mfn, PTE_PRESENT | PTE_WRITABLE));
    assert_int_equal(
        page_get_and_type(guest->d->shared_mfn, guest->d, PAGE_TYPE_L1),
        -XEN_EINVAL);
    map(SPARE, entry_for(SPARE, PTE_WRITABLE));
}

static void readonly_shared_page_is_not_mapped_writable(void **state)
{
    void *frame = heap_alloc_page();
    mfn_t mfn = machine_mfn_of(frame);

    (void)state;
    domain_share_xen_page(guest->d, frame, true);
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0,
                                  pte_make(mfn, PTE_PRESENT | PTE_WRITABLE)),
                     -XEN_EBUSY);
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0, pte_make(mfn, PTE_PRESENT)),
                     0);
    page_put_and_type(page_at(SPARE));
    heap_free_page(frame);
}

static void shared_page_keeps_its_memory_type(void **state)
{
    (void)state;
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_MFN);
    assert_int_equal(
        promote_with(PAGE_TYPE_L1, 0,
                     pte_make(guest->d->shared_mfn, PTE_PRESENT | PTE_PCD)),
        -XEN_EACCES);
    assert_int_equal(promote_with(PAGE_TYPE_L1, 0, entry_for(OTHER, PTE_PCD)),
                     0);
    page_put_and_type(page_at(SPARE));
}

/* -- preemption ------------------------------------------------------------ */

#define TREE_L1S   6UL
#define TREE_FIRST 10UL /* pfns: L4, L3, L2, then L1s */

/* A tree of tables, each with entries here and there, that maps page OTHER. */
static void build_tree(void)
{
    uint64_t flags = PTE_WRITABLE | PTE_USER;

    for (unsigned long pfn = TREE_FIRST; pfn < TREE_FIRST + 3 + TREE_L1S;
         pfn++) {
        unmap(pfn);
        memset(table_at(pfn), 0, PAGE_BYTES);
    }
    table_at(TREE_FIRST)[2] = entry_for(TREE_FIRST + 1, flags);
    table_at(TREE_FIRST)[300] = entry_for(TREE_FIRST + 1, flags);
    table_at(TREE_FIRST)[301] = entry_for(guest->first_table + 1, flags);
    table_at(TREE_FIRST + 1)[0] = entry_for(TREE_FIRST + 2, flags);
    table_at(TREE_FIRST + 1)[511] = entry_for(TREE_FIRST + 2, flags);
    for (unsigned long i = 0; i < TREE_L1S; i++) {
        table_at(TREE_FIRST + 2)[i * 80] = entry_for(TREE_FIRST + 3 + i, flags);
        table_at(TREE_FIRST + 3 + i)[i] = entry_for(OTHER, flags);
        table_at(TREE_FIRST + 3 + i)[500] = entry_for(OTHER + 1, PTE_USER);
    }
}

/* Get the root, as often as it takes. Returns how often it was interrupted. */
static unsigned int get_root(int *rc)
{
    unsigned int restarts = 0;

    while ((*rc = page_get_root(guest->mfn[TREE_FIRST], guest->d)) ==
           -XEN_ERESTART) {
        fake_clear_softirqs();
        if (restarts++ % 8 == 0) {
            fake_audit();
        }
    }
    fake_clear_softirqs();
    return restarts;
}

static unsigned int finish(void)
{
    unsigned int restarts = 0;

    fake_clear_softirqs();
    while (mm_finish_teardown(guest->v) == -XEN_ERESTART) {
        fake_clear_softirqs();
        if (restarts++ % 8 == 0) {
            fake_audit();
        }
    }
    fake_clear_softirqs();
    return restarts;
}

static unsigned int put_root(void)
{
    if (page_put_root(guest->mfn[TREE_FIRST]) == 0) {
        return 0;
    }
    return 1 + finish();
}

/* Reference and type words of all frames, to compare states with. */
static void snapshot(uint64_t words[64][2])
{
    for (unsigned long pfn = 0; pfn < 64; pfn++) {
        words[pfn][0] = atomic_load(&page_at(pfn)->count);
        words[pfn][1] = atomic_load(&page_at(pfn)->type);
    }
}

static void preempted_at_every_step_it_ends_the_same(void **state)
{
    uint64_t before[64][2], after[64][2], found[64][2];
    int rc;

    (void)state;
    build_tree();
    assert_int_equal(get_root(&rc), 0);
    assert_int_equal(rc, 0);
    snapshot(after);
    assert_int_equal(put_root(), 0);
    snapshot(before);
    for (unsigned int period = 1; period <= 25; period++) {
        fake_preempt_every(period);
        assert_true(get_root(&rc) > 0 || period > 4);
        assert_int_equal(rc, 0);
        snapshot(found);
        assert_memory_equal(found, after, sizeof(found));
        assert_true(put_root() > 0 || period > 4);
        snapshot(found);
        assert_memory_equal(found, before, sizeof(found));
        fake_preempt_every(0);
        fake_audit();
    }
}

static unsigned int preempt_once_at;

/* Only the n-th check asks for preemption. */
static void preempt_once(void)
{
    if (preempt_once_at != 0 && --preempt_once_at == 0) {
        softirq_raise(SOFTIRQ_SCHEDULE);
    }
}

static void one_interruption_anywhere_ends_the_same(void **state)
{
    uint64_t before[64][2], after[64][2], found[64][2];
    unsigned int n = 0;
    bool reached = true;
    int rc;

    (void)state;
    build_tree();
    (void)get_root(&rc);
    snapshot(after);
    (void)put_root();
    snapshot(before);
    fake_preempt_hook = preempt_once;
    while (reached) {
        n++;
        preempt_once_at = n;
        (void)get_root(&rc);
        assert_int_equal(rc, 0);
        reached = preempt_once_at == 0;
        snapshot(found);
        assert_memory_equal(found, after, sizeof(found));
        preempt_once_at = n;
        (void)put_root();
        reached = reached || preempt_once_at == 0;
        snapshot(found);
        assert_memory_equal(found, before, sizeof(found));
    }
    fake_preempt_hook = NULL;
    assert_true(n > 10);
}

/* What was begun may be left where it is: the domain's end cleans up. */
static void abandoned_promotion_does_not_outlive_the_domain(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(1);
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                         -XEN_ERESTART);
        fake_clear_softirqs();
    }
    fake_preempt_every(0);
    assert_true((atomic_load(&page_at(TREE_FIRST)->type) & PAGE_TYPE_PARTIAL) !=
                0);
    fake_audit();
}

static void abandoned_promotion_can_be_taken_up_by_others(void **state)
{
    int rc;

    (void)state;
    build_tree();
    fake_preempt_every(2);
    assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                     -XEN_ERESTART);
    fake_preempt_every(0);
    fake_clear_softirqs();
    /* Another use of the L2 that is half way. */
    assert_int_equal(
        page_get_and_type(guest->mfn[TREE_FIRST + 2], guest->d, PAGE_TYPE_L2),
        0);
    (void)get_root(&rc);
    assert_int_equal(rc, 0);
    page_put_and_type(page_at(TREE_FIRST + 2));
    (void)put_root();
}

static void partial_table_is_no_other_type(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(1);
    assert_int_equal(page_get_root(guest->mfn[TREE_FIRST], guest->d),
                     -XEN_ERESTART);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_int_equal(page_get_type(page_at(TREE_FIRST), PAGE_TYPE_WRITABLE),
                     -XEN_EINVAL);
    assert_int_equal(page_get_type(page_at(TREE_FIRST), PAGE_TYPE_L3),
                     -XEN_EINVAL);
    assert_int_equal(page_hold_table(page_at(TREE_FIRST)), 0);
}

static void failure_deep_down_undoes_all(void **state)
{
    uint64_t before[64][2], found[64][2];
    int rc;

    (void)state;
    build_tree();
    table_at(TREE_FIRST + 3 + TREE_L1S - 1)[511] = entry_for(OTHER, PTE_PCD);
    snapshot(before);
    for (unsigned int period = 0; period <= 12; period++) {
        fake_preempt_every(period);
        (void)get_root(&rc);
        assert_int_equal(rc, -XEN_EINVAL);
        (void)finish();
        fake_preempt_every(0);
        assert_int_equal(guest->v->pv.teardown_mfn, 0);
        snapshot(found);
        for (unsigned long pfn = 0; pfn < 64; pfn++) {
            assert_int_equal(found[pfn][0], before[pfn][0]);
            assert_int_equal(found[pfn][1] & PAGE_TYPE_COUNT_MASK,
                             before[pfn][1] & PAGE_TYPE_COUNT_MASK);
        }
        fake_audit();
    }
}

/* A table whose teardown stopped half way is wanted again. */
static void half_torn_down_table_can_be_used_again(void **state)
{
    int rc;

    (void)state;
    build_tree();
    (void)get_root(&rc);
    fake_preempt_every(1);
    assert_int_equal(page_put_root(guest->mfn[TREE_FIRST]), -XEN_ERESTART);
    for (unsigned int i = 0; i < 3; i++) {
        fake_clear_softirqs();
        assert_int_equal(mm_finish_teardown(guest->v), -XEN_ERESTART);
        fake_audit();
    }
    fake_preempt_every(0);
    fake_clear_softirqs();
    (void)get_root(&rc);
    assert_int_equal(rc, 0);
    assert_int_equal(mm_finish_teardown(guest->v), 0); /* nothing any more */
    assert_int_equal(guest->v->pv.teardown_mfn, 0);
    (void)put_root();
}

static void references_at_the_limit_forbid_preemption(void **state)
{
    struct page *page;
    uint64_t word;
    int rc;

    (void)state;
    build_tree();
    page = page_at(TREE_FIRST);
    word = atomic_load(&page->count);
    /* Room for the caller's own reference, and no more. */
    atomic_store(&page->count,
                 (word & ~PAGE_COUNT_MASK) | (PAGE_COUNT_MASK - 1));
    fake_preempt_every(1);
    rc = page_get_root(guest->mfn[TREE_FIRST], guest->d);
    assert_int_equal(rc, 0);
    fake_preempt_every(0);
    fake_clear_softirqs();
    assert_int_equal(page_put_root(guest->mfn[TREE_FIRST]), 0);
    assert_int_equal(page_refs(page), PAGE_COUNT_MASK - 1);
    atomic_store(&page->count, word);
}

static void killed_in_the_middle_of_everything(void **state)
{
    (void)state;
    build_tree();
    fake_preempt_every(3);
    (void)page_get_root(guest->mfn[TREE_FIRST], guest->d);
    fake_clear_softirqs();
    (void)mm_pin_table(guest->d, guest->mfn[TREE_FIRST + 2], PAGE_TYPE_L2);
    fake_clear_softirqs();
    fake_preempt_every(1); /* teardown() kills it like this */
}

static int preempted_teardown(void **state)
{
    fake_guest_destroy(guest);
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    return fake_teardown(state);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct change changes[ARRAY_COUNT(types) * ARRAY_COUNT(types)];
static char busy_names[ARRAY_COUNT(changes)][64];

static unsigned int add_changes(struct CMUnitTest *tests)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < ARRAY_COUNT(changes); i++) {
        unsigned int from = i / (unsigned int)ARRAY_COUNT(types);
        unsigned int to = i % (unsigned int)ARRAY_COUNT(types);

        changes[i].from = types[from];
        changes[i].to = types[to];
        snprintf(changes[i].name, sizeof(changes[i].name), "%s_after_%s_ended",
                 type_names[to], type_names[from]);
        snprintf(busy_names[i], sizeof(busy_names[i]), "%s_while_%s_is_used",
                 type_names[to], type_names[from]);
        tests[count++] = (struct CMUnitTest){changes[i].name,
                                             change_after_the_last_use_works,
                                             setup, teardown, &changes[i]};
        tests[count++] =
            (struct CMUnitTest){busy_names[i], change_during_use_fails, setup,
                                teardown, &changes[i]};
    }
    return count;
}

int main(void)
{
    struct CMUnitTest matrix[2 * ARRAY_COUNT(changes)];
    const struct CMUnitTest tests[] = {
        CASE(type_count_cannot_overflow),
        CASE(hold_table_does_not_overflow),
        CASE(putting_a_type_not_held_is_caught),
        CASE(foreign_pages_are_not_typed),
        CASE(writable_translation_is_flushed_before_a_table),
        CASE(other_cpus_are_flushed_too),
        CASE(change_without_mapping_needs_no_flush),
        CASE(writable_again_needs_no_flush),
        CASE(cached_table_entries_are_flushed_before_other_use),
        CASE(descriptor_page_is_checked),
        CASE(dying_domain_makes_no_tables),
        CASE(l1_maps_own_pages),
        CASE(l1_maps_itself_readonly_only),
        CASE(l1_with_a_bad_entry_leaves_nothing_behind),
        CASE(l1_of_a_table_writable_fails),
        CASE(l1_of_free_memory_fails),
        CASE(l1_of_io_needs_permission),
        CASE(l2_of_a_data_page_promotes_it),
        CASE(l2_of_a_writable_page_fails),
        CASE(linear_tables_are_refused),
        CASE(upper_table_of_the_wrong_level_fails),
        CASE(upper_tables_map_no_io),
        CASE(superpages_are_refused),
        CASE(l4_gets_the_hypervisors_slots),
        CASE(shared_info_may_be_mapped_writable),
        CASE(shared_info_cannot_be_a_table),
        CASE(readonly_shared_page_is_not_mapped_writable),
        CASE(shared_page_keeps_its_memory_type),
        CASE(preempted_at_every_step_it_ends_the_same),
        CASE(one_interruption_anywhere_ends_the_same),
        CASE(abandoned_promotion_does_not_outlive_the_domain),
        CASE(abandoned_promotion_can_be_taken_up_by_others),
        CASE(partial_table_is_no_other_type),
        CASE(failure_deep_down_undoes_all),
        CASE(half_torn_down_table_can_be_used_again),
        CASE(references_at_the_limit_forbid_preemption),
        cmocka_unit_test_setup_teardown(killed_in_the_middle_of_everything,
                                        setup, preempted_teardown),
    };

    (void)add_changes(matrix);
    return cmocka_run_group_tests(matrix, NULL, NULL) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
