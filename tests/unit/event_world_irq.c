/* SPDX-License-Identifier: MIT */
/* Interrupt lines of the small world: see event_world.h. */
#include "event_world.h"

#include <string.h>

#include "machine.h"

static struct {
    struct world_irq irq[WORLD_IRQS];
    bool fail_irq_enable;
    bool fail_msi;
} lines;

void world_irqs_start(void)
{
    memset(&lines, 0, sizeof(lines));
}

struct world_irq *world_irq(unsigned int irq)
{
    assert_true(irq < WORLD_IRQS);
    return &lines.irq[irq];
}

bool world_fire(unsigned int irq)
{
    struct world_irq *line = world_irq(irq);
    unsigned long flags;

    if (!line->enabled || line->masked) {
        return false;
    }
    line->masked = line->level;
    flags = machine_irq_save();
    pirq_interrupt(irq);
    machine_irq_restore(flags);
    return true;
}

void world_fail_irq_enable(bool fail)
{
    lines.fail_irq_enable = fail;
}

void world_fail_msi(bool fail)
{
    lines.fail_msi = fail;
}

unsigned int machine_gsi_count(void)
{
    return WORLD_GSIS;
}

int machine_gsi_setup(unsigned int gsi, bool level, bool active_low)
{
    struct world_irq *line = world_irq(gsi);

    if (line->setup) {
        return -XEN_EEXIST;
    }
    line->setup = true;
    line->level = level;
    line->active_low = active_low;
    return 0;
}

int machine_irq_enable(unsigned int irq, unsigned int cpu)
{
    struct world_irq *line = world_irq(irq);

    if (lines.fail_irq_enable) {
        return -XEN_ENOSPC;
    }
    assert_false(line->enabled);
    line->enabled = true;
    line->masked = true;
    line->cpu = cpu;
    return 0;
}

void machine_irq_disable(unsigned int irq)
{
    world_irq(irq)->enabled = false;
}

void machine_irq_mask(unsigned int irq, bool mask)
{
    world_irq(irq)->masked = mask;
}

void machine_irq_eoi(unsigned int irq)
{
    world_irq(irq)->eois++;
    world_irq(irq)->masked = false;
}

bool machine_irq_is_level(unsigned int irq)
{
    return world_irq(irq)->level;
}

int machine_irq_set_cpu(unsigned int irq, unsigned int cpu)
{
    world_irq(irq)->cpu = cpu;
    return 0;
}

int machine_msi_setup(const struct msi_source *source, unsigned int *irq)
{
    if (lines.fail_msi) {
        return -XEN_ENODEV;
    }
    for (unsigned int i = WORLD_GSIS; i + source->count <= WORLD_IRQS; i++) {
        unsigned int free = 0;

        while (free < source->count && !lines.irq[i + free].msi) {
            free++;
        }
        if (free == source->count) {
            for (unsigned int j = 0; j < free; j++) {
                lines.irq[i + j].msi = true;
            }
            lines.irq[i].msi_group = free;
            lines.irq[i].source = *source;
            *irq = i;
            return 0;
        }
    }
    return -XEN_ENOSPC;
}

void machine_msi_teardown(unsigned int irq)
{
    assert_true(world_irq(irq)->msi);
    assert_false(world_irq(irq)->enabled);
    for (unsigned int i = 0; i < lines.irq[irq].msi_group; i++) {
        lines.irq[irq + i].msi = false;
    }
}

int machine_ioapic_read(unsigned long base, unsigned int reg, uint32_t *value)
{
    if (base != 0xfec00000UL) {
        return -XEN_ENODEV;
    }
    *value = 0x100 + reg;
    return 0;
}
