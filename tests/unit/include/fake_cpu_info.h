/* SPDX-License-Identifier: MIT */
/*
 * What machine code that runs on the host (test_irq.c) asks of the hardware's
 * per-CPU data.
 */
#ifndef XEN_LITE_FAKE_CPU_INFO_H
#define XEN_LITE_FAKE_CPU_INFO_H

#include <stdint.h>

struct cpu_info {
    uint32_t cpu;
    uint32_t apic_id;
};

/* This CPU's, and any. */
struct cpu_info *cpu_info(void);
struct cpu_info *cpu_info_of(unsigned int cpu);

#endif
