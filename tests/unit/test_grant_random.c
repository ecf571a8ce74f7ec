/* SPDX-License-Identifier: MIT */
/*
 * Grants used at random: by three domains in turn, audited all the while, and
 * by threads at once. At the end nothing is left.
 */
#include "grant_world.h"

#include <stdlib.h>
#include <string.h>

#include "../../xen-lite/grant/grant.h"

#define PAGES 8U
#define REFS  16U

static struct {
    mfn_t page[3][PAGES];
} memory;

/* How often what was tried went well. */
static _Atomic unsigned int mapped;
static _Atomic unsigned int unmapped;
static _Atomic unsigned int copied;
static _Atomic unsigned int versions;

static struct domain *domain_of(unsigned int i)
{
    return i == 0 ? dom0 : i == 1 ? guest : other;
}

static int setup(void **state)
{
    grant_setup(state);
    mapped = 0;
    unmapped = 0;
    copied = 0;
    versions = 0;
    for (unsigned int d = 0; d < 3; d++) {
        for (unsigned int i = 0; i < PAGES; i++) {
            memory.page[d][i] = world_page(domain_of(d));
        }
    }
    return 0;
}

struct seed {
    uint32_t value;
};

static unsigned int pick(struct seed *seed, unsigned int below)
{
    seed->value = seed->value * 1664525U + 1013904223U;
    return (seed->value >> 8) % below;
}

/* The owner writes an entry as it likes, sometimes with another's frame. */
static void step_give(struct seed *seed, unsigned int d)
{
    static const uint16_t flags[] = {GTF_permit_access, GTF_permit_access,
                                     GTF_permit_access | GTF_readonly,
                                     GTF_invalid, GTF_accept_transfer};
    grant_entry_v1_t *entry = grant_entry(domain_of(d), pick(seed, REFS));
    unsigned int whose = pick(seed, 8) == 0 ? pick(seed, 3) : d;
    uint32_t header = flags[pick(seed, ARRAY_COUNT(flags))];

    header |= (uint32_t)domain_of(pick(seed, 3))->domid << 16;
    __atomic_store_n(&entry->frame,
                     (uint32_t)memory.page[whose][pick(seed, PAGES)].number,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n((uint32_t *)(void *)entry, header, __ATOMIC_SEQ_CST);
}

/* The same with an entry of version 2, whatever the table is. */
static void step_give_v2(struct seed *seed, unsigned int d)
{
    static const uint16_t flags[] = {
        GTF_permit_access, GTF_permit_access, GTF_permit_access | GTF_sub_page,
        GTF_transitive, GTF_transitive | GTF_readonly};
    grant_entry_v2_t *entry = entry_v2(domain_of(d)->grant, pick(seed, REFS));
    uint16_t what = flags[pick(seed, ARRAY_COUNT(flags))];
    uint32_t header = what | (uint32_t)domain_of(pick(seed, 3))->domid << 16;
    uint64_t frame = memory.page[d][pick(seed, PAGES)].number;

    if ((what & GTF_type_mask) == GTF_transitive) {
        __atomic_store_n((uint32_t *)(void *)entry + 1,
                         domain_of(pick(seed, 3))->domid, __ATOMIC_SEQ_CST);
        __atomic_store_n((uint32_t *)(void *)entry + 2, pick(seed, REFS),
                         __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n((uint32_t *)(void *)entry + 1, 1024U << 16,
                         __ATOMIC_SEQ_CST);
        __atomic_store_n(&entry->full_page.frame, frame, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n((uint32_t *)(void *)entry, header, __ATOMIC_SEQ_CST);
}

static void step_version(struct seed *seed, unsigned int d)
{
    struct gnttab_set_version op = {.version = 1 + pick(seed, 2)};

    versions += grant_call(domain_of(d), GNTTABOP_set_version, &op, 1) == 0;
}

static void step_map(struct seed *seed, unsigned int d)
{
    static const uint32_t flags[] = {
        GNTMAP_host_map,
        GNTMAP_host_map | GNTMAP_readonly,
        GNTMAP_device_map,
        GNTMAP_host_map | GNTMAP_device_map,
        GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly,
        0,
    };
    grant_handle_t handle;

    mapped +=
        grant_map_at(domain_of(d), domain_of(pick(seed, 3)),
                     pick(seed, REFS + 1) == REFS ? 5000 : pick(seed, REFS),
                     flags[pick(seed, ARRAY_COUNT(flags))],
                     pick(seed, WORLD_PTES + 2), &handle) == GNTST_okay;
}

static void step_unmap(struct seed *seed, unsigned int d)
{
    struct gnttab_unmap_grant_ref unmap[6];

    memset(unmap, 0, sizeof(unmap));
    for (unsigned int i = 0; i < ARRAY_COUNT(unmap); i++) {
        mfn_t mfn = memory.page[pick(seed, 3)][pick(seed, PAGES)];

        unmap[i].handle = pick(seed, 256);
        unmap[i].host_addr = WORLD_PTE_VA(pick(seed, WORLD_PTES + 1));
        if (pick(seed, 2) == 0) {
            unmap[i].dev_bus_addr = mfn.number << PAGE_SHIFT;
        }
    }
    assert_int_equal(grant_call(domain_of(d), GNTTABOP_unmap_grant_ref, unmap,
                                ARRAY_COUNT(unmap)),
                     0);
}

/* The handle with its true place, so that unmaps succeed often enough. */
static void step_unmap_well(struct seed *seed, unsigned int d)
{
    mfn_t mfn = memory.page[pick(seed, 3)][pick(seed, PAGES)];
    struct gnttab_unmap_grant_ref unmap = {.handle = pick(seed, 256)};

    for (unsigned int i = 0; i < WORLD_PTES; i++) {
        unmap.host_addr = WORLD_PTE_VA(i);
        unmap.dev_bus_addr = (world_pte(domain_of(d), i) & PTE_PRESENT) != 0
                                 ? world_pte(domain_of(d), i) & PTE_FRAME
                                 : mfn.number << PAGE_SHIFT;
        grant_call(domain_of(d), GNTTABOP_unmap_grant_ref, &unmap, 1);
        if (unmap.status != GNTST_general_error &&
            unmap.status != GNTST_bad_dev_addr) {
            unmapped += unmap.status == GNTST_okay;
            return;
        }
    }
}

static void step_copy(struct seed *seed, unsigned int d)
{
    struct gnttab_copy op = {.len = 64, .flags = (uint16_t)pick(seed, 4)};

    op.source.domid = op.flags & GNTCOPY_source_gref
                          ? domain_of(pick(seed, 3))->domid
                          : DOMID_SELF;
    op.source.u.gmfn = op.flags & GNTCOPY_source_gref
                           ? pick(seed, REFS)
                           : memory.page[pick(seed, 3)][0].number;
    op.dest.domid = op.flags & GNTCOPY_dest_gref
                        ? domain_of(pick(seed, 3))->domid
                        : DOMID_SELF;
    op.dest.u.gmfn = op.flags & GNTCOPY_dest_gref
                         ? pick(seed, REFS)
                         : memory.page[pick(seed, 3)][0].number;
    assert_int_equal(grant_call(domain_of(d), GNTTABOP_copy, &op, 1), 0);
    copied += op.status == GNTST_okay;
}

static void step_swap(struct seed *seed, unsigned int d)
{
    struct gnttab_swap_grant_ref swap = {.ref_a = pick(seed, REFS),
                                         .ref_b = pick(seed, REFS)};

    grant_call(domain_of(d), GNTTABOP_swap_grant_ref, &swap, 1);
}

static void step(struct seed *seed, unsigned int d)
{
    switch (pick(seed, 14)) {
    case 0:
    case 1:
        step_give(seed, d);
        break;
    case 12:
        step_give_v2(seed, d);
        break;
    case 13:
        if (pick(seed, 16) == 0) {
            step_version(seed, d);
        }
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        step_map(seed, d);
        break;
    case 6:
        step_unmap(seed, d);
        break;
    case 7:
    case 8:
        step_unmap_well(seed, d);
        break;
    case 9:
        step_copy(seed, d);
        break;
    case 10:
        world_drop_pte(domain_of(d), pick(seed, WORLD_PTES));
        break;
    default:
        step_swap(seed, d);
        break;
    }
}

/* Each frame has its owner's reference and those of entries and devices. */
static void check_frames(void)
{
    for (unsigned int d = 0; d < 3; d++) {
        for (unsigned int i = 0; i < PAGES; i++) {
            mfn_t mfn = memory.page[d][i];
            unsigned int refs = 1;

            for (unsigned int m = 0; m < 3; m++) {
                for (unsigned int p = 0; p < WORLD_PTES; p++) {
                    uint64_t pte = world_pte(domain_of(m), p);

                    refs += (pte & PTE_PRESENT) && mfn_equal(pte_mfn(pte), mfn);
                }
            }
            assert_true(world_page_refs(mfn) >= refs);
        }
    }
}

static void all_is_given_back(void)
{
    assert_true(mapped > 400);
    assert_true(unmapped > 150);
    assert_true(copied > 30);
    assert_true(versions > 10);
    grant_kill(dom0);
    grant_kill(guest);
    grant_kill(other);
    for (unsigned int d = 0; d < 3; d++) {
        assert_int_equal(atomic_load(&domain_of(d)->refs), 1);
        for (unsigned int i = 0; i < PAGES; i++) {
            assert_int_equal(world_page_refs(memory.page[d][i]), 1);
            assert_int_equal(world_page_type_refs(memory.page[d][i]), 0);
        }
        for (unsigned int ref = 0; ref < REFS; ref++) {
            assert_int_equal(is_pinned(active_entry(domain_of(d)->grant, ref)),
                             0);
        }
    }
    assert_int_equal(grant_audit_all(), 0);
}

static void three_domains_in_turn_keep_the_books(void **state)
{
    struct seed seed = {42};

    (void)state;
    for (unsigned int round = 0; round < 40000; round++) {
        step(&seed, pick(&seed, 3));
        if (round % 50 == 0) {
            assert_int_equal(grant_audit_all(), 0);
            check_frames();
        }
    }
    all_is_given_back();
}

static void preempted_at_every_step_they_still_do(void **state)
{
    struct seed seed = {4711};

    (void)state;
    world_preempt_every(1);
    for (unsigned int round = 0; round < 20000; round++) {
        step(&seed, pick(&seed, 3));
        if (round % 50 == 0) {
            assert_int_equal(grant_audit_all(), 0);
        }
    }
    all_is_given_back();
    world_preempt_every(0);
}

struct worker {
    struct seed seed;
    unsigned int domain;
};

static void *work(void *arg)
{
    struct worker *self = arg;

    for (unsigned int round = 0; round < 15000; round++) {
        step(&self->seed, self->domain);
    }
    return NULL;
}

/* Two threads for one domain: its CPUs race for its own handles as well. */
static void threads_keep_the_books(void **state)
{
    struct worker worker[4] = {{{1}, 0}, {{2}, 1}, {{3}, 0}, {{4}, 2}};
    pthread_t thread[4];

    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        pthread_create(&thread[i], NULL, work, &worker[i]);
    }
    for (unsigned int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(grant_audit_all(), 0);
    all_is_given_back();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, grant_teardown)
        TEST(three_domains_in_turn_keep_the_books),
        TEST(preempted_at_every_step_they_still_do),
        TEST(threads_keep_the_books),
    };

    return cmocka_run_group_tests_name("grant_random", tests, NULL, NULL);
}
