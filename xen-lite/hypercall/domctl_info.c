/* SPDX-License-Identifier: MIT */
/*
 * domctl commands that tell of a domain: its state, its vCPUs' use of time,
 * what its frames are used as.
 */
#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "sched.h"
#include "softirq.h"

#define PAGE_INFO_MAX  1024U
#define PAGE_INFO_STEP 64U

/*
 * The first domain whose id is at least the one asked: tools walk with it, and
 * compare the id they get.
 */
int domctl_getdomaininfo(struct vcpu *caller, struct domain *none,
                         struct xen_domctl *op)
{
    struct domain *d;
    const domid_t wanted = op->domain;
    int rc = -XEN_EPERM;

    (void)none;
    if (wanted >= DOMID_FIRST_RESERVED) {
        return -XEN_EINVAL;
    }
    d = domain_get_at_or_after(wanted);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    if (caller->domain->privileged) {
        control_domain_info(d, &op->u.getdomaininfo);
        op->domain = d->domid;
        rc = 0;
    }
    domain_put(d);
    return rc;
}

int domctl_getvcpuinfo(struct vcpu *caller, struct domain *d,
                       struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    const struct vcpu *v;
    unsigned int pauses;

    (void)caller;
    if (info->vcpu >= d->max_vcpus) {
        return -XEN_EINVAL;
    }
    v = d->vcpu[info->vcpu];
    if (v == NULL) {
        return -XEN_ESRCH;
    }
    pauses = atomic_load(&v->sched.pause_flags);
    info->online = (pauses & VCPU_DOWN) == 0;
    info->blocked = (pauses & VCPU_BLOCKED) != 0;
    info->running = atomic_load(&v->sched.running);
    info->cpu_time = sched_cpu_time_ns(v);
    info->cpu = atomic_load(&v->sched.cpu);
    return 0;
}

/* -- frames ---------------------------------------------------------------- */

static unsigned long page_info_of_type(uint64_t word)
{
    unsigned long info;

    switch (page_type_of(word)) {
    case PAGE_TYPE_L1:
        info = XEN_DOMCTL_PFINFO_L1TAB;
        break;
    case PAGE_TYPE_L2:
        info = XEN_DOMCTL_PFINFO_L2TAB;
        break;
    case PAGE_TYPE_L3:
        info = XEN_DOMCTL_PFINFO_L3TAB;
        break;
    case PAGE_TYPE_L4:
        info = XEN_DOMCTL_PFINFO_L4TAB;
        break;
    default:
        return XEN_DOMCTL_PFINFO_NOTAB;
    }
    if ((word & PAGE_TYPE_COUNT_MASK) == 0) {
        return XEN_DOMCTL_PFINFO_NOTAB; /* was one */
    }
    return info |
           ((word & PAGE_TYPE_PINNED) != 0 ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

static unsigned long page_info(const struct domain *d, unsigned long number)
{
    mfn_t mfn = mfn_make(number);
    struct page *page;
    unsigned long info;

    if (!page_get(mfn, d)) {
        return XEN_DOMCTL_PFINFO_XTAB;
    }
    page = page_of(mfn);
    info = page_info_of_type(atomic_load(&page->type));
    page_put(page);
    return info;
}

/* Progress is kept in the structure: num and array move on. */
int domctl_getpageframeinfo3(struct vcpu *caller, struct domain *d,
                             struct xen_domctl *op)
{
    struct xen_domctl_getpageframeinfo3 *request = &op->u.getpageframeinfo3;
    guest_va_t array = GUEST_HANDLE_VA(request->array);

    (void)caller;
    if (request->num > PAGE_INFO_MAX) {
        return -XEN_E2BIG;
    }
    for (unsigned int done = 0; done < request->num; done++) {
        unsigned long value;

        if (done != 0 && done % PAGE_INFO_STEP == 0 && softirq_pending()) {
            request->num -= done;
            request->array.p += done;
            return -XEN_ERESTART;
        }
        if (read_guest_index(&value, array, done) != 0) {
            return -XEN_EFAULT;
        }
        value = page_info(d, value);
        if (write_guest_index(array, done, &value) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}
