/* SPDX-License-Identifier: MIT */
/* The parts of hostile. */
#ifndef HOSTILE_H
#define HOSTILE_H

void hostile_kernel_iret(void);
void hostile_user_iret(void);
void hostile_handlers(void);
void hostile_segments(void);

#endif
