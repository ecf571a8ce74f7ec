/* SPDX-License-Identifier: MIT */
/*
 * Translations that outlive what they were made for: of frames mapped by
 * another domain, of user tables that were replaced; and that the machine is
 * told when an entry of a live L4 changes.
 */
#include "fake.h"
#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>

#include <xen/memory.h>

#include "hypercall.h"
#include "pte.h"
#include "pv.h"

#define ARGS    0UL
#define PLACE   5UL /* dom0's address for the guest's page */
#define PAGE    6UL /* of the guest */
#define DATA_A  7UL
#define DATA_B  8UL
#define TREE_A  10UL /* L4, L3, L2, L1 */
#define TREE_B  14UL
#define USER_VA 0x400000UL

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED)

static struct fake_guest *dom0;
static struct fake_guest *guest;
static unsigned int l4_changes;

void __wrap_machine_l4_entry_changed(struct domain *d, mfn_t l4,
                                     unsigned int slot);

void __wrap_machine_l4_entry_changed(struct domain *d, mfn_t l4,
                                     unsigned int slot)
{
    (void)d;
    (void)l4;
    (void)slot;
    l4_changes++;
}

static int setup(void **state)
{
    fake_setup(state);
    dom0 = fake_guest_create(0, true, 1, 64);
    guest = fake_guest_create(1, false, 1, 64);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_set_cpu(0);
    fake_clear_softirqs();
    fake_audit();
    fake_guest_destroy(guest);
    free(dom0->mfn);
    free(dom0);
    return fake_teardown(state);
}

/* One mmu_update of @who, of frames that @frames_of owns. */
static long update(struct fake_guest *who, uint64_t address, uint64_t value,
                   domid_t frames_of)
{
    struct mmu_update request = {.ptr = address, .val = value};

    memcpy(fake_page(who, ARGS), &request, sizeof(request));
    return fake_hypercall(who->v, __HYPERVISOR_mmu_update, fake_va(ARGS), 1, 0,
                          frames_of);
}

static long extended(unsigned int command, unsigned long mfn)
{
    struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn};

    memcpy(fake_page(guest, ARGS), &op, sizeof(op));
    return fake_hypercall(guest->v, __HYPERVISOR_mmuext_op, fake_va(ARGS), 1, 0,
                          DOMID_SELF);
}

static void map_readonly(unsigned long pfn)
{
    assert_int_equal(update(guest, fake_pte_address(guest, pfn),
                            pte_make(guest->mfn[pfn], PTE_PRESENT), DOMID_SELF),
                     0);
}

/* dom0, on CPU 1, once wrote to the frame and flushes nothing since. */
static void write_as_dom0(void)
{
    fake_set_cpu(1);
    fake_enter(dom0->v);
    assert_int_equal(
        update(dom0, fake_pte_address(dom0, PLACE),
               pte_make(guest->mfn[PAGE], PTE_PRESENT | PTE_WRITABLE), 1),
        0);
    assert_true(fake_guest_write_u64(fake_va(PLACE), 0));
    assert_int_equal(update(dom0, fake_pte_address(dom0, PLACE), 0, DOMID_SELF),
                     0);
    assert_true(fake_tlb_has(1, fake_va(PLACE), true));
    fake_set_cpu(0);
}

static void pin_it_out_of_reach(void)
{
    assert_int_equal(extended(MMUEXT_PIN_L1_TABLE, guest->mfn[PAGE].number), 0);
    assert_false(fake_tlb_has(1, fake_va(PLACE), true));
    assert_int_equal(fake_tlb_audit(), 0);
    assert_int_equal(extended(MMUEXT_UNPIN_TABLE, guest->mfn[PAGE].number), 0);
}

static void table_is_out_of_reach_of_who_mapped_it_once(void **state)
{
    (void)state;
    write_as_dom0();
    map_readonly(PAGE);
    pin_it_out_of_reach();
}

/* A frame that an exchange took and gave back was still mapped by others. */
static void table_is_out_of_reach_after_a_failed_exchange(void **state)
{
    struct xen_memory_exchange *x = fake_page(guest, ARGS);
    xen_pfn_t *list = fake_page(guest, DATA_A);

    (void)state;
    write_as_dom0();
    assert_int_equal(
        update(guest, fake_pte_address(guest, PAGE), 0, DOMID_SELF), 0);
    memset(x, 0, sizeof(*x));
    set_xen_guest_handle(x->in.extent_start, (xen_pfn_t *)fake_va(DATA_A));
    set_xen_guest_handle(x->out.extent_start, (xen_pfn_t *)fake_va(DATA_A));
    x->in.nr_extents = 2;
    x->in.domid = DOMID_SELF;
    x->out.nr_extents = 1;
    x->out.extent_order = 1;
    x->out.domid = DOMID_SELF;
    list[0] = guest->mfn[PAGE].number;
    list[1] = ~0UL;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_memory_op,
                                    XENMEM_exchange, fake_va(ARGS), 0, 0),
                     -XEN_EINVAL);
    pin_it_out_of_reach();
}

/* -- stamps ---------------------------------------------------------------- */

static void (*at_clock_read)(void);

uint32_t __real_tlb_clock_now(void);
uint32_t __wrap_tlb_clock_now(void);

/* Between the look at the clock and what its caller does with it. */
uint32_t __wrap_tlb_clock_now(void)
{
    void (*act)(void) = at_clock_read;
    uint32_t now = __real_tlb_clock_now();

    at_clock_read = NULL;
    if (act != NULL) {
        act();
    }
    return now;
}

/* CPU 1 of the guest, which flushed just now, maps the frame and writes. */
static void used_once_more(void)
{
    struct page *page = fake_page_info(guest, PAGE);

    assert_int_equal(page_get_type(page, PAGE_TYPE_WRITABLE), 0);
    fake_tlb_flush_cpu(1, MACHINE_FLUSH_ALL);
    page_put_type(page);
}

static void stamp_is_not_older_than_the_last_use(void **state)
{
    struct page *page = fake_page_info(guest, PAGE);

    (void)state;
    map_readonly(PAGE);
    assert_int_equal(atomic_load(&page->type) & PAGE_TYPE_COUNT_MASK, 0);
    assert_int_equal(page_get_type(page, PAGE_TYPE_WRITABLE), 0);
    at_clock_read = used_once_more;
    page_put_type(page);
    assert_int_equal(atomic_load(&page->tlb_stamp), tlb_clock_now());
}

/* Tables at @tree that map USER_VA to @data. */
static void make_tree(unsigned long tree, unsigned long data)
{
    for (unsigned int level = 4; level > 0; level--) {
        uint64_t *table = fake_page(guest, tree + 4 - level);
        unsigned long below = level > 1 ? tree + 5 - level : data;

        memset(table, 0, PAGE_BYTES);
        table[pt_index(USER_VA, level)] =
            pte_make(guest->mfn[below], TABLE_FLAGS);
    }
    for (unsigned long pfn = tree; pfn < tree + 4; pfn++) {
        map_readonly(pfn);
    }
}

static uint64_t read_as_user(void)
{
    uint64_t value = 0;

    pv_toggle_mode(guest->v);
    assert_true(fake_guest_read(USER_VA, &value, sizeof(value)));
    pv_toggle_mode(guest->v);
    return value;
}

static void new_user_root_is_seen_at_once(void **state)
{
    (void)state;
    make_tree(TREE_A, DATA_A);
    make_tree(TREE_B, DATA_B);
    *(uint64_t *)fake_page(guest, DATA_A) = 0xaaaa;
    *(uint64_t *)fake_page(guest, DATA_B) = 0xbbbb;
    assert_int_equal(
        extended(MMUEXT_NEW_USER_BASEPTR, guest->mfn[TREE_A].number), 0);
    assert_int_equal(read_as_user(), 0xaaaa);
    assert_int_equal(
        extended(MMUEXT_NEW_USER_BASEPTR, guest->mfn[TREE_B].number), 0);
    assert_int_equal(read_as_user(), 0xbbbb);
    assert_int_equal(extended(MMUEXT_NEW_USER_BASEPTR, 0), 0);
}

static uint64_t l4_entry_address(struct fake_guest *who, unsigned int slot)
{
    return (who->mfn[who->first_table].number << PAGE_SHIFT) + slot * 8;
}

static void machine_is_told_of_changed_l4_entries(void **state)
{
    (void)state;
    make_tree(TREE_A, DATA_A);
    l4_changes = 0;
    assert_int_equal(update(guest, l4_entry_address(guest, 3),
                            pte_make(guest->mfn[TREE_A + 1], TABLE_FLAGS),
                            DOMID_SELF),
                     0);
    assert_int_equal(l4_changes, 1);
    assert_int_equal(update(guest, l4_entry_address(guest, 3), 0, DOMID_SELF),
                     0);
    assert_int_equal(l4_changes, 2);
}

static void upper_tables_take_no_frames_named_as_foreign(void **state)
{
    uint64_t address = l4_entry_address(dom0, 3);
    unsigned long l3 = dom0->first_table + 1;

    (void)state;
    fake_set_cpu(1);
    fake_enter(dom0->v);
    assert_int_equal(
        update(dom0, address, pte_make(dom0->mfn[l3], TABLE_FLAGS), 1),
        -XEN_EINVAL);
    assert_int_equal(
        update(dom0, address, pte_make(dom0->mfn[l3], TABLE_FLAGS), DOMID_SELF),
        0);
    assert_int_equal(update(dom0, address, 0, DOMID_SELF), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(table_is_out_of_reach_of_who_mapped_it_once),
        TEST(table_is_out_of_reach_after_a_failed_exchange),
        TEST(stamp_is_not_older_than_the_last_use),
        TEST(new_user_root_is_seen_at_once),
        TEST(machine_is_told_of_changed_l4_entries),
        TEST(upper_tables_take_no_frames_named_as_foreign),
    };

    return cmocka_run_group_tests_name("stale", tests, NULL, NULL);
}
