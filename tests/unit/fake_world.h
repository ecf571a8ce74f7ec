/* SPDX-License-Identifier: MIT */
/*
 * Domains for tests of the scheduler and of the control calls: vCPUs that only
 * use time, a run of the whole machine in simulated time, and dom0 with a page
 * for arguments.
 */
#ifndef XEN_LITE_FAKE_WORLD_H
#define XEN_LITE_FAKE_WORLD_H

#include "fake.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

#define WORLD_MS 1000000ULL
#define WORLD_S  1000000000ULL

/* A configuration that createdomain accepts. */
struct xen_domctl_createdomain world_config(unsigned int vcpus);
/* A domain without memory, its vCPUs up and runnable. */
struct domain *world_spinner(domid_t domid, unsigned int vcpus);
/* The same, still paused by its controller, vCPUs down. */
struct domain *world_domain_paused(domid_t domid, unsigned int vcpus);
/* Only the first @count CPUs are online. */
void world_limit_cpus(unsigned int count);
/* Let every CPU online live for @ns, in steps of @step_ns. */
void world_run(uint64_t ns, uint64_t step_ns);
/* All CPUs do their softirqs until none has any. */
void world_settle(void);
/* CPU time of all vCPUs of @d so far. */
uint64_t world_cpu_time(const struct domain *d);

/* -- dom0, and calls with one structure as argument ------------------------ */

extern struct fake_guest *world_dom0;

/* cmocka fixtures: a machine with dom0 current on CPU 0, and none. */
int world_dom0_setup(void **state);
int world_dom0_teardown(void **state);
/* The same with a guest beside it, domain 5: two vCPUs, 32 pages. */
extern struct fake_guest *world_guest;
int world_guest_setup(void **state);
int world_guest_teardown(void **state);
/* Bytes of dom0's argument page, and their guest address. */
void *world_arg(unsigned int offset);
unsigned long world_arg_va(unsigned int offset);
/* An address that dom0 does not map. */
#define WORLD_BAD_VA 0xffffc00000000000UL

/* Make the call with a copy of @op in the argument page, and take it back. */
long world_domctl(struct xen_domctl *op);
long world_sysctl(struct xen_sysctl *op);
/* A domctl structure for command @cmd on @domid. */
struct xen_domctl world_op(uint32_t cmd, domid_t domid);
struct xen_sysctl world_sys(uint32_t cmd);

#endif
