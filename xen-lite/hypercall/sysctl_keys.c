/* SPDX-License-Identifier: MIT */
/*
 * sysctl debug_keys: one-letter requests of whoever looks for a fault, answered
 * on the console.
 */
#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "printk.h"
#include "sched.h"

#define KEYS_MAX 32U

struct debug_key {
    char key;
    void (*run)(void);
    const char *help;
};

static void key_help(void);

/* -- domains ------------------------------------------------------------------
 */

static void print_vcpu(struct vcpu *v)
{
    printk(
        LOG_INFO | LOG_ALWAYS,
        "  vCPU%u: CPU %u%s, pauses %d, flags %x, upcall %d mask %d, "
        "used %lu ms\n",
        v->id, atomic_load(&v->sched.cpu),
        atomic_load(&v->sched.running) ? " running" : "",
        atomic_load(&v->sched.pause_count), atomic_load(&v->sched.pause_flags),
        v->vcpu_info->evtchn_upcall_pending, v->vcpu_info->evtchn_upcall_mask,
        (unsigned long)(sched_cpu_time_ns(v) / 1000000));
}

static void print_domain(struct domain *d)
{
    struct vcpu *v;

    printk(LOG_INFO | LOG_ALWAYS,
           "d%u: references %u, pauses %d, pages %lu of %lu, dying %u, "
           "shut down %d\n",
           d->domid, atomic_load(&d->refs), atomic_load(&d->pause_count),
           d->tot_pages, d->max_pages, atomic_load(&d->dying),
           atomic_load(&d->shut_down));
    for_each_vcpu (d, v) {
        print_vcpu(v);
    }
}

static void key_domains(void)
{
    domid_t next = 0;
    struct domain *d;

    while ((d = domain_get_at_or_after(next)) != NULL) {
        print_domain(d);
        next = (domid_t)(d->domid + 1);
        domain_put(d);
    }
}

/* -- CPUs and memory
 * ------------------------------------------------------------- */

static void key_run_queues(void)
{
    unsigned int cpu;

    for_each_cpu_in (cpu, &cpus_online) {
        printk(LOG_INFO | LOG_ALWAYS, "CPU %u: %u waiting, idle %lu ms\n", cpu,
               sched_waiting(cpu),
               (unsigned long)(sched_idle_time_ns(cpu) / 1000000));
    }
}

static void key_memory(void)
{
    printk(LOG_INFO | LOG_ALWAYS, "frames: %lu of %lu free, %lu claimed\n",
           frame_free_count(), frame_total_count(), frame_outstanding_claims());
}

/* -- keys
 * ------------------------------------------------------------------------ */

static const struct debug_key debug_keys[] = {
    {'a', control_audit, "audit of references, grants and events"},
    {'h', key_help, "this list"},
    {'m', key_memory, "memory"},
    {'q', key_domains, "domains and their vCPUs"},
    {'r', key_run_queues, "run queues"},
};

static void key_help(void)
{
    for (unsigned int i = 0; i < ARRAY_COUNT(debug_keys); i++) {
        printk(LOG_INFO | LOG_ALWAYS, "'%c': %s\n", debug_keys[i].key,
               debug_keys[i].help);
    }
}

static void key_press(char key)
{
    for (unsigned int i = 0; i < ARRAY_COUNT(debug_keys); i++) {
        if (debug_keys[i].key == key) {
            printk(LOG_INFO | LOG_ALWAYS, "debug key '%c': %s\n", key,
                   debug_keys[i].help);
            debug_keys[i].run();
            return;
        }
    }
    printk(LOG_INFO | LOG_ALWAYS, "no debug key '%c': 'h' lists them\n",
           key >= ' ' && key <= '~' ? key : '?');
}

int sysctl_debug_keys(struct xen_sysctl *op)
{
    const struct xen_sysctl_debug_keys *request = &op->u.debug_keys;
    guest_va_t keys = GUEST_HANDLE_VA(request->keys);

    for (uint32_t i = 0; i < request->nr_keys && i < KEYS_MAX; i++) {
        char key;

        if (read_guest_index(&key, keys, i) != 0) {
            return -XEN_EFAULT;
        }
        key_press(key);
    }
    return 0;
}
