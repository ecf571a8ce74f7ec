// SPDX-License-Identifier: MIT
/* The hypervisor's command line: words, values, and what is said of bad ones.
 */
#include "fake.h"

#include <string.h>

#include "cmdline.h"
#include "grant_table.h"

static int setup(void **state)
{
    options = (struct options){0};
    grant_options = (struct grant_options)GRANT_OPTIONS_DEFAULT;
    return fake_setup(state);
}

static int teardown(void **state)
{
    grant_options = (struct grant_options)GRANT_OPTIONS_DEFAULT;
    return fake_teardown(state);
}

static void sizes_are_kib_without_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"mem=524288", 512ULL << 20}, {"mem=512M", 512ULL << 20},
        {"mem=4g", 4ULL << 30},       {"mem=4096B", 4096},
        {"mem=0x400K", 1ULL << 20},   {"mem=1T", 1ULL << 40},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        cmdline_parse(cases[i].text, true);
        assert_true(options.mem_limit == cases[i].bytes);
    }
    assert_string_equal(fake_console(), "");
}

static void bad_sizes_change_nothing_and_are_told(void **state)
{
    static const char *const bad[] = {
        "mem=",
        "mem=M",
        "mem=12Q",
        "mem=-1G",
        "mem=1G,",
        "mem",
        "mem=99999999999999999999",
        "mem=18014398509481984", /* 2^64 bytes */
    };

    (void)state;
    options.mem_limit = 7;
    for (unsigned int i = 0; i < ARRAY_COUNT(bad); i++) {
        cmdline_parse(bad[i], true);
        assert_true(options.mem_limit == 7);
    }
    assert_non_null(strstr(fake_console(), "mem has a bad value: \"-1G\""));
}

static void dom0_mem_has_three_parts(void **state)
{
    (void)state;
    cmdline_parse("dom0_mem=512M,min:131072,max:-1G", true);
    assert_true(options.dom0_mem.bytes == 512ULL << 20);
    assert_true(options.dom0_mem.min_bytes == 128ULL << 20);
    assert_true(options.dom0_mem.max_bytes == 1ULL << 30);
    assert_true(options.dom0_mem.max_negative);
    assert_false(options.dom0_mem.bytes_negative);
    /* All of it or nothing. */
    cmdline_parse("dom0_mem=1G,min:oops", true);
    assert_true(options.dom0_mem.bytes == 512ULL << 20);
    assert_non_null(strstr(fake_console(), "dom0_mem has a bad value"));
}

static void vcpus_are_a_range(void **state)
{
    static const struct {
        const char *text;
        unsigned int min, max;
    } cases[] = {
        {"dom0_max_vcpus=4", 4, 4},
        {"dom0_max_vcpus=2-8", 2, 8},
        {"dom0_max_vcpus=2-", 2, UINT32_MAX},
        {"dom0_max_vcpus=8-2", 2, UINT32_MAX},
        {"dom0_max_vcpus=-2", 2, UINT32_MAX},
        {"dom0_max_vcpus=2-8x", 2, UINT32_MAX},
        {"dom0_max_vcpus=4294967296", 2, UINT32_MAX},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        cmdline_parse(cases[i].text, true);
        assert_int_equal(options.dom0_vcpus_min, cases[i].min);
        assert_int_equal(options.dom0_vcpus_max, cases[i].max);
    }
}

static void truth_has_many_words(void **state)
{
    static const struct {
        const char *text;
        enum option_switch want;
    } cases[] = {
        {"smap", OPTION_ON},          {"no-smap", OPTION_OFF},
        {"smap=yes", OPTION_ON},      {"smap=0", OPTION_OFF},
        {"smap=enable", OPTION_ON},   {"smap=off", OPTION_OFF},
        {"smap=true", OPTION_ON},     {"smap=false", OPTION_OFF},
        {"smap=perhaps", OPTION_OFF}, {"no-smap=yes", OPTION_OFF},
    };

    (void)state;
    assert_int_equal(options.smap, OPTION_DEFAULT);
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        cmdline_parse(cases[i].text, true);
        assert_int_equal(options.smap, cases[i].want);
    }
    cmdline_parse("noreboot watchdog no-noreboot", true);
    assert_true(options.watchdog);
    assert_false(options.noreboot);
}

static void isolation_names_domains(void **state)
{
    static const struct {
        const char *text;
        enum option_switch want;
    } cases[] = {
        {"xpti=dom0=no,domu=yes", OPTION_ON},
        {"xpti=dom0=no,domu=no", OPTION_OFF},
        {"xpti=dom0", OPTION_ON},
        {"xpti=domu=no", OPTION_OFF},
        {"xpti=default", OPTION_DEFAULT},
        {"xpti", OPTION_ON},
        {"no-xpti", OPTION_OFF},
        {"xpti=maybe", OPTION_OFF},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        cmdline_parse(cases[i].text, true);
        assert_int_equal(options.xpti, cases[i].want);
    }
}

static void grants_have_a_list(void **state)
{
    (void)state;
    cmdline_parse("gnttab=max-ver:1,no-transitive gnttab_max_frames=12 "
                  "gnttab_max_maptrack_frames=0x10",
                  true);
    assert_int_equal(grant_options.max_version, 1);
    assert_true(grant_options.no_transitive);
    assert_false(grant_options.no_transfer);
    assert_int_equal(grant_options.max_frames, 12);
    assert_int_equal(grant_options.max_maptrack_frames, 16);
    cmdline_parse("gnttab=max-ver:2,transitive,transfer=no", true);
    assert_int_equal(grant_options.max_version, 2);
    assert_false(grant_options.no_transitive);
    assert_true(grant_options.no_transfer);
    assert_string_equal(fake_console(), "");
    cmdline_parse("gnttab=max-ver:3", true);
    assert_non_null(strstr(fake_console(), "gnttab has a bad value"));
}

static void text_must_fit(void **state)
{
    (void)state;
    cmdline_parse("  com1=115200,8n1   sched=credit2 ", true);
    assert_string_equal(options.com1, "115200,8n1");
    assert_string_equal(options.sched, "credit2");
    assert_string_equal(fake_console(), "");
    cmdline_parse("sched=0123456789abcdef", true);
    assert_int_equal(strlen(options.sched), 15);
    assert_non_null(strstr(fake_console(), "sched has a bad value"));
}

static void unknown_and_long_words_are_skipped(void **state)
{
    char text[300];

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text + 200, " mem=1M ", sizeof(" mem=1M "));
    cmdline_parse(text, false);
    assert_true(options.mem_limit == 1UL << 20);
    assert_string_equal(fake_console(), "");
    cmdline_parse(text, true);
    assert_non_null(strstr(fake_console(), "200 characters"));
    cmdline_parse("nonsense=1 iommu=on", true);
    assert_non_null(strstr(fake_console(), "Unknown option \"nonsense\""));
    assert_null(strstr(fake_console(), "iommu"));
    cmdline_parse("", true);
    cmdline_parse("=", true);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sizes_are_kib_without_a_unit),
        CASE(bad_sizes_change_nothing_and_are_told),
        CASE(dom0_mem_has_three_parts),
        CASE(vcpus_are_a_range),
        CASE(truth_has_many_words),
        CASE(isolation_names_domains),
        CASE(grants_have_a_list),
        CASE(text_must_fit),
        CASE(unknown_and_long_words_are_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
