/* SPDX-License-Identifier: MIT */
/*
 * A guest that takes all the time it is given, on one CPU, until it is
 * destroyed: for measurements of how a hypervisor shares its CPUs. With
 * `idle` on its command line it takes none.
 */
#include "console.h"
#include "hypercall.h"
#include "start.h"

void guest_main(void)
{
    print("spin: begins\n");
    while (guest_option("idle")) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
    for (;;) {
        __asm__ volatile("pause");
    }
}
