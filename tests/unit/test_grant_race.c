/* SPDX-License-Identifier: MIT */
/*
 * Owners that change an entry in the very moment in which it is claimed. The
 * page that the hypervisor writes the claim to is read-only for us at first:
 * the fault is the moment, and its handler is the guest on another CPU.
 */
#include "grant_world.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "../../xen-lite/grant/grant.h"

#define USE (GTF_reading | GTF_writing)

static struct {
    void *page;
    void (*act)(void);
    unsigned int count;
} moment;

static void on_fault(int number, siginfo_t *info, void *context)
{
    char *page = moment.page;

    (void)context;
    if (page == NULL || (char *)info->si_addr < page ||
        (char *)info->si_addr >= page + PAGE_BYTES) {
        signal(number, SIG_DFL);
        return;
    }
    (void)mprotect(page, PAGE_BYTES, PROT_READ | PROT_WRITE);
    moment.page = NULL;
    moment.count++;
    moment.act();
}

/* Do @act when the page of @at is written to for the first time. */
static void at_first_write_to(void *at, void (*act)(void))
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO};

    /* cmocka has its own, set before each test. */
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    moment.page = (void *)((uintptr_t)at & ~(PAGE_BYTES - 1));
    moment.act = act;
    assert_int_equal(mprotect(moment.page, PAGE_BYTES, PROT_READ), 0);
}

static int setup(void **state)
{
    grant_setup(state);
    moment.count = 0;
    granted_frame = world_page(guest);
    return 0;
}

static void permit_v2(void)
{
    grant_entry_v2_t entry = {.full_page = {.frame = granted_frame.number}};

    grant_give_v2(guest, 8, 0, GTF_permit_access, entry);
}

static void withdraw(void)
{
    entry_v2(guest->grant, 8)->hdr.flags = 0;
}

static void give_to_another(void)
{
    entry_v2(guest->grant, 8)->hdr.domid = 6;
}

static void make_readonly(void)
{
    *entry_header(guest->grant, 8) |= GTF_readonly;
}

static void make_part(void)
{
    entry_v2(guest->grant, 8)->hdr.flags |= GTF_sub_page;
}

static void version_2_sees_changes_after_its_claim(void **state)
{
    static void (*const acts[])(void) = {withdraw, give_to_another,
                                         make_readonly, make_part};
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_set_version(guest, 2), 0);
    for (unsigned int i = 0; i < ARRAY_COUNT(acts); i++) {
        permit_v2();
        at_first_write_to(status_v2(guest->grant, 8), acts[i]);
        assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                         GNTST_general_error);
        assert_int_equal(moment.count, i + 1);
        assert_int_equal(*status_v2(guest->grant, 8), 0);
        assert_int_equal(world_page_refs(granted_frame), 1);
    }
}

/* Who reads already keeps that when the step to writing fails. */
static void a_failed_second_claim_leaves_the_first(void **state)
{
    grant_handle_t handle;

    (void)state;
    assert_int_equal(grant_set_version(guest, 2), 0);
    permit_v2();
    assert_int_equal(
        grant_map_at(dom0, guest, 8, HOST | GNTMAP_readonly, 3, &handle), 0);
    at_first_write_to(status_v2(guest->grant, 8), make_readonly);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 4, &handle),
                     GNTST_general_error);
    assert_int_equal(moment.count, 1);
    assert_int_equal(*status_v2(guest->grant, 8), GTF_reading);
}

static void version_1_claims_what_it_checked(void **state)
{
    grant_handle_t handle;

    (void)state;
    grant_give(guest, 8, 0, granted_frame, GTF_permit_access);
    at_first_write_to(grant_entry(guest, 8), make_readonly);
    assert_int_equal(grant_map_at(dom0, guest, 8, HOST, 3, &handle),
                     GNTST_general_error);
    assert_int_equal(moment.count, 1);
    assert_int_equal(grant_flags(guest, 8), GTF_permit_access | GTF_readonly);
    assert_int_equal(world_page_refs(granted_frame), 1);
}

static void uncommit_by_owner(void)
{
    grant_entry(dom0, 8)->domid = 6;
}

static void a_transfer_commits_to_what_it_checked(void **state)
{
    struct gnttab_transfer op = {.mfn = granted_frame.number, .ref = 8};

    (void)state;
    grant_give(dom0, 8, 5, mfn_make(1), GTF_accept_transfer);
    at_first_write_to(grant_entry(dom0, 8), uncommit_by_owner);
    assert_int_equal(grant_call(guest, GNTTABOP_transfer, &op, 1), 0);
    assert_int_equal(op.status, GNTST_general_error);
    assert_int_equal(moment.count, 1);
    assert_int_equal(grant_flags(dom0, 8), GTF_accept_transfer);
}

/* -- two CPUs -------------------------------------------------------------- */

#define ROUNDS 100000U

static _Atomic bool withdrawn;
static _Atomic bool finished;
static _Atomic unsigned int withdrawals;

/* The owner's side as the ABI says it: clear, look, only then use it anew. */
static void *owner(void *arg)
{
    uint32_t *header = entry_header(guest->grant, 8);
    uint16_t *use = use_flags(guest->grant, 8);

    (void)arg;
    while (!atomic_load(&finished)) {
        uint32_t permit = GTF_permit_access;

        if (use == (uint16_t *)(void *)header) {
            /* Fails while the flags of use are there. */
            if (!__atomic_compare_exchange_n(header, &permit, 0, false,
                                             __ATOMIC_SEQ_CST,
                                             __ATOMIC_SEQ_CST)) {
                continue;
            }
        } else {
            __atomic_store_n(header, 0, __ATOMIC_SEQ_CST);
            while ((__atomic_load_n(use, __ATOMIC_SEQ_CST) & USE) != 0) {
            }
        }
        atomic_store(&withdrawn, true);
        atomic_fetch_add(&withdrawals, 1);
        atomic_store(&withdrawn, false);
        __atomic_store_n(header, GTF_permit_access, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void a_withdrawn_page_is_not_used(void **state)
{
    unsigned int used = 0;

    (void)state;
    for (unsigned int version = 1; version <= 2; version++) {
        pthread_t thread;

        assert_int_equal(grant_set_version(guest, version), 0);
        permit_v2();
        if (version == 1) {
            grant_give(guest, 8, 0, granted_frame, GTF_permit_access);
        }
        atomic_store(&finished, false);
        atomic_store(&withdrawals, 0);
        pthread_create(&thread, NULL, owner, NULL);
        for (unsigned int i = 0; i < ROUNDS; i++) {
            struct active pinned;

            if (grant_pin(guest, 8, 0, true, PIN_COPY, &pinned) == GNTST_okay) {
                assert_false(atomic_load(&withdrawn));
                used++;
                grant_unpin(guest, 8, true);
            }
        }
        atomic_store(&finished, true);
        pthread_join(thread, NULL);
        assert_true(atomic_load(&withdrawals) > 0);
    }
    assert_true(used > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, grant_teardown)
        TEST(version_2_sees_changes_after_its_claim),
        TEST(a_failed_second_claim_leaves_the_first),
        TEST(version_1_claims_what_it_checked),
        TEST(a_transfer_commits_to_what_it_checked),
        TEST(a_withdrawn_page_is_not_used),
    };

    return cmocka_run_group_tests_name("grant_race", tests, NULL, NULL);
}
