/* SPDX-License-Identifier: MIT */
/*
 * Kinds of number that must not mix, and the few limits and macros that every
 * file uses. The ABI's own types come from <xen/xen.h>.
 */
#ifndef XEN_LITE_TYPES_H
#define XEN_LITE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/errno.h>

#include <xen_lite.h>

/*
 * "Call me again with the arguments I left": between handlers and dispatch
 * only, never shown to a guest.
 */
#define XEN_ERESTART 85

#define PAGE_SHIFT 12
#define PAGE_BYTES (1UL << PAGE_SHIFT)

#define MAX_CPUS             XEN_LITE_MAX_CPUS
#define MAX_VCPUS_PER_DOMAIN XEN_LITE_MAX_VCPUS

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A machine frame: what hardware page tables hold. */
typedef struct {
    unsigned long number;
} mfn_t;

/* A domain's own frame number. */
typedef struct {
    unsigned long number;
} pfn_t;

/* An address in the current guest's address space: never dereferenced. */
typedef struct {
    unsigned long address;
} guest_va_t;

#define INVALID_MFN_NUMBER (~0UL)
#define INVALID_MFN        mfn_make(INVALID_MFN_NUMBER)

static inline mfn_t mfn_make(unsigned long number)
{
    return (mfn_t){number};
}

static inline bool mfn_equal(mfn_t a, mfn_t b)
{
    return a.number == b.number;
}

static inline guest_va_t guest_va_make(unsigned long address)
{
    return (guest_va_t){address};
}

/* The address of element @index of an array of @bytes large elements. */
static inline guest_va_t guest_va_index(guest_va_t base, unsigned long index,
                                        size_t bytes)
{
    return (guest_va_t){base.address + index * bytes};
}

/* The guest address inside a XEN_GUEST_HANDLE of the ABI headers. */
#define GUEST_HANDLE_VA(handle) guest_va_make((unsigned long)(handle).p)

#endif
