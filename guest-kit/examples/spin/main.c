/* SPDX-License-Identifier: MIT */
/*
 * A guest that takes all the time it is given, on one CPU, until it is
 * destroyed: for measurements of how a hypervisor shares its CPUs.
 */
#include "console.h"
#include "start.h"

void guest_main(void)
{
    print("spin: begins\n");
    for (;;) {
        __asm__ volatile("pause");
    }
}
