/* SPDX-License-Identifier: MIT */
/* Threads, cores and sockets, as APIC ids spell them (sched/topology.c). */
#ifndef XEN_LITE_TOPOLOGY_H
#define XEN_LITE_TOPOLOGY_H

#include "types.h"

/* Neither is ever 0. */
uint32_t topology_threads_per_core(void);
uint32_t topology_cores_per_socket(void);
/* Of CPU @cpu, which exists: its core's number in its socket; its socket. */
uint32_t topology_core(unsigned int cpu);
uint32_t topology_socket(unsigned int cpu);

#endif
