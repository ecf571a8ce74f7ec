/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs at once, each a thread: references and types taken and dropped,
 * tables promoted and torn down with preemption, entries written by all. The
 * counts must come out right, and ThreadSanitizer must have nothing to say.
 * RACE_ROUNDS in the environment says how often.
 */
#include "fake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bug.h"
#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#include "../../xen-lite/mm/pt.h"

#define CPUS 3U
#define A    5UL
#define B    6UL
#define TREE 20UL /* pfns of a tree: L4, L3, L2, L1 */
#define ARGS 0UL  /* + cpu */

static struct fake_guest *guest;
static pthread_barrier_t start_line;

struct racer {
    pthread_t thread;
    unsigned int cpu;
    uint64_t random;
    unsigned long rounds;
    void (*round)(struct racer *racer);
    unsigned long wins;
};

static unsigned long rounds(void)
{
    const char *text = getenv("RACE_ROUNDS");

    return text != NULL ? strtoul(text, NULL, 0) : 1500;
}

static unsigned long below(struct racer *racer, unsigned long limit)
{
    racer->random ^= racer->random << 13;
    racer->random ^= racer->random >> 7;
    racer->random ^= racer->random << 17;
    return racer->random % limit;
}

static void must(bool condition, const char *what)
{
    if (!condition) {
        bug_at(__FILE__, __LINE__, what);
    }
}

static void *run(void *data)
{
    struct racer *racer = data;

    fake_set_cpu(racer->cpu);
    fake_enter(guest->d->vcpu[racer->cpu]);
    pthread_barrier_wait(&start_line);
    for (unsigned long i = 0; i < racer->rounds; i++) {
        racer->round(racer);
        fake_clear_softirqs();
    }
    fake_preempt_every(0);
    must(fake_locks_held() == 0, "a lock is held");
    return NULL;
}

static unsigned long race(void (*round)(struct racer *racer))
{
    struct racer racers[CPUS];
    unsigned long wins = 0;

    fake_leave();
    pthread_barrier_init(&start_line, NULL, CPUS);
    for (unsigned int i = 0; i < CPUS; i++) {
        racers[i] = (struct racer){.cpu = i,
                                   .random = 88172645463325252ULL + i * 7919,
                                   .rounds = rounds(),
                                   .round = round};
        pthread_create(&racers[i].thread, NULL, run, &racers[i]);
    }
    for (unsigned int i = 0; i < CPUS; i++) {
        pthread_join(racers[i].thread, NULL);
        wins += racers[i].wins;
    }
    pthread_barrier_destroy(&start_line);
    fake_audit();
    return wins;
}

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, CPUS, 64);
    for (unsigned int i = 1; i < CPUS; i++) {
        struct vcpu *v = guest->d->vcpu[i];

        v->pv.kernel_root = guest->v->pv.kernel_root;
        v->pv.kernel_mode = true;
        v->regs.rip = FAKE_GUEST_VA;
        assert_int_equal(page_get_root(v->pv.kernel_root, guest->d), 0);
    }
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_guest_destroy(guest);
    fake_audit();
    return fake_teardown(state);
}

static void map(unsigned long pfn, uint64_t entry)
{
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(pfn), entry, UVMF_INVLPG, 0),
                     0);
}

/* -- references ------------------------------------------------------------ */

static void get_and_put(struct racer *racer)
{
    struct page *page = fake_page_info(guest, A);

    if (page_get(guest->mfn[A], guest->d)) {
        must(page_refs(page) >= 2, "reference lost");
        racer->wins++;
        page_put(page);
    }
}

static void references_come_out_even(void **state)
{
    unsigned int before = page_refs(fake_page_info(guest, A));

    (void)state;
    assert_int_equal(race(get_and_put), CPUS * rounds());
    assert_int_equal(page_refs(fake_page_info(guest, A)), before);
}

/* -- one type at a time ---------------------------------------------------- */

static void get_some_type(struct racer *racer)
{
    static const enum page_type types[] = {PAGE_TYPE_WRITABLE, PAGE_TYPE_L1,
                                           PAGE_TYPE_DESCRIPTOR,
                                           PAGE_TYPE_WRITABLE};
    enum page_type type = types[below(racer, ARRAY_COUNT(types))];
    struct page *page = fake_page_info(guest, A);
    uint64_t word;

    if (page_get_and_type(guest->mfn[A], guest->d, type) != 0) {
        return;
    }
    word = atomic_load(&page->type);
    must(page_type_of(word) == type, "two types at a time");
    must((word & PAGE_TYPE_VALIDATED) != 0, "used before it was checked");
    must((word & PAGE_TYPE_COUNT_MASK) != 0, "count lost");
    racer->wins++;
    page_put_and_type(page);
}

static void types_exclude_each_other(void **state)
{
    (void)state;
    map(A, 0);
    assert_true(race(get_some_type) > rounds() / 2);
    assert_int_equal(
        atomic_load(&fake_page_info(guest, A)->type) & PAGE_TYPE_COUNT_MASK, 0);
}

/*
 * A page is a table on one CPU while another wants to write to it: what was
 * written through a stale translation must not be in a checked table
 * (XSA-401).
 */
static void write_or_check(struct racer *racer)
{
    struct page *page = fake_page_info(guest, B);
    unsigned long va = fake_va(B);
    uint64_t writable =
        pte_make(guest->mfn[B], PTE_PRESENT | PTE_WRITABLE | PTE_NX);
    struct vcpu *v = guest->d->vcpu[racer->cpu];

    if (racer->cpu != 0) {
        /* Map it writable if that goes, scribble, unmap, do not flush. */
        if (fake_hypercall(v, __HYPERVISOR_update_va_mapping, va, writable, 0,
                           0) == 0) {
            (void)fake_guest_write_u64(va, 0x7ULL << 60 | PTE_PRESENT);
            (void)fake_guest_write_u64(va, 0);
            (void)fake_hypercall(v, __HYPERVISOR_update_va_mapping, va, 0, 0,
                                 0);
        }
        (void)fake_guest_write_u64(va, 0);
        return;
    }
    if (page_get_and_type(guest->mfn[B], guest->d, PAGE_TYPE_L1) == 0) {
        for (unsigned int i = 0; i < 20; i++) {
            must(__atomic_load_n((uint64_t *)fake_page(guest, B),
                                 __ATOMIC_SEQ_CST) == 0,
                 "a checked table was written to");
        }
        racer->wins++;
        page_put_and_type(page);
    }
}

static void nobody_writes_to_a_table(void **state)
{
    unsigned long checked = 0;

    (void)state;
    map(B, 0);
    /* On a busy host the writers may hold the page for all of a race. */
    for (unsigned int i = 0; i < 100 && checked == 0; i++) {
        checked = race(write_or_check);
    }
    assert_true(checked > 0);
}

/* -- trees ----------------------------------------------------------------- */

static void build_tree(void)
{
    for (unsigned long pfn = TREE; pfn < TREE + 4; pfn++) {
        map(pfn, 0);
        memset(fake_page(guest, pfn), 0, PAGE_BYTES);
    }
    for (unsigned int i = 0; i < 3; i++) {
        uint64_t *table = fake_page(guest, TREE + i);

        for (unsigned int slot = 0; slot < 20; slot++) {
            table[slot * 7] =
                pte_make(guest->mfn[TREE + i + 1], PTE_PRESENT | PTE_WRITABLE);
        }
    }
    for (unsigned int slot = 0; slot < 20; slot++) {
        uint64_t *l1 = fake_page(guest, TREE + 3);

        l1[slot] = pte_make(guest->mfn[A], PTE_PRESENT | PTE_WRITABLE);
    }
}

static int retry_root(void)
{
    int rc;

    while ((rc = page_get_root(guest->mfn[TREE], guest->d)) == -XEN_ERESTART) {
        fake_clear_softirqs();
    }
    return rc;
}

static void promote_and_tear_down(struct racer *racer)
{
    struct vcpu *v = guest->d->vcpu[racer->cpu];

    fake_preempt_every((unsigned int)below(racer, 6));
    if (below(racer, 4) == 0) {
        /* Begun and left for the others. */
        if (page_get_root(guest->mfn[TREE], guest->d) != 0) {
            return;
        }
    } else {
        must(retry_root() == 0, "a good tree was refused");
    }
    racer->wins++;
    must((atomic_load(&fake_page_info(guest, TREE)->type) &
          PAGE_TYPE_VALIDATED) != 0,
         "root not validated");
    if (page_put_root(guest->mfn[TREE]) != 0) {
        do {
            fake_clear_softirqs();
        } while (mm_finish_teardown(v) != 0);
    }
}

static void trees_are_shared_and_left_right(void **state)
{
    unsigned long wins;

    (void)state;
    build_tree();
    wins = race(promote_and_tear_down);
    assert_true(wins > rounds());
}

/* -- entries --------------------------------------------------------------- */

static void write_entries(struct racer *racer)
{
    struct mmu_update *request = fake_page(guest, ARGS + racer->cpu);
    struct vcpu *v = guest->d->vcpu[racer->cpu];
    unsigned long pfn = 30 + below(racer, 3);
    uint64_t flags[] = {0, PTE_PRESENT, PTE_PRESENT | PTE_WRITABLE,
                        PTE_PRESENT | PTE_USER};
    uint64_t entry = pte_make(guest->mfn[A + below(racer, 2)],
                              flags[below(racer, ARRAY_COUNT(flags))]);

    switch (below(racer, 4)) {
    case 0:
        (void)fake_guest_write_u64(fake_va(pfn), 1);
        break;
    case 1:
        (void)fake_hypercall(v, __HYPERVISOR_update_va_mapping, fake_va(pfn),
                             entry, UVMF_INVLPG | UVMF_ALL, 0);
        break;
    default:
        request->ptr = fake_pte_address(guest, pfn) |
                       (below(racer, 2) ? MMU_PT_UPDATE_PRESERVE_AD : 0);
        request->val = entry;
        racer->wins +=
            fake_hypercall(v, __HYPERVISOR_mmu_update,
                           fake_va(ARGS + racer->cpu), 1, 0, DOMID_SELF) == 0;
        break;
    }
}

static void entries_written_by_all_are_counted_once(void **state)
{
    (void)state;
    assert_true(race(write_entries) > 0);
}

/* Pin, unpin, hang in and cut off the same L1, each with the entries' races. */
static void use_l1(struct racer *racer)
{
    struct vcpu *v = guest->d->vcpu[racer->cpu];
    struct mmuext_op *op = fake_page(guest, ARGS + racer->cpu);
    struct mmu_update *request = fake_page(guest, ARGS + racer->cpu);
    unsigned long l2 = guest->first_table + 2;

    if (below(racer, 2) == 0) {
        memset(op, 0, sizeof(*op));
        op->cmd = below(racer, 2) ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE;
        op->arg1.mfn = guest->mfn[TREE + 3].number;
        racer->wins +=
            fake_hypercall(v, __HYPERVISOR_mmuext_op,
                           fake_va(ARGS + racer->cpu), 1, 0, DOMID_SELF) == 0;
        return;
    }
    request->ptr =
        (guest->mfn[l2].number << PAGE_SHIFT) + 8 * (9 + below(racer, 2));
    request->val =
        below(racer, 2) ? pte_make(guest->mfn[TREE + 3], PTE_PRESENT) : 0;
    racer->wins +=
        fake_hypercall(v, __HYPERVISOR_mmu_update, fake_va(ARGS + racer->cpu),
                       1, 0, DOMID_SELF) == 0;
    fake_tlb_speculate(FAKE_GUEST_VA + (9UL << 21));
}

static void tables_come_and_go_on_all_cpus(void **state)
{
    (void)state;
    build_tree();
    assert_true(race(use_l1) > 0);
}

/* -- memory ---------------------------------------------------------------- */

static void allocate_and_free(struct racer *racer)
{
    struct page *page[4];

    for (unsigned int i = 0; i < ARRAY_COUNT(page); i++) {
        unsigned int order = i;

        page[i] = frame_alloc(order, below(racer, 2) ? 64 : 32);
        if (page[i] != NULL) {
            uint64_t *word = machine_map(page_mfn(page[i]));

            must(*word == 0, "not scrubbed");
            *word = racer->cpu + 1;
        }
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(page); i++) {
        if (page[i] != NULL) {
            must(*(uint64_t *)machine_map(page_mfn(page[i])) == racer->cpu + 1,
                 "given out twice");
            racer->wins++;
            frame_free(page[i], i);
        }
    }
}

static void frames_are_given_to_one_at_a_time(void **state)
{
    unsigned long free = frame_free_count();

    (void)state;
    assert_true(race(allocate_and_free) > 0);
    assert_int_equal(frame_free_count(), free);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(references_come_out_even),
        CASE(types_exclude_each_other),
        CASE(nobody_writes_to_a_table),
        CASE(trees_are_shared_and_left_right),
        CASE(entries_written_by_all_are_counted_once),
        CASE(tables_come_and_go_on_all_cpus),
        CASE(frames_are_given_to_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
