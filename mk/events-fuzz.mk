# SPDX-License-Identifier: MIT
# What the fuzz harness of event channels and grants is made of.
FUZZ_SRCS_event := tests/unit/event_world.c tests/unit/event_world_mm.c \
    tests/unit/event_world_irq.c tests/unit/grant_world.c \
    $(sort $(wildcard xen-lite/event/*.c xen-lite/grant/*.c)) \
    xen-lite/lib/rangeset.c xen-lite/hypercall/physdev_op.c

$(O)/fuzz/fuzz_event: FUZZ_CFLAGS += -Wno-unused-command-line-argument -lcmocka
