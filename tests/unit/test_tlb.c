/* SPDX-License-Identifier: MIT */
/*
 * Who must flush: the clock, stamps and their wrap. And the fake machine's own
 * TLB: the judge has to be right.
 */
#include "fake.h"

#include <string.h>

#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#include "../../xen-lite/mm/pt.h"

#define A 5UL
#define B 6UL

static unsigned int filtered(uint32_t stamp)
{
    struct cpumask cpus;

    cpumask_copy(&cpus, &cpus_online);
    tlb_filter(&cpus, stamp);
    return (unsigned int)atomic_load(&cpus.word[0]);
}

static void flush_cpu(unsigned int cpu)
{
    struct cpumask cpus;

    cpumask_clear_all(&cpus);
    cpumask_set(&cpus, cpu);
    tlb_flush_cpus(&cpus);
}

static void stamp_zero_needs_nobody(void **state)
{
    (void)state;
    assert_int_equal(filtered(0), 0);
}

static void cpus_that_flushed_since_are_left_out(void **state)
{
    uint32_t stamp;

    (void)state;
    tlb_flush_cpus(&cpus_online);
    stamp = tlb_clock_now();
    assert_int_equal(filtered(stamp), 15);
    flush_cpu(1);
    assert_int_equal(filtered(stamp), 13);
    flush_cpu(3);
    assert_int_equal(filtered(stamp), 5);
    tlb_flush_cpus(&cpus_online);
    assert_int_equal(filtered(stamp), 0);
}

static void flush_begun_before_the_stamp_does_not_count(void **state)
{
    uint32_t flush, stamp;

    (void)state;
    tlb_flush_cpus(&cpus_online);
    flush = tlb_flush_begin();
    stamp = tlb_clock_now(); /* meanwhile a mapping ended elsewhere */
    tlb_flush_end(flush);
    assert_int_equal(filtered(stamp) & 1, 1);
}

static void single_page_flush_does_not_count(void **state)
{
    uint32_t stamp = tlb_clock_now();

    (void)state;
    tlb_flush_va_cpus(&cpus_online, FAKE_GUEST_VA);
    assert_int_equal(filtered(stamp), 15);
}

static void later_stamp_wins(void **state)
{
    uint32_t first = tlb_clock_now();

    (void)state;
    tlb_flush_local();
    assert_int_equal(tlb_stamp_later(first, tlb_clock_now()), tlb_clock_now());
    assert_int_equal(tlb_stamp_later(tlb_clock_now(), first), tlb_clock_now());
    assert_int_equal(tlb_stamp_later(0, first), first);
    assert_int_equal(tlb_stamp_later(first, 0), first);
}

static void stamp_of_before_the_wrap_needs_nobody(void **state)
{
    (void)state;
    tlb_flush_cpus(&cpus_online);
    assert_int_equal(filtered(tlb_clock_now() + 1000), 0);
    assert_int_equal(tlb_stamp_later(tlb_clock_now() + 1000, 2), 2);
}

/* 2^32 flushes are too many to wait for. */
static void wrapped_clock_flushes_all_before_it_goes_on(void **state)
{
    unsigned int flushes;
    uint32_t old;

    (void)state;
    tlb_set_clock(UINT32_MAX - 1);
    tlb_flush_cpus(&cpus_online); /* it wraps in the middle of this */
    old = tlb_clock_now();
    assert_int_equal(filtered(old), 15); /* everyone, for now */
    assert_int_equal(filtered(UINT32_MAX - 5), 15);
    flushes = fake_flush_count();
    fake_settle();
    assert_true(fake_flush_count() > flushes);
    assert_true(tlb_clock_now() < 100);
    assert_int_equal(filtered(UINT32_MAX - 5), 0);
    /* A frame whose use ended while the clock stood still. */
    assert_int_equal(filtered(old), 15);
    tlb_flush_cpus(&cpus_online);
    assert_int_equal(filtered(old), 0);
}

static void empty_sets_flush_nobody(void **state)
{
    unsigned int flushes = fake_flush_count();
    struct cpumask none;

    (void)state;
    cpumask_clear_all(&none);
    tlb_flush_cpus(&none);
    tlb_flush_va_cpus(&none, 0);
    assert_int_equal(fake_flush_count(), flushes);
}

static void flush_with_interrupts_off(void *data)
{
    (void)data;
    tlb_flush_cpus(&cpus_online);
}

static void waiting_for_others_with_interrupts_off_is_caught(void **state)
{
    unsigned long flags = machine_irq_save();

    (void)state;
    assert_true(fake_catches_bug(flush_with_interrupts_off, NULL));
    tlb_flush_local(); /* oneself is fine */
    machine_irq_restore(flags);
}

/* -- the fake TLB ---------------------------------------------------------- */

static struct fake_guest *guest;

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 2, 64);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_guest_destroy(guest);
    return fake_teardown(state);
}

static uint64_t *entry(unsigned long pfn)
{
    uint64_t address = fake_pte_address(guest, pfn);

    return (uint64_t *)machine_map(mfn_make(address >> PAGE_SHIFT)) +
           address % PAGE_BYTES / 8;
}

static void stale_translation_stays_until_flushed(void **state)
{
    uint64_t old = *entry(A);
    uint64_t word;

    (void)state;
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    *entry(A) = 0;
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    tlb_flush_va_local(fake_va(B));
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    tlb_flush_va_local(fake_va(A));
    assert_false(fake_guest_read(fake_va(A), &word, 8));
    assert_int_equal(fake_fault_code(), 4);
    *entry(A) = old;
}

static void global_translation_survives_cr3(void **state)
{
    uint64_t word;

    (void)state;
    *entry(A) |= PTE_GLOBAL;
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    assert_true(fake_guest_read(fake_va(B), &word, 8));
    machine_load_root(guest->v);
    assert_true(fake_tlb_has(0, fake_va(A), false));
    assert_false(fake_tlb_has(0, fake_va(B), false));
    tlb_flush_local();
    assert_false(fake_tlb_has(0, fake_va(A), false));
}

static void write_to_readonly_page_faults(void **state)
{
    (void)state;
    assert_false(fake_guest_write_u64(fake_va(guest->first_table), 1));
    assert_int_equal(fake_fault_code(), 7);
    assert_false(fake_tlb_has(0, fake_va(guest->first_table), true));
}

static void supervisor_page_faults(void **state)
{
    uint64_t word;

    (void)state;
    *entry(A) &= ~PTE_USER;
    assert_false(fake_guest_read(fake_va(A), &word, 8));
    assert_int_equal(fake_fault_code(), 5);
    *entry(A) |= PTE_USER;
}

static void accessed_and_dirty_are_set(void **state)
{
    uint64_t word;

    (void)state;
    *entry(A) &= ~(PTE_ACCESSED | PTE_DIRTY);
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    assert_int_equal(*entry(A) & (PTE_ACCESSED | PTE_DIRTY), PTE_ACCESSED);
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_true((*entry(A) & PTE_DIRTY) != 0);
}

static void copies_over_page_ends_stop_at_the_fault(void **state)
{
    char bytes[16] = "0123456789abcde";

    (void)state;
    assert_int_equal(machine_copy_to_guest(
                         guest_va_make(fake_va(A) + PAGE_BYTES - 8), bytes, 16),
                     0);
    assert_int_equal(
        machine_copy_to_guest(guest_va_make(fake_va(guest->first_table) - 8),
                              bytes, 16),
        8);
    assert_int_equal(
        machine_copy_from_guest(bytes, guest_va_make(fake_va(64) - 4), 16), 12);
}

static void audit_sees_a_stale_writable_translation(void **state)
{
    uint64_t old = *entry(A);
    struct page *page = fake_page_info(guest, A);
    uint64_t type;

    (void)state;
    assert_true(fake_guest_write_u64(fake_va(A), 0));
    assert_int_equal(fake_tlb_audit(), 0);
    /* As if the core had changed the type without a flush. */
    type = atomic_exchange(&page->type,
                           (uint64_t)PAGE_TYPE_L1 << PAGE_TYPE_SHIFT | 1);
    assert_int_equal(fake_tlb_audit(), 1);
    atomic_store(&page->type, type);
    *entry(A) = old;
}

static void audit_sees_a_translation_of_anothers_frame(void **state)
{
    struct page *page = fake_page_info(guest, A);
    uint64_t count = atomic_load(&page->count);
    uint64_t word;

    (void)state;
    assert_true(fake_guest_read(fake_va(A), &word, 8));
    atomic_store(&page->count,
                 (count & ~PAGE_OWNER_MASK) | 7ULL << PAGE_OWNER_SHIFT);
    assert_int_equal(fake_tlb_audit(), 1);
    atomic_store(&page->count, count);
}

/* -- mm_audit() ------------------------------------------------------------ */

static void audit_counts(void **state)
{
    struct page *page = fake_page_info(guest, A);

    (void)state;
    assert_int_equal(mm_audit(), 0);
    assert_true(page_get(guest->mfn[A], guest->d));
    assert_int_equal(mm_audit(), 1); /* a reference nothing explains */
    page_put(page);
    assert_int_equal(page_get_type(page, PAGE_TYPE_WRITABLE), 0);
    assert_true(mm_audit() >= 1);
    page_put_type(page);
    assert_int_equal(mm_audit(), 0);
}

static void audit_misses_no_lost_reference(void **state)
{
    struct page *page = fake_page_info(guest, A);

    (void)state;
    atomic_fetch_sub(&page->count, 1);
    assert_true(mm_audit() >= 1);
    atomic_fetch_add(&page->count, 1);
    atomic_fetch_sub(&page->type, 1);
    assert_true(mm_audit() >= 1);
    atomic_fetch_add(&page->type, 1);
    assert_int_equal(mm_audit(), 0);
}

static void audit_looks_into_tables(void **state)
{
    uint64_t old = *entry(A);

    (void)state;
    *entry(A) = old & ~PTE_USER;
    assert_int_equal(mm_audit(), 1);
    *entry(A) = old | PTE_GLOBAL; /* of a guest-kernel mapping */
    assert_int_equal(mm_audit(), 1);
    *entry(A) = old | 1ULL << 45;
    assert_true(mm_audit() >= 1);
    *entry(A) = pte_make(guest->mfn[guest->first_table],
                         PTE_PRESENT | PTE_WRITABLE | PTE_USER);
    assert_true(mm_audit() >= 1);
    *entry(A) = old;
    assert_int_equal(mm_audit(), 0);
}

/* How much worse the audit is with this entry in the place of page A's. */
static size_t violations_of(mfn_t mfn, uint64_t flags)
{
    uint64_t old = *entry(A);
    size_t before, after;

    *entry(A) = 0;
    before = mm_audit();
    *entry(A) = pte_make(mfn, PTE_PRESENT | PTE_USER | PTE_PCD | flags);
    after = mm_audit();
    *entry(A) = old;
    return after - before;
}

static void audit_knows_registers(void **state)
{
    mfn_t fixed = mfn_make(FAKE_MMIO_READONLY_MFN);
    mfn_t msix = mfn_make(FAKE_MMIO_MSIX_MFN);

    (void)state;
    assert_int_equal(violations_of(mfn_make(FAKE_MMIO_RESERVED_MFN), 0), 1);
    assert_int_equal(violations_of(fixed, 0), 0);
    assert_int_equal(violations_of(fixed, PTE_WRITABLE), 1);
    /* Mapped before its device began to use it. */
    assert_int_equal(violations_of(msix, PTE_WRITABLE), 0);
}

static void audit_compares_lists_and_totals(void **state)
{
    (void)state;
    guest->d->tot_pages++;
    assert_true(mm_audit() >= 1);
    guest->d->tot_pages--;
    guest->d->pages.count++;
    assert_true(mm_audit() >= 1);
    guest->d->pages.count--;
    assert_int_equal(mm_audit(), 0);
}

static void audit_without_memory_says_so(void **state)
{
    (void)state;
    fake_heap_fail_after(0);
    assert_int_equal(mm_audit(), 1);
    fake_heap_fail_after(~0UL);
    assert_int_equal(mm_audit(), 0);
}

#define CASE(f)  cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)
#define GUEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(stamp_zero_needs_nobody),
        CASE(cpus_that_flushed_since_are_left_out),
        CASE(flush_begun_before_the_stamp_does_not_count),
        CASE(single_page_flush_does_not_count),
        CASE(later_stamp_wins),
        CASE(stamp_of_before_the_wrap_needs_nobody),
        CASE(wrapped_clock_flushes_all_before_it_goes_on),
        CASE(empty_sets_flush_nobody),
        CASE(waiting_for_others_with_interrupts_off_is_caught),
        GUEST(stale_translation_stays_until_flushed),
        GUEST(global_translation_survives_cr3),
        GUEST(write_to_readonly_page_faults),
        GUEST(supervisor_page_faults),
        GUEST(accessed_and_dirty_are_set),
        GUEST(copies_over_page_ends_stop_at_the_fault),
        GUEST(audit_sees_a_stale_writable_translation),
        GUEST(audit_sees_a_translation_of_anothers_frame),
        GUEST(audit_counts),
        GUEST(audit_misses_no_lost_reference),
        GUEST(audit_looks_into_tables),
        GUEST(audit_knows_registers),
        GUEST(audit_compares_lists_and_totals),
        GUEST(audit_without_memory_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
