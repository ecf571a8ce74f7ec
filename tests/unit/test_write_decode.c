/* SPDX-License-Identifier: MIT */
/*
 * Instructions that write to a page table: decoded, and done as the processor
 * does them.
 */
#include "unit.h"

#include <string.h>

#include "machine.h"
#include "types.h"

#include "../../xen-lite/mm/write_decode.h"

#define CF (1UL << 0)
#define PF (1UL << 2)
#define AF (1UL << 4)
#define ZF (1UL << 6)
#define SF (1UL << 7)
#define OF (1UL << 11)

/* -- decoding -------------------------------------------------------------- */

static struct decode_case {
    const char *name;
    uint8_t code[INSTRUCTION_MAX];
    unsigned int bytes; /* 0: must be refused */
    unsigned int size;
    enum write_operation operation;
} decode_cases[] = {
    {"mov_r64", {0x48, 0x89, 0x07}, 3, 8, WRITE_MOV},
    {"mov_r32", {0x89, 0x07}, 2, 4, WRITE_MOV},
    {"mov_r16", {0x66, 0x89, 0x07}, 3, 2, WRITE_MOV},
    {"mov_r8", {0x88, 0x07}, 2, 1, WRITE_MOV},
    {"mov_disp8", {0x48, 0x89, 0x47, 0x10}, 4, 8, WRITE_MOV},
    {"mov_disp32", {0x48, 0x89, 0x87, 1, 2, 3, 4}, 7, 8, WRITE_MOV},
    {"mov_sib", {0x48, 0x89, 0x04, 0xc7}, 4, 8, WRITE_MOV},
    {"mov_sib_disp8", {0x48, 0x89, 0x44, 0xc7, 8}, 5, 8, WRITE_MOV},
    {"mov_sib_without_base",
     {0x48, 0x89, 0x04, 0xc5, 1, 2, 3, 4},
     8,
     8,
     WRITE_MOV},
    {"mov_rip_relative", {0x48, 0x89, 0x05, 1, 2, 3, 4}, 7, 8, WRITE_MOV},
    {"mov_gs_prefix", {0x65, 0x48, 0x89, 0x07}, 4, 8, WRITE_MOV},
    {"mov_imm32", {0x48, 0xc7, 0x07, 1, 2, 3, 4}, 7, 8, WRITE_MOV},
    {"mov_imm16", {0x66, 0xc7, 0x07, 1, 2}, 5, 2, WRITE_MOV},
    {"mov_imm8", {0xc6, 0x07, 1}, 3, 1, WRITE_MOV},
    {"movnti", {0x48, 0x0f, 0xc3, 0x07}, 4, 8, WRITE_MOV},
    {"xchg_r64", {0x48, 0x87, 0x07}, 3, 8, WRITE_XCHG},
    {"xchg_r9", {0x4c, 0x87, 0x0f}, 3, 8, WRITE_XCHG},
    {"lock_and_imm8_byte", {0xf0, 0x80, 0x27, 0xfd}, 4, 1, WRITE_AND},
    {"lock_and_imm8_r64", {0xf0, 0x48, 0x83, 0x27, 0xfd}, 5, 8, WRITE_AND},
    {"or_imm32", {0x48, 0x81, 0x0f, 1, 2, 3, 4}, 7, 8, WRITE_OR},
    {"or_r64", {0x48, 0x09, 0x07}, 3, 8, WRITE_OR},
    {"and_r8", {0x20, 0x07}, 2, 1, WRITE_AND},
    {"xor_r64", {0x48, 0x31, 0x07}, 3, 8, WRITE_XOR},
    {"add_r64", {0x48, 0x01, 0x07}, 3, 8, WRITE_ADD},
    {"sub_r64", {0x48, 0x29, 0x07}, 3, 8, WRITE_SUB},
    {"adc_r64", {0x48, 0x11, 0x07}, 3, 8, WRITE_ADC},
    {"sbb_r64", {0x48, 0x19, 0x07}, 3, 8, WRITE_SBB},
    {"lock_cmpxchg", {0xf0, 0x48, 0x0f, 0xb1, 0x0f}, 5, 8, WRITE_CMPXCHG},
    {"cmpxchg_byte", {0x0f, 0xb0, 0x0f}, 3, 1, WRITE_CMPXCHG},
    {"lock_xadd", {0xf0, 0x48, 0x0f, 0xc1, 0x0f}, 5, 8, WRITE_XADD},
    {"lock_btr_imm", {0xf0, 0x48, 0x0f, 0xba, 0x37, 5}, 6, 8, WRITE_BTR},
    {"bts_imm", {0x48, 0x0f, 0xba, 0x2f, 5}, 5, 8, WRITE_BTS},
    {"btc_imm", {0x48, 0x0f, 0xba, 0x3f, 5}, 5, 8, WRITE_BTC},
    {"lock_btr_reg", {0xf0, 0x48, 0x0f, 0xb3, 0x0f}, 5, 8, WRITE_BTR},
    {"bts_reg", {0x48, 0x0f, 0xab, 0x0f}, 4, 8, WRITE_BTS},
    {"btc_reg", {0x48, 0x0f, 0xbb, 0x0f}, 4, 8, WRITE_BTC},
    {"not", {0x48, 0xf7, 0x17}, 3, 8, WRITE_NOT},
    {"neg", {0x48, 0xf7, 0x1f}, 3, 8, WRITE_NEG},
    {"inc", {0x48, 0xff, 0x07}, 3, 8, WRITE_INC},
    {"dec_byte", {0xfe, 0x0f}, 2, 1, WRITE_DEC},
    {"refuses_register_operand", {0x48, 0x89, 0xc7}, 0, 0, WRITE_MOV},
    {"refuses_cmp", {0x48, 0x39, 0x07}, 0, 0, WRITE_MOV},
    {"refuses_cmp_imm", {0x48, 0x83, 0x3f, 1}, 0, 0, WRITE_MOV},
    {"refuses_bt_imm", {0x48, 0x0f, 0xba, 0x27, 5}, 0, 0, WRITE_MOV},
    {"refuses_test", {0x48, 0xf7, 0x07, 1, 0, 0, 0}, 0, 0, WRITE_MOV},
    {"refuses_loads", {0x48, 0x8b, 0x07}, 0, 0, WRITE_MOV},
    {"refuses_push", {0xff, 0x37}, 0, 0, WRITE_MOV},
    {"refuses_call", {0xff, 0x17}, 0, 0, WRITE_MOV},
    {"refuses_stos", {0x48, 0xab}, 0, 0, WRITE_MOV},
    {"refuses_movs", {0x48, 0xa5}, 0, 0, WRITE_MOV},
    {"refuses_cmpxchg16b", {0x48, 0x0f, 0xc7, 0x0f}, 0, 0, WRITE_MOV},
    {"refuses_sse_store", {0x66, 0x0f, 0x7f, 0x07}, 0, 0, WRITE_MOV},
    {"refuses_mov_group_other",
     {0x48, 0xc7, 0x0f, 1, 2, 3, 4},
     0,
     0,
     WRITE_MOV},
    {"refuses_16_bit_movnti", {0x66, 0x0f, 0xc3, 0x07}, 0, 0, WRITE_MOV},
};

static void instruction_is_decoded(void **state)
{
    const struct decode_case *c = *state;
    struct write_instruction in;
    bool known = write_decode(c->code, INSTRUCTION_MAX, &in);

    assert_int_equal(known, c->bytes != 0);
    if (!known) {
        return;
    }
    assert_int_equal(in.bytes, c->bytes);
    assert_int_equal(in.size, c->size);
    assert_int_equal(in.operation, c->operation);
    /* Cut short anywhere, it is none. */
    for (unsigned int i = 0; i < c->bytes; i++) {
        assert_false(write_decode(c->code, i, &in));
    }
}

static void endless_prefixes_are_refused(void **state)
{
    uint8_t code[INSTRUCTION_MAX];
    struct write_instruction in;

    (void)state;
    memset(code, 0x66, sizeof(code));
    assert_false(write_decode(code, sizeof(code), &in));
    assert_false(write_decode(code, 0, &in));
}

/* -- arithmetic, compared with the processor's own ------------------------- */

#define HOST_FLAGS (CF | PF | AF | ZF | SF | OF)

/* Do the instruction on the host, with the carry as given. */
#define ON_HOST(text, type, memory, operand, flags) \
    do { \
        type value_ = (type)(operand); \
        unsigned long carry_ = (flags)&CF; \
\
        __asm__ volatile("bt $0, %[c]\n\t" text "\n\tpushfq\n\tpopq %[f]" \
                         : [m] "+m"(memory), [f] "=r"(flags) \
                         : [v] "r"(value_), [c] "r"(carry_) \
                         : "cc", "memory"); \
    } while (0)

struct arithmetic_case {
    const char *name;
    enum write_operation operation;
    unsigned int size;
};

static struct arithmetic_case arithmetic_cases[] = {
    {"add_64", WRITE_ADD, 8}, {"add_8", WRITE_ADD, 1},
    {"adc_64", WRITE_ADC, 8}, {"adc_32", WRITE_ADC, 4},
    {"sbb_64", WRITE_SBB, 8}, {"sbb_16", WRITE_SBB, 2},
    {"sub_64", WRITE_SUB, 8}, {"sub_8", WRITE_SUB, 1},
    {"and_64", WRITE_AND, 8}, {"and_8", WRITE_AND, 1},
    {"or_64", WRITE_OR, 8},   {"xor_32", WRITE_XOR, 4},
    {"neg_64", WRITE_NEG, 8}, {"inc_64", WRITE_INC, 8},
    {"dec_8", WRITE_DEC, 1},  {"not_64", WRITE_NOT, 8},
};

static void host_64(enum write_operation operation, uint64_t *memory,
                    uint64_t operand, unsigned long *flags)
{
    switch (operation) {
    case WRITE_ADD:
        ON_HOST("addq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_ADC:
        ON_HOST("adcq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_SBB:
        ON_HOST("sbbq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_SUB:
        ON_HOST("subq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_AND:
        ON_HOST("andq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_OR:
        ON_HOST("orq %[v], %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_NEG:
        ON_HOST("negq %[m]", uint64_t, *memory, operand, *flags);
        break;
    case WRITE_INC:
        ON_HOST("incq %[m]", uint64_t, *memory, operand, *flags);
        break;
    default:
        ON_HOST("notq %[m]", uint64_t, *memory, operand, *flags);
        break;
    }
}

static void host_small(const struct arithmetic_case *c, uint64_t *memory,
                       uint64_t operand, unsigned long *flags)
{
    uint8_t byte = (uint8_t)*memory;
    uint16_t word = (uint16_t)*memory;
    uint32_t dword = (uint32_t)*memory;

    switch (c->operation) {
    case WRITE_ADD:
        ON_HOST("addb %[v], %[m]", uint8_t, byte, operand, *flags);
        break;
    case WRITE_SUB:
        ON_HOST("subb %[v], %[m]", uint8_t, byte, operand, *flags);
        break;
    case WRITE_AND:
        ON_HOST("andb %[v], %[m]", uint8_t, byte, operand, *flags);
        break;
    case WRITE_DEC:
        ON_HOST("decb %[m]", uint8_t, byte, operand, *flags);
        break;
    case WRITE_ADC:
        ON_HOST("adcl %[v], %[m]", uint32_t, dword, operand, *flags);
        break;
    case WRITE_XOR:
        ON_HOST("xorl %[v], %[m]", uint32_t, dword, operand, *flags);
        break;
    default:
        ON_HOST("sbbw %[v], %[m]", uint16_t, word, operand, *flags);
        break;
    }
    *memory = c->size == 1 ? byte : c->size == 2 ? word : dword;
}

static void result_and_flags_are_the_processors(void **state)
{
    static const uint64_t values[] = {0,
                                      1,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x7fff,
                                      0x8000,
                                      0xffff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x7fffffffffffffffULL,
                                      0x8000000000000000ULL,
                                      UINT64_MAX,
                                      0x123456789abcdef0ULL};
    const struct arithmetic_case *c = *state;
    struct write_instruction in = {.operation = c->operation,
                                   .size = c->size,
                                   .has_register = true,
                                   .register_number = 3};

    for (unsigned int n = 0; n < 2 * ARRAY_COUNT(values) * ARRAY_COUNT(values);
         n++) {
        uint64_t a = values[n / 2 % ARRAY_COUNT(values)];
        uint64_t b = values[n / 2 / ARRAY_COUNT(values)];
        unsigned long flags = n & 1;
        unsigned long known = HOST_FLAGS;
        struct cpu_user_regs regs = {.rbx = b, .rflags = flags};
        uint64_t memory = a;
        uint64_t result = 0;

        if (c->size == 8) {
            host_64(c->operation, &memory, b, &flags);
        } else {
            host_small(c, &memory, b, &flags);
        }
        if (c->operation == WRITE_AND || c->operation == WRITE_OR ||
            c->operation == WRITE_XOR) {
            known &= ~AF; /* undefined */
        }
        if (c->operation == WRITE_NOT) {
            known = CF; /* the others are whatever they were */
        }
        assert_true(write_execute(&in, &regs, a, &result));
        assert_int_equal(result, memory);
        assert_int_equal(regs.rflags & known, flags & known);
    }
}

static void cmpxchg_compares(void **state)
{
    struct write_instruction in = {.operation = WRITE_CMPXCHG,
                                   .size = 8,
                                   .has_register = true,
                                   .register_number = 1};
    struct cpu_user_regs regs = {.rax = 5, .rcx = 9};
    uint64_t new = 0;

    (void)state;
    assert_true(write_execute(&in, &regs, 5, &new));
    assert_int_equal(new, 9);
    assert_true((regs.rflags & ZF) != 0);
    assert_false(write_execute(&in, &regs, 6, &new));
    assert_int_equal(regs.rax, 6);
    assert_true((regs.rflags & ZF) == 0);
}

static void small_results_keep_the_rest_of_a_register(void **state)
{
    struct write_instruction in = {.operation = WRITE_XCHG,
                                   .size = 1,
                                   .has_register = true,
                                   .register_number = 0};
    struct cpu_user_regs regs = {.rax = 0x1111111111112222ULL};
    uint64_t new = 0;

    (void)state;
    assert_true(write_execute(&in, &regs, 0xee, &new));
    assert_int_equal(new, 0x22);
    assert_int_equal(regs.rax, 0x11111111111122eeULL);
    in.high_byte = true;
    assert_true(write_execute(&in, &regs, 0x77, &new));
    assert_int_equal(new, 0x22);
    assert_int_equal(regs.rax, 0x11111111111177eeULL);
    in.high_byte = false;
    in.size = 4;
    assert_true(write_execute(&in, &regs, 1, &new));
    assert_int_equal(regs.rax, 1);
}

static void bit_operations_set_the_carry(void **state)
{
    struct write_instruction in = {
        .operation = WRITE_BTR, .size = 8, .immediate = 65};
    struct cpu_user_regs regs = {0};
    uint64_t new = 0;

    (void)state;
    assert_true(write_execute(&in, &regs, 7, &new));
    assert_int_equal(new, 5);
    assert_int_equal(regs.rflags & CF, CF);
    in.operation = WRITE_BTS;
    assert_true(write_execute(&in, &regs, 5, &new));
    assert_int_equal(new, 7);
    assert_int_equal(regs.rflags & CF, 0);
    in.operation = WRITE_BTC;
    assert_true(write_execute(&in, &regs, 7, &new));
    assert_int_equal(new, 5);
}

int main(void)
{
    struct CMUnitTest
        pure[ARRAY_COUNT(decode_cases) + ARRAY_COUNT(arithmetic_cases)];
    unsigned int count = 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_prefixes_are_refused),
        cmocka_unit_test(cmpxchg_compares),
        cmocka_unit_test(small_results_keep_the_rest_of_a_register),
        cmocka_unit_test(bit_operations_set_the_carry),
    };

    for (unsigned int i = 0; i < ARRAY_COUNT(decode_cases); i++) {
        pure[count++] =
            (struct CMUnitTest){decode_cases[i].name, instruction_is_decoded,
                                NULL, NULL, &decode_cases[i]};
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(arithmetic_cases); i++) {
        pure[count++] = (struct CMUnitTest){arithmetic_cases[i].name,
                                            result_and_flags_are_the_processors,
                                            NULL, NULL, &arithmetic_cases[i]};
    }
    return cmocka_run_group_tests(pure, NULL, NULL) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
