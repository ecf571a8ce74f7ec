// SPDX-License-Identifier: MIT
/*
 * Checked copies between the hypervisor and the current guest address space.
 * The range check here is the only one, so that no caller can forget it; the
 * machine's copy survives faults on any address that passes.
 */
#include "guest_copy.h"

#include "machine.h"
#include "nospec.h"

/* L4 slots 256-271, which the ABI gives the hypervisor. */
#define HYPERVISOR_FIRST 0xffff800000000000UL
#define HYPERVISOR_END   0xffff880000000000UL
#define LOWER_HALF_END   0x0000800000000000UL

bool address_is_canonical(unsigned long address)
{
    return (unsigned long)((long)(address << 16) >> 16) == address;
}

bool guest_address_ok(unsigned long address)
{
    return address < LOWER_HALF_END || address >= HYPERVISOR_END;
}

bool guest_range_ok(guest_va_t va, size_t bytes)
{
    unsigned long first = va.address;
    unsigned long last = first + (bytes == 0 ? 0 : bytes - 1);

    if (last < first) {
        return false;
    }
    return last < LOWER_HALF_END || first >= HYPERVISOR_END;
}

int copy_from_guest(void *to, guest_va_t from, size_t bytes)
{
    if (!guest_range_ok(from, bytes)) {
        return -XEN_EFAULT;
    }
    from.address = address_nospec(from.address, HYPERVISOR_END);
    return machine_copy_from_guest(to, from, bytes) == 0 ? 0 : -XEN_EFAULT;
}

int copy_to_guest(guest_va_t to, const void *from, size_t bytes)
{
    if (!guest_range_ok(to, bytes)) {
        return -XEN_EFAULT;
    }
    to.address = address_nospec(to.address, HYPERVISOR_END);
    return machine_copy_to_guest(to, from, bytes) == 0 ? 0 : -XEN_EFAULT;
}
