/* SPDX-License-Identifier: MIT */
/*
 * What mmu_update, mmuext_op and update_va_mapping share: whose frames and
 * page tables a call is about, on which CPUs a guest's vCPUs are, and how a
 * call reports and continues.
 */
#include "pt.h"

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"

int mm_foreign_get(struct vcpu *v, domid_t domid, struct domain **d)
{
    if (domid == DOMID_SELF) {
        *d = v->domain;
        return 0;
    }
    if (domid == v->domain->domid) {
        return -XEN_ESRCH; /* as Xen: oneself is not foreign */
    }
    if (domid == DOMID_IO) {
        *d = domain_io();
        domain_hold(*d);
        return 0; /* iomem ranges decide */
    }
    if (domid == DOMID_XEN) {
        *d = domain_xen();
        domain_hold(*d);
    } else {
        *d = domain_get(domid);
    }
    if (*d == NULL) {
        return -XEN_ESRCH;
    }
    if (!v->domain->privileged) {
        domain_put(*d);
        return -XEN_EPERM;
    }
    return 0;
}

void mm_foreign_put(struct vcpu *v, struct domain *d)
{
    if (d != v->domain) {
        domain_put(d);
    }
}

static void add_vcpu_cpus(struct domain *d, unsigned int first, uint64_t word,
                          struct cpumask *cpus)
{
    for (unsigned int i = 0; i < 64 && first + i < d->max_vcpus; i++) {
        struct vcpu *target = d->vcpu[first + i];
        unsigned int cpu;

        if ((word >> i & 1) == 0 || target == NULL) {
            continue;
        }
        cpu = atomic_load(&target->dirty_cpu);
        if (cpu != VCPU_NOT_DIRTY) {
            cpumask_set(cpus, cpu);
        }
    }
}

int mm_vcpu_cpus(struct vcpu *v, guest_va_t map, struct cpumask *cpus)
{
    struct domain *d = v->domain;

    cpumask_clear_all(cpus);
    for (unsigned int first = 0; first < d->max_vcpus; first += 64) {
        unsigned int vcpus = d->max_vcpus - first;
        uint64_t word = 0;

        /* No more bytes than there are vCPUs for: the map may end there. */
        if (copy_from_guest(&word, guest_va_make(map.address + first / 8),
                            vcpus < 64 ? (vcpus + 7) / 8 : 8) != 0) {
            return -XEN_EFAULT;
        }
        add_vcpu_cpus(d, first, word, cpus);
    }
    return 0;
}

/* -- reports and restarts -------------------------------------------------- */

void mm_report_done(guest_va_t pdone, bool restarted, unsigned long done)
{
    uint32_t before = 0;

    if (pdone.address == 0) {
        return;
    }
    if (restarted && read_guest(&before, pdone) != 0) {
        return;
    }
    before += (uint32_t)done;
    (void)write_guest(pdone, &before);
}

long mm_finish_call(struct vcpu *v, struct hypercall_args *args, long rc)
{
    if (v->pv.teardown_mfn == 0) {
        return rc;
    }
    args->a[0] = 0;
    args->a[1] = MMU_RESTARTED;
    args->a[2] = 0;
    args->a[3] = (unsigned long)rc;
    return -XEN_ERESTART;
}

bool mm_is_finish_call(const struct hypercall_args *args)
{
    return args->a[0] == 0 && args->a[1] == MMU_RESTARTED;
}
