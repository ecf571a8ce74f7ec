// SPDX-License-Identifier: MIT
/*
 * Privileged instructions of a PV kernel, which fault at ring 3 and are done
 * for it here: one table says what is allowed, for whom. Everything not in
 * the table is the guest's own #GP. Instruction bytes are fetched once.
 */
#include "types.h"

#include <xen/xen.h>

#include "cpu_policy.h"
#include "domain.h"
#include "guest_copy.h"
#include "mm.h"
#include "perf.h"
#include "pv.h"
#include "string.h"
#include "trace.h"

#define INSTRUCTION_BYTES_MAX 15U
#define REX_B                 1U
#define REX_R                 4U
#define REX_W                 8U
#define DR6_SINGLE_STEP       (1UL << 14)

enum result {
    EMULATED, /* move on to the next instruction */
    INJECTED, /* an exception was delivered: registers are set */
    REPEAT,   /* the same instruction wants another go */
    NOT_OURS,
};

struct instruction {
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    unsigned int bits; /* of the code segment: 64 or 32 */
    unsigned int available;
    unsigned int at; /* next byte to decode */
    uint8_t rex;
    bool operand16;
    bool address32;
    bool repeat;
    bool overridden;     /* FS or GS */
    unsigned int opcode; /* 0x0f00 | second byte for two-byte ones */
};

typedef enum result emulate_fn(struct vcpu *v, struct cpu_user_regs *regs,
                               struct instruction *in);

/* Copy what can be read at RIP: the page behind it may not be there. */
static void fetch(const struct cpu_user_regs *regs, struct instruction *in)
{
    unsigned long rip = regs->rip;
    unsigned int in_page = (unsigned int)(PAGE_BYTES - rip % PAGE_BYTES);
    unsigned int want = INSTRUCTION_BYTES_MAX;

    in->available = 0;
    if (copy_from_guest(in->bytes, guest_va_make(rip), want) == 0) {
        in->available = want;
    } else if (in_page < want &&
               copy_from_guest(in->bytes, guest_va_make(rip), in_page) == 0) {
        in->available = in_page;
    }
}

static bool next_byte(struct instruction *in, uint8_t *byte)
{
    if (in->at >= in->available) {
        return false;
    }
    *byte = in->bytes[in->at++];
    return true;
}

/* Legacy prefixes. Returns false at the first byte that is none. */
static bool take_prefix(struct instruction *in, uint8_t byte)
{
    switch (byte) {
    case 0x66:
        in->operand16 = true;
        return true;
    case 0x67:
        in->address32 = true;
        return true;
    case 0xf2:
    case 0xf3:
        in->repeat = true;
        return true;
    case 0x64:
    case 0x65:
        in->overridden = true;
        return true;
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        return true;
    default:
        return false;
    }
}

static bool decode(struct instruction *in)
{
    uint8_t byte;

    do {
        if (!next_byte(in, &byte)) {
            return false;
        }
    } while (take_prefix(in, byte));
    if (in->bits == 64 && (byte & 0xf0) == 0x40) {
        in->rex = byte & 0xf;
        if (!next_byte(in, &byte)) {
            return false;
        }
    }
    in->opcode = byte;
    if (byte == 0x0f) {
        if (!next_byte(in, &byte)) {
            return false;
        }
        in->opcode = 0x0f00U | byte;
    }
    return true;
}

static enum result inject_gp(struct vcpu *v, struct cpu_user_regs *regs)
{
    pv_inject(v, regs, VECTOR_GP, 0);
    return INJECTED;
}

/* -- interrupts flag, caches ----------------------------------------------- */

/*
 * CLI and STI do nothing: the POPF that matches a CLI cannot be seen, so
 * masking events for it would mask them for ever.
 */
static enum result emulate_cli_sti(struct vcpu *v, struct cpu_user_regs *regs,
                                   struct instruction *in)
{
    (void)regs;
    (void)in;
    return v->pv.iopl < pv_ring(v) ? NOT_OURS : EMULATED;
}

static enum result emulate_wbinvd(struct vcpu *v, struct cpu_user_regs *regs,
                                  struct instruction *in)
{
    (void)regs;
    (void)in;
    if (!rangeset_empty(&v->domain->iomem) ||
        !rangeset_empty(&v->domain->ioports)) {
        machine_flush_cache();
    }
    return EMULATED;
}

/* -- control and debug registers ------------------------------------------- */

static enum result emulate_clts(struct vcpu *v, struct cpu_user_regs *regs,
                                struct instruction *in)
{
    (void)regs;
    (void)in;
    v->pv.cr0 &= ~X86_CR0_TS;
    machine_set_ts(false);
    return EMULATED;
}

/* ModRM of MOV CR/DR: always registers. */
static bool register_pair(struct instruction *in, unsigned int *special,
                          unsigned int *general)
{
    uint8_t modrm;

    if (!next_byte(in, &modrm)) {
        return false;
    }
    *special = ((modrm >> 3) & 7U) | ((in->rex & REX_R) != 0 ? 8U : 0U);
    *general = (modrm & 7U) | ((in->rex & REX_B) != 0 ? 8U : 0U);
    return true;
}

static enum result emulate_read_cr(struct vcpu *v, struct cpu_user_regs *regs,
                                   struct instruction *in)
{
    unsigned int cr;
    unsigned int general;
    uint64_t value;

    if (!register_pair(in, &cr, &general)) {
        return NOT_OURS;
    }
    switch (cr) {
    case 0:
        value = v->pv.cr0;
        break;
    case 2:
        value = v->vcpu_info->arch.cr2;
        break;
    case 3:
        value = xen_pfn_to_cr3(v->pv.kernel_root.number);
        break;
    case 4:
        value = v->pv.cr4;
        break;
    default:
        return NOT_OURS;
    }
    *general_register(regs, general) = value;
    return EMULATED;
}

/* CR4 bits that a guest may set and clear; the rest is fixed. */
#define CR4_GUEST_BITS \
    (X86_CR4_TSD | X86_CR4_DE | X86_CR4_FSGSBASE | X86_CR4_OSXSAVE)

static void write_cr4(struct vcpu *v, unsigned long value)
{
    unsigned long allowed = CR4_GUEST_BITS & pv_cr4_bits(v->domain);

    v->pv.cr4 = (v->pv.cr4 & ~allowed) | (value & allowed);
    machine_update_cr4(v);
}

static bool write_cr0(struct vcpu *v, unsigned long value)
{
    if (((value ^ v->pv.cr0) & ~X86_CR0_TS) != 0) {
        return false;
    }
    v->pv.cr0 = value;
    machine_set_ts((value & X86_CR0_TS) != 0);
    return true;
}

/* Preempted, the guest tries again: what is validated stays so. */
static enum result write_cr3(struct vcpu *v, unsigned long value)
{
    int rc = mm_new_kernel_root(v, mfn_make(xen_cr3_to_pfn(value)));

    if (rc == -XEN_ERESTART) {
        return REPEAT;
    }
    return rc == 0 ? EMULATED : NOT_OURS;
}

static enum result emulate_write_cr(struct vcpu *v, struct cpu_user_regs *regs,
                                    struct instruction *in)
{
    unsigned int cr;
    unsigned int general;
    uint64_t value;
    bool done = true;

    if (!register_pair(in, &cr, &general)) {
        return NOT_OURS;
    }
    value = *general_register(regs, general);
    switch (cr) {
    case 0:
        done = write_cr0(v, value);
        break;
    case 2:
        v->vcpu_info->arch.cr2 = value;
        break;
    case 3:
        return write_cr3(v, value);
    case 4:
        write_cr4(v, value);
        break;
    default:
        done = false;
        break;
    }
    return done ? EMULATED : NOT_OURS;
}

static enum result emulate_read_dr(struct vcpu *v, struct cpu_user_regs *regs,
                                   struct instruction *in)
{
    unsigned int dr;
    unsigned int general;

    if (!register_pair(in, &dr, &general) || dr > 7) {
        return NOT_OURS;
    }
    if (dr == 4 || dr == 5) {
        dr += 2;
    }
    *general_register(regs, general) = v->pv.dr[dr];
    return EMULATED;
}

static enum result emulate_write_dr(struct vcpu *v, struct cpu_user_regs *regs,
                                    struct instruction *in)
{
    unsigned int dr;
    unsigned int general;

    if (!register_pair(in, &dr, &general) ||
        pv_set_debugreg(v, dr, *general_register(regs, general)) != 0) {
        return NOT_OURS;
    }
    return EMULATED;
}

/* -- MSRs, time stamp, XCR0, CPUID ----------------------------------------- */

static void set_edx_eax(struct cpu_user_regs *regs, uint64_t value)
{
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
}

static uint64_t edx_eax(const struct cpu_user_regs *regs)
{
    return (regs->rdx << 32) | (uint32_t)regs->rax;
}

static enum result emulate_rdmsr(struct vcpu *v, struct cpu_user_regs *regs,
                                 struct instruction *in)
{
    uint64_t value;

    (void)in;
    if (pv_rdmsr(v, (uint32_t)regs->rcx, &value) != 0) {
        if (v->pv.traps[VECTOR_GP].address != 0) {
            return inject_gp(v, regs);
        }
        /* Kernels that probe before they have handlers get a zero, as the
         * ABI promises (TI_* in xen/arch-x86/xen.h). */
        value = 0;
    }
    set_edx_eax(regs, value);
    return EMULATED;
}

static enum result emulate_wrmsr(struct vcpu *v, struct cpu_user_regs *regs,
                                 struct instruction *in)
{
    (void)in;
    if (pv_wrmsr(v, (uint32_t)regs->rcx, edx_eax(regs)) != 0) {
        return inject_gp(v, regs);
    }
    return EMULATED;
}

/* Only faults when CR4.TSD is on: the guest's own wish, or a virtual TSC. */
static enum result emulate_rdtsc(struct vcpu *v, struct cpu_user_regs *regs,
                                 struct instruction *in)
{
    (void)in;
    if (!v->pv.kernel_mode && (v->pv.cr4 & X86_CR4_TSD) != 0) {
        return NOT_OURS;
    }
    set_edx_eax(regs, pv_read_tsc(v));
    return EMULATED;
}

static enum result emulate_xsetbv(struct vcpu *v, struct cpu_user_regs *regs)
{
    if ((v->pv.cr4 & X86_CR4_OSXSAVE) == 0 || (uint32_t)regs->rcx != 0 ||
        !xcr0_valid(edx_eax(regs), cpu_policy_xcr0(v->domain)) ||
        machine_set_xcr0(edx_eax(regs)) != 0) {
        return NOT_OURS;
    }
    v->pv.xcr0 = edx_eax(regs);
    return EMULATED;
}

static enum result emulate_group_0f01(struct vcpu *v,
                                      struct cpu_user_regs *regs,
                                      struct instruction *in)
{
    enum result result;
    uint8_t modrm;

    if (!next_byte(in, &modrm)) {
        return NOT_OURS;
    }
    switch (modrm) {
    case 0xd1:
        return v->pv.kernel_mode ? emulate_xsetbv(v, regs) : NOT_OURS;
    case 0xf9: /* RDTSCP */
        result = emulate_rdtsc(v, regs, in);
        if (result == EMULATED) {
            regs->rcx = 0;
        }
        return result;
    default:
        return NOT_OURS;
    }
}

static void do_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct cpuid_result result;

    pv_cpuid(v, (uint32_t)regs->rax, (uint32_t)regs->rcx, &result);
    regs->rax = result.eax;
    regs->rbx = result.ebx;
    regs->rcx = result.ecx;
    regs->rdx = result.edx;
}

static enum result emulate_cpuid(struct vcpu *v, struct cpu_user_regs *regs,
                                 struct instruction *in)
{
    (void)in;
    do_cpuid(v, regs);
    return EMULATED;
}

/* -- ports ----------------------------------------------------------------- */

static unsigned int port_bytes(const struct instruction *in, bool wide)
{
    if (!wide) {
        return 1;
    }
    return in->operand16 ? 2 : 4;
}

static void set_accumulator(struct cpu_user_regs *regs, unsigned int bytes,
                            uint32_t value)
{
    if (bytes == 4) {
        regs->rax = value;
    } else if (bytes == 2) {
        regs->ax = (uint16_t)value;
    } else {
        regs->al = (uint8_t)value;
    }
}

/* Opcodes E4-E7 and EC-EF: bit 0 is the width, bit 1 out, bit 3 port in DX. */
static enum result emulate_in_out(struct vcpu *v, struct cpu_user_regs *regs,
                                  struct instruction *in)
{
    unsigned int bytes = port_bytes(in, (in->opcode & 1) != 0);
    uint16_t port = regs->dx;
    uint8_t immediate;

    if ((in->opcode & 8) == 0) {
        if (!next_byte(in, &immediate)) {
            return NOT_OURS;
        }
        port = immediate;
    }
    if (!pv_port_allowed(v, port, bytes)) {
        return NOT_OURS;
    }
    if ((in->opcode & 2) != 0) {
        pv_port_out(v, port, bytes, (uint32_t)regs->rax);
    } else {
        set_accumulator(regs, bytes, pv_port_in(v, port, bytes));
    }
    return EMULATED;
}

/* The page fault names the byte that is missing: it may be in a second page. */
static bool copy_element(struct vcpu *v, struct cpu_user_regs *regs,
                         unsigned long at, unsigned int bytes, bool out,
                         uint8_t *value)
{
    for (unsigned int i = 0; i < bytes; i++) {
        guest_va_t va = guest_va_make(at + i);

        if ((out ? copy_from_guest(&value[i], va, 1)
                 : copy_to_guest(va, &value[i], 1)) != 0) {
            pv_inject_page_fault(v, regs, va.address, out ? 0 : PF_WRITE);
            return false;
        }
    }
    return true;
}

/*
 * INS and OUTS, one element a visit: a repeated one returns to the guest at
 * the same instruction, so that it can be interrupted.
 */
static enum result emulate_string_io(struct vcpu *v, struct cpu_user_regs *regs,
                                     struct instruction *in)
{
    unsigned int bytes = port_bytes(in, (in->opcode & 1) != 0);
    long step = (regs->rflags & X86_FLAG_DF) != 0 ? -(long)bytes : (long)bytes;
    bool out = (in->opcode & 2) != 0;
    uint64_t *pointer = out ? &regs->rsi : &regs->rdi;
    uint32_t value;

    if (in->bits != 64 || in->address32 || in->overridden ||
        !pv_port_allowed(v, regs->dx, bytes)) {
        return NOT_OURS;
    }
    if (in->repeat && regs->rcx == 0) {
        return EMULATED;
    }
    value = out ? 0 : pv_port_in(v, regs->dx, bytes);
    if (!copy_element(v, regs, *pointer, bytes, out, (uint8_t *)&value)) {
        return INJECTED;
    }
    if (out) {
        pv_port_out(v, regs->dx, bytes, value);
    }
    *pointer += (uint64_t)step;
    if (in->repeat && --regs->rcx != 0) {
        return REPEAT;
    }
    return EMULATED;
}

/* -- the table ------------------------------------------------------------- */

struct privileged {
    uint16_t opcode;
    bool user; /* guest user mode too, subject to further checks */
    emulate_fn *emulate;
};

static const struct privileged table[] = {
    {0x6c, true, emulate_string_io},    {0x6d, true, emulate_string_io},
    {0x6e, true, emulate_string_io},    {0x6f, true, emulate_string_io},
    {0xe4, true, emulate_in_out},       {0xe5, true, emulate_in_out},
    {0xe6, true, emulate_in_out},       {0xe7, true, emulate_in_out},
    {0xec, true, emulate_in_out},       {0xed, true, emulate_in_out},
    {0xee, true, emulate_in_out},       {0xef, true, emulate_in_out},
    {0xfa, false, emulate_cli_sti},     {0xfb, false, emulate_cli_sti},
    {0x0f01, true, emulate_group_0f01}, {0x0f06, false, emulate_clts},
    {0x0f08, false, emulate_wbinvd},    {0x0f09, false, emulate_wbinvd},
    {0x0f20, false, emulate_read_cr},   {0x0f21, false, emulate_read_dr},
    {0x0f22, false, emulate_write_cr},  {0x0f23, false, emulate_write_dr},
    {0x0f30, false, emulate_wrmsr},     {0x0f31, true, emulate_rdtsc},
    {0x0f32, false, emulate_rdmsr},     {0x0fa2, true, emulate_cpuid},
};

static const struct privileged *find_privileged(unsigned int opcode)
{
    for (unsigned int i = 0; i < ARRAY_COUNT(table); i++) {
        if (table[i].opcode == opcode) {
            return &table[i];
        }
    }
    return NULL;
}

/* The instruction is done: what the processor would do at its end. */
static void retire(struct vcpu *v, struct cpu_user_regs *regs,
                   unsigned int bytes)
{
    regs->rip += bytes;
    regs->rflags &= ~X86_FLAG_RF;
    if ((regs->rflags & X86_FLAG_TF) != 0) {
        v->pv.dr[6] |= DR6_SINGLE_STEP;
        pv_inject(v, regs, VECTOR_DB, 0);
    }
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs)
{
    const struct privileged *privileged;
    struct instruction in = {.bits = machine_code_bits(regs->cs)};
    enum result result;

    if (in.bits == 0) {
        return false;
    }
    fetch(regs, &in);
    if (!decode(&in)) {
        return false;
    }
    privileged = find_privileged(in.opcode);
    if (privileged == NULL || (!v->pv.kernel_mode && !privileged->user)) {
        return false;
    }
    perf_count(PERF_EMULATED);
    TRACE(TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, TRACE_LOW(regs->rip),
          TRACE_HIGH(regs->rip));
    result = privileged->emulate(v, regs, &in);
    if (result == EMULATED) {
        retire(v, regs, in.at);
    }
    return result != NOT_OURS;
}

bool pv_emulate_forced(struct vcpu *v, struct cpu_user_regs *regs)
{
    static const uint8_t forced_cpuid[] = {0x0f, 0x0b, 'x', 'e',
                                           'n',  0x0f, 0xa2};
    uint8_t bytes[sizeof(forced_cpuid)];

    if (copy_from_guest(bytes, guest_va_make(regs->rip), sizeof(bytes)) != 0 ||
        memcmp(bytes, forced_cpuid, sizeof(bytes)) != 0) {
        return false;
    }
    perf_count(PERF_EMULATED);
    do_cpuid(v, regs);
    retire(v, regs, sizeof(bytes));
    return true;
}
