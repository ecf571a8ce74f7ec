// SPDX-License-Identifier: MIT
/*
 * Debug registers of a guest: breakpoints only on its own addresses, so that
 * they fire in the hypervisor only where it copies for the guest. None on
 * ports: the hypervisor makes all accesses, the guest's too.
 */
#include "domain.h"
#include "guest_copy.h"
#include "hypercall.h"
#include "pv.h"

/* RW field of breakpoint @i in DR7: 2 is one on a port. */
static unsigned int dr7_rw(unsigned long dr7, unsigned int i)
{
    return (unsigned int)(dr7 >> (16 + i * 4)) & 3U;
}

static int check_dr7(unsigned long value)
{
    if ((value & X86_DR7_GD) != 0) {
        return -XEN_EPERM;
    }
    for (unsigned int i = 0; i < 4; i++) {
        bool enabled = ((value >> (i * 2)) & 3U) != 0;

        if (enabled && dr7_rw(value, i) == 2) {
            return -XEN_EPERM;
        }
    }
    return 0;
}

int pv_set_debugreg(struct vcpu *v, unsigned int index, unsigned long value)
{
    int rc;

    if (index == 4 || index == 5) {
        if ((v->pv.cr4 & X86_CR4_DE) != 0) {
            return -XEN_ENODEV;
        }
        index += 2;
    }
    if (index >= 6 && value >> 32 != 0) {
        return -XEN_EINVAL;
    }
    switch (index) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (!guest_address_ok(value)) {
            return -XEN_EPERM;
        }
        break;
    case 6:
        value = (value & ~X86_DR6_RESERVED_ZERO) | X86_DR6_FIXED;
        break;
    case 7:
        rc = check_dr7(value);
        if (rc != 0) {
            return rc;
        }
        value = (value & 0xffff27ffUL) | X86_DR7_FIXED;
        break;
    default:
        return -XEN_ENODEV;
    }
    v->pv.dr[index] = value;
    if (v == current_vcpu()) {
        machine_set_debugreg(index, value);
    }
    return 0;
}

long hc_set_debugreg(struct vcpu *v, struct hypercall_args *args)
{
    if (args->a[0] > 7) {
        return -XEN_ENODEV;
    }
    return pv_set_debugreg(v, (unsigned int)args->a[0], args->a[1]);
}

long hc_get_debugreg(struct vcpu *v, struct hypercall_args *args)
{
    unsigned long index = args->a[0];

    if (index > 7) {
        return -XEN_ENODEV;
    }
    if (index == 4 || index == 5) {
        if ((v->pv.cr4 & X86_CR4_DE) != 0) {
            return -XEN_ENODEV;
        }
        index += 2;
    }
    return (long)v->pv.dr[index];
}
