/* SPDX-License-Identifier: MIT */
/*
 * A guest beside dom0: what the domain builder gives it, its console ring,
 * its xenstore, and what it may not do. As dom0 it only says so.
 */
#include "check.h"
#include "clock.h"
#include "console.h"
#include "evtchn.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "string.h"
#include "xenbus.h"

#define CONNECT_NS (20 * 1000000000UL)

static void check_start_info(void)
{
    const struct start_info *si = start_info;

    check_hex("domu-flags", si->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN), 0);
    check_eq("domu-magic", strncmp(si->magic, "xen-3.0-x86_64", 14), 0);
    check_true("domu-store-frame", si->store_mfn != 0, si->store_mfn);
    check_true("domu-store-port", si->store_evtchn != 0, si->store_evtchn);
    check_true("domu-console-frame", si->console.domU.mfn != 0, 0);
    check_true("domu-console-port", si->console.domU.evtchn != 0, 0);
    check_hex("domu-rsp", entry_state.rsp,
              si->pt_base + (si->nr_pt_frames + 1) * PAGE_BYTES);
    check_hex("domu-rsi", entry_state.rsi, (uint64_t)si);
}

/* The daemon at the other end may still be on its way to bind its own. */
static void check_connects(const char *name, evtchn_port_t port)
{
    struct evtchn_status status;
    uint64_t end_ns = clock_ns() + CONNECT_NS;

    long rc;

    do {
        rc = evtchn_status(port, &status);
    } while (rc == 0 && status.status != EVTCHNSTAT_interdomain &&
             clock_ns() < end_ns);
    check_eq(name, rc, 0);
    check_eq(name, status.status, EVTCHNSTAT_interdomain);
}

/* Grants 0 and 1 name console and store, made by the tools. */
static void check_grants(void)
{
    check_eq("domu-grant-table", gnttab_init(), 0);
    check_hex("domu-grant-console", gnttab_flags(GNTTAB_RESERVED_CONSOLE) & 3,
              GTF_permit_access);
    check_hex("domu-grant-store", gnttab_flags(GNTTAB_RESERVED_XENSTORE) & 3,
              GTF_permit_access);
}

static void check_store(void)
{
    char text[256];

    check_true("store-connect", xenbus_init(), 0);
    check_true("store-domid", xenbus_read("domid", text, sizeof(text)) > 0, 0);
    check_true("store-own-number", text[0] != '0', (uint64_t)text[0]);
    check_true("store-name", xenbus_read("name", text, sizeof(text)) > 0, 0);
    check_eq("store-write", xenbus_write("data/guestkit", "here I am"), 0);
    check_eq("store-read-back",
             xenbus_read("data/guestkit", text, sizeof(text)), 9);
    check_eq("store-value", strcmp(text, "here I am"), 0);
    check_true("store-directory",
               xenbus_directory("data", text, sizeof(text)) > 0, 0);
    check_eq("store-missing", xenbus_read("data/no-such", text, sizeof(text)),
             -XEN_ENOENT);
    check_eq("store-denied", xenbus_write("/local/domain/0/data", "x"),
             -XEN_EACCES);
    check_eq("store-remove", xenbus_remove("data/guestkit"), 0);
}

static void check_refusals(void)
{
    uint64_t page[16] = {0};

    check_eq("domu-domctl", hypercall1(__HYPERVISOR_domctl, (uint64_t)page),
             -XEN_EACCES);
    check_eq("domu-console-io", hc_console_io(CONSOLEIO_write, 4, "x\n\n\n"),
             -XEN_EPERM);
    check_eq("domu-map-mmio",
             mm_map((const void *)VIRT_BASE, 0xfec00000, PTE_KERNEL_RO),
             -XEN_EPERM);
    check_eq("domu-machine-map", hc_memory_op(XENMEM_machine_memory_map, page),
             -XEN_EPERM);
}

static void report(void)
{
    xenbus_write("data/result", check_failures() == 0 ? "PASS" : "FAIL");
}

void guest_main(void)
{
    if (guest_is_dom0()) {
        check_skip("domu", "this is dom0");
        check_finish(SHUTDOWN_poweroff);
    }
    print("hello from domU\n");
    check_start_info();
    check_connects("domu-store-channel", start_info->store_evtchn);
    check_connects("domu-console-channel", start_info->console.domU.evtchn);
    check_grants();
    check_store();
    check_refusals();
    report();
    check_finish(SHUTDOWN_poweroff);
}
