/* SPDX-License-Identifier: MIT */
/*
 * Barriers between guests in the processor's predictors and buffers, where
 * CPUID offers them (spec-ctrl=no turns them off). Not yet run on hardware.
 */
#ifndef XEN_LITE_SPECULATION_H
#define XEN_LITE_SPECULATION_H

struct domain;

/* This CPU, once its cpu_info is there. */
void speculation_init_cpu(void);
/* A vCPU of @d runs on this CPU from now on. */
void speculation_enter_domain(const struct domain *d);

#endif
