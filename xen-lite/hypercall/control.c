/* SPDX-License-Identifier: MIT */
/*
 * What domctl and sysctl share: domain listings, sets of CPUs, and CPU
 * policies, in the tools' formats. <xen/domctl.h>, <xen/sysctl.h>.
 */
#include "control.h"

#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "sched.h"
#include "spinlock.h"
#include "string.h"

/* Outside all other locks. Who finds it taken tries again from the guest, so
 * that nobody spins while the holder waits for a vCPU to leave its CPU. */
static struct spinlock control_lock = SPINLOCK_INIT(LOCK_DOMCTL);

bool control_begin(void)
{
    return spin_trylock(&control_lock);
}

void control_end(void)
{
    spin_unlock(&control_lock);
}

void control_reset(void)
{
    spin_init(&control_lock, LOCK_DOMCTL);
    domctl_reset();
}

/* -- listings -------------------------------------------------------------- */

/* Adds up @d's vCPUs into @info. Returns the flags that they make. */
static uint32_t info_of_vcpus(struct domain *d,
                              struct xen_domctl_getdomaininfo *info)
{
    uint32_t flags = XEN_DOMINF_blocked;
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu (d, v) {
        unsigned int pauses = atomic_load(&v->sched.pause_flags);

        info->cpu_time += sched_cpu_time_ns(v);
        info->max_vcpu_id = v->id;
        if ((pauses & VCPU_DOWN) != 0) {
            continue;
        }
        info->nr_online_vcpus++;
        if ((pauses & VCPU_BLOCKED) == 0) {
            flags &= ~XEN_DOMINF_blocked;
        }
        if (atomic_load(&v->sched.running)) {
            flags |= XEN_DOMINF_running;
        }
    }
    return info->nr_online_vcpus != 0 ? flags : 0;
}

static uint32_t info_flags(const struct domain *d)
{
    uint32_t flags = 0;

    if (atomic_load(&d->dying) == DOMAIN_DEAD) {
        flags |= XEN_DOMINF_dying;
    }
    if (atomic_load(&d->shut_down)) {
        flags |= XEN_DOMINF_shutdown;
    }
    if (atomic_load(&d->controller_pauses) > 0) {
        flags |= XEN_DOMINF_paused;
    }
    if ((d->config.flags & XEN_DOMCTL_CDF_xs_domain) != 0) {
        flags |= XEN_DOMINF_xs_domain;
    }
    return flags | d->shutdown_code << XEN_DOMINF_shutdownshift;
}

void control_domain_info(struct domain *d,
                         struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->domid;
    info->flags = info_of_vcpus(d, info) | info_flags(d);
    spin_lock(&d->page_lock);
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    info->outstanding_pages = d->claimed_pages;
    spin_unlock(&d->page_lock);
    info->shared_info_frame = d->shared_mfn.number;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->cpupool = atomic_load(&d->cpupool);
    info->gpaddr_bits =
        (uint8_t)cpu_policy_get(CPU_POLICY_HOST)->extended[8].eax;
    info->arch_config = d->config.arch;
}

/* -- sets of CPUs ---------------------------------------------------------- */

int control_read_cpumask(struct cpumask *mask,
                         const struct xenctl_bitmap *bitmap)
{
    uint32_t bits = bitmap->nr_bits < MAX_CPUS ? bitmap->nr_bits : MAX_CPUS;
    uint8_t bytes[MAX_CPUS / 8] = {0};

    cpumask_clear_all(mask);
    if (copy_from_guest(bytes, GUEST_HANDLE_VA(bitmap->bitmap),
                        (bits + 7) / 8) != 0) {
        return -XEN_EFAULT;
    }
    for (uint32_t bit = 0; bit < bits; bit++) {
        if ((bytes[bit / 8] >> (bit % 8) & 1) != 0) {
            cpumask_set(mask, bit);
        }
    }
    return 0;
}

int control_write_cpumask(const struct xenctl_bitmap *bitmap,
                          const struct cpumask *mask)
{
    size_t left = ((size_t)bitmap->nr_bits + 7) / 8;
    guest_va_t va = GUEST_HANDLE_VA(bitmap->bitmap);
    uint8_t bytes[MAX_CPUS / 8] = {0};

    for (uint32_t bit = 0; bit < MAX_CPUS && bit < bitmap->nr_bits; bit++) {
        if (cpumask_test(mask, bit)) {
            bytes[bit / 8] |= (uint8_t)(1U << (bit % 8));
        }
    }
    while (left != 0) {
        size_t count = left < sizeof(bytes) ? left : sizeof(bytes);

        if (copy_to_guest(va, bytes, count) != 0) {
            return -XEN_EFAULT;
        }
        va.address += count;
        left -= count;
        memset(bytes, 0, sizeof(bytes));
    }
    return 0;
}

/* -- policies -------------------------------------------------------------- */

static int write_leaves(const struct cpu_policy *policy, uint32_t *count,
                        guest_va_t to)
{
    struct cpu_policy_leaf leaf;
    uint32_t have = 0;

    if (to.address == 0) {
        *count = CPU_POLICY_LEAVES_MAX;
        return 0;
    }
    for (; cpu_policy_enumerate(policy, have, &leaf); have++) {
        xen_cpuid_leaf_t out = {.leaf = leaf.leaf,
                                .subleaf = leaf.subleaf,
                                .a = leaf.result.eax,
                                .b = leaf.result.ebx,
                                .c = leaf.result.ecx,
                                .d = leaf.result.edx};

        if (have == *count) {
            return -XEN_ENOBUFS;
        }
        if (write_guest_index(to, have, &out) != 0) {
            return -XEN_EFAULT;
        }
    }
    *count = have;
    return 0;
}

static int write_msrs(const struct cpu_policy *policy, uint32_t *count,
                      guest_va_t to)
{
    for (uint32_t i = 0; i < CPU_POLICY_MSRS && to.address != 0; i++) {
        xen_msr_entry_t out = {0};
        uint64_t value;

        if (i == *count) {
            return -XEN_ENOBUFS;
        }
        cpu_policy_msr(policy, i, &out.idx, &value);
        out.val = value;
        if (write_guest_index(to, i, &out) != 0) {
            return -XEN_EFAULT;
        }
    }
    *count = CPU_POLICY_MSRS;
    return 0;
}

int control_write_policy(const struct cpu_policy *policy, uint32_t *leaf_count,
                         guest_va_t leaves, uint32_t *msr_count,
                         guest_va_t msrs)
{
    int rc = write_leaves(policy, leaf_count, leaves);

    return rc != 0 ? rc : write_msrs(policy, msr_count, msrs);
}
