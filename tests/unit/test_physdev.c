/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: each command with good and bad arguments, and who may call it.
 */
#include <string.h>

#include "event_world.h"
#include "pirq.h"

#include <xen/physdev.h>

static struct domain *dom0;
static struct domain *guest;

static int setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 2, true);
    guest = world_domain(5, 2, false);
    rangeset_add(&dom0->irqs, 1, WORLD_GSIS - 1);
    return 0;
}

static long op(struct domain *d, unsigned int command, void *arg)
{
    return world_call(d->vcpu[0], hc_physdev_op, command, WORLD_VA(arg), 0);
}

static long map(struct domain *caller, struct physdev_map_pirq *map)
{
    return op(caller, PHYSDEVOP_map_pirq, map);
}

static void set_iopl_keeps_the_level(void **state)
{
    struct physdev_set_iopl set = {.iopl = 1};

    (void)state;
    assert_int_equal(op(guest, PHYSDEVOP_set_iopl, &set), 0);
    assert_int_equal(guest->vcpu[0]->pv.iopl, 1);
    set.iopl = 4;
    assert_int_equal(op(guest, PHYSDEVOP_set_iopl, &set), -XEN_EINVAL);
    assert_int_equal(guest->vcpu[0]->pv.iopl, 1);
    assert_int_equal(guest->vcpu[1]->pv.iopl, 0);
}

static void set_iobitmap_keeps_address_and_size(void **state)
{
    struct physdev_set_iobitmap set = {.nr_ports = 65536};

    (void)state;
    set.bitmap.p = (void *)0x7000;
    assert_int_equal(op(guest, PHYSDEVOP_set_iobitmap, &set), 0);
    assert_int_equal(guest->vcpu[0]->pv.io_bitmap.address, 0x7000);
    assert_int_equal(guest->vcpu[0]->pv.io_bitmap_ports, 65536);
    set.nr_ports = 65537;
    assert_int_equal(op(guest, PHYSDEVOP_set_iobitmap, &set), -XEN_EINVAL);
    set.nr_ports = 8;
    set.bitmap.p = (void *)(1UL << 60);
    assert_int_equal(op(guest, PHYSDEVOP_set_iobitmap, &set), -XEN_EINVAL);
    assert_int_equal(guest->vcpu[0]->pv.io_bitmap.address, 0x7000);
}

static void setup_gsi_programs_the_line_once(void **state)
{
    struct physdev_setup_gsi setup_gsi = {
        .gsi = 9, .triggering = 1, .polarity = 1};

    (void)state;
    assert_int_equal(op(dom0, PHYSDEVOP_setup_gsi, &setup_gsi), 0);
    assert_true(world_irq(9)->level);
    assert_true(world_irq(9)->active_low);
    assert_int_equal(op(dom0, PHYSDEVOP_setup_gsi, &setup_gsi), -XEN_EEXIST);
    setup_gsi.gsi = WORLD_GSIS;
    assert_int_equal(op(dom0, PHYSDEVOP_setup_gsi, &setup_gsi), -XEN_EINVAL);
    setup_gsi.gsi = -1;
    assert_int_equal(op(dom0, PHYSDEVOP_setup_gsi, &setup_gsi), -XEN_EINVAL);
}

static void map_gsi_as_linux_does(void **state)
{
    struct physdev_map_pirq arg = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = 9};

    (void)state;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(arg.pirq, 9);
    arg.pirq = -1;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(arg.pirq, 9);
    arg.index = -1;
    assert_int_equal(map(dom0, &arg), -XEN_EINVAL);
    arg.index = 0;
    assert_int_equal(map(dom0, &arg), -XEN_EPERM);
}

static void map_for_another_domain(void **state)
{
    struct physdev_map_pirq arg = {
        .domid = 5, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = -1};
    struct physdev_unmap_pirq unmap = {.domid = 5};
    unsigned int irq;

    (void)state;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(arg.pirq, 16);
    assert_int_equal(pirq_to_irq(guest, 16, &irq), 0);
    assert_int_equal(irq, 9);
    unmap.pirq = 16;
    assert_int_equal(op(dom0, PHYSDEVOP_unmap_pirq, &unmap), 0);
    assert_int_equal(op(dom0, PHYSDEVOP_unmap_pirq, &unmap), -XEN_EINVAL);
    unmap.pirq = -1;
    assert_int_equal(op(dom0, PHYSDEVOP_unmap_pirq, &unmap), -XEN_EINVAL);
    unmap.domid = 77;
    assert_int_equal(op(dom0, PHYSDEVOP_unmap_pirq, &unmap), -XEN_ESRCH);
    arg.domid = 77;
    assert_int_equal(map(dom0, &arg), -XEN_ESRCH);
}

static void map_msi_names_the_device(void **state)
{
    struct physdev_map_pirq arg = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI_SEG,
                                   .index = -1,
                                   .pirq = -1,
                                   .bus = 0x20003,
                                   .devfn = 0x11,
                                   .entry_nr = 7,
                                   .table_base = 0xfebf0000};
    const struct msi_source *source = &world_irq(WORLD_GSIS)->source;

    (void)state;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(arg.pirq, WORLD_GSIS + 256 - 1);
    assert_int_equal(source->segment, 2);
    assert_int_equal(source->bus, 3);
    assert_int_equal(source->devfn, 0x11);
    assert_int_equal(source->entry, 7);
    assert_int_equal(source->table_base, 0xfebf0000);
    assert_int_equal(source->count, 1);
    arg.type = MAP_PIRQ_TYPE_MSI;
    arg.pirq = -1;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(world_irq(WORLD_GSIS + 1)->source.segment, 0);
}

static void map_multi_msi_rounds_up_to_a_power_of_two(void **state)
{
    struct physdev_map_pirq arg = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MULTI_MSI,
                                   .pirq = -1,
                                   .entry_nr = 3};

    (void)state;
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(arg.entry_nr, 4);
    assert_int_equal(world_irq(WORLD_GSIS)->source.count, 4);
    assert_int_equal(world_irq(WORLD_GSIS)->source.entry, 0);
    arg.pirq = -1;
    arg.entry_nr = 0;
    assert_int_equal(map(dom0, &arg), -XEN_EDOM);
    arg.entry_nr = 33;
    assert_int_equal(map(dom0, &arg), -XEN_EDOM);
    arg.entry_nr = 2;
    arg.table_base = 0x1000;
    assert_int_equal(map(dom0, &arg), -XEN_EINVAL);
}

static void map_of_unknown_types_is_einval(void **state)
{
    struct physdev_map_pirq arg = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_UNKNOWN};

    (void)state;
    assert_int_equal(map(dom0, &arg), -XEN_EINVAL);
    arg.type = 99;
    assert_int_equal(map(dom0, &arg), -XEN_EINVAL);
    arg.type = -1;
    assert_int_equal(map(dom0, &arg), -XEN_EINVAL);
}

static void machine_errors_reach_the_caller(void **state)
{
    struct physdev_map_pirq arg = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG, .pirq = -1};

    (void)state;
    world_fail_msi(true);
    assert_int_equal(map(dom0, &arg), -XEN_ENODEV);
}

static void eoi_and_status_act_on_the_callers_pirqs(void **state)
{
    struct physdev_map_pirq arg = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = 9};
    struct physdev_irq_status_query query = {.irq = 9};
    struct physdev_eoi eoi = {.irq = 9};
    evtchn_port_t port;
    struct evtchn_bind_pirq bind = {.pirq = 9};

    (void)state;
    machine_gsi_setup(9, true, true);
    assert_int_equal(map(dom0, &arg), 0);
    assert_int_equal(op(dom0, PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
    assert_int_equal(world_call(dom0->vcpu[0], hc_event_channel_op,
                                EVTCHNOP_bind_pirq, WORLD_VA(&bind), 0),
                     0);
    port = bind.port;
    assert_true(port != 0);
    world_fire(9);
    assert_int_equal(op(dom0, PHYSDEVOP_eoi, &eoi), 0);
    assert_int_equal(world_irq(9)->eois, 1);
    assert_int_equal(op(guest, PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
    assert_int_equal(op(dom0, PHYSDEVOP_irq_status_query, &query), 0);
    assert_int_equal(query.flags, XENIRQSTAT_needs_eoi);
    query.irq = 100000;
    assert_int_equal(op(dom0, PHYSDEVOP_irq_status_query, &query), -XEN_EINVAL);
}

static void both_eoi_maps_take_an_own_page_once(void **state)
{
    struct physdev_pirq_eoi_gmfn own = {.gmfn = world_page(guest).number};
    struct physdev_pirq_eoi_gmfn other = {.gmfn = world_page(dom0).number};

    (void)state;
    assert_int_equal(op(guest, PHYSDEVOP_pirq_eoi_gmfn_v2, &other),
                     -XEN_EINVAL);
    assert_int_equal(op(guest, PHYSDEVOP_pirq_eoi_gmfn_v2, &own), 0);
    assert_int_equal(op(guest, PHYSDEVOP_pirq_eoi_gmfn_v1, &own), -XEN_EBUSY);
    assert_int_equal(op(dom0, PHYSDEVOP_pirq_eoi_gmfn_v1, &other), 0);
}

static void alloc_irq_vector_gives_the_number_back(void **state)
{
    struct physdev_irq irq = {.irq = 7};

    (void)state;
    assert_int_equal(op(dom0, PHYSDEVOP_alloc_irq_vector, &irq), 0);
    assert_int_equal(irq.vector, 7);
    irq.irq = WORLD_GSIS;
    assert_int_equal(op(dom0, PHYSDEVOP_alloc_irq_vector, &irq), -XEN_EINVAL);
}

static void apic_read_asks_the_machine(void **state)
{
    struct physdev_apic apic = {.apic_physbase = 0xfec00000UL, .reg = 1};

    (void)state;
    assert_int_equal(op(dom0, PHYSDEVOP_apic_read, &apic), 0);
    assert_int_equal(apic.value, 0x101);
    assert_int_equal(op(dom0, PHYSDEVOP_apic_write, &apic), -XEN_EPERM);
    apic.apic_physbase = 0;
    assert_int_equal(op(dom0, PHYSDEVOP_apic_read, &apic), -XEN_ENODEV);
}

static void get_free_pirq_reserves_by_kind(void **state)
{
    struct physdev_get_free_pirq get = {.type = MAP_PIRQ_TYPE_MSI};
    uint32_t first;

    (void)state;
    assert_int_equal(op(guest, PHYSDEVOP_get_free_pirq, &get), 0);
    first = get.pirq;
    assert_int_equal(op(guest, PHYSDEVOP_get_free_pirq, &get), 0);
    assert_int_equal(get.pirq, first - 1);
    get.type = MAP_PIRQ_TYPE_GSI;
    assert_int_equal(op(guest, PHYSDEVOP_get_free_pirq, &get), 0);
    assert_int_equal(get.pirq, 16);
    get.type = MAP_PIRQ_TYPE_UNKNOWN;
    assert_int_equal(op(guest, PHYSDEVOP_get_free_pirq, &get), -XEN_EINVAL);
}

static void devices_may_be_announced(void **state)
{
    uint8_t arg[64] = {0};
    static const unsigned int accepted[] = {
        PHYSDEVOP_manage_pci_add,     PHYSDEVOP_manage_pci_remove,
        PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_pci_device_add,
        PHYSDEVOP_pci_device_remove,  PHYSDEVOP_pci_mmcfg_reserved,
        PHYSDEVOP_prepare_msix,       PHYSDEVOP_release_msix,
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(accepted); i++) {
        assert_int_equal(op(dom0, accepted[i], arg), 0);
        assert_int_equal(op(dom0, accepted[i], (void *)16), -XEN_EFAULT);
    }
    assert_int_equal(op(dom0, PHYSDEVOP_restore_msi, arg), -XEN_ENODEV);
    assert_int_equal(op(dom0, PHYSDEVOP_restore_msi_ext, arg), -XEN_ENODEV);
}

static void the_machine_is_dom0s_alone(void **state)
{
    uint8_t arg[64] = {0};
    static const unsigned int refused[] = {
        PHYSDEVOP_apic_read,          PHYSDEVOP_apic_write,
        PHYSDEVOP_alloc_irq_vector,   PHYSDEVOP_map_pirq,
        PHYSDEVOP_unmap_pirq,         PHYSDEVOP_manage_pci_add,
        PHYSDEVOP_manage_pci_remove,  PHYSDEVOP_restore_msi,
        PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_setup_gsi,
        PHYSDEVOP_pci_mmcfg_reserved, PHYSDEVOP_pci_device_add,
        PHYSDEVOP_pci_device_remove,  PHYSDEVOP_restore_msi_ext,
        PHYSDEVOP_prepare_msix,       PHYSDEVOP_release_msix,
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(refused); i++) {
        assert_int_equal(op(guest, refused[i], arg), -XEN_EPERM);
    }
}

static void unknown_commands_are_enosys(void **state)
{
    uint8_t arg[64] = {0};

    (void)state;
    assert_int_equal(op(dom0, 0, arg), -XEN_ENOSYS);
    assert_int_equal(op(dom0, PHYSDEVOP_IRQ_UNMASK_NOTIFY, arg), -XEN_ENOSYS);
    assert_int_equal(op(dom0, PHYSDEVOP_free_irq_vector, arg), -XEN_ENOSYS);
    assert_int_equal(op(dom0, PHYSDEVOP_dbgp_op, arg), -XEN_ENOSYS);
    assert_int_equal(op(dom0, 32, arg), -XEN_ENOSYS);
    assert_int_equal(op(dom0, ~0U, arg), -XEN_ENOSYS);
}

static void bad_addresses_are_efault(void **state)
{
    static const unsigned int reads[] = {
        PHYSDEVOP_irq_status_query, PHYSDEVOP_set_iopl,
        PHYSDEVOP_set_iobitmap,     PHYSDEVOP_apic_read,
        PHYSDEVOP_alloc_irq_vector, PHYSDEVOP_eoi,
        PHYSDEVOP_map_pirq,         PHYSDEVOP_unmap_pirq,
        PHYSDEVOP_pirq_eoi_gmfn_v1, PHYSDEVOP_setup_gsi,
        PHYSDEVOP_get_free_pirq,    PHYSDEVOP_pirq_eoi_gmfn_v2,
    };
    struct physdev_irq irq = {.irq = 7};

    (void)state;
    for (unsigned int i = 0; i < ARRAY_COUNT(reads); i++) {
        assert_int_equal(op(dom0, reads[i], (void *)16), -XEN_EFAULT);
    }
    world_copy_fail_after(1);
    assert_int_equal(op(dom0, PHYSDEVOP_alloc_irq_vector, &irq), -XEN_EFAULT);
    world_copy_fail_after(~0UL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        TEST(set_iopl_keeps_the_level),
        TEST(set_iobitmap_keeps_address_and_size),
        TEST(setup_gsi_programs_the_line_once),
        TEST(map_gsi_as_linux_does),
        TEST(map_for_another_domain),
        TEST(map_msi_names_the_device),
        TEST(map_multi_msi_rounds_up_to_a_power_of_two),
        TEST(map_of_unknown_types_is_einval),
        TEST(machine_errors_reach_the_caller),
        TEST(eoi_and_status_act_on_the_callers_pirqs),
        TEST(both_eoi_maps_take_an_own_page_once),
        TEST(alloc_irq_vector_gives_the_number_back),
        TEST(apic_read_asks_the_machine),
        TEST(get_free_pirq_reserves_by_kind),
        TEST(devices_may_be_announced),
        TEST(the_machine_is_dom0s_alone),
        TEST(unknown_commands_are_enosys),
        TEST(bad_addresses_are_efault),
    };

    return cmocka_run_group_tests_name("physdev", tests, NULL, NULL);
}
