/* SPDX-License-Identifier: MIT */
/*
 * Grants on the whole core, through hypercalls: real page tables, TLBs that
 * keep what nobody flushed, and domains that die with grants in use.
 */
#include "fake.h"

#include <string.h>

#include <xen/grant_table.h>

#include "hypercall.h"
#include "pte.h"

#include "../../xen-lite/grant/grant.h"

#define ARG   2UL /* page of arguments */
#define SPACE 3UL /* page whose entry grants are mapped at */
#define OWN   4UL
#define REF   9U

static struct fake_guest *mapper;
static struct fake_guest *granter;
static unsigned long free_before;

static void give(unsigned int ref, unsigned long pfn, uint16_t flags)
{
    grant_entry_v1_t *entry = entry_v1(granter->d->grant, ref);

    entry->domid = mapper->d->domid;
    entry->frame = (uint32_t)granter->mfn[pfn].number;
    entry->flags = flags;
}

static uint16_t flags_of(unsigned int ref)
{
    return entry_v1(granter->d->grant, ref)->flags;
}

static int setup(void **state)
{
    fake_setup(state);
    free_before = frame_free_count();
    mapper = fake_guest_create(1, false, 2, 64);
    granter = fake_guest_create(2, false, 1, 64);
    fake_enter(mapper->v);
    give(REF, OWN, GTF_permit_access);
    return 0;
}

static int teardown(void **state)
{
    fake_audit();
    assert_int_equal(grant_audit(granter->d), 0);
    fake_guest_destroy(mapper);
    fake_guest_destroy(granter);
    assert_int_equal(frame_free_count(), free_before);
    return fake_teardown(state);
}

static long grant_op(unsigned int command, void *arg, size_t bytes,
                     unsigned int count)
{
    long rc;

    memcpy(fake_page(mapper, ARG), arg, bytes * count);
    rc = fake_hypercall(mapper->v, __HYPERVISOR_grant_table_op, command,
                        fake_va(ARG), count, 0);
    memcpy(arg, fake_page(mapper, ARG), bytes * count);
    return rc;
}

static int map(uint64_t host_addr, uint32_t flags, grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {.host_addr = host_addr,
                                      .flags = flags,
                                      .ref = REF,
                                      .dom = granter->d->domid};

    assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &op, sizeof(op), 1), 0);
    *handle = op.handle;
    return op.status;
}

static int unmap(uint64_t host_addr, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = host_addr,
                                        .handle = handle};

    assert_int_equal(grant_op(GNTTABOP_unmap_grant_ref, &op, sizeof(op), 1), 0);
    return op.status;
}

static void memory_is_shared_until_unmapped(void **state)
{
    grant_handle_t handle;
    uint64_t value;

    (void)state;
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    fake_audit();
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(SPACE) + 8, 0x1234));
    assert_int_equal(((uint64_t *)fake_page(granter, OWN))[1], 0x1234);
    ((uint64_t *)fake_page(granter, OWN))[1] = 0x5678;
    assert_true(fake_guest_read(fake_va(SPACE) + 8, &value, sizeof(value)));
    assert_int_equal(value, 0x5678);
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    /* No TLB knows it any more. */
    assert_false(fake_guest_read(fake_va(SPACE) + 8, &value, sizeof(value)));
    assert_int_equal(flags_of(REF), GTF_permit_access);
}

/* Behind the back of its TLB a guest makes its entry look unused. */
static void a_hidden_use_is_flushed_too(void **state)
{
    grant_handle_t handle;
    uint64_t entry, value;

    (void)state;
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(SPACE), 1));
    entry = fake_pte(mapper, SPACE) & ~PTE_ACCESSED;
    assert_int_equal(fake_hypercall(mapper->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(SPACE), entry, 0, 0),
                     0);
    assert_int_equal(fake_pte(mapper, SPACE) & PTE_ACCESSED, 0);
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    assert_false(fake_tlb_has(0, fake_va(SPACE), false));
    assert_false(fake_guest_read(fake_va(SPACE), &value, sizeof(value)));
}

/* It tells by the entry what it never used: this it did. */
static void what_dom0_used_is_flushed(void **state)
{
    grant_handle_t handle;

    (void)state;
    mapper->d->privileged = true;
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(SPACE), 1));
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    assert_false(fake_tlb_has(0, fake_va(SPACE), false));
    mapper->d->privileged = false;
}

static void an_entry_by_its_machine_address(void **state)
{
    uint64_t at = fake_pte_address(mapper, SPACE);
    grant_handle_t handle;

    (void)state;
    assert_int_equal(
        map(at, GNTMAP_host_map | GNTMAP_contains_pte | GNTMAP_application_map,
            &handle),
        0);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(SPACE), 7));
    assert_int_equal(unmap(at, handle), GNTST_okay);
    assert_int_equal(fake_pte(mapper, SPACE), 0);
    assert_int_equal(
        map(at + 4, GNTMAP_host_map | GNTMAP_contains_pte, &handle),
        GNTST_general_error);
    assert_int_equal(flags_of(REF), GTF_permit_access);
}

static void a_read_only_map_cannot_be_made_writable(void **state)
{
    uint64_t at = fake_pte_address(mapper, SPACE);
    grant_handle_t handle;
    uint64_t pte;

    (void)state;
    assert_int_equal(
        map(fake_va(SPACE), GNTMAP_host_map | GNTMAP_readonly, &handle), 0);
    tlb_flush_local();
    assert_true(fake_guest_read(fake_va(SPACE), &pte, sizeof(pte)));
    assert_false(fake_guest_write_u64(fake_va(SPACE), 7));
    pte = fake_pte(mapper, SPACE);
    assert_int_not_equal(
        fake_hypercall(mapper->v, __HYPERVISOR_update_va_mapping,
                       fake_va(SPACE), pte | PTE_WRITABLE, UVMF_INVLPG, 0),
        0);
    memcpy(fake_page(mapper, ARG),
           &(struct mmu_update){.ptr = at, .val = pte | PTE_WRITABLE},
           sizeof(struct mmu_update));
    assert_int_not_equal(fake_hypercall(mapper->v, __HYPERVISOR_mmu_update,
                                        fake_va(ARG), 1, 0, DOMID_SELF),
                         0);
    assert_false(fake_guest_write_u64(fake_va(SPACE), 7));
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
}

/* -- several CPUs ---------------------------------------------------------- */

static bool other_cpu_wrote;

static void write_on_other_cpu(void *data)
{
    (void)data;
    other_cpu_wrote = fake_guest_write_u64(fake_va(SPACE), 42);
}

static void enter_other_vcpu(void *data)
{
    (void)data;
    fake_enter(mapper->d->vcpu[1]);
    write_on_other_cpu(NULL);
}

static void leave_other_vcpu(void *data)
{
    (void)data;
    fake_enter(machine_this_cpu()->idle);
}

static void unmapping_reaches_the_tlb_of_other_cpus(void **state)
{
    struct vcpu *second = mapper->d->vcpu[1];
    grant_handle_t handle;

    (void)state;
    assert_int_equal(page_get_root(mapper->v->pv.kernel_root, mapper->d), 0);
    second->pv.kernel_root = mapper->v->pv.kernel_root;
    second->pv.kernel_mode = true;
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    fake_on_cpu(1, enter_other_vcpu, NULL);
    assert_true(other_cpu_wrote);
    assert_true(fake_tlb_has(1, fake_va(SPACE), true));
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    assert_false(fake_tlb_has(1, fake_va(SPACE), false));
    fake_on_cpu(1, write_on_other_cpu, NULL);
    assert_false(other_cpu_wrote);
    fake_on_cpu(1, leave_other_vcpu, NULL);
}

/* -- types ----------------------------------------------------------------- */

static void a_mapped_frame_cannot_become_a_page_table(void **state)
{
    struct page *page = fake_page_info(granter, OWN);
    grant_handle_t handle;

    (void)state;
    /* The granter itself maps it writable: that goes first. */
    fake_enter(granter->v);
    assert_int_equal(fake_hypercall(granter->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(OWN), 0, UVMF_INVLPG, 0),
                     0);
    fake_enter(mapper->v);
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(SPACE), 0));
    assert_int_not_equal(page_get_type(page, PAGE_TYPE_L1), 0);
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    assert_int_equal(page_get_type(page, PAGE_TYPE_L1), 0);
    fake_audit();
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle),
                     GNTST_general_error);
    page_put_type(page);
}

/* -- deaths ---------------------------------------------------------------- */

static void a_dead_granters_page_stays_while_mapped(void **state)
{
    struct domain *dead = granter->d;
    grant_handle_t handle;
    uint64_t value;

    (void)state;
    *(uint64_t *)fake_page(granter, OWN) = 0xfeed;
    assert_int_equal(map(fake_va(SPACE), GNTMAP_host_map, &handle), 0);
    fake_guest_kill(granter);
    fake_enter(mapper->v);
    assert_true(fake_guest_read(fake_va(SPACE), &value, sizeof(value)));
    assert_int_equal(value, 0xfeed);
    assert_int_equal(dead->tot_pages, 1);
    fake_audit();
    assert_int_equal(unmap(fake_va(SPACE), handle), GNTST_okay);
    fake_clear_softirqs();
    granter = fake_guest_create(3, false, 1, 64);
    fake_enter(mapper->v);
}

static void a_dead_mapper_leaves_nothing(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(
        map(fake_va(SPACE), GNTMAP_host_map | GNTMAP_device_map, &handle), 0);
    assert_int_equal(page_refs(fake_page_info(granter, OWN)), 4);
    fake_enter(granter->v);
    fake_guest_destroy(mapper);
    assert_int_equal(flags_of(REF), GTF_permit_access);
    assert_int_equal(page_refs(fake_page_info(granter, OWN)), 2);
    mapper = fake_guest_create(4, false, 1, 64);
    fake_enter(mapper->v);
}

/* -- copies ---------------------------------------------------------------- */

static struct gnttab_copy copy_out(unsigned int offset)
{
    struct gnttab_copy op = {.len = 64, .flags = GNTCOPY_dest_gref};

    op.source.u.gmfn = mapper->mfn[OWN].number;
    op.source.domid = DOMID_SELF;
    op.source.offset = (uint16_t)offset;
    op.dest.u.ref = REF;
    op.dest.domid = granter->d->domid;
    op.dest.offset = (uint16_t)offset;
    return op;
}

/* Directly and in a multicall, with preemption at every step. */
static void copies_are_whole_however_often_preempted(void **state)
{
    uint8_t *from = fake_page(mapper, OWN);
    struct gnttab_copy op[16];

    (void)state;
    for (unsigned int i = 0; i < PAGE_BYTES; i++) {
        from[i] = (uint8_t)(i * 5 + i / 256);
    }
    for (unsigned int round = 0; round < 2; round++) {
        memset(fake_page(granter, OWN), 0, PAGE_BYTES);
        for (unsigned int i = 0; i < 16; i++) {
            op[i] = copy_out(i * 64);
            op[i].status = 77;
        }
        memcpy(fake_page(mapper, ARG), op, sizeof(op));
        fake_preempt_every(1);
        if (round == 0) {
            assert_int_equal(fake_hypercall(mapper->v,
                                            __HYPERVISOR_grant_table_op,
                                            GNTTABOP_copy, fake_va(ARG), 16, 0),
                             0);
        } else {
            assert_int_equal(fake_multicall(mapper, SPACE,
                                            __HYPERVISOR_grant_table_op,
                                            GNTTABOP_copy, fake_va(ARG), 16, 0),
                             0);
        }
        fake_preempt_every(0);
        assert_true(fake_continuations() > 0);
        memcpy(op, fake_page(mapper, ARG), sizeof(op));
        for (unsigned int i = 0; i < 16; i++) {
            assert_int_equal(op[i].status, GNTST_okay);
        }
        assert_memory_equal(fake_page(granter, OWN), from, 1024);
        assert_int_equal(((uint8_t *)fake_page(granter, OWN))[1024], 0);
    }
}

static void table_frames_are_the_guests_to_map(void **state)
{
    struct gnttab_setup_table setup_op = {.dom = DOMID_SELF, .nr_frames = 2};
    xen_pfn_t *list = (xen_pfn_t *)((char *)fake_page(mapper, ARG) + 2048);

    (void)state;
    setup_op.frame_list.p = (void *)(fake_va(ARG) + 2048);
    memcpy(fake_page(mapper, ARG), &setup_op, sizeof(setup_op));
    assert_int_equal(fake_hypercall(mapper->v, __HYPERVISOR_grant_table_op,
                                    GNTTABOP_setup_table, fake_va(ARG), 1, 0),
                     0);
    assert_int_equal(
        fake_hypercall(mapper->v, __HYPERVISOR_update_va_mapping,
                       fake_va(SPACE),
                       pte_make(mfn_make(list[1]),
                                PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED),
                       UVMF_INVLPG, 0),
        0);
    assert_true(fake_guest_write_u64(fake_va(SPACE), 0x33));
    assert_int_equal(*(uint64_t *)(void *)entry_v1(mapper->d->grant, 512),
                     0x33);
    fake_audit();
}

/* -- version 2 ------------------------------------------------------------- */

static long set_version(uint32_t version)
{
    struct gnttab_set_version op = {.version = version};

    return grant_op(GNTTABOP_set_version, &op, sizeof(op), 1);
}

static long set_pte(unsigned long pfn, uint64_t pte, unsigned long flags)
{
    return fake_hypercall(mapper->v, __HYPERVISOR_update_va_mapping,
                          fake_va(pfn), pte, flags, 0);
}

static void status_frames_go_only_when_unmapped(void **state)
{
    unsigned long before = frame_free_count();
    uint64_t kept = fake_pte(mapper, SPACE);
    uint64_t *status;
    mfn_t mfn;

    (void)state;
    assert_int_equal(set_version(2), 0);
    status = (void *)mapper->d->grant->status[0];
    mfn = machine_mfn_of(status);
    assert_int_equal(
        set_pte(SPACE, pte_make(mfn, PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED),
                UVMF_INVLPG),
        0);
    assert_true(fake_guest_write_u64(fake_va(SPACE) + 512, 0x44));
    assert_int_equal(status[64], 0x44);
    assert_int_equal(set_version(1), -XEN_EBUSY);
    assert_int_equal(mapper->d->grant->version, 2);
    fake_audit();
    /* The TLB still knows it: freed, it is flushed before another use. */
    assert_int_equal(set_pte(SPACE, kept, 0), 0);
    assert_int_equal(set_version(1), 0);
    assert_int_equal(frame_free_count(), before);
    fake_audit();
}

/* -- transfers ------------------------------------------------------------- */

static int transfer(mfn_t mfn, unsigned int ref)
{
    struct gnttab_transfer op = {
        .mfn = mfn.number, .domid = granter->d->domid, .ref = ref};

    assert_int_equal(grant_op(GNTTABOP_transfer, &op, sizeof(op), 1), 0);
    return op.status;
}

static void a_frame_given_away_is_out_of_reach(void **state)
{
    unsigned long pages = granter->d->tot_pages;
    mfn_t mfn = mapper->mfn[SPACE];
    uint64_t kept = fake_pte(mapper, SPACE);
    uint64_t value;

    (void)state;
    granter->d->max_pages++;
    assert_true(fake_guest_write_u64(fake_va(SPACE), 0x77));
    assert_int_equal(transfer(mfn, REF), GNTST_bad_page);
    assert_int_equal(set_pte(SPACE, 0, 0), 0);
    give(REF, SPACE, GTF_accept_transfer);
    assert_int_equal(transfer(mfn, REF), GNTST_okay);
    /* Nobody asked for a flush, and yet: */
    assert_false(fake_guest_read(fake_va(SPACE), &value, sizeof(value)));
    assert_int_not_equal(set_pte(SPACE, kept, UVMF_INVLPG), 0);
    assert_int_equal(granter->d->tot_pages, pages + 1);
    assert_int_equal(*(uint64_t *)machine_map(mfn), 0x77);
    fake_audit();
}

static void a_frame_that_nobody_accepts_is_free(void **state)
{
    unsigned long before = frame_free_count();

    (void)state;
    assert_int_equal(set_pte(SPACE, 0, UVMF_INVLPG), 0);
    assert_int_equal(set_pte(OWN, 0, UVMF_INVLPG), 0);
    assert_int_equal(transfer(mapper->mfn[SPACE], REF), GNTST_general_error);
    assert_int_equal(frame_free_count(), before + 1);
    /* There is no room for more. */
    assert_int_equal(granter->d->max_pages, granter->d->tot_pages);
    give(REF, SPACE, GTF_accept_transfer);
    assert_int_equal(transfer(mapper->mfn[OWN], REF), GNTST_general_error);
    assert_int_equal(frame_free_count(), before + 2);
    assert_int_equal(flags_of(REF), GTF_accept_transfer);
    fake_audit();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(memory_is_shared_until_unmapped),
        TEST(a_hidden_use_is_flushed_too),
        TEST(what_dom0_used_is_flushed),
        TEST(an_entry_by_its_machine_address),
        TEST(a_read_only_map_cannot_be_made_writable),
        TEST(unmapping_reaches_the_tlb_of_other_cpus),
        TEST(a_mapped_frame_cannot_become_a_page_table),
        TEST(a_dead_granters_page_stays_while_mapped),
        TEST(a_dead_mapper_leaves_nothing),
        TEST(copies_are_whole_however_often_preempted),
        TEST(table_frames_are_the_guests_to_map),
        TEST(status_frames_go_only_when_unmapped),
        TEST(a_frame_given_away_is_out_of_reach),
        TEST(a_frame_that_nobody_accepts_is_free),
    };

    return cmocka_run_group_tests_name("grant_core", tests, NULL, NULL);
}
