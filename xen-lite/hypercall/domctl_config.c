/* SPDX-License-Identifier: MIT */
/*
 * domctl commands that shape what a guest sees and may touch: processor, TSC,
 * hypercall page, ports, frames and interrupt lines.
 */
#include "control.h"

#include "core.h"
#include "guest_copy.h"
#include "hypercall_page.h"
#include "mm.h"
#include "pirq.h"
#include "rangeset.h"

/* No domain has pirqs from here on. */
#define PIRQ_LIMIT 1024U

/* -- processor ------------------------------------------------------------- */

#define POLICY_LEAVES_MAX 256U

int domctl_get_cpu_policy(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *request = &op->u.cpu_policy;
    const struct cpu_policy *policy = d->policy;

    (void)caller;
    if (policy == NULL) {
        policy = cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    }
    return control_write_policy(
        policy, &request->nr_leaves, GUEST_HANDLE_VA(request->leaves),
        &request->nr_msrs, GUEST_HANDLE_VA(request->msrs));
}

static int read_leaves(struct cpu_policy *policy,
                       struct xen_domctl_cpu_policy *request)
{
    guest_va_t from = GUEST_HANDLE_VA(request->leaves);

    for (uint32_t i = 0; i < request->nr_leaves; i++) {
        xen_cpuid_leaf_t in;
        struct cpu_policy_leaf leaf;
        int rc;

        if (read_guest_index(&in, from, i) != 0) {
            return -XEN_EFAULT;
        }
        leaf = (struct cpu_policy_leaf){
            in.leaf, in.subleaf, {in.a, in.b, in.c, in.d}};
        rc = cpu_policy_set_leaf(policy, &leaf);
        if (rc != 0) {
            request->err_leaf = in.leaf;
            request->err_subleaf = in.subleaf;
            return rc;
        }
    }
    return 0;
}

static int read_msrs(struct cpu_policy *policy,
                     struct xen_domctl_cpu_policy *request)
{
    guest_va_t from = GUEST_HANDLE_VA(request->msrs);

    for (uint32_t i = 0; i < request->nr_msrs; i++) {
        xen_msr_entry_t in;
        int rc;

        if (read_guest_index(&in, from, i) != 0) {
            return -XEN_EFAULT;
        }
        rc = in.flags != 0 ? -XEN_EINVAL
                           : cpu_policy_set_msr(policy, in.idx, in.val);
        if (rc != 0) {
            request->err_msr = in.idx;
            return rc;
        }
    }
    return 0;
}

static int policy_read(struct cpu_policy *policy,
                       struct xen_domctl_cpu_policy *request)
{
    struct cpu_policy_error error;
    int rc;

    request->err_leaf = ~0U;
    request->err_subleaf = ~0U;
    request->err_msr = ~0U;
    if (request->nr_leaves > POLICY_LEAVES_MAX ||
        request->nr_msrs > POLICY_LEAVES_MAX) {
        return -XEN_E2BIG;
    }
    rc = read_leaves(policy, request);
    if (rc == 0) {
        rc = read_msrs(policy, request);
    }
    if (rc != 0) {
        return rc;
    }
    rc = cpu_policy_check(policy, &error);
    if (rc != 0) {
        request->err_leaf = error.leaf;
        request->err_subleaf = error.subleaf;
        request->err_msr = error.msr;
    }
    return rc;
}

int domctl_set_cpu_policy(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    struct cpu_policy *policy;
    int rc;

    if (d == caller->domain) {
        return -XEN_EINVAL;
    }
    if (d->creation_finished) {
        return -XEN_EEXIST; /* it has seen the old one */
    }
    policy = heap_alloc(sizeof(*policy));
    if (policy == NULL) {
        return -XEN_ENOMEM;
    }
    *policy =
        d->policy != NULL ? *d->policy : *cpu_policy_get(CPU_POLICY_PV_DEFAULT);
    rc = policy_read(policy, &op->u.cpu_policy);
    if (rc != 0) {
        heap_free(policy);
        return rc;
    }
    heap_free(d->policy);
    d->policy = policy;
    return 0;
}

/* Values of tsc_mode in xl.cfg and the ABI; 0 leaves it to us. */
#define TSC_MODE_ALWAYS 1U
#define TSC_MODE_NEVER  2U

/* -- TSC ------------------------------------------------------------------- */

int domctl_gettscinfo(struct vcpu *caller, struct domain *d,
                      struct xen_domctl *op)
{
    struct xen_domctl_tsc_info *info = &op->u.tsc_info;

    if (d == caller->domain) {
        return -XEN_EINVAL;
    }
    *info = (struct xen_domctl_tsc_info){
        .tsc_mode = d->tsc_mode,
        .gtsc_khz = d->tsc_khz != 0 ? d->tsc_khz : machine_tsc_khz(),
        .incarnation = d->tsc_incarnation};
    if (d->tsc_mode != TSC_MODE_NEVER) {
        info->elapsed_nsec = machine_now_ns() + d->vtsc_offset_ns;
    }
    return 0;
}

/* RDTSC is trapped when the guest asks for it, or was told another speed. */
int domctl_settscinfo(struct vcpu *caller, struct domain *d,
                      struct xen_domctl *op)
{
    const struct xen_domctl_tsc_info *info = &op->u.tsc_info;
    uint32_t khz = machine_tsc_khz();

    if (d == caller->domain || info->tsc_mode > TSC_MODE_NEVER) {
        return -XEN_EINVAL;
    }
    domain_pause(d);
    d->tsc_mode = info->tsc_mode;
    d->tsc_khz = khz;
    d->vtsc = false;
    if (info->tsc_mode != TSC_MODE_NEVER) {
        d->vtsc_offset_ns = info->elapsed_nsec - machine_now_ns();
        d->tsc_khz = info->gtsc_khz != 0 ? info->gtsc_khz : khz;
        d->vtsc = info->tsc_mode == TSC_MODE_ALWAYS || d->tsc_khz != khz;
    }
    d->tsc_incarnation = info->incarnation + 1;
    domain_unpause(d);
    return 0;
}

/* -- hypercall page -------------------------------------------------------- */

int domctl_hypercall_init(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    mfn_t mfn = mfn_make(op->u.hypercall_init.gmfn);

    (void)caller;
    if (page_get_and_type(mfn, d, PAGE_TYPE_WRITABLE) != 0) {
        return -XEN_EINVAL;
    }
    hypercall_page_fill(machine_map(mfn));
    page_put_and_type(page_of(mfn));
    return 0;
}

/* -- rights ---------------------------------------------------------------- */

/* Nobody gives away what he does not have. */
static int pass_right(struct rangeset *from, struct rangeset *to,
                      unsigned long first, unsigned long last, bool allow)
{
    if (!rangeset_contains(from, first, last)) {
        return -XEN_EPERM;
    }
    return allow ? rangeset_add(to, first, last)
                 : rangeset_remove(to, first, last);
}

int domctl_irq_permission(struct vcpu *caller, struct domain *d,
                          struct xen_domctl *op)
{
    const struct xen_domctl_irq_permission *request = &op->u.irq_permission;
    unsigned int irq;

    if (request->pirq >= PIRQ_LIMIT) {
        return -XEN_EINVAL;
    }
    /* The number is the caller's own name for the line. */
    if (pirq_to_irq(caller->domain, request->pirq, &irq) != 0) {
        return -XEN_EPERM;
    }
    return pass_right(&caller->domain->irqs, &d->irqs, irq, irq,
                      request->allow_access != 0);
}

int domctl_iomem_permission(struct vcpu *caller, struct domain *d,
                            struct xen_domctl *op)
{
    const struct xen_domctl_iomem_permission *request = &op->u.iomem_permission;
    unsigned long last = request->first_mfn + request->nr_mfns - 1;

    if (last < request->first_mfn) {
        return -XEN_EINVAL;
    }
    return pass_right(&caller->domain->iomem, &d->iomem, request->first_mfn,
                      last, request->allow_access != 0);
}

int domctl_ioport_permission(struct vcpu *caller, struct domain *d,
                             struct xen_domctl *op)
{
    const struct xen_domctl_ioport_permission *request =
        &op->u.ioport_permission;
    uint32_t first = request->first_port;
    uint32_t count = request->nr_ports;

    if (count == 0 || first > 0xffff || count > 0x10000 - first) {
        return -XEN_EINVAL;
    }
    return pass_right(&caller->domain->ioports, &d->ioports, first,
                      first + count - 1, request->allow_access != 0);
}
