/* SPDX-License-Identifier: MIT */
/* Measuring: many samples of a loop, the median a round. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* Do the measured thing @count times. */
typedef void bench_loop_t(unsigned long count);

/* Print `bench NAME ticks`: median ticks of one turn of @loop. */
void bench_run(const char *name, bench_loop_t *loop);

/* The same with @rounds turns a sample instead of the usual number. */
void bench_run_rounds(const char *name, bench_loop_t *loop,
                      unsigned long rounds);

/* Print the median of @count values that were collected by hand. */
void bench_report(const char *name, uint64_t *values, unsigned int count);

void bench_calls(void);
void bench_traps(void);
void bench_memory(void);
void bench_events(void);
void bench_grants(void);

/* In entry.S. */
extern uint64_t bench_left;
extern volatile uint64_t bench_event_tsc;
extern void *bench_info;
extern void *bench_pending;
extern uint64_t bench_pending_mask;
extern uint8_t bench_syscall[], bench_syscall_fast[];
extern uint8_t bench_page_fault[], bench_invalid[], bench_event[];
void bench_iret(unsigned long count);

#endif
