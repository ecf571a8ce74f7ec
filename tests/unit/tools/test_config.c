// SPDX-License-Identifier: MIT
/* dom0-tools/xlite/config.c: xl.cfg to what xlite does. */
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "xlite/config.h"

#define BASE "name = \"g\"\nkernel = \"/k\"\n"

static void good(const char *text, struct guest_config *c)
{
    char *message = NULL;

    if (config_parse("f", text, strlen(text), c, &message) != 0) {
        fail_msg("%s", message);
    }
}

static void bad(const char *text, const char *words)
{
    struct guest_config c;
    char *message = NULL;

    assert_int_equal(config_parse("f", text, strlen(text), &c, &message), -1);
    assert_non_null(message);
    if (strstr(message, words) == NULL) {
        fail_msg("'%s' does not contain '%s'", message, words);
    }
    free(message);
    config_free(&c);
}

static void the_least_has_defaults(void **state)
{
    struct guest_config c;

    (void)state;
    good(BASE, &c);
    assert_string_equal(c.name, "g");
    assert_string_equal(c.kernel, "/k");
    assert_null(c.ramdisk);
    assert_string_equal(c.cmdline, "");
    assert_int_equal(c.memory_mib, 128);
    assert_int_equal(c.max_memory_mib, 128);
    assert_int_equal(c.vcpus, 1);
    assert_int_equal(c.max_vcpus, 1);
    assert_int_equal(c.max_event_channels, 1023);
    assert_int_equal(c.max_grant_frames, -1);
    assert_int_equal(c.on_poweroff, ACTION_DESTROY);
    assert_int_equal(c.on_reboot, ACTION_RESTART);
    assert_int_equal(c.on_crash, ACTION_DESTROY);
    assert_false(c.uuid_given);
    assert_false(c.cap_given);
    config_free(&c);
}

static void everything_is_read(void **state)
{
    static const uint8_t uuid[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                                     0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
                                     0x89, 0xab, 0xcd, 0xef};
    struct guest_config c;

    (void)state;
    good(BASE "ramdisk = \"/r\"\ntype = \"pv\"\nmemory = 256\nmaxmem = 512\n"
              "vcpus = 2\nmaxvcpus = 4\ncpus = \"0-1\"\ncpu_weight = 512\n"
              "cap = 50\nuuid = \"01234567-89ab-cdef-0123-456789ABCDEF\"\n"
              "on_poweroff = \"preserve\"\non_reboot = \"destroy\"\n"
              "on_crash = \"restart\"\nmax_event_channels = 4095\n"
              "max_grant_frames = 32\nroot = \"/dev/xvda\"\nextra = \"ro\"\n",
         &c);
    assert_string_equal(c.ramdisk, "/r");
    assert_int_equal(c.memory_mib, 256);
    assert_int_equal(c.max_memory_mib, 512);
    assert_int_equal(c.vcpus, 2);
    assert_int_equal(c.max_vcpus, 4);
    assert_string_equal(c.cpus, "0-1");
    assert_int_equal(c.weight, 512);
    assert_true(c.cap_given);
    assert_int_equal(c.cap, 50);
    assert_memory_equal(c.uuid, uuid, 16);
    assert_int_equal(c.on_poweroff, ACTION_PRESERVE);
    assert_int_equal(c.on_reboot, ACTION_DESTROY);
    assert_int_equal(c.on_crash, ACTION_RESTART);
    assert_int_equal(c.max_event_channels, 4095);
    assert_int_equal(c.max_grant_frames, 32);
    assert_string_equal(c.cmdline, "root=/dev/xvda ro");
    config_free(&c);
}

static void cmdline_wins_over_root_and_extra(void **state)
{
    struct guest_config c;

    (void)state;
    good(BASE "root = \"/dev/x\"\ncmdline = \"only this\"\n", &c);
    assert_string_equal(c.cmdline, "only this");
    config_free(&c);
    good(BASE "extra = \"just extra\"\n", &c);
    assert_string_equal(c.cmdline, "just extra");
    config_free(&c);
}

static void syntax_errors_name_the_line(void **state)
{
    (void)state;
    bad("name = = 3\n", "f:1:");
    bad(BASE "memory = [ 1, \n", "malformed");
    bad("\n\nthis is not a config", "f:3:");
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    bad("kernel = \"/k\"\n", "no name");
    bad("name = \"g\"\n", "no kernel");
    bad("name = \"a/b\"\nkernel = \"/k\"\n", "must not contain");
    bad("name = \"17\"\nkernel = \"/k\"\n", "must not be a number");
    bad(BASE "memory = 0\n", "memory=0");
    bad(BASE "memory = \"many\"\n", "must be a number");
    bad(BASE "memory = 300\nmaxmem = 200\n", "less than memory");
    bad(BASE "vcpus = 129\n", "from 1 to 128");
    bad(BASE "vcpus = 4\nmaxvcpus = 2\n", "less than vcpus");
    bad(BASE "on_crash = \"explode\"\n", "destroy, restart or preserve");
    bad(BASE "uuid = \"1234\"\n", "32 hexadecimal digits");
    bad(BASE "type = \"hvm\"\n", "PV guests only");
    bad(BASE "builder = \"hvm\"\n", "PV guests only");
    bad(BASE "disk = [ \"/x,qcow2,xvda,w\" ]\n", "qemu-img");
    bad(BASE "disk = [ \"/x,raw,xvda,w\", \"/y,raw,51712,w\" ]\n",
        "another has");
    bad(BASE "disk = \"/x,raw,xvda,w\"\n", "must be a list");
    bad(BASE "vif = [ \"mac=x\" ]\n", "mac=x");
    bad(BASE "vif = [ [ \"mac=x\" ] ]\n", "entry 1 is not a text");
    bad(BASE "vif = [ \"devid=1\", \"\" ]\n", "another has");
    bad(BASE "cpus = [ \"0\", \"1\" ]\n", "cpus: must be one value");
    bad(BASE "memory = [ 256 ]\n", "memory: must be one value");
    bad("name = \"g\"\nkernel = [ \"/k\" ]\n", "kernel: must be one value");
    bad(BASE "pci = [ \"0:1.0\" ]\n", "pci:");
}

static void devices_are_disks_then_interfaces(void **state)
{
    struct guest_config c;

    (void)state;
    good(BASE "vif = [ \"\", \"mac=00:16:3e:00:00:01\" ]\n"
              "disk = [ \"/x,raw,xvda,w\" ]\n",
         &c);
    assert_int_equal(c.device_count, 3);
    assert_string_equal(c.devices[0].name, "xvda");
    assert_int_equal(c.devices[1].devid, 0);
    assert_int_equal(c.devices[2].devid, 1);
    assert_string_equal(c.devices[2].name, "00:16:3e:00:00:01");
    config_free(&c);
}

static void an_empty_device_list_is_harmless(void **state)
{
    struct guest_config c;

    (void)state;
    good(BASE "disk = [ ]\nvif = [ ]\n", &c);
    config_free(&c);
}

static void the_last_line_may_be_a_comment(void **state)
{
    struct guest_config c;

    (void)state;
    good(BASE "# that is all", &c);
    assert_string_equal(c.kernel, "/k");
    config_free(&c);
}

static void a_long_command_line_is_refused(void **state)
{
    char text[1300] = BASE "cmdline = \"";
    size_t used = strlen(text);
    struct guest_config c;

    (void)state;
    memset(text + used, 'x', 1023);
    memcpy(text + used + 1023, "\"\n", 3);
    good(text, &c);
    assert_int_equal(strlen(c.cmdline), 1023);
    config_free(&c);
    memset(text + used, 'x', 1024);
    memcpy(text + used + 1024, "\"\n", 3);
    bad(text, "at most 1023");
}

/* A guest is started again by a process in another directory. */
static void files_have_their_whole_path(void **state)
{
    char here[4096];
    char path[4200];
    struct guest_config c;

    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    good("name = \"g\"\nkernel = \"k\"\nramdisk = \"\"\n"
         "disk = [ \"d.img,raw,xvda,w\" ]\n",
         &c);
    (void)snprintf(path, sizeof(path), "%s/k", here);
    assert_string_equal(c.kernel, path);
    assert_null(c.ramdisk);
    (void)snprintf(path, sizeof(path), "%s/d.img", here);
    assert_string_equal(c.devices[0].target, path);
    config_free(&c);
}

static void cpus_are_lists_and_ranges(void **state)
{
    static const struct {
        const char *text;
        int rc;
        uint8_t map;
    } cases[] = {
        {"all", 0, 0xff}, {"0", 0, 0x01},      {"1,3", 0, 0x0a},
        {"2-4", 0, 0x1c}, {"0-7,^3", 0, 0xf7}, {"all,^0", 0, 0xfe},
        {"8", -1, 0},     {"3-2", -1, 0},      {"x", -1, 0},
        {"1-", -1, 0},    {"-1", -1, 0},       {"", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t map = 0;

        assert_int_equal(config_parse_cpus(cases[i].text, 8, &map),
                         cases[i].rc);
        if (cases[i].rc == 0) {
            assert_int_equal(map, cases[i].map);
        }
    }
}

static void uuids_need_all_their_digits(void **state)
{
    uint8_t uuid[16];

    (void)state;
    assert_int_equal(
        config_parse_uuid("0123456789abcdef0123456789abcdef", uuid), 0);
    assert_int_equal(uuid[15], 0xef);
    assert_int_equal(config_parse_uuid("0123456789abcdef0123456789abcde", uuid),
                     -1);
    assert_int_equal(
        config_parse_uuid("0123456789abcdef0123456789abcdef0", uuid), -1);
    assert_int_equal(
        config_parse_uuid("0123456789abcdef0123456789abcdeg", uuid), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_has_defaults),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(cmdline_wins_over_root_and_extra),
        cmocka_unit_test(syntax_errors_name_the_line),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(an_empty_device_list_is_harmless),
        cmocka_unit_test(devices_are_disks_then_interfaces),
        cmocka_unit_test(the_last_line_may_be_a_comment),
        cmocka_unit_test(a_long_command_line_is_refused),
        cmocka_unit_test(files_have_their_whole_path),
        cmocka_unit_test(cpus_are_lists_and_ranges),
        cmocka_unit_test(uuids_need_all_their_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
