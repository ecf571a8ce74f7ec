/* SPDX-License-Identifier: MIT */
/* Numbers shared by assembly and C. */
#ifndef GUEST_KIT_LAYOUT_H
#define GUEST_KIT_LAYOUT_H

#define BOOT_STACK_BYTES 16384

/* sizeof(struct trap_frame): 15 registers, vector, error, 5 of hardware */
#define TRAP_FRAME_BYTES 176

/* Bytes from one stub of trap_stubs to the next */
#define TRAP_STUB_BYTES 16

/* What struct trap_frame calls the entries that are no exceptions */
#define VECTOR_EVENT        256
#define VECTOR_SYSCALL      257
#define VECTOR_SYSENTER     258
#define VECTOR_NMI_CALLBACK 259
#define VECTOR_FAILSAFE     260
#define VECTOR_COUNT        261

#endif
