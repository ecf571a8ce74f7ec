/* SPDX-License-Identifier: MIT */
/* What a CPU does when no guest runs on it. */
#ifndef XEN_LITE_IDLE_H
#define XEN_LITE_IDLE_H

/* Serve softirqs, sleep in between. On the CPU's empty stack. */
void idle_loop(void);

#endif
