/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts. A line (irq) is a GSI, or an MSI numbered from
 * ioapic_gsi_count() on. While enabled it has a vector on one CPU; a line that
 * moves keeps its old vector too until it moves again or is disabled, for what
 * is already on its way there.
 */
#include "irq.h"

#include "apic.h"
#include "bug.h"
#include "console.h"
#include "core.h"
#include "entry.h"
#include "evtchn.h"
#include "ioapic.h"
#include "mm.h"
#include "msi.h"
#include "pirq.h"
#include "printk.h"
#include "serial.h"
#include "spinlock.h"
#include "x86.h"

#define LINES_MAX 1024U
#define NO_LINE   0U /* vector maps hold line + 1 */
#define VECTORS   256U

struct place {
    uint16_t cpu;
    uint8_t vector; /* 0: none */
};

struct line {
    bool is_msi;
    bool used;  /* MSI: allocated */
    bool setup; /* GSI: dom0 said how it is wired */
    bool level;
    bool active_low;
    bool masked;
    struct place now;
    struct place before;
    uint8_t group; /* MSI: vectors of the function, at its first line */
    struct msi msi;
};

/* Guards all below. IRQ-safe and innermost, hence its class. */
static struct spinlock irq_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct line lines[LINES_MAX];
/* By CPU and vector: line + 1. Lines come with interrupts off: made before. */
static uint16_t *vector_maps[MAX_CPUS];
static uint8_t next_vector[MAX_CPUS];
static _Atomic uint32_t stray_count;

/* -- start ----------------------------------------------------------------- */

/* Ports of the two 8259s (Intel 8259A data sheet). */
#define PIC_FIRST_COMMAND  0x20
#define PIC_FIRST_DATA     0x21
#define PIC_SECOND_COMMAND 0xa0
#define PIC_SECOND_DATA    0xa1

/*
 * The old interrupt controllers are masked for good. They get vectors of
 * their own all the same: a spurious interrupt may come even so.
 */
static void mask_8259(void)
{
    outb(PIC_FIRST_DATA, 0xff);
    outb(PIC_SECOND_DATA, 0xff);
    outb(PIC_FIRST_COMMAND, 0x11);
    outb(PIC_SECOND_COMMAND, 0x11);
    outb(PIC_FIRST_DATA, VECTOR_LEGACY_SPURIOUS);
    outb(PIC_SECOND_DATA, VECTOR_LEGACY_SPURIOUS);
    outb(PIC_FIRST_DATA, 0x04);
    outb(PIC_SECOND_DATA, 0x02);
    outb(PIC_FIRST_DATA, 0x01);
    outb(PIC_SECOND_DATA, 0x01);
    outb(PIC_FIRST_DATA, 0xff);
    outb(PIC_SECOND_DATA, 0xff);
}

void irq_init(void)
{
    mask_8259();
    ioapic_init();
    for (unsigned int gsi = 0; gsi < machine_gsi_count(); gsi++) {
        ioapic_default_mode(gsi, &lines[gsi].level, &lines[gsi].active_low);
        lines[gsi].masked = true;
    }
}

unsigned int machine_gsi_count(void)
{
    return ioapic_gsi_count() < LINES_MAX ? ioapic_gsi_count() : LINES_MAX;
}

static unsigned int uart_gsi(void)
{
    return ioapic_gsi_of_isa(serial_irq());
}

void irq_start_console(void)
{
    unsigned int gsi = uart_gsi();

    if (gsi < machine_gsi_count()) {
        ioapic_route(gsi, VECTOR_UART, cpu_info_of(0)->apic_id,
                     lines[gsi].level, lines[gsi].active_low, false);
        serial_enable_interrupt();
    }
}

/* -- vectors --------------------------------------------------------------- */

int irq_create_cpu(unsigned int cpu)
{
    vector_maps[cpu] = heap_alloc(VECTORS * sizeof(*vector_maps[cpu]));
    return vector_maps[cpu] != NULL ? 0 : -XEN_ENOMEM;
}

static bool vectors_free(const uint16_t *map, unsigned int first,
                         unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (map[first + i] != NO_LINE) {
            return false;
        }
    }
    return true;
}

/*
 * @count vectors (power of two, aligned: a multi-MSI function adds to the
 * first) on @cpu, not those of last time. Locked. Returns 0 if there are none.
 */
static unsigned int find_vectors(unsigned int cpu, unsigned int count)
{
    const unsigned int range = VECTOR_DEVICE_LAST + 1 - VECTOR_DEVICE_FIRST;

    for (unsigned int i = 0; i < range; i += count) {
        unsigned int at = VECTOR_DEVICE_FIRST + (next_vector[cpu] + i) % range;

        at &= ~(count - 1);
        if (at + count - 1 <= VECTOR_DEVICE_LAST && at >= VECTOR_DEVICE_FIRST &&
            vectors_free(vector_maps[cpu], at, count)) {
            next_vector[cpu] =
                (uint8_t)((at - VECTOR_DEVICE_FIRST + count) % range);
            return at;
        }
    }
    return 0;
}

static void free_place(struct place *place)
{
    if (place->vector != 0) {
        vector_maps[place->cpu][place->vector] = NO_LINE;
        place->vector = 0;
    }
}

/* -- programming, locked --------------------------------------------------- */

static unsigned int index_of(const struct line *line)
{
    return (unsigned int)(line - lines);
}

static void program(struct line *line)
{
    uint32_t id = cpu_info_of(line->now.cpu)->apic_id;

    if (line->is_msi) {
        msi_write(&line->msi, id, line->now.vector);
    } else {
        ioapic_route(index_of(line), line->now.vector, id, line->level,
                     line->active_low, line->masked);
    }
}

static void set_mask(struct line *line, bool masked)
{
    line->masked = masked;
    if (line->is_msi) {
        msi_mask(&line->msi, masked);
    } else {
        ioapic_mask(index_of(line), masked);
    }
}

/* Vectors for @line and the @count - 1 after it, on @cpu. */
static int place_lines(struct line *line, unsigned int count, unsigned int cpu)
{
    unsigned int vector = find_vectors(cpu, count);

    if (vector == 0) {
        return -XEN_ENOSPC;
    }
    for (unsigned int i = 0; i < count; i++) {
        free_place(&line[i].before);
        line[i].before = line[i].now;
        line[i].now = (struct place){.cpu = (uint16_t)cpu,
                                     .vector = (uint8_t)(vector + i)};
        vector_maps[cpu][vector + i] = (uint16_t)(index_of(line) + i + 1);
    }
    return 0;
}

/* Lines of one multi-MSI function move together, with the first. */
static unsigned int move_count(const struct line *line)
{
    return line->is_msi && !line->msi.is_msix ? line->group : 1;
}

static struct line *find_line(unsigned int irq)
{
    if (irq >= LINES_MAX || (irq >= machine_gsi_count() && !lines[irq].used)) {
        return NULL;
    }
    return &lines[irq];
}

/* -- arrival --------------------------------------------------------------- */

static void console_interrupt(void)
{
    apic_eoi();
    console_poll_input();
}

void irq_device_interrupt(unsigned int vector)
{
    unsigned int cpu = cpu_info()->cpu;
    unsigned int irq = NO_LINE;

    if (vector == VECTOR_UART) {
        console_interrupt();
        return;
    }
    spin_lock(&irq_lock);
    if (vector_maps[cpu] != NULL) {
        irq = vector_maps[cpu][vector];
    }
    /* A level stays up until its device is served: masked meanwhile. */
    if (irq != NO_LINE && !lines[irq - 1].is_msi && lines[irq - 1].level) {
        set_mask(&lines[irq - 1], true);
    }
    spin_unlock(&irq_lock);
    /* The old controllers' spurious vectors have nothing to end. */
    if (vector < VECTOR_LEGACY_SPURIOUS || apic_in_service(vector)) {
        apic_eoi();
    }
    if (irq != NO_LINE) {
        pirq_interrupt(irq - 1);
    } else {
        atomic_fetch_add(&stray_count, 1);
    }
}

/* -- machine.h ------------------------------------------------------------- */

int machine_gsi_setup(unsigned int gsi, bool level, bool active_low)
{
    unsigned long flags;
    int rc = 0;

    if (gsi >= machine_gsi_count()) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&irq_lock);
    if (lines[gsi].setup) {
        rc = -XEN_EEXIST;
    } else {
        lines[gsi].setup = true;
        lines[gsi].level = level;
        lines[gsi].active_low = active_low;
        if (lines[gsi].now.vector != 0) {
            program(&lines[gsi]);
        }
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

int machine_irq_enable(unsigned int irq, unsigned int cpu)
{
    struct line *line = find_line(irq);
    unsigned long flags;
    int rc = 0;

    if (line == NULL || !cpumask_test(&cpus_online, cpu)) {
        return -XEN_EINVAL;
    }
    if (irq == uart_gsi()) {
        return -XEN_EBUSY;
    }
    flags = spin_lock_irqsave(&irq_lock);
    /* MSIs got vectors, all of a function together, at their setup. */
    if (line->now.vector == 0 ||
        (line->now.cpu != cpu && line->is_msi && move_count(line) == 1)) {
        rc = place_lines(line, 1, cpu);
    }
    if (rc == 0) {
        line->masked = true;
        program(line);
        set_mask(line, true);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

void machine_irq_disable(unsigned int irq)
{
    struct line *line = find_line(irq);
    unsigned long flags;

    if (line == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&irq_lock);
    set_mask(line, true);
    free_place(&line->before);
    if (!line->is_msi) {
        free_place(&line->now);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

void machine_irq_mask(unsigned int irq, bool mask)
{
    struct line *line = find_line(irq);
    unsigned long flags;

    if (line == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&irq_lock);
    if (line->now.vector != 0) {
        set_mask(line, mask);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

void machine_irq_eoi(unsigned int irq)
{
    if (machine_irq_is_level(irq)) {
        machine_irq_mask(irq, false);
    }
}

bool machine_irq_is_level(unsigned int irq)
{
    const struct line *line = find_line(irq);

    return line != NULL && !line->is_msi && line->level;
}

int machine_irq_set_cpu(unsigned int irq, unsigned int cpu)
{
    struct line *line = find_line(irq);
    unsigned long flags;
    int rc = 0;

    if (line == NULL || !cpumask_test(&cpus_online, cpu)) {
        return -XEN_EINVAL;
    }
    flags = spin_lock_irqsave(&irq_lock);
    if (line->now.vector == 0 || move_count(line) == 0) {
        rc = -XEN_EINVAL;
    } else if (line->now.cpu != cpu) {
        rc = place_lines(line, move_count(line), cpu);
        if (rc == 0) {
            program(line);
        }
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

/* -- MSI ------------------------------------------------------------------- */

/* @count free lines in a row, locked; LINES_MAX: none. */
static unsigned int find_lines(unsigned int count)
{
    unsigned int run = 0;

    for (unsigned int i = machine_gsi_count(); i < LINES_MAX; i++) {
        run = lines[i].used ? 0 : run + 1;
        if (run == count) {
            return i + 1 - count;
        }
    }
    return LINES_MAX;
}

static int take_lines(const struct msi *msi, unsigned int count,
                      unsigned int *first)
{
    unsigned int at = find_lines(count);
    int rc;

    if (at == LINES_MAX) {
        return -XEN_ENOSPC;
    }
    for (unsigned int i = 0; i < count; i++) {
        lines[at + i] = (struct line){
            .is_msi = true, .used = true, .masked = true, .msi = *msi};
        lines[at + i].msi.index = (uint8_t)i;
    }
    lines[at].group = (uint8_t)count;
    rc = place_lines(&lines[at], count, 0);
    if (rc != 0) {
        for (unsigned int i = 0; i < count; i++) {
            lines[at + i].used = false;
        }
        return rc;
    }
    for (unsigned int i = 0; i < count; i++) {
        program(&lines[at + i]);
        set_mask(&lines[at + i], true);
    }
    *first = at;
    return 0;
}

int machine_msi_setup(const struct msi_source *source, unsigned int *irq)
{
    unsigned int count = source->count;
    unsigned long flags;
    struct msi msi;
    int rc;

    if (count == 0 || count > 32 || (count & (count - 1)) != 0) {
        return -XEN_EINVAL;
    }
    rc = msi_find(source, &msi);
    if (rc != 0) {
        msi_release(&msi);
        return rc;
    }
    flags = spin_lock_irqsave(&irq_lock);
    rc = take_lines(&msi, count, irq);
    spin_unlock_irqrestore(&irq_lock, flags);
    if (rc != 0) {
        msi_release(&msi);
        return rc;
    }
    msi_enable(&msi, true, count);
    return 0;
}

void machine_msi_teardown(unsigned int irq)
{
    struct line *line = find_line(irq);
    unsigned long flags;
    struct msi msi;

    if (line == NULL || !line->is_msi || line->group == 0) {
        return;
    }
    msi_enable(&line->msi, false, line->group);
    flags = spin_lock_irqsave(&irq_lock);
    msi = line->msi;
    for (unsigned int i = 0, count = line->group; i < count; i++) {
        free_place(&line[i].now);
        free_place(&line[i].before);
        line[i].used = false;
        line[i].group = 0;
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    msi_release(&msi);
}

int machine_ioapic_read(unsigned long base, unsigned int reg, uint32_t *value)
{
    unsigned long flags = spin_lock_irqsave(&irq_lock);
    int rc = ioapic_read(base, reg, value);

    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}
