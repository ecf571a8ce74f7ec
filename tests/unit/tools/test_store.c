// SPDX-License-Identifier: MIT
/*
 * dom0-tools/xlite/store.c against a small xenstore: which nodes a guest has,
 * who may write them, and what remains afterwards.
 */
#include "fake_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "xlite/store.h"

static struct guest_config config = {
    .name = (char[]){"g"},
    .kernel = (char[]){"/k"},
    .cmdline = (char[]){"quiet"},
    .uuid = {0x12, 0x34},
    .memory_mib = 256,
    .max_memory_mib = 512,
    .vcpus = 2,
    .max_vcpus = 3,
};

static const struct store_guest guest = {
    .domid = 7,
    .config = &config,
    .xenstore_mfn = 0x1111,
    .xenstore_port = 11,
    .console_mfn = 0x2222,
    .console_port = 12,
};

static void a_guest_has_what_the_stock_tools_look_for(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    assert_int_equal(fake_store.introduced, 1);
    fake_store_has("/local/domain/7/name", "g");
    fake_store_has("/local/domain/7/domid", "7");
    fake_store_has("/local/domain/7/vm",
                   "/vm/12340000-0000-0000-0000-000000000000");
    fake_store_has("/vm/12340000-0000-0000-0000-000000000000/name", "g");
    fake_store_has("/local/domain/7/memory/target", "262144");
    fake_store_has("/local/domain/7/memory/static-max", "524288");
    fake_store_has("/local/domain/7/cpu/1/availability", "online");
    fake_store_has("/local/domain/7/cpu/2/availability", "offline");
    fake_store_has("/local/domain/7/store/port", "11");
    fake_store_has("/local/domain/7/store/ring-ref", "4369");
    fake_store_has("/local/domain/7/console/port", "12");
    fake_store_has("/local/domain/7/console/ring-ref", "8738");
    fake_store_has("/local/domain/7/console/type", "xenconsoled");
    fake_store_has("/local/domain/0/backend/console/7/0/frontend",
                   "/local/domain/7/console");
    fake_store_has("/libxl/7/type", "pv");
}

/* The first permission names the owner, who may do anything. */
static void the_guest_writes_only_what_is_its_own(void **state)
{
    static const char *const own[] = {"control/shutdown", "data",
                                      "device/suspend/event-channel",
                                      "control/feature-poweroff"};
    static const char *const not_own[] = {"",
                                          "/name",
                                          "/memory/target",
                                          "/console/ring-ref",
                                          "/console/tty",
                                          "/device",
                                          "/store/port",
                                          "/control"};
    char path[128];

    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    for (unsigned int i = 0; i < fake_store.node_count; i++) {
        assert_int_equal(fake_store.nodes[i].perm_count, 2);
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)snprintf(path, sizeof(path), "/local/domain/7/%s", own[i]);
        assert_int_equal(fake_store_find(path)->perms[0].id, 7);
        assert_int_equal(fake_store_find(path)->perms[0].perms, XS_PERM_NONE);
    }
    for (size_t i = 0; i < sizeof(not_own) / sizeof(not_own[0]); i++) {
        (void)snprintf(path, sizeof(path), "/local/domain/7%s", not_own[i]);
        assert_int_equal(fake_store_find(path)->perms[0].id, 0);
        assert_int_equal(fake_store_find(path)->perms[1].id, 7);
        assert_int_equal(fake_store_find(path)->perms[1].perms, XS_PERM_READ);
    }
    assert_int_equal(fake_store_find("/libxl/7/type")->perms[1].perms,
                     XS_PERM_NONE);
}

static void a_conflict_is_tried_again(void **state)
{
    (void)state;
    fake_store.conflicts = 2;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    assert_int_equal(fake_store.transactions, 3);
    assert_int_equal(fake_store.introduced, 1);
}

static void a_refused_write_aborts_and_introduces_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i += 7) {
        (void)fake_store_reset(NULL);
        fake_store.fail_write_after = i;
        errno = 0;
        assert_int_equal(store_add(HANDLE, &guest), -1);
        assert_true(fake_store.aborted);
        assert_int_equal(fake_store.introduced, 0);
        assert_int_equal(fake_store.transactions, 1);
    }
}

static void nothing_remains_of_a_removed_guest(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    store_remove(HANDLE, 7);
    assert_int_equal(fake_store.node_count, 0);
}

/* It was domain 6 before; somebody ends that once more. */
static void a_guest_that_started_again_keeps_its_uuid(void **state)
{
    unsigned int count;

    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    count = fake_store.node_count;
    store_remove(HANDLE, 6);
    assert_int_equal(fake_store.node_count, count);
}

static void long_values_are_not_cut(void **state)
{
    struct guest_config long_config = config;
    struct store_guest g = guest;
    char kernel[2000];

    (void)state;
    memset(kernel, 'k', sizeof(kernel) - 1);
    kernel[sizeof(kernel) - 1] = '\0';
    long_config.kernel = kernel;
    g.config = &long_config;
    assert_int_equal(store_add(HANDLE, &g), 0);
    fake_store_has("/vm/12340000-0000-0000-0000-000000000000/image/kernel",
                   kernel);
}

static void another_guests_console_stays(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    fake_store_put("/local/domain/0/backend/console/70/0", "x");
    fake_store_put("/local/domain/70/name", "x");
    store_remove(HANDLE, 7);
    assert_int_equal(fake_store.node_count, 2);
    fake_store_has("/local/domain/70/name", "x");
}

static struct device a_disk_of_7(void)
{
    static const char *const spec[] = {"/a.img,raw,xvda,w"};
    struct device d;
    char *message;

    assert_int_equal(disk_parse(spec, 1, &d, &message), 0);
    assert_int_equal(store_add_device(HANDLE, 7, &d), 0);
    return d;
}

static void a_device_is_written_for_both_sides(void **state)
{
    struct device d = a_disk_of_7();

    (void)state;
    fake_store_has("/local/domain/0/backend/vbd/7/51712/frontend",
                   "/local/domain/7/device/vbd/51712");
    fake_store_has("/local/domain/0/backend/vbd/7/51712/state", "1");
    fake_store_has("/local/domain/0/backend/vbd/7/51712/params", "/a.img");
    fake_store_has("/local/domain/7/device/vbd/51712/backend",
                   "/local/domain/0/backend/vbd/7/51712");
    fake_store_has("/local/domain/7/device/vbd/51712/virtual-device", "51712");
    fake_store_has("/libxl/7/device/vbd/51712/backend",
                   "/local/domain/0/backend/vbd/7/51712");
    /* the guest may write its own side, read dom0's, not see the tools' */
    assert_int_equal(
        fake_store_find("/local/domain/7/device/vbd/51712/state")->perms[0].id,
        7);
    assert_int_equal(
        fake_store_find("/local/domain/0/backend/vbd/7/51712/params")
            ->perms[0]
            .id,
        0);
    assert_int_equal(
        fake_store_find("/local/domain/0/backend/vbd/7/51712/params")
            ->perms[1]
            .perms,
        XS_PERM_READ);
    assert_int_equal(
        fake_store_find("/libxl/7/device/vbd/51712/params")->perms[1].perms,
        XS_PERM_NONE);
    assert_int_equal(store_add_device(HANDLE, 7, &d), -1);
    assert_int_equal(errno, EEXIST);
    fake_store_put("/local/domain/0/error/backend/vbd/7/51712/error", "x");
    store_remove_device(HANDLE, 7, DEVICE_VBD, 51712);
    assert_int_equal(fake_store.node_count, 0);
    device_free(&d);
}

/* A guest is made while the last device of another one goes. */
static void nodes_that_come_meanwhile_stay(void **state)
{
    struct device d = a_disk_of_7();

    (void)state;
    fake_store.meanwhile = "/local/domain/0/backend/vbd/8/51712/state";
    store_remove_device(HANDLE, 7, DEVICE_VBD, 51712);
    assert_int_equal(fake_store.node_count, 1);
    fake_store_has("/local/domain/0/backend/vbd/8/51712/state", "x");
    device_free(&d);
}

#define TEST(f) cmocka_unit_test_setup(f, fake_store_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_has_what_the_stock_tools_look_for),
        TEST(the_guest_writes_only_what_is_its_own),
        TEST(a_conflict_is_tried_again),
        TEST(a_refused_write_aborts_and_introduces_nothing),
        TEST(nothing_remains_of_a_removed_guest),
        TEST(a_guest_that_started_again_keeps_its_uuid),
        TEST(long_values_are_not_cut),
        TEST(another_guests_console_stays),
        TEST(a_device_is_written_for_both_sides),
        TEST(nodes_that_come_meanwhile_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
