/* SPDX-License-Identifier: MIT */
/* The terminal that xenconsoled keeps for a guest. */
#ifndef XEN_LITE_XLITE_CONSOLE_H
#define XEN_LITE_XLITE_CONSOLE_H

#include "xlite.h"

/*
 * Open the guest's terminal, waiting a moment for xenconsoled to make it.
 * Returns a descriptor, or -1 after a message.
 */
int console_open(struct xlite *x, uint32_t domid);

/* Carry bytes both ways until Ctrl-], end of input, or the guest's end. */
int console_talk(struct xlite *x, int fd);

/*
 * Wait until xenconsoled has read all that a stopped guest wrote, but not for
 * long: a guest's last words tell why it stopped.
 */
void console_drain(struct xlite *x, uint32_t domid);

#endif
