# SPDX-License-Identifier: MIT
# Tests of event channels, pirqs, grants and their hypercalls: the sources
# under test, in a small world without a scheduler or page tables.
EVENT_WORLD := tests/unit/event_world.c tests/unit/event_world_mm.c \
    tests/unit/event_world_irq.c \
    $(sort $(wildcard xen-lite/event/*.c)) \
    xen-lite/lib/rangeset.c

GRANT_WORLD := $(EVENT_WORLD) tests/unit/grant_world.c \
    $(sort $(wildcard xen-lite/grant/*.c))

UNIT_SRCS_rangeset := $(EVENT_WORLD)
UNIT_SRCS_evtchn := $(EVENT_WORLD) tests/unit/port_world.c
UNIT_SRCS_evtchn_fifo := $(EVENT_WORLD) tests/unit/fifo_world.c
UNIT_SRCS_evtchn_random := $(EVENT_WORLD) tests/unit/port_world.c
UNIT_SRCS_fifo_race := $(EVENT_WORLD) tests/unit/fifo_world.c
UNIT_SRCS_irq_line := $(EVENT_WORLD) tests/unit/line_world.c
UNIT_SRCS_evtchn_close := $(EVENT_WORLD) tests/unit/port_world.c
UNIT_SRCS_evtchn_use := $(EVENT_WORLD) tests/unit/port_world.c
UNIT_SRCS_virq := $(EVENT_WORLD)
UNIT_SRCS_pirq := $(EVENT_WORLD) tests/unit/line_world.c
UNIT_SRCS_grant_table := $(GRANT_WORLD)
UNIT_SRCS_grant_map := $(GRANT_WORLD)
UNIT_SRCS_grant_unmap := $(GRANT_WORLD)
UNIT_SRCS_grant_copy := $(GRANT_WORLD)
UNIT_SRCS_grant_random := $(GRANT_WORLD)
UNIT_SRCS_grant_cache := $(GRANT_WORLD)
UNIT_SRCS_grant_race := $(GRANT_WORLD)
UNIT_SRCS_grant_version := $(GRANT_WORLD)
UNIT_SRCS_grant_transfer := $(GRANT_WORLD)
UNIT_SRCS_physdev := $(EVENT_WORLD) xen-lite/hypercall/physdev_op.c
UNIT_SRCS_console_io := $(EVENT_WORLD) xen-lite/hypercall/console_io.c \
    xen-lite/hypercall/xenpmu_op.c

-include $(wildcard $(O)/unit/*/tests/unit/*_world*.d)

# Machine code that only decides: its hardware is the test's.
UNIT_SRCS_irq := xen-lite/x86/irq.c xen-lite/x86/msi.c
UNIT_CFLAGS_irq := -Ixen-lite/x86/include -include fake_cpu_info.h
UNIT_CFLAGS_msi := $(UNIT_CFLAGS_irq)
UNIT_CFLAGS_test_irq := $(UNIT_CFLAGS_irq)
