/* SPDX-License-Identifier: MIT */
/* Ask a guest's kernel to stop, through control/shutdown in xenstore. */
#ifndef XEN_LITE_XLITE_REQUEST_H
#define XEN_LITE_XLITE_REQUEST_H

#include "xlite.h"

/*
 * The commands shutdown and reboot: parse options, write @request ("poweroff"
 * or "reboot"), and wait if asked. Returns an exit code.
 */
int request_stop(struct xlite *x, int argc, char *argv[], const char *request);

#endif
