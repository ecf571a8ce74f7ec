/* SPDX-License-Identifier: MIT */
/*
 * xen_version: each answer as tools and kernels parse it
 * (hypercall/version.c).
 */
#include "fake_world.h"

#include <string.h>

#include <xen/features.h>
#include <xen/version.h>

#include "hypercall.h"
#include "platform.h"

static long version(int cmd, unsigned long arg)
{
    return fake_hypercall(world_dom0->v, __HYPERVISOR_xen_version,
                          (unsigned long)cmd, arg, 0, 0);
}

/* Ask into a page of 0xff, so that what is not written shows. */
static const char *ask(int cmd)
{
    memset(world_arg(0), 0xff, PAGE_BYTES);
    assert_int_equal(version(cmd, world_arg_va(0)), 0);
    return world_arg(0);
}

static bool zero_between(const char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (text[i] != 0) {
            return false;
        }
    }
    return text[to] == (char)0xff;
}

static void version_is_4_17(void **state)
{
    (void)state;
    assert_int_equal(version(XENVER_version, 0), 4 << 16 | 17);
}

static void strings_fill_their_buffers(void **state)
{
    const char *text = ask(XENVER_extraversion);

    (void)state;
    assert_true(text[0] == '.');
    assert_true(zero_between(text, strlen(text), 16));
    text = ask(XENVER_capabilities);
    assert_string_equal(text, "xen-3.0-x86_64 ");
    assert_true(zero_between(text, strlen(text), 1024));
    text = ask(XENVER_changeset);
    assert_true(zero_between(text, strlen(text), 64));
    text = ask(XENVER_compile_info);
    assert_true(strlen(text) > 0);
    assert_true(text[sizeof(struct xen_compile_info)] == (char)0xff);
}

static void commandline_is_for_dom0(void **state)
{
    char text[1024];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(platform_info.command_line, text, sizeof(text));
    assert_string_equal(ask(XENVER_commandline), text);
    memcpy(platform_info.command_line, "dom0_mem=1G loglvl=all", 23);
    assert_string_equal(ask(XENVER_commandline), "dom0_mem=1G loglvl=all");
    assert_true(zero_between(world_arg(0), 22, 1024));
    world_dom0->d->privileged = false;
    assert_string_equal(ask(XENVER_commandline), "<denied>");
    assert_int_equal(version(XENVER_build_id, 0), -XEN_EPERM);
    world_dom0->d->privileged = true;
    assert_int_equal(version(XENVER_build_id, 0), -XEN_ENODATA);
}

static void platform_tells_where_we_begin(void **state)
{
    unsigned long start;

    (void)state;
    memcpy(&start, ask(XENVER_platform_parameters), sizeof(start));
    assert_int_equal(start, 0xffff800000000000UL);
}

static uint32_t features(unsigned int submap, long expected)
{
    struct xen_feature_info info = {.submap_idx = submap, .submap = 0x55};

    memcpy(world_arg(0), &info, sizeof(info));
    assert_int_equal(version(XENVER_get_features, world_arg_va(0)), expected);
    memcpy(&info, world_arg(0), sizeof(info));
    return info.submap;
}

static void features_have_what_linux_needs(void **state)
{
    uint32_t have = features(0, 0);

    (void)state;
    assert_true(have & 1U << XENFEAT_mmu_pt_update_preserve_ad);
    assert_true(have & 1U << XENFEAT_gnttab_map_avail_bits);
    assert_true(have & 1U << XENFEAT_highmem_assist);
    assert_true(have & 1U << XENFEAT_memory_op_vnode_supported);
    assert_true(have & 1U << XENFEAT_dom0);
    assert_false(have & 1U << XENFEAT_writable_page_tables);
    assert_false(have & 1U << XENFEAT_auto_translated_physmap);
    assert_false(have & 1U << XENFEAT_pae_pgdir_above_4gb);
    atomic_fetch_or(&world_dom0->d->vm_assist,
                    1UL << VMASST_TYPE_pae_extended_cr3);
    assert_true(features(0, 0) & 1U << XENFEAT_pae_pgdir_above_4gb);
    world_dom0->d->privileged = false;
    assert_false(features(0, 0) & 1U << XENFEAT_dom0);
    world_dom0->d->privileged = true;
}

static void other_submaps_are_refused(void **state)
{
    (void)state;
    assert_int_equal(features(1, -XEN_EINVAL), 0x55);
    assert_int_equal(features(0xffffffff, -XEN_EINVAL), 0x55);
}

static void pagesize_wants_no_argument(void **state)
{
    (void)state;
    assert_int_equal(version(XENVER_pagesize, 0), 4096);
    assert_int_equal(version(XENVER_pagesize, 8), -XEN_EINVAL);
}

static void handle_is_the_domains(void **state)
{
    (void)state;
    memset(world_dom0->d->handle, 0xa5, 16);
    assert_memory_equal(ask(XENVER_guest_handle), world_dom0->d->handle, 16);
    assert_int_equal(((uint8_t *)world_arg(0))[16], 0xff);
}

static void bad_addresses_are_efault(void **state)
{
    static const int commands[] = {
        XENVER_extraversion,        XENVER_compile_info, XENVER_capabilities,
        XENVER_changeset,           XENVER_get_features, XENVER_guest_handle,
        XENVER_platform_parameters, XENVER_commandline,
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(commands); i++) {
        assert_int_equal(version(commands[i], WORLD_BAD_VA), -XEN_EFAULT);
        assert_int_equal(version(commands[i], 0xffff830000000000UL),
                         -XEN_EFAULT);
    }
}

static void unknown_command_is_enosys(void **state)
{
    (void)state;
    assert_int_equal(version(11, world_arg_va(0)), -XEN_ENOSYS);
    assert_int_equal(version(-1, world_arg_va(0)), -XEN_ENOSYS);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(version_is_4_17),
        CASE(strings_fill_their_buffers),
        CASE(commandline_is_for_dom0),
        CASE(platform_tells_where_we_begin),
        CASE(features_have_what_linux_needs),
        CASE(other_submaps_are_refused),
        CASE(pagesize_wants_no_argument),
        CASE(handle_is_the_domains),
        CASE(bad_addresses_are_efault),
        CASE(unknown_command_is_enosys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
