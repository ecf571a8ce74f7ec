/* SPDX-License-Identifier: MIT */
/*
 * The x86 branch filter (.xz file format 5.3.2). An opcode E8 or E9 is taken
 * for a branch when the top byte of its operand is 00 or FF, unless other
 * such opcodes stand so shortly before it that it may be their operand. The
 * packer decided by looking at the same bytes, so the rules are the format.
 */
#include "bcj_x86.h"

#include <stdbool.h>

#include "bytes.h"

#define OPERAND_BYTES 4
#define BRANCH_BYTES  5

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static bool is_branch_opcode(uint8_t byte)
{
    return (byte & 0xfe) == 0xe8;
}

static bool is_sign_byte(uint8_t byte)
{
    return byte == 0x00 || byte == 0xff;
}

/* The offset, from @at up, of the next branch opcode; @end when none is. */
static size_t next_opcode(const uint8_t *data, size_t at, size_t end)
{
    while (at + 8 <= end) {
        uint64_t x = (load_le64(data + at) & EACH_BYTE(0xfe)) ^ EACH_BYTE(0xe8);
        uint64_t zero = (x - EACH_BYTE(1)) & ~x & EACH_BYTE(0x80);

        if (zero != 0) {
            return at + ((size_t)__builtin_ctzll(zero) >> 3);
        }
        at += 8;
    }
    while (at < end && !is_branch_opcode(data[at])) {
        at++;
    }
    return at;
}

/*
 * May the opcode before @operand be a branch? @seen: bit n is set when n + 1
 * bytes before it stands an opcode that was left alone. Then the operand byte
 * that is the top byte of that one's operand decides too.
 */
static bool may_convert(const uint8_t *operand, unsigned int seen)
{
    switch (seen) {
    case 0:
        return true;
    case 1:
        return !is_sign_byte(operand[2]);
    case 2:
        return !is_sign_byte(operand[1]);
    case 4:
        return !is_sign_byte(operand[0]);
    default:
        return false;
    }
}

/*
 * The relative target for the absolute one @absolute. The packer flipped the
 * bits up to the byte that may_convert() tests when its own result had a sign
 * byte there; once is enough, since that byte of @absolute is none.
 */
static uint32_t make_relative(uint32_t absolute, uint32_t next_ip,
                              unsigned int seen)
{
    uint32_t target = absolute - next_ip;

    if (seen != 0) {
        unsigned int low = seen == 1 ? 16 : seen == 2 ? 8 : 0;

        if (is_sign_byte((uint8_t)(target >> low))) {
            target = (target ^ ((UINT32_C(1) << (low + 8)) - 1)) - next_ip;
        }
    }
    /* the top byte repeats the sign, bit 24 */
    return (target & 0x01ffffff) | (0U - (target & 0x01000000));
}

void bcj_x86_decode(uint8_t *data, size_t bytes, uint32_t ip)
{
    size_t end = bytes < BRANCH_BYTES ? 0 : bytes - OPERAND_BYTES;
    size_t last = 0; /* one past the last opcode seen */
    unsigned int seen = 0;
    size_t at = 0;

    while ((at = next_opcode(data, at, end)) < end) {
        uint8_t *operand = data + at + 1;
        size_t gap = at - last;

        seen = gap > 2 ? 0 : (seen << gap) & 7;
        last = at + 1;
        if (may_convert(operand, seen) && is_sign_byte(operand[3])) {
            store_le32(operand,
                       make_relative(load_le32(operand),
                                     ip + (uint32_t)at + BRANCH_BYTES, seen));
            at += BRANCH_BYTES;
            seen = 0;
        } else {
            seen = ((seen << 1) & 7) | 1;
            at++;
        }
    }
}
