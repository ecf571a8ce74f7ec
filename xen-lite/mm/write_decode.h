/* SPDX-License-Identifier: MIT */
/*
 * Instructions that write one memory operand, as kernels use them on page
 * tables: decoded here without regard to what they write to.
 */
#ifndef XEN_LITE_WRITE_DECODE_H
#define XEN_LITE_WRITE_DECODE_H

#include "types.h"

struct cpu_user_regs;

#define INSTRUCTION_MAX 15U

enum write_operation {
    WRITE_MOV,
    WRITE_XCHG,
    WRITE_CMPXCHG,
    WRITE_XADD,
    WRITE_ADD, /* the eight of opcodes 00-3f and groups 80, 81, 83 ... */
    WRITE_OR,
    WRITE_ADC,
    WRITE_SBB,
    WRITE_AND,
    WRITE_SUB,
    WRITE_XOR, /* ... without CMP, which does not write */
    WRITE_BTS,
    WRITE_BTR,
    WRITE_BTC,
    WRITE_NOT,
    WRITE_NEG,
    WRITE_INC,
    WRITE_DEC,
};

struct write_instruction {
    enum write_operation operation;
    unsigned int bytes; /* of the instruction */
    unsigned int size;  /* of the operand: 1, 2, 4, 8 */
    bool has_register;  /* other operand: a register, or ... */
    unsigned int register_number;
    bool high_byte;     /* AH, CH, DH, BH */
    uint64_t immediate; /* ... this, sign-extended */
    /* The address written to; of the displacement its lowest byte. */
    uint8_t base;
    uint8_t index;
    uint8_t scale;
    uint8_t displacement;
    bool rip_relative;
};

/* Decode the @count bytes at @code; false: none of these. */
bool write_decode(const uint8_t *code, unsigned int count,
                  struct write_instruction *out);
/*
 * Is what @in writes all in one place, as its size is? Where it faulted does
 * not tell: that is the first byte that may not be written. (A segment's base
 * is taken for aligned.)
 */
bool write_is_aligned(const struct write_instruction *in,
                      struct cpu_user_regs *regs);
/*
 * What @in writes where @old is now, of in->size bytes, with what that does to
 * registers and flags in @regs. False: it writes nothing (a cmpxchg that did
 * not match); registers are changed then, too.
 */
bool write_execute(const struct write_instruction *in,
                   struct cpu_user_regs *regs, uint64_t old, uint64_t *new);

#endif
