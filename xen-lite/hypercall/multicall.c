// SPDX-License-Identifier: MIT
/*
 * A batch of hypercalls: __HYPERVISOR_multicall(entries, count). Each entry is
 * copied in once and its result written back. A call inside that wants to
 * continue gets its changed arguments written into its entry in guest memory,
 * and the batch restarts there: what is read again then is checked again.
 */
#include "types.h"

#include <xen/xen.h>

#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"

_Static_assert(sizeof(((struct hypercall_args *)NULL)->a) ==
                   sizeof(((multicall_entry_t *)NULL)->args),
               "an entry has the arguments of a call");

static long multicall_one(struct vcpu *v, const multicall_entry_t *entry,
                          struct hypercall_args *args)
{
    if (entry->op == __HYPERVISOR_multicall || entry->op == __HYPERVISOR_iret) {
        return -XEN_EINVAL;
    }
    __builtin_memcpy(args->a, entry->args, sizeof(args->a));
    return hypercall_call(v, entry->op, args);
}

static int multicall_save_arguments(guest_va_t entry_va,
                                    multicall_entry_t *entry,
                                    const struct hypercall_args *args)
{
    __builtin_memcpy(entry->args, args->a, sizeof(args->a));
    return write_guest(entry_va, entry);
}

/* Progress: args 0 (next entry) and 1 (entries left). */
long hc_multicall(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t entries = guest_va_make(args->a[0]);
    unsigned long count = args->a[1];

    for (unsigned long done = 0; done < count; done++) {
        guest_va_t entry_va =
            guest_va_index(entries, done, sizeof(multicall_entry_t));
        struct hypercall_args call_args;
        multicall_entry_t entry;
        long rc;

        if (done != 0 && hypercall_preempt_check()) {
            rc = -XEN_ERESTART;
        } else if (read_guest(&entry, entry_va) != 0) {
            return -XEN_EFAULT;
        } else {
            rc = multicall_one(v, &entry, &call_args);
            if (rc == -XEN_ERESTART &&
                multicall_save_arguments(entry_va, &entry, &call_args) != 0) {
                return -XEN_EFAULT;
            }
        }
        if (rc == -XEN_ERESTART) {
            args->a[0] = entry_va.address;
            args->a[1] = count - done;
            return -XEN_ERESTART;
        }
        entry.result = (unsigned long)rc;
        if (copy_to_guest(guest_va_make(entry_va.address +
                                        offsetof(multicall_entry_t, result)),
                          &entry.result, sizeof(entry.result)) != 0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}
