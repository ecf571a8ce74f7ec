// SPDX-License-Identifier: MIT
/*
 * xlite's commands against a hypervisor and a xenstore played here: what is
 * taken back, and what is said, when a step fails.
 */
#include "fake_store.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "fake_kernel.h"
#include "xlite/guest.h"
#include "xlite/xlite.h"

#define MAX_PAGES 0x4000UL

/* xlite's own are in main.c. */
const struct command commands[] = {{NULL, NULL, NULL, NULL}};

static struct xlite x = {.command = "test", .xsh = HANDLE};
static uint64_t limit_kib;
static long info_result;
static long destroy_result;

/* Domain 7 is all there is. */
static long hypercall(uint64_t op, const uint64_t args[5])
{
    struct xen_domctl *d = (struct xen_domctl *)(uintptr_t)args[0];

    assert_int_equal(op, __HYPERVISOR_domctl);
    switch (d->cmd) {
    case XEN_DOMCTL_getdomaininfo:
        memset(&d->u, 0, sizeof(d->u));
        d->u.getdomaininfo.domain = 7;
        d->u.getdomaininfo.max_pages = MAX_PAGES;
        return info_result;
    case XEN_DOMCTL_max_mem:
        limit_kib = d->u.max_mem.max_memkb;
        return 0;
    case XEN_DOMCTL_destroydomain:
        return destroy_result;
    default:
        return 0;
    }
}

static int setup(void **state)
{
    (void)fake_store_reset(state);
    (void)fake_kernel_open(state);
    fake_kernel.hypercall = hypercall;
    x.xch = xch;
    limit_kib = 0;
    info_result = 0;
    destroy_result = 0;
    return 0;
}

static int mem_set(const char *amount)
{
    char *argv[] = {(char[]){"mem-set"}, (char[]){"7"},
                    format_text("%s", amount), NULL};
    int rc;

    optind = 0;
    rc = cmd_mem_set(&x, 3, argv);
    free(argv[2]);
    return rc;
}

static void mem_set_tells_hypervisor_and_guest(void **state)
{
    (void)state;
    fake_store_put("/local/domain/7/memory/static-max", "131072");
    assert_int_equal(mem_set("100"), 0);
    assert_int_equal(limit_kib, 101 * 1024);
    fake_store_has("/local/domain/7/memory/target", "102400");
    assert_int_equal(mem_set("129"), EXIT_CONFIG);
    assert_int_equal(limit_kib, 101 * 1024);
}

static void a_target_that_is_not_written_leaves_the_limit(void **state)
{
    (void)state;
    fake_store.fail_write_after = 0;
    assert_int_equal(mem_set("100"), EXIT_FAILED);
    assert_int_equal(limit_kib, MAX_PAGES * 4);
}

/* Not that of xenstore, where some entries are always missing. */
static void a_guest_that_cannot_be_ended_has_its_error(void **state)
{
    (void)state;
    destroy_result = -EBUSY;
    assert_int_equal(guest_end(&x, 7), -1);
    assert_int_equal(errno, EBUSY);
    destroy_result = -ESRCH;
    assert_int_equal(guest_end(&x, 7), 0);
}

/* Another domain may have the device node, too. */
static void without_rights_the_place_is_said_to_be_wrong(void **state)
{
    struct xlite elsewhere = {.command = "test"};

    (void)state;
    info_result = -EPERM;
    assert_int_equal(need_hypervisor(&elsewhere), EXIT_NOT_DOM0);
    (void)xc_interface_close(elsewhere.xch);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_kernel_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mem_set_tells_hypervisor_and_guest),
        TEST(a_target_that_is_not_written_leaves_the_limit),
        TEST(without_rights_the_place_is_said_to_be_wrong),
        TEST(a_guest_that_cannot_be_ended_has_its_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
