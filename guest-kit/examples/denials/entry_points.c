/* SPDX-License-Identifier: MIT */
/* Addresses at which the hypervisor would enter us, and bases it would load. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"
#include "traps.h"

#define NONCANONICAL 0x8000000000000000UL

static void set_trap(const char *name, uint64_t address, int64_t want)
{
    struct trap_info table[2] = {
        {.vector = 9, .cs = FLAT_KERNEL_CS, .address = address},
    };

    check_eq(name, hc_set_trap_table(table), want);
}

static void set_callback(const char *name, uint16_t type, uint64_t address,
                         int64_t want)
{
    struct callback_register cb = {.type = type, .address = address};

    check_eq(name, hc_callback_op(CALLBACKOP_register, &cb), want);
}

static void check_callbacks(void)
{
    struct callback_unregister gone = {.type = CALLBACKTYPE_event};

    set_callback("callback-event-noncanonical", CALLBACKTYPE_event,
                 NONCANONICAL, -XEN_EINVAL);
    set_callback("callback-syscall-noncanonical", CALLBACKTYPE_syscall,
                 NONCANONICAL, -XEN_EINVAL);
    set_callback("callback-failsafe-noncanonical", CALLBACKTYPE_failsafe,
                 NONCANONICAL, -XEN_EINVAL);
    set_callback("callback-unknown", 99, (uint64_t)callback_event, -XEN_ENOSYS);
    check_eq("callback-unregister-event",
             hc_callback_op(CALLBACKOP_unregister, &gone), -XEN_EINVAL);
    check_eq("callback-op-unknown", hc_callback_op(99, &gone), -XEN_ENOSYS);
}

static void check_segment_bases(void)
{
    check_eq("segbase-fs-noncanonical",
             hc_set_segment_base(SEGBASE_FS, NONCANONICAL), -XEN_EINVAL);
    check_eq("segbase-gs-user-noncanonical",
             hc_set_segment_base(SEGBASE_GS_USER, NONCANONICAL), -XEN_EINVAL);
    check_eq("segbase-gs-kernel-noncanonical",
             hc_set_segment_base(SEGBASE_GS_KERNEL, NONCANONICAL), -XEN_EINVAL);
    check_eq("segbase-unknown", hc_set_segment_base(77, 0), -XEN_EINVAL);
}

static void check_assists(void)
{
    check_eq("vm-assist-unknown-type", hc_vm_assist(VMASST_CMD_enable, 63),
             -XEN_EINVAL);
    check_eq("vm-assist-type-out-of-word", hc_vm_assist(VMASST_CMD_enable, 200),
             -XEN_EINVAL);
    check_eq("vm-assist-unknown-command", hc_vm_assist(9, 0), -XEN_ENOSYS);
}

void denials_entry_points(void)
{
    set_trap("trap-noncanonical", NONCANONICAL, -XEN_EINVAL);
    set_trap("trap-good", trap_stub(9), 0);
    check_callbacks();
    check_segment_bases();
    check_assists();
}
