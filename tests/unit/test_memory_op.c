/* SPDX-License-Identifier: MIT */
/* memory_op: reservations and exchange, as guests and tools ask. */
#include "memory_world.h"

#include "grant_table.h"

/* -- more and less --------------------------------------------------------- */

static void populate_gives_frames_for_pfns(void **state)
{
    (void)state;
    reservation(3, 0);
    for (unsigned int i = 0; i < 3; i++) {
        list(LIST)[i] = 0x100 + i;
    }
    assert_int_equal(op(XENMEM_populate_physmap), 3);
    assert_int_equal(guest->d->tot_pages, 67);
    for (unsigned int i = 0; i < 3; i++) {
        mfn_t mfn = mfn_make(list(LIST)[i]);

        assert_int_equal(m2p_get(mfn), 0x100 + i);
        assert_true(page_get(mfn, guest->d));
        page_put(page_of(mfn));
    }
}

static void populate_of_large_extents(void **state)
{
    mfn_t mfn;

    (void)state;
    reservation(2, 4);
    list(LIST)[0] = 0x200;
    list(LIST)[1] = 0x300;
    assert_int_equal(op(XENMEM_populate_physmap), 2);
    mfn = mfn_make(list(LIST)[1]);
    assert_int_equal(mfn.number % 16, 0);
    assert_int_equal(m2p_get(mfn_make(mfn.number + 15)), 0x30f);
    assert_int_equal(guest->d->tot_pages, 96);
}

static void populate_keeps_to_address_bits(void **state)
{
    (void)state;
    reservation(1, 0)->mem_flags = XENMEMF_address_bits(32);
    list(LIST)[0] = 0x200;
    assert_int_equal(op(XENMEM_populate_physmap), 1);
    assert_true(list(LIST)[0] < FAKE_HIGH_MFN);
    reservation(1, 0)->mem_flags = XENMEMF_address_bits(12);
    assert_int_equal(op(XENMEM_populate_physmap), 0);
}

static void populate_stops_at_the_limit(void **state)
{
    (void)state;
    guest->d->max_pages = 66;
    reservation(5, 0);
    assert_int_equal(op(XENMEM_populate_physmap), 2);
    assert_int_equal(guest->d->tot_pages, 66);
}

static void populate_for_another_is_for_the_privileged(void **state)
{
    (void)state;
    other->d->max_pages = 65;
    reservation(2, 0)->domid = 2;
    assert_true(op(XENMEM_populate_physmap) <= 0);
    assert_int_equal(other->d->tot_pages, 64);
    guest->d->privileged = true;
    reservation(2, 0)->domid = 2;
    assert_int_equal(op(XENMEM_populate_physmap), 1);
    assert_int_equal(other->d->tot_pages, 65);
    other->pages = 65;
}

static void reservation_of_no_domain_does_nothing(void **state)
{
    (void)state;
    guest->d->privileged = true;
    reservation(2, 0)->domid = 77;
    assert_int_equal(op(XENMEM_populate_physmap), 0);
}

static void orders_are_limited(void **state)
{
    (void)state;
    reservation(1, 10);
    assert_int_equal(op(XENMEM_populate_physmap), 0);
    reservation(1, 63);
    assert_int_equal(op(XENMEM_decrease_reservation), 0);
    reservation(1, ~0U);
    assert_int_equal(op(XENMEM_increase_reservation), 0);
}

static void unreadable_reservation_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_memory_op,
                                    XENMEM_populate_physmap, 0x1000, 0, 0),
                     0);
    set_xen_guest_handle(reservation(1, 0)->extent_start,
                         (xen_pfn_t *)HV_DIRECT_MAP);
    assert_int_equal(op(XENMEM_populate_physmap), 0);
    assert_int_equal(op(XENMEM_decrease_reservation), 0);
    assert_int_equal(guest->d->tot_pages, 64);
}

static void increase_returns_frames(void **state)
{
    (void)state;
    reservation(2, 1);
    assert_int_equal(op(XENMEM_increase_reservation), 2);
    assert_int_equal(guest->d->tot_pages, 68);
    assert_true(page_get(mfn_make(list(LIST)[1]), guest->d));
    page_put(page_of(mfn_make(list(LIST)[1])));
}

static void increase_needs_no_list(void **state)
{
    (void)state;
    set_xen_guest_handle(reservation(2, 0)->extent_start, (xen_pfn_t *)0);
    assert_int_equal(op(XENMEM_increase_reservation), 2);
    assert_int_equal(guest->d->tot_pages, 66);
}

static void decrease_frees_unmapped_pages(void **state)
{
    unsigned long free = frame_free_count();

    (void)state;
    unmap_flush(A);
    reservation(1, 0);
    list(LIST)[0] = guest->mfn[A].number;
    assert_int_equal(op(XENMEM_decrease_reservation), 1);
    assert_int_equal(guest->d->tot_pages, 63);
    assert_int_equal(frame_free_count(), free + 1);
    guest->pages = 63;
}

static void decrease_stops_at_what_is_not_its_own(void **state)
{
    (void)state;
    unmap_flush(A);
    unmap_flush(A + 1);
    reservation(3, 0);
    list(LIST)[0] = guest->mfn[A].number;
    list(LIST)[1] = other->mfn[A].number;
    list(LIST)[2] = guest->mfn[A + 1].number;
    assert_int_equal(op(XENMEM_decrease_reservation), 1);
    assert_int_equal(guest->d->tot_pages, 63);
    reservation(1, 0);
    list(LIST)[0] = ~0UL;
    assert_int_equal(op(XENMEM_decrease_reservation), 0);
    list(LIST)[0] = guest->d->shared_mfn.number;
    assert_int_equal(op(XENMEM_decrease_reservation), 0);
    guest->pages = 63;
}

static void releasing_a_table_in_use_takes_effect_later(void **state)
{
    unsigned long l1 = guest->first_table + 3;

    (void)state;
    reservation(1, 0);
    list(LIST)[0] = guest->mfn[l1].number;
    assert_int_equal(op(XENMEM_decrease_reservation), 1);
    assert_int_equal(op(XENMEM_decrease_reservation), 0);
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_int_equal(guest->d->tot_pages, 64);
}

static void preempted_reservation_does_all(void **state)
{
    (void)state;
    for (unsigned int period = 1; period < 4; period++) {
        reservation(20, 0);
        for (unsigned int i = 0; i < 20; i++) {
            list(LIST)[i] = 0x400 + i;
        }
        fake_preempt_every(period);
        assert_int_equal(op(XENMEM_populate_physmap), 20);
        assert_true(fake_continuations() >= 20 / period - 1);
        reservation(20, 0);
        assert_int_equal(fake_multicall(guest, CALL, __HYPERVISOR_memory_op,
                                        XENMEM_decrease_reservation,
                                        fake_va(ARGS), 0, 0),
                         20);
        fake_preempt_every(0);
        assert_int_equal(guest->d->tot_pages, 64);
        fake_audit();
    }
}

static void start_extent_past_the_end_is_returned(void **state)
{
    (void)state;
    reservation(3, 0);
    assert_int_equal(op(XENMEM_populate_physmap | 3UL << 6), 3);
    assert_int_equal(op(XENMEM_populate_physmap | 99UL << 6), 99);
    assert_int_equal(guest->d->tot_pages, 64);
    assert_int_equal(op(XENMEM_populate_physmap | 2UL << 6), 3);
    assert_int_equal(guest->d->tot_pages, 65);
}

/* -- exchange -------------------------------------------------------------- */

static struct xen_memory_exchange *exchange(unsigned long in,
                                            unsigned int in_order,
                                            unsigned long out,
                                            unsigned int out_order)
{
    struct xen_memory_exchange *x = args();

    memset(x, 0, sizeof(*x));
    set_xen_guest_handle(x->in.extent_start, (xen_pfn_t *)fake_va(LIST));
    set_xen_guest_handle(x->out.extent_start, (xen_pfn_t *)fake_va(LIST2));
    x->in.nr_extents = in;
    x->in.extent_order = in_order;
    x->in.domid = DOMID_SELF;
    x->out.nr_extents = out;
    x->out.extent_order = out_order;
    x->out.domid = DOMID_SELF;
    return x;
}

static void list_pages_unmapped(unsigned long first, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        unmap_flush(first + i);
        list(LIST)[i] = guest->mfn[first + i].number;
    }
}

static void exchange_makes_pages_contiguous_and_low(void **state)
{
    struct xen_memory_exchange *x = exchange(8, 0, 1, 3);
    mfn_t first;

    (void)state;
    x->out.mem_flags = XENMEMF_address_bits(32);
    list_pages_unmapped(10, 8);
    list(LIST2)[0] = 10;
    assert_int_equal(op(XENMEM_exchange), 0);
    assert_int_equal(x->nr_exchanged, 8);
    first = mfn_make(list(LIST2)[0]);
    assert_int_equal(first.number % 8, 0);
    assert_true(first.number < FAKE_HIGH_MFN);
    for (unsigned int i = 0; i < 8; i++) {
        assert_int_equal(m2p_get(mfn_make(first.number + i)), 10 + i);
        assert_false(page_get(guest->mfn[10 + i], guest->d));
        assert_int_equal(m2p_get(guest->mfn[10 + i]), M2P_INVALID);
    }
    assert_int_equal(guest->d->tot_pages, 64);
}

static void exchange_back_to_single_pages(void **state)
{
    (void)state;
    exchange(8, 0, 1, 3);
    list_pages_unmapped(10, 8);
    list(LIST2)[0] = 10;
    assert_int_equal(op(XENMEM_exchange), 0);
    list(LIST)[0] = list(LIST2)[0];
    exchange(1, 3, 8, 0);
    for (unsigned int i = 0; i < 8; i++) {
        list(LIST2)[i] = 10 + i;
    }
    assert_int_equal(op(XENMEM_exchange), 0);
    for (unsigned int i = 0; i < 8; i++) {
        assert_int_equal(m2p_get(mfn_make(list(LIST2)[i])), 10 + i);
    }
    assert_int_equal(guest->d->tot_pages, 64);
}

static void exchange_of_a_mapped_page_changes_nothing(void **state)
{
    struct xen_memory_exchange *x = exchange(4, 0, 1, 2);

    (void)state;
    list_pages_unmapped(10, 3);
    list(LIST)[3] = guest->mfn[13].number; /* still mapped */
    list(LIST2)[0] = 10;
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
    assert_int_equal(x->nr_exchanged, 0);
    assert_int_equal(guest->d->tot_pages, 64);
    for (unsigned int i = 0; i < 4; i++) {
        assert_true(page_get(guest->mfn[10 + i], guest->d));
        page_put(fake_page_info(guest, 10 + i));
        assert_int_equal(m2p_get(guest->mfn[10 + i]), 10 + i);
    }
}

/* -- frames that go again at once ------------------------------------------ */

#define NEXT_PFN 0x99UL

static bool goes_at_once;

int __real_domain_alloc_pages(struct domain *d, unsigned int order,
                              unsigned int address_bits, struct page **page);
int __wrap_domain_alloc_pages(struct domain *d, unsigned int order,
                              unsigned int address_bits, struct page **page);
int __real_domain_give_pages(struct domain *d, struct page *page,
                             unsigned int order);
int __wrap_domain_give_pages(struct domain *d, struct page *page,
                             unsigned int order);

/* Another CPU of its owner gives it back, and the next owner names it. */
static void pass_on(struct domain *d, struct page *page)
{
    if (goes_at_once) {
        assert_int_equal(domain_release_page(d, page), 0);
        m2p_set(page_mfn(page), NEXT_PFN);
    }
}

int __wrap_domain_alloc_pages(struct domain *d, unsigned int order,
                              unsigned int address_bits, struct page **page)
{
    int rc = __real_domain_alloc_pages(d, order, address_bits, page);

    if (rc == 0) {
        pass_on(d, *page);
    }
    return rc;
}

int __wrap_domain_give_pages(struct domain *d, struct page *page,
                             unsigned int order)
{
    int rc = __real_domain_give_pages(d, page, order);

    if (rc == 0) {
        pass_on(d, page);
    }
    return rc;
}

static void frames_given_away_keep_their_next_name(void **state)
{
    (void)state;
    goes_at_once = true;
    reservation(1, 0);
    list(LIST)[0] = 0x100;
    assert_int_equal(op(XENMEM_populate_physmap), 1);
    assert_int_equal(m2p_get(mfn_make(list(LIST)[0])), NEXT_PFN);
    exchange(1, 0, 1, 0);
    list_pages_unmapped(10, 1);
    list(LIST2)[0] = 10;
    assert_int_equal(op(XENMEM_exchange), 0);
    assert_int_equal(m2p_get(mfn_make(list(LIST2)[0])), NEXT_PFN);
    goes_at_once = false;
}

/* The tools lower the limit first, and the guest gives its pages later. */
static void exchange_needs_no_room(void **state)
{
    (void)state;
    guest->d->max_pages = 32;
    exchange_of_a_mapped_page_changes_nothing(state);
    exchange(4, 0, 1, 2);
    list_pages_unmapped(13, 1);
    for (unsigned int i = 0; i < 4; i++) {
        list(LIST)[i] = guest->mfn[10 + i].number;
    }
    assert_int_equal(op(XENMEM_exchange), 0);
    assert_int_equal(guest->d->tot_pages, 64);
    for (unsigned int i = 0; i < 4; i++) {
        assert_true(page_get(mfn_make(list(LIST2)[0] + i), guest->d));
        page_put(page_of(mfn_make(list(LIST2)[0] + i)));
    }
}

/* It cannot be told which frame it has got, but has it. */
static void exchange_with_a_bad_list_costs_no_memory(void **state)
{
    struct xen_memory_exchange *x = exchange(1, 0, 1, 0);

    (void)state;
    set_xen_guest_handle(x->out.extent_start, (xen_pfn_t *)0x1000);
    list_pages_unmapped(10, 1);
    assert_int_equal(op(XENMEM_exchange), -XEN_EFAULT);
    assert_int_equal(guest->d->tot_pages, 64);
}

static void exchange_without_memory_changes_nothing(void **state)
{
    struct xen_memory_exchange *x = exchange(4, 0, 1, 2);

    (void)state;
    x->out.mem_flags = XENMEMF_address_bits(20);
    list_pages_unmapped(10, 4);
    assert_int_equal(op(XENMEM_exchange), -XEN_ENOMEM);
    assert_int_equal(guest->d->tot_pages, 64);
    assert_int_equal(m2p_get(guest->mfn[11]), 11);
}

static void exchange_arguments_are_checked(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_memory_op,
                                    XENMEM_exchange, 0x1000, 0, 0),
                     -XEN_EFAULT);
    exchange(4, 0, 2, 2);
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL); /* sizes differ */
    exchange(4, 0, 1, 2)->nr_exchanged = 5;
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
    exchange(4, 0, 1, 2)->out.domid = 1;
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
    exchange(1UL << 10, 0, 1, 10);
    assert_int_equal(op(XENMEM_exchange), -XEN_EPERM);
    exchange(~0UL, 1, ~0UL, 1);
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
    exchange(1, 0, 1, 0)->in.domid = 2;
    ((struct xen_memory_exchange *)args())->out.domid = 2;
    assert_int_equal(op(XENMEM_exchange), -XEN_EPERM);
    exchange(1, 0, 1, 0)->in.domid = 99;
    ((struct xen_memory_exchange *)args())->out.domid = 99;
    assert_int_equal(op(XENMEM_exchange), -XEN_ESRCH);
    exchange(1, 0, 1, 0);
    list(LIST)[0] = FAKE_MMIO_MFN;
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
    list(LIST)[0] = other->mfn[A].number;
    assert_int_equal(op(XENMEM_exchange), -XEN_EINVAL);
}

/* XSA-212: lists of an exchange reach only what the guest itself could. */
static void exchange_lists_stay_out_of_our_memory(void **state)
{
    struct xen_memory_exchange *x = exchange(1, 0, 1, 0);

    (void)state;
    set_xen_guest_handle(x->in.extent_start, (xen_pfn_t *)HV_DIRECT_MAP);
    assert_int_equal(op(XENMEM_exchange), -XEN_EFAULT);
    x = exchange(1, 0, 1, 0);
    set_xen_guest_handle(x->out.extent_start, (xen_pfn_t *)HV_DIRECT_MAP);
    list_pages_unmapped(10, 1);
    assert_int_equal(op(XENMEM_exchange), -XEN_EFAULT);
}

static void preempted_exchange_does_all(void **state)
{
    struct xen_memory_exchange *x = exchange(12, 0, 6, 1);

    (void)state;
    list_pages_unmapped(10, 12);
    for (unsigned int i = 0; i < 6; i++) {
        list(LIST2)[i] = 10 + 2 * i;
    }
    fake_preempt_every(1);
    assert_int_equal(op(XENMEM_exchange), 0);
    fake_preempt_every(0);
    assert_int_equal(fake_continuations(), 5);
    assert_int_equal(x->nr_exchanged, 12);
    for (unsigned int i = 0; i < 12; i++) {
        assert_int_equal(m2p_get(mfn_make(list(LIST2)[i / 2] + i % 2)), 10 + i);
    }
    assert_int_equal(guest->d->tot_pages, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_CASE(populate_gives_frames_for_pfns),
        MEMORY_CASE(populate_of_large_extents),
        MEMORY_CASE(populate_keeps_to_address_bits),
        MEMORY_CASE(populate_stops_at_the_limit),
        MEMORY_CASE(populate_for_another_is_for_the_privileged),
        MEMORY_CASE(reservation_of_no_domain_does_nothing),
        MEMORY_CASE(orders_are_limited),
        MEMORY_CASE(unreadable_reservation_does_nothing),
        MEMORY_CASE(increase_returns_frames),
        MEMORY_CASE(increase_needs_no_list),
        MEMORY_CASE(decrease_frees_unmapped_pages),
        MEMORY_CASE(decrease_stops_at_what_is_not_its_own),
        MEMORY_CASE(releasing_a_table_in_use_takes_effect_later),
        MEMORY_CASE(preempted_reservation_does_all),
        MEMORY_CASE(start_extent_past_the_end_is_returned),
        MEMORY_CASE(exchange_makes_pages_contiguous_and_low),
        MEMORY_CASE(exchange_back_to_single_pages),
        MEMORY_CASE(exchange_of_a_mapped_page_changes_nothing),
        MEMORY_CASE(frames_given_away_keep_their_next_name),
        MEMORY_CASE(exchange_needs_no_room),
        MEMORY_CASE(exchange_with_a_bad_list_costs_no_memory),
        MEMORY_CASE(exchange_without_memory_changes_nothing),
        MEMORY_CASE(exchange_arguments_are_checked),
        MEMORY_CASE(exchange_lists_stay_out_of_our_memory),
        MEMORY_CASE(preempted_exchange_does_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
