/* SPDX-License-Identifier: MIT */
/* The frame allocator (mm/frame.c). */
#include "fake.h"

#include <string.h>

#include "pte.h"

#include "../../xen-lite/mm/pt.h"

#define ALL_FRAMES (2 * FAKE_BANK_FRAMES)

static bool is_low(const struct page *page)
{
    return page_mfn(page).number < FAKE_HIGH_MFN;
}

/* -- the allocator --------------------------------------------------------- */

static void all_frames_are_given_out_once(void **state)
{
    unsigned long free = frame_free_count();
    struct page *page;
    unsigned long count = 0;

    (void)state;
    while ((page = frame_alloc(0, 64)) != NULL) {
        assert_true(machine_mfn_valid(page_mfn(page)));
        assert_int_equal(atomic_load(&page->type), 0);
        atomic_store(&page->type, 1); /* seen */
        count++;
    }
    assert_int_equal(count, free);
    assert_int_equal(frame_free_count(), 0);
}

static void totals_are_what_was_added(void **state)
{
    (void)state;
    assert_int_equal(frame_total_count(), ALL_FRAMES);
    assert_int_equal(frame_max_mfn(), FAKE_END_MFN);
    assert_true(frame_free_count() <= ALL_FRAMES);
}

static void freed_neighbours_join_again(void **state)
{
    struct page *all[64];
    struct page *block;

    (void)state;
    /* All of it in the largest blocks, but what start-up took. */
    for (unsigned int i = 0; i < 64; i++) {
        all[i] = frame_alloc(0, 64);
        assert_non_null(all[i]);
    }
    for (unsigned int i = 0; i < 64; i += 2) {
        frame_free(all[i], 0);
    }
    for (unsigned int i = 1; i < 64; i += 2) {
        frame_free(all[i], 0);
    }
    block = frame_alloc(11, 64);
    assert_non_null(block);
    frame_free(block, 11);
}

/* The order of the largest block there is. */
static unsigned int largest_order(void)
{
    unsigned int order = FRAME_MAX_ORDER + 1;
    struct page *page = NULL;

    while (page == NULL) {
        page = frame_alloc(--order, 64);
    }
    frame_free(page, order);
    return order;
}

static void all_that_is_freed_joins_again(void **state)
{
    unsigned int order = largest_order();
    struct page *all = NULL;
    struct page *page;

    (void)state;
    while ((page = frame_alloc(0, 64)) != NULL) {
        page->next =
            all == NULL ? PAGE_LINK_END : (uint32_t)page_mfn(all).number;
        all = page;
    }
    while (all != NULL) {
        page = all;
        all =
            page->next == PAGE_LINK_END ? NULL : page_of(mfn_make(page->next));
        frame_free(page, 0);
    }
    assert_int_equal(largest_order(), order);
}

/* Of frames 0-3 the second is in use: 2 and 3 are freed beside the first. */
static void blocks_of_other_sizes_do_not_join(void **state)
{
    struct page *block = frame_alloc(2, 64);
    struct page *page;

    (void)state;
    frame_free(&block[0], 0);
    frame_free(&block[2], 1);
    while ((page = frame_alloc(0, 64)) != NULL) {
        assert_ptr_not_equal(page, &block[1]);
    }
}

static void high_memory_goes_first(void **state)
{
    struct page *page = frame_alloc(0, 64);

    (void)state;
    assert_false(is_low(page));
    frame_free(page, 0);
}

static void address_bits_limit_where(void **state)
{
    struct page *page = frame_alloc(3, 32);

    (void)state;
    assert_true(is_low(page));
    frame_free(page, 3);
    page = frame_alloc(0, 22); /* below 4 MiB: mfn < 0x400 */
    assert_non_null(page);
    assert_true(page_mfn(page).number < 0x400);
    frame_free(page, 0);
}

static void too_few_address_bits_find_nothing(void **state)
{
    (void)state;
    assert_null(frame_alloc(0, 12));
    assert_null(frame_alloc(0, 20)); /* RAM begins at 1 MiB */
}

static void low_memory_serves_when_high_is_out(void **state)
{
    struct page *page;

    (void)state;
    do {
        page = frame_alloc(0, 64);
        assert_non_null(page);
    } while (!is_low(page));
    assert_non_null(frame_alloc(0, 32));
}

static void blocks_are_aligned_to_their_size(void **state)
{
    (void)state;
    for (unsigned int order = 0; order <= 10; order++) {
        struct page *page = frame_alloc(order, 64);

        assert_non_null(page);
        assert_int_equal(page_mfn(page).number & ((1UL << order) - 1), 0);
    }
}

static void impossible_orders_fail(void **state)
{
    (void)state;
    assert_null(frame_alloc(FRAME_MAX_ORDER + 1, 64));
    assert_null(frame_alloc(FRAME_MAX_ORDER, 64)); /* more than there is */
}

static void frames_come_scrubbed(void **state)
{
    struct page *page = frame_alloc(2, 64);

    (void)state;
    memset(machine_map(page_mfn(page)), 0x5a, 4 * PAGE_BYTES);
    frame_free(page, 2);
    page = frame_alloc(2, 64);
    for (unsigned int i = 0; i < 4; i++) {
        assert_true(fake_is_zero(&page[i]));
    }
}

static void free_twice(void *data)
{
    frame_free(data, 0);
}

static void freeing_twice_is_caught(void **state)
{
    struct page *page = frame_alloc(0, 64);

    (void)state;
    frame_free(page, 0);
    /* The lock stays held by the run that died. */
    assert_true(fake_catches_bug(free_twice, page));
    fake_lock_released(LOCK_HEAP);
    core_reset();
}

static void free_frames_have_no_owner(void **state)
{
    struct page *page = frame_alloc(0, 64);
    domid_t owner;

    (void)state;
    assert_false(page_get_any(page_mfn(page), &owner));
    frame_free(page, 0);
    assert_false(page_get_any(page_mfn(page), &owner));
}

/* -- claims ---------------------------------------------------------------- */

static void claimed_frames_are_kept_from_others(void **state)
{
    unsigned long claim = 0;
    unsigned long free = frame_free_count();
    unsigned long count = 0;

    (void)state;
    assert_int_equal(frame_claim(&claim, 100), 0);
    assert_int_equal(frame_outstanding_claims(), 100);
    while (frame_alloc(0, 64) != NULL) {
        count++;
    }
    assert_int_equal(count, free - 100);
    for (unsigned int i = 0; i < 100; i++) {
        assert_non_null(frame_alloc_claimed(0, 64, &claim));
    }
    assert_null(frame_alloc_claimed(0, 64, &claim));
    assert_int_equal(claim, 0);
    assert_int_equal(frame_outstanding_claims(), 0);
}

static void claim_of_more_than_there_is_fails(void **state)
{
    unsigned long claim = 0;

    (void)state;
    assert_int_equal(frame_claim(&claim, frame_free_count() + 1), -XEN_ENOMEM);
    assert_int_equal(claim, 0);
    assert_int_equal(frame_claim(&claim, frame_free_count()), 0);
    assert_null(frame_alloc(0, 64));
    frame_unclaim(&claim, ~0UL);
    assert_int_equal(claim, 0);
    assert_non_null(frame_alloc(0, 64));
}

static void a_new_claim_replaces_the_old(void **state)
{
    unsigned long claim = 0;

    (void)state;
    assert_int_equal(frame_claim(&claim, 10), 0);
    assert_int_equal(frame_claim(&claim, 4), 0);
    assert_int_equal(frame_outstanding_claims(), 4);
}

static void two_claims_share_what_is_free(void **state)
{
    unsigned long a = 0, b = 0;
    unsigned long free = frame_free_count();

    (void)state;
    assert_int_equal(frame_claim(&a, free - 10), 0);
    assert_int_equal(frame_claim(&b, 11), -XEN_ENOMEM);
    assert_int_equal(frame_claim(&b, 10), 0);
    frame_unclaim(&a, 5);
    assert_int_equal(a, free - 15);
    assert_int_equal(frame_outstanding_claims(), free - 5);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_frames_are_given_out_once),
        CASE(totals_are_what_was_added),
        CASE(freed_neighbours_join_again),
        CASE(all_that_is_freed_joins_again),
        CASE(blocks_of_other_sizes_do_not_join),
        CASE(high_memory_goes_first),
        CASE(address_bits_limit_where),
        CASE(too_few_address_bits_find_nothing),
        CASE(low_memory_serves_when_high_is_out),
        CASE(blocks_are_aligned_to_their_size),
        CASE(impossible_orders_fail),
        CASE(frames_come_scrubbed),
        CASE(freeing_twice_is_caught),
        CASE(free_frames_have_no_owner),
        CASE(claimed_frames_are_kept_from_others),
        CASE(claim_of_more_than_there_is_fails),
        CASE(a_new_claim_replaces_the_old),
        CASE(two_claims_share_what_is_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
