/* SPDX-License-Identifier: MIT */
/* The iret hypercall back to kernel mode: registers, flags, upcall mask. */
#include "check.h"
#include "evtchn.h"
#include "pvbasic.h"
#include "string.h"
#include "traps.h"

#define RFLAGS_IF   0x200UL
#define RFLAGS_DF   0x400UL
#define RFLAGS_IOPL 0x3000UL
#define RFLAGS_AC   0x40000UL
#define RFLAGS_ID   0x200000UL

#define REGISTER_COUNT 15

static void set_if_handler(struct trap_frame *frame)
{
    frame->rflags |= RFLAGS_IF;
}

static void clear_if_handler(struct trap_frame *frame)
{
    frame->rflags &= ~RFLAGS_IF;
}

static void check_upcall_mask(void)
{
    events_disable();
    trap_set_handler(3, set_if_handler);
    __asm__ volatile("int3" : : : "memory");
    check_eq("iret-if-unmasks", events_masked(), 0);
    trap_set_handler(3, clear_if_handler);
    __asm__ volatile("int3" : : : "memory");
    check_eq("iret-no-if-masks", events_masked(), 1);
    trap_set_handler(3, NULL);
}

static void fill_handler(struct trap_frame *frame)
{
    uint64_t *registers = &frame->r15;
    unsigned int i;

    for (i = 0; i < REGISTER_COUNT; i++) {
        registers[i] = 0x1000 + i;
    }
}

static uint64_t kept[REGISTER_COUNT];

/* Every general register comes back from the frame. */
static void check_registers(void)
{
    unsigned int wrong = 0;
    unsigned int i;

    trap_set_handler(3, fill_handler);
    __asm__ volatile(
        "pushq %%rbp; pushq %%rbx; pushq %%r12; pushq %%r13; pushq %%r14;"
        "pushq %%r15; int3; movq %%r15, kept; movq %%r14, kept + 8;"
        "movq %%r13, kept + 16; movq %%r12, kept + 24; movq %%r11, kept + 32;"
        "movq %%r10, kept + 40; movq %%r9, kept + 48; movq %%r8, kept + 56;"
        "movq %%rdi, kept + 64; movq %%rsi, kept + 72; movq %%rbp, kept + 80;"
        "movq %%rbx, kept + 88; movq %%rdx, kept + 96; movq %%rcx, kept + 104;"
        "movq %%rax, kept + 112; popq %%r15; popq %%r14; popq %%r13;"
        "popq %%r12; popq %%rbx; popq %%rbp"
        : "+m"(kept)
        :
        : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
          "memory");
    trap_set_handler(3, NULL);
    for (i = 0; i < REGISTER_COUNT; i++) {
        wrong += kept[i] != 0x1000 + i;
    }
    check_eq("iret-all-registers", wrong, 0);
}

static void odd_flags_handler(struct trap_frame *frame)
{
    frame->rflags |= RFLAGS_IOPL | RFLAGS_DF | RFLAGS_ID | RFLAGS_AC;
}

static void check_flags(void)
{
    uint64_t rflags;

    trap_set_handler(3, odd_flags_handler);
    __asm__ volatile("int3; pushfq; popq %0; pushq $0x202; popfq; cld"
                     : "=r"(rflags)
                     :
                     : "memory", "cc");
    trap_set_handler(3, NULL);
    check_hex("iret-iopl-dropped", rflags & RFLAGS_IOPL, 0);
    check_hex("iret-flags-kept", rflags & (RFLAGS_DF | RFLAGS_ID | RFLAGS_AC),
              RFLAGS_DF | RFLAGS_ID | RFLAGS_AC);
    check_hex("iret-hardware-if", rflags & RFLAGS_IF, RFLAGS_IF);
    fault_clear();
    __asm__ volatile("pushfq; orq $0x600, (%%rsp); popfq; int3; cld"
                     :
                     :
                     : "memory", "cc");
    check_hex("bounce-frame-df", fault_last()->frame.rflags & RFLAGS_DF,
              RFLAGS_DF);
}

static uint64_t moved_stack[64] __attribute__((aligned(16)));
static uint64_t old_rsp;

static void move_stack_handler(struct trap_frame *frame)
{
    old_rsp = frame->rsp;
    frame->rsp = (uint64_t)&moved_stack[60];
}

static void check_stack(void)
{
    uint64_t rsp;

    trap_set_handler(3, move_stack_handler);
    __asm__ volatile("int3; movq %%rsp, %0; movq %1, %%rsp"
                     : "=r"(rsp)
                     : "m"(old_rsp)
                     : "memory");
    trap_set_handler(3, NULL);
    check_hex("iret-new-rsp", rsp, (uint64_t)&moved_stack[60]);
}

/* A stack not aligned to 16 at the fault: the frame is, the RSP is kept. */
static void check_alignment(void)
{
    uint64_t rsp;

    fault_clear();
    __asm__ volatile("movq %%rsp, %%rbx; subq $8, %%rsp; andq $-16, %%rsp;"
                     "subq $24, %%rsp; movq %%rsp, %0; int3;"
                     "movq %%rbx, %%rsp"
                     : "=&r"(rsp)
                     :
                     : "rbx", "memory");
    check_hex("bounce-rsp-unaligned", fault_last()->frame.rsp, rsp);
}

void pvbasic_iret(void)
{
    check_upcall_mask();
    check_registers();
    check_flags();
    check_stack();
    check_alignment();
}
