/* SPDX-License-Identifier: MIT */
/*
 * Many address spaces at once: made, forked, changed at random, switched to,
 * read through, taken down, on every vCPU; and two vCPUs on one table. A
 * model says what must come out.
 */
#include <stdatomic.h>

#include "check.h"
#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "mm.h"
#include "random.h"
#include "space.h"
#include "start.h"
#include "vcpu.h"

#define SPACES 16
/* Whichever comes first: shootdowns are slow on a busy emulator. */
#define ROUNDS      4000
#define WORK_NS     20000000000UL
#define RACE_ROUNDS 3000
#define RACE_NS     4000000000UL
#define WAIT_NS     120000000000UL

/* One vCPU's share; no two touch the same. */
struct worker {
    struct random random;
    struct space spaces[SPACES];
    unsigned int first_id;
    unsigned int rounds;
    unsigned int created;
    unsigned int forked;
    unsigned int refused_calls;
    unsigned int wrong_entries;
    unsigned int wrong_values;
    unsigned int wrongly_allowed;
    atomic_bool done;
};

static struct worker workers[2];

static struct space *pick(struct worker *w, bool used)
{
    unsigned int start = random_below(&w->random, SPACES);
    unsigned int i;

    for (i = 0; i < SPACES; i++) {
        struct space *s = &w->spaces[(start + i) % SPACES];

        if (s->used == used) {
            return s;
        }
    }
    return NULL;
}

static void count_error(struct worker *w, const char *what, long rc)
{
    if (rc != 0) {
        if (w->refused_calls == 0) {
            print("stress: %s: %ld\n", what, rc);
        }
        w->refused_calls++;
    }
}

static unsigned int id_of(const struct worker *w, const struct space *s)
{
    return w->first_id + (unsigned int)(s - w->spaces);
}

static void do_create(struct worker *w)
{
    struct space *s = pick(w, false);

    if (s != NULL) {
        count_error(w, "create", space_create(s, id_of(w, s)));
        w->created++;
    }
}

static void do_fork(struct worker *w)
{
    struct space *child = pick(w, false);
    struct space *parent = pick(w, true);

    if (child != NULL && parent != NULL) {
        count_error(w, "fork", space_fork(child, parent, id_of(w, child)));
        w->forked++;
    }
}

static void do_destroy(struct worker *w)
{
    struct space *s = pick(w, true);

    if (s != NULL) {
        w->wrong_entries += space_wrong_entries(s);
        count_error(w, "destroy", space_destroy(s));
    }
}

static void do_change(struct worker *w)
{
    struct space *s = pick(w, true);

    if (s != NULL) {
        count_error(
            w, "change",
            space_change(s, &w->random, 1 + random_below(&w->random, 31)));
    }
}

static void change_current(struct worker *w, struct space *s)
{
    struct slot_model to = {
        .page = (uint8_t)random_below(&w->random, DATA_PAGES),
        .writable = true,
    };
    unsigned int slot = random_below(&w->random, PT_ENTRIES);

    count_error(w, "update_va_mapping", space_change_current(s, slot, to));
    slot = random_below(&w->random, PT_ENTRIES);
    count_error(w, "plain write", space_write_current(s, slot, to));
}

static void do_visit(struct worker *w)
{
    struct space *s = pick(w, true);

    if (s == NULL) {
        return;
    }
    count_error(w, "switch", space_switch(s));
    w->wrong_values += space_wrong_values(s, random_next(&w->random));
    change_current(w, s);
    w->wrong_values += space_wrong_values(s, random_next(&w->random));
    count_error(w, "switch back", space_switch_boot());
}

/* A hole in the rules: a table of this space, writable in itself. */
static void do_cheat(struct worker *w)
{
    struct space *s = pick(w, true);
    const uint64_t *tables[4];
    uint64_t entry;

    if (s == NULL) {
        return;
    }
    tables[0] = s->l1;
    tables[1] = s->l2;
    tables[2] = s->l3;
    tables[3] = s->l4;
    entry = (mm_va_to_mfn(tables[random_below(&w->random, 4)]) << PAGE_SHIFT) |
            PTE_KERNEL_RW;
    w->wrongly_allowed +=
        mm_write_entry(&s->l1[random_below(&w->random, PT_ENTRIES)], entry) ==
        0;
}

static void do_round(struct worker *w)
{
    switch (random_below(&w->random, 10)) {
    case 0:
    case 1:
    case 2:
        do_create(w);
        break;
    case 3:
        do_fork(w);
        break;
    case 4:
    case 5:
    case 6:
        do_destroy(w);
        break;
    case 7:
        do_change(w);
        break;
    case 8:
        do_visit(w);
        break;
    default:
        do_cheat(w);
        break;
    }
}

static void work(void *arg)
{
    struct worker *w = arg;
    uint64_t end = clock_ns() + WORK_NS;
    unsigned int i;

    for (i = 0; i < ROUNDS && clock_ns() < end; i++) {
        do_round(w);
    }
    w->rounds = i;
    for (i = 0; i < SPACES; i++) {
        if (w->spaces[i].used) {
            w->wrong_entries += space_wrong_entries(&w->spaces[i]);
            count_error(w, "destroy", space_destroy(&w->spaces[i]));
        }
    }
    w->done = true;
}

static bool wait_for(const atomic_bool *flag)
{
    uint64_t end = clock_ns() + WAIT_NS;

    while (!atomic_load(flag) && clock_ns() < end) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    return atomic_load(flag);
}

static void report(const struct worker *w)
{
    print("stress: %u rounds, %u created, %u forked\n", w->rounds, w->created,
          w->forked);
    check_true("stress-created", w->created > w->rounds / 10, w->created);
    check_true("stress-rounds", w->rounds >= 20, w->rounds);
    check_eq("stress-refused-calls", w->refused_calls, 0);
    check_eq("stress-wrong-entries", w->wrong_entries, 0);
    check_eq("stress-wrong-values", w->wrong_values, 0);
    check_eq("stress-cheats-allowed", w->wrongly_allowed, 0);
}

/* Two vCPUs fight for one table: one pin may hold at a time. */
static uint64_t *_Atomic race_table;
static atomic_int race_pins;
static atomic_uint race_over_pinned;
static atomic_uint race_errors;
static atomic_bool other_raced;
static atomic_bool entries_go;
static atomic_bool entries_done;

static void race_pin(void)
{
    uint64_t end = clock_ns() + RACE_NS;
    unsigned int i;
    long rc;

    for (i = 0; i < RACE_ROUNDS && clock_ns() < end; i++) {
        rc = mm_ext(MMUEXT_PIN_L1_TABLE, race_table);
        if (rc == 0) {
            race_over_pinned += atomic_fetch_add(&race_pins, 1) != 0;
            atomic_fetch_sub(&race_pins, 1);
            race_errors += mm_ext(MMUEXT_UNPIN_TABLE, race_table) != 0;
        } else {
            race_errors += rc != -XEN_EINVAL;
        }
    }
}

/* The same two entries of one table, with two frames. */
static void race_entries(const void *page)
{
    uint64_t value = (mm_va_to_mfn(page) << PAGE_SHIFT) | PTE_KERNEL_RO;
    uint64_t end = clock_ns() + RACE_NS;
    unsigned int i;

    for (i = 0; i < RACE_ROUNDS && clock_ns() < end; i++) {
        race_errors +=
            mm_write_entry(&race_table[i & 1], (i & 2) != 0 ? value : 0) != 0;
    }
}

static void other_main(void *arg)
{
    work(arg);
    while (race_table == NULL) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    race_pin();
    other_raced = true;
    wait_for(&entries_go);
    race_entries(&workers[1]);
    entries_done = true;
}

static void check_race(void)
{
    uint64_t *table = mm_page_alloc();

    check_eq("race-readonly", mm_set_readonly(table), 0);
    race_table = table;
    race_pin();
    check_true("race-other-pinned", wait_for(&other_raced), 0);
    check_eq("race-over-pinned", race_over_pinned, 0);
    check_eq("race-pin-errors", race_errors, 0);
    check_eq("race-pin", mm_ext(MMUEXT_PIN_L1_TABLE, table), 0);
    entries_go = true;
    race_entries(&workers[0]);
    check_true("race-other-entries", wait_for(&entries_done), 0);
    check_eq("race-entry-errors", race_errors, 0);
    check_eq("race-unpin", mm_ext(MMUEXT_UNPIN_TABLE, table), 0);
    check_eq("race-table-free-again", mm_set_writable(table), 0);
    mm_page_free(table);
}

static void prepare(struct worker *w, unsigned int number)
{
    w->random.state = 0x1234567 + number * 0x9e3779b97f4a7c15UL;
    w->first_id = 1 + number * SPACES;
}

void guest_main(void)
{
    bool smp = vcpu_count() > 1;
    unsigned int free_before;

    space_init();
    hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
    free_before = mm_pages_free();
    prepare(&workers[0], 0);
    prepare(&workers[1], 1);
    if (smp) {
        check_eq("stress-vcpu", vcpu_run(1, other_main, &workers[1]), 0);
    }
    work(&workers[0]);
    report(&workers[0]);
    if (smp) {
        check_true("stress-other-done", wait_for(&workers[1].done), 0);
        report(&workers[1]);
        check_race();
    } else {
        check_skip("stress-smp", "this domain has one vCPU");
    }
    check_eq("stress-pages-back", mm_pages_free(), free_before);
    check_finish(SHUTDOWN_reboot);
}
