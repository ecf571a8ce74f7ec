/* SPDX-License-Identifier: MIT */
/* Which bits pass at which level, and what the CPU is shown instead. */
#include "fake.h"

#include "../../xen-lite/mm/pt.h"

#define RAM   (FAKE_LOW_MFN << PAGE_SHIFT)
#define P     PTE_PRESENT
#define FINE  0
#define WRONG (-XEN_EINVAL)

static struct check {
    const char *name;
    uint64_t entry;
    unsigned int level;
    bool caching;
    int rc;
} checks[] = {
    {"l1_present_readonly_passes", RAM | P, 1, false, FINE},
    {"l1_writable_user_passes", RAM | P | PTE_WRITABLE | PTE_USER, 1, false,
     FINE},
    {"l1_accessed_dirty_passes", RAM | P | PTE_ACCESSED | PTE_DIRTY, 1, false,
     FINE},
    {"l1_global_passes", RAM | P | PTE_GLOBAL, 1, false, FINE},
    {"l1_nx_passes", RAM | P | PTE_NX, 1, false, FINE},
    {"l1_low_avail_passes", RAM | P | PTE_AVAIL, 1, false, FINE},
    {"l1_high_avail_passes", RAM | P | 0x7ff0000000000000ULL, 1, false, FINE},
    {"l1_pwt_needs_devices", RAM | P | PTE_PWT, 1, false, WRONG},
    {"l1_pcd_needs_devices", RAM | P | PTE_PCD, 1, false, WRONG},
    {"l1_pat_needs_devices", RAM | P | PTE_PAT, 1, false, WRONG},
    {"l1_pwt_passes_with_devices", RAM | P | PTE_PWT, 1, true, FINE},
    {"l1_pcd_passes_with_devices", RAM | P | PTE_PCD, 1, true, FINE},
    {"l1_pat_passes_with_devices", RAM | P | PTE_PAT, 1, true, FINE},
    {"l1_address_bit_40_is_reserved", RAM | P | 1ULL << 40, 1, true, WRONG},
    {"l1_address_bit_51_is_reserved", RAM | P | 1ULL << 51, 1, true, WRONG},
    {"l1_address_bit_39_passes", RAM | P | 1ULL << 39, 1, false, FINE},
    {"l1_non_present_may_hold_anything", ~P, 1, false, FINE},
    {"l1_zero_passes", 0, 1, false, FINE},
    {"l2_table_passes", RAM | P | PTE_WRITABLE | PTE_USER | PTE_ACCESSED, 2,
     false, FINE},
    {"l2_superpage_fails", RAM | P | PTE_PSE, 2, true, WRONG},
    {"l3_superpage_fails", RAM | P | PTE_PSE, 3, true, WRONG},
    {"l4_pse_bit_fails", RAM | P | PTE_PSE, 4, true, WRONG},
    {"l2_pwt_fails_even_with_devices", RAM | P | PTE_PWT, 2, true, WRONG},
    {"l3_pcd_fails_even_with_devices", RAM | P | PTE_PCD, 3, true, WRONG},
    {"l4_pcd_fails_even_with_devices", RAM | P | PTE_PCD, 4, true, WRONG},
    {"l2_global_fails", RAM | P | PTE_GLOBAL, 2, true, WRONG},
    {"l3_global_fails", RAM | P | PTE_GLOBAL, 3, true, WRONG},
    {"l4_global_fails", RAM | P | PTE_GLOBAL, 4, true, WRONG},
    {"l2_reserved_address_fails", RAM | P | 1ULL << 45, 2, false, WRONG},
    {"l3_reserved_address_fails", RAM | P | 1ULL << 45, 3, false, WRONG},
    {"l4_reserved_address_fails", RAM | P | 1ULL << 45, 4, false, WRONG},
    {"l2_dirty_and_avail_pass", RAM | P | PTE_DIRTY | PTE_AVAIL, 2, false,
     FINE},
    {"l3_nx_passes", RAM | P | PTE_NX, 3, false, FINE},
    {"l4_nx_passes", RAM | P | PTE_NX, 4, false, FINE},
    {"l4_non_present_may_hold_anything", ~P, 4, false, FINE},
};

static void bits_are_checked(void **state)
{
    const struct check *c = *state;

    assert_int_equal(pt_check_bits(c->entry, c->level, c->caching), c->rc);
}

/* -- what the CPU sees ----------------------------------------------------- */

static struct adjust {
    const char *name;
    uint64_t entry;
    unsigned int level;
    uint64_t result;
} adjusts[] = {
    {"kernel_entry_becomes_user_and_marked", RAM | P, 1,
     RAM | P | PTE_USER | PTE_GUEST_KERNEL},
    {"kernel_entry_loses_global", RAM | P | PTE_GLOBAL, 1,
     RAM | P | PTE_USER | PTE_GUEST_KERNEL},
    {"user_entry_becomes_global", RAM | P | PTE_USER, 1,
     RAM | P | PTE_USER | PTE_GLOBAL},
    {"kernel_entry_read_back_and_written_stays",
     RAM | P | PTE_USER | PTE_GUEST_KERNEL, 1,
     RAM | P | PTE_USER | PTE_GUEST_KERNEL},
    {"marked_entry_is_never_global",
     RAM | P | PTE_USER | PTE_GUEST_KERNEL | PTE_GLOBAL, 1,
     RAM | P | PTE_USER | PTE_GUEST_KERNEL},
    {"log_dirty_bit_is_ours", RAM | P | PTE_USER | PTE_LOG_DIRTY, 1,
     RAM | P | PTE_USER | PTE_GLOBAL},
    {"write_and_nx_bits_stay", RAM | P | PTE_WRITABLE | PTE_NX, 1,
     RAM | P | PTE_WRITABLE | PTE_NX | PTE_USER | PTE_GUEST_KERNEL},
    {"other_avail_bits_stay", RAM | P | PTE_USER | PTE_AVAIL | 1ULL << 58, 1,
     RAM | P | PTE_USER | PTE_AVAIL | 1ULL << 58 | PTE_GLOBAL},
    {"l2_entry_becomes_user_only", RAM | P | PTE_WRITABLE, 2,
     RAM | P | PTE_WRITABLE | PTE_USER},
    {"l4_entry_becomes_user_only", RAM | P, 4, RAM | P | PTE_USER},
};

static void entries_are_adjusted(void **state)
{
    const struct adjust *c = *state;

    assert_int_equal(pt_adjust(c->entry, c->level), c->result);
    /* Written back as it was read, it stays. */
    assert_int_equal(pt_adjust(c->result, c->level), c->result);
}

/* -- memory types ---------------------------------------------------------- */

static void io_is_never_write_back(void **state)
{
    (void)state;
    assert_int_equal(pt_uncached(P), P | PTE_PWT | PTE_PCD);
}

static void io_write_through_becomes_uncached(void **state)
{
    (void)state;
    assert_int_equal(pt_uncached(P | PTE_PWT), P | PTE_PWT | PTE_PCD);
}

static void io_write_protect_becomes_uncached(void **state)
{
    (void)state;
    assert_int_equal(pt_uncached(P | PTE_PWT | PTE_PAT), P | PTE_PWT | PTE_PCD);
}

static void io_write_combining_stays(void **state)
{
    (void)state;
    assert_int_equal(pt_uncached(P | PTE_PAT), P | PTE_PAT);
}

static void io_uncached_stays(void **state)
{
    (void)state;
    assert_int_equal(pt_uncached(P | PTE_PCD), P | PTE_PCD);
    assert_int_equal(pt_uncached(P | PTE_PCD | PTE_PWT), P | PTE_PCD | PTE_PWT);
}

/* -- L1 terminal fault ----------------------------------------------------- */

static void set_intel(uint32_t arch_capabilities)
{
    fake_set_cpuid(
        0, 0, (struct cpuid_result){7, 0x756e6547, 0x6c65746e, 0x49656e69});
    if (arch_capabilities != 0) {
        fake_set_cpuid(7, 0, (struct cpuid_result){.edx = 1U << 29});
        fake_set_msr(0x10a, arch_capabilities);
    }
    pt_limits.known = false;
}

static void leaky_cpu_refuses_non_present_ram(void **state)
{
    (void)state;
    set_intel(0);
    assert_int_equal(pt_check_bits(RAM, 1, false), WRONG);
    assert_int_equal(pt_check_bits(RAM | PTE_WRITABLE, 2, false), WRONG);
    assert_int_equal(pt_check_bits(RAM, 3, false), WRONG);
    assert_int_equal(pt_check_bits(RAM, 4, false), WRONG);
}

/* Our own lies at the end of RAM: the allocator never had it. */
static void leaky_cpu_refuses_the_hypervisors_ram_too(void **state)
{
    (void)state;
    frame_alloc_reset();
    set_intel(0);
    assert_int_equal(pt_check_bits((FAKE_END_MFN - 1) << PAGE_SHIFT, 1, false),
                     WRONG);
    assert_int_equal(pt_check_bits(FAKE_END_MFN << PAGE_SHIFT, 1, false), FINE);
}

static void leaky_cpu_is_not_fooled_by_bits_past_its_width(void **state)
{
    (void)state;
    set_intel(0);
    assert_int_equal(pt_check_bits(RAM | 1ULL << 40, 1, false), WRONG);
    assert_int_equal(pt_check_bits(RAM | 1ULL << 51, 2, false), WRONG);
    assert_int_equal(pt_check_bits(RAM | 1ULL << 39, 1, false), FINE);
}

/* Frame numbers are not the host's, whose caches they are looked up in. */
static void leaky_cpu_in_a_vm_accepts_only_the_last_quarter(void **state)
{
    (void)state;
    set_intel(0);
    fake_set_cpuid(1, 0, (struct cpuid_result){.ecx = 1U << 31});
    assert_int_equal(pt_check_bits(FAKE_END_MFN << PAGE_SHIFT, 1, false),
                     WRONG);
    assert_int_equal(pt_check_bits(3ULL << 38, 1, false), FINE);
    assert_int_equal(pt_check_bits((3ULL << 38) - PAGE_BYTES, 1, false), WRONG);
    assert_int_equal(pt_check_bits(~RAM & PTE_FRAME, 1, false), FINE);
}

static void leaky_cpu_accepts_inverted_swap_entries(void **state)
{
    uint64_t swap = (~RAM & PTE_FRAME) | 0x1e;

    (void)state;
    set_intel(0);
    assert_int_equal(pt_check_bits(swap, 1, false), FINE);
    assert_int_equal(pt_check_bits(0, 1, false), FINE);
}

static void sound_cpu_accepts_any_non_present(void **state)
{
    (void)state;
    set_intel(1); /* RDCL_NO */
    assert_int_equal(pt_check_bits(RAM, 1, false), FINE);
}

static void intel_with_capabilities_but_not_sound_refuses(void **state)
{
    (void)state;
    set_intel(2);
    assert_int_equal(pt_check_bits(RAM, 1, false), WRONG);
}

static void address_width_comes_from_cpuid(void **state)
{
    (void)state;
    fake_set_cpuid(0x80000008U, 0, (struct cpuid_result){.eax = 0x3024});
    pt_limits.known = false;
    assert_int_equal(pt_check_bits(P | 1ULL << 36, 1, false), WRONG);
    assert_int_equal(pt_check_bits(P | 1ULL << 35, 1, false), FINE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
    struct CMUnitTest tests[ARRAY_COUNT(checks) + ARRAY_COUNT(adjusts)];
    const struct CMUnitTest others[] = {
        CASE(io_is_never_write_back),
        CASE(io_write_through_becomes_uncached),
        CASE(io_write_protect_becomes_uncached),
        CASE(io_write_combining_stays),
        CASE(io_uncached_stays),
        CASE(leaky_cpu_refuses_non_present_ram),
        CASE(leaky_cpu_refuses_the_hypervisors_ram_too),
        CASE(leaky_cpu_is_not_fooled_by_bits_past_its_width),
        CASE(leaky_cpu_in_a_vm_accepts_only_the_last_quarter),
        CASE(leaky_cpu_accepts_inverted_swap_entries),
        CASE(sound_cpu_accepts_any_non_present),
        CASE(intel_with_capabilities_but_not_sound_refuses),
        CASE(address_width_comes_from_cpuid),
    };
    unsigned int count = 0;

    for (unsigned int i = 0; i < ARRAY_COUNT(checks); i++) {
        tests[count++] = (struct CMUnitTest){checks[i].name, bits_are_checked,
                                             NULL, NULL, &checks[i]};
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(adjusts); i++) {
        tests[count++] = (struct CMUnitTest){
            adjusts[i].name, entries_are_adjusted, NULL, NULL, &adjusts[i]};
    }
    fake_start();
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(others, NULL, NULL);
}
