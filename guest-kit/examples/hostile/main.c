/* SPDX-License-Identifier: MIT */
/*
 * Processor state that no sane kernel asks for: the hypervisor must load it,
 * fault on it and hand the fault to us, or refuse it; never fail itself.
 */
#include "hostile.h"

#include "check.h"
#include "hypercall.h"
#include "start.h"
#include "user.h"

void guest_main(void)
{
    check_eq("user-init", user_init(), 0);
    hostile_kernel_iret();
    hostile_user_iret();
    hostile_handlers();
    hostile_segments();
    check_hex("still-alive", (uint64_t)hc_xen_version(XENVER_version, NULL),
              0x40011);
    check_finish(SHUTDOWN_reboot);
}
