/* SPDX-License-Identifier: MIT */
/* User mode: its table, entering it, and coming back. */
#include "user.h"

#include <stddef.h>

#include "hypercall.h"
#include "mm.h"
#include "string.h"
#include "vcpu.h"

#define INITIAL_RFLAGS 0x202

static uint64_t *root;
static void *code_page;
static void *data_page;
static void *stack_page;
static uint8_t trap_stacks[VCPU_MAX][8192] __attribute__((aligned(4096)));

uint64_t *user_root(void)
{
    return root;
}

void *user_data_page(void)
{
    return data_page;
}

uint64_t user_address(const uint8_t *routine)
{
    return USER_CODE_VA + (uint64_t)(routine - user_code_start);
}

static uint64_t table_entry(const void *table)
{
    return (mm_va_to_mfn(table) << PAGE_SHIFT) | PTE_TABLE;
}

static uint64_t page_entry(const void *page, uint64_t flags)
{
    return (mm_va_to_mfn(page) << PAGE_SHIFT) | flags;
}

static unsigned int slot(uint64_t va, unsigned int shift)
{
    return (unsigned int)(va >> shift) & (PT_ENTRIES - 1);
}

static void build_tables(uint64_t *l3, uint64_t *l2, uint64_t *l1)
{
    l1[slot(USER_CODE_VA, 12)] = page_entry(code_page, PTE_USER_RO);
    l1[slot(USER_DATA_VA, 12)] = page_entry(data_page, PTE_USER_RW);
    l1[slot(USER_STACK_VA, 12)] = page_entry(stack_page, PTE_USER_RW);
    l2[slot(USER_CODE_VA, 21)] = table_entry(l1);
    l3[slot(USER_CODE_VA, 30)] = table_entry(l2);
    root[slot(USER_CODE_VA, 39)] = table_entry(l3);
}

long user_init(void)
{
    uint64_t *tables[3] = {mm_page_alloc(), mm_page_alloc(), mm_page_alloc()};
    unsigned int i;
    long rc = 0;

    root = mm_page_alloc();
    code_page = mm_page_alloc();
    data_page = mm_page_alloc();
    stack_page = mm_page_alloc();
    memcpy(code_page, user_code_start,
           /* cppcheck-suppress comparePointers ; one by the link map */
           (size_t)(user_code_end - user_code_start));
    build_tables(tables[0], tables[1], tables[2]);
    for (i = 0; i < 3 && rc == 0; i++) {
        rc = mm_set_readonly(tables[i]);
    }
    if (rc == 0) {
        rc = mm_set_readonly(root);
    }
    if (rc == 0) {
        rc = mm_ext(MMUEXT_PIN_L4_TABLE, root);
    }
    return rc == 0 ? mm_ext(MMUEXT_NEW_USER_BASEPTR, root) : rc;
}

void user_frame_init(struct trap_frame *frame, uint64_t rip)
{
    memset(frame, 0, sizeof(*frame));
    frame->rip = rip;
    frame->cs = FLAT_USER_CS;
    frame->rflags = INITIAL_RFLAGS;
    frame->rsp = USER_STACK_TOP;
    frame->ss = FLAT_USER_SS;
}

uint64_t user_trap_stack_top(void)
{
    return (uint64_t)(trap_stacks[this_vcpu()->id] + sizeof(trap_stacks[0]));
}

static const struct trap_frame *run(const struct trap_frame *frame,
                                    uint64_t iret_flags)
{
    struct vcpu_area *v = this_vcpu();

    hc_stack_switch(FLAT_KERNEL_SS, user_trap_stack_top());
    user_enter(frame, &v->user_kernel_rsp, iret_flags);
    v->user_kernel_rsp = 0;
    return &v->user_frame;
}

const struct trap_frame *user_run(const struct trap_frame *frame)
{
    return run(frame, 0);
}

const struct trap_frame *user_run_in_syscall(const struct trap_frame *frame)
{
    return run(frame, VGCF_in_syscall);
}

void user_trapped(const struct trap_frame *frame)
{
    struct vcpu_area *v = this_vcpu();

    v->user_frame = *frame;
    v->user_frame_at = (uint64_t)frame;
    user_leave(v->user_kernel_rsp);
}
