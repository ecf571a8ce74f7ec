/* SPDX-License-Identifier: MIT */
/* memory_op, as guests and tools call it. */
#include "fake.h"

#include <string.h>

#include <xen/memory.h>

#include "grant_table.h"
#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#define ARGS  0UL
#define LIST  1UL
#define LIST2 2UL
#define CALL  3UL
#define A     5UL

static struct fake_guest *guest;
static struct fake_guest *other;

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 1, 64);
    other = fake_guest_create(2, false, 1, 64);
    guest->d->max_pages = 128;
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    guest->d->privileged = false;
    fake_guest_destroy(guest);
    fake_guest_destroy(other);
    fake_audit();
    return fake_teardown(state);
}

static void *args(void)
{
    return fake_page(guest, ARGS);
}

static xen_pfn_t *list(unsigned long pfn)
{
    return fake_page(guest, pfn);
}

static long op(unsigned long command)
{
    return fake_hypercall(guest->v, __HYPERVISOR_memory_op, command,
                          fake_va(ARGS), 0, 0);
}

static struct xen_memory_reservation *reservation(unsigned long count,
                                                  unsigned int order)
{
    struct xen_memory_reservation *r = args();

    memset(r, 0, sizeof(*r));
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)fake_va(LIST));
    r->nr_extents = count;
    r->extent_order = order;
    r->domid = DOMID_SELF;
    return r;
}

static void unmap(unsigned long pfn)
{
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(pfn), 0, UVMF_INVLPG, 0),
                     0);
}

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
    unmap(A);
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
    unmap(A);
    unmap(A + 1);
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
        unmap(first + i);
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

/* -- questions ------------------------------------------------------------- */

static long ask(unsigned long command, domid_t domid)
{
    *(domid_t *)args() = domid;
    return op(command);
}

static void sizes_are_told(void **state)
{
    (void)state;
    assert_int_equal(op(XENMEM_maximum_ram_page), FAKE_END_MFN);
    assert_int_equal(ask(XENMEM_current_reservation, DOMID_SELF), 64);
    assert_int_equal(ask(XENMEM_maximum_reservation, DOMID_SELF), 128);
    assert_int_equal(ask(XENMEM_maximum_reservation, 1), 128);
    assert_int_equal(ask(XENMEM_current_reservation, 2), -XEN_EPERM);
    assert_int_equal(ask(XENMEM_current_reservation, 9), -XEN_ESRCH);
    guest->d->privileged = true;
    assert_int_equal(ask(XENMEM_current_reservation, 2), 64);
    other->d->shared->arch.max_pfn = 0x1234;
    assert_int_equal(ask(XENMEM_maximum_gpfn, 2), 0x1233);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_memory_op,
                                    XENMEM_current_reservation, 0x1000, 0, 0),
                     -XEN_EFAULT);
}

static void large_results_pass_through_a_multicall(void **state)
{
    (void)state;
    assert_int_equal(fake_multicall(guest, CALL, __HYPERVISOR_memory_op,
                                    XENMEM_maximum_ram_page, 0, 0, 0),
                     FAKE_END_MFN);
}

static void machphys_table_is_described(void **state)
{
    struct xen_machphys_mapping *mapping = args();

    (void)state;
    assert_int_equal(op(XENMEM_machphys_mapping), 0);
    assert_int_equal(mapping->v_start, 0xffff800000000000UL);
    assert_int_equal(mapping->v_end, 0xffff804000000000UL);
    assert_true(mapping->max_mfn >= FAKE_END_MFN - 1);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_memory_op,
                                    XENMEM_machphys_mapping, HV_M2P_RO, 0, 0),
                     -XEN_EFAULT);
}

static void machphys_frames_are_listed(void **state)
{
    struct xen_machphys_mfn_list *frames = args();

    (void)state;
    memset(frames, 0, sizeof(*frames));
    frames->max_extents = 2;
    set_xen_guest_handle(frames->extent_start, (xen_pfn_t *)fake_va(LIST));
    assert_int_equal(op(XENMEM_machphys_mfn_list), 0);
    assert_int_equal(frames->nr_extents, 2);
    assert_int_equal(list(LIST)[1], machine_m2p_frame(1).number);
    frames->max_extents = 1000;
    set_xen_guest_handle(frames->extent_start, (xen_pfn_t *)fake_va(LIST));
    assert_int_equal(op(XENMEM_machphys_mfn_list), 0);
    /* 8 bytes for each frame number, in steps of 2 MiB. */
    assert_int_equal(frames->nr_extents,
                     (FAKE_END_MFN * 8 + (2UL << 20) - 1) / (2UL << 20));
}

struct e820_entry {
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
} __attribute__((packed));

static void machine_map_is_for_the_privileged(void **state)
{
    struct xen_memory_map *map = args();
    struct e820_entry *entries = fake_page(guest, LIST);

    (void)state;
    memset(map, 0, sizeof(*map));
    map->nr_entries = 10;
    set_xen_guest_handle(map->buffer, (void *)fake_va(LIST));
    assert_int_equal(op(XENMEM_machine_memory_map), -XEN_EPERM);
    guest->d->privileged = true;
    assert_int_equal(op(XENMEM_machine_memory_map), 0);
    assert_int_equal(map->nr_entries, 2);
    assert_int_equal(entries[0].start, FAKE_LOW_MFN << PAGE_SHIFT);
    assert_int_equal(entries[1].start, FAKE_HIGH_MFN << PAGE_SHIFT);
    assert_int_equal(entries[1].bytes, FAKE_BANK_FRAMES << PAGE_SHIFT);
}

static void domain_map_is_set_and_read(void **state)
{
    struct xen_foreign_memory_map *foreign = args();
    struct xen_memory_map *map;
    struct e820_entry *entries = fake_page(guest, LIST);

    (void)state;
    assert_int_equal(op(XENMEM_memory_map), -XEN_ENOSYS);
    memset(foreign, 0, sizeof(*foreign));
    foreign->domid = 2;
    foreign->map.nr_entries = 1;
    set_xen_guest_handle(foreign->map.buffer, (void *)fake_va(LIST));
    entries[0] = (struct e820_entry){0, 0x10000000, 1};
    assert_int_equal(op(XENMEM_set_memory_map), -XEN_EPERM);
    guest->d->privileged = true;
    foreign->domid = 55;
    assert_int_equal(op(XENMEM_set_memory_map), -XEN_ESRCH);
    foreign->domid = 2;
    assert_int_equal(op(XENMEM_set_memory_map), 0);
    assert_int_equal(op(XENMEM_set_memory_map), 0);
    foreign->map.nr_entries = 100000;
    assert_int_equal(op(XENMEM_set_memory_map), -XEN_EINVAL);
    assert_int_equal(other->d->e820_count, 1);
    assert_int_equal(other->d->e820[0].bytes, 0x10000000);

    fake_enter(other->v);
    map = fake_page(other, ARGS);
    memset(map, 0, sizeof(*map));
    map->nr_entries = 8;
    set_xen_guest_handle(map->buffer, (void *)fake_va(LIST));
    assert_int_equal(fake_hypercall(other->v, __HYPERVISOR_memory_op,
                                    XENMEM_memory_map, fake_va(ARGS), 0, 0),
                     0);
    assert_int_equal(map->nr_entries, 1);
    entries = fake_page(other, LIST);
    assert_int_equal(entries[0].bytes, 0x10000000);
    fake_enter(guest->v);
}

/* -- claims, resources, the rest ------------------------------------------- */

static void claims_are_checked_and_kept(void **state)
{
    struct xen_memory_reservation *r;

    (void)state;
    r = reservation(100, 0);
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)0);
    r->domid = 2;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EPERM);
    guest->d->privileged = true;
    other->d->max_pages = 100;
    assert_int_equal(op(XENMEM_claim_pages), 0);
    assert_int_equal(frame_outstanding_claims(), 36);
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL); /* one at a time */
    r->nr_extents = 0;
    assert_int_equal(op(XENMEM_claim_pages), 0);
    assert_int_equal(frame_outstanding_claims(), 0);
    r->nr_extents = 101;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL);
    r->nr_extents = 64;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL);
    other->d->max_pages = 1UL << 30;
    r->nr_extents = 1UL << 20;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_ENOMEM);
    r->extent_order = 1;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL);
    r = reservation(10, 0);
    r->domid = 2;
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL); /* a list */
}

static void claim_ends_with_the_domain(void **state)
{
    struct xen_memory_reservation *r;

    (void)state;
    guest->d->privileged = true;
    other->d->max_pages = 100;
    r = reservation(100, 0);
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)0);
    r->domid = 2;
    assert_int_equal(op(XENMEM_claim_pages), 0);
    fake_guest_destroy(other);
    assert_int_equal(frame_outstanding_claims(), 0);
    other = fake_guest_create(3, false, 1, 64);
}

static void grant_frames_are_acquired(void **state)
{
    struct xen_mem_acquire_resource *r = args();

    (void)state;
    memset(r, 0, sizeof(*r));
    r->domid = 2;
    r->type = XENMEM_resource_grant_table;
    r->id = XENMEM_resource_grant_table_id_shared;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_EPERM);
    guest->d->privileged = true;
    assert_int_equal(op(XENMEM_acquire_resource), 0);
    assert_int_equal(r->nr_frames, 4); /* as many as it may have */
    r->nr_frames = 1;
    set_xen_guest_handle(r->frame_list, (xen_pfn_t *)fake_va(LIST));
    assert_int_equal(op(XENMEM_acquire_resource), 0);
    assert_true(page_get(mfn_make(list(LIST)[0]), other->d));
    page_put(page_of(mfn_make(list(LIST)[0])));
    r->pad = 1;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_EINVAL);
    r->pad = 0;
    r->frame = 4;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_EINVAL);
    r->frame = ~0UL;
    r->nr_frames = ~0U;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_EINVAL);
    r->domid = 1;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_EPERM);
    r->domid = 88;
    assert_int_equal(op(XENMEM_acquire_resource), -XEN_ESRCH);
}

static void commands_without_support_say_so(void **state)
{
    (void)state;
    assert_int_equal(op(XENMEM_get_vnumainfo), -XEN_EOPNOTSUPP);
    assert_int_equal(op(XENMEM_get_sharing_freed_pages), 0);
    assert_int_equal(op(XENMEM_get_sharing_shared_pages), 0);
    assert_int_equal(op(8), -XEN_ENOSYS);
    assert_int_equal(op(63), -XEN_ENOSYS);
    assert_int_equal(op(XENMEM_machphys_compat_mfn_list), -XEN_ENOSYS);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(populate_gives_frames_for_pfns),
        CASE(populate_of_large_extents),
        CASE(populate_keeps_to_address_bits),
        CASE(populate_stops_at_the_limit),
        CASE(populate_for_another_is_for_the_privileged),
        CASE(reservation_of_no_domain_does_nothing),
        CASE(orders_are_limited),
        CASE(unreadable_reservation_does_nothing),
        CASE(increase_returns_frames),
        CASE(increase_needs_no_list),
        CASE(decrease_frees_unmapped_pages),
        CASE(decrease_stops_at_what_is_not_its_own),
        CASE(releasing_a_table_in_use_takes_effect_later),
        CASE(preempted_reservation_does_all),
        CASE(start_extent_past_the_end_is_returned),
        CASE(exchange_makes_pages_contiguous_and_low),
        CASE(exchange_back_to_single_pages),
        CASE(exchange_of_a_mapped_page_changes_nothing),
        CASE(exchange_without_memory_changes_nothing),
        CASE(exchange_arguments_are_checked),
        CASE(exchange_lists_stay_out_of_our_memory),
        CASE(preempted_exchange_does_all),
        CASE(sizes_are_told),
        CASE(large_results_pass_through_a_multicall),
        CASE(machphys_table_is_described),
        CASE(machphys_frames_are_listed),
        CASE(machine_map_is_for_the_privileged),
        CASE(domain_map_is_set_and_read),
        CASE(claims_are_checked_and_kept),
        CASE(claim_ends_with_the_domain),
        CASE(grant_frames_are_acquired),
        CASE(commands_without_support_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
