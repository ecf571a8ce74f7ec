/* SPDX-License-Identifier: MIT */
/*
 * Vectors of device interrupts, and what IO-APICs and PCI functions are told
 * (x86/irq.c, x86/msi.c), on two CPUs with one PCI function.
 */
#include "irq.h"

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "unit.h"

#include "apic.h"
#include "console.h"
#include "core.h"
#include "entry.h"
#include "hv_map.h"
#include "ioapic.h"
#include "mm.h"
#include "msi.h"
#include "pci.h"
#include "pirq.h"
#include "serial.h"

#define GSIS     300U
#define UART_GSI 4U
#define NOTHING  ~0U

/* -- the machine ----------------------------------------------------------- */

_Thread_local bool fake_irqs_off;
_Thread_local struct core_cpu *fake_this_cpu;
struct cpumask cpus_online;

static struct cpu_info cpus[2] = {{0, 5}, {1, 9}};
static unsigned int this_cpu;

static struct route {
    unsigned int vector;
    uint32_t apic_id;
    bool level, active_low, masked;
} routes[GSIS];

static unsigned int eois;
static bool legacy_in_service;
static unsigned int arrived; /* the irq that pirq_interrupt() was told */
static bool heap_empty;

struct cpu_info *cpu_info(void)
{
    return &cpus[this_cpu];
}

struct cpu_info *cpu_info_of(unsigned int cpu)
{
    return &cpus[cpu];
}

bool fake_mfn_valid(unsigned long mfn)
{
    return mfn < 0x1000;
}

void fake_relax(void)
{
}

void fake_lock_acquired(unsigned int class_of)
{
    assert_int_equal(class_of, LOCK_CONSOLE);
}

void fake_lock_released(unsigned int class_of)
{
    assert_int_equal(class_of, LOCK_CONSOLE);
}

/* It may have to wait for other CPUs. */
void *heap_alloc(size_t bytes)
{
    assert_false(fake_irqs_off);
    return heap_empty ? NULL : calloc(1, bytes);
}

void ioapic_init(void)
{
}

unsigned int ioapic_gsi_count(void)
{
    return GSIS;
}

unsigned int ioapic_gsi_of_isa(unsigned int isa)
{
    return isa;
}

void ioapic_default_mode(unsigned int gsi, bool *level, bool *active_low)
{
    *level = *active_low = gsi >= 16;
}

void ioapic_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                  bool level, bool active_low, bool masked)
{
    routes[gsi] = (struct route){vector, apic_id, level, active_low, masked};
}

void ioapic_mask(unsigned int gsi, bool masked)
{
    routes[gsi].masked = masked;
}

int ioapic_read(unsigned long phys, unsigned int reg, uint32_t *value)
{
    *value = (uint32_t)phys + reg;
    return 0;
}

void apic_eoi(void)
{
    eois++;
}

bool apic_in_service(unsigned int vector)
{
    (void)vector;
    return legacy_in_service;
}

unsigned int serial_irq(void)
{
    return UART_GSI;
}

void serial_enable_interrupt(void)
{
}

void console_poll_input(void)
{
}

void pirq_interrupt(unsigned int irq)
{
    assert_int_equal(arrived, NOTHING);
    arrived = irq;
}

/* -- a PCI function: bus 3, device 2, function 1 --------------------------- */

#define BUS   3
#define DEVFN 0x11

#define AT_MSI     0x50U
#define AT_MSIX    0x70U
#define TABLE_PAGE 0xf0002000UL

static uint8_t config[256];
static _Alignas(PAGE_BYTES) uint32_t table[PAGE_BYTES / 4];

uint32_t pci_read(uint8_t bus, uint8_t devfn, unsigned int offset,
                  unsigned int bytes)
{
    uint32_t value = 0;

    assert_true(bus == BUS && devfn == DEVFN && offset + bytes <= 256);
    memcpy(&value, config + offset, bytes);
    return value;
}

void pci_write(uint8_t bus, uint8_t devfn, unsigned int offset,
               unsigned int bytes, uint32_t value)
{
    assert_true(bus == BUS && devfn == DEVFN && offset + bytes <= 256);
    memcpy(config + offset, &value, bytes);
}

unsigned int pci_find_capability(uint8_t bus, uint8_t devfn, unsigned int id)
{
    if (bus != BUS || devfn != DEVFN) {
        return 0;
    }
    return id == 5 ? AT_MSI : id == 0x11 ? AT_MSIX : 0;
}

void *hv_map_io(uint64_t phys, uint64_t bytes)
{
    assert_int_equal(phys, TABLE_PAGE);
    assert_int_equal(bytes, PAGE_BYTES);
    return table;
}

static uint32_t get(unsigned int offset, unsigned int bytes)
{
    return pci_read(BUS, DEVFN, offset, bytes);
}

static void put(unsigned int offset, unsigned int bytes, uint32_t value)
{
    pci_write(BUS, DEVFN, offset, bytes, value);
}

/* @control: the message control register. MSI-X: 8 entries in BAR 2. */
static void plug(uint32_t control)
{
    memset(config, 0, sizeof(config));
    memset(table, 0, sizeof(table));
    put(AT_MSI + 2, 2, control);
    put(AT_MSIX + 2, 2, 7);
    put(AT_MSIX + 4, 4, 0x800 | 2);
    put(0x18, 4, (uint32_t)TABLE_PAGE | 4);
}

/* -- what tests do --------------------------------------------------------- */

/* @vector arrives on @cpu: the line that was told, or NOTHING. */
static unsigned int fire(unsigned int cpu, unsigned int vector)
{
    this_cpu = cpu;
    arrived = NOTHING;
    fake_irqs_off = true;
    irq_device_interrupt(vector);
    fake_irqs_off = false;
    return arrived;
}

static bool is_device_vector(unsigned int vector)
{
    return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST;
}

static unsigned int msi_setup(unsigned int count)
{
    struct msi_source source = {
        .bus = BUS, .devfn = DEVFN, .count = (uint16_t)count};
    unsigned int irq = NOTHING;

    assert_int_equal(machine_msi_setup(&source, &irq), 0);
    assert_true(irq >= GSIS);
    return irq;
}

static struct msi_source msix_source(unsigned int entry)
{
    return (struct msi_source){.bus = BUS,
                               .devfn = DEVFN,
                               .table_base = TABLE_PAGE,
                               .entry = (uint16_t)entry,
                               .count = 1};
}

/* As often as CPUs are made: once. */
static int make_cpus(void **state)
{
    (void)state;
    heap_empty = true;
    assert_int_equal(irq_create_cpu(0), -XEN_ENOMEM);
    heap_empty = false;
    assert_int_equal(irq_create_cpu(0), 0);
    assert_int_equal(irq_create_cpu(1), 0);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&cpus_online, 0, sizeof(cpus_online));
    cpumask_set(&cpus_online, 0);
    cpumask_set(&cpus_online, 1);
    memset(routes, 0, sizeof(routes));
    legacy_in_service = false;
    eois = 0;
    return 0;
}

/* -- lines ----------------------------------------------------------------- */

static void enabled_line_has_a_vector_on_its_cpu(void **state)
{
    (void)state;
    assert_int_equal(machine_irq_enable(9, 1), 0);
    assert_true(is_device_vector(routes[9].vector));
    assert_int_equal(routes[9].apic_id, cpus[1].apic_id);
    assert_true(routes[9].masked);
    machine_irq_mask(9, false);
    assert_false(routes[9].masked);
    assert_int_equal(fire(1, routes[9].vector), 9);
    assert_int_equal(eois, 1);
    assert_false(routes[9].masked); /* edge */
    assert_int_equal(fire(0, routes[9].vector), NOTHING);
    machine_irq_disable(9);
    assert_true(routes[9].masked);
}

static void level_line_is_masked_until_its_eoi(void **state)
{
    (void)state;
    assert_int_equal(machine_gsi_setup(20, true, true), 0);
    assert_int_equal(machine_gsi_setup(20, false, false), -XEN_EEXIST);
    assert_int_equal(machine_irq_enable(20, 0), 0);
    assert_true(machine_irq_is_level(20));
    assert_true(routes[20].level && routes[20].active_low);
    machine_irq_mask(20, false);
    assert_int_equal(fire(0, routes[20].vector), 20);
    assert_true(routes[20].masked);
    machine_irq_eoi(20);
    assert_false(routes[20].masked);
    machine_irq_disable(20);
}

static void setup_of_an_enabled_line_programs_it(void **state)
{
    (void)state;
    assert_int_equal(machine_irq_enable(10, 0), 0);
    assert_false(routes[10].level);
    assert_int_equal(machine_gsi_setup(10, true, false), 0);
    assert_true(routes[10].level && routes[10].masked);
    machine_irq_disable(10);
    assert_int_equal(machine_gsi_setup(GSIS, true, false), -XEN_EINVAL);
}

static void refused_lines(void **state)
{
    (void)state;
    assert_int_equal(machine_irq_enable(UART_GSI, 0), -XEN_EBUSY);
    assert_int_equal(machine_irq_enable(GSIS, 0), -XEN_EINVAL);
    assert_int_equal(machine_irq_enable(~0U, 0), -XEN_EINVAL);
    assert_int_equal(machine_irq_set_cpu(11, 1), -XEN_EINVAL); /* no vector */
    cpumask_clear(&cpus_online, 1);
    assert_int_equal(machine_irq_enable(11, 1), -XEN_EINVAL);
    machine_irq_disable(~0U);
    machine_irq_mask(~0U, false);
    assert_false(machine_irq_is_level(~0U));
}

static void each_line_of_a_cpu_has_its_own_vector(void **state)
{
    const unsigned int all = VECTOR_DEVICE_LAST + 1 - VECTOR_DEVICE_FIRST;
    bool seen[256] = {false};
    unsigned int gsi;

    (void)state;
    for (gsi = 16; gsi < 16 + all; gsi++) {
        assert_int_equal(machine_irq_enable(gsi, 0), 0);
        assert_true(is_device_vector(routes[gsi].vector));
        assert_false(seen[routes[gsi].vector]);
        seen[routes[gsi].vector] = true;
    }
    assert_int_equal(machine_irq_enable(gsi, 0), -XEN_ENOSPC);
    assert_int_equal(machine_irq_enable(gsi, 1), 0); /* another's are its own */
    machine_irq_disable(50);
    assert_int_equal(machine_irq_enable(51 + all, 0), 0);
    assert_int_equal(routes[51 + all].vector, routes[50].vector);
    assert_int_equal(fire(0, routes[50].vector), 51 + all);
    for (gsi = 16; gsi < GSIS; gsi++) {
        machine_irq_disable(gsi);
    }
}

/* What was on its way to the old place arrives; until it moves again. */
static void moved_line_keeps_its_old_vector_too(void **state)
{
    struct route first, second;

    (void)state;
    assert_int_equal(machine_irq_enable(12, 0), 0);
    first = routes[12];
    assert_int_equal(machine_irq_set_cpu(12, 1), 0);
    second = routes[12];
    assert_int_equal(second.apic_id, cpus[1].apic_id);
    assert_int_equal(fire(0, first.vector), 12);
    assert_int_equal(fire(1, second.vector), 12);
    assert_int_equal(machine_irq_set_cpu(12, 0), 0);
    assert_int_not_equal(routes[12].vector, first.vector);
    assert_int_equal(fire(0, first.vector), NOTHING);
    assert_int_equal(fire(1, second.vector), 12);
    machine_irq_disable(12);
    assert_int_equal(fire(1, second.vector), NOTHING);
    assert_int_equal(fire(0, routes[12].vector), NOTHING);
    assert_int_equal(eois, 6); /* strays too */
}

static void old_controllers_spurious_interrupt_is_not_ended(void **state)
{
    (void)state;
    assert_int_equal(fire(0, VECTOR_LEGACY_SPURIOUS), NOTHING);
    assert_int_equal(eois, 0);
    legacy_in_service = true;
    assert_int_equal(fire(0, VECTOR_LEGACY_SPURIOUS), NOTHING);
    assert_int_equal(eois, 1);
}

/* -- MSI ------------------------------------------------------------------- */

static void msi_of_32_bits_without_masks(void **state)
{
    unsigned int irq, vector;

    (void)state;
    plug(0);
    irq = msi_setup(1);
    vector = get(AT_MSI + 8, 2);
    assert_true(is_device_vector(vector));
    assert_int_equal(get(AT_MSI + 4, 4), 0xfee00000U | cpus[0].apic_id << 12);
    assert_int_equal(machine_irq_enable(irq, 1), 0);
    vector = get(AT_MSI + 8, 2);
    assert_int_equal(get(AT_MSI + 4, 4), 0xfee00000U | cpus[1].apic_id << 12);
    assert_int_equal(get(AT_MSI + 2, 2), 0); /* masked: turned off */
    machine_irq_mask(irq, false);
    assert_int_equal(get(AT_MSI + 2, 2), 1);
    assert_false(machine_irq_is_level(irq));
    assert_int_equal(fire(1, vector), irq);
    assert_int_equal(get(AT_MSI + 2, 2), 1);
    machine_msi_teardown(irq);
    assert_int_equal(get(AT_MSI + 2, 2), 0);
    assert_int_equal(fire(1, vector), NOTHING);
    assert_int_equal(machine_irq_enable(irq, 0), -XEN_EINVAL); /* gone */
}

static void msi_of_64_bits_with_masks(void **state)
{
    unsigned int irq;

    (void)state;
    plug(0x0180);
    put(AT_MSI + 8, 4, 0x55555555);
    irq = msi_setup(1);
    assert_int_equal(get(AT_MSI + 4, 4), 0xfee00000U | cpus[0].apic_id << 12);
    assert_int_equal(get(AT_MSI + 8, 4), 0);
    assert_true(is_device_vector(get(AT_MSI + 12, 2)));
    assert_int_equal(get(AT_MSI + 2, 2), 0x0181);
    assert_int_equal(get(AT_MSI + 16, 4), 1);
    assert_int_equal(machine_irq_enable(irq, 0), 0);
    machine_irq_mask(irq, false);
    assert_int_equal(get(AT_MSI + 16, 4), 0);
    machine_irq_mask(irq, true);
    assert_int_equal(get(AT_MSI + 16, 4), 1);
    machine_msi_teardown(irq);
    assert_int_equal(get(AT_MSI + 2, 2), 0x0180);
}

/* Vectors in a row, aligned: the function puts its index in the low bits. */
static void vectors_of_one_function_stay_together(void **state)
{
    unsigned int irq, vector;

    (void)state;
    plug(0x0004);                                  /* can have 4 */
    assert_int_equal(machine_irq_enable(9, 1), 0); /* disturb alignment */
    irq = msi_setup(4);
    assert_int_equal(get(AT_MSI + 2, 2) & 0x70, 2 << 4);
    vector = get(AT_MSI + 8, 2);
    assert_int_equal(vector % 4, 0);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(machine_irq_enable(irq + i, 0), 0);
        assert_int_equal(get(AT_MSI + 8, 2), vector);
        assert_int_equal(fire(0, vector + i), irq + i);
    }
    assert_int_equal(machine_irq_set_cpu(irq + 1, 1), -XEN_EINVAL);
    assert_int_equal(machine_irq_set_cpu(irq, 1), 0);
    vector = get(AT_MSI + 8, 2);
    assert_int_equal(vector % 4, 0);
    assert_int_equal(get(AT_MSI + 4, 4), 0xfee00000U | cpus[1].apic_id << 12);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(fire(1, vector + i), irq + i);
    }
    machine_irq_disable(9);
    machine_msi_teardown(irq + 1); /* not the first: no teardown */
    assert_int_equal(fire(1, vector + 3), irq + 3);
    machine_msi_teardown(irq);
    assert_int_equal(fire(1, vector + 3), NOTHING);
}

static void refused_msi(void **state)
{
    static const struct {
        struct msi_source source;
        int rc;
    } refused[] = {
        {{.bus = BUS, .devfn = DEVFN, .count = 0}, -XEN_EINVAL},
        {{.bus = BUS, .devfn = DEVFN, .count = 3}, -XEN_EINVAL},
        {{.bus = BUS, .devfn = DEVFN, .count = 64}, -XEN_EINVAL},
        {{.bus = BUS, .devfn = DEVFN, .count = 8}, -XEN_EINVAL}, /* has 4 */
        {{.bus = BUS, .devfn = DEVFN + 1, .count = 1}, -XEN_ENODEV},
        {{.segment = 1, .bus = BUS, .devfn = DEVFN, .count = 1}, -XEN_ENODEV},
    };
    unsigned int irq;

    (void)state;
    plug(0x0004);
    for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(machine_msi_setup(&refused[i].source, &irq),
                         refused[i].rc);
    }
    assert_int_equal(get(AT_MSI + 2, 2), 0x0004);
}

static void msi_lines_run_out_and_come_back(void **state)
{
    unsigned int first, last, count;

    (void)state;
    plug(0x000a); /* can have 32 */
    first = last = msi_setup(32);
    for (count = 1; count < 100; count++) {
        struct msi_source source = {.bus = BUS, .devfn = DEVFN, .count = 32};

        if (machine_msi_setup(&source, &last) != 0) {
            break;
        }
    }
    assert_int_equal(count, 6); /* 208 vectors of CPU 0 */
    machine_msi_teardown(first);
    assert_int_equal(msi_setup(32), first);
    for (; count > 0; count--) {
        machine_msi_teardown(first + 32 * (count - 1));
    }
}

/* -- MSI-X ----------------------------------------------------------------- */

static void msix_entry_is_programmed_in_the_devices_table(void **state)
{
    const uint32_t *entry = &table[(0x800 + 3 * 16) / 4];
    struct msi_source source = msix_source(3);
    unsigned int irq;

    (void)state;
    plug(0);
    source.table_base = 0xdeadb000; /* the device knows better */
    assert_int_equal(machine_msi_setup(&source, &irq), 0);
    assert_true(msi_owns_frame(mfn_make(TABLE_PAGE >> PAGE_SHIFT)));
    assert_int_equal(get(AT_MSIX + 2, 2), 0x8007);
    assert_int_equal(entry[0], 0xfee00000U | cpus[0].apic_id << 12);
    assert_int_equal(entry[1], 0);
    assert_true(is_device_vector(entry[2]));
    assert_int_equal(entry[3], 1); /* masked */
    assert_int_equal(machine_irq_enable(irq, 1), 0);
    assert_int_equal(entry[0], 0xfee00000U | cpus[1].apic_id << 12);
    machine_irq_mask(irq, false);
    assert_int_equal(entry[3], 0);
    assert_int_equal(fire(1, entry[2]), irq);
    for (unsigned int i = 0; i < PAGE_BYTES / 4; i++) {
        assert_true(table[i] == 0 ||
                    (&table[i] >= entry && &table[i] < entry + 4));
    }
    machine_msi_teardown(irq);
    assert_int_equal(entry[3], 1);
    assert_false(msi_owns_frame(mfn_make(TABLE_PAGE >> PAGE_SHIFT)));
}

static void refused_msix(void **state)
{
    struct msi_source source = msix_source(8);
    unsigned int irq;

    (void)state;
    plug(0);
    assert_int_equal(machine_msi_setup(&source, &irq), -XEN_EINVAL);
    source = msix_source(0);
    source.count = 2;
    assert_int_equal(machine_msi_setup(&source, &irq), -XEN_EINVAL);
    source.count = 1;
    put(0x18, 4, 0x1000); /* the table would lie in RAM */
    assert_int_equal(machine_msi_setup(&source, &irq), -XEN_EINVAL);
    put(0x18, 4, 0); /* no BAR: dom0's word, in RAM too */
    source.table_base = 0x3000;
    assert_int_equal(machine_msi_setup(&source, &irq), -XEN_EINVAL);
    source.table_base = TABLE_PAGE + 8; /* not aligned */
    assert_int_equal(machine_msi_setup(&source, &irq), -XEN_EINVAL);
    assert_false(msi_owns_frame(mfn_make(TABLE_PAGE >> PAGE_SHIFT)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
        TEST(enabled_line_has_a_vector_on_its_cpu),
        TEST(level_line_is_masked_until_its_eoi),
        TEST(setup_of_an_enabled_line_programs_it),
        TEST(refused_lines),
        TEST(each_line_of_a_cpu_has_its_own_vector),
        TEST(moved_line_keeps_its_old_vector_too),
        TEST(old_controllers_spurious_interrupt_is_not_ended),
        TEST(msi_of_32_bits_without_masks),
        TEST(msi_of_64_bits_with_masks),
        TEST(vectors_of_one_function_stay_together),
        TEST(refused_msi),
        TEST(msi_lines_run_out_and_come_back),
        TEST(msix_entry_is_programmed_in_the_devices_table),
        TEST(refused_msix),
    };

    return cmocka_run_group_tests_name("irq", tests, make_cpus, NULL);
}
