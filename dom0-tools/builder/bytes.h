/* SPDX-License-Identifier: MIT */
/* A piece of memory with a length, and little-endian numbers in it. */
#ifndef XEN_LITE_BUILDER_BYTES_H
#define XEN_LITE_BUILDER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

/* Does [offset, offset + size) lie inside @b? Safe for any numbers. */
static inline bool bytes_hold(struct bytes b, uint64_t offset, uint64_t size)
{
    return offset <= b.size && size <= b.size - offset;
}

/* Little-endian numbers; the caller has checked bytes_hold(). */
static inline uint16_t bytes_u16(struct bytes b, size_t offset)
{
    uint16_t v;

    memcpy(&v, b.data + offset, sizeof(v));
    return v;
}

static inline uint32_t bytes_u32(struct bytes b, size_t offset)
{
    uint32_t v;

    memcpy(&v, b.data + offset, sizeof(v));
    return v;
}

static inline uint64_t bytes_u64(struct bytes b, size_t offset)
{
    uint64_t v;

    memcpy(&v, b.data + offset, sizeof(v));
    return v;
}

#endif
