// SPDX-License-Identifier: MIT
/* Port instructions of a PV kernel: whose ports, which bytes, strings. */
#include "emulate_world.h"

#include <string.h>

static void own_ports(unsigned long first, unsigned long last)
{
    assert_int_equal(rangeset_add(&pv_world.d->ioports, first, last), 0);
}

static void foreign_ports_read_ones_and_drop_writes(void **state)
{
    struct fake_port_write write;

    (void)state;
    iopl(1);
    fake_set_port(0x3f8, 0x55);
    regs()->rdx = 0x3f8;
    regs()->rax = 0;
    ASSERT_EMULATED("\xec"); /* in (%dx), %al */
    assert_int_equal(regs()->rax, 0xff);
    ASSERT_EMULATED("\xee"); /* out %al, (%dx) */
    assert_int_equal(fake_port_writes(&write, 1), 0);
}

static void owned_ports_reach_the_machine(void **state)
{
    struct fake_port_write write;

    (void)state;
    iopl(1);
    own_ports(0x100, 0x1ff);
    fake_set_port(0x120, 0x11223344);
    regs()->rdx = 0x120;
    regs()->rax = 0xaaaaaaaaaaaaaaaaUL;
    ASSERT_EMULATED("\x66\xed"); /* in (%dx), %ax */
    assert_int_equal(regs()->rax, 0xaaaaaaaaaaaa3344UL);
    ASSERT_EMULATED("\xed");
    assert_int_equal(regs()->rax, 0x11223344);
    regs()->rax = 0x77;
    ASSERT_EMULATED("\xef");
    assert_int_equal(fake_port_writes(&write, 1), 1);
    assert_int_equal(write.port, 0x120);
    assert_int_equal(write.bytes, 4);
    assert_int_equal(write.value, 0x77);
}

static void ranges_must_hold_every_byte(void **state)
{
    (void)state;
    iopl(1);
    own_ports(0x100, 0x103);
    fake_set_port(0x102, 1);
    regs()->rdx = 0x102;
    ASSERT_EMULATED("\xed");
    assert_int_equal(regs()->rax, 0xffffffff);
    own_ports(0xffff, 0xffff);
    regs()->rdx = 0xffff; /* would wrap */
    ASSERT_EMULATED("\xed");
    assert_int_equal(regs()->rax, 0xffffffff);
}

static void reserved_ports_are_nobodys(void **state)
{
    (void)state;
    iopl(1);
    own_ports(0, 0xffff);
    fake_reserve_port(0x3f8);
    fake_set_port(0x3f8, 0x55);
    regs()->rdx = 0x3f8;
    regs()->rax = 0;
    ASSERT_EMULATED("\xec");
    assert_int_equal(regs()->rax, 0xff);
}

static void ports_without_iopl_are_the_guests_fault(void **state)
{
    (void)state;
    iopl(0);
    assert_false(RUN("\xec"));
    iopl(1);
    pv_toggle_mode(v());
    assert_false(RUN("\xec"));
    iopl(3);
    assert_true(RUN("\xec"));
}

static void io_bitmap_lets_single_ports_through(void **state)
{
    uint8_t *bitmap = pv_page(pv_world.data);

    (void)state;
    iopl(0);
    memset(bitmap, 0xff, 128);
    bitmap[0x60 / 8] = 0xfe; /* port 0x60 */
    v()->pv.io_bitmap = guest_va_make(PV_DATA_VA);
    v()->pv.io_bitmap_ports = 1024;
    pv_toggle_mode(v());
    regs()->rdx = 0x60;
    assert_true(RUN("\xec"));
    regs()->rdx = 0x61;
    assert_false(RUN("\xec"));
    regs()->rdx = 0x60;
    assert_false(RUN("\xed")); /* four ports, only one allowed */
    v()->pv.io_bitmap_ports = 0x60;
    assert_false(RUN("\xec")); /* past its end */
    assert_false(v()->pv.kernel_mode);
}

static void pci_address_is_the_domains_own(void **state)
{
    (void)state;
    iopl(1);
    pv_world.d->privileged = true;
    own_ports(0, 0xffff);
    regs()->rdx = 0xcf8;
    regs()->rax = 0x80001234;
    ASSERT_EMULATED("\xef");
    regs()->rax = 0;
    ASSERT_EMULATED("\xed");
    assert_int_equal(regs()->rax, 0x80001234);
    pv_world.d->privileged = false;
}

/* As the chip's: who selects a register and who reads it may be two. */
static void cmos_index_is_of_all_vcpus(void **state)
{
    struct fake_port_write write;

    (void)state;
    own_ports(0x70, 0x71);
    pv_port_out(v(), 0x70, 1, 0x0b);
    (void)pv_port_in(pv_world.d->vcpu[1], 0x71, 1);
    assert_int_equal(fake_port_writes(&write, 1), 1);
    assert_int_equal(write.port, 0x70);
    assert_int_equal(write.value, 0x0b);
}

static void string_output_stops_between_elements(void **state)
{
    struct fake_port_write writes[3];

    (void)state;
    iopl(1);
    own_ports(0x100, 0x1ff);
    memcpy(pv_page(pv_world.data), "abc", 3);
    regs()->rdx = 0x100;
    regs()->rcx = 3;
    regs()->rsi = PV_DATA_VA;
    for (unsigned int i = 0; i < 3; i++) {
        assert_true(RUN("\xf3\x6e")); /* rep outsb */
        assert_int_equal(regs()->rip, PV_CODE_VA + (i == 2 ? 2 : 0));
    }
    assert_int_equal(fake_port_writes(writes, 3), 3);
    assert_int_equal(writes[2].value, 'c');
    assert_int_equal(regs()->rcx, 0);
    assert_int_equal(regs()->rsi, PV_DATA_VA + 3);
}

static void string_output_of_none_does_nothing(void **state)
{
    struct fake_port_write write;

    (void)state;
    iopl(1);
    own_ports(0x100, 0x1ff);
    regs()->rdx = 0x100;
    regs()->rcx = 0;
    regs()->rsi = PV_DATA_VA;
    ASSERT_EMULATED("\xf3\x6e");
    assert_int_equal(fake_port_writes(&write, 1), 0);
    assert_int_equal(regs()->rsi, PV_DATA_VA);
    assert_int_equal(regs()->rcx, 0);
}

static void string_input_to_a_hole_is_a_page_fault(void **state)
{
    unsigned long handler = pv_handler(VECTOR_PF, 0);

    (void)state;
    iopl(1);
    regs()->rdx = 0x100;
    regs()->rdi = PV_HOLE_VA;
    assert_true(RUN("\x6c")); /* insb */
    assert_int_equal(regs()->rip, handler);
    assert_int_equal(v()->vcpu_info->arch.cr2, PV_HOLE_VA);
}

/* The page that is missing is the second: CR2 must say so. */
static void string_output_across_pages_names_the_one_missing(void **state)
{
    unsigned long end = PV_GDT_VA + PAGE_BYTES; /* nothing is behind it */

    (void)state;
    (void)pv_handler(VECTOR_PF, 0);
    iopl(1);
    regs()->rdx = 0x100;
    regs()->rsi = end - 2;
    assert_true(RUN("\x6f")); /* outsl */
    assert_true(v()->vcpu_info->arch.cr2 == end);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, pv_world_setup, pv_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(foreign_ports_read_ones_and_drop_writes),
        CASE(owned_ports_reach_the_machine),
        CASE(ranges_must_hold_every_byte),
        CASE(reserved_ports_are_nobodys),
        CASE(ports_without_iopl_are_the_guests_fault),
        CASE(io_bitmap_lets_single_ports_through),
        CASE(pci_address_is_the_domains_own),
        CASE(cmos_index_is_of_all_vcpus),
        CASE(string_output_stops_between_elements),
        CASE(string_output_of_none_does_nothing),
        CASE(string_input_to_a_hole_is_a_page_fault),
        CASE(string_output_across_pages_names_the_one_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
