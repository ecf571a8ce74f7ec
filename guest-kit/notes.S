/* SPDX-License-Identifier: MIT */
/*
 * The ELF notes that every guest carries (numbers: <xen/elfnote.h>).
 * Optional ones are in files of their own: note_hypercall_page.S and
 * note_init_p2m.S.
 */
#include "elfnote.h"

#define FEATURE_DOM0 11

elfnote_string XEN_ELFNOTE_GUEST_OS, "guest-kit"
elfnote_string XEN_ELFNOTE_GUEST_VERSION, "1"
elfnote_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
elfnote_string XEN_ELFNOTE_LOADER, "generic"
elfnote_string XEN_ELFNOTE_PAE_MODE, "yes"
elfnote_number XEN_ELFNOTE_VIRT_BASE, guest_virt_base
elfnote_number XEN_ELFNOTE_PADDR_OFFSET, 0
elfnote_number XEN_ELFNOTE_ENTRY, _start
elfnote_number XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000
elfnote_number XEN_ELFNOTE_SUPPORTED_FEATURES, (1 << FEATURE_DOM0)

.section .note.GNU-stack, "", @progbits
