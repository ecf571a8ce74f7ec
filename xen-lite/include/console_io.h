/* SPDX-License-Identifier: MIT */
/* The console_io hypercall (hypercall/console_io.c). */
#ifndef XEN_LITE_CONSOLE_IO_H
#define XEN_LITE_CONSOLE_IO_H

#include "types.h"

/*
 * May guests other than dom0 write? What they write is then logged as text
 * they caused, each line with their number; else they get -XEN_EPERM.
 */
void console_io_allow_guests(bool allow);

#endif
