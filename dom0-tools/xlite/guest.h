/* SPDX-License-Identifier: MIT */
/* Start a guest from its configuration, and take one away. */
#ifndef XEN_LITE_XLITE_GUEST_H
#define XEN_LITE_XLITE_GUEST_H

#include "config.h"
#include "xlite.h"

/*
 * Build the guest and introduce it; it is left paused.
 * @check_initrd  unpack the ramdisk once to see that it is whole
 * @domid         set on success
 * Returns 0 or an exit code, after a message; then nothing of it remains.
 */
int guest_start(struct xlite *x, struct guest_config *c, bool check_initrd,
                uint32_t *domid);

/*
 * End a domain at once and remove its xenstore entries. Returns 0 or -1 with
 * errno. A domain that is gone already is success.
 */
int guest_end(struct xlite *x, uint32_t domid);

#endif
