/* SPDX-License-Identifier: MIT */
/*
 * What a PV kernel lives on, one part after the other: exceptions, iret,
 * emulated instructions, events, timers, clock, multicall, segments, user
 * mode, memory, grants, a second vCPU.
 */
#include "pvbasic.h"

#include "check.h"
#include "start.h"
#include "xen_abi.h"

void guest_main(void)
{
    pvbasic_exceptions();
    pvbasic_iret();
    pvbasic_emulation();
    pvbasic_msr();
    pvbasic_debug();
    pvbasic_events();
    pvbasic_timers();
    pvbasic_clock();
    pvbasic_multicall();
    pvbasic_segments();
    pvbasic_user();
    pvbasic_memory();
    pvbasic_grants();
    pvbasic_smp();
    pvbasic_vcpu_info();
    check_finish(SHUTDOWN_reboot);
}
