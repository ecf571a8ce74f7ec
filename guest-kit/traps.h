/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and callbacks. A handler may change the frame; the return goes
 * where the frame says. A fault without handler on an instruction named by
 * FIXUP() is recorded and stepped over; any other is fatal.
 */
#ifndef GUEST_KIT_TRAPS_H
#define GUEST_KIT_TRAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

struct trap_frame {
    union {
        struct {
            uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
            uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
        };
        uint64_t registers[15];
    };
    uint64_t vector;
    uint64_t error_code;
    uint64_t rip;
    uint16_t cs, cs_pad;
    uint8_t saved_upcall_mask, mask_pad[3];
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};
_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_BYTES, "entry.S");

/* What the last recorded exception said. */
struct fault {
    unsigned int count;
    unsigned int vector;
    uint64_t error_code;
    uint64_t cr2;
    bool events_masked;
    struct trap_frame frame;
};

typedef void trap_handler_t(struct trap_frame *frame);

/*
 * Wrap an instruction in inline assembly: when it faults, execution goes on
 * after it.
 */
#define FIXUP(instruction) \
    "1: " instruction "\n" \
    "2:\n" \
    ".pushsection .fixups, \"a\"\n" \
    ".quad 1b, 2b\n" \
    ".popsection\n"

void traps_init(void);

/* Install the whole table, with @flags for vector @vector alone changed. */
long traps_set_vector(unsigned int vector, unsigned int flags);

/* The table that traps_init() installs, for a second vCPU's context. */
size_t traps_copy_table(void *to, size_t bytes);

/* Address of the entry stub of @vector. */
uint64_t trap_stub(unsigned int vector);

/* Take over a vector (or VECTOR_EVENT ...); NULL gives it back. */
void trap_set_handler(unsigned int vector, trap_handler_t *handler);

/* Forget what was recorded on this vCPU. */
void fault_clear(void);
/* What was recorded since; count 0 when nothing faulted. */
const struct fault *fault_last(void);
/* Vector recorded since fault_clear(), or -1. */
int fault_vector(void);

/* Called from entry.S. */
void trap_dispatch(struct trap_frame *frame);

extern uint8_t callback_event[];
extern uint8_t callback_failsafe[];
extern uint8_t callback_syscall[];
extern uint8_t callback_sysenter[];
extern uint8_t callback_nmi[];

#endif
