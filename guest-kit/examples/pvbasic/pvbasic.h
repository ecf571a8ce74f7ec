/* SPDX-License-Identifier: MIT */
/* The parts of pvbasic, in the order in which they run. */
#ifndef PVBASIC_H
#define PVBASIC_H

void pvbasic_exceptions(void);
void pvbasic_iret(void);
void pvbasic_emulation(void);
void pvbasic_msr(void);
void pvbasic_debug(void);
void pvbasic_events(void);
void pvbasic_timers(void);
void pvbasic_clock(void);
void pvbasic_multicall(void);
void pvbasic_segments(void);
void pvbasic_user(void);
void pvbasic_memory(void);
void pvbasic_grants(void);
void pvbasic_smp(void);
void pvbasic_vcpu_info(void);

#endif
