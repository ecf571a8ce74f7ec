/* SPDX-License-Identifier: MIT */
/*
 * The only way to reach guest memory by guest address. Every range is checked
 * to be canonical and outside the hypervisor's slots, once, here. A guest may
 * change its memory at any time: copy once, check the copy, use the copy.
 */
#ifndef XEN_LITE_GUEST_COPY_H
#define XEN_LITE_GUEST_COPY_H

#include "types.h"

/* May a guest be given, or name, every byte of [va, va + bytes)? */
bool guest_range_ok(guest_va_t va, size_t bytes);
/* Canonical and not in the hypervisor's slots 256..271. */
bool guest_address_ok(unsigned long address);
bool address_is_canonical(unsigned long address);

/* Both return 0 or -XEN_EFAULT (something may have been copied then). */
int copy_from_guest(void *to, guest_va_t from, size_t bytes);
int copy_to_guest(guest_va_t to, const void *from, size_t bytes);

/* A C object in or out, and element @index of an array of such objects. */
#define read_guest(object, va) \
    copy_from_guest((object), (va), sizeof(*(object)))
#define write_guest(va, object) copy_to_guest((va), (object), sizeof(*(object)))
#define read_guest_index(object, base, index) \
    copy_from_guest((object), \
                    guest_va_index((base), (index), sizeof(*(object))), \
                    sizeof(*(object)))
#define write_guest_index(base, index, object) \
    copy_to_guest(guest_va_index((base), (index), sizeof(*(object))), \
                  (object), sizeof(*(object)))

#endif
