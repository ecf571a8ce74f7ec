// SPDX-License-Identifier: MIT
/*
 * __HYPERVISOR_memory_op (<xen/memory.h>). The low six bits of the first
 * argument are the command, the rest is the extent a continuation starts at.
 */
#include "memory_op.h"

#include <xen/memory.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "mm.h"

#define COMMAND_BITS 6U
#define COMMAND_MASK ((1UL << COMMAND_BITS) - 1)

/* Where guests find the machine-to-physical table: half of L4 slot 256. */
#define MACHPHYS_START   0xffff800000000000UL
#define MACHPHYS_END     0xffff804000000000UL
#define MACHPHYS_ENTRIES ((MACHPHYS_END - MACHPHYS_START) / sizeof(uint64_t))
#define MACHPHYS_STEP    (2UL << 20) /* table bytes that one entry stands for */

/* Frames that one acquire_resource call hands out between preemptions. */
#define RESOURCE_BATCH 32U

static long query_reservation(struct vcpu *v, unsigned int command,
                              guest_va_t arg)
{
    struct domain *d;
    domid_t domid;
    long rc;

    if (read_guest(&domid, arg) != 0) {
        return -XEN_EFAULT;
    }
    rc = domain_get_target(v, domid, &d);
    if (rc != 0) {
        return rc;
    }
    switch (command) {
    case XENMEM_current_reservation:
        rc = (long)d->tot_pages;
        break;
    case XENMEM_maximum_reservation:
        rc = (long)d->max_pages;
        break;
    default: /* maximum_gpfn: the guest's own word, not trusted for more */
        rc = (long)d->shared->arch.max_pfn;
        rc = rc != 0 ? rc - 1 : 0;
        break;
    }
    domain_put(d);
    return rc;
}

static long machphys_mapping(guest_va_t arg)
{
    struct xen_machphys_mapping mapping = {
        .v_start = MACHPHYS_START,
        .v_end = MACHPHYS_END,
        .max_mfn = MACHPHYS_ENTRIES - 1,
    };

    return write_guest(arg, &mapping);
}

static long machphys_mfn_list(guest_va_t arg)
{
    struct xen_machphys_mfn_list list;
    unsigned long steps =
        (frame_max_mfn() * sizeof(uint64_t) + MACHPHYS_STEP - 1) /
        MACHPHYS_STEP;
    guest_va_t out;
    unsigned int count = 0;

    if (read_guest(&list, arg) != 0) {
        return -XEN_EFAULT;
    }
    out = GUEST_HANDLE_VA(list.extent_start);
    for (; count < list.max_extents && count < steps; count++) {
        xen_pfn_t mfn = machine_m2p_frame(count).number;

        if (write_guest_index(out, count, &mfn) != 0) {
            return -XEN_EFAULT;
        }
    }
    list.nr_extents = count;
    return write_guest(arg, &list);
}

/* Set frames aside for a domain that is being built; 0 extents cancels. */
static long set_claim(struct domain *d, unsigned long pages)
{
    long rc = 0;

    spin_lock(&d->page_lock);
    if (pages == 0) {
        frame_unclaim(&d->claimed_pages, d->claimed_pages);
    } else if (domain_is_dying(d) || d->claimed_pages != 0 ||
               pages <= d->tot_pages || pages > d->max_pages) {
        rc = -XEN_EINVAL;
    } else {
        rc = frame_claim(&d->claimed_pages, pages - d->tot_pages);
    }
    spin_unlock(&d->page_lock);
    return rc;
}

static long claim_pages(struct vcpu *v, guest_va_t arg)
{
    struct xen_memory_reservation asked;
    struct domain *d;
    long rc;

    if (!v->domain->privileged) {
        return -XEN_EPERM;
    }
    if (read_guest(&asked, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (GUEST_HANDLE_VA(asked.extent_start).address != 0 ||
        asked.extent_order != 0 || asked.mem_flags != 0) {
        return -XEN_EINVAL;
    }
    rc = domain_get_target(v, asked.domid, &d);
    if (rc == 0) {
        rc = set_claim(d, asked.nr_extents);
        domain_put(d);
    }
    return rc;
}

static long resource_size(const struct domain *d, guest_va_t arg,
                          struct xen_mem_acquire_resource *asked)
{
    asked->nr_frames = grant_table_max_frames(d, asked->id);
    return write_guest(arg, asked);
}

static long acquire_frames(struct domain *d,
                           const struct xen_mem_acquire_resource *asked)
{
    guest_va_t list = GUEST_HANDLE_VA(asked->frame_list);
    mfn_t frames[RESOURCE_BATCH];
    unsigned int done = 0;

    while (done < asked->nr_frames) {
        unsigned int batch = asked->nr_frames - done;
        int rc;

        batch = batch < RESOURCE_BATCH ? batch : RESOURCE_BATCH;
        rc = grant_table_acquire(d, asked->id, asked->frame + done, batch,
                                 frames);
        if (rc != 0) {
            return rc;
        }
        for (unsigned int i = 0; i < batch; i++, done++) {
            xen_pfn_t mfn = frames[i].number;

            if (write_guest_index(list, done, &mfn) != 0) {
                return -XEN_EFAULT;
            }
        }
    }
    return 0;
}

static long acquire_resource(struct vcpu *v, guest_va_t arg)
{
    struct xen_mem_acquire_resource asked;
    struct domain *d;
    long rc;

    if (read_guest(&asked, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (asked.pad != 0) {
        return -XEN_EINVAL;
    }
    rc = domain_get_target(v, asked.domid, &d);
    if (rc != 0) {
        return rc;
    }
    if (d == v->domain || !v->domain->privileged) {
        rc = -XEN_EPERM;
    } else if (asked.type != XENMEM_resource_grant_table) {
        rc = -XEN_EOPNOTSUPP;
    } else if (GUEST_HANDLE_VA(asked.frame_list).address == 0) {
        rc = asked.nr_frames != 0 ? -XEN_EINVAL : resource_size(d, arg, &asked);
    } else {
        rc = acquire_frames(d, &asked);
    }
    domain_put(d);
    return rc;
}

static long reservation(struct vcpu *v, unsigned int command, guest_va_t arg,
                        struct hypercall_args *args)
{
    unsigned long progress = 0;
    long rc = memory_reservation(v, command, arg, args->a[0] >> COMMAND_BITS,
                                 &progress);

    if (rc == -XEN_ERESTART) {
        args->a[0] = progress << COMMAND_BITS | command;
    }
    return rc;
}

/* Progress: bits 6 and up of args 0 for reservations; the guest's structure
 * for exchange. */
long hc_memory_op(struct vcpu *v, struct hypercall_args *args)
{
    unsigned int command = (unsigned int)(args->a[0] & COMMAND_MASK);
    guest_va_t arg = guest_va_make(args->a[1]);

    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return reservation(v, command, arg, args);
    case XENMEM_exchange:
        return memory_exchange(v, arg);
    case XENMEM_maximum_ram_page:
        return (long)frame_max_mfn();
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return query_reservation(v, command, arg);
    case XENMEM_machphys_mapping:
        return machphys_mapping(arg);
    case XENMEM_machphys_mfn_list:
        return machphys_mfn_list(arg);
    case XENMEM_memory_map:
        return memory_domain_map(v, arg);
    case XENMEM_machine_memory_map:
        return memory_machine_map(v, arg);
    case XENMEM_set_memory_map:
        return memory_set_domain_map(v, arg);
    case XENMEM_claim_pages:
        return claim_pages(v, arg);
    case XENMEM_acquire_resource:
        return acquire_resource(v, arg);
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return 0;
    case XENMEM_get_vnumainfo:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_ENOSYS;
    }
}
