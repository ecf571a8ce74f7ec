/* SPDX-License-Identifier: MIT */
/* The idle loop: HLT, which every processor and emulator does right. */
#include "idle.h"

#include "softirq.h"
#include "x86.h"

void idle_loop(void)
{
    for (;;) {
        irq_disable();
        if (softirq_pending()) {
            irq_enable();
            softirq_run();
        } else {
            irq_enable_and_halt();
        }
    }
}
