/* SPDX-License-Identifier: MIT */
/*
 * Decode and carry out one instruction that writes memory (SDM 2A 2.1, 2.2.1,
 * and the entries of each instruction). The fault told the address; here only
 * the length, the operand and the arithmetic matter.
 */
#include "write_decode.h"

#include "pv.h"

#define REX_W 8U
#define REX_R 4U
#define REX_X 2U
#define REX_B 1U

#define NO_REGISTER 16U
#define NO_INDEX    4U /* RSP */

#define FLAG_CF (1UL << 0)
#define FLAG_PF (1UL << 2)
#define FLAG_AF (1UL << 4)
#define FLAG_ZF (1UL << 6)
#define FLAG_SF (1UL << 7)
#define FLAG_OF (1UL << 11)
#define FLAGS_ARITHMETIC \
    (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

struct decoder {
    const uint8_t *code;
    unsigned int count;
    unsigned int at;
    bool overrun;
    bool operand16;
    uint8_t rex;
    uint8_t modrm;
};

static uint8_t next_byte(struct decoder *dec)
{
    if (dec->at >= dec->count) {
        dec->overrun = true;
        return 0;
    }
    return dec->code[dec->at++];
}

/* Legacy prefixes, then REX. Returns the opcode's first byte. */
static uint8_t decode_prefixes(struct decoder *dec)
{
    for (;;) {
        uint8_t byte = next_byte(dec);

        switch (byte) {
        case 0x66:
            dec->operand16 = true;
            break;
        case 0xf0: /* LOCK: all of it is atomic anyway */
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x26:
        case 0x64:
        case 0x65:
            break;
        default:
            if ((byte & 0xf0) != 0x40) {
                return byte;
            }
            dec->rex = byte;
            return next_byte(dec);
        }
    }
}

/* With the bit of REX that extends it. */
static uint8_t extended(const struct decoder *dec, unsigned int reg,
                        unsigned int rex_bit)
{
    return (uint8_t)(reg | ((dec->rex & rex_bit) != 0 ? 8 : 0));
}

/* ModRM with its SIB and displacement; false for a register operand. */
static bool decode_modrm(struct decoder *dec, struct write_instruction *out)
{
    unsigned int mod, base;

    dec->modrm = next_byte(dec);
    mod = dec->modrm >> 6;
    base = dec->modrm & 7;
    if (mod == 3) {
        return false;
    }
    out->rip_relative = mod == 0 && base == 5;
    out->index = NO_INDEX;
    if (base == 4) {
        uint8_t sib = next_byte(dec);

        out->index = extended(dec, sib >> 3 & 7, REX_X);
        out->scale = sib >> 6;
        base = sib & 7;
    }
    out->base = extended(dec, base, REX_B);
    if (mod == 0 && base == 5) {
        out->base = NO_REGISTER;
        mod = 2;
    }
    if (mod != 0) {
        out->displacement = next_byte(dec);
        dec->at += mod == 2 ? 3 : 0;
    }
    return true;
}

/* Of 1, 2 or 4 bytes, sign-extended to 64 bits. */
static uint64_t decode_immediate(struct decoder *dec, unsigned int bytes)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < bytes; i++) {
        value |= (uint32_t)next_byte(dec) << (8 * i);
    }
    return (uint64_t)(bytes == 1   ? (int8_t)value
                      : bytes == 2 ? (int16_t)value
                                   : (int32_t)value);
}

static unsigned int modrm_reg(const struct decoder *dec)
{
    return (dec->modrm >> 3) & 7;
}

static void use_register(const struct decoder *dec,
                         struct write_instruction *out)
{
    unsigned int reg = modrm_reg(dec);

    out->has_register = true;
    if (out->size == 1 && dec->rex == 0 && reg >= 4) {
        out->high_byte = true; /* AH to BH without REX */
        reg -= 4;
    }
    out->register_number = extended(dec, reg, REX_R);
}

static bool use_immediate(struct decoder *dec, struct write_instruction *out,
                          bool always_byte)
{
    unsigned int bytes = always_byte ? 1 : out->size < 4 ? out->size : 4;

    out->immediate = decode_immediate(dec, bytes);
    return true;
}

/* Of /reg in groups 80, 81, 83, and bits 3-5 of opcodes 00-3f. */
static bool arithmetic(unsigned int number, struct write_instruction *out)
{
    static const uint8_t operations[] = {WRITE_ADD, WRITE_OR,  WRITE_ADC,
                                         WRITE_SBB, WRITE_AND, WRITE_SUB,
                                         WRITE_XOR};

    if (number >= ARRAY_COUNT(operations)) {
        return false; /* CMP */
    }
    out->operation = (enum write_operation)operations[number];
    return true;
}

static bool decode_group(struct decoder *dec, uint8_t opcode,
                         struct write_instruction *out)
{
    unsigned int reg = modrm_reg(dec);

    switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x83:
        return arithmetic(reg, out) && use_immediate(dec, out, opcode == 0x83);
    case 0xc6:
    case 0xc7:
        out->operation = WRITE_MOV;
        return reg == 0 && use_immediate(dec, out, false);
    case 0xf6:
    case 0xf7:
        out->operation = reg == 2 ? WRITE_NOT : WRITE_NEG;
        return reg == 2 || reg == 3;
    default: /* 0xfe, 0xff */
        out->operation = reg == 0 ? WRITE_INC : WRITE_DEC;
        return reg <= 1;
    }
}

static bool decode_one_byte(struct decoder *dec, uint8_t opcode,
                            struct write_instruction *out)
{
    if ((opcode & 1) == 0) {
        out->size = 1;
    }
    if (opcode < 0x40 && (opcode & 6) == 0) {
        if (!decode_modrm(dec, out)) {
            return false;
        }
        use_register(dec, out);
        return arithmetic(opcode >> 3, out);
    }
    switch (opcode) {
    case 0x86:
    case 0x87:
    case 0x88:
    case 0x89:
        if (!decode_modrm(dec, out)) {
            return false;
        }
        use_register(dec, out);
        out->operation = opcode < 0x88 ? WRITE_XCHG : WRITE_MOV;
        return true;
    case 0x80:
    case 0x81:
    case 0x83:
    case 0xc6:
    case 0xc7:
    case 0xf6:
    case 0xf7:
    case 0xfe:
    case 0xff:
        return decode_modrm(dec, out) && decode_group(dec, opcode, out);
    default:
        return false;
    }
}

static bool two_byte_operation(uint8_t opcode, struct write_instruction *out)
{
    switch (opcode) {
    case 0xab:
        out->operation = WRITE_BTS;
        return true;
    case 0xb3:
        out->operation = WRITE_BTR;
        return true;
    case 0xbb:
        out->operation = WRITE_BTC;
        return true;
    case 0xb0:
    case 0xb1:
        out->operation = WRITE_CMPXCHG;
        return true;
    case 0xc0:
    case 0xc1:
        out->operation = WRITE_XADD;
        return true;
    case 0xc3: /* MOVNTI */
        out->operation = WRITE_MOV;
        return out->size >= 4;
    default:
        return false;
    }
}

static bool decode_two_bytes(struct decoder *dec, uint8_t opcode,
                             struct write_instruction *out)
{
    if (opcode == 0xba) {
        if (!decode_modrm(dec, out) || modrm_reg(dec) < 5) {
            return false;
        }
        out->operation = (enum write_operation)(WRITE_BTS + modrm_reg(dec) - 5);
        return use_immediate(dec, out, true);
    }
    if (opcode == 0xb0 || opcode == 0xc0) {
        out->size = 1;
    }
    if (!two_byte_operation(opcode, out) || !decode_modrm(dec, out)) {
        return false;
    }
    use_register(dec, out);
    return true;
}

bool write_decode(const uint8_t *code, unsigned int count,
                  struct write_instruction *out)
{
    struct decoder dec = {.code = code, .count = count};
    uint8_t opcode = decode_prefixes(&dec);
    bool known;

    *out = (struct write_instruction){
        .size = (dec.rex & REX_W) != 0 ? 8
                : dec.operand16        ? 2
                                       : 4,
    };
    if (opcode == 0x0f) {
        known = decode_two_bytes(&dec, next_byte(&dec), out);
    } else {
        known = decode_one_byte(&dec, opcode, out);
    }
    out->bytes = dec.at;
    return known && !dec.overrun && dec.at <= dec.count;
}

/* -- carrying out ---------------------------------------------------------- */

uint64_t *general_register(struct cpu_user_regs *regs, unsigned int number)
{
    uint64_t *const registers[16] = {
        &regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
        &regs->rsi, &regs->rdi, &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
        &regs->r12, &regs->r13, &regs->r14, &regs->r15,
    };

    return registers[number & 15];
}

static uint64_t mask_of(unsigned int size)
{
    return size == 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;
}

static uint64_t read_operand(const struct write_instruction *in,
                             struct cpu_user_regs *regs)
{
    uint64_t value = in->immediate;

    if (in->has_register) {
        value = *general_register(regs, in->register_number);
        if (in->high_byte) {
            value >>= 8;
        }
    }
    return value & mask_of(in->size);
}

/* As the CPU does: 4-byte results clear the upper half, smaller ones keep. */
static void write_register(uint64_t *at, unsigned int size, bool high_byte,
                           uint64_t value)
{
    if (size >= 4) {
        *at = value;
    } else if (high_byte) {
        *at = (*at & ~0xff00ULL) | value << 8;
    } else {
        *at = (*at & ~mask_of(size)) | value;
    }
}

static bool sign_of(uint64_t value, unsigned int size)
{
    return (value >> (8 * size - 1) & 1) != 0;
}

/* Flags that a result alone tells; the others given in @more. */
static void set_flags(struct cpu_user_regs *regs, uint64_t result,
                      unsigned int size, unsigned long more)
{
    unsigned long flags = more;

    if (result == 0) {
        flags |= FLAG_ZF;
    }
    if (sign_of(result, size)) {
        flags |= FLAG_SF;
    }
    if ((__builtin_popcountll(result & 0xff) & 1) == 0) {
        flags |= FLAG_PF;
    }
    regs->rflags = (regs->rflags & ~FLAGS_ARITHMETIC) | flags;
}

static uint64_t add(struct cpu_user_regs *regs, uint64_t a, uint64_t b,
                    uint64_t carry, unsigned int size)
{
    uint64_t sum = (a + b + carry) & mask_of(size);
    unsigned long flags = 0;

    if (sum < a || (carry != 0 && sum == a)) {
        flags |= FLAG_CF;
    }
    if (sign_of((a ^ sum) & (b ^ sum), size)) {
        flags |= FLAG_OF;
    }
    if (((a ^ b ^ sum) & 0x10) != 0) {
        flags |= FLAG_AF;
    }
    set_flags(regs, sum, size, flags);
    return sum;
}

static uint64_t subtract(struct cpu_user_regs *regs, uint64_t a, uint64_t b,
                         uint64_t borrow, unsigned int size)
{
    uint64_t difference = (a - b - borrow) & mask_of(size);
    unsigned long flags = 0;

    if (a < b || (borrow != 0 && a == b)) {
        flags |= FLAG_CF;
    }
    if (sign_of((a ^ b) & (a ^ difference), size)) {
        flags |= FLAG_OF;
    }
    if (((a ^ b ^ difference) & 0x10) != 0) {
        flags |= FLAG_AF;
    }
    set_flags(regs, difference, size, flags);
    return difference;
}

static uint64_t logic(struct cpu_user_regs *regs, uint64_t result,
                      unsigned int size)
{
    set_flags(regs, result, size, 0);
    return result;
}

/* INC and DEC leave the carry as it is. */
static uint64_t keep_carry(struct cpu_user_regs *regs, unsigned long before,
                           uint64_t result)
{
    regs->rflags = (regs->rflags & ~FLAG_CF) | (before & FLAG_CF);
    return result;
}

static uint64_t change_bit(const struct write_instruction *in,
                           struct cpu_user_regs *regs, uint64_t old,
                           uint64_t operand)
{
    uint64_t bit = 1ULL << (operand & (8 * in->size - 1));

    regs->rflags &= ~FLAG_CF;
    if ((old & bit) != 0) {
        regs->rflags |= FLAG_CF;
    }
    switch (in->operation) {
    case WRITE_BTS:
        return old | bit;
    case WRITE_BTR:
        return old & ~bit;
    default:
        return old ^ bit;
    }
}

static uint64_t compute(const struct write_instruction *in,
                        struct cpu_user_regs *regs, uint64_t old,
                        uint64_t operand)
{
    unsigned long flags = regs->rflags;
    uint64_t carry = flags & FLAG_CF;

    switch (in->operation) {
    case WRITE_XADD:
    case WRITE_ADD:
        return add(regs, old, operand, 0, in->size);
    case WRITE_ADC:
        return add(regs, old, operand, carry, in->size);
    case WRITE_SBB:
        return subtract(regs, old, operand, carry, in->size);
    case WRITE_SUB:
        return subtract(regs, old, operand, 0, in->size);
    case WRITE_OR:
        return logic(regs, old | operand, in->size);
    case WRITE_AND:
        return logic(regs, old & operand, in->size);
    case WRITE_XOR:
        return logic(regs, old ^ operand, in->size);
    case WRITE_NOT:
        return ~old & mask_of(in->size);
    case WRITE_NEG:
        return subtract(regs, 0, old, 0, in->size);
    case WRITE_INC:
        return keep_carry(regs, flags, add(regs, old, 1, 0, in->size));
    case WRITE_DEC:
        return keep_carry(regs, flags, subtract(regs, old, 1, 0, in->size));
    case WRITE_BTS:
    case WRITE_BTR:
    case WRITE_BTC:
        return change_bit(in, regs, old, operand);
    default: /* MOV, XCHG */
        return operand;
    }
}

static bool compare_exchange(const struct write_instruction *in,
                             struct cpu_user_regs *regs, uint64_t old,
                             uint64_t operand, uint64_t *new)
{
    uint64_t accumulator = regs->rax & mask_of(in->size);

    (void)subtract(regs, accumulator, old, 0, in->size);
    if (accumulator != old) {
        write_register(&regs->rax, in->size, false, old);
        return false;
    }
    *new = operand;
    return true;
}

bool write_is_aligned(const struct write_instruction *in,
                      struct cpu_user_regs *regs)
{
    unsigned long at = in->displacement;

    if (in->rip_relative) {
        at += regs->rip + in->bytes;
    }
    if (in->base != NO_REGISTER) {
        at += *general_register(regs, in->base);
    }
    if (in->index != NO_INDEX) {
        at += *general_register(regs, in->index) << in->scale;
    }
    return at % in->size == 0;
}

bool write_execute(const struct write_instruction *in,
                   struct cpu_user_regs *regs, uint64_t old, uint64_t *new)
{
    uint64_t operand = read_operand(in, regs);

    old &= mask_of(in->size);
    if (in->operation == WRITE_CMPXCHG) {
        return compare_exchange(in, regs, old, operand, new);
    }
    *new = compute(in, regs, old, operand);
    if (in->operation == WRITE_XCHG || in->operation == WRITE_XADD) {
        write_register(general_register(regs, in->register_number), in->size,
                       in->high_byte, old);
    }
    return true;
}
