/* SPDX-License-Identifier: MIT */
/*
 * Linked into a guest that wants its p2m list at an address of its own, out
 * of the initial mapping (as Linux does), and its module unmapped.
 */
#include "elfnote.h"

elfnote_number XEN_ELFNOTE_INIT_P2M, 0x8000000000
elfnote_number XEN_ELFNOTE_MOD_START_PFN, 1

.section .note.GNU-stack, "", @progbits
