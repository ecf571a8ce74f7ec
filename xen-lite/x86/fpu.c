/* SPDX-License-Identifier: MIT */
/*
 * x87, SSE and extended state, switched eagerly: nothing of the last vCPU is
 * ever in the registers while the next one runs. The image is as large as
 * CPUID says for all that we enable; all of it is saved and restored whatever
 * the guest's own XCR0 is, for what it has off now it may turn on later.
 */
#include "cpu_features.h"
#include "domain.h"
#include "machine_vcpu.h"
#include "mm.h"
#include "pv.h"
#include "string.h"
#include "x86.h"

#define FXSAVE_BYTES      512U
#define XSAVE_HEADER      512U /* offset; 64 bytes long */
#define XSAVE_ALIGN       64U
#define FCW_OFFSET        0U
#define MXCSR_OFFSET      24U
#define MXCSR_MASK_OFFSET 28U
#define FCW_DEFAULT       0x37fU
#define MXCSR_DEFAULT     0x1f80U
#define MXCSR_MASK_PLAIN  0xffbfU

/* Components that we know: x87, SSE, AVX, and the three of AVX-512. */
#define XCR0_KNOWN 0xe7ULL

/* Of leaf 80000008: FXRSTOR and XRSTOR load the error pointers always. */
#define CPUID_EBX_RSTR_FP_ERR_PTRS (1U << 2)

static uint64_t host_xcr0; /* 0 without XSAVE */
static uint32_t fpu_bytes;
static uint32_t mxcsr_mask;
/* AMD's that do so only while an exception is pending (APM 2 11.4.4). */
static bool error_pointers_stay;

static void xsetbv(uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)value),
                       "d"((uint32_t)(value >> 32)));
}

static void fpu_detect_xsave(void)
{
    struct cpuid_result leaf;

    machine_cpuid(0xd, 0, &leaf);
    host_xcr0 = leaf.eax & XCR0_KNOWN;
    xsetbv(host_xcr0);
    machine_cpuid(0xd, 0, &leaf);
    fpu_bytes = leaf.ebx; /* for what is enabled now */
}

static void fpu_detect_error_pointers(void)
{
    struct cpuid_result leaf;

    if (strcmp(features_vendor(), "AuthenticAMD") != 0 &&
        strcmp(features_vendor(), "HygonGenuine") != 0) {
        return;
    }
    machine_cpuid(0x80000000U, 0, &leaf);
    if (leaf.eax >= 0x80000008U) {
        machine_cpuid(0x80000008U, 0, &leaf);
    } else {
        leaf.ebx = 0;
    }
    error_pointers_stay = (leaf.ebx & CPUID_EBX_RSTR_FP_ERR_PTRS) == 0;
}

void fpu_init_cpu(void)
{
    uint8_t image[FXSAVE_BYTES] __attribute__((aligned(16)));

    fpu_detect_error_pointers();
    __asm__ volatile("clts; fninit");
    if (!feature(FEATURE_XSAVE)) {
        fpu_bytes = FXSAVE_BYTES;
    } else if (host_xcr0 == 0) {
        fpu_detect_xsave();
    } else {
        xsetbv(host_xcr0);
    }
    memset(image, 0, sizeof(image));
    __asm__ volatile("fxsave %0" : "+m"(image));
    memcpy(&mxcsr_mask, image + MXCSR_MASK_OFFSET, sizeof(mxcsr_mask));
    if (mxcsr_mask == 0) {
        mxcsr_mask = MXCSR_MASK_PLAIN;
    }
}

int fpu_vcpu_init(struct vcpu *v)
{
    /* A heap object need not be aligned to 64: a page is. */
    v->machine->fpu = heap_alloc_page();
    if (v->machine->fpu == NULL || fpu_bytes > PAGE_BYTES) {
        return -XEN_ENOMEM;
    }
    machine_vcpu_reset_fpu(v);
    return 0;
}

void fpu_vcpu_destroy(struct vcpu *v)
{
    if (v->machine->fpu != NULL) {
        heap_free_page(v->machine->fpu);
        v->machine->fpu = NULL;
    }
}

int machine_set_xcr0(uint64_t value)
{
    if (!xcr0_valid(value, host_xcr0)) {
        return -XEN_EINVAL;
    }
    xsetbv(value);
    return 0;
}

static uint64_t guest_xcr0(const struct vcpu *v)
{
    return v->pv.xcr0 != 0 ? v->pv.xcr0 : X86_XCR0_X87;
}

void fpu_save(struct vcpu *v)
{
    void *image = v->machine->fpu;

    __asm__ volatile("clts");
    if (host_xcr0 == 0) {
        __asm__ volatile("fxsaveq (%0)" : : "r"(image) : "memory");
        return;
    }
    if (guest_xcr0(v) != host_xcr0) {
        xsetbv(host_xcr0);
    }
    __asm__ volatile("xsaveq (%0)"
                     :
                     : "r"(image), "a"(~0U), "d"(~0U)
                     : "memory");
}

/* Let the pointers be those of an instruction of ours, not of the last guest:
 * one that loads, with no exception pending and a register free. */
static void clear_error_pointers(void)
{
    static const int32_t zero;

    __asm__ volatile("fnclex; ffree %%st(7); fildl %0" : : "m"(zero));
}

void fpu_restore(struct vcpu *v)
{
    void *image = v->machine->fpu;

    __asm__ volatile("clts");
    if (error_pointers_stay) {
        clear_error_pointers();
    }
    if (host_xcr0 == 0) {
        __asm__ volatile("fxrstorq (%0)" : : "r"(image) : "memory");
    } else {
        xsetbv(host_xcr0);
        __asm__ volatile("xrstorq (%0)"
                         :
                         : "r"(image), "a"(~0U), "d"(~0U)
                         : "memory");
        if (guest_xcr0(v) != host_xcr0) {
            xsetbv(guest_xcr0(v));
        }
    }
    machine_set_ts((v->pv.cr0 & X86_CR0_TS) != 0);
}

void machine_set_ts(bool set)
{
    if (set) {
        write_cr0(read_cr0() | CR0_TS);
    } else {
        __asm__ volatile("clts");
    }
}

/* Mark as present: @states, and what is marked already and in @keep. */
static void set_header(uint8_t *image, uint64_t keep, uint64_t states)
{
    uint64_t present;

    if (host_xcr0 != 0) {
        memcpy(&present, image + XSAVE_HEADER, sizeof(present));
        present = (present & keep & host_xcr0) | states;
        memset(image + XSAVE_HEADER, 0, 64);
        memcpy(image + XSAVE_HEADER, &present, sizeof(present));
    }
}

/* A reserved bit would fault in our FXRSTOR. */
static void check_mxcsr(uint8_t *image)
{
    uint32_t mxcsr;

    memcpy(&mxcsr, image + MXCSR_OFFSET, sizeof(mxcsr));
    mxcsr &= mxcsr_mask;
    memcpy(image + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

void machine_vcpu_reset_fpu(struct vcpu *v)
{
    uint8_t *image = v->machine->fpu;
    uint16_t fcw = FCW_DEFAULT;
    uint32_t mxcsr = MXCSR_DEFAULT;

    memset(image, 0, PAGE_BYTES);
    memcpy(image + FCW_OFFSET, &fcw, sizeof(fcw));
    memcpy(image + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    set_header(image, 0, X86_XCR0_X87 | X86_XCR0_SSE);
}

void machine_vcpu_set_fpu(struct vcpu *v, const void *fxsave)
{
    uint8_t *image = v->machine->fpu;

    memcpy(image, fxsave, FXSAVE_BYTES);
    check_mxcsr(image);
    set_header(image, ~0ULL, X86_XCR0_X87 | X86_XCR0_SSE);
}

void machine_vcpu_set_xstate(struct vcpu *v, const void *image, size_t bytes)
{
    uint8_t *to = v->machine->fpu;

    memset(to, 0, PAGE_BYTES);
    memcpy(to, image, bytes < fpu_bytes ? bytes : fpu_bytes);
    check_mxcsr(to);
    set_header(to, ~0ULL, 0);
}

const void *machine_vcpu_xstate(const struct vcpu *v)
{
    return v->machine->fpu;
}

void machine_vcpu_get_fpu(struct vcpu *v, void *fxsave)
{
    if (v == current_vcpu()) {
        fpu_save(v);
        fpu_restore(v);
    }
    memcpy(fxsave, v->machine->fpu, FXSAVE_BYTES);
}
