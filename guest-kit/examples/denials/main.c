/* SPDX-License-Identifier: MIT */
/*
 * Everything a guest must not get, tried one by one. The numbers wanted are
 * those that Xen 4.17 answers.
 */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

/* After all of that, the tables that we live on are as they were. */
static void check_alive(void)
{
    uint64_t va = (uint64_t)mm_root();
    uint64_t end = va + start_info->nr_pt_frames * PAGE_BYTES;
    unsigned int writable = 0;

    for (; va < end; va += PAGE_BYTES) {
        writable += (mm_pte((const void *)va) & PTE_RW) != 0;
    }
    check_eq("tables-still-readonly", writable, 0);
    check_hex("window-still-maps", mm_pte(fx.window) & PTE_MFN_MASK,
              fx.window_maddr);
    check_hex("version-still", (uint64_t)hc_xen_version(XENVER_version, NULL),
              0x40011);
}

void guest_main(void)
{
    fixture_init();
    denials_mappings();
    denials_tables();
    denials_pins();
    denials_promotion();
    denials_write_faults();
    denials_updates();
    denials_descriptors();
    denials_entry_points();
    denials_events();
    denials_grants();
    denials_memory();
    denials_pointers();
    denials_calls();
    check_alive();
    check_finish(SHUTDOWN_reboot);
}
