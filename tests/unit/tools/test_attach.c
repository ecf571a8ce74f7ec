// SPDX-License-Identifier: MIT
/*
 * dom0-tools/xlite/attach.c and hotplug.c: devices come and go, against a
 * xenstore and back ends played here, and scripts that are really run.
 */
#include "fake_store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xlite/device.h"
#include "xlite/hotplug.h"
#include "xlite/store.h"
#include "xlite/xlite.h"

#define BACK      "/local/domain/0/backend/vbd/7/51712"
#define FRONT     "/local/domain/7/device/vbd/51712"
#define VIF_BACK  "/local/domain/0/backend/vif/7/0"
#define VIF_FRONT "/local/domain/7/device/vif/0"

/* xlite's own are in main.c. */
const struct command commands[] = {{NULL, NULL, NULL, NULL}};

static struct xlite x = {.command = "test", .xsh = HANDLE};
static char directory[40];
static bool driver_loaded;
static bool guest_lets_go;
static time_t seconds;
static unsigned int naps;

int __wrap_usleep(useconds_t us);
int __real_usleep(useconds_t us);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* Our time is faster, but scripts need some of the real one. */
int __wrap_usleep(useconds_t us)
{
    (void)us;
    naps++;
    seconds += naps % 50 == 0;
    return __real_usleep(300);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    now->tv_sec = seconds;
    now->tv_nsec = 0;
    return 0;
}

static bool node_is(const char *directory_path, const char *leaf,
                    const char *value)
{
    char path[160];
    const struct node *n;

    (void)snprintf(path, sizeof(path), "%s/%s", directory_path, leaf);
    n = fake_store_find(path);
    return n != NULL && strcmp(n->value, value) == 0;
}

static void set_state(const char *directory_path, const char *value)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/state", directory_path);
    fake_store_put(path, value);
}

/* What the driver of one device does when it sees a change. */
static void play_backend(const char *back, const char *front)
{
    char state[160];

    (void)snprintf(state, sizeof(state), "%s/state", front);
    if (!driver_loaded) {
        return;
    }
    if (node_is(back, "state", "1")) {
        set_state(back, "2");
    } else if (node_is(back, "online", "0") &&
               (guest_lets_go || fake_store_find(state) == NULL)) {
        set_state(back, "6");
    }
}

static void play(const char *path)
{
    (void)path;
    play_backend(BACK, FRONT);
    play_backend(VIF_BACK, VIF_FRONT);
}

static int reset(void **state)
{
    (void)fake_store_reset(state);
    fake_store.changed = play;
    driver_loaded = true;
    guest_lets_go = true;
    (void)snprintf(directory, sizeof(directory), "/tmp/xlite-attach-%d",
                   getpid());
    return mkdir(directory, 0700);
}

static void in_directory(char path[64], const char *name)
{
    (void)snprintf(path, 64, "%s/%s", directory, name);
}

static int clean(void **state)
{
    static const char *const names[] = {"script", "said", "vbd", "vif"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        in_directory(path, names[i]);
        (void)unlink(path);
    }
    return rmdir(directory);
}

/* A script that notes how it was called, and then does @last. */
static void write_script(char path[64], const char *last)
{
    FILE *file;

    in_directory(path, "script");
    file = fopen(path, "we");
    assert_non_null(file);
    (void)fprintf(file,
                  "#!/bin/sh\n"
                  "cd %s\n"
                  "echo $* $XENBUS_TYPE $XENBUS_PATH $vif $netdev >>said\n%s\n",
                  directory, last);
    (void)fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
}

static void read_said(char text[512])
{
    char path[64];
    FILE *file;

    in_directory(path, "said");
    file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, 511, file)] = '\0';
    (void)fclose(file);
}

static void scripts_said(const char *wanted)
{
    char text[512];

    read_said(text);
    assert_string_equal(text, wanted);
}

static struct device a_disk(const char *script)
{
    char *spec = format_text("vdev=xvda,access=rw,script=%s,target=/a", script);
    const char *specs[] = {spec};
    struct device d;
    char *message;

    assert_int_equal(disk_parse(specs, 1, &d, &message), 0);
    free(spec);
    return d;
}

static struct device a_vif(const char *script)
{
    char *spec =
        format_text("mac=00:16:3e:00:00:01,gatewaydev=eth7,script=%s", script);
    struct device d;
    char *message;

    assert_int_equal(vif_parse(spec, &d, &message), 0);
    free(spec);
    return d;
}

/* A disk whose script does @last, attached or not to be. */
static struct device scripted_disk(const char *last, int attached)
{
    struct device d;
    char script[64];

    write_script(script, last);
    d = a_disk(script);
    assert_int_equal(device_attach(&x, 7, &d), attached);
    return d;
}

/* It ends with nothing in xenstore. */
static void end_disk(struct device *d)
{
    assert_int_equal(fake_store.node_count, 0);
    device_free(d);
}

static void a_disk_comes_and_goes(void **state)
{
    struct device d = scripted_disk("", 0);

    (void)state;
    fake_store_has(BACK "/state", "2");
    set_state(FRONT, "4");
    assert_int_equal(device_detach(&x, 7, DEVICE_VBD, 51712), 0);
    scripts_said("add vbd " BACK "\nremove vbd " BACK "\n");
    end_disk(&d);
}

static void interfaces_get_the_lowest_number(void **state)
{
    struct device first;
    struct device second;
    char script[64];

    (void)state;
    write_script(script, "");
    fake_store_put("/libxl/7/device/vif/1/backend", "x");
    first = a_vif(script);
    assert_int_equal(device_attach(&x, 7, &first), 0);
    assert_int_equal(first.devid, 0);
    fake_store_has(VIF_FRONT "/handle", "0");
    scripts_said("online type_if=vif vif " VIF_BACK " vif7.0 eth7\n");
    second = a_vif(script);
    second.devid_given = true;
    assert_int_equal(device_attach(&x, 7, &second), EXIT_FAILED);
    device_free(&first);
    device_free(&second);
}

static void without_a_driver_nothing_stays(void **state)
{
    struct device d;

    (void)state;
    driver_loaded = false;
    d = scripted_disk("", EXIT_FAILED);
    end_disk(&d);
}

static void a_script_that_fails_takes_the_device_away(void **state)
{
    struct device d = scripted_disk("exit 1", EXIT_FAILED);

    (void)state;
    scripts_said("add vbd " BACK "\nremove vbd " BACK "\n");
    end_disk(&d);
    d = a_disk("/no/such/script");
    assert_int_equal(device_attach(&x, 7, &d), EXIT_FAILED);
    end_disk(&d);
}

/* What a script that does @last comes to. */
static int run_script(const char *last)
{
    char script[64];
    struct hotplug h = {
        .script = script, .kind = DEVICE_VBD, .domid = 7, .path = "/x"};

    write_script(script, last);
    return hotplug_wait(hotplug_start(&h));
}

static void a_script_that_hangs_is_ended(void **state)
{
    (void)state;
    assert_string_equal(hotplug_message(run_script("sleep 600")),
                        "took longer than a minute");
}

/* As a parent may leave it. */
static void scripts_are_waited_for_with_sigchld_ignored(void **state)
{
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run_script("exit 3"), 3);
    (void)signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run_script(""), 0);
}

static void a_guest_that_holds_on_is_said(void **state)
{
    struct device d = scripted_disk("", 0);

    (void)state;
    set_state(FRONT, "4");
    guest_lets_go = false;
    assert_int_equal(device_detach(&x, 7, DEVICE_VBD, 51712), EXIT_TIMEOUT);
    fake_store_has(BACK "/online", "0");
    guest_lets_go = true;
    assert_int_equal(device_detach(&x, 7, DEVICE_VBD, 51712), 0);
    end_disk(&d);
}

static void a_guest_without_drivers_is_not_asked(void **state)
{
    struct device d;

    (void)state;
    guest_lets_go = false;
    d = scripted_disk("", 0);
    assert_int_equal(device_detach(&x, 7, DEVICE_VBD, 51712), 0);
    end_disk(&d);
}

static void attach_both(struct device *disk, struct device *vif)
{
    char script[64];

    *disk = scripted_disk("", 0);
    in_directory(script, "script");
    *vif = a_vif(script);
    assert_int_equal(device_attach(&x, 7, vif), 0);
}

static void the_end_takes_all_though_the_guest_holds_on(void **state)
{
    struct device disk;
    struct device vif;

    (void)state;
    guest_lets_go = false;
    attach_both(&disk, &vif);
    set_state(FRONT, "4");
    set_state(VIF_FRONT, "4");
    devices_end(&x, 7);
    assert_int_equal(fake_store.node_count, 0);
    device_free(&disk);
    device_free(&vif);
}

/* Each script waits for the other, in vain if it is not begun. */
static void at_the_end_scripts_run_side_by_side(void **state)
{
    static const char both[] = "both\nboth\n";
    struct device disk =
        scripted_disk("case $1 in remove | offline) ;; *) exit 0 ;; esac\n"
                      ">$XENBUS_TYPE\n"
                      "until [ -e vbd ] && [ -e vif ]; do sleep 0.01; done\n"
                      "echo both >>said",
                      0);
    struct device vif = a_vif(disk.script);
    char text[512];

    (void)state;
    assert_int_equal(device_attach(&x, 7, &vif), 0);
    devices_end(&x, 7);
    assert_int_equal(fake_store.node_count, 0);
    read_said(text);
    assert_string_equal(text + strlen(text) - strlen(both), both);
    device_free(&disk);
    device_free(&vif);
}

/* Each node of @before is there, with its value. */
static void store_is(const struct fake_store *before)
{
    assert_int_equal(fake_store.node_count, before->node_count);
    for (unsigned int i = 0; i < before->node_count; i++) {
        fake_store_has(before->nodes[i].path, before->nodes[i].value);
    }
}

static void what_a_guest_has_can_be_attached_again(void **state)
{
    static struct fake_store before;
    struct device disk;
    struct device vif;
    struct device *again;

    (void)state;
    attach_both(&disk, &vif);
    before = fake_store;
    fake_store_put(FRONT "/trusted", "9");
    set_state(FRONT, "4");
    assert_int_equal(devices_read(&x, 7, &again), 2);
    devices_end(&x, 7);
    assert_int_equal(fake_store.node_count, 0);
    for (unsigned int i = 0; i < 2; i++) {
        assert_string_equal(again[i].name, i == 0 ? disk.name : vif.name);
        assert_int_equal(device_attach(&x, 7, &again[i]), 0);
        device_free(&again[i]);
    }
    store_is(&before);
    free(again);
    device_free(&disk);
    device_free(&vif);
}

static void what_is_half_there_is_not_read(void **state)
{
    struct device *none;

    (void)state;
    fake_store_put("/libxl/7/device/vbd/51712/dev", "xvda");
    assert_int_equal(devices_read(&x, 7, &none), 0);
    free(none);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_disk_comes_and_goes),
        TEST(interfaces_get_the_lowest_number),
        TEST(without_a_driver_nothing_stays),
        TEST(a_script_that_fails_takes_the_device_away),
        TEST(a_script_that_hangs_is_ended),
        TEST(scripts_are_waited_for_with_sigchld_ignored),
        TEST(a_guest_that_holds_on_is_said),
        TEST(a_guest_without_drivers_is_not_asked),
        TEST(the_end_takes_all_though_the_guest_holds_on),
        TEST(at_the_end_scripts_run_side_by_side),
        TEST(what_a_guest_has_can_be_attached_again),
        TEST(what_is_half_there_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
