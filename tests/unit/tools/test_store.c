// SPDX-License-Identifier: MIT
/*
 * dom0-tools/xlite/store.c against a small xenstore played here (ld --wrap):
 * which nodes a guest has, who may write them, and what remains afterwards.
 */
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenstore.h>
#include <xenstore_lib.h>

#include "xlite/store.h"

#define NODES_MAX 200U
#define HANDLE    ((struct xs_handle *)(void *)&nodes)

struct node {
    char path[128];
    char value[256];
    struct xs_permissions perms[2];
    unsigned int perm_count;
};

static struct node nodes[NODES_MAX];
static unsigned int node_count;
static unsigned int conflicts; /* transactions to refuse with EAGAIN */
static unsigned int transactions;
static int fail_write_after; /* -1: never */
static bool aborted;
static unsigned int introduced;

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned int len);
void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned int *len);
bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned int num_perms);
xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h);
bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort);
bool __wrap_xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                                unsigned long mfn, unsigned int eventchn);
bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned int *num);

static struct node *find(const char *path)
{
    for (unsigned int i = 0; i < node_count; i++) {
        if (strcmp(nodes[i].path, path) == 0) {
            return &nodes[i];
        }
    }
    return NULL;
}

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned int len)
{
    struct node *n = find(path);

    assert_ptr_equal(h, HANDLE);
    assert_int_not_equal(t, XBT_NULL);
    if (fail_write_after == 0) {
        errno = ENOSPC;
        return false;
    }
    fail_write_after -= fail_write_after > 0;
    if (n == NULL) {
        assert_true(node_count < NODES_MAX);
        n = &nodes[node_count++];
        (void)snprintf(n->path, sizeof(n->path), "%s", path);
    }
    (void)snprintf(n->value, sizeof(n->value), "%.*s", (int)len,
                   (const char *)data);
    return true;
}

void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned int *len)
{
    struct node *n = find(path);

    (void)h;
    (void)t;
    *len = n != NULL ? (unsigned int)strlen(n->value) : 0;
    return n != NULL ? strdup(n->value) : NULL;
}

bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned int num_perms)
{
    struct node *n = find(path);

    (void)h;
    (void)t;
    assert_non_null(n);
    assert_int_equal(num_perms, 2);
    memcpy(n->perms, perms, sizeof(n->perms));
    n->perm_count = num_perms;
    return true;
}

xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h)
{
    (void)h;
    transactions++;
    return transactions;
}

bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort)
{
    (void)h;
    (void)t;
    aborted = abort;
    if (!abort && conflicts > 0) {
        conflicts--;
        errno = EAGAIN;
        return false;
    }
    return true;
}

bool __wrap_xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                                unsigned long mfn, unsigned int eventchn)
{
    (void)h;
    assert_int_equal(domid, 7);
    assert_int_equal(mfn, 0x1111);
    assert_int_equal(eventchn, 11);
    introduced++;
    return true;
}

static bool below(const char *path, const char *top)
{
    size_t length = strlen(top);

    return strncmp(path, top, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    unsigned int kept = 0;

    (void)h;
    (void)t;
    for (unsigned int i = 0; i < node_count; i++) {
        if (!below(nodes[i].path, path)) {
            nodes[kept++] = nodes[i];
        }
    }
    node_count = kept;
    return true;
}

/* Only asked whether it is empty. */
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned int *num)
{
    (void)h;
    (void)t;
    *num = 0;
    for (unsigned int i = 0; i < node_count; i++) {
        *num += below(nodes[i].path, path) && strcmp(nodes[i].path, path) != 0;
    }
    return calloc(1, sizeof(char *));
}

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

static int reset(void **state)
{
    (void)state;
    memset(nodes, 0, sizeof(nodes));
    node_count = 0;
    conflicts = 0;
    transactions = 0;
    fail_write_after = -1;
    aborted = false;
    introduced = 0;
    return 0;
}

static void has(const char *path, const char *value)
{
    struct node *n = find(path);

    if (n == NULL) {
        fail_msg("no node %s", path);
        return;
    }
    assert_string_equal(n->value, value);
}

static void a_guest_has_what_the_stock_tools_look_for(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    assert_int_equal(introduced, 1);
    has("/local/domain/7/name", "g");
    has("/local/domain/7/domid", "7");
    has("/local/domain/7/vm", "/vm/12340000-0000-0000-0000-000000000000");
    has("/vm/12340000-0000-0000-0000-000000000000/name", "g");
    has("/local/domain/7/memory/target", "262144");
    has("/local/domain/7/memory/static-max", "524288");
    has("/local/domain/7/cpu/1/availability", "online");
    has("/local/domain/7/cpu/2/availability", "offline");
    has("/local/domain/7/store/port", "11");
    has("/local/domain/7/store/ring-ref", "4369");
    has("/local/domain/7/console/port", "12");
    has("/local/domain/7/console/ring-ref", "8738");
    has("/local/domain/7/console/type", "xenconsoled");
    has("/local/domain/0/backend/console/7/0/frontend",
        "/local/domain/7/console");
    has("/libxl/7/type", "pv");
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
    for (unsigned int i = 0; i < node_count; i++) {
        assert_int_equal(nodes[i].perm_count, 2);
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)snprintf(path, sizeof(path), "/local/domain/7/%s", own[i]);
        assert_int_equal(find(path)->perms[0].id, 7);
        assert_int_equal(find(path)->perms[0].perms, XS_PERM_NONE);
    }
    for (size_t i = 0; i < sizeof(not_own) / sizeof(not_own[0]); i++) {
        (void)snprintf(path, sizeof(path), "/local/domain/7%s", not_own[i]);
        assert_int_equal(find(path)->perms[0].id, 0);
        assert_int_equal(find(path)->perms[1].id, 7);
        assert_int_equal(find(path)->perms[1].perms, XS_PERM_READ);
    }
    assert_int_equal(find("/libxl/7/type")->perms[1].perms, XS_PERM_NONE);
}

static void a_conflict_is_tried_again(void **state)
{
    (void)state;
    conflicts = 2;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    assert_int_equal(transactions, 3);
    assert_int_equal(introduced, 1);
}

static void a_refused_write_aborts_and_introduces_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i += 7) {
        (void)reset(NULL);
        fail_write_after = i;
        errno = 0;
        assert_int_equal(store_add(HANDLE, &guest), -1);
        assert_true(aborted);
        assert_int_equal(introduced, 0);
        assert_int_equal(transactions, 1);
    }
}

static void nothing_remains_of_a_removed_guest(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    store_remove(HANDLE, 7, "12340000-0000-0000-0000-000000000000");
    assert_int_equal(node_count, 0);
}

static void another_guests_console_stays(void **state)
{
    (void)state;
    assert_int_equal(store_add(HANDLE, &guest), 0);
    (void)__wrap_xs_write(HANDLE, 1, "/local/domain/0/backend/console/70/0",
                          "x", 1);
    (void)__wrap_xs_write(HANDLE, 1, "/local/domain/70/name", "x", 1);
    store_remove(HANDLE, 7, "12340000-0000-0000-0000-000000000000");
    assert_int_equal(node_count, 2);
    has("/local/domain/70/name", "x");
}

static void a_device_is_written_for_both_sides(void **state)
{
    static const char *const spec[] = {"/a.img,raw,xvda,w"};
    struct device d;
    char *message;

    (void)state;
    assert_int_equal(disk_parse(spec, 1, &d, &message), 0);
    assert_int_equal(store_add_device(HANDLE, 7, &d), 0);
    has("/local/domain/0/backend/vbd/7/51712/frontend",
        "/local/domain/7/device/vbd/51712");
    has("/local/domain/0/backend/vbd/7/51712/state", "1");
    has("/local/domain/0/backend/vbd/7/51712/params", "/a.img");
    has("/local/domain/7/device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/7/51712");
    has("/local/domain/7/device/vbd/51712/virtual-device", "51712");
    has("/libxl/7/device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/7/51712");
    /* the guest may write its own side, read dom0's, not see the tools' */
    assert_int_equal(
        find("/local/domain/7/device/vbd/51712/state")->perms[0].id, 7);
    assert_int_equal(
        find("/local/domain/0/backend/vbd/7/51712/params")->perms[0].id, 0);
    assert_int_equal(
        find("/local/domain/0/backend/vbd/7/51712/params")->perms[1].perms,
        XS_PERM_READ);
    assert_int_equal(find("/libxl/7/device/vbd/51712/params")->perms[1].perms,
                     XS_PERM_NONE);
    assert_int_equal(store_add_device(HANDLE, 7, &d), -1);
    assert_int_equal(errno, EEXIST);
    (void)__wrap_xs_write(
        HANDLE, 1, "/local/domain/0/error/backend/vbd/7/51712/error", "x", 1);
    store_remove_device(HANDLE, 7, DEVICE_VBD, 51712);
    assert_int_equal(node_count, 0);
    device_free(&d);
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_has_what_the_stock_tools_look_for),
        TEST(the_guest_writes_only_what_is_its_own),
        TEST(a_conflict_is_tried_again),
        TEST(a_refused_write_aborts_and_introduces_nothing),
        TEST(nothing_remains_of_a_removed_guest),
        TEST(another_guests_console_stays),
        TEST(a_device_is_written_for_both_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
