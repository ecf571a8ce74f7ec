/* SPDX-License-Identifier: MIT */
/* Every call that takes a pointer, with pointers nobody may follow. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

struct pointer_case {
    const char *name;
    unsigned int number;
    unsigned int at; /* which argument is the pointer */
    uint64_t args[4];
    int64_t want;
};

static const struct pointer_case cases[] = {
    {"pointer-set-trap-table",
     __HYPERVISOR_set_trap_table,
     0,
     {0},
     -XEN_EFAULT},
    {"pointer-mmu-update",
     __HYPERVISOR_mmu_update,
     0,
     {0, 1, 0, DOMID_SELF},
     -XEN_EFAULT},
    {"pointer-mmu-update-count-huge",
     __HYPERVISOR_mmu_update,
     0,
     {0, 0x7fffffff, 0, DOMID_SELF},
     -XEN_EFAULT},
    {"pointer-mmuext-op",
     __HYPERVISOR_mmuext_op,
     0,
     {0, 1, 0, DOMID_SELF},
     -XEN_EFAULT},
    {"pointer-set-gdt", __HYPERVISOR_set_gdt, 0, {0, 8}, -XEN_EFAULT},
    {"pointer-multicall", __HYPERVISOR_multicall, 0, {0, 1}, -XEN_EFAULT},
    {"pointer-xen-version",
     __HYPERVISOR_xen_version,
     1,
     {XENVER_extraversion, 0},
     -XEN_EFAULT},
    {"pointer-features",
     __HYPERVISOR_xen_version,
     1,
     {XENVER_get_features, 0},
     -XEN_EFAULT},
    {"pointer-console-write",
     __HYPERVISOR_console_io,
     2,
     {CONSOLEIO_write, 4, 0},
     -XEN_EFAULT},
    {"pointer-sched-shutdown",
     __HYPERVISOR_sched_op,
     1,
     {SCHEDOP_shutdown, 0},
     -XEN_EFAULT},
    {"pointer-sched-poll",
     __HYPERVISOR_sched_op,
     1,
     {SCHEDOP_poll, 0},
     -XEN_EFAULT},
    {"pointer-event-send",
     __HYPERVISOR_event_channel_op,
     1,
     {EVTCHNOP_send, 0},
     -XEN_EFAULT},
    {"pointer-event-alloc",
     __HYPERVISOR_event_channel_op,
     1,
     {EVTCHNOP_alloc_unbound, 0},
     -XEN_EFAULT},
    {"pointer-callback",
     __HYPERVISOR_callback_op,
     1,
     {CALLBACKOP_register, 0},
     -XEN_EFAULT},
    {"pointer-physdev-iopl",
     __HYPERVISOR_physdev_op,
     1,
     {PHYSDEVOP_set_iopl, 0},
     -XEN_EFAULT},
    {"pointer-grant-map",
     __HYPERVISOR_grant_table_op,
     1,
     {GNTTABOP_map_grant_ref, 0, 1},
     -XEN_EFAULT},
    {"pointer-vcpu-initialise",
     __HYPERVISOR_vcpu_op,
     2,
     {VCPUOP_initialise, 1, 0},
     -XEN_EFAULT},
    {"pointer-runstate",
     __HYPERVISOR_vcpu_op,
     2,
     {VCPUOP_get_runstate_info, 0, 0},
     -XEN_EFAULT},
    {"pointer-memory-exchange",
     __HYPERVISOR_memory_op,
     1,
     {XENMEM_exchange, 0},
     -XEN_EFAULT},
    {"pointer-domctl", __HYPERVISOR_domctl, 0, {0}, -XEN_EFAULT},
    {"pointer-sysctl", __HYPERVISOR_sysctl, 0, {0}, -XEN_EFAULT},
    {"pointer-platform", __HYPERVISOR_platform_op, 0, {0}, -XEN_EFAULT},
};

/* Hypervisor, unmapped, non-canonical, running into the hypervisor. */
static const uint64_t bad_addresses[] = {
    0xffff800000000000UL, 0xffff82d040200000UL, 0x0000000000010000UL,
    0x8000000000000000UL, 0xfffffffffffff000UL, 0x00007ffffffffffcUL,
};

/* A domU may not write there at all. */
static int64_t wanted(const struct pointer_case *c)
{
    if (c->number == __HYPERVISOR_console_io && !guest_is_dom0()) {
        return -XEN_EPERM;
    }
    return c->want;
}

static void check_case(const struct pointer_case *c)
{
    unsigned int i;

    for (i = 0; i < sizeof(bad_addresses) / sizeof(bad_addresses[0]); i++) {
        uint64_t args[4] = {c->args[0], c->args[1], c->args[2], c->args[3]};

        args[c->at] = bad_addresses[i];
        check_eq(c->name,
                 hypercall4(c->number, args[0], args[1], args[2], args[3]),
                 wanted(c));
    }
}

/* Out parameters into pages that we may read only. */
static void check_readonly_out(void)
{
    check_eq("out-into-table", hc_xen_version(XENVER_extraversion, &fx.l1[100]),
             -XEN_EFAULT);
    check_eq("out-into-gdt",
             hc_xen_version(XENVER_extraversion, &fx.descriptors[100]),
             -XEN_EFAULT);
    check_hex("out-into-table-nothing", fx.l1[100], 0);
    check_hex("out-into-gdt-nothing", fx.descriptors[100], 0);
}

void denials_pointers(void)
{
    unsigned int i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_case(&cases[i]);
    }
    check_readonly_out();
}
