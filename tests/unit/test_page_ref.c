/* SPDX-License-Identifier: MIT */
/* References to frames, and the memory of domains (mm/page.c). */
#include "fake.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/grant_table.h>

#include "pte.h"

#include "../../xen-lite/mm/pt.h"

/* -- references ------------------------------------------------------------ */

static struct fake_guest *guest;

static int guest_setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 2, 64);
    fake_enter(guest->v);
    return 0;
}

static int guest_teardown(void **state)
{
    fake_audit();
    fake_guest_destroy(guest);
    fake_audit();
    return fake_teardown(state);
}

static struct page *guest_page(unsigned long pfn)
{
    return fake_page_info(guest, pfn);
}

static void owner_gets_its_page(void **state)
{
    unsigned int before = page_refs(guest_page(1));

    (void)state;
    assert_true(page_get(guest->mfn[1], guest->d));
    assert_int_equal(page_refs(guest_page(1)), before + 1);
    page_put(guest_page(1));
    assert_int_equal(page_refs(guest_page(1)), before);
}

static void others_do_not_get_it(void **state)
{
    (void)state;
    assert_false(page_get(guest->mfn[1], domain_io()));
    assert_false(page_get(guest->mfn[1], domain_xen()));
}

static void any_number_may_be_asked_for(void **state)
{
    domid_t owner;

    (void)state;
    assert_false(page_get(INVALID_MFN, guest->d));
    assert_false(page_get(mfn_make(0), guest->d));
    assert_false(page_get(mfn_make(FAKE_END_MFN), guest->d));
    assert_false(page_get(mfn_make(FAKE_MMIO_MFN), guest->d));
    assert_false(page_get(mfn_make(1UL << 63), guest->d));
    assert_false(page_get_any(mfn_make(1UL << 52), &owner));
}

static void reference_count_cannot_overflow(void **state)
{
    struct page *page = guest_page(1);
    uint64_t word = atomic_load(&page->count);
    domid_t owner;

    (void)state;
    atomic_store(&page->count, (word & ~PAGE_COUNT_MASK) | PAGE_COUNT_MASK);
    assert_false(page_get(guest->mfn[1], guest->d));
    assert_false(page_get_any(guest->mfn[1], &owner));
    assert_int_equal(page_refs(page), PAGE_COUNT_MASK);
    atomic_store(&page->count, word);
}

static void page_get_any_tells_the_owner(void **state)
{
    domid_t owner = 0;

    (void)state;
    assert_true(page_get_any(guest->mfn[1], &owner));
    assert_int_equal(owner, 1);
    page_put(guest_page(1));
}

static void put_without_reference(void *data)
{
    struct page *page = data;

    page_put(page);
}

static void putting_too_often_is_caught(void **state)
{
    struct page *page = frame_alloc(0, 64);

    (void)state;
    assert_true(fake_catches_bug(put_without_reference, page));
    atomic_store(&page->count, (uint64_t)DOMID_NOBODY << PAGE_OWNER_SHIFT);
    frame_free(page, 0);
}

/* -- a domain's memory ----------------------------------------------------- */

static void domain_pages_are_limited(void **state)
{
    struct page *page;

    (void)state;
    assert_int_equal(guest->d->tot_pages, 64);
    assert_int_equal(domain_alloc_pages(guest->d, 0, 64, &page), -XEN_E2BIG);
    guest->d->max_pages = 66;
    assert_int_equal(domain_alloc_pages(guest->d, 2, 64, &page), -XEN_E2BIG);
    assert_int_equal(domain_alloc_pages(guest->d, 1, 64, &page), 0);
    assert_int_equal(guest->d->tot_pages, 66);
    assert_int_equal(domain_alloc_pages(guest->d, 60, 64, &page), -XEN_E2BIG);
}

static void domain_page_without_memory_is_enomem(void **state)
{
    struct page *page;

    (void)state;
    guest->d->max_pages = ~0UL;
    assert_int_equal(domain_alloc_pages(guest->d, 0, 13, &page), -XEN_ENOMEM);
    assert_int_equal(guest->d->tot_pages, 64);
}

static void dying_domain_gets_no_page(void **state)
{
    struct page *page;

    (void)state;
    guest->d->max_pages = 100;
    atomic_store(&guest->d->dying, DOMAIN_DYING);
    assert_int_equal(domain_alloc_pages(guest->d, 0, 64, &page), -XEN_ESRCH);
    page = frame_alloc(0, 64);
    assert_int_equal(domain_assign_pages(guest->d, page, 0), -XEN_ESRCH);
    frame_free(page, 0);
    atomic_store(&guest->d->dying, DOMAIN_ALIVE);
}

static void domain_allocation_comes_out_of_its_claim(void **state)
{
    struct page *page;

    (void)state;
    guest->d->max_pages = 100;
    assert_int_equal(frame_claim(&guest->d->claimed_pages, 10), 0);
    assert_int_equal(domain_alloc_pages(guest->d, 2, 64, &page), 0);
    assert_int_equal(guest->d->claimed_pages, 6);
    assert_int_equal(frame_outstanding_claims(), 6);
}

static void released_page_lives_until_unmapped(void **state)
{
    unsigned long free = frame_free_count();

    (void)state;
    assert_int_equal(domain_release_page(guest->d, guest_page(5)), 0);
    assert_int_equal(guest->d->tot_pages, 64);
    assert_int_equal(frame_free_count(), free);
    assert_true(fake_guest_write_u64(fake_va(5), 1));
    /* Its mapping goes, and it with that. */
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, UVMF_INVLPG, 0),
                     0);
    assert_int_equal(guest->d->tot_pages, 63);
    assert_int_equal(frame_free_count(), free + 1);
    assert_int_equal(m2p_get(guest->mfn[5]), M2P_INVALID);
}

static void releasing_twice_fails(void **state)
{
    (void)state;
    assert_int_equal(domain_release_page(guest->d, guest_page(5)), 0);
    assert_int_equal(domain_release_page(guest->d, guest_page(5)), -XEN_EINVAL);
    assert_int_equal(page_refs(guest_page(5)), 1);
}

static void releasing_anothers_page_fails(void **state)
{
    (void)state;
    assert_int_equal(domain_release_page(domain_io(), guest_page(5)),
                     -XEN_EINVAL);
    assert_int_equal(page_refs(guest_page(5)), 2);
}

static void mapped_page_cannot_be_stolen(void **state)
{
    (void)state;
    assert_int_equal(domain_steal_page(guest->d, guest->mfn[5]), -XEN_EINVAL);
    assert_int_equal(guest->d->tot_pages, 64);
}

static void stolen_page_is_nobodys(void **state)
{
    struct page *page = guest_page(5);

    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, 0, 0),
                     0);
    assert_int_equal(domain_steal_page(domain_io(), page_mfn(page)),
                     -XEN_EINVAL);
    assert_int_equal(domain_steal_page(guest->d, page_mfn(page)), 0);
    assert_int_equal(guest->d->tot_pages, 63);
    assert_false(page_get(guest->mfn[5], guest->d));
    assert_int_equal(domain_steal_page(guest->d, page_mfn(page)), -XEN_EINVAL);
    frame_free(page, 0);
}

static void shared_page_has_the_guests_name(void **state)
{
    struct page *page = page_of(guest->d->shared_mfn);

    (void)state;
    assert_int_equal(m2p_get(guest->d->shared_mfn), M2P_SHARED);
    assert_true(page_get(guest->d->shared_mfn, guest->d));
    page_put(page);
}

static void shared_page_outlives_its_owner_without_name(void **state)
{
    void *frame = heap_alloc_page();
    struct page *page = page_of(machine_mfn_of(frame));
    unsigned long free = frame_free_count();

    (void)state;
    domain_share_xen_page(guest->d, frame, true);
    assert_true(page_get(page_mfn(page), guest->d)); /* someone maps it */
    heap_free_page(frame);
    assert_false(page_get(page_mfn(page), guest->d));
    assert_int_equal(frame_free_count(), free);
    page_put(page);
    assert_int_equal(frame_free_count(), free + 1);
}

static void unshared_heap_page_goes_at_once(void **state)
{
    unsigned long free = frame_free_count();
    void *frame = heap_alloc_page();

    (void)state;
    assert_int_equal(frame_free_count(), free - 1);
    heap_free_page(frame);
    heap_free_page(NULL);
    assert_int_equal(frame_free_count(), free);
}

/*
 * Two frames are asked back. In the moment in which the second is looked at,
 * another CPU takes a reference to the first: the fault on the second's struct
 * page is that moment.
 */
static void *shared[2];
static void *watched; /* the host page that must not be written to */
static unsigned int moments;

static void *host_page_of(const struct page *page)
{
    return (void *)((uintptr_t)page & ~(PAGE_BYTES - 1));
}

static void on_fault(int number, siginfo_t *fault, void *context)
{
    domid_t owner;

    (void)context;
    if ((void *)((uintptr_t)fault->si_addr & ~(PAGE_BYTES - 1)) != watched) {
        signal(number, SIG_DFL);
        return;
    }
    (void)mprotect(watched, PAGE_BYTES, PROT_READ | PROT_WRITE);
    moments += page_get_any(machine_mfn_of(shared[0]), &owner);
}

static void watch(const struct page *page, int rights)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO};

    /* cmocka has its own, set before each test. */
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    moments = 0;
    watched = host_page_of(page);
    assert_int_equal(mprotect(watched, PAGE_BYTES, rights), 0);
}

static void frames_stay_shared_if_one_is_mapped(void **state)
{
    struct page *page[2] = {frame_alloc(0, 64), frame_alloc(0, 32)};

    (void)state;
    for (unsigned int i = 0; i < 2; i++) {
        shared[i] = machine_map(page_mfn(page[i]));
        domain_share_xen_page(guest->d, shared[i], false);
    }
    assert_ptr_not_equal(host_page_of(page[0]), host_page_of(page[1]));
    assert_true(page_get(page_mfn(page[1]), guest->d));
    watch(page[1], PROT_NONE);
    assert_false(heap_unshare_pages(guest->d, shared, 2));
    assert_int_equal(moments, 1);
    assert_int_equal(page_owner(page[0]), guest->d->domid);
    assert_int_equal(page_refs(page[0]), 2);
    page_put(page[0]);
    page_put(page[1]);
    assert_true(heap_unshare_pages(guest->d, shared, 2));
}

static void unmap_guest_page(unsigned long pfn)
{
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(pfn), 0, 0, 0),
                     0);
}

static long flush_cache_of(mfn_t mfn)
{
    struct gnttab_cache_flush op = {.a.dev_bus_addr = mfn.number << PAGE_SHIFT,
                                    .length = 8,
                                    .op = GNTTAB_CACHE_CLEAN};

    memcpy(fake_page(guest, 0), &op, sizeof(op));
    return fake_hypercall(guest->v, __HYPERVISOR_grant_table_op,
                          GNTTABOP_cache_flush, fake_va(0), 1, 0);
}

/* A reference to another's frame, even for a moment, makes its owner's trade
 * of it fail: no guest can cause one. */
static void anothers_frames_are_not_touched(void **state)
{
    struct fake_guest *owner = fake_guest_create(2, false, 1, 64);
    struct page *page = frame_alloc(0, 32);
    pte_t *table = fake_page(guest, 5);

    (void)state;
    shared[0] = machine_map(page_mfn(page));
    domain_share_xen_page(owner->d, shared[0], false);
    unmap_guest_page(5);
    table[3] = pte_make(page_mfn(page), PTE_PRESENT | PTE_WRITABLE);
    watch(page, PROT_READ);
    assert_int_equal(mm_pin_table(guest->d, guest->mfn[5], PAGE_TYPE_L2),
                     -XEN_EINVAL);
    assert_int_equal(flush_cache_of(page_mfn(page)), -XEN_EINVAL);
    assert_int_equal(moments, 0);
    watch(page, PROT_READ | PROT_WRITE);
    assert_int_equal(page_refs(page), 1);
    assert_true(heap_unshare_pages(owner->d, shared, 1));
    fake_guest_destroy(owner);
}

/* What a guest left in a frame reaches nobody: neither by contents nor by a
 * translation that its CPU still holds. */
static void freed_frame_is_flushed_and_scrubbed_for_the_next(void **state)
{
    unsigned long secret = 0x5ec7e7;
    struct page *page = NULL;
    struct page *got;

    (void)state;
    assert_true(fake_guest_write(fake_va(5), &secret, sizeof(secret)));
    assert_true(fake_tlb_has(0, fake_va(5), true));
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, 0, 0),
                     0);
    /* The guest did not flush. */
    assert_true(fake_tlb_has(0, fake_va(5), true));
    assert_int_equal(domain_release_page(guest->d, guest_page(5)), 0);
    while ((got = frame_alloc(0, 64)) != NULL) {
        if (page_mfn(got).number == guest->mfn[5].number) {
            page = got;
            break;
        }
    }
    assert_non_null(page);
    assert_true(fake_is_zero(page));
    assert_false(fake_tlb_has(0, fake_va(5), false));
}

static void flush_for_reuse_skips_cpus_that_flushed(void **state)
{
    unsigned int flushes;

    (void)state;
    assert_true(fake_guest_write_u64(fake_va(5), 1));
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, 0, 0),
                     0);
    assert_int_equal(domain_release_page(guest->d, guest_page(5)), 0);
    tlb_flush_cpus(&cpus_online);
    flushes = fake_flush_count();
    while (frame_alloc(0, 64) != NULL) {
    }
    assert_int_equal(fake_flush_count(), flushes);
}

static void uncached_frame_keeps_a_mark(void **state)
{
    (void)state;
    page_mark(guest_page(5), PAGE_COUNT_UNCACHED);
    page_mark(guest_page(5), PAGE_COUNT_UNCACHED);
    assert_true((atomic_load(&guest_page(5)->count) & PAGE_COUNT_UNCACHED) !=
                0);
    assert_int_equal(page_refs(guest_page(5)), 2);
}

static void uncached_frame_leaves_the_caches_before_its_next_use(void **state)
{
    struct page *page = guest_page(5);

    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, 0, 0),
                     0);
    fake_caches = (struct fake_caches){0};
    assert_int_equal(page_get_type(page, PAGE_TYPE_DESCRIPTOR), 0);
    page_put_type(page);
    assert_int_equal(fake_caches.frames, 0);
    assert_int_equal(page_get_type(page, PAGE_TYPE_WRITABLE), 0);
    page_put_type(page);
    page_mark(page, PAGE_COUNT_UNCACHED);
    assert_int_equal(page_get_type(page, PAGE_TYPE_DESCRIPTOR), 0);
    page_put_type(page);
    assert_int_equal(fake_caches.frames, 1);
    assert_int_equal(fake_caches.frame.number, guest->mfn[5].number);
    assert_int_equal(domain_release_page(guest->d, page), 0);
    assert_int_equal(fake_caches.frames, 2);
}

static void stolen_uncached_frame_leaves_the_caches_too(void **state)
{
    struct page *page = guest_page(5);

    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(5), 0, 0, 0),
                     0);
    page_mark(page, PAGE_COUNT_UNCACHED);
    assert_int_equal(domain_steal_page(guest->d, guest->mfn[5]), 0);
    fake_caches = (struct fake_caches){0};
    frame_free(page, 0);
    assert_int_equal(fake_caches.frames, 1);
    assert_int_equal(fake_caches.frame.number, guest->mfn[5].number);
}

#define GUEST(f) cmocka_unit_test_setup_teardown(f, guest_setup, guest_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUEST(owner_gets_its_page),
        GUEST(others_do_not_get_it),
        GUEST(any_number_may_be_asked_for),
        GUEST(reference_count_cannot_overflow),
        GUEST(page_get_any_tells_the_owner),
        GUEST(putting_too_often_is_caught),
        GUEST(domain_pages_are_limited),
        GUEST(domain_page_without_memory_is_enomem),
        GUEST(dying_domain_gets_no_page),
        GUEST(domain_allocation_comes_out_of_its_claim),
        GUEST(released_page_lives_until_unmapped),
        GUEST(releasing_twice_fails),
        GUEST(releasing_anothers_page_fails),
        GUEST(mapped_page_cannot_be_stolen),
        GUEST(stolen_page_is_nobodys),
        GUEST(shared_page_has_the_guests_name),
        GUEST(shared_page_outlives_its_owner_without_name),
        GUEST(unshared_heap_page_goes_at_once),
        GUEST(frames_stay_shared_if_one_is_mapped),
        GUEST(anothers_frames_are_not_touched),
        GUEST(freed_frame_is_flushed_and_scrubbed_for_the_next),
        GUEST(flush_for_reuse_skips_cpus_that_flushed),
        GUEST(uncached_frame_keeps_a_mark),
        GUEST(uncached_frame_leaves_the_caches_before_its_next_use),
        GUEST(stolen_uncached_frame_leaves_the_caches_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
