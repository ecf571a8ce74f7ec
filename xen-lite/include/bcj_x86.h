/* SPDX-License-Identifier: MIT */
/*
 * The x86 filter of .xz files: the packer made the targets of CALL and JMP
 * absolute, so that equal targets pack well; here they become relative again.
 */
#ifndef XEN_LITE_BCJ_X86_H
#define XEN_LITE_BCJ_X86_H

#include <stddef.h>
#include <stdint.h>

/* Undo the filter in place. @ip is the packer's address of @data[0]. */
void bcj_x86_decode(uint8_t *data, size_t bytes, uint32_t ip);

#endif
