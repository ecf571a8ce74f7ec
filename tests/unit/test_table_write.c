/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables: instructions that fault on a read-only mapping of an
 * L1 table and are done as updates of its entries; and grant entries in them.
 */
#include "fake.h"

#include <string.h>

#include <xen/grant_table.h>

#include "hypercall.h"
#include "pte.h"
#include "pv.h"

#include "../../xen-lite/mm/pt.h"
#include "../../xen-lite/mm/write_decode.h"

#define CODE 0UL
#define A    5UL
#define B    6UL

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

/* -- in a guest ------------------------------------------------------------ */

static struct fake_guest *guest;

static int setup(void **state)
{
    fake_setup(state);
    guest = fake_guest_create(1, false, 1, 64);
    fake_enter(guest->v);
    return 0;
}

static int teardown(void **state)
{
    fake_audit();
    fake_guest_destroy(guest);
    return fake_teardown(state);
}

/* Where the guest sees the entry that maps page @pfn. */
static unsigned long entry_va(unsigned long pfn)
{
    return fake_va(guest->first_table + 3) + 8 * pfn;
}

static bool run_code(const void *code, size_t bytes, unsigned long va)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t word;

    memcpy(fake_page(guest, CODE), code, bytes);
    regs->rip = fake_va(CODE);
    regs->rdi = va;
    /* Only what faults gets this far. */
    assert_true(!fake_guest_read(va, &word, 1) ||
                !fake_guest_write(va, &word, 1));
    return mm_emulate_table_write(guest->v, regs, va);
}

#define RUN(va, ...) \
    run_code((const uint8_t[]){__VA_ARGS__}, \
             sizeof((const uint8_t[]){__VA_ARGS__}), va)

static uint64_t entry_for(unsigned long pfn, uint64_t flags)
{
    return pte_make(guest->mfn[pfn], PTE_PRESENT | flags);
}

static void mov_updates_the_entry(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rax = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(regs->rip, fake_va(CODE) + 3);
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[B].number);
    assert_true((fake_pte(guest, A) & PTE_USER) != 0);
}

static void xchg_returns_the_old_entry(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = 0;
    assert_true(RUN(entry_va(A), 0x48, 0x87, 0x07));
    assert_int_equal(regs->rax, old);
    assert_int_equal(fake_pte(guest, A), 0);
    assert_int_equal(page_refs(fake_page_info(guest, A)), 1);
}

static void lock_and_clears_the_write_bit(void **state)
{
    (void)state;
    assert_true(RUN(entry_va(A), 0xf0, 0x80, 0x27, 0xfd));
    assert_int_equal(fake_pte(guest, A) & (PTE_PRESENT | PTE_WRITABLE),
                     PTE_PRESENT);
    assert_int_equal(
        atomic_load(&fake_page_info(guest, A)->type) & PAGE_TYPE_COUNT_MASK, 0);
}

static void btr_clears_accessed(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    assert_true(fake_guest_write_u64(fake_va(A), 1));
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xba, 0x37, 5));
    assert_int_equal(regs->rflags & CF, CF);
    assert_int_equal(fake_pte(guest, A) & (PTE_ACCESSED | PTE_DIRTY),
                     PTE_DIRTY);
}

static void cmpxchg_with_the_right_value_writes(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rax = fake_pte(guest, A);
    regs->rcx = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[B].number);
    assert_true((regs->rflags & ZF) != 0);
}

static void cmpxchg_with_the_wrong_value_does_not(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = 123;
    regs->rcx = entry_for(B, 0);
    assert_true(RUN(entry_va(A), 0xf0, 0x48, 0x0f, 0xb1, 0x0f));
    assert_int_equal(fake_pte(guest, A), old);
    assert_int_equal(regs->rax, old);
    assert_true((regs->rflags & ZF) == 0);
}

static void write_to_a_part_of_the_entry(void **state)
{
    (void)state;
    /* movb $0x80,7(entry): NX on, the rest of the top byte off. */
    assert_true(RUN(entry_va(A) + 7, 0xc6, 0x07, 0x80));
    assert_true((fake_pte(guest, A) & PTE_NX) != 0);
    assert_int_equal(pte_mfn(fake_pte(guest, A)).number, guest->mfn[A].number);
}

static void unaligned_writes_are_the_guests_fault(void **state)
{
    (void)state;
    assert_false(RUN(entry_va(A) + 4, 0x48, 0x89, 0x07));
    assert_false(RUN(entry_va(A) + 2, 0x89, 0x07));
    assert_false(RUN(entry_va(A) + 1, 0x66, 0x89, 0x07));
}

static void refused_entries_are_the_guests_fault(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    uint64_t old = fake_pte(guest, A);

    (void)state;
    regs->rax = entry_for(guest->first_table, PTE_WRITABLE);
    assert_false(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(regs->rip, fake_va(CODE));
    regs->rax = entry_for(A, PTE_PCD);
    assert_false(RUN(entry_va(A), 0x48, 0x87, 0x07));
    assert_int_equal(regs->rax, entry_for(A, PTE_PCD));
    regs->rax = pte_make(mfn_make(FAKE_MMIO_MFN), PTE_PRESENT);
    assert_false(RUN(entry_va(A), 0x48, 0x89, 0x07));
    assert_int_equal(fake_pte(guest, A), old);
}

static void upper_tables_are_not_written_like_this(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        assert_false(
            RUN(fake_va(guest->first_table + i) + 8, 0x48, 0x89, 0x07));
    }
}

static void readonly_data_is_the_guests_fault(void **state)
{
    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A), entry_for(A, 0), UVMF_INVLPG,
                                    0),
                     0);
    assert_false(RUN(fake_va(A), 0x48, 0x89, 0x07));
    assert_false(RUN(fake_va(1000), 0x48, 0x89, 0x07));
    assert_false(RUN(HV_DIRECT_MAP, 0x48, 0x89, 0x07));
}

static void unknown_instructions_are_the_guests_fault(void **state)
{
    (void)state;
    assert_false(RUN(entry_va(A), 0x48, 0xab)); /* stos */
    assert_false(RUN(entry_va(A), 0x0f, 0x0b)); /* ud2 */
}

static void code_that_cannot_be_read_is_the_guests_fault(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);

    (void)state;
    regs->rip = 0x1000;
    assert_false(mm_emulate_table_write(guest->v, regs, entry_va(A)));
}

static void code_at_the_end_of_memory_is_read_as_far_as_it_goes(void **state)
{
    struct cpu_user_regs *regs = vcpu_regs(guest->v);
    char *page = fake_page(guest, 40);

    (void)state;
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(41), 0, UVMF_INVLPG, 0),
                     0);
    memcpy(page + PAGE_BYTES - 3, (const uint8_t[]){0x48, 0x89, 0x07}, 3);
    regs->rip = fake_va(41) - 3;
    regs->rax = 0;
    assert_true(mm_emulate_table_write(guest->v, regs, entry_va(A)));
    assert_int_equal(fake_pte(guest, A), 0);
}

static void writes_to_readonly_devices_are_dropped(void **state)
{
    (void)state;
    rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_READONLY_MFN);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A),
                                    pte_make(mfn_make(FAKE_MMIO_READONLY_MFN),
                                             PTE_PRESENT | PTE_WRITABLE),
                                    UVMF_INVLPG, 0),
                     0);
    assert_true(RUN(fake_va(A) + 16, 0x89, 0x07));
    assert_int_equal(vcpu_regs(guest->v)->rip, fake_va(CODE) + 2);
}

/* -- grant entries --------------------------------------------------------- */

static struct fake_guest *granter;

static int grant_setup(void **state)
{
    setup(state);
    granter = fake_guest_create(2, false, 1, 64);
    return 0;
}

static int grant_teardown(void **state)
{
    fake_audit();
    fake_guest_destroy(guest);
    fake_guest_destroy(granter);
    return fake_teardown(state);
}

static void take_granted(unsigned long pfn)
{
    assert_int_equal(
        page_get_and_type(granter->mfn[pfn], granter->d, PAGE_TYPE_WRITABLE),
        0);
}

static void put_granted(unsigned long pfn)
{
    page_put_and_type(fake_page_info(granter, pfn));
}

static int map_granted(unsigned long pfn, uint64_t at, bool contains_pte)
{
    return mm_grant_map(guest->v, at, contains_pte, granter->mfn[pfn],
                        PTE_WRITABLE | PTE_ACCESSED);
}

static int unmap_granted(unsigned long pfn, uint64_t at, bool contains_pte,
                         bool readonly)
{
    return mm_grant_unmap(guest->v, at, contains_pte, granter->mfn[pfn],
                          readonly);
}

static void grant_is_mapped_and_unmapped_by_address(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(page_refs(fake_page_info(guest, B)), 1);
    tlb_flush_local();
    assert_true(fake_guest_write_u64(fake_va(B), 0x99));
    assert_int_equal(*(uint64_t *)fake_page(granter, A), 0x99);
    fake_audit();
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    assert_int_equal(fake_pte(guest, B), 0);
    put_granted(A);
}

static void grant_is_mapped_and_unmapped_by_entry(void **state)
{
    uint64_t at = fake_pte_address(guest, B);

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, at, true), 0);
    assert_int_equal(pte_mfn(fake_pte(guest, B)).number,
                     granter->mfn[A].number);
    assert_int_equal(unmap_granted(A, at, true, false), 0);
    put_granted(A);
}

static void grant_entries_are_checked(void **state)
{
    uint64_t at = fake_pte_address(guest, B);

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, at + 4, true), GNTST_general_error);
    assert_int_equal(map_granted(A, guest->mfn[B].number << PAGE_SHIFT, true),
                     GNTST_general_error);
    assert_int_equal(
        map_granted(A, guest->mfn[guest->first_table].number << PAGE_SHIFT,
                    true),
        GNTST_general_error);
    assert_int_equal(map_granted(A, fake_pte_address(granter, B), true),
                     GNTST_general_error);
    assert_int_equal(map_granted(A, 0x1000, false), GNTST_general_error);
    assert_int_equal(map_granted(A, HV_DIRECT_MAP, false), GNTST_general_error);
    assert_int_equal(mm_grant_map(guest->v, at, true, granter->mfn[A], PTE_PCD),
                     GNTST_general_error);
    put_granted(A);
}

static void unmap_must_match_what_is_there(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(unmap_granted(B, fake_va(B), false, false),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(B), false, true),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(A), false, false),
                     GNTST_general_error);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false),
                     GNTST_general_error);
    put_granted(A);
}

static void overwritten_grant_entry_drops_its_references(void **state)
{
    unsigned int refs = page_refs(fake_page_info(granter, A));

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(B), 0, 0, 0),
                     0);
    assert_int_equal(page_refs(fake_page_info(granter, A)), refs);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false),
                     GNTST_general_error);
}

static void guest_cannot_copy_a_grant_entry(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping,
                                    fake_va(A), fake_pte(guest, B), 0, 0),
                     -XEN_EBUSY);
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    put_granted(A);
}

static void replace_moves_the_other_entry(void **state)
{
    unsigned long mfn = guest->mfn[A].number;

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), granter->mfn[A],
                                      false, fake_va(A)),
                     0);
    assert_int_equal(pte_mfn(fake_pte(guest, B)).number, mfn);
    assert_int_equal(fake_pte(guest, A), 0);
    put_granted(A);
    fake_audit();
}

static void failed_replace_changes_nothing(void **state)
{
    uint64_t a, b;

    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    a = fake_pte(guest, A);
    b = fake_pte(guest, B);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), granter->mfn[B],
                                      false, fake_va(A)),
                     GNTST_general_error);
    assert_int_equal(mm_grant_replace(guest->v, fake_va(B), granter->mfn[A],
                                      false, fake_va(B)),
                     GNTST_general_error);
    assert_int_equal(
        mm_grant_replace(guest->v, fake_va(B), granter->mfn[A], false, 0x1000),
        GNTST_general_error);
    assert_int_equal(fake_pte(guest, A), a);
    assert_int_equal(fake_pte(guest, B), b);
    fake_audit();
    assert_int_equal(unmap_granted(A, fake_va(B), false, false), 0);
    put_granted(A);
}

static void grant_entry_dies_with_its_guest(void **state)
{
    (void)state;
    take_granted(A);
    assert_int_equal(map_granted(A, fake_va(B), false), 0);
    /* grant_teardown() kills the mapper first: the granter must then get all
     * its pages back. */
}

#define CASE(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define GRANT(f) cmocka_unit_test_setup_teardown(f, grant_setup, grant_teardown)

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
        CASE(mov_updates_the_entry),
        CASE(xchg_returns_the_old_entry),
        CASE(lock_and_clears_the_write_bit),
        CASE(btr_clears_accessed),
        CASE(cmpxchg_with_the_right_value_writes),
        CASE(cmpxchg_with_the_wrong_value_does_not),
        CASE(write_to_a_part_of_the_entry),
        CASE(unaligned_writes_are_the_guests_fault),
        CASE(refused_entries_are_the_guests_fault),
        CASE(upper_tables_are_not_written_like_this),
        CASE(readonly_data_is_the_guests_fault),
        CASE(unknown_instructions_are_the_guests_fault),
        CASE(code_that_cannot_be_read_is_the_guests_fault),
        CASE(code_at_the_end_of_memory_is_read_as_far_as_it_goes),
        CASE(writes_to_readonly_devices_are_dropped),
        GRANT(grant_is_mapped_and_unmapped_by_address),
        GRANT(grant_is_mapped_and_unmapped_by_entry),
        GRANT(grant_entries_are_checked),
        GRANT(unmap_must_match_what_is_there),
        GRANT(overwritten_grant_entry_drops_its_references),
        GRANT(guest_cannot_copy_a_grant_entry),
        GRANT(replace_moves_the_other_entry),
        GRANT(failed_replace_changes_nothing),
        GRANT(grant_entry_dies_with_its_guest),
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
