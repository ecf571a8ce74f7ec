/* SPDX-License-Identifier: MIT */
/*
 * What a frame may be, one use at a time: every change of type, with the use
 * before it ended or not; flushes; tables and what is in them.
 */
#include "mm_world.h"

#include <stdio.h>

#include "bug.h"

#define SPARE A /* a page that the tests type as they like */
#define OTHER B

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
        tests[count++] = (struct CMUnitTest){
            changes[i].name, change_after_the_last_use_works, mm_setup,
            mm_teardown, &changes[i]};
        tests[count++] =
            (struct CMUnitTest){busy_names[i], change_during_use_fails,
                                mm_setup, mm_teardown, &changes[i]};
    }
    return count;
}

int main(void)
{
    struct CMUnitTest matrix[2 * ARRAY_COUNT(changes)];
    const struct CMUnitTest tests[] = {
        MM_CASE(type_count_cannot_overflow),
        MM_CASE(hold_table_does_not_overflow),
        MM_CASE(putting_a_type_not_held_is_caught),
        MM_CASE(foreign_pages_are_not_typed),
        MM_CASE(writable_translation_is_flushed_before_a_table),
        MM_CASE(other_cpus_are_flushed_too),
        MM_CASE(change_without_mapping_needs_no_flush),
        MM_CASE(writable_again_needs_no_flush),
        MM_CASE(cached_table_entries_are_flushed_before_other_use),
        MM_CASE(descriptor_page_is_checked),
        MM_CASE(dying_domain_makes_no_tables),
        MM_CASE(l1_maps_own_pages),
        MM_CASE(l1_maps_itself_readonly_only),
        MM_CASE(l1_with_a_bad_entry_leaves_nothing_behind),
        MM_CASE(l1_of_a_table_writable_fails),
        MM_CASE(l1_of_free_memory_fails),
        MM_CASE(l1_of_io_needs_permission),
        MM_CASE(l2_of_a_data_page_promotes_it),
        MM_CASE(l2_of_a_writable_page_fails),
        MM_CASE(linear_tables_are_refused),
        MM_CASE(upper_table_of_the_wrong_level_fails),
        MM_CASE(upper_tables_map_no_io),
        MM_CASE(superpages_are_refused),
        MM_CASE(l4_gets_the_hypervisors_slots),
        MM_CASE(shared_info_may_be_mapped_writable),
        MM_CASE(shared_info_cannot_be_a_table),
        MM_CASE(readonly_shared_page_is_not_mapped_writable),
        MM_CASE(shared_page_keeps_its_memory_type),
    };

    (void)add_changes(matrix);
    return cmocka_run_group_tests(matrix, NULL, NULL) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
