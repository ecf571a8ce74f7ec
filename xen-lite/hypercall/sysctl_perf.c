/* SPDX-License-Identifier: MIT */
/*
 * sysctl perfc_op: the software counters (perf.h) as xenperf reads them. One
 * array over all hypercall numbers, then one counter for each event, told CPU
 * by CPU. <xen/sysctl.h>.
 */
#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "perf.h"
#include "string.h"

/* In the order of enum perf_event. */
static const char *const event_names[] = {
    "exceptions bounced",
    "page faults",
    "upcalls",
    "instructions emulated",
    "page table writes emulated",
    "continuations",
    "context switches",
    "TLB shootdowns",
    "system calls bounced",
};

_Static_assert(ARRAY_COUNT(event_names) == PERF_COUNT - PERF_HYPERCALLS,
               "a name for each event");

static void perf_reset(void)
{
    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        for (unsigned int i = 0; core_cpus[cpu] != NULL && i < PERF_COUNT;
             i++) {
            atomic_store(&core_cpus[cpu]->counters[i], 0);
        }
    }
}

static uint32_t perf_sum(unsigned int counter)
{
    uint64_t sum = 0;

    for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (core_cpus[cpu] != NULL) {
            sum += atomic_load(&core_cpus[cpu]->counters[counter]);
        }
    }
    return (uint32_t)sum;
}

/* Descriptions, if wanted: how many values each counter has. */
static int perf_write_descriptions(guest_va_t to, uint32_t cpu_count)
{
    xen_sysctl_perfc_desc_t out;

    memset(&out, 0, sizeof(out));
    (void)string_copy(out.name, "hypercalls", sizeof(out.name));
    out.nr_vals = PERF_HYPERCALLS;
    if (write_guest_index(to, 0, &out) != 0) {
        return -XEN_EFAULT;
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(event_names); i++) {
        memset(&out, 0, sizeof(out));
        (void)string_copy(out.name, event_names[i], sizeof(out.name));
        out.nr_vals = cpu_count;
        if (write_guest_index(to, i + 1, &out) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

static int perf_write_values(guest_va_t to)
{
    unsigned int index = 0;
    unsigned int cpu;

    for (; index < PERF_HYPERCALLS; index++) {
        xen_sysctl_perfc_val_t value = perf_sum(index);

        if (write_guest_index(to, index, &value) != 0) {
            return -XEN_EFAULT;
        }
    }
    for (unsigned int i = PERF_HYPERCALLS; i < PERF_COUNT; i++) {
        for_each_cpu_in (cpu, &cpus_online) {
            xen_sysctl_perfc_val_t value = (xen_sysctl_perfc_val_t)atomic_load(
                &core_cpus[cpu]->counters[i]);

            if (write_guest_index(to, index++, &value) != 0) {
                return -XEN_EFAULT;
            }
        }
    }
    return 0;
}

static int perf_query(struct xen_sysctl_perfc_op *request)
{
    guest_va_t descriptions = GUEST_HANDLE_VA(request->desc);
    guest_va_t values = GUEST_HANDLE_VA(request->val);
    uint32_t cpu_count = cpumask_count(&cpus_online);
    int rc = 0;

    request->nr_counters = 1 + ARRAY_COUNT(event_names);
    request->nr_vals =
        PERF_HYPERCALLS + (uint32_t)ARRAY_COUNT(event_names) * cpu_count;
    if (descriptions.address != 0) {
        rc = perf_write_descriptions(descriptions, cpu_count);
    }
    if (rc == 0 && values.address != 0) {
        rc = perf_write_values(values);
    }
    return rc;
}

int sysctl_perfc_op(struct xen_sysctl *op)
{
    switch (op->u.perfc_op.cmd) {
    case XEN_SYSCTL_PERFCOP_reset:
        perf_reset();
        return perf_query(&op->u.perfc_op);
    case XEN_SYSCTL_PERFCOP_query:
        return perf_query(&op->u.perfc_op);
    default:
        return -XEN_EINVAL;
    }
}
