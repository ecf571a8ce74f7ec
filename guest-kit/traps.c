/* SPDX-License-Identifier: MIT */
/* The trap table, its dispatch, and faults that checks provoke. */
#include "traps.h"

#include "console.h"
#include "evtchn.h"
#include "hypercall.h"
#include "start.h"
#include "string.h"
#include "user.h"
#include "vcpu.h"
#include "xen_abi.h"

#define FLAG_MASK_EVENTS 4
#define FLAG_DPL3        3

struct fixup {
    uint64_t fault_rip;
    uint64_t resume_rip;
};

extern uint8_t trap_stubs[];
extern const struct fixup guest_fixups_start[];
extern const struct fixup guest_fixups_end[];

static trap_handler_t *handlers[VECTOR_COUNT];
static struct trap_info table[258];

uint64_t trap_stub(unsigned int vector)
{
    return (uint64_t)(trap_stubs + vector * TRAP_STUB_BYTES);
}

static void fill_entry(struct trap_info *entry, unsigned int vector)
{
    unsigned int flags = FLAG_MASK_EVENTS;

    if (vector == 3 || vector == 4 || vector == 0x80) {
        flags |= FLAG_DPL3;
    }
    *entry = (struct trap_info){
        .vector = (uint8_t)vector,
        .flags = (uint8_t)flags,
        .cs = FLAT_KERNEL_CS,
        .address = trap_stub(vector),
    };
}

static void register_callback(uint16_t type, const uint8_t *address)
{
    struct callback_register cb = {
        .type = type,
        .flags = CALLBACKF_mask_events,
        .address = (uint64_t)address,
    };

    if (hc_callback_op(CALLBACKOP_register, &cb) != 0) {
        guest_panic("cannot register a callback");
    }
}

void traps_init(void)
{
    unsigned int vector;
    unsigned int n = 0;

    for (vector = 0; vector < 32; vector++) {
        fill_entry(&table[n++], vector);
    }
    fill_entry(&table[n++], 0x80);
    if (hc_set_trap_table(table) != 0) {
        guest_panic("cannot set the trap table");
    }
    register_callback(CALLBACKTYPE_event, callback_event);
    register_callback(CALLBACKTYPE_failsafe, callback_failsafe);
    register_callback(CALLBACKTYPE_syscall, callback_syscall);
}

long traps_set_vector(unsigned int vector, unsigned int flags)
{
    struct trap_info change[2] = {{0}, {0}};

    fill_entry(&change[0], vector);
    change[0].flags = (uint8_t)flags;
    return hc_set_trap_table(change);
}

size_t traps_copy_table(void *to, size_t bytes)
{
    struct trap_info *entries = to;
    size_t n;

    for (n = 0; table[n].address != 0; n++) {
        if ((table[n].vector + 1UL) * sizeof(*entries) <= bytes) {
            entries[table[n].vector] = table[n];
        }
    }
    return n;
}

void trap_set_handler(unsigned int vector, trap_handler_t *handler)
{
    handlers[vector] = handler;
}

void fault_clear(void)
{
    memset(&this_vcpu()->fault, 0, sizeof(struct fault));
}

const struct fault *fault_last(void)
{
    return &this_vcpu()->fault;
}

int fault_vector(void)
{
    const struct fault *f = fault_last();

    return f->count == 0 ? -1 : (int)f->vector;
}

static void record(const struct trap_frame *frame)
{
    struct vcpu_area *v = this_vcpu();

    v->fault.count++;
    v->fault.vector = (unsigned int)frame->vector;
    v->fault.error_code = frame->error_code;
    v->fault.cr2 = v->info->arch.cr2;
    v->fault.events_masked = v->info->evtchn_upcall_mask != 0;
    v->fault.frame = *frame;
}

static const struct fixup *find_fixup(uint64_t rip)
{
    const struct fixup *f;

    /* cppcheck-suppress comparePointers ; one array by the link map */
    for (f = guest_fixups_start; f < guest_fixups_end; f++) {
        if (f->fault_rip == rip) {
            return f;
        }
    }
    return NULL;
}

/* #DB, #BP, #OF and software interrupts leave RIP after the instruction. */
static bool resumes_by_itself(uint64_t vector)
{
    return vector == 1 || vector == 3 || vector == 4 || vector == 0x80;
}

static void print_frame(const struct trap_frame *f)
{
    print("unexpected vector %lu error 0x%lx rip %lx cs %x mask %u "
          "rflags %lx rsp %lx ss %lx cr2 %lx\n",
          f->vector, f->error_code, f->rip, f->cs, f->saved_upcall_mask,
          f->rflags, f->rsp, f->ss, this_vcpu()->info->arch.cr2);
    print("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx r8 %lx\n",
          f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->rbp, f->r8);
}

static void kernel_fault(struct trap_frame *frame)
{
    const struct fixup *fixup;

    record(frame);
    if (resumes_by_itself(frame->vector)) {
        return;
    }
    fixup = find_fixup(frame->rip);
    if (fixup == NULL) {
        print_frame(frame);
        guest_panic("exception");
    }
    frame->rip = fixup->resume_rip;
}

void trap_dispatch(struct trap_frame *frame)
{
    if (frame->vector < VECTOR_COUNT && handlers[frame->vector] != NULL) {
        handlers[frame->vector](frame);
        return;
    }
    if (frame->vector == VECTOR_EVENT) {
        evtchn_upcall();
        return;
    }
    if ((frame->cs & 3) == 3) {
        record(frame);
        user_trapped(frame);
        return;
    }
    kernel_fault(frame);
}
