/* SPDX-License-Identifier: MIT */
/* Handlers and callbacks that point into the hypervisor, or nowhere. */
#include "check.h"
#include "evtchn.h"
#include "hostile.h"
#include "hypercall.h"
#include "mm.h"
#include "traps.h"
#include "user.h"
#include "vcpu.h"

#define HYPERVISOR_CODE 0xffff82d040200000UL
#define NOWHERE         0x123456000UL

static uint64_t fault_rip;
static unsigned int fault_count;

/*
 * The handler that cannot run has left its own frame at RSP: RCX and R11,
 * then RIP ... Leave through it, behind the instruction of @skip bytes.
 */
static uint64_t skip;

static void leave_through(struct trap_frame *frame)
{
    uint64_t *bounce = (uint64_t *)frame->rsp;

    fault_rip = frame->rip;
    fault_count++;
    frame->rcx = bounce[0];
    frame->r11 = bounce[1];
    frame->rip = bounce[2] + skip;
    frame->rsp = bounce[5];
}

static void set_vector(uint8_t vector, uint64_t address)
{
    struct trap_info table[2] = {
        {
            .vector = vector,
            .flags = 4,
            .cs = FLAT_KERNEL_CS,
            .address = address,
        },
    };

    check_eq("handler-set", hc_set_trap_table(table), 0);
}

static void check_exception(const char *name, uint64_t address)
{
    set_vector(6, address);
    fault_count = 0;
    skip = 2;
    trap_set_handler(14, leave_through);
    __asm__ volatile("ud2" : : : "memory", "cc");
    trap_set_handler(14, NULL);
    check_eq(name, fault_count, 1);
    check_hex(name, fault_rip, address);
    set_vector(6, trap_stub(6));
}

static long register_callback(uint16_t type, uint64_t address)
{
    struct callback_register cb = {
        .type = type,
        .flags = CALLBACKF_mask_events,
        .address = address,
    };

    return hc_callback_op(CALLBACKOP_register, &cb);
}

static void check_event(const char *name, uint64_t address)
{
    evtchn_port_t port = 0;

    check_eq(name, register_callback(CALLBACKTYPE_event, address), 0);
    evtchn_bind_ipi(0, &port);
    evtchn_unmask(port);
    fault_count = 0;
    skip = 0;
    trap_set_handler(14, leave_through);
    this_vcpu()->info->evtchn_upcall_mask = 0;
    evtchn_send(port);
    trap_set_handler(14, NULL);
    events_disable();
    check_eq(name, fault_count, 1);
    check_hex(name, fault_rip, address);
    register_callback(CALLBACKTYPE_event, (uint64_t)callback_event);
    evtchn_clear_pending(port);
    evtchn_upcall();
    evtchn_close(port);
}

static void leave_to_kernel(struct trap_frame *frame)
{
    fault_rip = frame->rip;
    fault_count++;
    user_trapped(frame);
}

static void check_syscall(const char *name, uint64_t address)
{
    struct trap_frame in;

    check_eq(name, register_callback(CALLBACKTYPE_syscall, address), 0);
    user_frame_init(&in, user_address(user_syscall));
    fault_count = 0;
    trap_set_handler(14, leave_to_kernel);
    user_run(&in);
    trap_set_handler(14, NULL);
    check_eq(name, fault_count, 1);
    check_hex(name, fault_rip, address);
    register_callback(CALLBACKTYPE_syscall, (uint64_t)callback_syscall);
}

/* Without a system call callback the instruction is invalid. */
static void check_no_syscall(void)
{
    struct trap_frame in;

    check_eq("no-syscall-callback", register_callback(CALLBACKTYPE_syscall, 0),
             0);
    user_frame_init(&in, user_address(user_syscall));
    check_eq("no-syscall-callback-ud", (int64_t)user_run(&in)->vector, 6);
    check_hex("no-syscall-callback-rip", this_vcpu()->user_frame.rip,
              user_address(user_syscall));
    register_callback(CALLBACKTYPE_syscall, (uint64_t)callback_syscall);
}

void hostile_handlers(void)
{
    check_exception("handler-in-hypervisor", HYPERVISOR_CODE);
    check_exception("handler-nowhere", NOWHERE);
    check_event("event-callback-in-hypervisor", HYPERVISOR_CODE);
    check_event("event-callback-nowhere", NOWHERE);
    check_syscall("syscall-callback-in-hypervisor", HYPERVISOR_CODE);
    check_syscall("syscall-callback-nowhere", NOWHERE);
    check_no_syscall();
}
