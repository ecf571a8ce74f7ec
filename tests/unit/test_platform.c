/* SPDX-License-Identifier: MIT */
/*
 * platform_op: time, firmware, power (hypercall/platform_op.c).
 */
#include "fake_world.h"

#include <string.h>

#include <xen/platform.h>

#include "hypercall.h"
#include "platform.h"

static struct xen_platform_op op_of(uint32_t cmd)
{
    struct xen_platform_op op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return op;
}

static long platform(struct xen_platform_op *op)
{
    long rc;

    memcpy(world_arg(0), op, sizeof(*op));
    rc = fake_hypercall(world_dom0->v, __HYPERVISOR_platform_op,
                        world_arg_va(0), 0, 0, 0);
    memcpy(op, world_arg(0), sizeof(*op));
    return rc;
}

static void only_dom0_and_only_this_interface(void **state)
{
    struct xen_platform_op op = op_of(XENPF_get_cpuinfo);

    (void)state;
    world_dom0->d->privileged = false;
    assert_int_equal(platform(&op), -XEN_EPERM);
    world_dom0->d->privileged = true;
    op.interface_version++;
    assert_int_equal(platform(&op), -XEN_EACCES);
    assert_int_equal(fake_hypercall(world_dom0->v, __HYPERVISOR_platform_op,
                                    WORLD_BAD_VA, 0, 0, 0),
                     -XEN_EFAULT);
    op = op_of(999);
    assert_int_equal(platform(&op), -XEN_ENOSYS);
}

static void settime_sets_the_wallclock(void **state)
{
    struct xen_platform_op op = op_of(XENPF_settime64);

    (void)state;
    op.u.settime64.secs = 0x100000005ULL;
    op.u.settime64.nsecs = 7;
    op.u.settime64.system_time = 2 * WORLD_S;
    assert_int_equal(platform(&op), 0);
    assert_int_equal(world_dom0->d->shared->wc_sec, 3);
    assert_int_equal(world_dom0->d->shared->wc_sec_hi, 1);
    assert_int_equal(world_dom0->d->shared->wc_nsec, 7);
    op = op_of(XENPF_settime32);
    op.u.settime32.secs = 1000;
    op.u.settime32.nsecs = 5;
    op.u.settime32.system_time = 10;
    assert_int_equal(platform(&op), 0);
    assert_int_equal(world_dom0->d->shared->wc_sec, 999);
    assert_int_equal(world_dom0->d->shared->wc_nsec, 999999995);
    op = op_of(XENPF_settime64);
    op.u.settime64.mbz = 1;
    assert_int_equal(platform(&op), -XEN_EINVAL);
    assert_int_equal(world_dom0->d->shared->wc_sec, 999);
}

static long firmware(struct xen_platform_op *op, uint32_t type, uint32_t index)
{
    op->cmd = XENPF_firmware_info;
    op->interface_version = XENPF_INTERFACE_VERSION;
    op->u.firmware_info.type = type;
    op->u.firmware_info.index = index;
    return platform(op);
}

static void bios_firmware_has_nothing_to_tell(void **state)
{
    struct xen_platform_op op = op_of(0);

    (void)state;
    assert_int_equal(firmware(&op, XEN_FW_DISK_INFO, 0), -XEN_ESRCH);
    assert_int_equal(firmware(&op, XEN_FW_DISK_MBR_SIGNATURE, 0), -XEN_ESRCH);
    assert_int_equal(firmware(&op, XEN_FW_VBEDDC_INFO, 0), -XEN_ESRCH);
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, 0), -XEN_ENOSYS);
    assert_int_equal(firmware(&op, XEN_FW_KBD_SHIFT_FLAGS, 0), 0);
    assert_int_equal(firmware(&op, XEN_FW_KBD_SHIFT_FLAGS, 1), -XEN_ESRCH);
    assert_int_equal(firmware(&op, 77, 0), -XEN_EINVAL);
}

/* Type, pad, physical, virtual, pages, attributes; and a later addition. */
static const uint64_t efi_map[] = {
    7, 0x1000, 0, 4, 0xf, 0, 9, 0x100000, 0, 2, 0x3, 0,
};

static int efi_setup(void **state)
{
    static const uint16_t vendor[] = {'E', 'D', 'K', 0};

    memset(&platform_info, 0, sizeof(platform_info));
    platform_info.efi = true;
    platform_info.efi_version = 0x20046;
    platform_info.efi_config_table = 0x7f000018;
    platform_info.efi_config_count = 9;
    platform_info.efi_vendor_revision = 0x10000;
    memcpy(platform_info.efi_vendor, vendor, sizeof(vendor));
    platform_info.efi_map = (const uint8_t *)efi_map;
    platform_info.efi_map_bytes = sizeof(efi_map);
    platform_info.efi_descriptor_bytes = 48;
    return world_dom0_setup(state);
}

static int efi_teardown(void **state)
{
    memset(&platform_info, 0, sizeof(platform_info));
    return world_dom0_teardown(state);
}

static void efi_tables_are_told(void **state)
{
    struct xen_platform_op op = op_of(0);
    union xenpf_efi_info *info = &op.u.firmware_info.u.efi_info;

    (void)state;
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION), 0);
    assert_int_equal(info->version, 0x20046);
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, XEN_FW_EFI_CONFIG_TABLE),
                     0);
    assert_int_equal(info->cfg.addr, 0x7f000018);
    assert_int_equal(info->cfg.nent, 9);
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, 99), -XEN_EINVAL);
}

static void efi_vendor_is_cut_to_the_buffer(void **state)
{
    struct xen_platform_op op = op_of(0);
    union xenpf_efi_info *info = &op.u.firmware_info.u.efi_info;
    uint16_t *name = world_arg(512);

    (void)state;
    memset(name, 0xff, 64);
    info->vendor.bufsz = 4;
    info->vendor.name.p = (void *)world_arg_va(512);
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, XEN_FW_EFI_VENDOR), 0);
    assert_int_equal(info->vendor.revision, 0x10000);
    assert_int_equal(name[1], 'D');
    assert_int_equal(name[2], 0xffff);
    info->vendor.bufsz = 64;
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, XEN_FW_EFI_VENDOR), 0);
    assert_int_equal(name[2], 'K');
    assert_int_equal(name[3], 0);
    assert_int_equal(name[4], 0xffff);
    info->vendor.bufsz = 64;
    info->vendor.name.p = (void *)WORLD_BAD_VA;
    assert_int_equal(firmware(&op, XEN_FW_EFI_INFO, XEN_FW_EFI_VENDOR),
                     -XEN_EFAULT);
}

static long efi_memory(struct xen_platform_op *op, uint64_t addr, uint64_t size)
{
    op->u.firmware_info.u.efi_info.mem.addr = addr;
    op->u.firmware_info.u.efi_info.mem.size = size;
    return firmware(op, XEN_FW_EFI_INFO, XEN_FW_EFI_MEM_INFO);
}

static void efi_memory_is_found_by_address(void **state)
{
    struct xen_platform_op op = op_of(0);
    union xenpf_efi_info *info = &op.u.firmware_info.u.efi_info;

    (void)state;
    assert_int_equal(efi_memory(&op, 0x2000, 0), 0);
    assert_int_equal(info->mem.type, 7);
    assert_int_equal(info->mem.size, 0x3000);
    assert_int_equal(info->mem.attr, 0xf);
    assert_int_equal(efi_memory(&op, 0x100000, 0x1000), 0);
    assert_int_equal(info->mem.type, 9);
    assert_int_equal(info->mem.size, 0x1000);
    assert_int_equal(efi_memory(&op, 0x101fff, 0x1000), 0);
    assert_int_equal(info->mem.size, 1);
    assert_int_equal(efi_memory(&op, 0x5000, 0), -XEN_ESRCH);
    assert_int_equal(efi_memory(&op, 0xfff, 0), -XEN_ESRCH);
    assert_int_equal(efi_memory(&op, ~0ULL, 0), -XEN_ESRCH);
}

static void acpi_sleep_reaches_the_machine(void **state)
{
    struct xen_platform_op op = op_of(XENPF_enter_acpi_sleep);
    uint32_t sleep_state;
    uint16_t val_a;
    uint16_t val_b;

    (void)state;
    op.u.enter_acpi_sleep.flags = 2;
    assert_int_equal(platform(&op), -XEN_EINVAL);
    op.u.enter_acpi_sleep.flags = XENPF_ACPI_SLEEP_EXTENDED;
    assert_int_equal(platform(&op), -XEN_EPERM);
    assert_false(fake_acpi_sleep_asked(&sleep_state, &val_a, &val_b));
    op.u.enter_acpi_sleep.flags = 0;
    op.u.enter_acpi_sleep.sleep_state = 5;
    op.u.enter_acpi_sleep.val_a = 0x3400;
    op.u.enter_acpi_sleep.val_b = 0x12;
    (void)platform(&op);
    assert_true(fake_acpi_sleep_asked(&sleep_state, &val_a, &val_b));
    assert_int_equal(sleep_state, 5);
    assert_int_equal(val_a, 0x3400);
    assert_int_equal(val_b, 0x12);
}

static void cpu_info_tells_present_and_online(void **state)
{
    struct xen_platform_op op = op_of(XENPF_get_cpuinfo);

    (void)state;
    core_cpus[2]->apic_id = 0x44;
    core_cpus[2]->acpi_id = 0x45;
    op.u.pcpu_info.xen_cpuid = 2;
    assert_int_equal(platform(&op), 0);
    assert_int_equal(op.u.pcpu_info.max_present, FAKE_CPUS - 1);
    assert_int_equal(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE);
    assert_int_equal(op.u.pcpu_info.apic_id, 0x44);
    assert_int_equal(op.u.pcpu_info.acpi_id, 0x45);
    cpumask_clear(&cpus_online, 2);
    assert_int_equal(platform(&op), 0);
    assert_int_equal(op.u.pcpu_info.flags, 0);
    cpumask_set(&cpus_online, 2);
    op.u.pcpu_info.xen_cpuid = FAKE_CPUS;
    assert_int_equal(platform(&op), 0);
    assert_int_equal(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
    op.u.pcpu_info.xen_cpuid = 0xffffffff;
    assert_int_equal(platform(&op), 0);
    assert_int_equal(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
}

static void cpu_version_spells_the_vendor(void **state)
{
    struct xen_platform_op op = op_of(XENPF_get_cpu_version);

    (void)state;
    fake_set_cpuid(
        0, 0, (struct cpuid_result){4, 0x756e6547, 0x6c65746e, 0x49656e69});
    fake_set_cpuid(1, 0, (struct cpuid_result){0x000106a3, 0, 0, 0});
    assert_int_equal(platform(&op), 0);
    assert_memory_equal(op.u.pcpu_version.vendor_id, "GenuineIntel", 12);
    assert_int_equal(op.u.pcpu_version.family, 6);
    assert_int_equal(op.u.pcpu_version.model, 0x1a);
    assert_int_equal(op.u.pcpu_version.stepping, 3);
    fake_set_cpuid(1, 0, (struct cpuid_result){0x00800f12, 0, 0, 0});
    assert_int_equal(platform(&op), 0);
    assert_int_equal(op.u.pcpu_version.family, 0x17);
}

static void power_tables_are_accepted(void **state)
{
    struct xen_platform_op op = op_of(XENPF_set_processor_pminfo);

    (void)state;
    op.u.set_pminfo.type = XEN_PM_CX;
    op.u.set_pminfo.id = core_cpus[1]->acpi_id;
    assert_int_equal(platform(&op), 0);
    op.u.set_pminfo.id = 9999;
    assert_int_equal(platform(&op), -XEN_EINVAL);
    op.u.set_pminfo.type = XEN_PM_PDC;
    assert_int_equal(platform(&op), 0);
    op.u.set_pminfo.type = 9;
    assert_int_equal(platform(&op), -XEN_EINVAL);
}

static void what_is_not_offered_has_xens_errno(void **state)
{
    static const struct {
        uint32_t cmd;
        long rc;
    } cases[] = {
        {XENPF_efi_runtime_call, -XEN_ENOSYS},
        {XENPF_cpu_online, 0}, /* CPU 0 is */
        {XENPF_cpu_offline, -XEN_EOPNOTSUPP},
        {XENPF_cpu_hotadd, -XEN_EINVAL},
        {XENPF_get_symbol, -XEN_ENOSYS},
        {XENPF_mem_hotadd, -XEN_EOPNOTSUPP},
        {XENPF_core_parking, -XEN_EINVAL}, /* of no type */
    };
    struct xen_platform_op parking = op_of(XENPF_core_parking);

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(cases); i++) {
        struct xen_platform_op op = op_of(cases[i].cmd);

        assert_int_equal(platform(&op), cases[i].rc);
    }
    parking.u.core_parking.type = XEN_CORE_PARKING_GET;
    assert_int_equal(platform(&parking), -XEN_EOPNOTSUPP);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, world_dom0_setup, world_dom0_teardown)
#define CASE_EFI(name) \
    cmocka_unit_test_setup_teardown(name, efi_setup, efi_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_dom0_and_only_this_interface),
        CASE(settime_sets_the_wallclock),
        CASE(bios_firmware_has_nothing_to_tell),
        CASE_EFI(efi_tables_are_told),
        CASE_EFI(efi_vendor_is_cut_to_the_buffer),
        CASE_EFI(efi_memory_is_found_by_address),
        CASE(acpi_sleep_reaches_the_machine),
        CASE(cpu_info_tells_present_and_online),
        CASE(cpu_version_spells_the_vendor),
        CASE(power_tables_are_accepted),
        CASE(what_is_not_offered_has_xens_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
