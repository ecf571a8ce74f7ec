/* SPDX-License-Identifier: MIT */
/* memory_op: questions, claims, resources. */
#include "memory_world.h"

#include "grant_table.h"

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
    map->nr_entries = 1;
    assert_int_equal(op(XENMEM_machine_memory_map), -XEN_EINVAL);
    set_xen_guest_handle(map->buffer, NULL);
    assert_int_equal(op(XENMEM_machine_memory_map), 0);
    assert_int_equal(map->nr_entries, 2);
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
    foreign->domid = 55;
    assert_int_equal(op(XENMEM_set_memory_map), -XEN_ESRCH);
    guest->d->privileged = true;
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

/* Nobody else believes it. */
static void a_guest_may_set_its_own_map(void **state)
{
    struct xen_foreign_memory_map *foreign = args();
    struct e820_entry *entries = fake_page(guest, LIST);

    (void)state;
    memset(foreign, 0, sizeof(*foreign));
    foreign->domid = DOMID_SELF;
    foreign->map.nr_entries = 1;
    set_xen_guest_handle(foreign->map.buffer, (void *)fake_va(LIST));
    entries[0] = (struct e820_entry){0, 0x5000, 2};
    assert_int_equal(op(XENMEM_set_memory_map), 0);
    assert_int_equal(guest->d->e820[0].bytes, 0x5000);
    set_xen_guest_handle(foreign->map.buffer, (void *)fake_va(200));
    assert_int_equal(op(XENMEM_set_memory_map), -XEN_EFAULT);
    assert_int_equal(guest->d->e820[0].bytes, 0x5000);
    foreign->map.nr_entries = 0;
    assert_int_equal(op(XENMEM_set_memory_map), 0);
    assert_int_equal(op(XENMEM_memory_map), -XEN_ENOSYS);
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

/* Its frames are being held, or it would be gone. */
static void a_dying_domain_cannot_claim(void **state)
{
    struct xen_memory_reservation *r = reservation(100, 0);
    struct page *page = fake_page_info(other, A);

    (void)state;
    guest->d->privileged = true;
    other->d->max_pages = 100;
    set_xen_guest_handle(r->extent_start, (xen_pfn_t *)0);
    r->domid = 2;
    assert_true(page_get(page_mfn(page), other->d));
    fake_guest_kill(other);
    assert_int_equal(op(XENMEM_claim_pages), -XEN_EINVAL);
    assert_int_equal(frame_outstanding_claims(), 0);
    page_put(page);
    fake_settle();
    assert_null(domain_get(2));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_CASE(sizes_are_told),
        MEMORY_CASE(large_results_pass_through_a_multicall),
        MEMORY_CASE(machphys_table_is_described),
        MEMORY_CASE(machphys_frames_are_listed),
        MEMORY_CASE(machine_map_is_for_the_privileged),
        MEMORY_CASE(domain_map_is_set_and_read),
        MEMORY_CASE(a_guest_may_set_its_own_map),
        MEMORY_CASE(claims_are_checked_and_kept),
        MEMORY_CASE(claim_ends_with_the_domain),
        MEMORY_CASE(a_dying_domain_cannot_claim),
        MEMORY_CASE(grant_frames_are_acquired),
        MEMORY_CASE(commands_without_support_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
